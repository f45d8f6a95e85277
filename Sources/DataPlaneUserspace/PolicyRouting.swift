import DataPlane
import IKEModel
import NetAddress
import Netlink

/// Policy routing: which packets of the stack go to the packet port.
///
/// One rule per pair of selectors, `from LOCAL to REMOTE lookup 21335`, and in that table a default route through the
/// port for each family. Before these rules stand two for packets with the daemon's own firewall mark, IKE and ESP:
/// they ask the main table and, where it has no way, go nowhere, so that no wide selector can ever catch what the
/// tunnel itself is made of. What a rule catches never leaves in clear: the port either seals it or drops it.
///
/// IPv4's stack looks for a route before it has chosen a source address; then no `from` matches. Where the address
/// that the main table would choose is one of the local selectors', a rule `from 0.0.0.0/32 to REMOTE` and a route
/// with that source do what the kernel's own IPsec does, which is to apply policy after the choice. IPv6 has a flag
/// for that.
final class PolicyRouting {
    static let table: UInt32 = 0x5357
    /// A table whose only route refuses.
    static let dead: UInt32 = 0x5358
    /// Each rule has a priority of its own: the kernel takes a rule that says less for the same as one that says more
    /// (fib_rules.c, rule_exists and rule_find), so that neither adding nor deleting would be exact within one
    /// priority.
    private static let rulePriorities: Range<UInt32> = 5357..<6381
    private static let markPriority: UInt32 = 5351
    private static let families: [AddressFamily] = [.v4, .v6]

    private let netlink: NetlinkSocket
    private let answers: PathAnswers
    private let interface: Int32
    private let mark: UInt32
    /// The rules by what they say, without a priority, and the priority of each.
    private var rules: [KernelRule: UInt32] = [:]
    private var routes: Set<KernelRoute> = []
    /// Addresses that were given to the host here, since it had them not.
    private var addresses: Set<IPAddress> = []
    private var hasV6 = true
    /// Whether `nearFirst` is installed.
    private var putsNearFirst = false

    /// Installs the rules for the mark; the port's own follow with `update`.
    init(netlink: NetlinkSocket, answers: PathAnswers, interface: Int32, mark: UInt32) throws(DataPlaneError) {
        self.netlink = netlink
        self.answers = answers
        self.interface = interface
        self.mark = mark
        removeStale()
        for family in Self.families {
            do {
                try netlink.send(
                    [NetlinkRequest.addRoute(refusal(family), replacing: true)] + markRules(family).map { .addRule($0) }
                )
            } catch {
                // A kernel without IPv6 routes none.
                if family == .v6 { hasV6 = false } else { throw DataPlaneError("policy routing: \(error)") }
            }
        }
    }

    private func markRules(_ family: AddressFamily) -> [KernelRule] {
        [
            KernelRule(family: family, priority: Self.markPriority, mark: mark, table: KernelRoute.mainTable),
            KernelRule(family: family, priority: Self.markPriority + 1, mark: mark, table: Self.dead),
        ]
    }

    /// A host that has an address for the tunnel alone, and sends all through it, still reaches its neighbours as before where a
    /// packet has no source yet: by every route of the main table but the default. Else the gateway of a new default route
    /// would be looked for in the tunnel.
    private static var nearFirst: KernelRule {
        var rule = KernelRule(
            family: .v4, priority: markPriority + 2, from: IPPrefix(host: .unspecified(.v4)),
            table: KernelRoute.mainTable)
        rule.suppressedPrefixLength = 0
        return rule
    }

    private func putNearFirst(_ isWanted: Bool) throws(DataPlaneError) {
        guard isWanted != putsNearFirst else { return }
        do { try netlink.send(isWanted ? .addRule(Self.nearFirst) : .deleteRule(Self.nearFirst)) } catch {
            throw DataPlaneError("policy routing: \(error)")
        }
        putsNearFirst = isWanted
    }

    private func refusal(_ family: AddressFamily) -> KernelRoute {
        KernelRoute(to: IPPrefix(.unspecified(family), length: 0)!, table: Self.dead, kind: .unreachable)
    }

    /// Takes away rules that a daemon that was killed left; bounded, should the kernel ever not run out of them.
    private func removeStale() {
        for family in Self.families {
            // Priority 0 means any.
            let stale =
                [
                    KernelRule(family: family, priority: 0, mark: mark, table: KernelRoute.mainTable),
                    KernelRule(family: family, priority: 0, mark: mark, table: Self.dead),
                    KernelRule(family: family, priority: 0, table: Self.table),
                ] + (family == .v4 ? [Self.nearFirst] : [])
            for rule in stale {
                for _ in 0..<65536 { do { try netlink.send(.deleteRule(rule)) } catch { break } }
            }
        }
    }

