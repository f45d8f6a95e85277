import IKECrypto
import IKEModel
import IKEWire

/// Proposals between configuration and wire, and the choice among them (RFC 7296 §2.7, §3.3).
enum ProposalNegotiation {
    // MARK: Configuration to wire

    /// Transforms in the order ENCR, PRF, INTEG, KE; proposals numbered from 1.
    static func wire(_ proposals: [IKEProposal], spi: [UInt8] = []) -> [Proposal] {
        proposals.enumerated().map { index, proposal in
            Proposal(
                number: UInt8(truncatingIfNeeded: index + 1), protocolID: .ike, spi: spi,
                transforms: proposal.encryption.map(Transform.init)
                    + proposal.prf.map { Transform(type: .prf, id: $0.rawValue) }
                    + proposal.integrity.map { Transform(type: .integrity, id: $0.rawValue) }
                    + proposal.keyExchange.map { Transform(type: .keyExchange, id: $0.rawValue) })
        }
    }

    /// As above with ESN last; without key exchange transforms in IKE_AUTH (RFC 7296 §1.2).
    static func wire(_ proposals: [ESPProposal], spi: ESPSPI, withKeyExchange: Bool) -> [Proposal] {
        proposals.enumerated().map { index, proposal in
            Proposal(
                number: UInt8(truncatingIfNeeded: index + 1), protocolID: .esp, spi: spi.octets,
                transforms: proposal.encryption.map(Transform.init)
                    + proposal.integrity.map { Transform(type: .integrity, id: $0.rawValue) }
                    + (withKeyExchange ? proposal.keyExchange : []).map {
                        Transform(type: .keyExchange, id: $0.rawValue)
                    }
                    + proposal.extendedSequenceNumbers.map {
                        Transform(type: .extendedSequenceNumbers, id: $0 ? 1 : 0)
                    })
        }
    }

    /// The one proposal that a responder returns.
    static func wire(_ suite: IKESuite, number: UInt8) -> Proposal {
        var chosen = wire([IKEProposal(suite)])[0]
        chosen.number = number
        return chosen
    }

    static func wire(_ suite: ESPSuite, number: UInt8, spi: ESPSPI) -> Proposal {
        var chosen = wire([ESPProposal(suite)], spi: spi, withKeyExchange: true)[0]
        chosen.number = number
        return chosen
    }

    /// As above, in answer to `offered`: who says that there may be no key exchange is told that there is none.
    static func answer(_ suite: ESPSuite, number: UInt8, spi: ESPSPI, to offered: [Proposal]) -> Proposal {
        var chosen = wire(suite, number: number, spi: spi)
        let named = offered.first { $0.number == number }?.transforms(of: .keyExchange) ?? []
        if suite.keyExchange == nil, let none = named.first(where: { $0.id == 0 }) {
            let place = chosen.transforms.firstIndex { $0.type == .extendedSequenceNumbers }
            chosen.transforms.insert(none, at: place ?? chosen.transforms.endIndex)
        }
        return chosen
    }

    // MARK: The choice

    /// The first of the peer's proposals that one of ours accepts; of each type its first transform that ours has.
    /// A group that the peer has already sent a key for is taken before others.
    static func choose(
        from offered: [Proposal], accepting ours: [IKEProposal], keyExchangeSent: KeyExchangeMethod?
    ) -> (suite: IKESuite, number: UInt8)? {
        for remote in offered where remote.protocolID == .ike {
            guard let transforms = Transforms(remote, known: [.encryption, .prf, .integrity, .keyExchange]) else {
                continue
            }
            for local in ours {
                guard let cipher = transforms.ciphers.first(where: local.encryption.contains),
                    let prf = transforms.prfs.first(where: local.prf.contains),
                    let integrity = transforms.integrity(with: cipher, accepting: local.integrity)
                else { continue }
                let groups = transforms.groups.filter(local.keyExchange.contains)
                guard let group = groups.first(where: { $0 == keyExchangeSent }) ?? groups.first else { continue }
                return (
                    IKESuite(cipher: cipher, prf: prf, integrity: integrity, keyExchange: group), remote.number
                )
            }
        }
        return nil
    }

    /// As above for ESP; `spi` is the peer's inbound SPI.
    static func choose(
        from offered: [Proposal], accepting ours: [ESPProposal], withKeyExchange: Bool,
        keyExchangeSent: KeyExchangeMethod? = nil
    ) -> (suite: ESPSuite, number: UInt8, spi: ESPSPI)? {
        for remote in offered where remote.protocolID == .esp {
            guard remote.spi.count == 4,
                let transforms = Transforms(
                    remote, known: [.encryption, .integrity, .keyExchange, .extendedSequenceNumbers])
            else { continue }
            let spi = ESPSPI(remote.spi.reduce(0) { $0 << 8 | UInt32($1) })
            guard spi.value >= 256 else { continue }
            for local in ours {
                guard let cipher = transforms.ciphers.first(where: local.encryption.contains),
                    let integrity = transforms.integrity(with: cipher, accepting: local.integrity),
                    let extended = transforms.extended.first(where: local.extendedSequenceNumbers.contains)
                else { continue }
                var group: KeyExchangeMethod?
                if withKeyExchange {
                    let groups = transforms.groups.filter(local.keyExchange.contains)
                    group = groups.first { $0 == keyExchangeSent } ?? groups.first
                    let offersNone = transforms.groups.isEmpty || transforms.groups.contains { $0.rawValue == 0 }
                    if group == nil && !(local.keyExchange.isEmpty && offersNone) { continue }
                }
                return (
                    ESPSuite(
                        cipher: cipher, integrity: integrity, keyExchange: group, extendedSequenceNumbers: extended),
                    remote.number, spi
                )
            }
        }
        return nil
    }

