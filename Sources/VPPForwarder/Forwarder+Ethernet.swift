package import IKEModel
package import NetAddress

/// A neighbour on an interface.
struct NeighbourKey: Hashable {
    var interface: Int
    var address: IPAddress
}

/// What is known of one (RFC 826; RFC 4861 §5.1).
struct Neighbour {
    var mac: MACAddress?
    var isStatic = false
    /// The packet that waits for the address; a later one takes its place (RFC 1122 §2.3.2.2: at least one).
    var waiting: [UInt8]?
    var asked: Instant?
}

private enum EtherType {
    static let ipv4: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let ipv6: UInt16 = 0x86dd
}

extension Forwarder {
    /// Nobody is asked for more often than this.
    private static let questionInterval = Duration.seconds(1)
    private static let broadcast: [UInt8] = [255, 255, 255, 255, 255, 255]
    /// The greatest packet of an Ethernet of the lab's.
    static let linkMTU = 1500

    package func setNeighbour(_ address: IPAddress, _ mac: MACAddress, on interface: ForwarderInterface) {
        neighbours[NeighbourKey(interface: interface.index, address: address)] = Neighbour(mac: mac, isStatic: true)
    }

    package func removeNeighbour(_ address: IPAddress, on interface: ForwarderInterface) throws(ForwarderError) {
        let key = NeighbourKey(interface: interface.index, address: address)
        guard neighbours.removeValue(forKey: key) != nil else { throw .missing }
    }

    /// Those whose address is known, for `show ip neighbors`.
    package var knownNeighbours: [(interface: Int, address: IPAddress, mac: MACAddress, isStatic: Bool)] {
        neighbours.compactMap { key, entry in
            entry.mac.map { (key.interface, key.address, $0, entry.isStatic) }
        }.sorted { ($0.interface, $0.address) < ($1.interface, $1.address) }
    }

    /// A frame that came to an interface of the host.
    package func receive(_ frame: [UInt8], on index: Int, at now: Instant) {
        self.now = now
        guard let interface = interfaces[index], frame.count >= 14 else { return }
        interface.counters.receivedPackets += 1
        interface.counters.receivedOctets += UInt64(frame.count)
        guard interface.isUp else {
            interface.counters.drops += 1
            return
        }
        let destination = Array(frame[..<6])
        guard destination == interface.mac?.octets || destination[0] & 1 == 1 else {
            count(.notForUs)
            interface.counters.drops += 1
            return
        }
        switch frame.word(at: 12) {
        case EtherType.arp: receiveARP(Array(frame[14...]), on: interface)
        case EtherType.ipv4, EtherType.ipv6:
            let packet = Array(frame[14...])
            if isDiscovery(packet) { return receiveDiscovery(packet, on: interface) }
            guard let fields = PacketFields(packet), destination[0] & 1 == 0 else {
                interface.counters.drops += 1
                return
            }
            input(Array(packet[..<fields.totalLength]), on: interface)
        default: interface.counters.drops += 1
        }
    }

    // MARK: Out

    func sendFrame(_ packet: [UInt8], out interface: ForwarderInterface, nextHop: IPAddress) {
        let key = NeighbourKey(interface: interface.index, address: nextHop)
        if let mac = neighbours[key]?.mac {
            return emit(packet, to: mac.octets, packet[0] >> 4 == 6 ? EtherType.ipv6 : EtherType.ipv4, on: interface)
        }
        var neighbour = neighbours[key] ?? Neighbour()
        neighbour.waiting = packet
        let mayAsk = neighbour.asked.map { now - $0 >= Self.questionInterval } ?? true
        if mayAsk { neighbour.asked = now }
        neighbours[key] = neighbour
        if mayAsk { ask(for: nextHop, on: interface) }
    }

    private func emit(_ packet: [UInt8], to mac: [UInt8], _ type: UInt16, on interface: ForwarderInterface) {
        guard let own = interface.mac, case .host = interface.kind else {
            // A loopback takes what its neighbour is sent, and has nowhere to put it.
            interface.counters.sentPackets += 1
            interface.counters.sentOctets += UInt64(packet.count + 14)
            return
        }
        guard packet.count <= Self.linkMTU else {
            if let fragments = cut(packet, mtu: Self.linkMTU) {
                count(.fragmented)
                for fragment in fragments { emit(fragment, to: mac, type, on: interface) }
                return
            }
            count(.tooLong)
            interface.counters.drops += 1
            return
        }
        let frame = mac + own.octets + [UInt8(type >> 8), UInt8(type & 255)] + packet
        interface.counters.sentPackets += 1
        interface.counters.sentOctets += UInt64(frame.count)
        transmit(interface.index, frame)
    }

