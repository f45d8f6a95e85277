import COpenSSL

/// MD4 (RFC 1320), for the password hash of MS-CHAP-V2 and for nothing else.
///
/// OpenSSL 3 has it in its legacy provider, and loads that into a library context of our own: in the default one every
/// other user of this process would get the provider's old algorithms too.
enum MD4 {
    /// In octets.
    static let length = 16

    private struct Fetched: @unchecked Sendable {
        /// Never freed; nil where OpenSSL was installed without its legacy provider.
        let pointer: OpaquePointer?

        init() {
            defer { ERR_clear_error() }
            guard let context = OSSL_LIB_CTX_new(), OSSL_PROVIDER_load(context, "legacy") != nil else {
                pointer = nil
                return
            }
            pointer = EVP_MD_fetch(context, "MD4", nil)
        }
    }

    private static let fetched = Fetched()

    static var isSupported: Bool { fetched.pointer != nil }

    /// - Throws: `unsupported` where OpenSSL has no legacy provider.
    static func compute(_ octets: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let pointer = fetched.pointer else { throw .unsupported("MD4 (OpenSSL's legacy provider is missing)") }
        var out = [UInt8](repeating: 0, count: length)
        try CryptoError.check(EVP_Digest(octets, octets.count, &out, nil, pointer, nil), "EVP_Digest")
        return out
    }
}
