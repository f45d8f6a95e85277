package import NetAddress

/// What a captured packet is, as far as IPsec is concerned: an IP packet, and in it UDP, ESP, a fragment or another.
///
/// Octets that are not well formed end the view early (`nil`, `.malformed`): captures hold whatever was on the link.
package struct PacketView: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case udp(sourcePort: UInt16, destinationPort: UInt16, payload: ArraySlice<UInt8>)
        /// RFC 4303: payload is what follows SPI and sequence number.
        case esp(spi: UInt32, sequence: UInt32, payload: ArraySlice<UInt8>)
        /// A part of a packet; offset in octets. The one at 0 holds the transport's header, the rest don't.
        case fragment(identification: UInt32, offset: Int, hasMore: Bool, payload: ArraySlice<UInt8>)
        case other(payload: ArraySlice<UInt8>)
        /// Too short for what it claims to be; the packet as far as it goes.
        case malformed(payload: ArraySlice<UInt8>)
    }

    package var source: IPAddress
    package var destination: IPAddress
    /// The transport's number, behind all extension headers of IPv6: 17 UDP, 50 ESP, 1 ICMP.
    package var ipProtocol: UInt8
    /// Octets of the whole IP packet, its header included, without a link's padding.
    package var ipOctets: ArraySlice<UInt8>
    package var content: Content

    /// nil where the packet is neither IPv4 nor IPv6 (ARP), or its IP header is not whole.
    package init?(_ packet: CapturedPacket, linkType: LinkType) {
        self.init(frame: packet.octets[...], linkType: linkType)
    }

    package init?(frame: ArraySlice<UInt8>, linkType: LinkType) {
        switch linkType {
        case .ethernet:
            guard let payload = PacketView.ethernetPayload(frame) else { return nil }
            self.init(ip: payload)
        case .raw, .ipv4, .ipv6: self.init(ip: frame)
        default: return nil
        }
    }

    /// From an IP header on.
    package init?(ip octets: ArraySlice<UInt8>) {
        switch octets.first.map({ $0 >> 4 }) {
        case 4: self.init(ipv4: octets)
        case 6: self.init(ipv6: octets)
        default: return nil
        }
    }

    /// The IP packet of an Ethernet frame, behind any VLAN tags (IEEE 802.1Q); nil for other protocols.
    private static func ethernetPayload(_ frame: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = frame.dropFirst(12)
        while rest.count >= 2 {
            switch rest.number16(at: 0) {
            case 0x0800, 0x86dd: return rest.dropFirst(2)
            case 0x8100, 0x88a8: rest = rest.dropFirst(4)
            default: return nil
            }
        }
        return nil
    }

    private init?(ipv4 octets: ArraySlice<UInt8>) {
        guard octets.count >= 20 else { return nil }
        let headerCount = Int(octets[octets.startIndex] & 0x0f) * 4
        let total = octets.number16(at: 2)
        guard headerCount >= 20, headerCount <= octets.count, total >= headerCount else { return nil }
        ipOctets = octets.prefix(total)
        ipProtocol = octets[octets.startIndex + 9]
        source = IPAddress(octets: octets.dropFirst(12).prefix(4))!
        destination = IPAddress(octets: octets.dropFirst(16).prefix(4))!
        let flags = octets.number16(at: 6)
        let payload = ipOctets.dropFirst(headerCount)
        let (offset, hasMore) = ((flags & 0x1fff) * 8, flags & 0x2000 != 0)
        if offset > 0 || hasMore {
            content = .fragment(
                identification: UInt32(octets.number16(at: 4)), offset: offset, hasMore: hasMore, payload: payload)
        } else {
            content = PacketView.transport(ipProtocol, payload)
        }
    }

    private init?(ipv6 octets: ArraySlice<UInt8>) {
        guard octets.count >= 40 else { return nil }
        ipOctets = octets.prefix(40 + octets.number16(at: 4))
        source = IPAddress(octets: octets.dropFirst(8).prefix(16))!
        destination = IPAddress(octets: octets.dropFirst(24).prefix(16))!
        ipProtocol = octets[octets.startIndex + 6]
        var payload = ipOctets.dropFirst(40)
        // Hop-by-hop options, routing, destination options: next header, then a count of 8 octets beyond the first 8.
        while [0, 43, 60].contains(ipProtocol) {
            guard payload.count >= 8 else {
                content = .malformed(payload: payload)
                return
            }
            ipProtocol = payload[payload.startIndex]
            payload = payload.dropFirst(8 + 8 * Int(payload[payload.startIndex + 1]))
        }
        guard ipProtocol == 44 else {
            content = PacketView.transport(ipProtocol, payload)
            return
        }
        guard payload.count >= 8 else {
            content = .malformed(payload: payload)
            return
        }
        ipProtocol = payload[payload.startIndex]
        let offset = payload.number16(at: 2)
        content = .fragment(
            identification: UInt32(payload.number16(at: 4)) << 16 | UInt32(payload.number16(at: 6)),
            offset: offset & 0xfff8, hasMore: offset & 1 != 0, payload: payload.dropFirst(8))
    }

    private static func transport(_ ipProtocol: UInt8, _ octets: ArraySlice<UInt8>) -> Content {
        switch ipProtocol {
        case 17:
            guard octets.count >= 8 else { return .malformed(payload: octets) }
            let length = octets.number16(at: 4)
            guard length >= 8, length <= octets.count else { return .malformed(payload: octets) }
            return .udp(
                sourcePort: UInt16(octets.number16(at: 0)), destinationPort: UInt16(octets.number16(at: 2)),
                payload: octets.prefix(length).dropFirst(8))
        case 50:
            guard octets.count >= 8 else { return .malformed(payload: octets) }
            return .esp(
                spi: UInt32(octets.number16(at: 0)) << 16 | UInt32(octets.number16(at: 2)),
                sequence: UInt32(octets.number16(at: 4)) << 16 | UInt32(octets.number16(at: 6)),
                payload: octets.dropFirst(8))
        default: return .other(payload: octets)
        }
    }
}

extension ArraySlice<UInt8> {
    /// Two octets in network order, from the slice's start; the caller has checked that they are there.
    fileprivate func number16(at index: Int) -> Int {
        Int(self[startIndex + index]) << 8 | Int(self[startIndex + index + 1])
    }
}
