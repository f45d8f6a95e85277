/// Where the headers in front of an ESP header end in an IPv4 or IPv6 packet, and the fields that ESP changes there.
package struct IPHeaders: Hashable, Sendable {
    package enum ProtocolNumber {
        package static let ipv4: UInt8 = 4
        package static let ipv6: UInt8 = 41
        package static let esp: UInt8 = 50
        package static let noNextHeader: UInt8 = 59
    }

    /// 4 or 6.
    package let version: Int
    /// Octets up to where ESP stands or would be inserted: the IPv4 header with its options; the IPv6 header with its
    /// hop-by-hop options, routing, fragment and, before a routing header, destination options (RFC 4303 §3.1.1).
    package let length: Int
    /// The packet's octets as its header counts them.
    package let totalLength: Int
    /// The protocol behind `length`, and the offset of the octet that says so.
    package let nextHeader: UInt8
    let nextHeaderOffset: Int

    /// Reads a packet's headers; nil for what is not IPv4 or IPv6, or shorter than it claims.
    package init?(_ packet: UnsafeRawBufferPointer) {
        guard packet.count >= 20 else { return nil }
        switch packet[0] >> 4 {
        case 4:
            version = 4
            length = Int(packet[0] & 15) * 4
            totalLength = Int(packet[2]) << 8 | Int(packet[3])
            nextHeader = packet[9]
            nextHeaderOffset = 9
            guard length >= 20, totalLength >= length, totalLength <= packet.count else { return nil }
        case 6:
            guard packet.count >= 40 else { return nil }
            version = 6
            totalLength = 40 + (Int(packet[4]) << 8 | Int(packet[5]))
            guard totalLength <= packet.count else { return nil }
            var place = (next: packet[6], offset: 6, length: 40)
            // Destination options count only if a routing header follows, so the walk remembers where it would stop.
            var settled: (next: UInt8, offset: Int, length: Int)?
            while let step = Self.extensionLength(place.next, at: place.length, in: packet, end: totalLength) {
                if place.next == 60 && settled == nil { settled = place }
                if place.next == 43 { settled = nil }
                place = (packet[place.length], place.length, place.length + step)
            }
            let found = settled ?? place
            nextHeader = found.next
            nextHeaderOffset = found.offset
            length = found.length
        default:
            return nil
        }
    }

    /// The octets of an IPv6 extension header that goes in front of ESP; nil where `next` is none or it is cut off.
    private static func extensionLength(
        _ next: UInt8, at offset: Int, in packet: UnsafeRawBufferPointer, end: Int
    ) -> Int? {
        guard offset + 8 <= end else { return nil }
        let length: Int
        switch next {
        case 0, 43, 60: length = 8 + Int(packet[offset + 1]) * 8
        case 44: length = 8
        default: return nil
        }
        return offset + length <= end ? length : nil
    }

    /// Writes another protocol and length into the headers at the start of `packet`, and the IPv4 header checksum anew.
    func rewrite(_ packet: UnsafeMutableRawBufferPointer, nextHeader: UInt8, totalLength: Int) {
        packet[nextHeaderOffset] = nextHeader
        if version == 6 {
            packet[4] = UInt8((totalLength - 40) >> 8 & 255)
            packet[5] = UInt8((totalLength - 40) & 255)
            return
        }
        packet[2] = UInt8(totalLength >> 8 & 255)
        packet[3] = UInt8(totalLength & 255)
        packet[10] = 0
        packet[11] = 0
        let sum = Self.checksum(UnsafeRawBufferPointer(rebasing: packet[..<length]))
        packet[10] = UInt8(sum >> 8)
        packet[11] = UInt8(sum & 255)
    }

    /// The Internet checksum (RFC 1071) of an even number of octets.
    static func checksum(_ octets: UnsafeRawBufferPointer) -> UInt16 {
        var sum: UInt32 = 0
        for offset in stride(from: 0, to: octets.count, by: 2) {
            sum += UInt32(octets[offset]) << 8 | UInt32(octets[offset + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(sum)
    }
}
