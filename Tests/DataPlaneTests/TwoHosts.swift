import CLinux
import DataPlane
import DataPlaneUserspace
import DataPlaneXFRM
import Glibc
import IKECrypto
import IKEModel
import LinuxSystem
import NetAddress
import Netlink

/// A data plane under test, and how its packets are to travel.
struct PlaneKind: CustomStringConvertible, Sendable {
    let description: String
    let isEncapsulated: Bool
    let isKernel: Bool
    let make: @Sendable (@escaping (Endpoint) -> Int32?) throws -> any DataPlane

    private init(
        _ description: String, isEncapsulated: Bool, isKernel: Bool = false,
        make: @escaping @Sendable (@escaping (Endpoint) -> Int32?) throws -> any DataPlane
    ) {
        self.description = description
        self.isEncapsulated = isEncapsulated
        self.isKernel = isKernel
        self.make = make
    }

    static let userspace = [
        PlaneKind("user, ESP", isEncapsulated: false) { DataPlaneUserspace(encapsulationSocket: $0) },
        PlaneKind("user, UDP", isEncapsulated: true) { DataPlaneUserspace(encapsulationSocket: $0) },
    ]
    static let kernel = [
        PlaneKind("xfrm, ESP", isEncapsulated: false, isKernel: true) { try DataPlaneXFRM(encapsulationSocket: $0) },
        PlaneKind("xfrm, UDP", isEncapsulated: true, isKernel: true) { try DataPlaneXFRM(encapsulationSocket: $0) },
    ]
    static let all = userspace + (kernelObstacle == nil ? kernel : [])
    /// What the kernel lacks for its own IPsec; nil: nothing.
    static let kernelObstacle = DataPlaneXFRM.obstacle()
}

/// Whether network namespaces can be made by this process; the reason for a skip otherwise.
let canMakeNamespaces = geteuid() == 0

/// A network namespace with a data plane in it. The calling thread is inside only during `enter`.
final class TestHost {
    let namespace: FileDescriptor
    private let origin: FileDescriptor
    private(set) var netlink: NetlinkSocket!
    var plane: (any DataPlane)!
    /// UDP port 4500, as the daemon would hold it.
    private(set) var udp: [IPAddress: FileDescriptor] = [:]

    init(origin: FileDescriptor) throws {
        self.origin = origin
        try checked(lx_unshare(LX_NEWNET), "unshare")
        defer { _ = lx_setns(origin.rawValue, LX_NEWNET) }
        namespace = try FileDescriptor.open("/proc/thread-self/ns/net")
        netlink = try NetlinkSocket()
        try netlink.send(.setUp("lo"))
    }

    func enter<R>(_ body: () throws -> R) throws -> R {
        try checked(lx_setns(namespace.rawValue, LX_NEWNET), "setns")
        defer { _ = lx_setns(origin.rawValue, LX_NEWNET) }
        return try body()
    }

    func add(_ prefixes: [String], to name: String) throws {
        let index = try netlink.links().first { $0.name == name }!.index
        for prefix in prefixes { try netlink.send(.addAddress(IPPrefix(prefix)!, interface: index)) }
    }

    /// Without the exemptions that every host with IPv6 has.
    var policies: [PolicyState] { plane.policies().filter { $0.action != .bypass } }

    func makePlane(_ kind: PlaneKind) throws {
        plane = try enter { try kind.make { [weak self] endpoint in self?.udp[endpoint.address]?.rawValue } }
    }

    func openUDP(_ address: IPAddress) throws {
        guard udp[address] == nil else { return }
        udp[address] = try enter {
            let opened = socket(
                address.family == .v4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            let owner = FileDescriptor(owning: opened)
            var mark = DataPlaneUserspace.bypassMark
            setsockopt(opened, SOL_SOCKET, SO_MARK, &mark, 4)
            try checked(
                DatagramAddress(Endpoint(address, port: 4500)).withPointer { bind(opened, $0, $1) }, "bind")
            try plane.prepare(socket: opened, local: Endpoint(address, port: 4500))
            return owner
        }
    }

    func apply(_ change: KernelChange) throws { try enter { try plane.apply(change) } }
    func shutdown() throws { try enter { plane.shutdown() } }

    /// Serves the data plane once, for what waits now.
    func serve(_ receiver: DatagramReceiver, at now: Instant) throws {
        try enter {
            for descriptor in plane.descriptors { plane.descriptorReady(descriptor, at: now) }
            for (address, socket) in udp {
                let count = (try? receiver.receive(from: socket.rawValue)) ?? 0
                plane.beginBatch()
                for index in 0..<count {
                    plane.receiveEncapsulated(
                        receiver[index], local: Endpoint(address, port: 4500),
                        remote: DatagramAddress.endpoint(receiver.source(index))!, at: now)
                }
                plane.endBatch()
            }
        }
    }
}

/// west and east, joined by one link whose packets towards east a tap records:
/// west 192.1.2.45, 2001:db8:1:2::45, behind it 192.0.1.254/24, 192.0.1.1, 2001:db8:0:1::254/64;
/// east 192.1.2.23, 2001:db8:1:2::23, behind it 192.0.2.254/24, 2001:db8:0:2::254/64.
final class TwoHosts {
    let west: TestHost
    let east: TestHost
    let kind: PlaneKind
    private let origin: FileDescriptor
    private let receiver = DatagramReceiver(capacity: 64, slotOctets: 65536)
    private let tap: FileDescriptor
    /// Between the hosts of a kernel's data plane, with a bridge: there the tap sees what is on the wire, while at east it would
    /// see the kernel's decrypted packets too, which come in by the same interface a second time.
    private let middle: TestHost?
    var now = Instant.zero

