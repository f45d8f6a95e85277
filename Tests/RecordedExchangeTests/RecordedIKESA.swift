import IKECrypto
import IKEWire

/// The keys of one IKE SA (RFC 7296 §2.14), computed from what was on the wire and one secret.
struct RecordedIKESA {
    let encryption: EncryptionAlgorithm
    let keyBits: Int?
    let integrity: IntegrityAlgorithm
    let prf: PRFAlgorithm

    let initiatorSPI: IKESPI
    let responderSPI: IKESPI
    let ni: [UInt8]
    let nr: [UInt8]
    /// The first message of either side, whole: what AUTH signs.
    let messageI: [UInt8]
    let messageR: [UInt8]

    let skeyseed: SecretBytes
    let d: SecretBytes
    let ai: SecretBytes
    let ar: SecretBytes
    let ei: SecretBytes
    let er: SecretBytes
    let pi: SecretBytes
    let pr: SecretBytes

    let toResponder: PacketProtection
    let toInitiator: PacketProtection

    /// The algorithms of one proposal of an answer: one transform of each type.
    struct Suite {
        var encryption: EncryptionAlgorithm
        var keyBits: Int?
        var integrity: IntegrityAlgorithm
        var prf: PRFAlgorithm

        init(_ proposal: Proposal) {
            func only(_ type: TransformType) -> Transform? { proposal.transforms(of: type).first }
            encryption = EncryptionAlgorithm(rawValue: only(.encryption)?.id ?? 0)
            keyBits = only(.encryption)?.keyLength.map(Int.init)
            integrity = IntegrityAlgorithm(rawValue: only(.integrity)?.id ?? 0)
            prf = PRFAlgorithm(rawValue: only(.prf)?.id ?? 0)
        }
    }

    /// From SKEYSEED on: KEYMAT = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr).
    init(
        suite: Suite, skeyseed: SecretBytes, request: Message, response: Message, ni: [UInt8], nr: [UInt8]
    ) throws {
        encryption = suite.encryption
        keyBits = suite.keyBits
        integrity = suite.integrity
        prf = suite.prf
        initiatorSPI = response.header.initiatorSPI
        responderSPI = response.header.responderSPI
        self.ni = ni
        self.nr = nr
        messageI = request.encoded()
        messageR = response.encoded()
        self.skeyseed = skeyseed

        let keyLength = encryption.keyMaterialLength(keyBits: keyBits) ?? 0
        let lengths = [
            prf.preferredKeyLength, integrity.keyLength, integrity.keyLength, keyLength, keyLength,
            prf.preferredKeyLength, prf.preferredKeyLength,
        ]
        let keymat = try PRF.plus(
            prf, key: skeyseed, seed: ni + nr + initiatorSPI.octets + responderSPI.octets, count: lengths.reduce(0, +))
        var parts: [SecretBytes] = []
        var start = 0
        for length in lengths {
            parts.append(keymat[start..<start + length])
            start += length
        }
        (d, ai, ar, ei, er, pi, pr) = (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6])
        toResponder = try PacketProtection(
            encryption: encryption, keyBits: keyBits, integrity: integrity, encryptionKey: ei, integrityKey: ai)
        toInitiator = try PacketProtection(
            encryption: encryption, keyBits: keyBits, integrity: integrity, encryptionKey: er, integrityKey: ar)
    }

    /// The plaintext of an Encrypted payload: payloads, and how long the padding behind them was.
    func open(_ message: Message) throws -> (plaintext: [UInt8], padLength: Int) {
        guard let protected = message.protected else { throw NotProtected() }
        let protection = message.header.isInitiator ? toResponder : toInitiator
        let padded = try protection.open(header: protected.prefix, body: protected.body)
        guard let padLength = padded.last.map(Int.init), padLength < padded.count else { throw BadPadding() }
        return (Array(padded.dropLast(padLength + 1)), padLength)
    }

    struct NotProtected: Error {}
    struct BadPadding: Error {}

    /// AUTH with a shared key (RFC 7296 §2.15).
    func sharedKeyAuth(psk: [UInt8], initiator: Bool, identity: Identification) throws -> [UInt8] {
        let padded = try PRF.compute(prf, key: SecretBytes(psk), [Array("Key Pad for IKEv2".utf8)])
        return try PRF.compute(prf, key: padded, try signedOctets(initiator: initiator, identity: identity)).exposed
    }

    /// The message of one side, the other's nonce, and the MACed identity (RFC 7296 §2.15).
    func signedOctets(initiator: Bool, identity: Identification) throws -> [[UInt8]] {
        let macedID = try PRF.compute(prf, key: initiator ? pi : pr, [identity.body]).exposed
        return initiator ? [messageI, nr, macedID] : [messageR, ni, macedID]
    }

    /// AUTH after a resumption as libreswan reads RFC 5723 §4.3.3: the message alone.
    func shortResumedAuth(initiator: Bool) throws -> [UInt8] {
        try PRF.compute(prf, key: initiator ? pi : pr, [initiator ? messageI : messageR]).exposed
    }

    /// KEYMAT of the Child SA that IKE_AUTH makes (RFC 7296 §2.17): encryption key with its salt, then integrity key,
    /// first of what the initiator sends.
    func childKeys(_ suite: Suite) throws -> (toResponder: [[UInt8]], toInitiator: [[UInt8]]) {
        let lengths = [suite.encryption.keyMaterialLength(keyBits: suite.keyBits) ?? 0, suite.integrity.keyLength]
        let keymat = try PRF.plus(prf, key: d, seed: ni + nr, count: 2 * lengths.reduce(0, +)).exposed
        let half = keymat.count / 2
        func cut(_ part: ArraySlice<UInt8>) -> [[UInt8]] {
            [Array(part.prefix(lengths[0])), Array(part.dropFirst(lengths[0]))]
        }
        return (cut(keymat[..<half]), cut(keymat[half...]))
    }
}
