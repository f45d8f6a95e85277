// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Without its underscore "SHA2_256" would read as another number.

/// A pseudorandom function (IKEv2 transform type 2) by its IANA number. Numbers unknown here are kept as they came.
package struct PRFAlgorithm: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let hmacMD5 = PRFAlgorithm(rawValue: 1)
    package static let hmacSHA1 = PRFAlgorithm(rawValue: 2)
    package static let aesXCBC = PRFAlgorithm(rawValue: 4)
    package static let hmacSHA2_256 = PRFAlgorithm(rawValue: 5)
    package static let hmacSHA2_384 = PRFAlgorithm(rawValue: 6)
    package static let hmacSHA2_512 = PRFAlgorithm(rawValue: 7)
    package static let aesCMAC = PRFAlgorithm(rawValue: 8)

    private var row: (name: String, mac: MACKind)? {
        switch self {
        case .hmacMD5: ("HMAC_MD5", .hmac(.md5))
        case .hmacSHA1: ("HMAC_SHA1", .hmac(.sha1))
        case .aesXCBC: ("AES128_XCBC", .xcbc)
        case .hmacSHA2_256: ("HMAC_SHA2_256", .hmac(.sha256))
        case .hmacSHA2_384: ("HMAC_SHA2_384", .hmac(.sha384))
        case .hmacSHA2_512: ("HMAC_SHA2_512", .hmac(.sha512))
        case .aesCMAC: ("AES128_CMAC", .cmac)
        default: nil
        }
    }

    /// IANA's name without the prefix ("HMAC_SHA2_256"); "PRF_n" for a number without one here.
    package var name: String { row?.name ?? "PRF_\(rawValue)" }
    var mac: MACKind? { row?.mac }
    /// In octets.
    package var outputLength: Int { mac?.outputLength ?? 0 }
    /// The length, in octets, of the keys SK_d, SK_pi and SK_pr (RFC 7296 §2.13); for HMAC the output's.
    package var preferredKeyLength: Int { mac?.outputLength ?? 0 }
    /// Whether the key has one fixed length, so that nonces are cut before they become a key (RFC 7296 §2.14).
    package var hasFixedKeyLength: Bool { self == .aesXCBC || self == .aesCMAC }
    package var isSupported: Bool { mac?.isSupported ?? false }
}

extension PRFAlgorithm: CustomStringConvertible {
    package var description: String { name }
}
