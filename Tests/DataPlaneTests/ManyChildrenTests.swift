import DataPlane
import DataPlaneUserspace
import IKEModel
import NetAddress
import Netlink
import Testing

/// What a Child SA costs the kernel does not grow with those that are there.
@Suite(.enabled(if: canMakeNamespaces, "needs root, for network namespaces"), .serialized)
struct ManyChildrenTests {
    private func tunnel(_ number: Int) -> TwoHosts.Tunnel {
        var tunnel = TwoHosts.Tunnel()
        tunnel.child = UInt64(number)
        return tunnel
    }

    @Test(arguments: PlaneKind.userspace)
    func `a hundred Child SAs with one peer ask the kernel what one asks, and change its rules once`(
        _ kind: PlaneKind
    ) throws {
        let hosts = try TwoHosts(kind)
        let plane = try #require(hosts.west.plane as? DataPlaneUserspace)
        for number in 1...3 { try hosts.install(tunnel(number), atWest: true) }
        let before = plane.kernelCalls
        for number in 4...100 { try hosts.install(tunnel(number), atWest: true) }
        for number in 1...50 { try hosts.west.apply(.remove(ChildSAID(UInt64(number)))) }
        // The host's own changes, IPv6 addresses that come into use, have all of it asked anew, once for all.
        #expect(plane.kernelCalls.questions <= before.questions + 20)
        #expect(plane.kernelCalls.changes == before.changes)
        #expect(plane.states().count == 100)
        #expect(hosts.west.policies.count == 3, "one policy, for three directions, is listed once")
        for number in 51...100 { try hosts.west.apply(.remove(ChildSAID(UInt64(number)))) }
        #expect(plane.kernelCalls.changes == before.changes + 1, "the last one takes the rules with it")
        #expect(throws: NetlinkError.self, "no rule is left") {
            try hosts.west.netlink.send(.deleteRule(KernelRule(family: .v4, priority: 0, table: 0x5357)))
        }
    }

    @Test(arguments: PlaneKind.userspace)
    func `a change of the host's routes counts for every Child SA from the next change on`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        func mtu() throws -> UInt32? {
            try hosts.west.netlink.path(from: IPAddress("192.0.1.254")!, to: IPAddress("192.0.2.254")!, mark: 0)?.mtu
        }
        try hosts.install(tunnel(1), atWest: true)
        let wide = try #require(try mtu())
        let link = try #require(try hosts.west.netlink.links().first { $0.name == "eth1" })
        try hosts.west.netlink.send(
            .addRoute(KernelRoute(to: IPPrefix("192.1.2.23/32")!, interface: link.index, mtu: 1200)))
        var other = tunnel(2)
        other.eastNet = ["198.18.0.0/24"]
        other.east = "192.1.2.99"
        try hosts.install(other, atWest: true)
        #expect(try mtu() == wide - 300)
    }

    @Test(arguments: PlaneKind.userspace)
    func `of equal policies the newest is used, and what was replaced has its place again`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        func sent(_ child: UInt64) -> UInt64? { hosts.west.plane.counters(of: ChildSAID(child))?.outboundPackets }
        func ping() throws -> Bool { try hosts.ping(from: "192.0.1.254", to: "192.0.2.254") }
        try hosts.install(tunnel(1))
        try hosts.install(tunnel(2))
        #expect(try ping() && sent(1) == 0 && sent(2) == 1)
        for host in [hosts.west, hosts.east] { try host.apply(.remove(ChildSAID(2))) }
        #expect(try ping() && sent(1) == 1)
        var third = tunnel(3)
        third.replaces = 1
        try hosts.install(third)
        #expect(try ping() && sent(1) == 1 && sent(3) == 1)
        for host in [hosts.west, hosts.east] { try host.apply(.remove(ChildSAID(3))) }
        #expect(try ping() && sent(1) == 2)
        for host in [hosts.west, hosts.east] { try host.apply(.remove(ChildSAID(1))) }
        #expect(hosts.west.policies.isEmpty)
    }
}
