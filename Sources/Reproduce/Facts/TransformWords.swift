import IKECrypto
import IKEWire
import LineGrammars

/// The names of algorithms in logs and configurations, to transforms and back.
enum TransformWords {
    /// charon's (and, but for a prefix, pluto's) name.
    static func name(_ transform: LoggedTransform) -> String {
        let bits =
            switch transform.keyLength {
            case .none: ""
            case .bits(let bits): "_\(bits)"
            case .notShown: "_?"
            }
        return switch transform.type {
        case .encryption: encryption(transform.id) + bits
        case .prf: "PRF_" + PRFAlgorithm(rawValue: transform.id).name
        case .integrity: IntegrityAlgorithm(rawValue: transform.id).name
        case .keyExchange: group(transform.id)
        case .extendedSequenceNumbers: transform.id == 1 ? "EXT_SEQ" : "NO_EXT_SEQ"
        default: "\(transform.type)_\(transform.id)"
        }
    }

    private static func encryption(_ id: UInt16) -> String {
        id == 3 ? "3DES_CBC" : EncryptionAlgorithm(rawValue: id).name
    }

    /// `ECP_256`, `CURVE_25519`, `none`.
    static func group(_ id: UInt16) -> String {
        id == 0 ? "none" : id == 31 ? "CURVE_25519" : id == 32 ? "CURVE_448" : KeyExchangeMethod(rawValue: id).name
    }

    /// A word of charon's proposals. - Returns: nil for one that means no transform that is known here.
    static func charon(_ word: some StringProtocol) -> LoggedTransform? {
        let word = String(word)
        if word == "EXT_SEQ" { return LoggedTransform(.extendedSequenceNumbers, 1) }
        if word == "NO_EXT_SEQ" { return LoggedTransform(.extendedSequenceNumbers, 0) }
        if word.hasPrefix("PRF_") {
            return (1...8).first { PRFAlgorithm(rawValue: $0).name == word.dropFirst(4) }
                .map { LoggedTransform(.prf, $0) }
        }
        if let id = (1...32).first(where: { group($0) == word }) { return LoggedTransform(.keyExchange, id) }
        if let id = (1...14).first(where: { IntegrityAlgorithm(rawValue: $0).name == word }) {
            return LoggedTransform(.integrity, id)
        }
        return cipher(word)
    }

    /// `AES_CBC_256`, `3DES_CBC`; pluto's too.
    static func cipher(_ word: String) -> LoggedTransform? {
        if let id = (1...28).first(where: { encryption($0) == word }) {
            let takesLength = EncryptionAlgorithm(rawValue: id).takesKeyLength
            return LoggedTransform(.encryption, id, takesLength ? .notShown : .none)
        }
        guard let split = word.lastIndex(of: "_"), let bits = UInt16(word[word.index(after: split)...]),
            let id = (1...28).first(where: { encryption($0) == word[..<split] })
        else { return nil }
        return LoggedTransform(
            .encryption, id, EncryptionAlgorithm(rawValue: id).takesKeyLength ? .bits(bits) : .none)
    }

    /// `IKE:A/B/C, IKE:D/E`; words that mean nothing are left out.
    static func charonProposals(_ text: some StringProtocol) -> [LoggedProposal] {
        text.split(separator: ",").compactMap { part in
            let part = part.drop { $0 == " " }
            guard let colon = part.firstIndex(of: ":") else { return nil }
            let protocolID: ProtocolID? =
                switch part[..<colon] {
                case "IKE": .ike
                case "ESP": .esp
                case "AH": .ah
                default: nil
                }
            guard let protocolID else { return nil }
            return LoggedProposal(
                protocolID, part[part.index(after: colon)...].split(separator: "/").compactMap { charon($0) })
        }
    }

    /// pluto's `DH19`, `MODP2048`; `NONE`.
    static func plutoGroup(_ word: some StringProtocol) -> UInt16? {
        if word == "NONE" || word == "n/a" { return 0 }
        if word.hasPrefix("DH") { return UInt16(word.dropFirst(2)) }
        if word.hasPrefix("MODP") {
            return (1...24).first { KeyExchangeMethod(rawValue: $0).name == "MODP_\(word.dropFirst(4))" }
        }
        return nil
    }

