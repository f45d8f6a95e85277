/// A classic capture file, libpcap 2.4 (draft-ietf-opsawg-pcap), as tcpdump writes it: a header of 24 octets, then for
/// each packet a header of 16 and what was kept.
struct ClassicCapture {
    let linkType: LinkType
    let snapLength: UInt32
    private let octets: [UInt8]
    private let isLittleEndian: Bool
    private let nanosecondsPerUnit: Int64
    private var position: Int

    private static let fileHeaderOctets = 24
    private static let packetHeaderOctets = 16
    /// The magic number says the byte order and the unit of time stamps (§4).
    private static let microseconds: UInt32 = 0xa1b2_c3d4
    private static let nanoseconds: UInt32 = 0xa1b2_3c4d

    /// - Parameter octets: a whole file, of 4 octets at least.
    init(_ octets: [UInt8]) throws(CaptureError) {
        let magic = UInt32(octets.number(at: 0, 4, isLittleEndian: false))
        switch magic {
        case Self.microseconds, Self.nanoseconds: isLittleEndian = false
        case Self.microseconds.byteSwapped, Self.nanoseconds.byteSwapped: isLittleEndian = true
        default: throw .notACapture
        }
        nanosecondsPerUnit = [Self.nanoseconds, Self.nanoseconds.byteSwapped].contains(magic) ? 1 : 1000
        guard octets.count >= Self.fileHeaderOctets else { throw .truncated(at: octets.count) }
        self.octets = octets
        position = Self.fileHeaderOctets
        let little = isLittleEndian
        func field(_ index: Int, _ count: Int) -> UInt32 {
            UInt32(octets.number(at: index, count, isLittleEndian: little))
        }
        let (major, minor) = (UInt16(field(4, 2)), UInt16(field(6, 2)))
        guard (major, minor) == (2, 4) else { throw .version(major: major, minor: minor) }
        snapLength = field(16, 4)
        // The upper bits say whether a frame check sequence follows each packet; none of ours has one.
        linkType = LinkType(rawValue: field(20, 4) & 0xffff)
    }

    mutating func next() throws(CaptureError) -> CapturedPacket? {
        guard position < octets.count else { return nil }
        guard octets.count - position >= Self.packetHeaderOctets else { throw .truncated(at: octets.count) }
        func field(_ index: Int) -> Int { Int(octets.number(at: position + index, 4, isLittleEndian: isLittleEndian)) }
        let (seconds, fraction, count, originalCount) = (field(0), field(4), field(8), field(12))
        guard count <= CaptureLimit.packet else { throw .tooLong(count, at: position) }
        let start = position + Self.packetHeaderOctets
        guard count <= octets.count - start else { throw .truncated(at: octets.count) }
        position = start + count
        return CapturedPacket(
            timestamp: Int64(seconds) * 1_000_000_000 + Int64(fraction) * nanosecondsPerUnit,
            octets: Array(octets[start..<position]), originalCount: originalCount)
    }
}
