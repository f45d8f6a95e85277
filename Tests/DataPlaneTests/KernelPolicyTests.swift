import CLinux
import DataPlane
import DataPlaneXFRM
import Glibc
import IKEModel
import LinuxSystem
import NetAddress
import Netlink
import Testing

/// What the kernel's IPsec does without ESP too: policies, traps, SPIs, migrations.
@Suite(.enabled(if: canMakeNamespaces && hasXFRM, "needs root, and a kernel with XFRM"), .serialized)
struct KernelPolicyTests {
    private func route(_ hosts: TwoHosts, _ change: (inout RouteInstallation) -> Void = { _ in }) throws {
        let child = hosts.installation(TwoHosts.Tunnel(), atWest: true)
        var route = RouteInstallation(
            connection: child.connection, reqid: child.reqid, mode: .tunnel, local: child.local, remote: child.remote,
            localSelectors: child.localSelectors, remoteSelectors: child.remoteSelectors)
        change(&route)
        try hosts.west.apply(.route(route))
    }

    @Test func `iproute2 reads policies back as they were installed`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try route(hosts) { route in
            route.localSelectors = [
                TrafficSelector(IPPrefix("192.0.1.0/24")!.range, ipProtocol: 6, startPort: 1024, endPort: 2047)
            ]
            route.remoteSelectors = [TrafficSelector(IPPrefix("192.0.2.0/24")!, ipProtocol: 6, port: 80)]
        }
        let lines = try hosts.west.iproute("xfrm", "policy").drop { !$0.hasPrefix("src 192.0.1.0/24") }.prefix(4)
        #expect(
            Array(lines) == [
                "src 192.0.1.0/24 dst 192.0.2.0/24 proto tcp sport 1024 dport 80",
                "\tdir out priority 1048832 ptype main", "\ttmpl src 0.0.0.0 dst 0.0.0.0",
                "\t\tproto esp reqid 0 mode transport",
            ])
        // The mask of a range of ports is there, though iproute2 does not show it.
        let policy = try #require(hosts.west.policies.first)
        #expect(policy.source.startPort == 1024 && policy.source.endPort == 2047 && policy.action == .onDemand)
    }

    @Test func `port ranges become the fewest masks, and address ranges the fewest prefixes`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try route(hosts) { route in
            let range = IPRange(IPAddress("192.0.1.1")!, IPAddress("192.0.1.4")!)!
            route.localSelectors = [TrafficSelector(range, ipProtocol: 17, startPort: 1, endPort: 6)]
            route.remoteSelectors = [TrafficSelector(IPPrefix("192.0.2.0/24")!, ipProtocol: 17)]
        }
        let sources = Set(hosts.west.policies.map(\.source))
        // .1, .2-.3, .4; ports 1, 2-3, 4-5, 6.
        #expect(Set(sources.map(\.addresses.description)) == ["192.0.1.1/32", "192.0.1.2/31", "192.0.1.4/32"])
        #expect(Set(sources.map { [$0.startPort, $0.endPort] }) == [[1, 1], [2, 3], [4, 5], [6, 6]])
        #expect(sources.count == 12)
        #expect(throws: DataPlaneError.self) {
            try route(hosts) { route in
                let range = IPRange(IPAddress("10.0.0.1")!, IPAddress("10.255.255.254")!)!
                route.localSelectors = [TrafficSelector(range, ipProtocol: 17, startPort: 1, endPort: 65534)]
            }
        }
        #expect(Set(hosts.west.policies.map(\.source)) == sources, "what cannot be made changes nothing")
    }

    @Test func `a packet that meets a trap is reported with its ports, and held back`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try route(hosts)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        _ = try hosts.seen()
        for _ in 0..<3 { hosts.send(sender, "hello", to: "192.0.2.254", 7000) }
        var reports: [DataPlaneReport] = []
        let isReported = try hosts.run {
            reports += hosts.west.plane.takeReports()
            return !reports.isEmpty
        }
        try hosts.settle()
        reports += hosts.west.plane.takeReports()
        #expect(isReported)
        #expect(
            reports == [
                .acquire(
                    ConnectionID(1),
                    AcquiringPacket(
                        source: IPAddress("192.0.1.254")!, destination: IPAddress("192.0.2.254")!, ipProtocol: 17,
                        sourcePort: 7001, destinationPort: 7000))
            ])
        #expect(try hosts.seen() == [])
    }

    @Test func `a trap with a mark is for marked packets alone`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try route(hosts) { $0.marks.outbound = PacketMark(value: 5) }
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        hosts.send(sender, "hello", to: "192.0.2.254", 7000)
        #expect(try hosts.seen(atLeast: 1).map(\.ipProtocol) == [17])
        #expect(hosts.west.plane.takeReports() == [])
        var mark: UInt32 = 5
        try checked(setsockopt(sender.rawValue, SOL_SOCKET, SO_MARK, &mark, 4), "SO_MARK")
        hosts.send(sender, "hello", to: "192.0.2.254", 7000)
        var reports: [DataPlaneReport] = []
        try hosts.run {
            reports += hosts.west.plane.takeReports()
            return !reports.isEmpty
        }
        guard case .acquire(ConnectionID(1), _)? = reports.first, reports.count == 1 else {
            Issue.record("\(reports)")
            return
        }
        #expect(try hosts.seen() == [])
    }

    @Test func `the daemon's own sockets pass every policy`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[1])
        try route(hosts) { route in
            route.localSelectors = [TrafficSelector(IPPrefix("0.0.0.0/0")!)]
            route.remoteSelectors = [TrafficSelector(IPPrefix("0.0.0.0/0")!)]
        }
        let west = IPAddress("192.1.2.45")!
        try hosts.west.openUDP(west)
        let plain = try hosts.udpSocket(hosts.west, "192.1.2.45", 4501)
        _ = try hosts.seen()
        hosts.send(plain, "held back", to: "192.1.2.23", 4500)
        hosts.send(hosts.west.udp[west]!, "\0\0\0\0IKE", to: "192.1.2.23", 4500)
        let seen = try hosts.seen(atLeast: 1)
        #expect(seen.map { String(decoding: $0.payload.dropFirst(12), as: UTF8.self) } == ["IKE"])
    }

    @Test func `an SPI is allocated once`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        let (from, to) = (IPAddress("192.1.2.23")!, IPAddress("192.1.2.45")!)
        try hosts.west.enter {
            let netlink = try NetlinkSocket(.xfrm)
            // The kernel draws as often as the range is wide, so that a narrow one of several may fail with one left.
            let first = try netlink.allocateSPI(from: from, to: to, reqid: 1, mode: .tunnel, within: 0x100...0x100)
            #expect(first == 0x100)
            #expect(throws: NetlinkError.self) {
                try netlink.allocateSPI(from: from, to: to, reqid: 2, mode: .tunnel, within: 0x100...0x100)
            }
            let next = try netlink.allocateSPI(from: from, to: to, reqid: 3, mode: .tunnel, within: 0x200...0xffff)
            #expect((0x200...0xffff).contains(next))
            // One that could not be had stays for a while too, without an SPI.
            let spis = try netlink.states().map(\.spi).filter { $0 != 0 }.sorted()
            #expect(spis == [0x100, next])
            try netlink.send(.flushStates())
            #expect(try netlink.states().isEmpty)
        }
    }

    @Test func `a migration changes a policy's template and is heard with the key manager's addresses`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        let (old, new, peer) = (IPAddress("2001::1")!, IPAddress("2001::50")!, IPAddress("2001:1::1")!)
        try hosts.west.enter {
            let netlink = try NetlinkSocket(.xfrm)
            let listener = try NetlinkSocket(.xfrm)
            try listener.joinXFRM()
            var policy = XFRMPolicy(
                XFRMSelector(from: IPPrefix("2001:1::10/128")!, to: IPPrefix("2001:1::/64")!), .outbound)
            policy.templates = [XFRMTemplate(from: old, to: peer, reqid: 2, mode: .tunnel)]
            try netlink.send(.addPolicy(policy))
            let step = XFRMMigration.Step(from: (old, peer), to: (new, peer), mode: .tunnel, reqid: 2)
            var migration = XFRMMigration(
                policy.selector, .outbound, steps: [step],
                keyManager: XFRMKeyManagerAddresses(local: new, remote: peer))
            try netlink.send(.migrate(migration))
            #expect(try netlink.policy(policy.id)?.templates.map(\.source) == [new])
            var isOverrun = false
            #expect(listener.waitingEvents(overrun: &isOverrun) == [.migrated(migration)])
            #expect(!isOverrun && listener.waitingEvents(overrun: &isOverrun).isEmpty)
            // ENODATA: nothing has the old ends any more. ENOENT: no policy is called so.
            #expect(throws: NetlinkError.self) { try netlink.send(.migrate(migration)) }
            migration.direction = .inbound
            #expect(throws: NetlinkError.self) { try netlink.send(.migrate(migration)) }
            #expect(listener.waitingEvents(overrun: &isOverrun).isEmpty)
            try netlink.send(.deletePolicy(policy.id))
            #expect(try netlink.policy(policy.id) == nil)
        }
    }

    @Test func `policies of others ask for the connection of their reqid, move it, and stay theirs`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try route(hosts) { route in
            route.reqid = 77
            route.installsPolicies = false
        }
        #expect(hosts.west.policies.isEmpty)
        let (old, new, east) = (IPAddress("192.1.2.45")!, IPAddress("192.1.2.46")!, IPAddress("192.1.2.23")!)
        let (here, there) = (IPPrefix("192.0.1.0/24")!, IPPrefix("192.0.2.0/24")!)
        func policy(_ reqid: UInt32) -> XFRMPolicy {
            var policy = XFRMPolicy(XFRMSelector(from: here, to: there), .outbound)
            policy.templates = [XFRMTemplate(from: old, to: east, reqid: reqid, mode: .tunnel)]
            return policy
        }
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        func reports() throws -> [DataPlaneReport] {
            hosts.send(sender, "hello", to: "192.0.2.254", 7000)
            try hosts.settle()
            return hosts.west.plane.takeReports()
        }
        // One that is nobody's: its packets wait for others.
        try hosts.west.enter { try NetlinkSocket(.xfrm).send(.setPolicy(policy(78))) }
        #expect(try reports().isEmpty)
        try hosts.west.enter {
            let other = try NetlinkSocket(.xfrm)
            try other.send(.flushStates())
            try other.send(.setPolicy(policy(77)))
        }
        let packet = AcquiringPacket(
            source: IPAddress("192.0.1.254")!, destination: IPAddress("192.0.2.254")!, ipProtocol: 17,
            sourcePort: 7001, destinationPort: 7000)
        #expect(try reports() == [.acquire(ConnectionID(1), packet)])
        try hosts.west.enter {
            let other = try NetlinkSocket(.xfrm)
            try other.send(.flushStates())
            let step = XFRMMigration.Step(from: (old, east), to: (new, east), mode: .tunnel, reqid: 77)
            try other.send(
                .migrate(
                    XFRMMigration(
                        XFRMSelector(from: here, to: there), .outbound, steps: [step],
                        keyManager: XFRMKeyManagerAddresses(local: new, remote: east))))
        }
        try hosts.settle()
        let moved = PolicyMigration(
            source: TrafficSelector(here), destination: TrafficSelector(there), direction: .outbound,
            steps: [.init(from: (old, east), to: (new, east), mode: .tunnel, reqid: 77)],
            keyManager: .init(local: new, remote: east))
        #expect(hosts.west.plane.takeReports() == [.migrated(moved)])
        try hosts.west.shutdown()
        #expect(try hosts.west.enter { try NetlinkSocket(.xfrm).policies().count } == 1)
    }

    @Test func `the table of sub policies is one of its own`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try hosts.west.enter {
            let netlink = try NetlinkSocket(.xfrm)
            try netlink.send(.flushPolicies())
            var policy = XFRMPolicy(
                XFRMSelector(from: IPPrefix("2001:1::10/128")!, to: IPPrefix("2001:1::1/128")!, ipProtocol: 135),
                .inbound)
            policy.templates = [
                XFRMTemplate(from: .unspecified(.v6), to: .unspecified(.v6), reqid: 1, mode: .transport)
            ]
            try netlink.send(.addPolicy(policy))
            var sub = policy
            sub.table = .sub
            sub.templates[0].ipProtocol = XFRMState.homeAddressOptionProtocol
            (sub.templates[0].mode, sub.templates[0].isOptional) = (.routeOptimization, true)
            try netlink.send(.addPolicy(sub))
            #expect(Set(try netlink.policies().map(\.table)) == [.main, .sub])
            #expect(try netlink.policy(sub.id)?.templates == sub.templates)
            try netlink.send(.deletePolicy(sub.id))
            #expect(try netlink.policies().map(\.table) == [.main])
        }
    }

    @Test func `shutdown takes every policy away, and no more`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try route(hosts)
        let others = XFRMPolicy(
            XFRMSelector(from: IPPrefix("198.51.100.0/24")!, to: IPPrefix("203.0.113.0/24")!), .outbound)
        try hosts.west.enter { try NetlinkSocket(.xfrm).send(.addPolicy(others)) }
        try hosts.west.shutdown()
        #expect(try hosts.west.enter { try NetlinkSocket(.xfrm).policies().map(\.selector) } == [others.selector])
        #expect(throws: DataPlaneError.self) { try route(hosts) }
    }
}

/// Whether the kernel answers to XFRM at all.
private let hasXFRM = (try? DataPlaneXFRM()) != nil
