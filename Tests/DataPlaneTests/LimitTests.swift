import DataPlane
import DataPlaneUserspace
import IKEModel
import NetAddress
import Testing

/// What a Child SA may carry, and packets that nobody keeps.
@Suite(.serialized, .enabled(if: canMakeNamespaces, "network namespaces need root")) struct LimitTests {
    @Test func `a soft limit is told once, by the packet that finds it reached; a hard one ends the SA`() throws {
        let hosts = try TwoHosts(PlaneKind.userspace[0])
        try hosts.install(TwoHosts.Tunnel(), atWest: false)
        try hosts.install(TwoHosts.Tunnel(), atWest: true) { installation in
            installation.limits.softPackets = 2
            installation.limits.hardPackets = 4
        }
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        var reports: [[DataPlaneReport]] = []
        var texts: [String] = []
        for number in 1...6 {
            hosts.send(sender, "\(number)", to: "192.0.2.254", 7000)
            try hosts.settle()
            reports.append(hosts.west.plane.takeReports())
            while let text = hosts.received(listener) { texts.append(text) }
        }
        let child = ChildSAID(1)
        #expect(
            reports == [[], [], [.expired(child, hard: false)], [], [.expired(child, hard: true)], []])
        #expect(texts == ["1", "2", "3", "4"])
    }

    @Test func `where packets are not kept the one that asks is dropped, and the policy blocks until it is answered`()
        throws
    {
        let hosts = try TwoHosts(PlaneKind.userspace[0])
        let installation = hosts.installation(TwoHosts.Tunnel(), atWest: true)
        var route = RouteInstallation(
            connection: installation.connection, reqid: 1, mode: .tunnel, local: installation.local,
            remote: installation.remote, localSelectors: installation.localSelectors,
            remoteSelectors: installation.remoteSelectors)
        route.keepsPackets = false
        try hosts.west.apply(.route(route))
        #expect(hosts.west.policies.map(\.action) == [.onDemand])
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        hosts.send(sender, "lost", to: "192.0.2.254", 7000)
        try hosts.settle()
        #expect(hosts.west.plane.takeReports().count == 1)
        #expect(hosts.west.policies.map(\.action) == [.block])
        let asked = try hosts.west.enter { hosts.west.plane.acquires() }
        #expect(asked.map(\.packet.destinationPort) == [7000] && asked.map(\.interface) == ["eth1"])
        // Nothing came of it.
        try hosts.west.apply(.route(route))
        #expect(hosts.west.policies.map(\.action) == [.onDemand])
        try hosts.install()
        hosts.send(sender, "sent", to: "192.0.2.254", 7000)
        try hosts.settle()
        #expect(hosts.received(listener) == "sent" && hosts.received(listener) == nil)
    }
}