    /// - Parameter eastKind: east's, where it has another one.
    init(_ kind: PlaneKind, east eastKind: PlaneKind? = nil) throws {
        self.kind = kind
        origin = try FileDescriptor.open("/proc/thread-self/ns/net")
        west = try TestHost(origin: origin)
        east = try TestHost(origin: origin)
        middle = kind.isKernel ? try TestHost(origin: origin) : nil
        if let middle {
            for (host, port) in [(west, "west"), (east, "east")] {
                try host.netlink.send(
                    .createVeth(
                        VethEnd(name: "eth1"), peer: VethEnd(name: port, namespace: middle.namespace.rawValue)))
            }
            try middle.netlink.send([.createBridge("bridge", index: 77), .setUp("bridge")])
            for port in ["west", "east"] {
                try middle.netlink.send([.setMaster(port, 77), .setUp(port)])
            }
        } else {
            try west.netlink.send(
                .createVeth(
                    VethEnd(name: "eth1"), peer: VethEnd(name: "eth1", namespace: east.namespace.rawValue)))
        }
        // A veth whose peer does not exist yet cannot be up (ENOTCONN).
        for host in [west, east] { try host.netlink.send(.setUp("eth1")) }
        try west.add(["192.1.2.45/24", "2001:db8:1:2::45/64"], to: "eth1")
        try east.add(["192.1.2.23/24", "2001:db8:1:2::23/64"], to: "eth1")
        try west.add(["192.0.1.254/24", "192.0.1.1/32", "2001:db8:0:1::254/64"], to: "lo")
        try east.add(["192.0.2.254/24", "2001:db8:0:2::254/64"], to: "lo")
        // Without policy the packets of a protected net would really leave, in clear: a test that sees none saw them
        // stopped.
        for (host, peer, net) in [(west, "192.1.2.23", "192.0.2.0/24"), (east, "192.1.2.45", "192.0.1.0/24")] {
            try host.netlink.send(.addRoute(KernelRoute(to: IPPrefix(net)!, via: IPAddress(peer)!)))
        }
        tap = try (middle ?? east).enter {
            var step: UnsafePointer<CChar>?
            let index = Int32(bitPattern: if_nametoindex(kind.isKernel ? "west" : "eth1"))
            return FileDescriptor(
                owning: try checked(lx_packet_socket(index, 8 << 20, &step), "packet socket"))
        }
        try west.makePlane(kind)
        try east.makePlane(eastKind ?? kind)
    }

    deinit {
        for host in [west, east] where host.plane != nil { try? host.shutdown() }
    }

    /// Serves both planes until something is so. Returns whether it came to be in time.
    @discardableResult
    func run(within limit: Duration = .seconds(60), until done: () throws -> Bool) throws -> Bool {
        let end = MonotonicClock.now + limit
        while true {
            try west.serve(receiver, at: now)
            try east.serve(receiver, at: now)
            if try done() { return true }
            if MonotonicClock.now > end { return false }
            MonotonicClock.sleep(.microseconds(50))
        }
    }

    /// Serves both until nothing more can be on its way: for tests of what must not arrive.
    func settle() throws {
        for _ in 0..<20 {
            try west.serve(receiver, at: now)
            try east.serve(receiver, at: now)
            MonotonicClock.sleep(.milliseconds(1))
        }
    }

    /// A packet that passed the link towards east.
    struct Seen: Equatable {
        var ipProtocol: UInt8
        var source: IPAddress
        var octets: [UInt8]
        /// Octets behind the IP header.
        var payload: [UInt8] { Array(octets.dropFirst(source.family == .v4 ? 20 : 40)) }
    }

