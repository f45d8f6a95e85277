import CaptureFile
import NetAddress

/// What must hold of any octets as a capture, pcapng or pcap: they are refused, or their packets are written and read back as
/// the same.
package enum CaptureChecks {
    package static func run(_ octets: [UInt8]) {
        guard let (linkType, packets) = try? CaptureReader.packets(octets) else { return }
        let writer = CaptureWriter(linkType: linkType, snapLength: 1 << 24)
        var file = writer.fileHeader
        for packet in packets where packet.originalCount >= packet.octets.count {
            file += writer.record(packet)
            _ = PacketView(packet, linkType: linkType)
        }
        let again = try? CaptureReader.packets(file)
        precondition(again?.linkType == linkType)
        precondition(again?.1 == packets.filter { $0.originalCount >= $0.octets.count }, "packets changed in writing")
    }
}
