import IKECrypto
import IKEModel

/// VPP's names of algorithms.
enum AlgorithmNames {
    /// Of `ipsec sa add`, and of a Child SA: with the length of the key.
    static let ciphers: [(name: String, choice: CipherChoice)] =
        [128, 192, 256].flatMap { bits in
            [
                ("aes-cbc-\(bits)", CipherChoice(.aesCBC, keyBits: bits)),
                ("aes-ctr-\(bits)", CipherChoice(.aesCTR, keyBits: bits)),
                ("aes-gcm-\(bits)", CipherChoice(.aesGCM16, keyBits: bits)),
            ]
        } + [("des-cbc", CipherChoice(.des)), ("3des-cbc", CipherChoice(.tripleDES)), ("none", CipherChoice(.null))]

    static let integrities: [(name: String, algorithm: IntegrityAlgorithm)] = [
        ("sha1-96", .hmacSHA1_96), ("sha-256-96", .hmacSHA2_256_96), ("sha-256-128", .hmacSHA2_256_128),
        ("sha-384-192", .hmacSHA2_384_192), ("sha-512-256", .hmacSHA2_512_256), ("md5-96", .hmacMD5_96),
        ("none", .none),
    ]

    /// Of a profile and of IKE: without the length.
    static let transforms: [(name: String, algorithm: EncryptionAlgorithm)] = [
        ("aes-cbc", .aesCBC), ("aes-ctr", .aesCTR), ("aes-gcm-16", .aesGCM16), ("3des", .tripleDES), ("des", .des),
        ("null", .null),
    ]

    static let integrityTransforms: [(name: String, algorithm: IntegrityAlgorithm)] = [
        ("sha1-96", .hmacSHA1_96), ("hmac-sha2-256-128", .hmacSHA2_256_128), ("hmac-sha2-384-192", .hmacSHA2_384_192),
        ("hmac-sha2-512-256", .hmacSHA2_512_256), ("md5-96", .hmacMD5_96), ("aes-xcbc-96", .aesXCBC_96),
        ("cmac-96", .aesCMAC_96), ("none", .none),
    ]

    static let prfs: [(name: String, algorithm: PRFAlgorithm)] = [
        ("hmac-sha1", .hmacSHA1), ("hmac-sha2-256", .hmacSHA2_256), ("hmac-sha2-384", .hmacSHA2_384),
        ("hmac-sha2-512", .hmacSHA2_512), ("hmac-md5", .hmacMD5),
    ]

    static let groups: [(name: String, method: KeyExchangeMethod)] = [
        ("modp-768", .modp768), ("modp-1024", .modp1024), ("modp-1536", .modp1536), ("modp-2048", .modp2048),
        ("modp-3072", .modp3072), ("modp-4096", .modp4096), ("modp-6144", .modp6144), ("modp-8192", .modp8192),
        ("ecp-256", .ecp256), ("ecp-384", .ecp384), ("ecp-521", .ecp521), ("modp-1024-160", .modp1024s160),
        ("modp-2048-224", .modp2048s224), ("modp-2048-256", .modp2048s256), ("ecp-192", .ecp192),
    ]

    static func name(_ cipher: CipherChoice) -> String {
        ciphers.first { $0.choice.algorithm == cipher.algorithm && $0.choice.keyBits == cipher.keyBits }?.name
            ?? name(transform: cipher)
    }

    /// As IKE's listing has it: `aes-cbc-256`, `aes-gcm-16-256`, `3des`.
    static func name(transform cipher: CipherChoice) -> String {
        let name = transforms.first { $0.algorithm == cipher.algorithm }?.name ?? cipher.algorithm.name
        return cipher.keyBits == 0 ? name : "\(name)-\(cipher.keyBits)"
    }

    static func name(_ integrity: IntegrityAlgorithm) -> String {
        integrities.first { $0.algorithm == integrity }?.name ?? integrity.name
    }

    static func name(transform integrity: IntegrityAlgorithm) -> String {
        integrityTransforms.first { $0.algorithm == integrity }?.name ?? integrity.name
    }

    static func name(_ prf: PRFAlgorithm) -> String { prfs.first { $0.algorithm == prf }?.name ?? prf.name }
    static func name(_ group: KeyExchangeMethod) -> String {
        groups.first { $0.method == group }?.name ?? group.name
    }
}
