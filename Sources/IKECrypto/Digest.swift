import COpenSSL

/// Plain hash functions.
package enum Digest: Hashable, Sendable {
    case md5, sha1, sha256, sha384, sha512

    /// In octets.
    package var length: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// OpenSSL's name.
    var openSSLName: String {
        switch self {
        case .md5: "MD5"
        case .sha1: "SHA1"
        case .sha256: "SHA2-256"
        case .sha384: "SHA2-384"
        case .sha512: "SHA2-512"
        }
    }

    /// Fetched once, as `FetchedCipher`.
    private struct Fetched: @unchecked Sendable {
        let pointer: OpaquePointer?
        init(_ digest: Digest) {
            pointer = EVP_MD_fetch(nil, digest.openSSLName, nil)
            ERR_clear_error()
        }
        static let md5 = Fetched(.md5)
        static let sha1 = Fetched(.sha1)
        static let sha256 = Fetched(.sha256)
        static let sha384 = Fetched(.sha384)
        static let sha512 = Fetched(.sha512)
    }

    private var fetched: OpaquePointer? {
        switch self {
        case .md5: Fetched.md5.pointer
        case .sha1: Fetched.sha1.pointer
        case .sha256: Fetched.sha256.pointer
        case .sha384: Fetched.sha384.pointer
        case .sha512: Fetched.sha512.pointer
        }
    }

    package var isSupported: Bool { fetched != nil }

    /// One EVP_MD_CTX and its end.
    private struct Context: ~Copyable {
        let pointer: OpaquePointer
        init() throws(CryptoError) {
            guard let new = EVP_MD_CTX_new() else { throw .drained("EVP_MD_CTX_new") }
            pointer = new
        }
        deinit { EVP_MD_CTX_free(pointer) }
    }

    /// The hash of the parts one behind the other.
    /// - Throws: `CryptoError.unsupported` where the provider lacks it (MD5 in FIPS mode).
    package func compute(_ parts: [[UInt8]]) throws(CryptoError) -> [UInt8] {
        guard let fetched else { throw .unsupported(openSSLName) }
        let context = try Context()
        try CryptoError.check(EVP_DigestInit_ex2(context.pointer, fetched, nil), "EVP_DigestInit_ex2")
        for part in parts {
            try CryptoError.check(EVP_DigestUpdate(context.pointer, part, part.count), "EVP_DigestUpdate")
        }
        var out = [UInt8](repeating: 0, count: length)
        try CryptoError.check(EVP_DigestFinal_ex(context.pointer, &out, nil), "EVP_DigestFinal_ex")
        return out
    }

    /// SHA-1, for NAT detection (RFC 7296 §2.23). Always there: a libcrypto without it cannot do IKEv2 at all.
    package static func sha1(_ parts: [UInt8]...) -> [UInt8] { Digest.sha1.always(parts) }
    package static func sha256(_ parts: [UInt8]...) -> [UInt8] { Digest.sha256.always(parts) }
    package static func sha384(_ parts: [UInt8]...) -> [UInt8] { Digest.sha384.always(parts) }
    package static func sha512(_ parts: [UInt8]...) -> [UInt8] { Digest.sha512.always(parts) }

    private func always(_ parts: [[UInt8]]) -> [UInt8] {
        do { return try compute(parts) } catch { preconditionFailure("libcrypto has no \(openSSLName): \(error)") }
    }
}
