package import CaptureFile
package import IKEWire
package import NetAddress

/// The IKE messages of a capture, opened with the exported keys.
package struct DecodedCapture: Sendable {
    /// One message, or one fragment of one.
    package struct Datagram: Sendable {
        /// From 1, as Wireshark counts.
        package let frame: Int
        package let source: IPAddress
        package let destination: IPAddress
        /// Of UDP.
        package let ports: (source: UInt16, destination: UInt16)
        package let message: Message
        /// What its Encrypted payload held; nil where it has none, or no key opens it.
        package let plaintext: [UInt8]?
        /// What stood inside; of fragments the last to come has all of it.
        package var inner: [Payload] = []
        package var isProtected: Bool { message.protected != nil }
        /// `IKE_AUTH request 1, frame 3`.
        package var title: String {
            "\(message.header.exchangeType) \(message.header.isResponse ? "response" : "request") "
                + "\(message.header.messageID), frame \(frame)"
        }
    }

    /// In the order in which they crossed the link.
    package private(set) var datagrams: [Datagram] = []
    /// Those that are no IKE messages although they came to an IKE port: `frame 3: …`.
    package private(set) var malformed: [String] = []
    /// The capture with every opened payload written as if it had been encrypted with NULL: any decoder shows it.
    package private(set) var rewritten: [CapturedPacket] = []
    /// Packets of ESP by their SPI.
    package private(set) var espCounts: [UInt32: Int] = [:]
    /// Whether any packet of it was IKE or ESP.
    package var isOfInterest: Bool { !datagrams.isEmpty || !espCounts.isEmpty || !malformed.isEmpty }
    /// The IKE SAs whose payloads were opened.
    private(set) var openedSPIs: Set<ExportedKeys.SPIs> = []

    private let linkType: LinkType

    private struct FragmentKey: Hashable {
        let spis: ExportedKeys.SPIs
        let messageID: UInt32
        let isResponse: Bool
        let isInitiator: Bool
    }
    private var fragments: [FragmentKey: [UInt16: (first: PayloadType, plaintext: [UInt8])]] = [:]

    /// - Parameter linkType: of the packets; `rewritten` is of use for Ethernet alone.
    package init(_ packets: [CapturedPacket], linkType: LinkType = .ethernet, keys: ExportedKeys) {
        self.linkType = linkType
        for (index, packet) in packets.enumerated() {
            var packet = packet
            if let view = PacketView(packet, linkType: linkType) {
                take(view, frame: index + 1, &packet, keys)
            }
            rewritten.append(packet)
        }
    }

    private mutating func take(_ view: PacketView, frame: Int, _ packet: inout CapturedPacket, _ keys: ExportedKeys) {
        switch view.content {
        case .esp(let spi, _, _): espCounts[spi, default: 0] += 1
        case .udp(let from, let to, let payload):
            var payload = payload
            if from == 4500 || to == 4500 {
                // RFC 3948: four octets of zero before IKE, a single octet as a keepalive, else ESP.
                if payload.count < 4 { return }
                if payload.prefix(4).contains(where: { $0 != 0 }) {
                    espCounts[payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, default: 0] += 1
                    return
                }
                payload = payload.dropFirst(4)
            } else if from != 500 && to != 500 {
                return
            }
            do throws(WireError) {
                let message = try Message(parsing: Array(payload))
                take(message, payload, view, (from, to), frame: frame, &packet, keys)
            } catch { malformed.append("frame \(frame): \(error)") }
        default: return
        }
    }

    private mutating func take(
        _ message: Message, _ payload: ArraySlice<UInt8>, _ view: PacketView,
        _ ports: (source: UInt16, destination: UInt16), frame: Int, _ packet: inout CapturedPacket, _ keys: ExportedKeys
    ) {
        let plaintext = keys.open(message)
        var datagram = Datagram(
            frame: frame, source: view.source, destination: view.destination, ports: ports, message: message,
            plaintext: plaintext)
        if let plaintext, let protected = message.protected {
            let spis = ExportedKeys.SPIs(
                initiator: message.header.initiatorSPI, responder: message.header.responderSPI)
            openedSPIs.insert(spis)
            if linkType == .ethernet {
                packet = NullRewriting.rewrite(packet, view, message: payload, protected, plaintext)
            }
            if let (first, whole) = whole(protected, plaintext, message.header, spis) {
                do throws(WireError) {
                    datagram.inner = try Message.parsePayloads(first: first, whole[...])
                } catch { malformed.append("frame \(frame), inside: \(error)") }
            }
        }
        datagrams.append(datagram)
    }

    /// What an Encrypted payload held, or all fragments together with the last that was missing.
    private mutating func whole(
        _ protected: ProtectedPayload, _ plaintext: [UInt8], _ header: IKEHeader, _ spis: ExportedKeys.SPIs
    ) -> (PayloadType, [UInt8])? {
        guard case .fragment(let number, let total) = protected.kind else { return (protected.innerFirst, plaintext) }
        let key = FragmentKey(
            spis: spis, messageID: header.messageID, isResponse: header.isResponse, isInitiator: header.isInitiator)
        fragments[key, default: [:]][number] = (protected.innerFirst, plaintext)
        guard let parts = fragments[key], parts.count == Int(total), let first = parts[1]?.first else { return nil }
        fragments[key] = nil
        return (first, parts.keys.sorted().flatMap { parts[$0]?.plaintext ?? [] })
    }
}
