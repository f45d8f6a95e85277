import IKECrypto
import IKEModel
import IKEWire

/// Algorithms by charon's names.
struct AlgorithmNames {
    var version: CharonVersion

    /// `AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048`; `AES_CBC-128/…/MODP_2048_BIT` of 4.2.9.
    func text(_ suite: IKESuite) -> String {
        ([cipher(suite.cipher)] + (suite.integrity == .none ? [] : [Self.name(suite.integrity)]) + [
            Self.name(suite.prf), group(suite.keyExchange),
        ]).joined(separator: "/")
    }

    /// `AES_CBC_192/HMAC_SHA1_96`, with the group of a key exchange of its own and `/ESN`; 4.2.9 has neither.
    func text(_ suite: ESPSuite) -> String {
        if version == .v4_2_9 { return "\(cipher(suite.cipher))/\(Self.name(suite.integrity))" }
        return
            ([cipher(suite.cipher)] + (suite.integrity == .none ? [] : [Self.name(suite.integrity)])
            + (suite.keyExchange.map { [group($0)] } ?? []) + (suite.extendedSequenceNumbers ? ["ESN"] : []))
            .joined(separator: "/")
    }

    func cipher(_ cipher: CipherChoice) -> String {
        let name = Self.name(cipher.algorithm)
        guard cipher.keyBits != 0 else { return name }
        return name + (version.hasOldAlgorithmNames ? "-" : "_") + "\(cipher.keyBits)"
    }

    func group(_ method: KeyExchangeMethod) -> String {
        let name = Self.name(method)
        return version.hasOldAlgorithmNames && name.hasPrefix("MODP_") ? name + "_BIT" : name
    }

    static func name(_ algorithm: EncryptionAlgorithm) -> String {
        algorithm == .tripleDES ? "3DES_CBC" : algorithm.name
    }

    static func name(_ algorithm: IntegrityAlgorithm) -> String { algorithm.name }

    static func name(_ algorithm: PRFAlgorithm) -> String { "PRF_" + algorithm.name }

    static func name(_ method: KeyExchangeMethod) -> String {
        switch method {
        case .curve25519: "CURVE_25519"
        case .curve448: "CURVE_448"
        case .brainpoolP224: "ECP_224_BP"
        case .brainpoolP256: "ECP_256_BP"
        case .brainpoolP384: "ECP_384_BP"
        case .brainpoolP512: "ECP_512_BP"
        default: method.name
        }
    }

    /// `IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048`, `ESP:AES_GCM_16_256/NO_EXT_SEQ`, as on the wire.
    func text(_ proposal: Proposal) -> String {
        let parts = [TransformType.encryption, .integrity, .prf, .keyExchange, .extendedSequenceNumbers].flatMap {
            proposal.transforms(of: $0)
        }.map { transform -> String in
            switch transform.type {
            case .encryption:
                return cipher(
                    CipherChoice(EncryptionAlgorithm(rawValue: transform.id), keyBits: Int(transform.keyLength ?? 0)))
            case .integrity: return Self.name(IntegrityAlgorithm(rawValue: transform.id))
            case .prf: return Self.name(PRFAlgorithm(rawValue: transform.id))
            case .keyExchange: return group(KeyExchangeMethod(rawValue: transform.id))
            default: return transform.id == 1 ? "EXT_SEQ" : "NO_EXT_SEQ"
            }
        }
        return (proposal.protocolID == .ike ? "IKE:" : "ESP:") + parts.joined(separator: "/")
    }

    /// What a configured proposal is called.
    func text(_ proposal: IKEProposal) -> String {
        let parts =
            proposal.encryption.map(cipher) + proposal.integrity.map(Self.name) + proposal.prf.map(Self.name)
            + proposal.keyExchange.map(group)
        return "IKE:" + parts.joined(separator: "/")
    }

    func text(_ proposal: ESPProposal) -> String {
        let parts =
            proposal.encryption.map(cipher) + proposal.integrity.map(Self.name) + proposal.keyExchange.map(group)
            + proposal.extendedSequenceNumbers.map { $0 ? "EXT_SEQ" : "NO_EXT_SEQ" }
        return "ESP:" + parts.joined(separator: "/")
    }
}
