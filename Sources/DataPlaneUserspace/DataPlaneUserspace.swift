import CLinux
package import DataPlane
import ESP
import Glibc
package import IKEModel
import LinuxSystem
package import NetAddress
import Netlink

/// ESP in user space, for kernels that lack it (RFC 4301, 4303, 3948).
///
/// ```
/// stack ── rule, route ──> swan0 ══ packet port ══> policy, segments, seal ──> raw socket or the daemon's UDP socket
/// stack <───────────────── swan0 ══ packet port <══ join segments, policy, open <── raw socket, `receiveEncapsulated`
/// ```
///
/// Everything is made in the network namespace that the calling thread is in, lazily with the first policy, and taken
/// away by `shutdown`. Packets that no policy lets through are dropped and counted, never sent in clear.
package final class DataPlaneUserspace: DataPlane {
    /// The firewall mark (SO_MARK) of sockets whose packets bypass the policies: the daemon's IKE sockets set it too.
    package static let bypassMark: UInt32 = 0x5357
    /// Batches of ESP packets per call, so that IKE gets its turn under load: 256 packets are about 1 ms. Of the
    /// stack's superpackets, up to 45 packets each, one batch is taken.
    static let batchesPerCall = 4

    /// Packets that came to nothing, by reason; none of them belongs to an SA.
    package struct Drops: Hashable, Sendable {
        /// From the stack, without a policy for them.
        package var withoutPolicy: UInt64 = 0
        /// No whole IP packet, or one that transport mode cannot carry.
        package var malformed: UInt64 = 0
        /// ESP with an SPI that is not ours.
        package var unknownSPI: UInt64 = 0
        /// No socket to send by.
        package var withoutSocket: UInt64 = 0
        /// Held for a Child SA that did not come in time.
        package var held: UInt64 = 0
        /// The kernel did not take them, its buffers were full; a superpacket counts as one.
        package var blocked: UInt64 = 0
        /// We did not take them from the kernel in time: the buffer of the packet port or of an open raw socket was full.
        package var overrun: UInt64 = 0
    }

    package let name = "user"
    private let encapsulationSocket: (Endpoint) -> Int32?
    /// Takes framed ESP packets for a TCP connection, all or none; false where it has no room or is not there.
    package typealias StreamSink = (_ local: Endpoint, _ remote: Endpoint, UnsafeRawBufferPointer) -> Bool

    // The system's side, made with the first policy.
    private var netlink: NetlinkSocket?
    /// Packets that asked for a Child SA lately, newest last.
    private var asked: [(packet: AcquiringPacket, at: Duration)] = []
    private static let askedLimit = 64
    var port: PacketPort?
    private var routing: PolicyRouting?
    private var answers: PathAnswers?
    var stack: StackQueue?
    /// The raw sockets, by the local address that each is bound to.
    var sockets: [IPAddress: ESPSocket] = [:]

    // Policy.
    var associations: [ChildSAID: SecurityAssociation] = [:]
    var bySPI: [UInt32: SecurityAssociation] = [:]
    private var traps: [ConnectionID: PolicyDatabase.Trap] = [:]
    var database = PolicyDatabase()
    private var wishes = RoutingWishes()
    /// How many Child SAs take the outbound place of one.
    private var replacements: [ChildSAID: Int] = [:]
    private var installed: UInt64 = 0
    private var removedCounters: [ChildSAID: ChildCounters] = [:]

    // The hot paths' reused memory.
    let wire: ESPQueue
    lazy var receiver = DatagramReceiver(capacity: 64, slotOctets: 65536)
    let segmentHeaders = UnsafeMutableRawPointer.allocate(byteCount: PacketSegments.headerRoom, alignment: 16)
    var drops = Drops()
    var reports: [DataPlaneReport] = []
    var isBatch = false
    /// The SA that served the packet before, tried first.
    var lastInbound: SecurityAssociation?
    var lastOutbound: (packet: InnerPacket, association: SecurityAssociation)?
    /// Descriptors of the daemon's UDP sockets, asked for once per batch: a number that outlived its socket could be
    /// anyone's.
    var encapsulationDescriptors: [Endpoint: Int32] = [:]

    /// - Parameters:
    ///   - encapsulationSocket: the daemon's UDP socket for a local endpoint, by which ESP in UDP leaves (RFC 3948 wants
    ///     it to come from IKE's port). nil: there is none.
    ///   - stream: the daemon's TCP connections (RFC 9329).
    package init(
        encapsulationSocket: @escaping (Endpoint) -> Int32? = { _ in nil },
        stream: @escaping StreamSink = { _, _, _ in false }
    ) {
        self.encapsulationSocket = encapsulationSocket
        wire = ESPQueue(stream: stream)
    }

    deinit {
        shutdown()
        segmentHeaders.deallocate()
    }

    // MARK: Changes

    package func apply(_ change: KernelChange) throws(DataPlaneError) {
        removedCounters = [:]
        switch change {
        case .remove(let child): if let old = associations[child] { drain(for: old) }
        case .move(let move): if let old = associations[move.child] { drain(for: old) }
        default: break
        }
        // Nothing that is cached may outlive a change.
        lastInbound = nil
        lastOutbound = nil
        switch change {
        case .install(let installation): try install(installation)
        case .remove(let child):
            guard let association = associations.removeValue(forKey: child) else {
                throw DataPlaneError("no Child SA \(child.number) to remove")
            }
            removedCounters[child] = association.counters
            if bySPI[association.inbound.spi] === association { bySPI[association.inbound.spi] = nil }
            leave(association)
            try refresh()
        case .route(let route):
            guard route.installsPolicies else { throw Self.othersPolicies }
            guard route.marks.isEmpty else { throw Self.unmarked }
            try open()
            let before = traps[route.connection]
            let trap = PolicyDatabase.Trap(route)
            if let before { withdraw(.trap(before)) }
            traps[route.connection] = trap
            enter(.trap(trap))
            do { try refresh() } catch {
                withdraw(.trap(trap))
                traps[route.connection] = before
                if let before { enter(.trap(before)) }
                throw error
            }
            if let before { forget(before) }
        case .unroute(let connection):
            if let trap = traps.removeValue(forKey: connection) {
                withdraw(.trap(trap))
                forget(trap)
            }
            try refresh()
        case .move(let move):
            guard let association = associations[move.child] else {
                throw DataPlaneError("no Child SA \(move.child.number) to move")
            }
            if move.encapsulation == .none { try openSocket(move.local) }
            let isInUse = association.wishedMTU != nil
            if isInUse { withdraw(.association(association)) }
            association.follow(move)
            openPath(association)
            if isInUse { enter(.association(association)) }
            try refresh()
        case .keepAlive(let local, let remote, let children):
            let known = children.compactMap { associations[$0] }
            guard known.isEmpty || SecurityAssociation.areIdle(known) else { return }
            sendKeepAlive(from: local, to: remote)
        }
    }

    /// One octet 0xff from the port of the encapsulated packets (RFC 3948 §2.3). Lost, it is as if it had not been sent.
    private func sendKeepAlive(from local: Endpoint, to remote: Endpoint) {
        guard let descriptor = encapsulationSocket(local) else { return }
        let octet: UInt8 = 0xff
        let target = DatagramAddress(remote)
        target.withPointer { address, length in
            _ = withUnsafePointer(to: octet) {
                sendto(descriptor, $0, 1, Int32(MSG_DONTWAIT), address, length)
            }
        }
    }

    private func forget(_ trap: PolicyDatabase.Trap) { drops.held += trap.dropped + UInt64(trap.held.count) }

    private static let othersPolicies = DataPlaneError(
        "policies of others are the kernel's: start swand with --dataplane xfrm")
    private static let unmarked = DataPlaneError(
        "firewall marks and XFRM interfaces are the kernel's: start swand with --dataplane xfrm")

    private func install(_ installation: ChildInstallation) throws(DataPlaneError) {
        guard installation.installsPolicies else { throw Self.othersPolicies }
        guard installation.marks.isEmpty else { throw Self.unmarked }
        guard associations[installation.child] == nil else {
            throw DataPlaneError("Child SA \(installation.child.number) is installed already")
        }
        guard bySPI[installation.inbound.spi.value] == nil else {
            throw DataPlaneError("the inbound SPI \(installation.inbound.spi) is in use")
        }
        guard installation.local.family == installation.remote.family else {
            throw DataPlaneError("the ends \(installation.local) and \(installation.remote) are of two families")
        }
        let association = try SecurityAssociation(installation, number: installed)
        try open()
        if installation.encapsulation == .none { try openSocket(installation.local) }
        openPath(association)
        installed += 1
        associations[installation.child] = association
        bySPI[association.inbound.spi] = association
        join(association)
        do { try refresh() } catch {
            associations[installation.child] = nil
            bySPI[association.inbound.spi] = nil
            leave(association)
            throw error
        }
        if let trap = traps[installation.connection] { sendHeld(trap.release()) }
    }

    /// Makes the port and the routing, once.
    private func open() throws(DataPlaneError) {
        guard port == nil else { return }
        let netlink: NetlinkSocket
        do { netlink = try NetlinkSocket() } catch { throw DataPlaneError("user-space ESP: \(error)") }
        let port = try PacketPort(netlink: netlink)
        let answers = PathAnswers(mark: Self.bypassMark, ignoring: netlink.port)
        do {
            routing = try PolicyRouting(
                netlink: netlink, answers: answers, interface: port.interface, mark: Self.bypassMark)
        } catch {
            port.remove(netlink: netlink)
            throw error
        }
        self.netlink = netlink
        self.answers = answers
        self.port = port
        stack = StackQueue(port: port)
    }

    // MARK: Raw sockets

    /// Sockets beyond which those that no Child SA uses are closed.
    private static let idleSocketLimit = 8

    /// The socket of a local address. It stays when the last Child SA has gone: the next one comes soon, and to make a socket anew
    /// for each would cost more than the rest of the change.
    private func openSocket(_ local: IPAddress) throws(DataPlaneError) {
        guard sockets[local] == nil else { return }
        // Before others are closed: a number that is given out anew within one change would not be seen to be another socket.
        let made = try ESPSocket(local: local, mark: Self.bypassMark)
        if sockets.count >= Self.idleSocketLimit {
            let used = Set(associations.values.lazy.filter { !$0.isEncapsulated }.map(\.installation.local))
            sockets = sockets.filter { used.contains($0.key) }
        }
        sockets[local] = made
    }

    private func openPath(_ association: SecurityAssociation) {
        association.openPath(association.isEncapsulated ? nil : netlink)
    }

    package var routingPort: UInt32 { netlink?.port ?? 0 }

    // MARK: Policies

    /// A Child SA's policy comes, and that of the one which it replaces goes.
    private func join(_ association: SecurityAssociation) {
        if let old = association.installation.replaces {
            replacements[old, default: 0] += 1
            if let replaced = associations[old], replaced.wishedMTU != nil { withdraw(.association(replaced)) }
        }
        if replacements[association.installation.child] == nil { enter(.association(association)) }
    }

    /// A Child SA's policy goes; what it had replaced and is still there has its place again.
    private func leave(_ association: SecurityAssociation) {
        if association.wishedMTU != nil { withdraw(.association(association)) }
        guard let old = association.installation.replaces else { return }
        let others = replacements[old, default: 1] - 1
        replacements[old] = others > 0 ? others : nil
        if others == 0, let replaced = associations[old] { enter(.association(replaced)) }
    }

    private func enter(_ policy: PolicyDatabase.Policy) {
        database.insert(policy)
        addWish(of: policy)
    }

    private func withdraw(_ policy: PolicyDatabase.Policy) {
        database.remove(policy)
        unwish(policy)
    }

    /// What a policy wants of the routing, for packets up to an MTU.
    private func wish(of policy: PolicyDatabase.Policy, mtu: Int) -> PolicyRouting.Wish {
        switch policy {
        case .association(let association):
            let installation = association.installation
            return PolicyRouting.Wish(
                local: installation.localSelectors, remote: installation.remoteSelectors, peer: installation.remote,
                sources: installation.sourceAddresses, mtu: mtu)
        case .trap(let trap):
            let route = trap.route
            return PolicyRouting.Wish(
                local: route.localSelectors, remote: route.remoteSelectors, peer: route.remote,
                sources: route.sourceAddresses, mtu: mtu)
        }
    }

    private func unwish(_ policy: PolicyDatabase.Policy) {
        switch policy {
        case .association(let association):
            if let mtu = association.wishedMTU { wishes.remove(wish(of: policy, mtu: mtu), of: policy) }
            association.wishedMTU = nil
        case .trap: wishes.remove(wish(of: policy, mtu: Self.trapMTU), of: policy)
        }
    }

    /// What will be negotiated is not known: room for the widest suite and UDP, as strongSwan's 1400.
    private static let trapMTU = 1400

    private func addWish(of policy: PolicyDatabase.Policy) {
        var mtu = Self.trapMTU
        if case .association(let association) = policy {
            let ends = association.installation
            mtu = association.innerMTU(pathMTU: answers?.mtu(local: ends.local, remote: ends.remote) ?? 1500)
            association.wishedMTU = mtu
        }
        wishes.add(wish(of: policy, mtu: mtu), of: policy)
    }

    /// Brings the system's routing in line with the policies. What the kernel had said of its routes is asked for anew, for
    /// all of them, where it may have changed.
    private func refresh() throws(DataPlaneError) {
        guard let routing, let answers else { return }
        let isRenewed = answers.renew()
        if isRenewed {
            for policy in database.policies {
                unwish(policy)
                addWish(of: policy)
            }
        }
        guard isRenewed || wishes.areChanged else { return }
        try routing.update(wishes.distinct)
        wishes.settle()
    }

    package func shutdown() {
        routing?.shutdown()
        if let netlink { port?.remove(netlink: netlink) }
        (routing, answers, port, stack, netlink) = (nil, nil, nil, nil, nil)
        sockets = [:]
        associations = [:]
        replacements = [:]
        database = PolicyDatabase()
        wishes = RoutingWishes()
        bySPI = [:]
        traps = [:]
        lastInbound = nil
        lastOutbound = nil
    }

    // MARK: Reading

    package func counters(of child: ChildSAID) -> ChildCounters? {
        associations[child]?.counters ?? removedCounters[child]
    }

    package func states() -> [SAState] {
        associations.values.sorted { $0.number > $1.number }.flatMap { $0.states }
    }

    package func policies() -> [PolicyState] {
        // The kernel sends neighbour discovery past its routing, so that no rule can bring it to the port.
        database.listing() + (hasIPv6 ? PolicyState.neighbourDiscovery : [])
    }

    func noteAcquire(_ packet: AcquiringPacket) {
        let now = MonotonicClock.now
        asked.removeAll { now - $0.at >= PolicyDatabase.Trap.acquireLifetime }
        if asked.count == Self.askedLimit { asked.removeFirst() }
        asked.append((packet, now))
    }

    package func acquires() -> [AcquireState] {
        let now = MonotonicClock.now
        let links = (try? netlink?.links()) ?? []
        return asked.filter { now - $0.at < PolicyDatabase.Trap.acquireLifetime }.map { packet, _ in
            let path = try? netlink?.path(from: packet.source, to: packet.destination, mark: Self.bypassMark)
            return AcquireState(packet: packet, interface: links.first { $0.index == path?.interface }?.name)
        }
    }

    /// Whether the host speaks IPv6 at this moment.
    private var hasIPv6: Bool {
        do {
            return try FileSystem.read("/proc/sys/net/ipv6/conf/all/disable_ipv6").first == UInt8(ascii: "0")
        } catch {
            return false
        }
    }

    package func takeReports() -> [DataPlaneReport] {
        defer { reports.removeAll(keepingCapacity: true) }
        return reports
    }

    /// Packets that came to nothing since the start.
    package var dropped: Drops {
        var result = drops
        result.held += traps.values.reduce(0) { $0 + $1.dropped }
        result.blocked = wire.dropped + UInt64(stack?.dropped ?? 0)
        for descriptor in descriptors { result.overrun += UInt64(max(0, lx_socket_drops(descriptor))) }
        return result
    }

    /// What the kernel was bothered with for policies: questions of its routes, changes of rules and routes. It must not grow
    /// with the Child SAs that are there.
    package struct KernelCalls: Hashable, Sendable {
        package var questions: UInt64 = 0
        package var changes: UInt64 = 0
    }

    package var kernelCalls: KernelCalls {
        KernelCalls(questions: answers?.questions ?? 0, changes: routing?.changes ?? 0)
    }

    /// Packets that left without the kernel's own IP output, by `DirectPath`.
    package var sentDirectly: UInt64 { wire.direct }

    package var descriptors: [Int32] {
        (port.map { [$0.descriptor] } ?? []) + sockets.values.map(\.descriptor)
    }

    package func descriptorReady(_ descriptor: Int32, at now: Instant) {
        if descriptor == port?.descriptor {
            sendFromStack(at: now)
        } else if let socket = sockets.values.first(where: { $0.descriptor == descriptor }) {
            receive(from: socket)
        }
    }

    /// The descriptor by which an SA's packets leave now; -1 where there is none.
    func outgoingDescriptor(of association: SecurityAssociation) -> Int32 {
        guard let local = association.encapsulationLocal else {
            return sockets[association.installation.local]?.descriptor ?? -1
        }
        if let known = encapsulationDescriptors[local] { return known }
        let found = encapsulationSocket(local) ?? -1
        encapsulationDescriptors[local] = found
        return found
    }
}
