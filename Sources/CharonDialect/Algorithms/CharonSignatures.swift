import IKECrypto
import IKEModel

/// In which ways a charon signs, and which it takes.
enum CharonSignatures {
    /// By the strength of the key: SHA2-256 up to RSA of 3072 bits, and a curve's own hash; releases before RFC 7427 have
    /// the classic methods alone.
    static func made(by key: PublicKey?, _ version: CharonVersion) -> [SignatureMethod] {
        let classic: [SignatureMethod] = [.rsa, .ecdsa(bits: 256), .ecdsa(bits: 384), .ecdsa(bits: 521)]
        guard version == .v5_9_8 else { return classic }
        let bits = key?.bits ?? 0
        let digests: [Digest] = [.sha256, .sha384, .sha512]
        let modern: [SignatureMethod]
        switch key?.kind {
        case .ecdsa:
            modern = digests.suffix(bits <= 256 ? 3 : bits <= 384 ? 2 : 1).map { .digitalSignature(.ecdsa($0)) }
        case .ed25519: modern = [.digitalSignature(.ed25519)]
        case .ed448: modern = [.digitalSignature(.ed448)]
        default:
            modern = digests.suffix(bits <= 3072 ? 3 : bits <= 7680 ? 2 : 1).map { .digitalSignature(.rsaPKCS1($0)) }
        }
        return modern + classic
    }

    static func taken(_ version: CharonVersion) -> [SignatureMethod] {
        let classic: [SignatureMethod] = [.rsa, .ecdsa(bits: 256), .ecdsa(bits: 384), .ecdsa(bits: 521)]
        guard version == .v5_9_8 else { return classic }
        return [Digest.sha256, .sha384, .sha512].flatMap { digest in
            [SignatureScheme.rsaPKCS1(digest), .rsaPSS(digest), .ecdsa(digest)].map { .digitalSignature($0) }
        } + [.digitalSignature(.ed25519), .digitalSignature(.ed448)] + classic
    }

    /// `RSA_EMSA_PKCS1_SHA2_256`, `ECDSA_WITH_SHA256_DER`; `RSA signature` and `ECDSA-256 signature` for the classic ones.
    static func name(_ method: SignatureMethod) -> String {
        func digits(_ digest: Digest) -> String {
            switch digest {
            case .sha1: "1"
            case .sha256: "256"
            case .sha384: "384"
            case .sha512: "512"
            case .md5: "5"
            }
        }
        switch method {
        case .rsa: return "RSA signature"
        case .ecdsa(let bits): return "ECDSA-\(bits) signature"
        case .digitalSignature(let scheme):
            switch scheme {
            case .rsaPKCS1(.sha1): return "RSA_EMSA_PKCS1_SHA1"
            case .rsaPKCS1(let digest): return "RSA_EMSA_PKCS1_SHA2_\(digits(digest))"
            case .rsaPSS: return "RSA_EMSA_PSS"
            case .ecdsa(let digest): return "ECDSA_WITH_SHA\(digits(digest))_DER"
            case .ed25519: return "ED25519"
            case .ed448: return "ED448"
            }
        }
    }
}