    /// What the responder answered, if it is one of ours (RFC 7296 §3.3.6: exactly one proposal, one transform a type).
    static func accept(answer: [Proposal], offered: [IKEProposal]) -> IKESuite? {
        guard answer.count == 1, answer[0].hasOneTransformPerType else { return nil }
        return choose(from: answer, accepting: offered, keyExchangeSent: nil)?.suite
    }

    static func accept(
        answer: [Proposal], offered: [ESPProposal], withKeyExchange: Bool
    ) -> (suite: ESPSuite, spi: ESPSPI)? {
        guard answer.count == 1, answer[0].hasOneTransformPerType else { return nil }
        return choose(from: answer, accepting: offered, withKeyExchange: withKeyExchange).map { ($0.suite, $0.spi) }
    }
}

/// The transforms of a peer's proposal, by type, in its order.
private struct Transforms {
    var ciphers: [CipherChoice] = []
    var prfs: [PRFAlgorithm] = []
    var integrities: [IntegrityAlgorithm] = []
    var groups: [KeyExchangeMethod] = []
    var extended: [Bool] = []

    /// nil where there is a type that is not understood: such a proposal must not be chosen (RFC 7296 §3.3.6).
    init?(_ proposal: Proposal, known: Set<TransformType>) {
        for transform in proposal.transforms {
            guard known.contains(transform.type) else { return nil }
            // RFC 7296 §3.3.6: one with an attribute that is not understood is as good as not there.
            if transform.attributes.contains(where: { $0.type != TransformAttribute.keyLengthType }) { continue }
            switch transform.type {
            case .encryption:
                let algorithm = EncryptionAlgorithm(rawValue: transform.id)
                ciphers.append(CipherChoice(algorithm, keyBits: Int(transform.agreedKeyLength ?? 0)))
            case .prf: prfs.append(PRFAlgorithm(rawValue: transform.id))
            case .integrity: integrities.append(IntegrityAlgorithm(rawValue: transform.id))
            case .keyExchange: groups.append(KeyExchangeMethod(rawValue: transform.id))
            case .extendedSequenceNumbers:
                if transform.id > 1 { continue }
                extended.append(transform.id == 1)
            default: return nil
            }
        }
        // RFC 7296 §3.3.3 makes ESN mandatory for ESP; peers that leave it out mean "no".
        if extended.isEmpty { extended = [false] }
    }

    /// NONE or nothing with an AEAD (RFC 7296 §3.3.3, RFC 5282 §8), one of ours otherwise.
    func integrity(with cipher: CipherChoice, accepting ours: [IntegrityAlgorithm]) -> IntegrityAlgorithm? {
        if cipher.algorithm.isAEAD {
            return integrities.isEmpty || integrities.contains(.none) ? IntegrityAlgorithm.none : nil
        }
        return integrities.first { $0 != .none && ours.contains($0) }
    }
}

extension IKEProposal {
    init(_ suite: IKESuite) {
        self.init(
            encryption: [suite.cipher], prf: [suite.prf], integrity: suite.integrity == .none ? [] : [suite.integrity],
            keyExchange: [suite.keyExchange])
    }

    /// Whether this proposal could have led to the suite.
    func admits(_ suite: IKESuite) -> Bool {
        encryption.contains(suite.cipher) && prf.contains(suite.prf) && keyExchange.contains(suite.keyExchange)
            && (suite.cipher.algorithm.isAEAD || integrity.contains(suite.integrity))
    }
}

extension ESPProposal {
    init(_ suite: ESPSuite) {
        self.init(
            encryption: [suite.cipher], integrity: suite.integrity == .none ? [] : [suite.integrity],
            keyExchange: suite.keyExchange.map { [$0] } ?? [],
            extendedSequenceNumbers: [suite.extendedSequenceNumbers])
    }
}

extension Transform {
    init(_ choice: CipherChoice) {
        self.init(
            type: .encryption, id: choice.algorithm.rawValue,
            keyLength: choice.algorithm.takesKeyLength ? UInt16(choice.keyBits) : nil)
    }
}

extension Transform {
    /// The key length in bits; said more than once it counts if it is the same each time, which hurts nobody.
    fileprivate var agreedKeyLength: UInt16? {
        guard let first = attributes.first, attributes.allSatisfy({ $0 == first }) else { return nil }
        return Transform(type: type, id: id, attributes: [first]).keyLength
    }
}

extension Proposal {
    /// A Key Length that is not two octets in place (RFC 7296 §3.3.5) makes the message malformed.
    var hasMalformedKeyLength: Bool {
        transforms.contains { transform in
            transform.attributes.contains { attribute in
                guard attribute.type == TransformAttribute.keyLengthType, case .long = attribute.value else {
                    return false
                }
                return true
            }
        }
    }

    fileprivate var hasOneTransformPerType: Bool {
        Set(transforms.map(\.type)).count == transforms.count
    }
}
