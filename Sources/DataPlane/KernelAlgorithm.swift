package import IKECrypto

/// The algorithms of ESP by the names that Linux's crypto knows them by.
package enum KernelAlgorithm {
    private static let ciphers: [(EncryptionAlgorithm, String)] = [
        (.aesGCM8, "rfc4106(gcm(aes))"), (.aesGCM12, "rfc4106(gcm(aes))"), (.aesGCM16, "rfc4106(gcm(aes))"),
        (.aesCCM8, "rfc4309(ccm(aes))"), (.aesCCM12, "rfc4309(ccm(aes))"), (.aesCCM16, "rfc4309(ccm(aes))"),
        (.nullAuthAESGMAC, "rfc4543(gcm(aes))"), (.chaCha20Poly1305, "rfc7539esp(chacha20,poly1305)"),
        (.aesCBC, "cbc(aes)"), (.aesCTR, "rfc3686(ctr(aes))"), (.tripleDES, "cbc(des3_ede)"),
        (.camelliaCBC, "cbc(camellia)"), (.null, "ecb(cipher_null)"),
    ]

    private static let hashes: [(IntegrityAlgorithm, String)] = [
        (.hmacMD5_96, "hmac(md5)"), (.hmacMD5_128, "hmac(md5)"), (.hmacSHA1_96, "hmac(sha1)"),
        (.hmacSHA1_160, "hmac(sha1)"), (.hmacSHA2_256_128, "hmac(sha256)"), (.hmacSHA2_384_192, "hmac(sha384)"),
        (.hmacSHA2_512_256, "hmac(sha512)"), (.aesXCBC_96, "xcbc(aes)"), (.aesCMAC_96, "cmac(aes)"),
    ]

    /// nil for one that Linux does not have.
    package static func name(_ algorithm: EncryptionAlgorithm) -> String? {
        ciphers.first { $0.0 == algorithm }?.1
    }

    package static func name(_ algorithm: IntegrityAlgorithm) -> String? { hashes.first { $0.0 == algorithm }?.1 }

    /// - Parameter icvBits: 0 for a cipher that brings no ICV.
    package static func encryption(_ name: String, icvBits: Int) -> EncryptionAlgorithm? {
        ciphers.first { $0.1 == name && $0.0.icvLength * 8 == icvBits }?.0
    }

    package static func integrity(_ name: String, icvBits: Int) -> IntegrityAlgorithm? {
        hashes.first { $0.1 == name && $0.0.icvLength * 8 == icvBits }?.0
    }
}
