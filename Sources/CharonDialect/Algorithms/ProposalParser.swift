import IKECrypto
import IKEModel

/// Proposals as strongSwan writes them: `aes256-sha1-modp2048`, `aes256gcm16-prfsha256-curve25519`, `aes192-sha1-esn`.
enum ProposalParser {
    /// Why one means nothing: the word.
    struct Failure: Error, Hashable { var description: String }

    /// `ike=` or `proposals=`: a list; a `!` at its end means that nothing else is proposed, else the default follows.
    static func ike(_ text: String) throws(Failure) -> [IKEProposal] {
        let (items, isStrict) = split(text)
        var result: [IKEProposal] = []
        for item in items {
            if item == "default" {
                result += defaultIKE
                continue
            }
            let words = try Words(item)
            guard !words.ciphers.isEmpty, !words.groups.isEmpty, words.sequenceNumbers.isEmpty else {
                throw Failure(description: item)
            }
            // Without a PRF of its own a proposal takes the one of its integrity algorithm.
            let prfs = words.prfs.isEmpty ? words.integrity.compactMap(prf(of:)) : words.prfs
            let isAEAD = words.ciphers.contains { $0.algorithm.isAEAD }
            guard !prfs.isEmpty, isAEAD || !words.integrity.isEmpty else { throw Failure(description: item) }
            result.append(
                IKEProposal(
                    encryption: words.ciphers, prf: prfs, integrity: isAEAD ? [] : words.integrity,
                    keyExchange: words.groups))
        }
        return isStrict || result.isEmpty == false && items.contains("default") ? result : result + defaultIKE
    }

    /// `esp=` or `esp_proposals=`.
    static func esp(_ text: String) throws(Failure) -> [ESPProposal] {
        let (items, isStrict) = split(text)
        var result: [ESPProposal] = []
        for item in items {
            if item == "default" {
                result += defaultESP
                continue
            }
            let words = try Words(item)
            let isAEAD = words.ciphers.contains { $0.algorithm.isAEAD }
            guard !words.ciphers.isEmpty, isAEAD || !words.integrity.isEmpty, words.prfs.isEmpty else {
                throw Failure(description: item)
            }
            result.append(
                ESPProposal(
                    encryption: words.ciphers, integrity: isAEAD ? [] : words.integrity, keyExchange: words.groups,
                    extendedSequenceNumbers: words.sequenceNumbers.isEmpty ? [false] : words.sequenceNumbers))
        }
        return isStrict || items.contains("default") ? result : result + defaultESP
    }

    private static func split(_ text: String) -> (items: [String], isStrict: Bool) {
        let isStrict = text.hasSuffix("!")
        let body = isStrict ? String(text.dropLast()) : text
        let items = body.split(separator: ",").map { String($0.filter { $0 != " " && $0 != "\t" }) }
        return (items, isStrict)
    }

    static let defaultIKE = [
        IKEProposal(
            encryption: [.init(.aesCBC, keyBits: 128), .init(.aesCBC, keyBits: 192), .init(.aesCBC, keyBits: 256)],
            prf: [.hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512, .hmacSHA1],
            integrity: [.hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256, .hmacSHA1_96],
            keyExchange: [.ecp256, .ecp384, .ecp521, .curve25519, .modp3072, .modp4096, .modp2048]),
        IKEProposal(
            encryption: [
                .init(.aesGCM16, keyBits: 128), .init(.aesGCM16, keyBits: 192), .init(.aesGCM16, keyBits: 256),
                .init(.chaCha20Poly1305),
            ], prf: [.hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512, .hmacSHA1], integrity: [],
            keyExchange: [.ecp256, .ecp384, .ecp521, .curve25519, .modp3072, .modp4096, .modp2048]),
    ]

    static let defaultESP = [
        ESPProposal(
            encryption: [
                .init(.aesGCM16, keyBits: 128), .init(.aesGCM16, keyBits: 192), .init(.aesGCM16, keyBits: 256),
            ], integrity: [], extendedSequenceNumbers: [false]),
        ESPProposal(
            encryption: [.init(.aesCBC, keyBits: 128), .init(.aesCBC, keyBits: 192), .init(.aesCBC, keyBits: 256)],
            integrity: [.hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256, .hmacSHA1_96],
            extendedSequenceNumbers: [false]),
    ]

    private static func prf(of integrity: IntegrityAlgorithm) -> PRFAlgorithm? {
        switch integrity {
        case .hmacMD5_96: .hmacMD5
        case .hmacSHA1_96: .hmacSHA1
        case .hmacSHA2_256_128: .hmacSHA2_256
        case .hmacSHA2_384_192: .hmacSHA2_384
        case .hmacSHA2_512_256: .hmacSHA2_512
        case .aesXCBC_96: .aesXCBC
        case .aesCMAC_96: .aesCMAC
        default: nil
        }
    }

