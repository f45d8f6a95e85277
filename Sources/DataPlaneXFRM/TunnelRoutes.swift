import DataPlane
import Glibc
import IKEModel
import LinuxSystem
import NetAddress
import Netlink

/// The addresses that a Child SA brings to this host, and the routes that bring packets as far as the kernel's IPsec: it looks
/// at a packet after a route was found and a source chosen. So there is one where packets are to come from an address of the
/// Child SA's, and one where the host knows no way to the other side at all.
///
/// The routes lie in a table of their own, which packets with the daemon's mark do not ask.
final class TunnelRoutes {
    static let table: UInt32 = 0x5357
    static let mark: UInt32 = 0x5357
    private static let priority: UInt32 = 5357
    private static let loopback: Int32 = 1

    struct Wish {
        /// The selectors: this side's and the other's.
        var here: [TrafficSelector]
        var there: [TrafficSelector]
        var sources: [IPAddress]
        var local: IPAddress
        var peer: IPAddress

        init(_ child: ChildInstallation) {
            (here, there, sources) = (child.localSelectors, child.remoteSelectors, child.sourceAddresses)
            (local, peer) = (child.local, child.remote)
            // Packets for an XFRM interface are led there by whoever made it.
            if child.marks.outboundInterface != nil { there = [] }
        }
    }

    private let netlink: NetlinkSocket
    private var routes: Set<KernelRoute> = []
    private var rules: Set<KernelRule> = []
    /// Those that were given to the loopback interface here, since the host had them not.
    private var addresses: Set<IPAddress> = []

    init(netlink: NetlinkSocket) { self.netlink = netlink }

    func update(_ wishes: [Wish]) throws(DataPlaneError) {
        let sources = Set(wishes.flatMap(\.sources))
        for address in sources where !addresses.contains(address) {
            do {
                try netlink.send(.addAddress(IPPrefix(host: address), interface: Self.loopback, broadcast: false))
                addresses.insert(address)
            } catch {
                // It is there; or it cannot be, and then a route with it is refused in a moment.
            }
        }
        var wanted: Set<KernelRoute> = []
        do {
            let own = wishes.isEmpty ? [] : try netlink.addresses().map(\.prefix.address).sorted()
            for wish in wishes { wanted.formUnion(try wishedRoutes(wish, own)) }
            // One route for a destination, its source the first in order.
            var seen: Set<IPPrefix> = []
            wanted = Set(
                wanted.sorted { ($0.source?.value ?? 0) < ($1.source?.value ?? 0) }
                    .filter { seen.insert($0.destination).inserted })
            let families = Set(wanted.map(\.destination.family))
            let rules = Set(families.map { Self.rule($0) })
            var requests = wanted.subtracting(routes).map { NetlinkRequest.addRoute($0, replacing: true) }
            requests += rules.subtracting(self.rules).map { .addRule($0) }
            requests += self.rules.subtracting(rules).map { .deleteRule($0) }
            requests += routes.filter { route in !wanted.contains { $0.destination == route.destination } }
                .map { .deleteRoute($0) }
            try netlink.send(requests)
            (routes, self.rules) = (wanted, rules)
        } catch {
            throw DataPlaneError("routes of a source address: \(error)")
        }
        for address in addresses.subtracting(sources) { removeAddress(address) }
    }

    private static func rule(_ family: AddressFamily) -> KernelRule {
        KernelRule(family: family, priority: priority, mark: mark, table: table, isInverted: true)
    }

    private func wishedRoutes(_ wish: Wish, _ own: [IPAddress]) throws(NetlinkError) -> [KernelRoute] {
        guard let path = try netlink.path(from: wish.local, to: wish.peer, mark: Self.mark) else { return [] }
        var result: [KernelRoute] = []
        for remote in wish.there {
            var source = wish.sources.first { $0.family == remote.family }
            if source == nil {
                if try hasWay(to: remote.addresses) { continue }
                source = own.first { address in wish.here.contains { $0.addresses.contains(address) } }
            }
            for prefix in remote.addresses.prefixes where source?.family ?? prefix.family == prefix.family {
                // Towards the peer, since ESP itself may ask this route.
                result.append(
                    KernelRoute(
                        to: prefix, via: path.nextHop.family == prefix.family ? path.nextHop : nil,
                        interface: path.interface, table: Self.table, source: source))
            }
        }
        return result
    }

    /// Whether packets to the first of these addresses but one find a route, without ours.
    private func hasWay(to range: IPRange) throws(NetlinkError) -> Bool {
        let probe =
            range.first == range.last ? range.first : IPAddress(family: range.family, value: range.first.value + 1)
        do {
            _ = try netlink.path(from: .unspecified(range.family), to: probe, mark: Self.mark)
            return true
        } catch {
            if [ENETUNREACH, EHOSTUNREACH, ESRCH].contains(error.code) { return false }
            throw error
        }
    }

    private func removeAddress(_ address: IPAddress) {
        addresses.remove(address)
        try? netlink.send(.deleteAddress(IPPrefix(host: address), interface: Self.loopback))
    }

    func shutdown() {
        try? netlink.send(rules.map { .deleteRule($0) } + routes.map { .deleteRoute($0) })
        (rules, routes) = ([], [])
        for address in addresses { removeAddress(address) }
    }
}
