/// A key exchange method (IKEv2 transform type 4, once "Diffie-Hellman group") by its IANA number. Numbers unknown
/// here are kept as they came.
package struct KeyExchangeMethod: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let none = KeyExchangeMethod(rawValue: 0)
    package static let modp768 = KeyExchangeMethod(rawValue: 1)
    package static let modp1024 = KeyExchangeMethod(rawValue: 2)
    package static let modp1536 = KeyExchangeMethod(rawValue: 5)
    package static let modp2048 = KeyExchangeMethod(rawValue: 14)
    package static let modp3072 = KeyExchangeMethod(rawValue: 15)
    package static let modp4096 = KeyExchangeMethod(rawValue: 16)
    package static let modp6144 = KeyExchangeMethod(rawValue: 17)
    package static let modp8192 = KeyExchangeMethod(rawValue: 18)
    package static let ecp256 = KeyExchangeMethod(rawValue: 19)
    package static let ecp384 = KeyExchangeMethod(rawValue: 20)
    package static let ecp521 = KeyExchangeMethod(rawValue: 21)
    package static let modp1024s160 = KeyExchangeMethod(rawValue: 22)
    package static let modp2048s224 = KeyExchangeMethod(rawValue: 23)
    package static let modp2048s256 = KeyExchangeMethod(rawValue: 24)
    package static let ecp192 = KeyExchangeMethod(rawValue: 25)
    package static let ecp224 = KeyExchangeMethod(rawValue: 26)
    package static let brainpoolP224 = KeyExchangeMethod(rawValue: 27)
    package static let brainpoolP256 = KeyExchangeMethod(rawValue: 28)
    package static let brainpoolP384 = KeyExchangeMethod(rawValue: 29)
    package static let brainpoolP512 = KeyExchangeMethod(rawValue: 30)
    package static let curve25519 = KeyExchangeMethod(rawValue: 31)
    package static let curve448 = KeyExchangeMethod(rawValue: 32)

    /// All that stand in the table.
    package static let known: [KeyExchangeMethod] = [
        .modp768, .modp1024, .modp1536, .modp2048, .modp3072, .modp4096, .modp6144, .modp8192, .ecp256, .ecp384,
        .ecp521,
        .modp1024s160, .modp2048s224, .modp2048s256, .ecp192, .ecp224, .brainpoolP224, .brainpoolP256, .brainpoolP384,
        .brainpoolP512, .curve25519, .curve448,
    ]

    enum Family: Sendable { case modp, ecp, montgomery }

    private var row: (name: String, family: Family, publicValue: Int)? {
        switch self {
        case .modp768: ("MODP_768", .modp, 96)  // RFC 2409 §6.1
        case .modp1024: ("MODP_1024", .modp, 128)  // RFC 2409 §6.2
        case .modp1536: ("MODP_1536", .modp, 192)  // RFC 3526
        case .modp2048: ("MODP_2048", .modp, 256)
        case .modp3072: ("MODP_3072", .modp, 384)
        case .modp4096: ("MODP_4096", .modp, 512)
        case .modp6144: ("MODP_6144", .modp, 768)
        case .modp8192: ("MODP_8192", .modp, 1024)
        case .ecp256: ("ECP_256", .ecp, 64)  // RFC 5903
        case .ecp384: ("ECP_384", .ecp, 96)
        case .ecp521: ("ECP_521", .ecp, 132)
        case .modp1024s160: ("MODP_1024_160", .modp, 128)  // RFC 5114
        case .modp2048s224: ("MODP_2048_224", .modp, 256)
        case .modp2048s256: ("MODP_2048_256", .modp, 256)
        case .ecp192: ("ECP_192", .ecp, 48)
        case .ecp224: ("ECP_224", .ecp, 56)
        case .brainpoolP224: ("BRAINPOOL_P224R1", .ecp, 56)  // RFC 6954
        case .brainpoolP256: ("BRAINPOOL_P256R1", .ecp, 64)
        case .brainpoolP384: ("BRAINPOOL_P384R1", .ecp, 96)
        case .brainpoolP512: ("BRAINPOOL_P512R1", .ecp, 128)
        case .curve25519: ("CURVE25519", .montgomery, 32)  // RFC 8031
        case .curve448: ("CURVE448", .montgomery, 56)
        default: nil
        }
    }

    /// "MODP_2048", "ECP_256"; "KE_n" for a number without a name here.
    package var name: String { self == .none ? "NONE" : row?.name ?? "KE_\(rawValue)" }
    var family: Family? { row?.family }
    /// The KE payload's data, in octets: the whole prime for MODP, x and y for ECP.
    package var publicValueLength: Int { row?.publicValue ?? 0 }
    package var isSupported: Bool {
        switch family {
        case .modp: MODPGroup.of(self) != nil
        case .ecp: ECPGroup.of(self) != nil
        case .montgomery: true
        case nil: false
        }
    }
}

extension KeyExchangeMethod: CustomStringConvertible {
    package var description: String { name }
}
