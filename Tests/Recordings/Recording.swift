package import CaptureFile
import Foundation
import IKEWire

/// A capture of real daemons in `../shared/reference`, beside the repository; absent in a lone clone.
package struct Recording: Sendable {
    package let path: String

    /// Two plutos: established, suspended, resumed, refused, established anew; keys.txt and messages.txt go with it.
    package static let resume = Recording(path: "libreswan/resume.pcap")
    /// strongSwan to VPP with a pre-shared key; s1-vpp-cli.txt shows the keys.
    package static let vppResponder = Recording(path: "vpp/s1.pcap")
    /// VPP to VPP with RSA signatures.
    package static let vppBoth = Recording(path: "vpp/s3.pcap")

    /// Why a test of recordings is skipped.
    package static let absent = "../shared/reference, with the recordings of real daemons, is absent"
    package static var areThere: Bool { [resume, vppResponder, vppBoth].allSatisfy(\.exists) }

    private static let folder: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        // This file, Recordings, Tests, the repository.
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("shared/reference")
    }()

    private var url: URL { Recording.folder.appendingPathComponent(path) }
    package var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    package static func exists(_ path: String) -> Bool { Recording(path: path).exists }

    /// The octets of a file beside the recordings, by its path below `reference`.
    package static func octets(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
    }

    /// A text beside the recordings, by its path below `reference`.
    package static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
    }

    /// One IKE message as it was captured.
    package struct Datagram: Sendable {
        /// Its place in the capture, from 1.
        package var frame: Int
        /// Nanoseconds since the capture's first packet.
        package var time: Int64
        package var packet: PacketView
        package var sourcePort: UInt16
        package var destinationPort: UInt16
        /// Without a non-ESP marker.
        package var octets: [UInt8]
    }

    /// The packets of raw ESP, in order: SPI, sequence number and all that follows.
    package func espPackets() throws -> [[UInt8]] {
        let (linkType, packets) = try CaptureReader.packets([UInt8](try Data(contentsOf: url)))
        return packets.compactMap { packet in
            guard let view = PacketView(packet, linkType: linkType),
                case .esp(let spi, let sequence, let payload) = view.content
            else { return nil }
            return [spi, sequence].flatMap { number in
                (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
            }
                + payload
        }
    }

    /// The IKE messages of ports 500 and 4500; other packets left out.
    package func datagrams() throws -> [Datagram] {
        let (linkType, packets) = try CaptureReader.packets([UInt8](try Data(contentsOf: url)))
        return packets.enumerated().compactMap { index, packet in
            guard let view = PacketView(packet, linkType: linkType),
                case .udp(let source, let destination, let payload) = view.content
            else { return nil }
            var octets = payload
            if source != 500 && destination != 500 {
                guard source == 4500 || destination == 4500,
                    case .ike(let message) = EncapsulatedDatagram(parsing: payload)
                else { return nil }
                octets = message
            }
            return Datagram(
                frame: index + 1, time: packet.timestamp - packets[0].timestamp, packet: view, sourcePort: source,
                destinationPort: destination, octets: Array(octets))
        }
    }
}
