import IKECrypto

/// Public keys as ipsec.conf has them: `0s` and Base64.
enum PublicKeyText {
    /// The value of `rsasigkey=`: RFC 3110; of the others: a SubjectPublicKeyInfo. nil where it cannot be read.
    static func parse(_ text: String) -> PublicKey? {
        let digits = text.hasPrefix("0s") || text.hasPrefix("0S") ? String(text.dropFirst(2)) : text
        guard let octets = PEM.base64(Array(digits.utf8.filter { $0 != 0x20 })) else { return nil }
        if octets.first == DER.sequence, let key = try? PublicKey(subjectPublicKeyInfo: octets) { return key }
        return try? PublicKey(rfc3110: octets)
    }

    static func text(_ key: PublicKey) -> String {
        "0s" + PEM.base64(encoding: key.rfc3110 ?? key.subjectPublicKeyInfo)
    }

    /// The first characters of its text, by which consoles tell keys from each other.
    static func keyID(_ key: PublicKey) -> String {
        String(PEM.base64(encoding: key.rfc3110 ?? key.subjectPublicKeyInfo).prefix(9))
    }

    /// `rsa` in `rsasigkey`: what kind of key ipsec.conf's word is for.
    static func kind(_ key: PublicKey) -> String {
        switch key.kind {
        case .rsa: "rsa"
        case .ecdsa: "ecdsa"
        case .ed25519, .ed448: "eddsa"
        case .other: "other"
        }
    }

    static func settingName(_ key: PublicKey) -> String { key.kind == .rsa ? "rsasigkey" : "\(kind(key))key" }
}
