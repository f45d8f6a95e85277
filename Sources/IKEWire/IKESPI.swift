/// The eight-octet SPI that one end of an IKE SA chose (RFC 7296 §2.6); zero where there is none yet.
package struct IKESPI: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    package static let zero = IKESPI(0)

    package var isZero: Bool { value == 0 }

    /// From the SPI field of a proposal or notification; nil unless it has 8 octets.
    package init?(octets: some Collection<UInt8>) {
        guard octets.count == 8 else { return nil }
        self.init(octets.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// 8 octets in network order.
    package var octets: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) } }

    /// 16 lowercase hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