    /// A pair of selector lists whose packets belong to the port, the peer's address, the addresses that packets of
    /// this host are to come from, and the MTU of its packets.
    struct Wish: Hashable {
        var local: [TrafficSelector]
        var remote: [TrafficSelector]
        var peer: IPAddress
        var sources: [IPAddress]
        var mtu: Int

        /// Whether all of IPv4 is to go this way: then it counts which of several wishes comes first.
        var wantsAll: Bool { remote.contains { $0.family == .v4 && $0.addresses.prefix?.length == 0 } }
    }

    /// Makes rules and routes what the wishes ask for; what stays is not touched.
    func update(_ wishes: [Wish]) throws(DataPlaneError) {
        var newRules: Set<KernelRule> = []
        var newRoutes: Set<KernelRoute> = []
        var mtus: [AddressFamily: Int] = [:]
        let isForTunnelAlone = wishes.contains { wish in
            wish.remote.contains { $0.family == .v4 && $0.addresses.prefix?.length == 0 }
                && wish.sources.contains { wish.local == [TrafficSelector(IPPrefix(host: $0))] }
        }
        try putNearFirst(isForTunnelAlone)
        for wish in wishes {
            for local in wish.local {
                for remote in wish.remote where remote.family == local.family {
                    let family = local.family
                    guard family == .v4 || hasV6 else { continue }
                    mtus[family] = min(mtus[family] ?? .max, wish.mtu)
                    newRules.formUnion(policyRules(local, remote))
                    guard family == .v4, let source = source(wish, remote), local.addresses.contains(source)
                    else { continue }
                    for prefix in remote.addresses.prefixes {
                        newRules.formUnion(
                            policyRules(TrafficSelector(IPPrefix(host: .unspecified(.v4))), remote, to: prefix))
                        newRoutes.insert(
                            KernelRoute(
                                to: prefix, interface: interface, table: Self.table, source: source,
                                mtu: UInt32(wish.mtu)))
                    }
                }
            }
            guard newRules.count <= Self.rulePriorities.count / 2 else {
                throw DataPlaneError(
                    "more than \(Self.rulePriorities.count / 2) routing rules are needed: use prefixes, not ranges"
                )
            }
        }
        for (family, mtu) in mtus {
            let floor = family == .v4 ? 576 : 1280
            // A route for the whole family: the narrower ones, with a source, only come on top.
            let all = IPPrefix(.unspecified(family), length: 0)!
            newRoutes = newRoutes.filter { $0.destination != all }
            var route = KernelRoute(to: all, interface: interface, table: Self.table, mtu: UInt32(max(floor, mtu)))
            // With a selector of all addresses its source is what packets without one get.
            if family == .v4 { route.source = wishes.lazy.compactMap { self.sourceForAll($0) }.first }
            newRoutes.insert(route)
        }
        // Two wishes for one destination: one route, its source the first in order.
        var destinations: Set<IPPrefix> = []
        newRoutes = Set(
            newRoutes.sorted { ($0.source?.value ?? 0) < ($1.source?.value ?? 0) }
                .filter { destinations.insert($0.destination).inserted })
        // An address first: a route cannot have a source that the host has not.
        let wanted = Set(wishes.flatMap(\.sources))
        for address in wanted where !addresses.contains(address) { addLocal(address) }
        defer { for address in addresses.subtracting(wanted) { removeLocal(address) } }
        // Routes first: a rule into an empty table would let packets through to the next rule, in clear.
        var requests: [NetlinkRequest] = []
        for route in newRoutes.subtracting(routes) { requests.append(.addRoute(route, replacing: true)) }
        // Half of the numbers are always free, because old and new rules stand side by side for a moment.
        var kept = rules.filter { newRules.contains($0.key) }
        let taken = Set(rules.values)
        var free = Self.rulePriorities.lazy.filter { !taken.contains($0) }.makeIterator()
        for rule in newRules where kept[rule] == nil {
            guard let priority = free.next() else { break }
            kept[rule] = priority
            requests.append(.addRule(Self.numbered(rule, priority)))
        }
        for (rule, priority) in rules where kept[rule] == nil {
            requests.append(.deleteRule(Self.numbered(rule, priority)))
        }
        for route in routes where !newRoutes.contains(where: { $0.destination == route.destination }) {
            requests.append(.deleteRoute(route))
        }
        do {
            try netlink.send(requests)
        } catch {
            // Best effort back to what stood before; the next update starts from there.
            for (rule, priority) in kept where rules[rule] == nil {
                try? netlink.send(.deleteRule(Self.numbered(rule, priority)))
            }
            for (rule, priority) in rules where kept[rule] == nil {
                try? netlink.send(.addRule(Self.numbered(rule, priority)))
            }
            throw DataPlaneError("policy routing: \(error)")
        }
        rules = kept
        routes = newRoutes
    }