    /// What the tap has recorded since the last call, without IPv6's own neighbour discovery.
    func seen() throws -> [Seen] {
        var result: [Seen] = []
        while true {
            let count: Int
            do { count = try receiver.receive(from: tap.rawValue) } catch {
                // Kernels before 6.2 cannot tell of a run of UDP datagrams that is not cut up yet: it is lost to the tap.
                if error.code == EINVAL { continue }
                throw error
            }
            if count == 0 { return result }
            for index in 0..<count {
                // virtio and Ethernet header
                let packet = Array(receiver[index].dropFirst(24))
                let isV4 = packet[0] >> 4 == 4
                guard isV4 || packet[0] >> 4 == 6, receiver[index][22] == (isV4 ? 0x08 : 0x86) else { continue }
                let source = IPAddress(octets: isV4 ? Array(packet[12..<16]) : Array(packet[8..<24]))!
                let ipProtocol = packet[isV4 ? 9 : 6]
                if !isV4 && (ipProtocol == 0 || (ipProtocol == 58 && packet[40] >= 130)) { continue }
                // A run of UDP datagrams that the sender's stack has not cut up yet (virtio GSO type 5): as a wire
                // would see it.
                let headers = (isV4 ? 20 : 40) + 8
                let size =
                    receiver[index][1] == 5 ? Int(receiver[index][4]) | Int(receiver[index][5]) << 8 : packet.count
                for start in stride(from: headers, to: max(packet.count, headers + 1), by: size) {
                    let octets =
                        packet[..<min(headers, packet.count)] + packet[min(start, packet.count)...].prefix(size)
                    result.append(Seen(ipProtocol: ipProtocol, source: source, octets: Array(octets)))
                }
            }
        }
    }

    // MARK: Child SAs

    static func key(_ seed: UInt8, _ count: Int = 36) -> SecretBytes {
        SecretBytes((0..<count).map { UInt8($0) &* 7 &+ seed })
    }

    struct Tunnel {
        var child: UInt64 = 1
        var connection: UInt64 = 1
        var mode = ESPMode.tunnel
        var west = "192.1.2.45"
        var east = "192.1.2.23"
        var westNet = ["192.0.1.0/24"]
        var eastNet = ["192.0.2.0/24"]
        var westSources: [String] = []
        var suite = ESPSuite(
            cipher: CipherChoice(.aesGCM16, keyBits: 256), integrity: .none, extendedSequenceNumbers: true)
        var replaces: UInt64?
        var westSPI: UInt32 { 0x1000 + UInt32(child) }
        var eastSPI: UInt32 { 0x2000 + UInt32(child) }
    }

    func installation(_ tunnel: Tunnel, atWest: Bool) -> ChildInstallation {
        func direction(_ spi: UInt32) -> ESPDirection {
            let suite = tunnel.suite
            let length = suite.cipher.keyBits / 8 + suite.cipher.algorithm.saltLength
            return ESPDirection(
                spi: ESPSPI(spi), encryptionKey: Self.key(UInt8(truncatingIfNeeded: spi ^ spi >> 8), length),
                integrityKey: suite.integrity == .none ? .empty : Self.key(99, suite.integrity.keyLength))
        }
        let (west, east) = (IPAddress(tunnel.west)!, IPAddress(tunnel.east)!)
        let westNet = tunnel.westNet.map { TrafficSelector(IPPrefix($0)!) }
        let eastNet = tunnel.eastNet.map { TrafficSelector(IPPrefix($0)!) }
        var installation = ChildInstallation(
            child: ChildSAID(tunnel.child), connection: ConnectionID(tunnel.connection), reqid: 16389,
            mode: tunnel.mode, local: atWest ? west : east, remote: atWest ? east : west,
            encapsulation: kind.isEncapsulated ? .udp(localPort: 4500, remotePort: 4500) : .none, suite: tunnel.suite,
            inbound: direction(atWest ? tunnel.westSPI : tunnel.eastSPI),
            outbound: direction(atWest ? tunnel.eastSPI : tunnel.westSPI),
            localSelectors: atWest ? westNet : eastNet, remoteSelectors: atWest ? eastNet : westNet, replayWindow: 128,
            replaces: tunnel.replaces.map { ChildSAID($0) })
        if atWest { installation.sourceAddresses = tunnel.westSources.map { IPAddress($0)! } }
        return installation
    }

    func install(_ tunnel: Tunnel, atWest: Bool, _ change: (inout ChildInstallation) -> Void = { _ in }) throws {
        var installation = installation(tunnel, atWest: atWest)
        change(&installation)
        let host = atWest ? west : east
        if kind.isEncapsulated { try host.openUDP(installation.local) }
        try host.apply(.install(installation))
    }

    func install(_ tunnel: Tunnel = Tunnel()) throws {
        try install(tunnel, atWest: true)
        try install(tunnel, atWest: false)
    }
}
