import Glibc
import LinuxSystem
import NetAddress
import Netlink
import Testing

@Suite(.serialized) struct NetlinkTests {
    /// Runs in a network namespace of its own, as root of a user namespace.
    func inEmptyNetwork(_ body: (_ socket: NetlinkSocket, _ say: @escaping (String) -> Void) throws -> Void) throws
        -> String
    {
        try SandboxProbe.run(as: .nobody) { say in try body(try NetlinkSocket(), say) }.text
    }

    @Test func `links, addresses and routes are listed as they were made`() throws {
        let text = try inEmptyNetwork { socket, say in
            try socket.send([
                .createVeth(
                    VethEnd(name: "left", index: 50, mac: MACAddress("12:00:00:00:00:01"), mtu: 1400, isUp: true),
                    peer: VethEnd(name: "right", index: 51, mac: MACAddress("12:00:00:00:00:02"))),
                .setUp("right"), .setUp("lo"),
                .addAddress(IPPrefix("192.0.2.1/24")!, interface: 50),
                .addAddress(IPPrefix("2001:db8::1/64")!, interface: 50),
                .addRoute(KernelRoute(to: IPPrefix("198.51.100.0/24")!, via: IPAddress("192.0.2.2")!)),
                .addRoute(
                    KernelRoute(
                        to: IPPrefix("0.0.0.0/0")!, interface: 50, table: 1234, source: IPAddress("192.0.2.1")!)),
                .addRoute(KernelRoute(to: IPPrefix("2001:db8:1::/48")!, via: IPAddress("2001:db8::2")!, metric: 7)),
            ])
            for link in try socket.links() where link.index >= 50 {
                say("\(link.index) \(link.name) \(link.mac!) \(link.mtu) \(link.isUp) \(link.kind!)\n")
            }
            let tentative = try socket.addresses().filter { $0.interface == 50 && $0.prefix.family == .v6 }
            say("\(tentative.filter { $0.isTentative && $0.prefix.description == "2001:db8::1/64" }.count) tentative\n")
            for route in try socket.routes() where route.routeProtocol == 4 {
                say("\(route) metric \(route.metric ?? 0)\n")
            }
            try socket.send(.deleteRoute(KernelRoute(to: IPPrefix("198.51.100.0/24")!)))
            try socket.send(.setLink("left", mtu: 1300, newName: nil))
            try socket.send(.deleteLink("right"))
            say("\(try socket.links().count) link\n")
        }
        #expect(
            text == """
                50 left 12:00:00:00:00:01 1400 true veth
                51 right 12:00:00:00:00:02 1500 true veth
                0 tentative
                0.0.0.0/0 interface 50 table 1234 src 192.0.2.1 metric 0
                198.51.100.0/24 via 192.0.2.2 interface 50 metric 0
                2001:db8:1::/48 via 2001:db8::2 interface 50 metric 7
                1 link

                """)
    }

    @Test func `rules decide which table a packet asks`() throws {
        let text = try inEmptyNetwork { socket, say in
            func show() throws {
                let pipe = try FileDescriptor.pipe()
                let command = Command(
                    ["sh", "-c", "ip rule; ip -6 rule"], environment: [:],
                    descriptors: [0, pipe.write.rawValue, pipe.write.rawValue])
                let process = try command.start()
                pipe.write.close()
                for line in String(decoding: try pipe.read.readToEnd(), as: UTF8.self).split(separator: "\n")
                where line.contains("123") { say(line.filter { $0 != "\t" } + "\n") }
                try process.wait()
            }
            let rules = [
                KernelRule(family: .v4, priority: 100, mark: 0x10, markMask: 0xff, table: 1234, isInverted: true),
                KernelRule(
                    family: .v4, priority: 101, from: IPPrefix("192.0.1.0/24"), to: IPPrefix("192.0.2.0/24"),
                    ipProtocol: 17, table: 123),
                KernelRule(
                    family: .v6, priority: 102, to: IPPrefix("2001:db8::/32"), inputInterface: "lo", table: 1235),
            ]
            try socket.send(rules.map { .addRule($0) })
            try show()
            try socket.send(rules.map { .deleteRule($0) })
            try show()
        }
        #expect(
            text == """
                100:not from all fwmark 0x10/0xff lookup 1234
                101:from 192.0.1.0/24 to 192.0.2.0/24 ipproto udp lookup 123
                102:from all to 2001:db8::/32 iif lo lookup 1235

                """)
    }

    @Test func `a refused request is reported in words, and those behind it are carried out`() throws {
        let text = try inEmptyNetwork { socket, say in
            do {
                try socket.send([
                    .addRoute(KernelRoute(to: IPPrefix("198.51.100.0/24")!, via: IPAddress("192.0.2.2")!)),
                    .setUp("lo"),
                ])
            } catch { say("\(error)\n") }
            say("\(try socket.links()[0].isUp)\n")
        }
        #expect(
            text == """
                add route 198.51.100.0/24 via 192.0.2.2: Network is unreachable (errno 101), kernel: Nexthop has invalid gateway
                true

                """)
    }

    @Test func `more requests than a batch holds all arrive`() throws {
        let text = try inEmptyNetwork { socket, say in
            let all = (1...300).map { IPPrefix("10.\($0 / 256).\($0 % 256).1/24")! }
            try socket.send([.setUp("lo")] + all.map { .addAddress($0, interface: 1) })
            let found = Set(try socket.addresses().map(\.prefix))
            say("\(all.filter { found.contains($0) }.count)")
        }
        #expect(text == "300")
    }
}
