import IKECrypto
import IKEModel

/// Algorithms as an ASA's and a router's configuration and listings name them.
enum AlgorithmWords {
    /// Of `encryption …`: `aes`, `aes-256`, `aes-gcm-192`, `aes-cbc-128`, `3des`.
    static func cipher(_ word: String) -> CipherChoice? {
        switch word {
        case "aes", "aes-cbc-128": CipherChoice(.aesCBC, keyBits: 128)
        case "aes-192", "aes-cbc-192": CipherChoice(.aesCBC, keyBits: 192)
        case "aes-256", "aes-cbc-256": CipherChoice(.aesCBC, keyBits: 256)
        case "aes-gcm": CipherChoice(.aesGCM16, keyBits: 128)
        case "aes-gcm-192": CipherChoice(.aesGCM16, keyBits: 192)
        case "aes-gcm-256": CipherChoice(.aesGCM16, keyBits: 256)
        case "3des": CipherChoice(.tripleDES)
        case "null": CipherChoice(.null)
        default: nil
        }
    }

    static func integrity(_ word: String) -> IntegrityAlgorithm? {
        switch word {
        case "null": IntegrityAlgorithm.none
        case "md5": .hmacMD5_96
        case "sha", "sha-1", "sha1": .hmacSHA1_96
        case "sha256", "sha-256": .hmacSHA2_256_128
        case "sha384", "sha-384": .hmacSHA2_384_192
        case "sha512", "sha-512": .hmacSHA2_512_256
        default: nil
        }
    }

    static func prf(_ word: String) -> PRFAlgorithm? {
        switch word {
        case "md5": .hmacMD5
        case "sha", "sha1": .hmacSHA1
        case "sha256": .hmacSHA2_256
        case "sha384": .hmacSHA2_384
        case "sha512": .hmacSHA2_512
        default: nil
        }
    }

    /// `19`, or `group19` of `set pfs`.
    static func group(_ word: String) -> KeyExchangeMethod? {
        let number = UInt16(word.hasPrefix("group") ? String(word.dropFirst(5)) : word)
        return number.map { KeyExchangeMethod(rawValue: $0) }.flatMap { $0.isSupported ? $0 : nil }
    }

    /// `esp-aes-gcm esp-null-hmac`.
    static func transform(_ suite: ESPSuite) -> String {
        let bits = suite.cipher.keyBits == 128 || suite.cipher.keyBits == 0 ? "" : "-\(suite.cipher.keyBits)"
        let cipher =
            switch suite.cipher.algorithm {
            case .aesCBC: "esp-aes\(bits)"
            case .aesGCM16: "esp-aes-gcm\(bits)"
            case .tripleDES: "esp-3des"
            case .null: "esp-null"
            default: "esp-\(suite.cipher.algorithm.name.lowercased())"
            }
        return "\(cipher) \(hash(suite.integrity))"
    }

    private static func hash(_ integrity: IntegrityAlgorithm) -> String {
        switch integrity {
        case .none: "esp-null-hmac"
        case .hmacMD5_96: "esp-md5-hmac"
        case .hmacSHA1_96: "esp-sha-hmac"
        case .hmacSHA2_256_128: "esp-sha-256-hmac"
        case .hmacSHA2_384_192: "esp-sha-384-hmac"
        case .hmacSHA2_512_256: "esp-sha-512-hmac"
        default: "esp-\(integrity.name.lowercased())"
        }
    }

    /// `AES128`, `AES-GCM-128`, `3DES`.
    static func session(_ cipher: CipherChoice) -> String {
        switch cipher.algorithm {
        case .aesCBC: "AES\(cipher.keyBits)"
        case .aesGCM16: "AES-GCM-\(cipher.keyBits)"
        case .tripleDES: "3DES"
        case .null: "none"
        default: cipher.algorithm.name
        }
    }

    /// `SHA256`, `none`.
    static func session(_ integrity: IntegrityAlgorithm) -> String {
        switch integrity {
        case .none: "none"
        case .hmacMD5_96: "MD5"
        case .hmacSHA1_96: "SHA1"
        case .hmacSHA2_256_128: "SHA256"
        case .hmacSHA2_384_192: "SHA384"
        case .hmacSHA2_512_256: "SHA512"
        default: integrity.name
        }
    }

    static func session(_ prf: PRFAlgorithm) -> String {
        switch prf {
        case .hmacMD5: "MD5"
        case .hmacSHA1: "SHA1"
        case .hmacSHA2_256: "SHA256"
        case .hmacSHA2_384: "SHA384"
        case .hmacSHA2_512: "SHA512"
        default: prf.name
        }
    }
}
