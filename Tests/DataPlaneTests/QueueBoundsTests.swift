import DataPlane
import DataPlaneUserspace
import IKEModel
import LinuxSystem
import NetAddress
import Testing

@Suite(.enabled(if: canMakeNamespaces, "needs root, for network namespaces"), .serialized)
struct QueueBoundsTests {
    @Test func `what the stack sends faster than it is taken is dropped, counted, and no end`() throws {
        let hosts = try TwoHosts(PlaneKind.userspace[0])
        try hosts.install()
        let plane = hosts.west.plane as! DataPlaneUserspace
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 9000)
        let text = String(repeating: "x", count: 1400)
        // The port's buffer has 16 MiB, of which the kernel counts more than 2 KiB for each of these.
        let sent = 20_000
        for _ in 0..<sent { hosts.send(sender, text, to: "192.0.2.254", 9000) }
        let overrun = plane.dropped.overrun
        #expect(overrun > 0)
        try hosts.settle()
        var counted: UInt64 = 0
        try hosts.run {
            counted = plane.counters(of: ChildSAID(1))!.outboundPackets
            return counted + overrun >= sent
        }
        #expect(counted + plane.dropped.overrun == sent)
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
    }
}
