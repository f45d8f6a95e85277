import Glibc
import LinuxSystem
import MobileIPv6
import NetAddress
import Netlink

/// Does in the kernel what a mobile node or a home agent wants.
final class KernelHand {
    /// The routing table of packets from a home address, and where its rule stands.
    private static let table: UInt32 = 252
    private static let rulePriority: UInt32 = 1005

    private let routes: NetlinkSocket
    private let ipsec: NetlinkSocket
    /// A home agent's: the interface of the home link.
    let homeLink: Int32?

    /// - Parameter agent: a home agent's address; nil: this is a mobile node.
    init(agent: IPAddress?) throws(NetlinkError) {
        routes = try NetlinkSocket()
        ipsec = try NetlinkSocket(.xfrm)
        homeLink = try routes.addresses().first { $0.prefix.address == agent }?.interface
    }

    /// Those of these interfaces that packets to others can come from (RFC 6275 §11.5.3), in the kernel's order.
    /// - Parameter home: which `carryOut` adds, by itself, without its prefix, and which therefore says nothing about where the
    ///   node is.
    func addresses(of interfaces: Set<String>, besides home: IPAddress) throws(NetlinkError) -> [IPAddress] {
        let added = IPPrefix(host: home)
        let indices = Set(try routes.links().filter { interfaces.contains($0.name) }.map(\.index))
        return try routes.addresses().filter { found in
            let address = found.prefix.address
            return indices.contains(found.interface) && address.family == .v6 && !found.isTentative
                && !address.isLinkLocal && !address.isSiteLocal && found.prefix != added
        }.map(\.prefix.address)
    }

    /// The care-of addresses by which something is there already, by home address: the payload's policies, a mobile node's state for the
    /// home address option, the tunnel.
    func leftCareOfAddresses(_ configuration: MobilityConfiguration) throws(NetlinkError) -> [IPAddress: IPAddress] {
        var result: [IPAddress: IPAddress] = [:]
        for pair in configuration.pairs {
            var careOf = try pair.plan?.careOfAddress { (id) throws(NetlinkError) in try ipsec.policy(id) }
            if careOf == nil, configuration.role == .mobileNode, let plan = pair.plan {
                careOf = try ipsec.state(plan.homeAddressOption(careOf: .unspecified(.v6)).id)?.careOfAddress
            }
            if careOf == nil, let ends = try routes.links().first(where: { $0.name == pair.tunnel })?.tunnel {
                let (own, other) =
                    configuration.role == .mobileNode ? (ends.remote, ends.local) : (ends.local, ends.remote)
                if own == pair.homeAgent { careOf = other }
            }
            if let careOf, !careOf.isUnspecified, careOf != pair.homeAddress { result[pair.homeAddress] = careOf }
        }
        return result
    }

