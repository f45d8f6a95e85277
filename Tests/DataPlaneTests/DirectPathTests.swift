import DataPlaneUserspace
import Glibc
import LinuxSystem
import NetAddress
import Netlink
import Testing

/// Bulk of raw ESP, which leaves without the kernel's IP output, beside few packets, which leave by the raw socket.
@Suite(.enabled(if: canMakeNamespaces, "needs root, for network namespaces"), .serialized)
struct DirectPathTests {
    /// Two hosts with a tunnel and a UDP socket at each end of it.
    private final class Bench {
        let hosts: TwoHosts
        let sender: FileDescriptor
        let receiver: FileDescriptor
        var direct: UInt64 { (hosts.west.plane as! DataPlaneUserspace).sentDirectly }

        init(outer: (String, String) = ("192.1.2.45", "192.1.2.23")) throws {
            hosts = try TwoHosts(PlaneKind.userspace[0])
            var tunnel = TwoHosts.Tunnel()
            (tunnel.west, tunnel.east) = outer
            try hosts.install(tunnel)
            sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 9000)
            receiver = try hosts.udpSocket(hosts.east, "192.0.2.254", 9000)
            #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
            _ = try hosts.seen()
        }

        /// Sends so many packets at once; what passed the link, and how many arrived of them in time.
        func burst(_ count: Int, octets: Int = 900, expected: Int? = nil) throws -> (
            seen: [TwoHosts.Seen], arrived: Int
        ) {
            let text = String(repeating: "x", count: octets)
            for _ in 0..<count { #expect(hosts.send(sender, text, to: "192.0.2.254", 9000)) }
            var arrived = 0
            try hosts.run(within: .seconds(expected == 0 ? 0.2 : 20)) {
                while let received = hosts.received(receiver) { arrived += received == text ? 1 : 0 }
                return arrived >= expected ?? count && expected != 0
            }
            return (try hosts.seen(), arrived)
        }

        /// Bursts until one has left directly; on a busy machine the kernel's answer may be too old for the next one.
        @discardableResult
        func directBurst(octets: Int = 900) throws -> (seen: [TwoHosts.Seen], arrived: Int) {
            let before = direct
            for _ in 0..<100 {
                let result = try burst(20, octets: octets)
                if direct > before { return result }
            }
            return ([], 0)
        }

        /// Waits until what the data plane knew of its path is too old.
        func forget() { MonotonicClock.sleep(.milliseconds(110)) }
    }

    @Test(arguments: [("192.1.2.45", "192.1.2.23"), ("2001:db8:1:2::45", "2001:db8:1:2::23")])
    func `what leaves directly looks as what the kernel sends`(_ west: String, _ east: String) throws {
        let bench = try Bench(outer: (west, east))
        // AF11, so that the header's traffic class is worth a comparison.
        var service: Int32 = 0x28
        try checked(setsockopt(bench.sender.rawValue, Int32(IPPROTO_IP), IP_TOS, &service, 4), "IP_TOS")
        let first = try bench.burst(20)
        #expect(bench.direct == 0, "the first great batch asks the kernel")
        let second = try bench.directBurst()
        #expect(bench.direct == 20)
        #expect(first.arrived == 20 && second.arrived == 20)
        let all = first.seen + second.seen
        try #require(all.count == 40)
        #expect(all.allSatisfy { $0.ipProtocol == 50 && $0.source == IPAddress(west)! })
        #expect(Set(all.map(\.octets.count)).count == 1)
        func header(_ packet: TwoHosts.Seen) -> [UInt8] {
            var octets = packet.octets
            if packet.source.family == .v4 {
                // Identification and checksum are each packet's own.
                octets.replaceSubrange(4..<6, with: [0, 0])
                octets.replaceSubrange(10..<12, with: [0, 0])
                return Array(octets[..<20])
            }
            // The kernel makes up a flow label.
            octets[1] &= 0xf0
            octets.replaceSubrange(2..<4, with: [0, 0])
            return Array(octets[..<40])
        }
        #expect(Set(all.map(header)).count == 1)
        if first.seen[0].source.family == .v4 {
            #expect(all.allSatisfy { $0.octets[1] == 0x28 && $0.octets[8] == 64 })
            #expect(Set(second.seen.map { [$0.octets[4], $0.octets[5]] }).count == 20)
            for packet in all {
                let sum = stride(from: 0, to: 20, by: 2).reduce(UInt32(0)) {
                    $0 + UInt32(packet.octets[$1]) << 8 + UInt32(packet.octets[$1 + 1])
                }
                #expect((sum & 0xffff) + sum >> 16 == 0xffff)
            }
        }
    }

    @Test func `a few packets leave by the raw socket, and the kernel is asked again in time`() throws {
        let bench = try Bench()
        _ = try bench.burst(20)
        #expect(try bench.burst(4).arrived == 4)
        #expect(bench.direct == 0)
        try bench.directBurst()
        #expect(bench.direct == 20)
        bench.forget()
        #expect(try bench.burst(20).arrived == 20)
        #expect(bench.direct == 20)
    }

    @Test func `where a route refuses, nothing goes around it`() throws {
        let bench = try Bench()
        try bench.directBurst()
        #expect(bench.direct == 20)
        let refusal = KernelRoute(to: IPPrefix("192.1.2.23/32")!, kind: .unreachable)
        try bench.hosts.west.netlink.send(.addRoute(refusal))
        bench.forget()
        for _ in 0..<2 {
            let after = try bench.burst(20, expected: 0)
            #expect(after.seen.isEmpty && after.arrived == 0)
        }
        #expect(bench.direct == 20)
        try bench.hosts.west.netlink.send(.deleteRoute(refusal))
        bench.forget()
        #expect(try bench.directBurst().arrived == 20)
        #expect(bench.direct == 40)
    }

    @Test func `packets that are too long for the interface leave in fragments`() throws {
        let bench = try Bench()
        try bench.directBurst(octets: 1300)
        #expect(bench.direct == 20)
        try bench.hosts.west.netlink.send(.setMTU("eth1", 1280))
        bench.forget()
        for _ in 0..<2 {
            let after = try bench.burst(20, octets: 1300)
            #expect(after.arrived == 20)
            #expect(after.seen.allSatisfy { $0.octets.count <= 1280 } && after.seen.count > 20)
        }
        #expect(bench.direct == 20)
    }

    @Test(.enabled(if: ["/usr/sbin/nft", "/sbin/nft"].contains(where: FileSystem.isExecutable), "needs nft"))
    func `where there is a packet filter all pass it`() throws {
        let bench = try Bench()
        try bench.directBurst()
        #expect(bench.direct == 20)
        func nft(_ words: String) throws {
            let status = try bench.hosts.west.enter {
                try Command(
                    ["nft"] + words.split(separator: " ").map(String.init),
                    environment: ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"]
                ).start().wait()
            }
            #expect(status == .exited(0), "nft \(words)")
        }
        try nft("add table inet t")
        try nft("add chain inet t out { type filter hook output priority 0 ; }")
        try nft("add rule inet t out meta l4proto 50 counter accept")
        bench.forget()
        for _ in 0..<2 { #expect(try bench.burst(20).arrived == 20) }
        #expect(bench.direct == 20)
        try nft("delete table inet t")
        bench.forget()
        #expect(try bench.directBurst().arrived == 20)
        #expect(bench.direct == 40)
    }
}
