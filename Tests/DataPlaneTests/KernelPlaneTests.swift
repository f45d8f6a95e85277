import CLinux
import DataPlane
import DataPlaneXFRM
import Glibc
import IKECrypto
import IKEModel
import LinuxSystem
import NetAddress
import Netlink
import Testing

/// What the kernel's own IPsec owes beyond the contract: `DataPlaneContractTests` runs on it too, where it is there.
@Suite(
    .enabled(if: canMakeNamespaces, "needs root, for network namespaces"),
    .enabled(
        if: PlaneKind.kernelObstacle == nil,
        "the kernel has no ESP: \(PlaneKind.kernelObstacle ?? "")"),
    .serialized)
struct KernelPlaneTests {
    private static let one = ChildSAID(1)

    @Test(arguments: PlaneKind.kernel)
    func `the kernel carries the packets: no port, no rule, and its own list has both states`(_ kind: PlaneKind) throws
    {
        let hosts = try TwoHosts(kind)
        let links = try hosts.west.netlink.links().count
        try hosts.install()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        #expect(try hosts.west.netlink.links().count == links)
        let states = try hosts.west.enter { try NetlinkSocket(.xfrm).states() }
        #expect(states.map(\.spi) == [0x2001, 0x1001] && states.map(\.use.octets) == [84, 84])
    }

