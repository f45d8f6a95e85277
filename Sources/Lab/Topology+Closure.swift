import NetAddress

extension Topology {
    /// The hosts named, and those that carry packets between them, found by following each host's routes.
    ///
    /// Two hosts on one link need nobody. Otherwise every address of the one is looked up from the other, hop by hop,
    /// in both directions; a route that leads nowhere adds nobody.
    package func closure(of used: Set<String>) -> Set<String> {
        var result = used
        for source in used {
            guard let start = host(source) else { continue }
            for target in used where target != source {
                guard let end = host(target), links(of: start).isDisjoint(with: links(of: end)) else { continue }
                for address in end.interfaces.flatMap(\.addresses).map(\.address) {
                    result.formUnion(path(from: start, to: address, of: end) ?? [])
                }
            }
        }
        return result
    }

    private func links(of host: TopologyHost) -> Set<String> { Set(host.interfaces.map(\.link)) }

    /// The hosts that a packet passes; nil where it does not arrive.
    private func path(from start: TopologyHost, to address: IPAddress, of end: TopologyHost) -> [String]? {
        var passed: [String] = []
        var here = start
        // No network of ours is as wide as this; more is a loop.
        for _ in 0..<16 {
            if here.name == end.name { return passed }
            if here.name != start.name { passed.append(here.name) }
            guard let next = nextHost(from: here, to: address) else { return nil }
            here = next
        }
        return nil
    }

    private func nextHost(from here: TopologyHost, to address: IPAddress) -> TopologyHost? {
        let direct = here.interfaces.flatMap { interface in
            interface.addresses.filter { $0.contains(address) }.map { (length: $0.length, hop: address, interface) }
        }
        let routed = here.routes.filter { $0.destination.contains(address) }.compactMap { route in
            let hop = route.gateway ?? address
            return here.interfaces.first {
                $0.name == route.interface ?? $0.name && $0.addresses.contains { $0.contains(hop) }
                    || $0.name == route.interface
            }.map { (length: route.destination.length, hop: hop, $0) }
        }
        guard let best = (direct + routed).max(by: { $0.length < $1.length }) else { return nil }
        return hosts.first { host in
            host.interfaces.contains { $0.link == best.2.link && $0.addresses.contains { $0.address == best.hop } }
        }
    }
}
