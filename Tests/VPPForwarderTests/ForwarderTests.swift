import IKECrypto
import IKEModel
import NetAddress
import Testing

@testable import VPPForwarder

/// Two forwarders on one link, without sockets.
@Suite struct ForwarderTests {
    private let pair = ForwarderPair()

    @Test func `a ping to a neighbour asks for its address once and is answered`() throws {
        let number = try #require(pair.left.startEcho(to: pair.right4, from: nil, count: 1, at: .zero))
        let reports = pair.left.takeEchoReports()
        #expect(reports.map(\.number) == [number, number])
        #expect(reports.last?.kind == .finished(sent: 1, received: 1))
        #expect(pair.left.value(of: .arpSent) == 1 && pair.right.value(of: .arpReplies) == 1)
        #expect(pair.right.value(of: .echoReplies) == 1)
    }

    @Test func `IPv6 neighbours find each other too`() throws {
        _ = try #require(pair.left.startEcho(to: pair.right6, from: nil, count: 1, at: .zero))
        #expect(pair.left.takeEchoReports().last?.kind == .finished(sent: 1, received: 1))
    }

    @Test func `an interface that is down carries nothing, and counts it`() throws {
        pair.right.setState(pair.rightLink, isUp: false)
        _ = pair.left.startEcho(to: pair.right4, from: nil, count: 1, at: .zero)
        pair.left.wake(at: .zero + .seconds(1))
        #expect(pair.left.takeEchoReports().map(\.kind) == [.finished(sent: 1, received: 0)])
        #expect(pair.rightLink.counters.drops == 1)
    }

    @Test(arguments: ESPCase.all)
    func `a manual SA protects a ping, in tunnel and in transport mode, over IPv4 and IPv6`(_ one: ESPCase) throws {
        try pair.protect(one)
        let target = one.isV6 ? pair.right6 : pair.right4
        _ = try #require(pair.left.startEcho(to: target, from: nil, count: 1, at: .zero))
        #expect(pair.left.takeEchoReports().last?.kind == .finished(sent: 1, received: 1), "\(one)")
        #expect(pair.left.value(of: .policyProtect) == 1 && pair.left.value(of: .espReceived) == 1)
        #expect(pair.sawProtocol(50) && !pair.sawProtocol(one.isV6 ? 58 : 1), "\(one)")
    }

    @Test func `a wrong key is told from a right one, and nothing passes`() throws {
        try pair.protect(ESPCase(cipher: "cbc", encryption: .aesCBC, bits: 128, integrity: .hmacSHA1_96))
        try pair.right.setKeys(20, encryption: nil, integrity: SecretBytes([UInt8](repeating: 9, count: 20)))
        _ = pair.left.startEcho(to: pair.right4, from: nil, count: 1, at: .zero)
        #expect(pair.left.takeEchoReports().isEmpty)
        #expect(pair.right.value(of: .integrityFailed) == 1 && pair.right.value(of: .echoReplies) == 0)
    }

    @Test func `of two policies the greater priority counts, and what none names is dropped on the way out`() throws {
        try pair.left.addDatabase(1)
        let all = IPRange(.unspecified(.v4), .greatest(.v4))!
        func add(_ priority: Int32, _ action: SecurityPolicy.Action) throws {
            try pair.left.addPolicy(
                SecurityPolicy(isOutbound: true, priority: priority, action: action, local: all, remote: all), to: 1)
        }
        try pair.left.setPolicies(pair.leftLink, 1)
        func replies() -> Int {
            _ = pair.left.startEcho(to: pair.right4, from: nil, count: 1, at: .zero)
            return pair.left.takeEchoReports().count { if case .reply = $0.kind { true } else { false } }
        }
        #expect(replies() == 0 && pair.left.value(of: .policyMissing) == 1)
        try add(10, .bypass)
        #expect(replies() == 1)
        try add(11, .discard)
        #expect(replies() == 0 && pair.left.value(of: .policyDiscard) == 1)
        #expect(pair.left.databases[1]?.policies.map(\.packets) == [1, 1])
    }