    @Test func `iproute2 reads states back as they were installed`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[1])
        try hosts.install()
        let lines = try hosts.west.iproute("xfrm", "state").filter { !$0.hasPrefix("\t ") && !$0.contains("aead") }
        let ends = "encap type espinudp sport 4500 dport 4500 addr 0.0.0.0"
        #expect(
            lines == [
                "src 192.1.2.45 dst 192.1.2.23", "\tproto esp spi 0x00002001 reqid 16389 mode tunnel",
                "\treplay-window 0 flag af-unspec esn", "\t\(ends)", "\tanti-replay esn context:",
                "src 192.1.2.23 dst 192.1.2.45", "\tproto esp spi 0x00001001 reqid 16389 mode tunnel",
                "\treplay-window 0 flag af-unspec esn", "\t\(ends)", "\tanti-replay esn context:",
            ])
        let listed = hosts.west.plane.states()
        let wanted = hosts.installation(TwoHosts.Tunnel(), atWest: true)
        #expect(listed.map(\.installation.suite) == [wanted.suite, wanted.suite])
        #expect(listed[0].installation.outbound.encryptionKey.exposed == wanted.outbound.encryptionKey.exposed)
        #expect(listed[1].installation.inbound.encryptionKey.exposed == wanted.inbound.encryptionKey.exposed)
        #expect(listed.allSatisfy { $0.installation.encapsulation == wanted.encapsulation })
    }

    /// Every suite that both have: what one of them seals, the other opens, both ways.
    @Test(arguments: [0, 1])
    func `the kernel's ESP and our own understand each other, in every suite`(_ index: Int) throws {
        let aead: [(EncryptionAlgorithm, Int)] = [
            (.aesGCM8, 128), (.aesGCM12, 192), (.aesGCM16, 256), (.aesCCM8, 128), (.aesCCM12, 192), (.aesCCM16, 256),
            (.nullAuthAESGMAC, 256), (.chaCha20Poly1305, 256),
        ]
        let ciphers: [(EncryptionAlgorithm, Int)] = [
            (.aesCBC, 128), (.aesCTR, 192), (.tripleDES, 192), (.camelliaCBC, 256), (.null, 0),
        ]
        let hashes: [IntegrityAlgorithm] = [
            .hmacMD5_96, .hmacSHA1_96, .hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256, .aesXCBC_96,
            .aesCMAC_96,
        ]
        var suites = aead.map { ($0.0, $0.1, IntegrityAlgorithm.none) }
        suites += ciphers.map { ($0.0, $0.1, IntegrityAlgorithm.hmacSHA2_256_128) }
        suites += hashes.map { (.aesCBC, 256, $0) }
        for (cipher, bits, integrity) in suites {
            for isExtended in [true, false] {
                let hosts = try TwoHosts(PlaneKind.kernel[index], east: PlaneKind.userspace[index])
                var tunnel = TwoHosts.Tunnel()
                tunnel.suite = ESPSuite(
                    cipher: CipherChoice(cipher, keyBits: bits), integrity: integrity,
                    extendedSequenceNumbers: isExtended)
                try hosts.install(tunnel)
                let isThrough = try hosts.ping(from: "192.0.1.254", to: "192.0.2.254")
                #expect(isThrough, "\(cipher) \(integrity) ESN \(isExtended)")
                #expect(hosts.east.plane.counters(of: Self.one)?.inboundPackets == 1)
                #expect(hosts.west.plane.counters(of: Self.one)?.inboundPackets == 1)
            }
        }
    }

    @Test func `of two Child SAs with the same selectors the mark says which one takes a packet`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        for (child, mark) in [(1, 0x11), (2, 0x12)] as [(UInt64, UInt32)] {
            var tunnel = TwoHosts.Tunnel()
            (tunnel.child, tunnel.connection) = (child, child)
            try hosts.install(tunnel, atWest: true) {
                $0.marks.outbound = PacketMark(value: mark, mask: 0xff)
                $0.marks.marksOutboundSA = true
            }
            try hosts.install(tunnel, atWest: false)
        }
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 9000)
        func send(_ mark: UInt32) throws -> [UInt8] {
            var mark = mark
            try checked(setsockopt(sender.rawValue, SOL_SOCKET, SO_MARK, &mark, 4), "SO_MARK")
            hosts.send(sender, "hello", to: "192.0.2.254", 9000)
            return try hosts.seen(atLeast: 1).map(\.ipProtocol)
        }
        // The mask lets other bits be.
        #expect(try send(0x112) == [50] && send(0x12) == [50] && send(0x11) == [50])
        let received = [1, 2].map { hosts.east.plane.counters(of: ChildSAID($0))?.inboundPackets }
        #expect(received == [1, 2])
        #expect(try send(0x13) == [17] && send(0) == [17])
        let text = try hosts.west.iproute("xfrm", "policy") + hosts.west.iproute("xfrm", "state")
        #expect(text.filter { $0 == "\tmark 0x11/0xff" }.count == 2, "\(text)")
        #expect(hosts.west.policies.filter { $0.mark == PacketMark(value: 0x12, mask: 0xff) }.count == 1)
        let change = KernelChange.remove(ChildSAID(1))
        try hosts.west.apply(change)
        #expect(try send(0x11) == [17] && send(0x12) == [50])
    }

    @Test func `policies of an XFRM interface are for nobody else's packets`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try hosts.install(TwoHosts.Tunnel(), atWest: true) {
            ($0.marks.inboundInterface, $0.marks.outboundInterface) = (7, 8)
        }
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 9000)
        hosts.send(sender, "hello", to: "192.0.2.254", 9000)
        #expect(try hosts.seen(atLeast: 1).map(\.ipProtocol) == [17])
        let states = try hosts.west.iproute("xfrm", "state").filter { $0.contains("if_id") }
        #expect(Set(states) == ["\tif_id 0x7", "\tif_id 0x8"])
        let policies = hosts.west.policies.map { "\($0.direction) \($0.interfaceID ?? 0)" }
        #expect(policies.sorted() == ["forward 7", "inbound 7", "outbound 8"])
    }

    @Test func `a packet that no policy names leaves as it is: the kernel knows types and ports`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try hosts.install(TwoHosts.Tunnel(), atWest: true) { installation in
            for index in 0...1 {
                let port: UInt16 = index == 0 ? 7000 : 7001
                var selector = index == 0 ? installation.remoteSelectors[0] : installation.localSelectors[0]
                (selector.ipProtocol, selector.startPort, selector.endPort) = (17, port, port)
                if index == 0 {
                    installation.remoteSelectors = [selector]
                } else {
                    installation.localSelectors = [selector]
                }
            }
        }
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        _ = try hosts.seen()
        #expect(hosts.send(sender, "inside", to: "192.0.2.254", 7000))
        #expect(hosts.send(sender, "outside", to: "192.0.2.254", 7002))
        #expect(try hosts.seen(atLeast: 2).map(\.ipProtocol) == [50, 17])
    }

    @Test func `a soft limit is reported once, and at the hard one nothing leaves any more`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try hosts.install(TwoHosts.Tunnel(), atWest: false)
        try hosts.install(TwoHosts.Tunnel(), atWest: true) { installation in
            (installation.limits.softPackets, installation.limits.hardPackets) = (2, 4)
        }
        let sender = try hosts.udpSocket(hosts.west, "192.0.1.254", 7001)
        let listener = try hosts.udpSocket(hosts.east, "192.0.2.254", 7000)
        var reports: [DataPlaneReport] = []
        var texts: [String] = []
        for number in 1...8 {
            hosts.send(sender, "\(number)", to: "192.0.2.254", 7000)
            try hosts.settle()
            reports += hosts.west.plane.takeReports()
            while let text = hosts.received(listener) { texts.append(text) }
        }
        #expect(reports == [.expired(Self.one, hard: false), .expired(Self.one, hard: true)])
        #expect(texts == ["1", "2", "3"] || texts == ["1", "2", "3", "4"])
        // The state is gone, and that is no obstacle to removing the Child SA.
        try hosts.west.apply(.remove(Self.one))
        #expect(hosts.west.plane.states().isEmpty && hosts.west.policies.isEmpty)
    }

    @Test func `a hard limit of time ends it as well`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try hosts.install(TwoHosts.Tunnel(), atWest: true)
        // The engine has timers of its own and asks for none; an operator's `ip xfrm state update` may.
        try hosts.west.enter {
            let netlink = try NetlinkSocket(.xfrm)
            var state = try #require(try netlink.states().first)
            state.limits.hardSeconds = 1
            try netlink.send(.updateState(state))
        }
        var reports: [DataPlaneReport] = []
        let isReported = try hosts.run {
            reports += hosts.west.plane.takeReports()
            return !reports.isEmpty
        }
        #expect(isReported && reports == [.expired(Self.one, hard: true)])
    }

    @Test func `when somebody else migrates our states, they are found and taken away where they are now`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        try hosts.install()
        try hosts.west.add(["192.1.2.46/24"], to: "eth1")
        let (old, new, east) = (IPAddress("192.1.2.45")!, IPAddress("192.1.2.46")!, IPAddress("192.1.2.23")!)
        let (here, there) = (IPPrefix("192.0.1.0/24")!, IPPrefix("192.0.2.0/24")!)
        try hosts.west.enter {
            let other = try NetlinkSocket(.xfrm)
            for (direction, from, to) in [
                (XFRMPolicy.Direction.outbound, here, there), (.inbound, there, here), (.forward, there, here),
            ] {
                let isOut = direction == .outbound
                let step = XFRMMigration.Step(
                    from: isOut ? (old, east) : (east, old), to: isOut ? (new, east) : (east, new), mode: .tunnel,
                    reqid: 16389)
                try other.send(
                    .migrate(
                        XFRMMigration(
                            XFRMSelector(from: from, to: to), direction, steps: [step],
                            keyManager: XFRMKeyManagerAddresses(local: new, remote: east))))
            }
        }
        try hosts.settle()
        #expect(hosts.west.plane.states().map(\.installation.local) == [new, new])
        try hosts.east.apply(.move(ChildMove(Self.one, local: east, remote: new, encapsulation: .none)))
        _ = try hosts.seen()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
        #expect(try hosts.seen().allSatisfy { $0.source == new && $0.ipProtocol == 50 })
        #expect(hosts.west.plane.counters(of: Self.one)?.outboundPackets == 1)
        try hosts.west.apply(.remove(Self.one))
        #expect(hosts.west.plane.states().isEmpty && hosts.west.policies.isEmpty)
    }

    @Test func `what a killed daemon left is gone when the next one starts, and what is others' stays`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        let others = XFRMPolicy(
            XFRMSelector(from: IPPrefix("198.51.100.0/24")!, to: IPPrefix("203.0.113.0/24")!), .outbound)
        try hosts.west.enter { try NetlinkSocket(.xfrm).send(.addPolicy(others)) }
        try hosts.install()
        // It ends without a word: its states and policies stay, as the kernel's do.
        _ = Unmanaged.passRetained(hosts.west.plane as AnyObject)
        try hosts.west.makePlane(PlaneKind.kernel[0])
        #expect(hosts.west.plane.states().isEmpty)
        let left = hosts.west.plane.policies().filter { $0.source.family == .v4 }
        #expect(left.map(\.source.description) == ["198.51.100.0/24"])
        try hosts.install(TwoHosts.Tunnel(), atWest: true)
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
    }

    @Test func `a Child SA that the kernel refuses leaves nothing behind`() throws {
        let hosts = try TwoHosts(PlaneKind.kernel[0])
        #expect(throws: DataPlaneError.self) {
            // A key of the wrong length for its cipher: the inbound state stands already when the outbound one is refused.
            try hosts.install(TwoHosts.Tunnel(), atWest: true) { installation in
                installation.outbound.encryptionKey = SecretBytes([1, 2, 3])
            }
        }
        #expect(hosts.west.plane.states().isEmpty && hosts.west.policies.isEmpty)
        try hosts.install()
        #expect(try hosts.ping(from: "192.0.1.254", to: "192.0.2.254"))
    }
}
