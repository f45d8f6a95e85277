package import NetAddress

/// A route of `ip route add`; an interface's own networks are none of these.
package struct Route: Hashable, Sendable {
    package var prefix: IPPrefix
    package var nextHop: IPAddress?
    package var interface: Int?

    package init(_ prefix: IPPrefix, via nextHop: IPAddress?, interface: Int?) {
        self.prefix = prefix.network
        self.nextHop = nextHop
        self.interface = interface
    }
}

/// Where a packet goes.
enum Hop {
    case own
    case out(ForwarderInterface, nextHop: IPAddress)
    case none
}

extension Forwarder {
    package func addRoute(_ route: Route) throws(ForwarderError) {
        if routes.contains(route) { throw .exists }
        routes.append(route)
    }

    package func removeRoute(_ prefix: IPPrefix) throws(ForwarderError) {
        let before = routes.count
        routes.removeAll { $0.prefix == prefix.network }
        if routes.count == before { throw .missing }
    }

    /// The longest prefix wins; of equals the interface's own network. A next hop without an interface is looked up itself.
    func lookUp(_ destination: IPAddress, depth: Int = 0) -> Hop {
        if isOwn(destination) { return .own }
        var best: (length: Int, hop: Hop) = (-1, .none)
        for interface in interfaces.values.sorted(by: { $0.index < $1.index }) where interface.isUp {
            for prefix in interface.addresses where prefix.contains(destination) && prefix.length > best.length {
                best = (prefix.length, .out(interface, nextHop: destination))
            }
        }
        for route in routes where route.prefix.contains(destination) && route.prefix.length > best.length {
            if let index = route.interface {
                guard let interface = interfaces[index] else { continue }
                best = (route.prefix.length, .out(interface, nextHop: route.nextHop ?? destination))
            } else if let nextHop = route.nextHop, depth < 4 {
                let hop = lookUp(nextHop, depth: depth + 1)
                guard case .out(let interface, let last) = hop else { continue }
                best = (route.prefix.length, .out(interface, nextHop: last))
            }
        }
        return best.hop
    }

    /// The address that a packet of ours to `destination` leaves from; nil without a way.
    package func source(towards destination: IPAddress) -> IPAddress? {
        guard case .out(let interface, _) = lookUp(destination) else { return nil }
        return source(of: interface, destination.family)
    }

    /// An IP packet that came in on an interface, or out of a tunnel.
    func input(_ packet: [UInt8], on interface: ForwarderInterface) {
        guard depth < Self.greatestDepth else { return }
        depth += 1
        defer { depth -= 1 }
        guard let fields = PacketFields(packet) else {
            interface.counters.drops += 1
            return
        }
        if fields.version == 4, packet.checksum(from: 0, to: Int(packet[0] & 15) * 4) != 0 {
            count(.badChecksum)
            interface.counters.drops += 1
            return
        }
        if fields.version == 4 { interface.counters.ipv4 += 1 } else { interface.counters.ipv6 += 1 }
        if let database = interface.policies {
            guard admits(packet, fields, database, on: interface) else { return }
        }
        switch lookUp(fields.destination) {
        case .own: receiveLocal(packet, fields, on: interface)
        case .out(let next, let nextHop):
            guard fields.timeToLive > 1 else {
                count(.timeToLive)
                interface.counters.drops += 1
                return
            }
            send(Self.aged(packet), fields, out: next, nextHop: nextHop)
        case .none:
            count(.noRoute)
            interface.counters.drops += 1
        }
    }

    /// With one hop less to live.
    private static func aged(_ packet: [UInt8]) -> [UInt8] {
        var packet = packet
        if packet[0] >> 4 == 6 {
            packet[7] -= 1
        } else {
            packet[8] -= 1
            packet.setWord(0, at: 10)
            packet.setWord(packet.checksum(from: 0, to: Int(packet[0] & 15) * 4), at: 10)
        }
        return packet
    }

    /// A packet of our own, to wherever its destination is.
    func originate(_ packet: [UInt8]) {
        guard depth < Self.greatestDepth, let fields = PacketFields(packet) else { return }
        depth += 1
        defer { depth -= 1 }
        switch lookUp(fields.destination) {
        case .own: receiveLocal(packet, fields, on: interfaces[0]!)
        case .out(let interface, let nextHop): send(packet, fields, out: interface, nextHop: nextHop)
        case .none: count(.noRoute)
        }
    }

    func send(_ packet: [UInt8], _ fields: PacketFields, out interface: ForwarderInterface, nextHop: IPAddress) {
        guard interface.isUp else {
            interface.counters.drops += 1
            return
        }
        if interface.isTunnel { return sendInto(interface, packet) }
        if let database = interface.policies {
            guard let rest = apply(database, packet, fields, on: interface) else { return }
            return sendFrame(rest, out: interface, nextHop: nextHop)
        }
        sendFrame(packet, out: interface, nextHop: nextHop)
    }
}
