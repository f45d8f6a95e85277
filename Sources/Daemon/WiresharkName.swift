import IKECrypto

/// What Wireshark 4.0 calls the algorithms of its key tables; nil where it has no decoder, or no name.
enum WiresharkName {
    /// In `ikev2_decryption_table`.
    static func ike(_ encryption: EncryptionAlgorithm, keyBits: Int) -> String? {
        switch encryption {
        case .tripleDES: "3DES [RFC2451]"
        case .null: "NULL [RFC2410]"
        case .aesCBC: "AES-CBC-\(keyBits) [RFC3602]"
        case .aesCTR: "AES-CTR-\(keyBits) [RFC5930]"
        case .aesCCM8: "AES-CCM-\(keyBits) with 8 octet ICV [RFC5282]"
        case .aesCCM12: "AES-CCM-\(keyBits) with 12 octet ICV [RFC5282]"
        case .aesCCM16: "AES-CCM-\(keyBits) with 16 octet ICV [RFC5282]"
        case .aesGCM8: "AES-GCM-\(keyBits) with 8 octet ICV [RFC5282]"
        case .aesGCM12: "AES-GCM-\(keyBits) with 12 octet ICV [RFC5282]"
        case .aesGCM16: "AES-GCM-\(keyBits) with 16 octet ICV [RFC5282]"
        default: nil
        }
    }

    static func ike(_ integrity: IntegrityAlgorithm) -> String? {
        switch integrity {
        case .none: "NONE [RFC4306]"
        case .hmacMD5_96: "HMAC_MD5_96 [RFC2403]"
        case .hmacMD5_128: "HMAC_MD5_128 [RFC4595]"
        case .hmacSHA1_96: "HMAC_SHA1_96 [RFC2404]"
        case .hmacSHA1_160: "HMAC_SHA1_160 [RFC4595]"
        case .hmacSHA2_256_128: "HMAC_SHA2_256_128 [RFC4868]"
        case .hmacSHA2_384_192: "HMAC_SHA2_384_192 [RFC4868]"
        case .hmacSHA2_512_256: "HMAC_SHA2_512_256 [RFC4868]"
        case .aesXCBC_96, .aesCMAC_96: "ANY 96-bits of Authentication [No Checking]"
        default: nil
        }
    }

    /// In `esp_sa`.
    static func esp(_ encryption: EncryptionAlgorithm) -> String? {
        switch encryption {
        case .des: "DES-CBC [RFC2405]"
        case .tripleDES: "TripleDES-CBC [RFC2451]"
        case .null: "NULL"
        case .aesCBC: "AES-CBC [RFC3602]"
        case .aesCTR: "AES-CTR [RFC3686]"
        case .aesGCM8: "AES-GCM with 8 octet ICV [RFC4106]"
        case .aesGCM12: "AES-GCM with 12 octet ICV [RFC4106]"
        case .aesGCM16: "AES-GCM with 16 octet ICV [RFC4106]"
        default: nil
        }
    }

    static func esp(_ integrity: IntegrityAlgorithm) -> String? {
        switch integrity {
        case .none: "NULL"
        case .hmacMD5_96: "HMAC-MD5-96 [RFC2403]"
        case .hmacSHA1_96: "HMAC-SHA-1-96 [RFC2404]"
        case .hmacSHA2_256_128: "HMAC-SHA-256-128 [RFC4868]"
        case .hmacSHA2_384_192: "HMAC-SHA-384-192 [RFC4868]"
        case .hmacSHA2_512_256: "HMAC-SHA-512-256 [RFC4868]"
        case .aesXCBC_96, .aesCMAC_96: "ANY 96 bit authentication [no checking]"
        default: nil
        }
    }
}