    /// Only what is of the kernel's; the rest is passed over.
    func carryOut(_ action: MobilityAction) throws(NetlinkError) {
        switch action {
        case .addState(let state):
            // One that stands is of a daemon that was killed, and may name another care-of address.
            do { try ipsec.send(.addState(state)) } catch {
                guard error.code == EEXIST else { throw error }
                try ipsec.send(.updateState(state))
            }
        case .updateState(let state): try ipsec.send(.updateState(state))
        case .deleteState(let id): try ignoring(ESRCH, ipsec, .deleteState(id))
        case .setPolicy(let policy): try ipsec.send(.setPolicy(policy))
        case .deletePolicy(let id): try ignoring(ENOENT, ipsec, .deletePolicy(id))
        case .migrate(let migration): try migrate(migration)
        case .setTunnel(let name, let local, let remote):
            let isNew = try index(of: name) == nil
            try routes.send(.setTunnel(name, local: local, remote: remote, isNew: isNew))
        case .deleteTunnel(let name): try ignoring(ENODEV, routes, .deleteLink(name))
        case .addHomeAddress(let address, let interface, let noDAD):
            guard let index = try index(of: interface) else { return }
            try ignoring(
                EEXIST, routes,
                .addAddress(IPPrefix(host: address), interface: index, noDAD: noDAD, isHome: true))
        case .removeHomeAddress(let address, let interface):
            guard let index = try index(of: interface) else { return }
            try ignoring(EADDRNOTAVAIL, routes, .deleteAddress(IPPrefix(host: address), interface: index))
        case .routeFromHome(let address, let tunnel):
            let route = KernelRoute(
                to: IPPrefix(.unspecified(.v6), length: 0)!, interface: try index(of: tunnel), table: Self.table)
            try routes.send(.addRoute(route, replacing: true))
            try ignoring(EEXIST, routes, .addRule(Self.rule(address)))
        case .resolveNeighbour(let address, let interface):
            guard let index = try index(of: interface) else { return }
            try routes.send(.useNeighbour(address, interface: index))
        // The route goes with its interface.
        case .unrouteFromHome(let address): try ignoring(ENOENT, routes, .deleteRule(Self.rule(address)))
        case .routeToHome(let address, let tunnel):
            let route = KernelRoute(to: IPPrefix(host: address), interface: try index(of: tunnel))
            try routes.send(.addRoute(route, replacing: true))
            guard let homeLink else { return }
            try routes.send(.addProxyNeighbour(address, interface: homeLink))
        case .unrouteToHome(let address):
            try ignoring(ESRCH, routes, .deleteRoute(KernelRoute(to: IPPrefix(host: address))))
            guard let homeLink else { return }
            try ignoring(ENOENT, routes, .deleteProxyNeighbour(address, interface: homeLink))
        case .send, .solicitPrefixes, .advertise, .wake, .event: break
        }
    }

    /// The kernel refuses a migration (ENODATA) while it holds a state without keys for the old ends, as it does for half a minute
    /// after a packet has asked for one. Then the policy alone is changed: there is nothing else to move, and the key manager hears of
    /// the new ends by the other migrations.
    private func migrate(_ migration: XFRMMigration) throws(NetlinkError) {
        do throws(NetlinkError) { try ipsec.send(.migrate(migration)) } catch {
            let id = XFRMPolicyID(selector: migration.selector, direction: migration.direction)
            let isAwaited = try ipsec.states().contains { state in
                state.ipProtocol == XFRMState.espProtocol && state.spi == 0
                    && migration.steps.contains {
                        $0.reqid == state.reqid && $0.oldSource == state.source
                            && $0.oldDestination == state.destination
                    }
            }
            guard error.code == ENODATA, isAwaited, var policy = try ipsec.policy(id) else { throw error }
            for step in migration.steps {
                for index in policy.templates.indices where policy.templates[index].reqid == step.reqid {
                    policy.templates[index].source = step.newSource
                    policy.templates[index].destination = step.newDestination
                }
            }
            try ipsec.send(.setPolicy(policy))
        }
    }

    /// Where somebody else was first, in making or in taking away.
    private func ignoring(
        _ code: Int32, _ socket: NetlinkSocket, _ request: NetlinkRequest
    ) throws(NetlinkError) {
        do { try socket.send(request) } catch { if error.code != code { throw error } }
    }

    private func index(of name: String) throws(NetlinkError) -> Int32? {
        try routes.links().first { $0.name == name }?.index
    }

    private static func rule(_ home: IPAddress) -> KernelRule {
        KernelRule(family: .v6, priority: rulePriority, from: IPPrefix(host: home), table: table)
    }

    /// The card of an interface, or of a home agent's home link; nil where it has none.
    func card(of interface: String?) throws(NetlinkError) -> (index: Int32, mac: MACAddress)? {
        let index = if let interface { try self.index(of: interface) } else { homeLink }
        guard let link = try routes.links().first(where: { $0.index == index }), let mac = link.mac else { return nil }
        return (link.index, mac)
    }

    /// Lets the home link's interface answer for others (`addProxyNeighbour`).
    func allowProxies() throws {
        guard let homeLink, let name = try routes.links().first(where: { $0.index == homeLink })?.name else { return }
        try FileSystem.set("/proc/sys/net/ipv6/conf/\(name)/proxy_ndp", "1")
    }
}

extension IPAddress {
    /// Of fec0::/10, which RFC 3879 gave up: no home agent can be asked from there.
    fileprivate var isSiteLocal: Bool { family == .v6 && value >> 118 == 0xfec0 >> 6 }
}
