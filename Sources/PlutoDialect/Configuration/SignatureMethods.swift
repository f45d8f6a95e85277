import IKECrypto
import IKEModel

/// What `authby=` and `leftauth=` say of signatures.
enum SignatureMethods {
    /// The methods that one word means, best first; nil for a word that means none.
    static func parse(_ word: String) -> [SignatureMethod]? {
        let (family, suffix) = split(word)
        guard let hashes = hashes(suffix) else { return nil }
        func signed(_ scheme: (Digest) -> SignatureScheme) -> [SignatureMethod] {
            hashes.map { .digitalSignature(scheme($0)) }
        }
        switch (family, suffix) {
        // Peers choose between PSS and the older padding; the classic method is for those without RFC 7427.
        case ("rsasig", ""), ("rsa", ""):
            return signed(SignatureScheme.rsaPSS) + signed(SignatureScheme.rsaPKCS1) + [.rsa]
        case ("rsa", "sha1"): return [.digitalSignature(.rsaPKCS1(.sha1)), .rsa]
        case ("rsa", _): return signed(SignatureScheme.rsaPSS)
        case ("rsa-pkcs1", ""): return signed(SignatureScheme.rsaPKCS1) + [.rsa]
        case ("rsa-pkcs1", _): return signed(SignatureScheme.rsaPKCS1)
        case ("ecdsa", ""):
            return signed(SignatureScheme.ecdsa) + [.ecdsa(bits: 256), .ecdsa(bits: 384), .ecdsa(bits: 521)]
        case ("ecdsa", "sha1"): return nil
        case ("ecdsa", _): return signed(SignatureScheme.ecdsa)
        case ("eddsa", ""): return [.digitalSignature(.ed25519), .digitalSignature(.ed448)]
        default: return nil
        }
    }

    /// The methods of several words; nil where one of them is no signature's.
    static func parse(_ words: [String]) -> [SignatureMethod]? {
        var result: [SignatureMethod] = []
        for word in words {
            guard let methods = parse(word) else { return nil }
            for method in methods where !result.contains(method) { result.append(method) }
        }
        return result.isEmpty ? nil : result
    }

    /// What pluto takes where nothing is said.
    static let standard = ["rsasig", "ecdsa", "eddsa"]

    private static func split(_ word: String) -> (family: String, suffix: String) {
        for family in ["rsa-pkcs1", "rsasig", "rsa", "ecdsa", "eddsa"] {
            if word == family { return (family, "") }
            if word.hasPrefix(family + "-") { return (family, String(word.dropFirst(family.count + 1))) }
        }
        return (word, "")
    }

    private static func hashes(_ suffix: String) -> [Digest]? {
        switch suffix {
        case "", "sha2": [.sha512, .sha384, .sha256]
        case "sha2_256": [.sha256]
        case "sha2_384": [.sha384]
        case "sha2_512": [.sha512]
        case "sha1": [.sha1]
        default: nil
        }
    }

    /// The policy words of `connectionstatus`.
    static func policyWords(_ methods: [SignatureMethod]) -> [String] {
        var words: [String] = []
        func has(_ test: (SignatureScheme) -> Bool) -> Bool {
            methods.contains { if case .digitalSignature(let scheme) = $0 { test(scheme) } else { false } }
        }
        if has({ if case .rsaPSS = $0 { true } else { false } }) { words.append("RSASIG") }
        if has({ if case .ecdsa = $0 { true } else { false } }) { words.append("ECDSA") }
        if has({ $0 == .ed25519 }) { words.append("EDDSA") }
        if methods.contains(.rsa) || has({ if case .rsaPKCS1 = $0 { true } else { false } }) {
            words.append("RSASIG_v1_5")
        }
        return words
    }
}
