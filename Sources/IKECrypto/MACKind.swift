/// What stands behind a PRF or an integrity transform.
enum MACKind: Hashable, Sendable {
    case hmac(Digest)
    /// AES-XCBC-MAC with a 128-bit key (RFC 3566).
    case xcbc
    /// AES-CMAC with a 128-bit key (RFC 4493).
    case cmac

    /// The untruncated output, in octets.
    var outputLength: Int {
        switch self {
        case .hmac(let digest): digest.length
        case .xcbc, .cmac: 16
        }
    }

    var isSupported: Bool {
        switch self {
        case .hmac(let digest): digest.isSupported && FetchedMAC.hmac.pointer != nil
        case .xcbc: FetchedCipher.aes128ECB.pointer != nil
        case .cmac: FetchedMAC.cmac.pointer != nil
        }
    }
}
