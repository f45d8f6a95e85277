/// The packets of a classic capture file (libpcap 2.4), in either byte order.
package struct CaptureReader {
    package let linkType: LinkType
    package let precision: CapturePrecision
    /// The greatest number of octets per packet that the writer kept.
    package let snapLength: UInt32
    private let octets: [UInt8]
    private let isLittleEndian: Bool
    private var position: Int

    /// No link has packets near this; a length beyond it is a damaged file.
    private static let packetLimit = 1 << 24
    static let fileHeaderOctets = 24
    static let packetHeaderOctets = 16

    /// - Parameter octets: A whole file.
    package init(_ octets: [UInt8]) throws(CaptureError) {
        guard octets.count >= 4 else { throw .truncated(at: octets.count) }
        let magic = CaptureReader.number(octets, at: 0, count: 4, isLittleEndian: false)
        switch magic {
        case CapturePrecision.microseconds.magic: (precision, isLittleEndian) = (.microseconds, false)
        case CapturePrecision.nanoseconds.magic: (precision, isLittleEndian) = (.nanoseconds, false)
        case CapturePrecision.microseconds.magic.byteSwapped: (precision, isLittleEndian) = (.microseconds, true)
        case CapturePrecision.nanoseconds.magic.byteSwapped: (precision, isLittleEndian) = (.nanoseconds, true)
        default: throw .notACapture(isNextGeneration: magic == 0x0a0d_0d0a)
        }
        guard octets.count >= CaptureReader.fileHeaderOctets else { throw .truncated(at: octets.count) }
        self.octets = octets
        position = CaptureReader.fileHeaderOctets
        let little = isLittleEndian
        func field(_ index: Int, _ count: Int) -> UInt32 {
            CaptureReader.number(octets, at: index, count: count, isLittleEndian: little)
        }
        let (major, minor) = (UInt16(field(4, 2)), UInt16(field(6, 2)))
        guard (major, minor) == (2, 4) else { throw .version(major: major, minor: minor) }
        snapLength = field(16, 4)
        // The upper bits say whether a frame check sequence follows each packet; none of ours has one.
        linkType = LinkType(rawValue: field(20, 4) & 0xffff)
    }

    /// The next packet; nil at the end of the file. - Throws: `truncated`, `tooLong`.
    package mutating func next() throws(CaptureError) -> CapturedPacket? {
        guard position < octets.count else { return nil }
        guard octets.count - position >= CaptureReader.packetHeaderOctets else { throw .truncated(at: octets.count) }
        let seconds = Int64(field(0))
        let fraction = Int64(field(4))
        let count = Int(field(8))
        let originalCount = Int(field(12))
        guard count <= CaptureReader.packetLimit else { throw .tooLong(count, at: position) }
        let start = position + CaptureReader.packetHeaderOctets
        guard count <= octets.count - start else { throw .truncated(at: octets.count) }
        position = start + count
        return CapturedPacket(
            timestamp: seconds * 1_000_000_000 + fraction * precision.nanosecondsPerUnit,
            octets: Array(octets[start..<position]), originalCount: originalCount)
    }

    /// Every packet of a file.
    package static func packets(_ octets: [UInt8]) throws(CaptureError) -> (linkType: LinkType, [CapturedPacket]) {
        var reader = try CaptureReader(octets)
        var packets: [CapturedPacket] = []
        while let packet = try reader.next() { packets.append(packet) }
        return (reader.linkType, packets)
    }

    /// A 32-bit field of the packet header at the cursor.
    private func field(_ index: Int) -> UInt32 {
        CaptureReader.number(octets, at: position + index, count: 4, isLittleEndian: isLittleEndian)
    }

    private static func number(_ octets: [UInt8], at index: Int, count: Int, isLittleEndian: Bool) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<count {
            value = value << 8 | UInt32(octets[index + (isLittleEndian ? count - 1 - offset : offset)])
        }
        return value
    }
}
