import CaptureFile
package import NetAddress

/// What a captured Ethernet frame is to a run: protected, part of the protocol, or a packet in clear.
package struct FrameSummary: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        /// IP protocol 50; UDP port 4500 with an SPI that is not zero (RFC 3948 §2.1); TCP port 4500 with a frame of such
        /// (RFC 9329 §3.2).
        case esp
        /// UDP port 500, or UDP or TCP port 4500 with the non-ESP marker (RFC 3948 §2.2, RFC 9329 §3.1); the octets of the
        /// IKE message.
        case ike(ArraySlice<UInt8>)
        /// AH, a NAT keepalive (RFC 3948 §2.3), a segment of TCP port 4500 in which no frame begins and ends, ICMPv6 neighbour discovery, and a fragment behind the first, which is
        /// judged by that one: never what a Child SA should have carried.
        case control
        /// Anything else, with its IP protocol number.
        case plain(ipProtocol: UInt8)
    }

    package let source: IPAddress
    package let destination: IPAddress
    package let content: Content
    /// The packet inside of one that only carries it (IP in IP, RFC 2473, RFC 2003), which may be in clear there; none or one.
    package let carried: [FrameSummary]

    /// nil for what is no IPv4 or IPv6 packet: ARP, runts.
    package init?(ethernet frame: ArraySlice<UInt8>) {
        guard let packet = PacketView(frame: frame, linkType: .ethernet) else { return nil }
        self.init(packet)
    }

    private init(_ packet: PacketView) {
        source = packet.source
        destination = packet.destination
        content = Self.content(of: packet)
        carried = Self.carried(by: packet).map { [FrameSummary($0)] } ?? []
    }

    private static func carried(by packet: PacketView) -> PacketView? {
        guard packet.ipProtocol == 41 || packet.ipProtocol == 4 else { return nil }
        switch packet.content {
        case .other(let payload), .fragment(_, 0, _, let payload): return PacketView(ip: payload)
        default: return nil
        }
    }

    private static func content(of packet: PacketView) -> Content {
        if packet.ipProtocol == 50 { return .esp }
        if packet.ipProtocol == 51 { return .control }
        switch packet.content {
        case .udp(let source, let destination, let payload):
            return udp(source, destination, payload)
        case .fragment(_, let offset, _, let payload):
            guard offset == 0 else { return .control }
            guard packet.ipProtocol == 17, payload.count >= 8 else { return .plain(ipProtocol: packet.ipProtocol) }
            func port(_ index: Int) -> UInt16 {
                UInt16(payload[payload.startIndex + index]) << 8 | UInt16(payload[payload.startIndex + index + 1])
            }
            return udp(port(0), port(2), payload.dropFirst(8))
        case .other(let payload)
        where packet.ipProtocol == 58 && (133...137).contains(payload.first ?? 0):
            return .control
        case .other(let payload) where packet.ipProtocol == 6: return tcp(payload)
        default: return .plain(ipProtocol: packet.ipProtocol)
        }
    }

    /// A segment alone says what it is where its frames fill it: a stream may be cut anywhere.
    private static func tcp(_ segment: ArraySlice<UInt8>) -> Content {
        let start = segment.startIndex
        guard segment.count >= 20 else { return .plain(ipProtocol: 6) }
        func number(_ index: Int) -> Int { Int(segment[index]) << 8 | Int(segment[index + 1]) }
        guard number(start) == 4500 || number(start + 2) == 4500 else { return .plain(ipProtocol: 6) }
        var rest = segment.dropFirst(Int(segment[start + 12] >> 4) * 4)
        // Who opened the connection begins with this (RFC 9329 §4).
        if rest.starts(with: "IKETCP".utf8) { rest = rest.dropFirst(6) }
        var found = Content.control
        while rest.count >= 2 {
            let length = number(rest.startIndex)
            guard length >= 2, length <= rest.count else { return .control }
            let message = rest.prefix(length).dropFirst(2)
            rest = rest.dropFirst(length)
            guard message.count >= 8 else { continue }
            if message.prefix(4).contains(where: { $0 != 0 }) {
                found = .esp
            } else if found == .control {
                found = .ike(message.dropFirst(4))
            }
        }
        return rest.isEmpty ? found : .control
    }

    private static func udp(_ source: UInt16, _ destination: UInt16, _ payload: ArraySlice<UInt8>) -> Content {
        if source == 500 || destination == 500 { return .ike(payload) }
        guard source == 4500 || destination == 4500 else { return .plain(ipProtocol: 17) }
        guard payload.count >= 4 else { return .control }
        return payload.prefix(4).allSatisfy { $0 == 0 } ? .ike(payload.dropFirst(4)) : .esp
    }
}
