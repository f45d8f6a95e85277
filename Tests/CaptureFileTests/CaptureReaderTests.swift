import CaptureFile
import Testing

@Suite struct CaptureReaderTests {
    static let packets = [
        CapturedPacket(timestamp: 1_795_222_629_123_456_789, octets: Array(0..<60)),
        CapturedPacket(timestamp: 0, octets: []),
        CapturedPacket(timestamp: 4_294_967_295_999_999_999, octets: [1, 2, 3], originalCount: 1500),
    ]

    /// A classic file, made octet by octet.
    private static func classic(
        magic: UInt32 = 0xa1b2_3c4d, version: (UInt16, UInt16) = (2, 4), bigEndian: Bool = false,
        packets: [(seconds: UInt32, fraction: UInt32, octets: [UInt8], original: UInt32)]
    ) -> [UInt8] {
        func bytes(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(value >> (bigEndian ? 24 - 8 * $0 : 8 * $0) & 255) }
        }
        func half(_ value: UInt16) -> [UInt8] {
            bigEndian ? bytes(UInt32(value)).suffix(2) : bytes(UInt32(value)).prefix(2) + []
        }
        return bytes(magic) + half(version.0) + half(version.1) + bytes(0) + bytes(0) + bytes(0x40000) + bytes(1)
            + packets.flatMap {
                bytes($0.seconds) + bytes($0.fraction) + bytes(UInt32($0.octets.count)) + bytes($0.original) + $0.octets
            }
    }

    private static let small: (seconds: UInt32, fraction: UInt32, octets: [UInt8], original: UInt32) = (
        7, 9, [0xaa, 0xbb], 3
    )

    static func file(_ writer: CaptureWriter) -> [UInt8] {
        packets.reduce(writer.fileHeader) { $0 + writer.record($1) }
    }

    @Test func `what was written is read back, to the nanosecond`() throws {
        let (linkType, packets) = try CaptureReader.packets(Self.file(CaptureWriter(linkType: .raw)))
        #expect(linkType == .raw)
        #expect(packets == Self.packets)
    }

    @Test func `a packet longer than the snap length is cut off and keeps its original length`() throws {
        let (_, packets) = try CaptureReader.packets(Self.file(CaptureWriter(snapLength: 10)))
        #expect(packets[0].octets == Array(0..<10))
        #expect(packets[0].originalCount == 60)
    }

    @Test(arguments: [false, true])
    func `a classic file is read, in either byte order and unit`(bigEndian: Bool) throws {
        let nanoseconds = Self.classic(bigEndian: bigEndian, packets: [Self.small, Self.small])
        var reader = try CaptureReader(nanoseconds)
        #expect(reader.snapLength == 0x40000)
        #expect(reader.linkType == .ethernet)
        for _ in 0..<2 {
            #expect(
                try reader.next() == CapturedPacket(timestamp: 7_000_000_009, octets: [0xaa, 0xbb], originalCount: 3))
        }
        #expect(try reader.next() == nil)
        let microseconds = Self.classic(magic: 0xa1b2_c3d4, bigEndian: bigEndian, packets: [Self.small])
        #expect(try CaptureReader.packets(microseconds).1.map(\.timestamp) == [7_000_009_000])
    }

    @Test func `a file that ends inside a header or a packet is refused, one that ends between them is not`() throws {
        let writer = CaptureWriter(interface: "l")
        let blocks = (Self.file(writer), [writer.fileHeader.count] + Self.packets.map { writer.record($0).count })
        let classic = (Self.classic(packets: [Self.small, Self.small]), [24, 18, 18])
        for (file, lengths) in [blocks, classic] {
            let ends = lengths.indices.map { lengths[...$0].reduce(0, +) }
            #expect(ends.last == file.count)
            for count in 0..<file.count {
                let part = Array(file[..<count])
                if let whole = ends.firstIndex(of: count) {
                    #expect(try CaptureReader.packets(part).1.count == whole)
                } else {
                    #expect(throws: CaptureError.truncated(at: count)) { try CaptureReader.packets(part) }
                }
            }
        }
    }

    @Test func `other files are refused by name`() {
        #expect(throws: CaptureError.notACapture) { try CaptureReader([1, 2, 3, 4]) }
        #expect(throws: CaptureError.version(major: 3, minor: 4)) {
            try CaptureReader(Self.classic(version: (3, 4), packets: []))
        }
        let long = Self.classic(packets: []) + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0]
        #expect(throws: CaptureError.tooLong(0x7f00_0000, at: 24)) { try CaptureReader.packets(long) }
    }

    // MARK: pcapng

    /// A block in the byte order of a machine that is not ours, its body made of numbers of four octets.
    private static func block(_ type: UInt32, _ body: [UInt32]) -> [UInt8] {
        let count = UInt32(12 + 4 * body.count)
        return ([type, count] + body + [count]).flatMap { value in (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    }
    private static let section = block(0x0a0d_0d0a, [0x1a2b_3c4d, 0x0001_0000, .max, .max])
    /// Ethernet, 64 octets kept of each packet; without an option, in microseconds.
    private static func interface(_ resolution: UInt32? = nil, linkType: UInt32 = 1) -> [UInt8] {
        block(1, [linkType << 16, 64] + (resolution.map { [0x0009_0001, $0 << 24, 0] } ?? []))
    }
    private static func packet(_ time: UInt64, interface: UInt32 = 0) -> [UInt8] {
        block(6, [interface, UInt32(time >> 32), UInt32(truncatingIfNeeded: time), 3, 5, 0xaabb_cc00])
    }

    @Test func `blocks of another byte order are read, and others are passed over`() throws {
        let file =
            Self.section + Self.block(0xbad, [1, 2, 3]) + Self.interface() + Self.packet(7_000_009)
            + Self.block(4, []) + Self.interface(9) + Self.packet(7_000_000_009, interface: 1)
            + Self.block(3, [2, 0xddee_0000]) + Self.section + Self.interface(0x8a) + Self.packet(2048)
        let (linkType, packets) = try CaptureReader.packets(file)
        #expect(linkType == .ethernet)
        #expect(packets.map(\.timestamp) == [7_000_009_000, 7_000_000_009, 0, 2_000_000_000])
        #expect(
            packets.map(\.octets) == [[0xaa, 0xbb, 0xcc], [0xaa, 0xbb, 0xcc], [0xdd, 0xee], [0xaa, 0xbb, 0xcc]])
        #expect(packets.map(\.originalCount) == [5, 5, 2, 5])
    }

    @Test func `blocks that contradict themselves are refused where they are`() {
        let good = Self.section + Self.interface()
        var lengths = Self.packet(1)
        lengths[lengths.count - 1] ^= 4
        let bad: [([UInt8], CaptureError)] = [
            (good + lengths, .malformed(at: good.count)),
            (good + Self.packet(1, interface: 1), .malformed(at: good.count)),
            (good + Self.block(6, [0, 0, 1, 5, 5, 0]), .malformed(at: good.count)),
            (Self.section + Self.packet(1), .malformed(at: Self.section.count)),
            (good + Self.interface(linkType: 101), .severalLinkTypes),
            (good + [0, 0, 0, 6, 0x7f, 0, 0, 0, 0, 0, 0, 0], .tooLong(0x7f00_0000, at: good.count)),
            (Self.block(0x0a0d_0d0a, [0x1a2b_3c4d, 0x0002_0000, 0, 0]), .version(major: 2, minor: 0)),
            (Self.block(0x0a0d_0d0a, [0x1a2b_3c4e, 0x0001_0000, 0, 0]), .malformed(at: 0)),
        ]
        for (file, error) in bad { #expect(throws: error) { try CaptureReader.packets(file) } }
    }

    @Test func `no octet of a file can be changed into a crash`() {
        let file = Self.section + Self.interface(9) + Self.packet(7) + Self.block(3, [2, 0xddee_0000])
        for index in file.indices {
            for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
                var changed = file
                changed[index] = value
                _ = try? CaptureReader.packets(changed)
            }
        }
    }
}