    private func ask(for address: IPAddress, on interface: ForwarderInterface) {
        guard let own = interface.mac, case .host = interface.kind, let source = source(of: interface, address.family)
        else { return }
        count(.arpSent)
        if address.family == .v4 {
            let body: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1] + own.octets + source.octets
            emit(body + [0, 0, 0, 0, 0, 0] + address.octets, to: Self.broadcast, EtherType.arp, on: interface)
        } else {
            // RFC 4861 §4.3, to the solicited-node address (RFC 4291 §2.7.1).
            let group = IPAddress(octets: [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff] + address.octets.suffix(3))!
            let body: [UInt8] = [135, 0, 0, 0, 0, 0, 0, 0] + address.octets + [1, 1] + own.octets
            emit(
                PacketBuilder.icmp(body, from: source, to: group, timeToLive: 255),
                to: [0x33, 0x33] + group.octets.suffix(4), EtherType.ipv6, on: interface)
        }
    }

    /// Somebody is where he says, and what waited for him goes.
    private func learn(_ address: IPAddress, _ mac: [UInt8], on interface: ForwarderInterface, isAnswer: Bool) {
        let key = NeighbourKey(interface: interface.index, address: address)
        guard let mac = MACAddress(octets: mac), neighbours[key]?.isStatic != true else { return }
        if neighbours[key]?.mac == nil && !isAnswer { count(.arpLearned) }
        let waiting = neighbours[key]?.waiting
        neighbours[key] = Neighbour(mac: mac)
        if let waiting { sendFrame(waiting, out: interface, nextHop: address) }
    }

    /// Whether an address is one that this interface answers for.
    private func answers(for address: IPAddress, on interface: ForwarderInterface) -> Bool {
        let lender = interface.unnumbered.flatMap { interfaces[$0] } ?? interface
        return lender.addresses.contains { $0.address == address }
    }

    private func isNeighbour(_ address: IPAddress, on interface: ForwarderInterface) -> Bool {
        !address.isUnspecified && interface.addresses.contains { $0.contains(address) }
    }

    // MARK: ARP (RFC 826)

    private func receiveARP(_ body: [UInt8], on interface: ForwarderInterface) {
        guard body.count >= 28, Array(body[..<6]) == [0, 1, 8, 0, 6, 4], let own = interface.mac,
            let sender = IPAddress(octets: body[14..<18]), let target = IPAddress(octets: body[24..<28])
        else {
            interface.counters.drops += 1
            return
        }
        let hardware = Array(body[8..<14])
        let isAnswer = body[7] == 2
        // Only whom we asked for, or who asks for us, is learned: a stranger's word about others is not.
        if isAnswer
            ? answers(for: target, on: interface)
            : answers(for: target, on: interface) && isNeighbour(sender, on: interface)
        {
            learn(sender, hardware, on: interface, isAnswer: isAnswer)
        }
        guard body[7] == 1 else { return }
        guard answers(for: target, on: interface) else {
            interface.counters.drops += 1
            return
        }
        count(.arpReplies)
        let head: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 2]
        emit(
            head + own.octets + target.octets + hardware + sender.octets, to: hardware, EtherType.arp, on: interface)
    }

    // MARK: Neighbour Discovery (RFC 4861 §7.2)

    private func isDiscovery(_ packet: [UInt8]) -> Bool {
        packet.count >= 64 && packet[0] >> 4 == 6 && packet[6] == 58 && packet[7] == 255
            && (packet[40] == 135 || packet[40] == 136)
    }

    private func receiveDiscovery(_ packet: [UInt8], on interface: ForwarderInterface) {
        interface.counters.ipv6 += 1
        guard let own = interface.mac, let source = IPAddress(octets: packet[8..<24]),
            let target = IPAddress(octets: packet[48..<64])
        else { return }
        // The one option that matters: a link-layer address.
        let link = packet.count >= 72 && packet[65] == 1 ? Array(packet[66..<72]) : nil
        if packet[40] == 136 {
            if let link { learn(target, link, on: interface, isAnswer: true) }
            return
        }
        guard answers(for: target, on: interface), let link, !source.isUnspecified else {
            interface.counters.drops += 1
            return
        }
        learn(source, link, on: interface, isAnswer: false)
        count(.arpReplies)
        // Router, solicited, override.
        let body: [UInt8] = [136, 0, 0, 0, 0xe0, 0, 0, 0] + target.octets + [2, 1] + own.octets
        emit(
            PacketBuilder.icmp(body, from: target, to: source, timeToLive: 255), to: link, EtherType.ipv6,
            on: interface)
    }
}