    /// IPv4's stand on the loopback interface, and routes name them as sources. IPv6 chooses a source before it looks for a
    /// route's: among several it prefers one of the interface that it sends by (RFC 6724 §5, rule 5).
    private func holder(of address: IPAddress) -> Int32 { address.family == .v6 ? interface : 1 }

    /// One that the host has already stays as it is, now and later.
    private func addLocal(_ address: IPAddress) {
        do {
            try netlink.send(.addAddress(IPPrefix(host: address), interface: holder(of: address), broadcast: false))
            addresses.insert(address)
            // They came with other addresses to choose from.
            answers.forget()
        } catch {
            // It is there; or it cannot be, and then a route with it is refused in a moment.
        }
    }

    private func removeLocal(_ address: IPAddress) {
        addresses.remove(address)
        answers.forget()
        try? netlink.send(.deleteAddress(IPPrefix(host: address), interface: holder(of: address)))
    }

    private func source(_ wish: Wish, _ remote: TrafficSelector) -> IPAddress? {
        wish.sources.first { $0.family == remote.family } ?? chosenSource(remote, wish.peer)
    }

    private static func numbered(_ rule: KernelRule, _ priority: UInt32) -> KernelRule {
        var rule = rule
        rule.priority = priority
        return rule
    }

    private func sourceForAll(_ wish: Wish) -> IPAddress? {
        for remote in wish.remote where remote.family == .v4 && remote.addresses.prefix?.length == 0 {
            guard let source = source(wish, remote) else { continue }
            for local in wish.local where local.addresses.contains(source) { return source }
        }
        return nil
    }

    private func policyRules(
        _ local: TrafficSelector, _ remote: TrafficSelector, to only: IPPrefix? = nil
    ) -> [KernelRule] {
        guard local.ipProtocol == 0 || remote.ipProtocol == 0 || local.ipProtocol == remote.ipProtocol else {
            return []
        }
        let ipProtocol = max(local.ipProtocol, remote.ipProtocol)
        // Ports are the rule's business for protocols that have them; ICMP types are told apart at the port.
        let hasPorts = [6, 17, 33, 132, 136].contains(ipProtocol)
        func ports(_ selector: TrafficSelector) -> ClosedRange<UInt16>? {
            guard hasPorts, !selector.isAnyPort, !selector.isOpaque, selector.startPort <= selector.endPort,
                selector.endPort > 0
            else { return nil }
            return max(1, selector.startPort)...selector.endPort
        }
        var result: [KernelRule] = []
        for from in local.addresses.prefixes {
            for to in only.map({ [$0] }) ?? remote.addresses.prefixes {
                var rule = KernelRule(
                    family: local.family, priority: 0, from: from.length == 0 ? nil : from,
                    to: to.length == 0 ? nil : to, ipProtocol: ipProtocol == 0 ? nil : ipProtocol, table: Self.table)
                rule.sourcePorts = ports(local)
                rule.destinationPorts = ports(remote)
                rule.findsSource = local.family == .v6 && from.length > 0
                result.append(rule)
            }
        }
        return result
    }

    /// The source address that the main table gives to packets for the selector; nil where there is no way.
    private func chosenSource(_ remote: TrafficSelector, _ peer: IPAddress) -> IPAddress? {
        let range = remote.addresses
        let probe =
            range.contains(peer)
            ? peer
            : range.first == range.last
                ? range.first : IPAddress(family: range.family, value: range.first.value + 1)
        return answers.source(towards: probe)
    }

    /// Takes every rule and route away; the port's own routes go with the port.
    func shutdown() {
        try? putNearFirst(false)
        var requests = rules.map { NetlinkRequest.deleteRule(Self.numbered($0.key, $0.value)) }
        for family in Self.families where family == .v4 || hasV6 {
            requests += markRules(family).map { .deleteRule($0) }
            requests.append(.deleteRoute(refusal(family)))
        }
        try? netlink.send(requests)
        rules = [:]
        routes = []
        for address in addresses { removeLocal(address) }
    }
}