    /// An algorithm of a Cisco payload dump, by its transform type.
    /// - Parameter hasAttribute: whether the transform's length says that it has a key length, whose value no dump shows.
    static func cisco(_ type: TransformType, _ words: [String], hasAttribute: Bool) -> LoggedTransform? {
        guard let first = words.first else { return nil }
        func id(_ names: [UInt16: String]) -> UInt16? { names.first { $0.value == first }?.key }
        switch type {
        case .encryption:
            return id(CiscoWords.ciphers).map { LoggedTransform(type, $0, hasAttribute ? .notShown : .none) }
        case .prf: return id(CiscoWords.prfs).map { LoggedTransform(type, $0) }
        case .integrity: return id(CiscoWords.hashes).map { LoggedTransform(type, $0) }
        case .keyExchange:
            return words.firstIndex(of: "Group").flatMap { $0 + 1 < words.count ? UInt16(words[$0 + 1]) : nil }
                .map { LoggedTransform(type, $0) }
        case .extendedSequenceNumbers: return LoggedTransform(type, first == "ESN" || first == "Use" ? 1 : 0)
        default: return nil
        }
    }

    /// A word of an ASA's or of IOS's configuration: `aes-256`, `sha256`, `19`.
    static func ciscoConfiguration(_ type: TransformType, _ word: String) -> LoggedTransform? {
        switch type {
        case .encryption:
            switch word {
            case "3des", "esp-3des": return LoggedTransform(type, 3)
            case "des", "esp-des": return LoggedTransform(type, 2)
            case "null", "esp-null": return LoggedTransform(type, 11)
            default: break
            }
            let rest = word.hasPrefix("esp-") ? word.dropFirst(4) : word[...]
            guard rest.hasPrefix("aes") else { return nil }
            let bits: UInt16 = rest.hasSuffix("256") ? 256 : rest.hasSuffix("192") ? 192 : 128
            return LoggedTransform(type, rest.contains("gcm") ? 20 : 12, .bits(bits))
        case .prf:
            let ids = ["md5": UInt16(1), "sha": 2, "sha1": 2, "sha256": 5, "sha384": 6, "sha512": 7]
            return ids[word].map { LoggedTransform(type, $0) }
        case .integrity:
            let ids = [
                "null": UInt16(0), "md5": 1, "sha": 2, "sha1": 2, "sha-1": 2, "sha256": 12, "sha-256": 12, "sha384": 13,
                "sha-384": 13, "sha512": 14, "sha-512": 14, "esp-sha-hmac": 2, "esp-md5-hmac": 1,
                "esp-sha256-hmac": 12, "esp-sha384-hmac": 13, "esp-sha512-hmac": 14,
            ]
            return ids[word].map { LoggedTransform(type, $0) }
        case .keyExchange:
            return UInt16(word.hasPrefix("group") ? String(word.dropFirst(5)) : word).map { LoggedTransform(type, $0) }
        default: return nil
        }
    }

    /// What `ike=` and `esp=` of an ipsec.conf call it; nil where they have no word.
    /// - Parameter bits: the key length to take where the log doesn't show it.
    static func typed(_ transform: LoggedTransform, bits assumed: UInt16 = 128) -> String? {
        switch transform.type {
        case .encryption:
            let stems: [UInt16: String] = [
                2: "des", 3: "3des", 11: "null", 12: "aes", 13: "aes_ctr", 14: "aes_ccm_8", 15: "aes_ccm_12",
                16: "aes_ccm_16", 18: "aes_gcm_8", 19: "aes_gcm_12", 20: "aes_gcm", 21: "aes_gmac", 23: "camellia",
                28: "chacha20_poly1305",
            ]
            guard let stem = stems[transform.id] else { return nil }
            switch transform.keyLength {
            case .none: return stem
            case .bits(let bits): return "\(stem)_\(bits)"
            case .notShown: return "\(stem)_\(assumed)"
            }
        case .prf:
            let words: [UInt16: String] = [
                1: "md5", 2: "sha1", 4: "aes_xcbc", 5: "sha2_256", 6: "sha2_384", 7: "sha2_512", 8: "aes_cmac",
            ]
            return words[transform.id]
        case .integrity:
            let words: [UInt16: String] = [
                0: "none", 1: "md5", 2: "sha1", 5: "aes_xcbc", 8: "aes_cmac", 12: "sha2_256", 13: "sha2_384",
                14: "sha2_512",
            ]
            return words[transform.id]
        case .keyExchange: return (1...32).contains(transform.id) ? "dh\(transform.id)" : nil
        default: return nil
        }
    }
}
