/// Octets in network order, growing at the end. Length fields are reserved first and set when their end is known.
package struct WireWriter {
    package private(set) var octets: [UInt8] = []

    package init(capacity: Int = 256) { octets.reserveCapacity(capacity) }

    package var count: Int { octets.count }

    package mutating func write(_ value: UInt8) { octets.append(value) }

    package mutating func write(_ value: UInt16) {
        octets.append(UInt8(truncatingIfNeeded: value >> 8))
        octets.append(UInt8(truncatingIfNeeded: value))
    }

    package mutating func write(_ value: UInt32) {
        write(UInt16(truncatingIfNeeded: value >> 16))
        write(UInt16(truncatingIfNeeded: value))
    }

    package mutating func write(_ value: UInt64) {
        write(UInt32(truncatingIfNeeded: value >> 32))
        write(UInt32(truncatingIfNeeded: value))
    }

    package mutating func write(_ values: some Sequence<UInt8>) { octets.append(contentsOf: values) }

    package mutating func writeZeros(_ count: Int) { octets.append(contentsOf: repeatElement(0, count: count)) }

    /// Writes a count into one octet. A greater one is the caller's fault: the RFC has no form for it.
    package mutating func write(count: Int, octetsOf what: StaticString) {
        precondition(count <= UInt8.max, "\(what) does not fit one octet")
        write(UInt8(count))
    }

    /// Sets the 16-bit field at `index` to the octets from `start` to here.
    /// More than 65535 are the caller's fault: the RFC has no form for them.
    package mutating func setLength16(at index: Int, from start: Int) {
        let length = octets.count - start
        precondition(length <= UInt16.max, "\(length) octets do not fit a 16-bit length")
        octets[index] = UInt8(truncatingIfNeeded: length >> 8)
        octets[index + 1] = UInt8(truncatingIfNeeded: length)
    }

    /// Sets the 32-bit field at `index`.
    package mutating func set(_ value: UInt32, at index: Int) {
        for byte in 0..<4 { octets[index + byte] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * byte)) }
    }

    package mutating func set(_ value: UInt8, at index: Int) { octets[index] = value }
}
