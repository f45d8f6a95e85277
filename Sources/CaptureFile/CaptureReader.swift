/// The packets of a capture file, pcapng or classic pcap, in either byte order.
package struct CaptureReader {
    private enum Format {
        case classic(ClassicCapture)
        case blocks(BlockCapture)
    }

    package let linkType: LinkType
    /// The greatest number of octets per packet that the writer kept; 0 where it does not say.
    package let snapLength: UInt32
    private var format: Format

    /// - Parameter octets: A whole file.
    package init(_ octets: [UInt8]) throws(CaptureError) {
        guard octets.count >= 4 else { throw .truncated(at: octets.count) }
        if octets.number(at: 0, 4, isLittleEndian: false) == UInt64(BlockCapture.sectionHeader) {
            let blocks = try BlockCapture(octets)
            (linkType, snapLength, format) = (blocks.linkType, blocks.snapLength, .blocks(blocks))
        } else {
            let classic = try ClassicCapture(octets)
            (linkType, snapLength, format) = (classic.linkType, classic.snapLength, .classic(classic))
        }
    }

    /// The next packet; nil at the end of the file. - Throws: `truncated`, `tooLong`, `malformed`, `severalLinkTypes`.
    package mutating func next() throws(CaptureError) -> CapturedPacket? {
        switch format {
        case .classic(var capture):
            defer { format = .classic(capture) }
            return try capture.next()
        case .blocks(var capture):
            defer { format = .blocks(capture) }
            return try capture.next()
        }
    }

    /// Every packet of a file.
    package static func packets(_ octets: [UInt8]) throws(CaptureError) -> (linkType: LinkType, [CapturedPacket]) {
        var reader = try CaptureReader(octets)
        var packets: [CapturedPacket] = []
        while let packet = try reader.next() { packets.append(packet) }
        return (reader.linkType, packets)
    }
}
