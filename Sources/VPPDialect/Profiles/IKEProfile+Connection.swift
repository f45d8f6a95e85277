import IKECrypto
import IKEModel
import NetAddress

extension IKEProfile {
    /// What a responder takes where the profile names no algorithms: all that VPP has. The peer's order counts.
    private static let everyCipher: [CipherChoice] =
        [128, 192, 256].flatMap { bits in
            [
                CipherChoice(.aesCBC, keyBits: bits), CipherChoice(.aesCTR, keyBits: bits),
                CipherChoice(.aesGCM16, keyBits: bits),
            ]
        } + [CipherChoice(.tripleDES), CipherChoice(.des)]
    private static let everyIntegrity: [IntegrityAlgorithm] = [
        .hmacSHA1_96, .hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256,
    ]
    private static let everyPRF: [PRFAlgorithm] = [.hmacSHA1, .hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512]

    /// Where nothing was said of it, an SA lives as good as for ever.
    private static let ages = Duration.seconds(10 * 365 * 86400)

    /// The engine's value; nil where the profile lacks something that VPP needs.
    /// - Parameters:
    ///   - key: the private key of `set ikev2 local key`, which signatures need.
    ///   - source: this end's address, where the profile names a responder.
    func connection(id: ConnectionID, key: PrivateKey?, source: IPAddress?) -> Connection? {
        guard let authentication, let local, let remote, let localSelector, let remoteSelector else { return nil }
        var ends = (
            local: ConnectionEnd(host: .any(.v4), identification: local.value, selectors: [localSelector]),
            remote: ConnectionEnd(host: .any(.v4), identification: remote.value, selectors: [remoteSelector])
        )
        if let responder {
            guard let source else { return nil }
            ends.local.host = .address(source)
            ends.remote.host = .address(responder.address)
        }
        if case .signature(let certificate, _) = authentication {
            guard let key else { return nil }
            ends.local.authentication = .signature(Self.signature(key.publicKey))
            ends.remote.authentication = .signature(Self.signature(certificate.publicKey))
        }
        var connection = Connection(
            id: id, name: name, local: ends.local, remote: ends.remote, ikeProposals: ikeProposals,
            espProposals: espProposals, lifetimes: lifetimes, retransmission: .vpp,
            encapsulation: encapsulates ? .always : detectsNAT ? .automatic : .never, fragmentation: false,
            initialContact: true, replayWindow: VPPDialect.replayWindow, rekeys: (lifetime?.seconds ?? 0) > 0)
        connection.keepsAcquiringPackets = false
        return connection
    }

    /// Method 1 and no other; certificates are not sent, and nothing of the peer's but its key matters.
    private static func signature(_ key: PublicKey) -> SignaturePolicy {
        SignaturePolicy(methods: [.rsa], publicKey: key, sending: .never, requiresIdentityInCertificate: false)
    }

    private var ikeProposals: [IKEProposal] {
        guard let ike else {
            return [
                IKEProposal(
                    encryption: Self.everyCipher.filter { $0.algorithm != .aesCTR }, prf: Self.everyPRF,
                    integrity: Self.everyIntegrity, keyExchange: AlgorithmNames.groups.map(\.method))
            ]
        }
        return [
            IKEProposal(
                encryption: [ike.cipher], prf: [.hmacSHA1],
                integrity: ike.cipher.algorithm.isAEAD ? [] : [ike.integrity],
                keyExchange: [ike.group ?? .modp2048])
        ]
    }

    private var espProposals: [ESPProposal] {
        guard let esp else {
            // A peer that replaces a Child SA may exchange keys for it, by any group, or not.
            let groups = AlgorithmNames.groups.map(\.method)
            return [[], [.modp2048] + groups.filter { $0 != .modp2048 }].map {
                ESPProposal(encryption: Self.everyCipher, integrity: Self.everyIntegrity, keyExchange: $0)
            }
        }
        return [
            ESPProposal(
                encryption: [esp.cipher], integrity: esp.cipher.algorithm.isAEAD ? [] : [esp.integrity],
                keyExchange: esp.group.map { [$0] } ?? [], extendedSequenceNumbers: [true, false])
        ]
    }

    private var lifetimes: Lifetimes {
        guard let lifetime, lifetime.seconds > 0 else {
            return Lifetimes(ike: Self.ages, child: Self.ages, rekeyMargin: .zero, fuzzPercent: 0)
        }
        // The SA is replaced at its lifetime, less up to `jitter` of it, and the old one goes `handover` later.
        let margin = max(lifetime.handover, 1)
        return Lifetimes(
            ike: Self.ages, child: .seconds(Int64(lifetime.seconds + margin)), rekeyMargin: .seconds(Int64(margin)),
            fuzzPercent: min(lifetime.jitter, 100),
            childOctets: lifetime.greatestOctets == 0 ? 1 << 63 : lifetime.greatestOctets)
    }
}
