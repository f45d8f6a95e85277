import CaptureFile
import Testing

@Suite struct CaptureReaderTests {
    static let packets = [
        CapturedPacket(timestamp: 1_795_222_629_123_456_789, octets: Array(0..<60)),
        CapturedPacket(timestamp: 0, octets: []),
        CapturedPacket(timestamp: 4_294_967_295_999_999_999, octets: [1, 2, 3], originalCount: 1500),
    ]

    static func file(_ writer: CaptureWriter) -> [UInt8] {
        packets.reduce(writer.fileHeader) { $0 + writer.record($1) }
    }

    @Test func `what was written is read back, to the nanosecond`() throws {
        let (linkType, packets) = try CaptureReader.packets(Self.file(CaptureWriter(linkType: .raw)))
        #expect(linkType == .raw)
        #expect(packets == Self.packets)
    }

    @Test func `a file of microseconds keeps microseconds`() throws {
        let (_, packets) = try CaptureReader.packets(Self.file(CaptureWriter(precision: .microseconds)))
        #expect(packets.map(\.timestamp) == [1_795_222_629_123_456_000, 0, 4_294_967_295_999_999_000])
        #expect(packets.map(\.octets) == Self.packets.map(\.octets))
    }

    @Test func `a packet longer than the snap length is cut off and keeps its original length`() throws {
        let (_, packets) = try CaptureReader.packets(Self.file(CaptureWriter(snapLength: 10)))
        #expect(packets[0].octets == Array(0..<10))
        #expect(packets[0].originalCount == 60)
    }

    @Test func `a file of the other byte order is read alike`() throws {
        let header: [UInt8] = [
            0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1,
        ]
        let record: [UInt8] = [0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 3, 0xaa, 0xbb]
        var reader = try CaptureReader(header + record)
        #expect(reader.snapLength == 0x40000)
        #expect(reader.linkType == .ethernet)
        #expect(try reader.next() == CapturedPacket(timestamp: 7_000_009_000, octets: [0xaa, 0xbb], originalCount: 3))
        #expect(try reader.next() == nil)
    }

    @Test func `a file that ends inside a header or a packet is refused, one that ends between them is not`() throws {
        let writer = CaptureWriter()
        let file = Self.file(writer)
        var ends = [writer.fileHeader.count]
        for packet in Self.packets { ends.append(ends.last! + writer.record(packet).count) }
        for count in 0..<file.count {
            let part = Array(file[..<count])
            if let whole = ends.firstIndex(of: count) {
                #expect(try CaptureReader.packets(part).1.count == whole)
            } else {
                #expect(throws: CaptureError.truncated(at: count)) { try CaptureReader.packets(part) }
            }
        }
    }

    @Test func `other files are refused by name`() {
        #expect(throws: CaptureError.notACapture(isNextGeneration: true)) {
            try CaptureReader([0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0])
        }
        #expect(throws: CaptureError.notACapture(isNextGeneration: false)) { try CaptureReader([1, 2, 3, 4]) }
        var file = CaptureWriter().fileHeader
        file[4] = 3
        #expect(throws: CaptureError.version(major: 3, minor: 4)) { try CaptureReader(file) }
        file = CaptureWriter().fileHeader + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0]
        #expect(throws: CaptureError.tooLong(0x7f00_0000, at: 24)) { try CaptureReader.packets(file) }
    }
}
