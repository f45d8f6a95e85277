import ESP
import NetAddress

/// A packet that a tunnel has no room for is told of to who sent it (RFC 4301 §8.2): so TCP finds the size that fits.
extension Forwarder {
    /// The greatest packet for a tunnel, where this one is greater and may not be cut (IPv4 with DF, IPv6); nil: it goes on.
    func exceededMTU(_ packet: [UInt8], _ association: ForwarderSA) -> Int? {
        guard packet.count > 576, packet[0] >> 4 == 6 || packet[6] & 0x40 != 0, let tunnel = association.settings.tunnel
        else { return nil }
        let outer = (tunnel.source.family == .v6 ? 40 : 20) + (association.settings.ports == nil ? 0 : 8)
        let room = Self.linkMTU - outer
        guard association.outbound.sealedLength(payloadLength: packet.count) > room else { return nil }
        var mtu = room
        while association.outbound.sealedLength(payloadLength: mtu) > room { mtu -= 1 }
        return mtu
    }

    /// Destination Unreachable, fragmentation needed (RFC 792, RFC 1191 §4), or Packet Too Big (RFC 4443 §3.2).
    func sayTooBig(_ packet: [UInt8], mtu: Int) {
        guard let fields = PacketFields(packet), !Self.isError(packet, fields), !isOwn(fields.source),
            let source = source(towards: fields.source)
        else { return }
        var body: [UInt8] = fields.version == 4 ? [3, 4, 0, 0, 0, 0, 0, 0] : [2, 0, 0, 0, 0, 0, 0, 0]
        body.setWord(UInt16(mtu), at: 6)
        // As much of the packet as fits the smallest MTU; of IPv4 the header and eight octets are enough.
        body += packet.prefix(fields.version == 4 ? fields.headerLength + 8 : 1280 - 48)
        originate(PacketBuilder.icmp(body, from: source, to: fields.source))
    }

    /// An ICMP error is never answered by another (RFC 1122 §3.2.2, RFC 4443 §2.4 e).
    private static func isError(_ packet: [UInt8], _ fields: PacketFields) -> Bool {
        guard packet.count > fields.headerLength else { return false }
        let type = packet[fields.headerLength]
        return fields.ipProtocol == 1 ? ![0, 8].contains(type) : fields.ipProtocol == 58 && type < 128
    }
}
