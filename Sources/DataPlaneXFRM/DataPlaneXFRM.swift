package import DataPlane
import Glibc
package import IKEModel
import LinuxSystem
package import NetAddress
import Netlink

/// ESP by the Linux kernel (XFRM; RFC 4301, 4303, 3948): states, policies and events through netlink.
///
/// Everything is made in the network namespace that the calling thread is in when the data plane is made, and taken away by
/// `shutdown`. What others have made there is listed with it, and left alone.
package final class DataPlaneXFRM: DataPlane {
    package let name = "xfrm"

    let encapsulationSocket: (Endpoint) -> Int32?
    private let exemptsNeighboursAtOnce: Bool
    /// What Child SAs had sent when they were asked last.
    var sentBefore: [ChildSAID: UInt64] = [:]

    /// nil after `shutdown`.
    var netlink: NetlinkSocket?
    var events: NetlinkSocket?
    private var routes: TunnelRoutes?

    var children: [ChildSAID: KernelSA] = [:]
    private(set) var traps: [ConnectionID: RouteInstallation] = [:]
    /// The policies that this data plane has in the kernel.
    private var standing: [XFRMPolicyID: XFRMPolicy] = [:]
    /// Whose trap a policy is.
    private(set) var trapOwners: [XFRMPolicyID: ConnectionID] = [:]
    private var isNeighbourDiscoveryExempt = false
    private var installed: UInt64 = 0
    private var removedCounters: [ChildSAID: ChildCounters] = [:]
    /// When a Child SA was last asked for.
    var asked: [ConnectionID: Instant] = [:]
    var reports: [DataPlaneReport] = []

    /// - Throws: where the kernel has no XFRM, or does not let us.
    /// - Parameter encapsulationSocket: the daemon's UDP socket for a local endpoint, by which NAT keepalives leave.
    /// - Parameter exemptsNeighboursAtOnce: whether IPv6's neighbour discovery is exempt from the start on; else from the first
    ///   policy of ours on: where all are somebody else's, none of ours is among them.
    package init(
        exemptsNeighboursAtOnce: Bool = true, encapsulationSocket: @escaping (Endpoint) -> Int32? = { _ in nil }
    ) throws(DataPlaneError) {
        self.exemptsNeighboursAtOnce = exemptsNeighboursAtOnce
        self.encapsulationSocket = encapsulationSocket
        do {
            let netlink = try NetlinkSocket(.xfrm)
            let events = try NetlinkSocket(.xfrm)
            try events.joinXFRM()
            (self.netlink, self.events) = (netlink, events)
            routes = TunnelRoutes(netlink: try NetlinkSocket())
            try removeStale(netlink)
            if exemptsNeighboursAtOnce { try exemptNeighbourDiscovery() }
        } catch {
            throw Self.error(error)
        }
    }

    deinit { shutdown() }

    static func error(_ error: NetlinkError) -> DataPlaneError { DataPlaneError("kernel IPsec: \(error)") }

    /// Takes away what a daemon that was killed left: policies by their priorities, and the states that they lead to.
    private func removeStale(_ netlink: NetlinkSocket) throws(NetlinkError) {
        let stale = try netlink.policies().filter { policy in
            PolicyState.priorities.contains(policy.priority)
                && policy.templates.contains { $0.ipProtocol == XFRMState.espProtocol }
        }
        guard !stale.isEmpty else { return }
        let reqids = Set(stale.flatMap { $0.templates.map(\.reqid) }).subtracting([0])
        var requests = stale.map { NetlinkRequest.deletePolicy($0.id) }
        for state in try netlink.states() where state.ipProtocol == XFRMState.espProtocol {
            if reqids.contains(state.reqid) { requests.append(.deleteState(state.id)) }
        }
        try netlink.send(requests)
    }

    /// Once the host speaks IPv6: without these no neighbour would be found behind a policy for all of IPv6.
    private func exemptNeighbourDiscovery() throws(NetlinkError) {
        guard !isNeighbourDiscoveryExempt, hasIPv6 else { return }
        for policy in PolicyState.neighbourDiscovery {
            guard let selector = KernelSelectors.selectors(from: policy.source, to: policy.destination).first
            else { continue }
            var exempt = XFRMPolicy(selector, Self.direction(policy.direction))
            exempt.priority = policy.priority
            try netlink?.send(.setPolicy(exempt))
            standing[exempt.id] = exempt
        }
        isNeighbourDiscoveryExempt = true
    }

    private var hasIPv6: Bool {
        do {
            return try FileSystem.read("/proc/sys/net/ipv6/conf/all/disable_ipv6").first == UInt8(ascii: "0")
        } catch {
            return false
        }
    }

    static func direction(_ direction: PolicyDirection) -> XFRMPolicy.Direction {
        switch direction {
        case .inbound: .inbound
        case .outbound: .outbound
        case .forward: .forward
        }
    }

    func send(_ requests: [NetlinkRequest]) throws(DataPlaneError) {
        guard let netlink else { throw DataPlaneError("kernel IPsec: shut down") }
        do { try netlink.send(requests) } catch { throw Self.error(error) }
    }

    // MARK: Changes

    package func apply(_ change: KernelChange) throws(DataPlaneError) {
        removedCounters = [:]
        switch change {
        case .install(let installation): try install(installation)
        case .remove(let child): try remove(child)
        case .route(let route):
            let before = traps.updateValue(route, forKey: route.connection)
            do { try refresh() } catch {
                traps[route.connection] = before
                try? refresh()
                throw error
            }
        case .unroute(let connection):
            traps[connection] = nil
            asked[connection] = nil
            try refresh()
        case .move(let move): try follow(move)
        case .keepAlive(let local, let remote, let children):
            if isIdle(children) { sendKeepAlive(from: local, to: remote) }
        }
    }

    private func install(_ installation: ChildInstallation) throws(DataPlaneError) {
        guard children[installation.child] == nil else {
            throw DataPlaneError("Child SA \(installation.child.number) is installed already")
        }
        guard installation.local.family == installation.remote.family else {
            throw DataPlaneError("the ends \(installation.local) and \(installation.remote) are of two families")
        }
        let association = KernelSA(installation, number: installed)
        // Ready to receive before anything is sent.
        try send([.addState(try association.inbound())])
        do {
            try addOutbound(association.outbound())
        } catch {
            try? send([.deleteState(association.inboundID)])
            throw error
        }
        children[installation.child] = association
        do { try refresh() } catch {
            children[installation.child] = nil
            try? refresh()
            try? send([.deleteState(association.inboundID), .deleteState(association.outboundID)])
            throw error
        }
        installed += 1
        asked[installation.connection] = nil
    }

    /// What the running kernel takes of the two forms of an outbound state.
    func addOutbound(_ state: XFRMState) throws(DataPlaneError) {
        guard let netlink else { throw DataPlaneError("kernel IPsec: shut down") }
        do throws(NetlinkError) {
            do throws(NetlinkError) { try netlink.send(.addState(state)) } catch {
                guard state.usesESN, error.code == EINVAL else { throw error }
                var older = KernelSA.forOlderKernels(state)
                older.replay.sent = state.replay.sent
                try netlink.send(.addState(older))
            }
        } catch {
            throw Self.error(error)
        }
    }

    private func remove(_ child: ChildSAID) throws(DataPlaneError) {
        guard let association = children[child] else {
            throw DataPlaneError("no Child SA \(child.number) to remove")
        }
        let counters = counters(of: child)
        children[child] = nil
        sentBefore[child] = nil
        removedCounters[child] = counters
        // Policies first: one without its state would ask for a Child SA.
        var failure: DataPlaneError?
        do { try refresh() } catch { failure = error }
        for id in [association.outboundID, association.inboundID] {
            do { try netlink?.send(.deleteState(id)) } catch {
                // The kernel takes a state away itself at its hard limit.
                if error.code != ESRCH { failure = failure ?? Self.error(error) }
            }
        }
        if let failure { throw failure }
    }

    // MARK: Policies

    /// Brings the kernel's policies in line with the Child SAs and traps.
    func refresh() throws(DataPlaneError) {
        let (wanted, owners) = try wantedPolicies()
        if exemptsNeighboursAtOnce || !wanted.isEmpty {
            do { try exemptNeighbourDiscovery() } catch { throw Self.error(error) }
        }
        trapOwners = owners
        var requests: [NetlinkRequest] = []
        for (id, policy) in wanted where standing[id] != policy {
            // What lets packets in stands before what sends them out.
            let request = NetlinkRequest.setPolicy(policy)
            if id.direction == .outbound { requests.append(request) } else { requests.insert(request, at: 0) }
        }
        let exempt = PolicyState.neighbourDiscovery[0].priority
        let gone = standing.filter { wanted[$0.key] == nil && $0.value.priority != exempt }
        let kept = standing.filter { $0.value.priority == exempt }
        standing.merge(wanted) { $1 }
        try send(requests)
        for id in gone.keys {
            // Somebody may have flushed them.
            do { try netlink?.send(.deletePolicy(id)) } catch {
                if error.code != ENOENT { throw Self.error(error) }
            }
        }
        standing = wanted.merging(kept) { first, _ in first }
        let own = children.values.filter(\.installation.installsPolicies).sorted { $0.number < $1.number }
        try routes?.update(own.map { TunnelRoutes.Wish($0.installation) })
    }

    /// Traps, and over them the Child SAs that no other one replaces, the newest last.
    private func wantedPolicies() throws(DataPlaneError) -> ([XFRMPolicyID: XFRMPolicy], [XFRMPolicyID: ConnectionID]) {
        var wanted: [XFRMPolicyID: XFRMPolicy] = [:]
        var owners: [XFRMPolicyID: ConnectionID] = [:]
        for route in traps.values.sorted(by: { $0.connection > $1.connection }) where route.installsPolicies {
            for policy in try PolicySet(route).policies {
                wanted[policy.id] = policy
                owners[policy.id] = route.connection
            }
        }
        let replaced = Set(children.values.compactMap(\.installation.replaces))
        for association in children.values.sorted(by: { $0.number < $1.number })
        where !replaced.contains(association.installation.child) && association.installation.installsPolicies {
            for policy in try PolicySet(association.installation).policies { wanted[policy.id] = policy }
        }
        return (wanted, owners)
    }

    // MARK: The end

    package func takeReports() -> [DataPlaneReport] {
        defer { reports.removeAll() }
        return reports
    }

    package func counters(of child: ChildSAID) -> ChildCounters? {
        children[child].flatMap { counters($0) } ?? removedCounters[child]
    }

    package func shutdown() {
        guard let netlink else { return }
        try? netlink.send(standing.keys.map { .deletePolicy($0) })
        try? netlink.send(children.values.flatMap { [.deleteState($0.outboundID), .deleteState($0.inboundID)] })
        routes?.shutdown()
        (children, traps, standing, trapOwners, asked) = ([:], [:], [:], [:], [:])
        (self.netlink, events, routes) = (nil, nil, nil)
    }
}