    @Test func `inbound, what should have been protected is dropped in clear, and what no policy names passes`() throws
    {
        try pair.protect(ESPCase(cipher: "cbc", encryption: .aesCBC, bits: 128, integrity: .hmacSHA1_96))
        try pair.left.setPolicies(pair.leftLink, nil)
        _ = pair.left.startEcho(to: pair.right4, from: nil, count: 1, at: .zero)
        #expect(pair.right.value(of: .inputDiscarded) == 1 && pair.right.value(of: .echoReplies) == 0)
        let other = try #require(IPAddress("192.0.2.77"))
        try pair.left.addAddress(IPPrefix(host: other), to: pair.leftLink)
        _ = pair.left.startEcho(to: pair.right4, from: other, count: 1, at: .zero)
        #expect(pair.right.value(of: .echoReplies) == 1)
    }

    @Test func `a policy looks at protocols and ports`() throws {
        let all = IPRange(.unspecified(.v4), .greatest(.v4))!
        let policy = SecurityPolicy(
            isOutbound: true, priority: 1, action: .bypass, local: all, remote: all, ipProtocol: 17,
            remotePorts: 1000...1001)
        func matches(_ port: UInt16, isOutbound: Bool = true) throws -> Bool {
            let packet = PacketBuilder.udp(
                [1, 2, 3], from: Endpoint(pair.left4, port: 7), to: Endpoint(pair.right4, port: port))
            return policy.matches(try #require(PacketFields(packet)), isOutbound: isOutbound)
        }
        #expect(try matches(1000) && matches(1001))
        #expect(try !matches(999) && !matches(1002) && !matches(1000, isOutbound: false))
    }

    @Test func `the longest prefix wins, and a next hop without an interface is looked up itself`() throws {
        let loop = pair.left.createLoopback()
        pair.left.setState(loop, isUp: true)
        try pair.left.addRoute(Route(IPPrefix("10.0.0.0/8")!, via: pair.right4, interface: nil))
        try pair.left.addRoute(Route(IPPrefix("10.1.0.0/16")!, via: nil, interface: loop.index))
        func out(_ text: String) -> String? {
            if case .out(let interface, _) = pair.left.lookUp(IPAddress(text)!) { interface.name } else { nil }
        }
        #expect(out("10.2.0.1") == "host-left" && out("10.1.0.1") == "loop0" && out("11.0.0.1") == nil)
    }

    /// A UDP packet of a host beside `left`, for a network behind the tunnel; what went over the wire for it.
    /// - Parameters:
    ///   - mayBeCut: of IPv4, without DF.
    ///   - hasOptions: four octets more of them.
    private func sendThroughTunnel(
        _ octets: Int, isV6: Bool, mayBeCut: Bool = false, hasOptions: Bool = false, at time: Instant = .zero
    ) throws -> [[UInt8]] {
        let (source, destination) =
            isV6
            ? (IPAddress("2001:db8::9")!, IPAddress("2001:db8:2::1")!)
            : (IPAddress("192.0.2.9")!, IPAddress("192.168.2.1")!)
        var packet = PacketBuilder.udp(
            [UInt8](repeating: 7, count: octets - (isV6 ? 48 : 28)), from: Endpoint(source, port: 1),
            to: Endpoint(destination, port: 2))
        if !isV6, !mayBeCut {
            packet.setWord(0x4000, at: 6)
            packet.setWord(0, at: 10)
            packet.setWord(packet.checksum(from: 0, to: 20), at: 10)
        }
        if hasOptions {
            packet.insert(contentsOf: [1, 1, 1, 0], at: 20)
            packet[0] = 0x46
            packet.setWord(UInt16(packet.count), at: 2)
            packet.setWord(0, at: 10)
            packet.setWord(packet.checksum(from: 0, to: 24), at: 10)
        }
        pair.left.setNeighbour(source, MACAddress(octets: [2, 0, 0, 0, 0, 9])!, on: pair.leftLink)
        let before = pair.frames.count
        pair.left.receive(
            pair.leftLink.mac!.octets + [2, 0, 0, 0, 0, 9] + (isV6 ? [0x86, 0xdd] : [8, 0]) + packet,
            on: pair.leftLink.index, at: time)
        return pair.frames[before...].map { Array($0[14...]) }.filter { PacketFields($0) != nil }
    }

    @Test(arguments: [false, true])
    func `a packet that a tunnel has no room for is answered with the size that it has`(_ isV6: Bool) throws {
        try pair.installChild()
        pair.left.setNeighbour(pair.right4, MACAddress(octets: [2, 0, 0, 0, 0, 2])!, on: pair.leftLink)
        let made = try #require(pair.left.interface(named: "ipsec0"))
        pair.left.setState(made, isUp: true)
        let far = IPPrefix(isV6 ? "2001:db8:2::/48" : "192.168.2.0/24")!
        try pair.left.addRoute(Route(far, via: nil, interface: made.index))
        let refused = try sendThroughTunnel(1500, isV6: isV6)
        let answer = try #require(refused.first)
        let body = Array(answer[(isV6 ? 40 : 20)...])
        #expect(refused.count == 1 && Array(body[..<2]) == (isV6 ? [2, 0] : [3, 4]))
        #expect(PacketFields(answer)?.destination == IPAddress(isV6 ? "2001:db8::9" : "192.0.2.9"))
        // Outside 1500: 20 of IPv4, 8 of ESP, 16 of IV, 12 of ICV; of the 1444 left, 90 blocks of 16, 2 of them the trailer's.
        let mtu = Int(body.word(at: 6))
        #expect(mtu == 1438 && pair.left.value(of: .tooLong) == 1)
        let passed = try sendThroughTunnel(mtu, isV6: isV6)
        #expect(passed.map { PacketFields($0)?.ipProtocol } == [50] && passed[0].count <= 1500)
        #expect(try sendThroughTunnel(mtu + 1, isV6: isV6).map { PacketFields($0)?.ipProtocol } == [isV6 ? 58 : 1])
    }

    @Test func `an IPv4 packet that may be cut goes through a tunnel in fragments`() throws {
        try pair.installChild()
        pair.left.setNeighbour(pair.right4, MACAddress(octets: [2, 0, 0, 0, 0, 2])!, on: pair.leftLink)
        let made = try #require(pair.left.interface(named: "ipsec0"))
        pair.left.setState(made, isUp: true)
        try pair.left.addRoute(Route(IPPrefix("192.168.2.0/24")!, via: nil, interface: made.index))
        let sealed = try sendThroughTunnel(1500, isV6: false, mayBeCut: true)
        #expect(sealed.map { PacketFields($0)?.ipProtocol } == [50, 50] && sealed.allSatisfy { $0.count <= 1500 })
        #expect(pair.left.value(of: .fragmented) == 1 && pair.left.value(of: .tooLong) == 0)
    }

    @Test(arguments: [28, 100, 576, 1499, 1500])
    func `fragments put together are the packet`(_ mtu: Int) throws {
        var packet = PacketBuilder.header(17, from: pair.left4, to: pair.right4, payloadLength: 1480)
        packet += (0..<1480).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let fragments = try #require(Forwarder.fragments(of: packet, mtu: mtu))
        var payload = [UInt8](repeating: 0, count: 1480)
        for (index, fragment) in fragments.enumerated() {
            #expect(fragment.count <= mtu && fragment.checksum(from: 0, to: 20) == 0)
            #expect(Int(fragment.word(at: 2)) == fragment.count)
            let offset = Int(fragment.word(at: 6) & 0x1fff) * 8
            #expect((fragment.word(at: 6) & 0x2000 != 0) == (index < fragments.count - 1))
            payload.replaceSubrange(offset..<(offset + fragment.count - 20), with: fragment[20...])
        }
        #expect(payload == Array(packet[20...]))
        // A fragment of a fragment keeps its place, and says that more comes.
        var middle = packet
        middle.setWord(0x2000 | 185, at: 6)
        let again = try #require(Forwarder.fragments(of: middle, mtu: 600))
        #expect(again.allSatisfy { $0.word(at: 6) & 0x2000 != 0 } && again[1].word(at: 6) & 0x1fff == 185 + 72)
        var optional = packet
        optional[0] = 0x46
        #expect(Forwarder.fragments(of: optional, mtu: 600) == nil)
        // It would end behind octet 65535.
        var last = packet
        last.setWord(8190, at: 6)
        #expect(Forwarder.fragments(of: last, mtu: 600) == nil)
        last.setWord(8004, at: 6)
        #expect(Forwarder.fragments(of: last, mtu: 600)?.count == 3)
    }

    /// No fragments go by an SA of ports; options do not let a packet be cut. In either case the whole is sealed once.
    @Test(arguments: [false, true])
    func `what may not be cut inside is cut outside, each with a number of its own`(_ hasOptions: Bool) throws {
        try pair.installChild(port: hasOptions ? nil : 2)
        pair.left.setNeighbour(pair.right4, MACAddress(octets: [2, 0, 0, 0, 0, 2])!, on: pair.leftLink)
        let made = try #require(pair.left.interface(named: "ipsec0"))
        pair.left.setState(made, isUp: true)
        try pair.left.addRoute(Route(IPPrefix("192.168.2.0/24")!, via: nil, interface: made.index))
        var numbers: Set<UInt16> = []
        for round in 1...3 {
            let sent = try sendThroughTunnel(1490, isV6: false, mayBeCut: true, hasOptions: hasOptions)
            #expect(sent.map { PacketFields($0)?.ipProtocol } == [50, 50] && sent.allSatisfy { $0.count <= 1500 })
            #expect(sent.allSatisfy { PacketFields($0)?.isFragment == true && $0.checksum(from: 0, to: 20) == 0 })
            #expect(pair.left.value(of: .espSealed) == UInt64(round))
            numbers.formUnion(sent.map { $0.word(at: 4) })
        }
        #expect(numbers == [1, 2, 3] && pair.left.value(of: .tooLong) == 0 && pair.left.value(of: .fragmented) == 3)
    }

    @Test func `what is not answered with an error does not use up those that may be sent`() {
        let about = [UInt8](repeating: 0, count: 1400)
        let error = PacketBuilder.icmp([3, 1, 0, 0] + about, from: IPAddress("192.0.2.9")!, to: pair.left4)
        for _ in 0..<50 { pair.left.sayTooBig(error, mtu: 1400) }
        #expect(pair.left.complaints == Forwarder.complaintLimit && pair.left.value(of: .errorsHeld) == 0)
    }

    @Test func `of many packets that a tunnel has no room for a few are answered`() throws {
        try pair.installChild()
        pair.left.setNeighbour(pair.right4, MACAddress(octets: [2, 0, 0, 0, 0, 2])!, on: pair.leftLink)
        let made = try #require(pair.left.interface(named: "ipsec0"))
        pair.left.setState(made, isUp: true)
        try pair.left.addRoute(Route(IPPrefix("192.168.2.0/24")!, via: nil, interface: made.index))
        var answers = 0
        for _ in 0..<50 { answers += try sendThroughTunnel(1500, isV6: false).count }
        #expect(answers == Forwarder.complaintLimit && pair.left.value(of: .errorsHeld) == 40)
        #expect(try sendThroughTunnel(1500, isV6: false, at: .zero + .milliseconds(250)).count == 1)
        #expect(try sendThroughTunnel(1500, isV6: false, at: .zero + .milliseconds(250)).count == 1)
        #expect(try sendThroughTunnel(1500, isV6: false, at: .zero + .milliseconds(250)).isEmpty)
    }

    @Test func `a tunnel interface is down until it is set up, and goes with its Child SA`() throws {
        try pair.installChild()
        let tunnel = try #require(pair.left.interface(named: "ipsec0"))
        #expect(!tunnel.isUp)
        let (inside, far) = (IPAddress("192.168.1.1")!, IPAddress("192.168.2.1")!)
        for (forwarder, own, other) in [(pair.left, inside, far), (pair.right, far, inside)] {
            let loop = forwarder.createLoopback()
            forwarder.setState(loop, isUp: true)
            try forwarder.addAddress(IPPrefix(host: own), to: loop)
            let made = try #require(forwarder.interface(named: "ipsec0"))
            try forwarder.addRoute(Route(IPPrefix(host: other), via: nil, interface: made.index))
        }
        func ping() -> EchoReport.Kind? {
            _ = pair.left.startEcho(to: far, from: inside, count: 1, at: .zero)
            pair.left.wake(at: .zero + .seconds(1))
            return pair.left.takeEchoReports().last?.kind
        }
        #expect(ping() == .finished(sent: 1, received: 0))
        for forwarder in [pair.left, pair.right] {
            forwarder.setState(try #require(forwarder.interface(named: "ipsec0")), isUp: true)
        }
        #expect(ping() == .finished(sent: 1, received: 1))
        #expect(tunnel.counters.sentPackets == 1 && tunnel.counters.receivedPackets == 1)
        #expect(pair.left.tunnels[0].outbound.sequence == 1 && pair.left.tunnels[0].inbound[0].association.highest == 1)
        pair.left.remove(ChildSAID(1))
        #expect(pair.left.interface(named: "ipsec0") == nil && pair.left.tunnels.isEmpty)
    }
}
