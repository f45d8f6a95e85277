import CLinux
import DataPlane
import DataPlaneUserspace
import Glibc
import IKECrypto
import IKEModel
import LinuxSystem
import NetAddress
import Netlink
import Testing

/// What every data plane owes to the engine, tried between two network namespaces with real packets.
@Suite(.enabled(if: canMakeNamespaces, "needs root, for network namespaces"), .serialized)
struct DataPlaneContractTests {
    private static let one = ChildSAID(1)

    /// Whether a packet on the link is one of the tunnel's: ESP, or UDP from port 4500.
    private func isESP(_ packet: TwoHosts.Seen) -> Bool {
        packet.ipProtocol == 50
            || (packet.ipProtocol == 17 && packet.payload.prefix(4).elementsEqual([0x11, 0x94, 0x11, 0x94]))
    }

    @Test(arguments: PlaneKind.all)
    func `a ping crosses, 84 octets are counted at each end, and the link sees ESP alone`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        _ = try hosts.seen()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        for host in [hosts.west, hosts.east] {
            let counters = try #require(host.plane.counters(of: Self.one))
            #expect(counters.inboundOctets == 84 && counters.inboundPackets == 1)
            #expect(counters.outboundOctets == 84 && counters.outboundPackets == 1)
            #expect(counters.replays + counters.integrityFailures + counters.policyFailures == 0)
        }
        let seen = try hosts.seen()
        #expect(seen.count == 1 && seen.allSatisfy(isESP))
        #expect(!seen[0].octets.contains(sequence: [0x12, 0x34, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7]))
    }

    @Test(arguments: PlaneKind.all)
    func `three million octets of TCP arrive as they were sent, and nothing of them is seen in clear`(
        _ kind: PlaneKind
    ) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        _ = try hosts.seen()
        let octets = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let arrived = try hosts.transfer(octets, from: "192.0.1.254", to: "192.0.2.254")
        #expect(arrived == octets)
        let seen = try hosts.seen()
        #expect(seen.allSatisfy(isESP))
        let longest = seen.map(\.octets.count).max() ?? 0
        #expect(longest <= 1500 && longest > 1400, "segments fill the link's MTU and keep to it")
    }

    @Test(arguments: PlaneKind.all)
    func `every pair of families, inside and outside, carries ping and TCP`(_ kind: PlaneKind) throws {
        let v4 = ("192.1.2.45", "192.1.2.23")
        let v6 = ("2001:db8:1:2::45", "2001:db8:1:2::23")
        for outer in [v4, v6] {
            for inner in [AddressFamily.v4, .v6] {
                let hosts = try TwoHosts(kind)
                var tunnel = TwoHosts.Tunnel()
                (tunnel.west, tunnel.east) = outer
                if inner == .v6 { (tunnel.westNet, tunnel.eastNet) = (["2001:db8:0:1::/64"], ["2001:db8:0:2::/64"]) }
                try hosts.install(tunnel)
                let from = inner == .v4 ? "192.0.1.254" : "2001:db8:0:1::254"
                let to = inner == .v4 ? "192.0.2.254" : "2001:db8:0:2::254"
                #expect(try hosts.ping(from: from, to: to), "\(inner) in \(outer)")
                let counted = hosts.east.plane.counters(of: Self.one)?.inboundOctets
                #expect(counted == (inner == .v4 ? 84 : 104), "\(inner) in \(outer)")
                _ = try hosts.seen()
                let octets = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
                #expect(try hosts.transfer(octets, from: from, to: to) == octets, "\(inner) in \(outer)")
                #expect(try hosts.seen().allSatisfy { isESP($0) && $0.octets.count <= 1500 }, "\(inner) in \(outer)")
            }
        }
    }

    @Test(arguments: PlaneKind.all)
    func `other suites carry packets too`(_ kind: PlaneKind) throws {
        let suites: [ESPSuite] = [
            ESPSuite(cipher: CipherChoice(.aesGCM16, keyBits: 128), integrity: .none, extendedSequenceNumbers: false),
            ESPSuite(
                cipher: CipherChoice(.aesCBC, keyBits: 256), integrity: .hmacSHA2_256_128, extendedSequenceNumbers: true
            ),
            ESPSuite(
                cipher: CipherChoice(.aesCBC, keyBits: 128), integrity: .hmacSHA1_96, extendedSequenceNumbers: false),
        ]
        for suite in suites {
            let hosts = try TwoHosts(kind)
            var tunnel = TwoHosts.Tunnel()
            tunnel.suite = suite
            try hosts.install(tunnel)
            #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"), "\(suite)")
        }
    }

    @Test(arguments: PlaneKind.all)
    func `a wrong octet in a key lets nothing through, and is counted`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install(TwoHosts.Tunnel(), atWest: true)
        try hosts.install(TwoHosts.Tunnel(), atWest: false) { installation in
            var key = installation.inbound.encryptionKey.exposed
            key[5] ^= 1
            installation.inbound.encryptionKey = SecretBytes(key)
        }
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        for _ in 0..<3 { #expect(hosts.send(sender, "secret", to: "192.0.2.254", 7000)) }
        try hosts.run { hosts.east.plane.counters(of: Self.one)!.integrityFailures == 3 }
        try hosts.settle()
        #expect(hosts.received(listener) == nil)
        let counters = try #require(hosts.east.plane.counters(of: Self.one))
        #expect(counters.integrityFailures == 3 && counters.inboundPackets == 0 && counters.inboundOctets == 0)
    }

    @Test(arguments: PlaneKind.all)
    func `a packet that comes twice is taken once`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        _ = try hosts.seen()
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        #expect(hosts.send(sender, "once", to: "192.0.2.254", 7000))
        var text: String?
        #expect(
            try hosts.run {
                text = hosts.received(listener)
                return text != nil
            })
        let packet = try #require(try hosts.seen().first)
        // The recorded packet again, from west's own address: by a raw socket, or from port 4500.
        let to = DatagramAddress(Endpoint(IPAddress("192.1.2.23")!, port: kind.isEncapsulated ? 4500 : 0))
        let raw =
            try hosts.west.udp[IPAddress("192.1.2.45")!]
            ?? hosts.west.enter { FileDescriptor(owning: socket(AF_INET, Int32(SOCK_RAW.rawValue), 50)) }
        let payload = kind.isEncapsulated ? Array(packet.payload.dropFirst(8)) : packet.payload
        for _ in 0..<2 {
            #expect(to.withPointer { sendto(raw.rawValue, payload, payload.count, 0, $0, $1) } == payload.count)
        }
        try hosts.run { hosts.east.plane.counters(of: Self.one)!.replays == 2 }
        try hosts.settle()
        #expect(hosts.received(listener) == nil)
        let counters = try #require(hosts.east.plane.counters(of: Self.one))
        #expect(counters.replays == 2 && counters.inboundPackets == 1)
        let state = try #require(hosts.east.plane.states().first { $0.isInbound })
        #expect(state.sequence == 1 && state.replayBitmap == [1, 0, 0, 0] && state.lastUsedSeconds != nil)
    }

    @Test(arguments: PlaneKind.all)
    func `an inner packet outside of the receiver's selectors is refused`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install(TwoHosts.Tunnel(), atWest: true)
        try hosts.install(TwoHosts.Tunnel(), atWest: false) { installation in
            installation.remoteSelectors = [TrafficSelector(IPPrefix("192.0.1.254/32")!)]
        }
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.1", 7001)
        #expect(hosts.send(sender, "not yours", to: "192.0.2.254", 7000))
        #expect(try hosts.run { try hosts.east.policyFailures(Self.one) == 1 })
        try hosts.settle()
        #expect(hosts.received(listener) == nil)
    }

    /// The kernel looks at each packet whole, and one that no policy names is none of its business (`KernelPlaneTests`).
    @Test(arguments: PlaneKind.userspace)
    func `a packet that no Child SA's selectors hold is never sent in clear`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        // Of ICMP only the timestamp request (type 13) may pass: routing can't tell it from echo, the data plane must.
        try hosts.install(TwoHosts.Tunnel(), atWest: true) { installation in
            installation.localSelectors[0].ipProtocol = 1
            installation.localSelectors[0].startPort = 13 << 8
            installation.localSelectors[0].endPort = 13 << 8
        }
        _ = try hosts.seen()
        #expect(try !hosts.ping(from: "192.0.1.254", to: "192.0.2.254", within: .milliseconds(200)))
        #expect(try hosts.seen() == [])
        #expect(hosts.west.plane.counters(of: Self.one)?.outboundPackets == 0)
    }

    @Test(arguments: PlaneKind.all)
    func `all addresses as selectors leave the tunnel's own packets alone`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        var tunnel = TwoHosts.Tunnel()
        (tunnel.westNet, tunnel.eastNet) = (["0.0.0.0/0"], ["0.0.0.0/0"])
        try hosts.install(tunnel)
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        #expect(try hosts.ping(from: "192.1.2.45", to: "192.1.2.23"))
        #expect(hosts.east.plane.counters(of: Self.one)?.inboundOctets == 168)
    }

    @Test(arguments: PlaneKind.all)
    func `all of IPv6 as selectors, and the neighbour is found nonetheless, as the listing promises`(
        _ kind: PlaneKind
    ) throws {
        let hosts = try TwoHosts(kind)
        var tunnel = TwoHosts.Tunnel()
        (tunnel.west, tunnel.east) = ("2001:db8:1:2::45", "2001:db8:1:2::23")
        (tunnel.westNet, tunnel.eastNet) = (["::/0"], ["::/0"])
        try hosts.install(tunnel)
        let bypasses = hosts.west.plane.policies().filter { $0.action == .bypass }
        #expect(bypasses.map { $0.source.startPort >> 8 } == [135, 135, 135, 136, 136, 136])
        #expect(bypasses.allSatisfy { $0.source.ipProtocol == 58 })
        _ = try hosts.seen()
        #expect(try hosts.ping(from: "2001:db8:1:2::45", to: "2001:db8:1:2::23"))
        #expect(hosts.east.plane.counters(of: Self.one)?.inboundPackets == 1)
        // Nothing but ESP and the two kinds of message that the listing exempts.
        #expect(try hosts.seen().allSatisfy(isESP))
    }

    @Test(arguments: PlaneKind.all)
    func `a source address is the host's as long as the Child SA is`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        var tunnel = TwoHosts.Tunnel()
        tunnel.westNet = ["192.0.3.0/24"]
        tunnel.westSources = ["192.0.3.254"]
        try hosts.install(tunnel)
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "0.0.0.0", 7001)
        #expect(hosts.send(sender, "unbound", to: "192.0.2.254", 7000))
        var text: String?
        #expect(
            try hosts.run {
                text = hosts.received(listener)
                return text != nil
            })
        #expect(try hosts.ping(from: "192.0.3.254", to: "192.0.2.254"))
        func hasAddress() throws -> Bool {
            try hosts.west.netlink.addresses().contains { $0.prefix.address == IPAddress("192.0.3.254") }
        }
        #expect(try hasAddress())
        try hosts.west.apply(.remove(Self.one))
        #expect(try !hasAddress())
    }

    @Test(arguments: PlaneKind.all)
    func `a socket without a source address uses the tunnel between two hosts`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        var tunnel = TwoHosts.Tunnel()
        (tunnel.westNet, tunnel.eastNet) = (["192.1.2.45/32"], ["192.1.2.23/32"])
        try hosts.install(tunnel)
        _ = try hosts.seen()
        let listener = try hosts.udpSocket(hosts.east, "192.1.2.23", 7000)
        let sender = try hosts.udpSocket(hosts.west, "0.0.0.0", 7001)
        #expect(hosts.send(sender, "unbound", to: "192.1.2.23", 7000))
        var text: String?
        #expect(
            try hosts.run {
                text = hosts.received(listener)
                return text != nil
            })
        #expect(text == "unbound")
        #expect(try hosts.seen().allSatisfy(isESP))
    }

    @Test(arguments: PlaneKind.all)
    func `the same for IPv6`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        var tunnel = TwoHosts.Tunnel()
        (tunnel.west, tunnel.east) = ("2001:db8:1:2::45", "2001:db8:1:2::23")
        (tunnel.westNet, tunnel.eastNet) = (["2001:db8:1:2::45/128"], ["2001:db8:1:2::23/128"])
        try hosts.install(tunnel)
        _ = try hosts.seen()
        let listener = try hosts.udpSocket(hosts.east, "2001:db8:1:2::23", 7000)
        let sender = try hosts.udpSocket(hosts.west, "::", 7001)
        #expect(hosts.send(sender, "unbound", to: "2001:db8:1:2::23", 7000))
        var text: String?
        #expect(
            try hosts.run {
                text = hosts.received(listener)
                return text != nil
            })
        #expect(try hosts.seen().allSatisfy(isESP))
    }

    @Test(arguments: PlaneKind.all)
    func `transport mode carries what is behind the header, 64 octets of a ping`(_ kind: PlaneKind) throws {
        for (west, east, length) in [
            ("192.1.2.45", "192.1.2.23", "/32"), ("2001:db8:1:2::45", "2001:db8:1:2::23", "/128"),
        ] {
            let hosts = try TwoHosts(kind)
            var tunnel = TwoHosts.Tunnel()
            tunnel.mode = .transport
            (tunnel.west, tunnel.east) = (west, east)
            (tunnel.westNet, tunnel.eastNet) = ([west + length], [east + length])
            try hosts.install(tunnel)
            _ = try hosts.seen()
            #expect(try hosts.ping(from: west, to: east), "\(west)")
            #expect(hosts.east.plane.counters(of: Self.one)?.inboundOctets == 64)
            let octets = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 5) }
            #expect(try hosts.transfer(octets, from: west, to: east) == octets, "\(west)")
            #expect(try hosts.seen().allSatisfy { isESP($0) && $0.octets.count <= 1500 }, "\(west)")
        }
    }

    @Test(arguments: PlaneKind.all)
    func `a replacement is used at once and the replaced SA still receives until it is removed`(_ kind: PlaneKind)
        throws
    {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        var second = TwoHosts.Tunnel()
        second.child = 2
        second.replaces = 1
        // West has rekeyed, east has both and still sends by the old one.
        try hosts.install(second, atWest: true)
        try hosts.install(second, atWest: false) { $0.replaces = nil }
        // East's newest takes its outbound place too, so the old way back is tried by removing nothing: it stays
        // inbound.
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        #expect(hosts.west.plane.counters(of: ChildSAID(2))?.outboundPackets == 1)
        #expect(hosts.west.plane.counters(of: Self.one)?.outboundPackets == 0)
        try hosts.east.apply(.remove(ChildSAID(2)))
        // Now east sends by the old SA, which west replaced but did not remove.
        let listener = try hosts.udpSocket(hosts.west, "192.0.1.254", 7000)
        let sender = try hosts.udpSocket(hosts.east, "192.0.2.254", 7001)
        #expect(hosts.send(sender, "by the old one", to: "192.0.1.254", 7000))
        var text: String?
        #expect(
            try hosts.run {
                text = hosts.received(listener)
                return text != nil
            })
        #expect(hosts.west.plane.counters(of: Self.one)?.inboundPackets == 1)
        try hosts.west.apply(.remove(Self.one))
        #expect(hosts.send(sender, "too late", to: "192.0.1.254", 7000))
        try hosts.settle()
        #expect(hosts.received(listener) == nil)
        #expect(hosts.west.plane.states().count == 2)
    }

    @Test(arguments: PlaneKind.all)
    func `a routed connection holds packets, asks once, and sends them when the Child SA is there`(_ kind: PlaneKind)
        throws
    {
        let hosts = try TwoHosts(kind)
        let installation = hosts.installation(TwoHosts.Tunnel(), atWest: true)
        try hosts.west.apply(
            .route(
                RouteInstallation(
                    connection: installation.connection, reqid: installation.reqid, mode: .tunnel,
                    local: installation.local, remote: installation.remote,
                    localSelectors: installation.localSelectors, remoteSelectors: installation.remoteSelectors)))
        let policy = try #require(hosts.west.policies.first)
        #expect(hosts.west.policies.count == 1 && policy.direction == .outbound)
        #expect(policy.templateSource.isUnspecified && policy.templateDestination.isUnspecified)
        _ = try hosts.seen()
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        if kind.isKernel { try hosts.west.setKernelAcquireLifetime(seconds: 1) }
        for number in 1...20 { #expect(hosts.send(sender, "\(number)", to: "192.0.2.254", 7000)) }
        try hosts.settle()
        #expect(try hosts.seen() == [])
        #expect(
            hosts.west.plane.takeReports() == [
                .acquire(
                    installation.connection,
                    AcquiringPacket(
                        source: IPAddress("192.0.1.254")!, destination: IPAddress("192.0.2.254")!, ipProtocol: 17,
                        sourcePort: 7001, destinationPort: 7000))
            ])
        #expect(hosts.west.plane.takeReports() == [])
        // Nobody answered: after 30 s, of the kernel's own time after as long as it was told, the next packet asks again.
        if kind.isKernel { MonotonicClock.sleep(.milliseconds(1500)) }
        hosts.now = hosts.now + .seconds(31)
        hosts.send(sender, "21", to: "192.0.2.254", 7000)
        var again: [DataPlaneReport] = []
        try hosts.run {
            again += hosts.west.plane.takeReports()
            return !again.isEmpty
        }
        #expect(again.count == 1)
        try hosts.install(TwoHosts.Tunnel(), atWest: false)
        try hosts.install(TwoHosts.Tunnel(), atWest: true)
        // The newest 16 of the 21 were kept, in order. The kernel keeps none (net.core.xfrm_larval_drop).
        var expected = (6...21).map { "\($0)" }
        if kind.isKernel {
            expected = ["22"]
            #expect(hosts.send(sender, "22", to: "192.0.2.254", 7000))
        } else {
            #expect((hosts.west.plane as? DataPlaneUserspace)?.dropped.held == 5)
        }
        var texts: [String] = []
        try hosts.run {
            while let text = hosts.received(listener) { texts.append(text) }
            return texts.count >= expected.count
        }
        #expect(texts == expected)
        try hosts.west.apply(.remove(Self.one))
        #expect(hosts.west.policies == [policy], "the trap is there again")
        try hosts.west.apply(.unroute(installation.connection))
        #expect(hosts.west.policies == [])
    }

    @Test(arguments: PlaneKind.all)
    func `policies and states are listed as libreswan's transcripts list the kernel's`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        func lines(_ host: TestHost) -> [String] {
            host.policies.map {
                "\($0.source) \($0.destination) \($0.direction) \($0.templateSource) \($0.templateDestination)"
            }
        }
        #expect(
            lines(hosts.west) == [
                "192.0.1.0/24 192.0.2.0/24 outbound 192.1.2.45 192.1.2.23",
                "192.0.2.0/24 192.0.1.0/24 forward 192.1.2.23 192.1.2.45",
                "192.0.2.0/24 192.0.1.0/24 inbound 192.1.2.23 192.1.2.45",
            ])
        #expect(
            lines(hosts.east) == [
                "192.0.1.0/24 192.0.2.0/24 forward 192.1.2.45 192.1.2.23",
                "192.0.1.0/24 192.0.2.0/24 inbound 192.1.2.45 192.1.2.23",
                "192.0.2.0/24 192.0.1.0/24 outbound 192.1.2.23 192.1.2.45",
            ])
        #expect(hosts.west.plane.states().map(\.isInbound) == [false, true])
        #expect(hosts.west.plane.states().allSatisfy { $0.sequence == 0 && $0.lastUsedSeconds == nil })
    }

    @Test(arguments: PlaneKind.all)
    func `removing keeps the last counters until the next change, and leaves no policy`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        try hosts.west.apply(.remove(Self.one))
        #expect(hosts.west.plane.counters(of: Self.one)?.outboundOctets == 84)
        #expect(hosts.west.plane.states().isEmpty && hosts.west.policies.isEmpty)
        #expect(throws: DataPlaneError.self) { try hosts.west.apply(.remove(Self.one)) }
        #expect(hosts.west.plane.counters(of: Self.one) == nil)
    }

    @Test(arguments: PlaneKind.all)
    func `the ends of an SA may move`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        try hosts.west.add(["192.1.2.46/24"], to: "eth1")
        let (moved, east) = (IPAddress("192.1.2.46")!, IPAddress("192.1.2.23")!)
        let encapsulation = hosts.west.plane.states()[0].installation.encapsulation
        if kind.isEncapsulated { try hosts.west.openUDP(moved) }
        try hosts.west.apply(.move(ChildMove(Self.one, local: moved, remote: east, encapsulation: encapsulation)))
        try hosts.east.apply(.move(ChildMove(Self.one, local: east, remote: moved, encapsulation: encapsulation)))
        _ = try hosts.seen()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        #expect(try hosts.seen().allSatisfy { $0.source == moved })
        #expect(hosts.west.plane.counters(of: Self.one)?.inboundOctets == 168)
    }

    @Test(arguments: PlaneKind.all)
    func `the ends of transport mode move with their selectors`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        var tunnel = TwoHosts.Tunnel()
        tunnel.mode = .transport
        (tunnel.west, tunnel.east) = ("192.1.2.45", "192.1.2.23")
        (tunnel.westNet, tunnel.eastNet) = (["192.1.2.45/32"], ["192.1.2.23/32"])
        try hosts.install(tunnel)
        #expect(try hosts.ping(from: "192.1.2.45", to: "192.1.2.23"))
        try hosts.west.add(["192.1.2.46/24"], to: "eth1")
        let (moved, east) = (IPAddress("192.1.2.46")!, IPAddress("192.1.2.23")!)
        let encapsulation = hosts.west.plane.states()[0].installation.encapsulation
        if kind.isEncapsulated { try hosts.west.openUDP(moved) }
        let (here, there) = ([TrafficSelector(IPPrefix(host: moved))], [TrafficSelector(IPPrefix(host: east))])
        try hosts.west.apply(
            .move(
                ChildMove(
                    Self.one, local: moved, remote: east, encapsulation: encapsulation,
                    selectors: .init(local: here, remote: there))))
        try hosts.east.apply(
            .move(
                ChildMove(
                    Self.one, local: east, remote: moved, encapsulation: encapsulation,
                    selectors: .init(local: there, remote: here))))
        _ = try hosts.seen()
        #expect(try hosts.ping(from: "192.1.2.46", to: "192.1.2.23"))
        #expect(try hosts.seen().allSatisfy { isESP($0) && $0.source == moved })
        #expect(hosts.west.plane.counters(of: Self.one)?.inboundOctets == 128)
        // The old policies went.
        #expect(Set(hosts.west.policies.map(\.source)) == Set(here + there))
        try hosts.west.apply(.remove(Self.one))
        #expect(hosts.west.policies.isEmpty)
    }

    @Test(arguments: PlaneKind.all.filter(\.isEncapsulated))
    func `a genuine packet from another port is reported as the peer's new place, once`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        try hosts.install()
        _ = try hosts.seen()
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        hosts.send(sender, "one", to: "192.0.2.254", 7000)
        try hosts.run { hosts.east.plane.counters(of: Self.one)!.inboundPackets == 1 }
        let packet = try #require(try hosts.seen().first)
        // East's window forgets nothing: a replayed packet is not genuine and must not move anything.
        let payload = Array(packet.payload.dropFirst(8))
        let elsewhere = try hosts.udpSocket(hosts.west, "192.1.2.45", 4501)
        let to = DatagramAddress(Endpoint(IPAddress("192.1.2.23")!, port: 4500))
        _ = to.withPointer { sendto(elsewhere.rawValue, payload, payload.count, 0, $0, $1) }
        try hosts.run { hosts.east.plane.counters(of: Self.one)!.replays == 1 }
        #expect(hosts.east.plane.takeReports() == [])
        // A NAT that forgot: west's next packets come from port 4501.
        try hosts.west.apply(
            .move(
                ChildMove(
                    Self.one, local: IPAddress("192.1.2.45")!, remote: IPAddress("192.1.2.23")!,
                    encapsulation: .udp(localPort: 4500, remotePort: 4599))))
        hosts.send(sender, "two", to: "192.0.2.254", 7000)
        // It goes to a port where nobody listens; only the link sees it.
        let second = try #require(try hosts.seen(atLeast: 1).last { $0.ipProtocol == 17 })
        let fresh = Array(second.payload.dropFirst(8))
        for _ in 0..<2 { _ = to.withPointer { sendto(elsewhere.rawValue, fresh, fresh.count, 0, $0, $1) } }
        try hosts.run { hosts.east.plane.counters(of: Self.one)!.replays == 2 }
        #expect(
            hosts.east.plane.takeReports() == [
                .mappingChanged(Self.one, Endpoint(IPAddress("192.1.2.45")!, port: 4501))
            ])
    }

    @Test(arguments: PlaneKind.all)
    func `shutdown leaves the system as it was`(_ kind: PlaneKind) throws {
        let hosts = try TwoHosts(kind)
        let links = try hosts.west.netlink.links().map(\.name)
        // IPv6's comes and goes with its link-local address.
        let routes = try hosts.west.netlink.routes(family: .v4)
        try hosts.install()
        if !kind.isKernel { #expect(try hosts.west.netlink.links().count > links.count) }
        try hosts.west.shutdown()
        #expect(try hosts.west.netlink.links().map(\.name) == links)
        #expect(try hosts.west.netlink.routes(family: .v4) == routes)
        #expect(try !hosts.west.netlink.routes().contains { [0x5357, 0x5358].contains($0.table) })
        #expect(hosts.west.plane.descriptors.isEmpty)
        try hosts.west.enter {
            let kernel = try NetlinkSocket(.xfrm)
            #expect(try kernel.states().isEmpty && kernel.policies().isEmpty)
        }
        // Priority 0 means any: no rule asks the data plane's tables, none has its mark.
        for family in [AddressFamily.v4, .v6] {
            for rule in [
                KernelRule(family: family, priority: 0, table: 0x5357),
                KernelRule(family: family, priority: 0, table: 0x5358),
                KernelRule(family: family, priority: 0, mark: 0x5357, table: KernelRoute.mainTable),
            ] {
                #expect(throws: NetlinkError.self) { try hosts.west.netlink.send(.deleteRule(rule)) }
            }
        }
    }
}

extension Array where Element: Equatable {
    func contains(sequence: [Element]) -> Bool {
        guard count >= sequence.count else { return false }
        return indices.dropLast(sequence.count - 1).contains { self[$0..<$0 + sequence.count].elementsEqual(sequence) }
    }
}