    /// The words of one proposal, by kind.
    private struct Words {
        var ciphers: [CipherChoice] = []
        var integrity: [IntegrityAlgorithm] = []
        var prfs: [PRFAlgorithm] = []
        var groups: [KeyExchangeMethod] = []
        var sequenceNumbers: [Bool] = []

        init(_ text: String) throws(Failure) {
            for part in text.split(separator: "-", omittingEmptySubsequences: false) {
                let word = String(part)
                if let cipher = ProposalParser.cipher(word) {
                    ciphers.append(cipher)
                } else if let algorithm = ProposalParser.integrity[word] {
                    integrity.append(algorithm)
                } else if word.hasPrefix("prf"), let algorithm = ProposalParser.prfs[String(word.dropFirst(3))] {
                    prfs.append(algorithm)
                } else if let group = ProposalParser.groups[word] {
                    groups.append(group)
                } else if word == "esn" || word == "noesn" {
                    sequenceNumbers.append(word == "esn")
                } else if word != "modpnone" {
                    throw Failure(description: text)
                }
            }
            let usable =
                ciphers.allSatisfy { $0.algorithm.isSupported } && integrity.allSatisfy(\.isSupported)
                && prfs.allSatisfy(\.isSupported) && groups.allSatisfy(\.isSupported)
            guard usable else { throw Failure(description: text) }
        }
    }

    private static let integrity: [String: IntegrityAlgorithm] = [
        "sha": .hmacSHA1_96, "sha1": .hmacSHA1_96, "md5": .hmacMD5_96, "sha256": .hmacSHA2_256_128,
        "sha2_256": .hmacSHA2_256_128, "sha384": .hmacSHA2_384_192, "sha2_384": .hmacSHA2_384_192,
        "sha512": .hmacSHA2_512_256, "sha2_512": .hmacSHA2_512_256, "aesxcbc": .aesXCBC_96, "aescmac": .aesCMAC_96,
    ]
    private static let prfs: [String: PRFAlgorithm] = [
        "sha1": .hmacSHA1, "md5": .hmacMD5, "sha256": .hmacSHA2_256, "sha384": .hmacSHA2_384,
        "sha512": .hmacSHA2_512, "aesxcbc": .aesXCBC, "aescmac": .aesCMAC,
    ]
    private static let groups: [String: KeyExchangeMethod] = [
        "modp1024": .modp1024, "modp1536": .modp1536, "modp2048": .modp2048, "modp3072": .modp3072,
        "modp4096": .modp4096, "modp6144": .modp6144, "modp8192": .modp8192, "ecp256": .ecp256, "ecp384": .ecp384,
        "ecp521": .ecp521, "ecp192": .ecp192, "ecp224": .ecp224, "modp1024s160": .modp1024s160,
        "modp2048s224": .modp2048s224, "modp2048s256": .modp2048s256, "ecp224bp": .brainpoolP224,
        "ecp256bp": .brainpoolP256, "ecp384bp": .brainpoolP384, "ecp512bp": .brainpoolP512, "curve25519": .curve25519,
        "x25519": .curve25519, "curve448": .curve448, "x448": .curve448,
    ]

    /// `aes`, `aes256`, `aes128gcm16`, `aes128gcm128` (the ICV in octets or bits), `aes256ctr`, `3des`, …
    private static func cipher(_ word: String) -> CipherChoice? {
        switch word {
        case "3des": return CipherChoice(.tripleDES)
        case "null": return CipherChoice(.null)
        case "chacha20poly1305": return CipherChoice(.chaCha20Poly1305)
        case "aes": return CipherChoice(.aesCBC, keyBits: 128)
        case "camellia": return CipherChoice(.camelliaCBC, keyBits: 128)
        default: break
        }
        for (prefix, family) in [("aes", true), ("camellia", false)] where word.hasPrefix(prefix) {
            let rest = word.dropFirst(prefix.count)
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let bits = Int(digits), [128, 192, 256].contains(bits) else { continue }
            let mode = String(rest.dropFirst(digits.count))
            guard family else { return mode.isEmpty ? CipherChoice(.camelliaCBC, keyBits: bits) : nil }
            let algorithm: EncryptionAlgorithm? =
                switch mode {
                case "": .aesCBC
                case "ctr": .aesCTR
                case "gcm", "gcm16", "gcm128": .aesGCM16
                case "gcm12", "gcm96": .aesGCM12
                case "gcm8", "gcm64": .aesGCM8
                case "ccm", "ccm16", "ccm128": .aesCCM16
                case "ccm12", "ccm96": .aesCCM12
                case "ccm8", "ccm64": .aesCCM8
                case "gmac": .nullAuthAESGMAC
                default: nil
                }
            return algorithm.map { CipherChoice($0, keyBits: bits) }
        }
        return nil
    }
}
