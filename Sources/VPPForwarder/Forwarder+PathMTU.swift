import ESP
import IKEModel
import NetAddress

/// A packet that a tunnel has no room for is told of to who sent it (RFC 4301 §8.2): so TCP finds the size that fits.
extension Forwarder {
    /// The greatest packet for a tunnel, where this one is greater; nil: it goes on.
    func exceededMTU(_ packet: [UInt8], _ association: ForwarderSA) -> Int? {
        guard packet.count > 576, let tunnel = association.settings.tunnel else { return nil }
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
        guard mayComplain() else { return count(.errorsHeld) }
        var body: [UInt8] = fields.version == 4 ? [3, 4, 0, 0, 0, 0, 0, 0] : [2, 0, 0, 0, 0, 0, 0, 0]
        body.setWord(UInt16(mtu), at: 6)
        // As much of the packet as fits the smallest MTU; of IPv4 the header and eight octets are enough.
        body += packet.prefix(fields.version == 4 ? fields.headerLength + 8 : 1280 - 48)
        originate(PacketBuilder.icmp(body, from: source, to: fields.source))
    }

    /// ICMP errors are few (RFC 1812 §4.3.2.8, RFC 4443 §2.4 f): ten at once, and one more each 100 ms.
    private func mayComplain() -> Bool {
        let earned = Int((now - lastComplaint) / Self.complaintInterval)
        if earned > 0 {
            complaints = min(Self.complaintLimit, complaints + min(earned, Self.complaintLimit))
            lastComplaint = now
        }
        guard complaints > 0 else { return false }
        complaints -= 1
        return true
    }

    private static let complaintInterval = Duration.milliseconds(100)
    static let complaintLimit = 10

    /// Whether IPv4 lets a packet be cut (RFC 791: DF is clear); IPv6 does not.
    static func mayBeCut(_ packet: [UInt8]) -> Bool { packet[0] >> 4 == 4 && packet[6] & 0x40 == 0 }

    /// `fragments`, of a packet that may be cut. Packets of our own have identification 0 until then, and fragments of two of
    /// them must not be taken for those of one (RFC 6864 §4.3).
    func cut(_ packet: [UInt8], mtu: Int) -> [[UInt8]]? {
        guard Self.mayBeCut(packet) else { return nil }
        guard packet.word(at: 4) == 0, packet.word(at: 6) & 0x3fff == 0 else {
            return Self.fragments(of: packet, mtu: mtu)
        }
        let number = lastIdentification == .max ? 1 : lastIdentification + 1
        var named = packet
        named.setWord(number, at: 4)
        guard let fragments = Self.fragments(of: named, mtu: mtu) else { return nil }
        lastIdentification = number
        return fragments
    }

    /// An IPv4 packet in fragments of at most `mtu` octets (RFC 791 §3.2); options go with the first alone, but for those that
    /// are copied into each, and so a packet with such options is not cut: nil. Nor is one that says that it ends behind the
    /// last octet that a packet can have.
    static func fragments(of packet: [UInt8], mtu: Int) -> [[UInt8]]? {
        let header = Int(packet[0] & 15) * 4
        let total = Int(packet.word(at: 2))
        guard header == 20, total <= packet.count, mtu >= header + 8 else { return nil }
        let field = packet.word(at: 6)
        guard Int(field & 0x1fff) * 8 + total <= 65535 else { return nil }
        let room = (mtu - header) / 8 * 8
        return stride(from: header, to: total, by: room).map { start in
            let end = min(start + room, total)
            var fragment = Array(packet[..<header]) + packet[start..<end]
            let isLast = end == total && field & 0x2000 == 0
            fragment.setWord(UInt16(fragment.count), at: 2)
            fragment.setWord(
                (field & 0xc000) | (isLast ? 0 : 0x2000) | (field & 0x1fff + UInt16((start - header) / 8)), at: 6)
            fragment.setWord(0, at: 10)
            fragment.setWord(fragment.checksum(from: 0, to: header), at: 10)
            return fragment
        }
    }

    /// An ICMP error is never answered by another (RFC 1122 §3.2.2, RFC 4443 §2.4 e).
    private static func isError(_ packet: [UInt8], _ fields: PacketFields) -> Bool {
        guard packet.count > fields.headerLength else { return false }
        let type = packet[fields.headerLength]
        return fields.ipProtocol == 1 ? ![0, 8].contains(type) : fields.ipProtocol == 58 && type < 128
    }
}
