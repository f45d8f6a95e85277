// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Without its underscore "SHA2_256" would read as another number.

/// An integrity transform (IKEv2 transform type 3) by its IANA number. Numbers unknown here are kept as they came.
package struct IntegrityAlgorithm: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// With a combined mode, which brings its own integrity.
    package static let none = IntegrityAlgorithm(rawValue: 0)
    package static let hmacMD5_96 = IntegrityAlgorithm(rawValue: 1)
    package static let hmacSHA1_96 = IntegrityAlgorithm(rawValue: 2)
    package static let aesXCBC_96 = IntegrityAlgorithm(rawValue: 5)
    package static let hmacMD5_128 = IntegrityAlgorithm(rawValue: 6)
    package static let hmacSHA1_160 = IntegrityAlgorithm(rawValue: 7)
    package static let aesCMAC_96 = IntegrityAlgorithm(rawValue: 8)
    package static let hmacSHA2_256_128 = IntegrityAlgorithm(rawValue: 12)
    package static let hmacSHA2_384_192 = IntegrityAlgorithm(rawValue: 13)
    package static let hmacSHA2_512_256 = IntegrityAlgorithm(rawValue: 14)

    /// SHA-256 cut to 96 bits, as a draft had it before RFC 4868 and Linux and VPP still do; a number for private use
    /// (RFC 7296 §3.3.2), for SAs that are made by hand.
    package static let hmacSHA2_256_96 = IntegrityAlgorithm(rawValue: 65280)

    private var row: (name: String, mac: MACKind?, icv: Int)? {
        switch self {
        case .none: ("NONE", nil, 0)
        case .hmacMD5_96: ("HMAC_MD5_96", .hmac(.md5), 12)  // RFC 2403
        case .hmacSHA1_96: ("HMAC_SHA1_96", .hmac(.sha1), 12)  // RFC 2404
        case .aesXCBC_96: ("AES_XCBC_96", .xcbc, 12)  // RFC 3566
        case .hmacMD5_128: ("HMAC_MD5_128", .hmac(.md5), 16)  // RFC 4595
        case .hmacSHA1_160: ("HMAC_SHA1_160", .hmac(.sha1), 20)  // RFC 4595
        case .aesCMAC_96: ("AES_CMAC_96", .cmac, 12)  // RFC 4494
        case .hmacSHA2_256_128: ("HMAC_SHA2_256_128", .hmac(.sha256), 16)  // RFC 4868
        case .hmacSHA2_256_96: ("HMAC_SHA2_256_96", .hmac(.sha256), 12)
        case .hmacSHA2_384_192: ("HMAC_SHA2_384_192", .hmac(.sha384), 24)
        case .hmacSHA2_512_256: ("HMAC_SHA2_512_256", .hmac(.sha512), 32)
        default: nil
        }
    }

    /// IANA's name without the prefix ("HMAC_SHA1_96"); "AUTH_n" for a number without one here.
    package var name: String { row?.name ?? "AUTH_\(rawValue)" }
    var mac: MACKind? { row?.mac }
    /// Octets of key, the MAC's whole output (RFC 4868 §2.1.1); 0 for `none`.
    package var keyLength: Int { mac?.outputLength ?? 0 }
    /// Octets of the truncated check value in the packet; 0 for `none`.
    package var icvLength: Int { row?.icv ?? 0 }
    package var isSupported: Bool { self == .none || mac?.isSupported ?? false }
}

extension IntegrityAlgorithm: CustomStringConvertible {
    package var description: String { name }
}
