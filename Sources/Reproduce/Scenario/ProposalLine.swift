import IKEWire

/// Proposals as configurations say them.
enum ProposalLine {
    private static func joined(_ proposal: LoggedProposal, _ type: TransformType) -> String? {
        let words = proposal.transforms(of: type).filter { $0.id != 0 }.compactMap { TransformWords.typed($0) }
        return words.isEmpty ? nil : words.joined(separator: "+")
    }

    /// Of `ike=`: `aes_128-sha2_256_128-sha2_256;dh19`; nil for one without encryption, or with what has no word.
    ///
    /// The names of integrity are the ones that no PRF has, so that both can be said.
    static func ike(_ proposal: LoggedProposal) -> String? {
        guard let cipher = joined(proposal, .encryption) else { return nil }
        let full: [UInt16: String] = [
            1: "hmac_md5_96", 2: "hmac_sha1_96", 5: "aes_xcbc_96", 12: "hmac_sha2_256_128", 13: "hmac_sha2_384_192",
            14: "hmac_sha2_512_256",
        ]
        let integrity = proposal.transforms(of: .integrity).compactMap { full[$0.id] }
        var text = cipher
        if !integrity.isEmpty { text += "-" + integrity.joined(separator: "+") }
        if let prf = joined(proposal, .prf) { text += "-" + prf }
        if let group = joined(proposal, .keyExchange) { text += ";" + group }
        return text
    }

    /// Of `esp=`: `aes_gcm_128;dh19`, `aes_256-sha1`.
    static func esp(_ proposal: LoggedProposal) -> String? {
        guard let cipher = joined(proposal, .encryption) else { return nil }
        var text = cipher
        if let integrity = joined(proposal, .integrity) { text += "-" + integrity }
        if let group = joined(proposal, .keyExchange) { text += ";" + group }
        return text
    }

    /// Of strongSwan's `ike=` and `esp=`, which say them alike: `aes256-sha256-prfsha256-modp2048`, `aes256gcm16-noesn`; nil for
    /// what has no word there.
    static func charon(_ proposal: LoggedProposal) -> String? {
        var words: [String] = []
        for transform in proposal.transforms where transform.id != 0 || transform.type == .extendedSequenceNumbers {
            guard let word = charon(transform) else { return nil }
            words.append(word)
        }
        return words.isEmpty ? nil : words.joined(separator: "-")
    }

    private static func charon(_ transform: LoggedTransform) -> String? {
        switch transform.type {
        case .encryption:
            let bits: String
            switch transform.keyLength {
            case .bits(let number): bits = "\(number)"
            case .none: bits = ""
            case .notShown: return nil
            }
            switch transform.id {
            case 3: return "3des"
            case 11: return "null"
            case 12: return "aes" + bits
            case 13: return "aes\(bits)ctr"
            case 18...20: return "aes\(bits)gcm\([18: 8, 19: 12, 20: 16][transform.id] ?? 16)"
            case 23: return "camellia" + bits
            case 28: return "chacha20poly1305"
            default: return nil
            }
        case .prf: return [1: "prfmd5", 2: "prfsha1", 5: "prfsha256", 6: "prfsha384", 7: "prfsha512"][transform.id]
        case .integrity: return [1: "md5", 2: "sha1", 12: "sha256", 13: "sha384", 14: "sha512"][transform.id]
        case .keyExchange:
            // MODP_2048 is modp2048; those with a subgroup or of Brainpool have other names.
            let plain: Set<UInt16> = [1, 2, 5, 14, 15, 16, 17, 18, 19, 20, 21, 31]
            return plain.contains(transform.id)
                ? TransformWords.group(transform.id).lowercased().filter { $0 != "_" } : nil
        case .extendedSequenceNumbers: return transform.id == 1 ? "esn" : "noesn"
        default: return nil
        }
    }

    /// A word of an ASA's configuration.
    static func asa(_ transform: LoggedTransform) -> String? {
        switch transform.type {
        case .encryption:
            let suffix =
                switch transform.keyLength {
                case .bits(192): "-192"
                case .bits(256): "-256"
                default: ""
                }
            let stems: [UInt16: String] = [3: "3des", 11: "null", 12: "aes", 20: "aes-gcm"]
            return stems[transform.id].map { $0 + suffix }
        case .integrity:
            return [0: "null", 1: "md5", 2: "sha-1", 12: "sha-256", 13: "sha-384", 14: "sha-512"][transform.id]
        case .prf: return [1: "md5", 2: "sha", 5: "sha256", 6: "sha384", 7: "sha512"][transform.id]
        case .keyExchange: return transform.id == 0 ? nil : "\(transform.id)"
        default: return nil
        }
    }

    /// The lines of IOS's `crypto ikev2 proposal`; nil for what they have no word for. The hash is the PRF's too.
    static func ios(_ proposal: LoggedProposal) -> [String]? {
        func words(_ type: TransformType, _ word: (LoggedTransform) -> String?) -> String? {
            let all = proposal.transforms(of: type).map(word)
            return all.isEmpty || all.contains(nil) ? nil : all.compactMap(\.self).joined(separator: " ")
        }
        let ciphers = words(.encryption) { transform in
            switch (transform.id, transform.keyLength) {
            case (3, _): "3des"
            case (12, .bits(let bits)): "aes-cbc-\(bits)"
            default: nil
            }
        }
        let hashes = words(.integrity) { [1: "md5", 2: "sha1", 12: "sha256", 13: "sha384", 14: "sha512"][$0.id] }
        guard let ciphers, let hashes, let groups = words(.keyExchange, { "\($0.id)" }) else { return nil }
        return [" encryption \(ciphers)", " integrity \(hashes)", " group \(groups)"]
    }

    /// Of IOS's `crypto ipsec transform-set`: `esp-3des esp-sha-hmac`.
    static func iosTransformSet(_ proposal: LoggedProposal) -> String? {
        guard let cipher = proposal.transforms(of: .encryption).first,
            let hash = proposal.transforms(of: .integrity).first.flatMap({
                [1: "esp-md5-hmac", 2: "esp-sha-hmac", 12: "esp-sha256-hmac"][$0.id]
            })
        else { return nil }
        switch (cipher.id, cipher.keyLength) {
        case (3, _): return "esp-3des \(hash)"
        case (12, .bits(let bits)): return "esp-aes \(bits) \(hash)"
        default: return nil
        }
    }
}
