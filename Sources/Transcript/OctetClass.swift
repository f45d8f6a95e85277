/// A set of octets, as 256 bits.
struct OctetClass: Sendable {
    private let bits: SIMD4<UInt64>

    init(_ octets: String) {
        var bits = SIMD4<UInt64>.zero
        for octet in octets.utf8 { bits[Int(octet >> 6)] |= 1 << UInt64(octet & 63) }
        self.bits = bits
    }

    private init(bits: SIMD4<UInt64>) { self.bits = bits }

    func contains(_ octet: UInt8) -> Bool { bits[Int(octet >> 6)] >> UInt64(octet & 63) & 1 == 1 }

    /// The count of octets of this class from `position` on, at most `limit`.
    func length(in octets: [UInt8], at position: Int, limit: Int) -> Int {
        var length = 0
        while length < limit, position + length < octets.count, contains(octets[position + length]) { length += 1 }
        return length
    }

    static let digit = OctetClass("0123456789")
    static let nonzero = OctetClass("123456789")
    static let hex = OctetClass("0123456789abcdefABCDEF")
    static let lowerHex = OctetClass("0123456789abcdef")
    /// The alphabet of base 64, without padding.
    static let base64 = OctetClass("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    static let letter = OctetClass("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    static let upper = OctetClass("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
    /// Letters, digits, underscore.
    static let word = OctetClass("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
    static let space = OctetClass(" \t")
    static let any = OctetClass(bits: SIMD4(repeating: .max))
    /// Anything but space and tab.
    static let visible = OctetClass(bits: ~OctetClass.space.bits)
}
