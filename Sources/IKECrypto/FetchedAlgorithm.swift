import COpenSSL

/// A cipher implementation, fetched once for the life of the process: a fetch takes locks and compares names, which
/// costs more than sealing a small packet. Never freed; nil where the loaded providers have none.
///
/// Unchecked because a fetched EVP_CIPHER is reference-counted and read-only, hence safe to share (openssl-threads(7)).
struct FetchedCipher: @unchecked Sendable {
    let pointer: OpaquePointer?

    private init(_ name: String) {
        pointer = EVP_CIPHER_fetch(nil, name, nil)
        ERR_clear_error()
    }

    static let aes128CBC = FetchedCipher("AES-128-CBC")
    static let aes192CBC = FetchedCipher("AES-192-CBC")
    static let aes256CBC = FetchedCipher("AES-256-CBC")
    static let aes128CTR = FetchedCipher("AES-128-CTR")
    static let aes192CTR = FetchedCipher("AES-192-CTR")
    static let aes256CTR = FetchedCipher("AES-256-CTR")
    static let aes128GCM = FetchedCipher("AES-128-GCM")
    static let aes192GCM = FetchedCipher("AES-192-GCM")
    static let aes256GCM = FetchedCipher("AES-256-GCM")
    static let aes128CCM = FetchedCipher("AES-128-CCM")
    static let aes192CCM = FetchedCipher("AES-192-CCM")
    static let aes256CCM = FetchedCipher("AES-256-CCM")
    static let camellia128CBC = FetchedCipher("CAMELLIA-128-CBC")
    static let camellia192CBC = FetchedCipher("CAMELLIA-192-CBC")
    static let camellia256CBC = FetchedCipher("CAMELLIA-256-CBC")
    static let tripleDESCBC = FetchedCipher("DES-EDE3-CBC")
    static let chaCha20Poly1305 = FetchedCipher("ChaCha20-Poly1305")
    static let aes128ECB = FetchedCipher("AES-128-ECB")

    /// The implementation behind a packet cipher; nil for NULL and for what is not in the table.
    static func packet(_ algorithm: EncryptionAlgorithm, keyBits: Int) -> FetchedCipher? {
        switch (algorithm, algorithm.mode, keyBits) {
        // libcrypto has DES alone in a provider that may be missing; with one key three times Triple DES is DES.
        case (.des, _, 64), (.tripleDES, _, 192): tripleDESCBC
        case (.camelliaCBC, _, 128): camellia128CBC
        case (.camelliaCBC, _, 192): camellia192CBC
        case (.camelliaCBC, _, 256): camellia256CBC
        case (.aesCBC, _, 128): aes128CBC
        case (.aesCBC, _, 192): aes192CBC
        case (.aesCBC, _, 256): aes256CBC
        case (_, .ctr, 128): aes128CTR
        case (_, .ctr, 192): aes192CTR
        case (_, .ctr, 256): aes256CTR
        case (_, .gcm, 128), (_, .gmac, 128): aes128GCM
        case (_, .gcm, 192), (_, .gmac, 192): aes192GCM
        case (_, .gcm, 256), (_, .gmac, 256): aes256GCM
        case (_, .ccm, 128): aes128CCM
        case (_, .ccm, 192): aes192CCM
        case (_, .ccm, 256): aes256CCM
        case (_, .chaChaPoly, 256): chaCha20Poly1305
        default: nil
        }
    }
}

/// A MAC implementation ("HMAC", "CMAC"), fetched once for the life of the process as `FetchedCipher` is.
struct FetchedMAC: @unchecked Sendable {
    let pointer: OpaquePointer?

    private init(_ name: String) {
        pointer = EVP_MAC_fetch(nil, name, nil)
        ERR_clear_error()
    }

    static let hmac = FetchedMAC("HMAC")
    static let cmac = FetchedMAC("CMAC")
}
