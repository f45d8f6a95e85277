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
}
