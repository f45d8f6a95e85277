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
    var stack: StackQueue?
    /// The raw sockets, by the local address that each is bound to.
    var sockets: [IPAddress: ESPSocket] = [:]

    // Policy.
    var associations: [ChildSAID: SecurityAssociation] = [:]
    var bySPI: [UInt32: SecurityAssociation] = [:]
    private var traps: [ConnectionID: PolicyDatabase.Trap] = [:]
    var database = PolicyDatabase()
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
            try refresh()
            closeUnusedSockets()
        case .route(let route):
            try open()
            let before = traps[route.connection]
            traps[route.connection] = PolicyDatabase.Trap(route)
            do { try refresh() } catch {
                traps[route.connection] = before
                rebuild()
                throw error
            }
            if let before { forget(before) }
        case .unroute(let connection):
            if let trap = traps.removeValue(forKey: connection) { forget(trap) }
            try refresh()
        case .move(let child, let local, let remote, let encapsulation):
            guard let association = associations[child] else {
                throw DataPlaneError("no Child SA \(child.number) to move")
            }
            if encapsulation == .none { try openSocket(local) }
            association.move(local: local, remote: remote, encapsulation: encapsulation)
            openPath(association)
            try refresh()
            closeUnusedSockets()
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

    private func install(_ installation: ChildInstallation) throws(DataPlaneError) {
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
        do { try refresh() } catch {
            associations[installation.child] = nil
            bySPI[association.inbound.spi] = nil
            rebuild()
            closeUnusedSockets()
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
        do {
            routing = try PolicyRouting(netlink: netlink, interface: port.interface, mark: Self.bypassMark)
        } catch {
            port.remove(netlink: netlink)
            throw error
        }
        self.netlink = netlink
        self.port = port
        stack = StackQueue(port: port)
    }

    private func openSocket(_ local: IPAddress) throws(DataPlaneError) {
        if sockets[local] == nil { sockets[local] = try ESPSocket(local: local, mark: Self.bypassMark) }
    }

    private func openPath(_ association: SecurityAssociation) {
        let ends = association.installation
        association.path =
            association.isEncapsulated
            ? nil
            : netlink.map { DirectPath(netlink: $0, mark: Self.bypassMark, local: ends.local, remote: ends.remote) }
    }

    private func closeUnusedSockets() {
        let used = Set(associations.values.lazy.filter { !$0.isEncapsulated }.map(\.installation.local))
        sockets = sockets.filter { used.contains($0.key) }
    }

    /// The database anew: of the SAs those that no installed one replaces.
    private func rebuild() {
        let replaced = Set(associations.values.compactMap(\.installation.replaces))
        let active = associations.values.filter { !replaced.contains($0.installation.child) }
            .sorted { $0.number > $1.number }
        database = PolicyDatabase(
            associations: active, traps: traps.values.sorted { $0.route.connection < $1.route.connection })
    }

    /// Brings the database and the system's routing in line with the SAs and traps.
    private func refresh() throws(DataPlaneError) {
        rebuild()
        guard let routing else { return }
        var wishes: [PolicyRouting.Wish] = []
        for policy in database.policies {
            if let association = policy.association {
                let installation = association.installation
                let path = routing.pathMTU(local: installation.local, remote: installation.remote)
                wishes.append(
                    PolicyRouting.Wish(
                        local: installation.localSelectors, remote: installation.remoteSelectors,
                        peer: installation.remote, sources: installation.sourceAddresses,
                        mtu: association.innerMTU(pathMTU: path)))
            } else if let route = policy.trap?.route {
                // What will be negotiated is not known: room for the widest suite and UDP, as strongSwan's 1400.
                wishes.append(
                    PolicyRouting.Wish(
                        local: route.localSelectors, remote: route.remoteSelectors, peer: route.remote,
                        sources: route.sourceAddresses, mtu: 1400))
            }
        }
        try routing.update(wishes)
    }

    package func shutdown() {
        routing?.shutdown()
        if let netlink { port?.remove(netlink: netlink) }
        (routing, port, stack, netlink) = (nil, nil, nil, nil)
        sockets = [:]
        associations = [:]
        bySPI = [:]
        traps = [:]
        lastInbound = nil
        lastOutbound = nil
        rebuild()
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
