/// The ones-complement sum of RFC 1071, taken over words in the machine's order: it does not depend on the octet
/// order, so the folded sum is stored as it is.
package enum InternetChecksum {
    /// Adds octets to a running sum; an odd last octet counts as if a zero followed. Every part but the last of a sum
    /// must have an even length.
    package static func add(_ octets: UnsafeRawBufferPointer, to sum: UInt64 = 0) -> UInt64 {
        guard let base = octets.baseAddress else { return sum }
        let count = octets.count
        var offset = 0
        // Two sums of the 32-bit halves: neither can overflow below 2^32 words, so no carry is looked at in the loop.
        var low: UInt64 = 0
        var high: UInt64 = 0
        while offset &+ 32 <= count {
            let a = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let b = base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
            let c = base.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self)
            let d = base.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self)
            low &+= (a & 0xffff_ffff) &+ (b & 0xffff_ffff) &+ (c & 0xffff_ffff) &+ (d & 0xffff_ffff)
            high &+= (a >> 32) &+ (b >> 32) &+ (c >> 32) &+ (d >> 32)
            offset &+= 32
        }
        while offset &+ 4 <= count {
            low &+= UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            offset &+= 4
        }
        if offset &+ 2 <= count {
            low &+= UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset &+= 2
        }
        if offset < count {
            low &+= UInt64(UInt16(littleEndian: UInt16(base.load(fromByteOffset: offset, as: UInt8.self))))
        }
        return UInt64(fold(sum)) &+ UInt64(fold(low)) &+ UInt64(fold(high))
    }

    /// The 16-bit ones-complement sum, not yet complemented.
    package static func fold(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xffff_ffff) &+ (sum >> 32)
        sum = (sum & 0xffff) &+ (sum >> 16)
        sum = (sum & 0xffff) &+ (sum >> 16)
        sum = (sum & 0xffff) &+ (sum >> 16)
        return UInt16(truncatingIfNeeded: sum)
    }

    /// The pseudo-header of RFC 9293 §3.1 and RFC 8200 §8.1: addresses, protocol and the upper layer's length.
    package static func pseudoHeader(of packet: UnsafeRawPointer, isV6: Bool, ipProtocol: UInt8, length: Int) -> UInt64 {
        let addresses = UnsafeRawBufferPointer(start: packet + (isV6 ? 8 : 12), count: isV6 ? 32 : 8)
        return add(addresses) &+ UInt64(UInt16(length & 0xffff).bigEndian) &+ UInt64(UInt16(ipProtocol).bigEndian)
    }

    /// The value of an IPv4 header's checksum field that is right for the header as it stands.
    package static func headerChecksum(_ header: UnsafeRawPointer, length: Int) -> UInt16 {
        let whole = add(UnsafeRawBufferPointer(start: header, count: length))
        let old = header.loadUnaligned(fromByteOffset: 10, as: UInt16.self)
        return ~fold(whole &+ UInt64(~old))
    }
}
