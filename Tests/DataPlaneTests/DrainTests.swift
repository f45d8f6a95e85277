import DataPlane
import DataPlaneUserspace
import IKEModel
import LinuxSystem
import NetAddress
import Testing

/// Packets that are here already when their SA goes.
@Suite(.serialized, .enabled(if: canMakeNamespaces, "network namespaces need root")) struct DrainTests {
    @Test(arguments: [false, true])
    func `what waits in the raw socket when an SA is taken away or moved arrives all the same`(_ isMoved: Bool) throws {
        // More than one look at the socket takes.
        let count = 300
        let hosts = try TwoHosts(PlaneKind.userspace[0])
        try hosts.install()
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        let receiver = DatagramReceiver(capacity: 64, slotOctets: 2048)
        for number in 1...count {
            hosts.send(sender, "\(number)", to: "192.0.2.254", 7000)
            try hosts.west.serve(receiver, at: hosts.now)
        }
        // Packets of one link stay in order: behind this one none is on its way any more.
        let behind = try hosts.udpSocket(hosts.east, "192.1.2.23", 7002)
        hosts.send(try hosts.udpSocket(hosts.west, "192.1.2.45", 7003), "last", to: "192.1.2.23", 7002)
        while hosts.received(behind) == nil { try hosts.west.serve(receiver, at: hosts.now) }
        let child = ChildSAID(1)
        #expect(hosts.west.plane.counters(of: child)?.outboundPackets == UInt64(count))
        #expect(hosts.east.plane.counters(of: child)?.inboundPackets == 0)
        let (here, there) = (IPAddress("192.1.2.23")!, IPAddress("192.1.2.45")!)
        try hosts.east.apply(
            isMoved ? .move(ChildMove(child, local: here, remote: there, encapsulation: .none)) : .remove(child))
        #expect(hosts.east.plane.counters(of: child)?.inboundPackets == UInt64(count))
        #expect(hosts.received(listener) == "1")
    }

    @Test func `raw sockets wait for the next Child SA, a few of them`() throws {
        let hosts = try TwoHosts(PlaneKind.userspace[0])
        try hosts.install()
        let child = ChildSAID(1)
        let remote = IPAddress("192.1.2.23")!
        // The port's descriptor, and a socket.
        #expect(hosts.west.plane.descriptors.count == 2)
        for number in 100..<120 {
            try hosts.west.add(["192.1.2.\(number)/24"], to: "eth1")
            let local = IPAddress("192.1.2.\(number)")!
            try hosts.west.apply(.move(ChildMove(child, local: local, remote: remote, encapsulation: .none)))
        }
        #expect((3...9).contains(hosts.west.plane.descriptors.count))
        try hosts.west.apply(.remove(child))
        let kept = hosts.west.plane.descriptors
        try hosts.install(TwoHosts.Tunnel(), atWest: true)
        #expect(Set(kept).isSubset(of: hosts.west.plane.descriptors))
    }
}
