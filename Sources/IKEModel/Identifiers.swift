/// A connection of the configuration; numbered from 1 in the order in which they were added, never used again.
package struct ConnectionID: Hashable, Comparable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
    package static func < (left: ConnectionID, right: ConnectionID) -> Bool { left.number < right.number }
}

/// An IKE SA of one engine, from the first message on; never used again. It is no SPI.
package struct IKESAID: Hashable, Comparable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
    package static func < (left: IKESAID, right: IKESAID) -> Bool { left.number < right.number }
}

/// A Child SA (both directions of it) of one engine, from its proposal on; never used again. It is no SPI.
package struct ChildSAID: Hashable, Comparable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
    package static func < (left: ChildSAID, right: ChildSAID) -> Bool { left.number < right.number }
}

/// The SPI of an ESP SA: 256 or more (RFC 4303 §2.1); in host order.
package struct ESPSPI: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt32
    package init(_ value: UInt32) { self.value = value }
    /// 4 octets in network order.
    package var octets: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) } }
    /// Eight hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// Which side sent the first message of an IKE SA (RFC 7296 §1.2): it fixes the flags and which keys protect what.
package enum Role: Sendable {
    case initiator
    case responder
}
