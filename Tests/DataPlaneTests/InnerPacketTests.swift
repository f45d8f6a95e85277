import DataPlane
import IKECrypto
import IKEModel
import NetAddress
import Testing

@testable import DataPlaneUserspace

@Suite struct InnerPacketTests {
    private func parse(_ octets: [UInt8]) -> InnerPacket? { octets.withUnsafeBytes { InnerPacket($0) } }

    private let ping: [UInt8] =
        [0x45, 0, 0, 28, 0, 1, 0x40, 0, 64, 1, 0, 0, 192, 0, 1, 254, 192, 0, 2, 254] + [8, 0, 0, 0, 0, 1, 0, 1]

    @Test func `an echo request has its type where ports are`() throws {
        let packet = try #require(parse(ping))
        #expect(packet.source == IPAddress("192.0.1.254")!.value)
        #expect(packet.destination == IPAddress("192.0.2.254")!.value)
        #expect(packet.ipProtocol == 1 && packet.sourcePort == 0x0800 && packet.destinationPort == 0x0800)
        #expect(packet.hasPorts && !packet.isFragment && packet.length == 28 && packet.headerLength == 20)
    }

    @Test func `a packet cut short at any octet is none, padding behind it is left out`() {
        for count in 0..<ping.count { #expect(parse(Array(ping[..<count])) == nil) }
        #expect(parse(ping + [0, 0, 0])?.length == 28)
    }

    @Test func `only a first fragment shows its ports`() throws {
        var first = ping
        first[6] = 0x20
        #expect(try #require(parse(first)).hasPorts && #require(parse(first)).isFragment)
        var later = ping
        later[7] = 1
        #expect(try !#require(parse(later)).hasPorts && #require(parse(later)).isFragment)
        // DF alone is no fragment.
        #expect(try !#require(parse(ping)).isFragment)
    }

    @Test func `IPv6's extension headers are walked, and none leads out of the packet`() throws {
        let addresses = IPAddress("2001:db8::1")!.octets + IPAddress("2001:db8::2")!.octets
        func packet(_ next: UInt8, _ rest: [UInt8]) -> [UInt8] {
            [0x6a, 0xb0, 0, 0, 0, UInt8(rest.count), next, 64] + addresses + rest
        }
        let udp: [UInt8] = [0x1f, 0x90, 0, 53, 0, 8, 0, 0]
        let options: [UInt8] = [17, 0, 1, 4, 0, 0, 0, 0]
        let plain = try #require(parse(packet(60, options + udp)))
        #expect(plain.ipProtocol == 17 && plain.sourcePort == 8080 && plain.destinationPort == 53)
        #expect(plain.headerLength == 48 && plain.trafficClass == 0xab)
        let later = try #require(parse(packet(44, [17, 0, 0x05, 0xa8, 0, 0, 0, 1] + udp)))
        #expect(later.isFragment && !later.hasPorts && later.ipProtocol == 17)
        #expect(parse(packet(0, [17, 200, 0, 0, 0, 0, 0, 0])) == nil)
        // A header that is announced but not there: its protocol number stands for the packet.
        #expect(parse(packet(60, [1, 2, 3]))?.hasPorts == false)
    }

    @Test func `selectors tell addresses, protocols, ports and OPAQUE apart`() throws {
        let packet = try #require(parse(ping))
        func pairs(_ change: (inout TrafficSelector) -> Void) -> Bool {
            var local = TrafficSelector(IPPrefix("192.0.1.0/24")!)
            change(&local)
            return SelectorPairs(local: [local], remote: [TrafficSelector(IPPrefix("192.0.2.0/24")!)]).allowOutbound(
                packet)
        }
        #expect(pairs { _ in })
        #expect(pairs { $0.ipProtocol = 1 })
        #expect(!pairs { $0.ipProtocol = 17 })
        #expect(pairs { ($0.ipProtocol, $0.startPort, $0.endPort) = (1, 0x0800, 0x08ff) })
        #expect(!pairs { ($0.ipProtocol, $0.startPort, $0.endPort) = (1, 0, 0x07ff) })
        #expect(!pairs { ($0.startPort, $0.endPort) = (.max, 0) })
        #expect(!pairs { $0.addresses = IPPrefix("192.0.3.0/24")!.range })
        #expect(!pairs { $0.addresses = IPPrefix("::/0")!.range })
        let there = SelectorPairs(
            local: [TrafficSelector(IPPrefix("192.0.2.0/24")!)], remote: [TrafficSelector(IPPrefix("192.0.1.0/24")!)])
        #expect(there.allowInbound(packet) && !there.allowOutbound(packet))
    }

    @Test func `narrower selectors come first, whatever the order of installation`() {
        func priority(_ local: String, _ remote: String, _ ipProtocol: UInt8 = 0) -> UInt32 {
            PolicyState.priority(
                [TrafficSelector(IPPrefix(local)!, ipProtocol: ipProtocol)], [TrafficSelector(IPPrefix(remote)!)])
        }
        #expect(priority("192.0.1.0/24", "192.0.2.0/24") < priority("192.0.1.0/24", "0.0.0.0/0"))
        #expect(priority("192.0.1.0/24", "192.0.2.0/24", 6) < priority("192.0.1.0/24", "192.0.2.0/24"))
        #expect(priority("192.0.1.1/32", "192.0.2.1/32") < priority("192.0.1.0/24", "192.0.2.1/32", 6))
        #expect(priority("2001:db8::/32", "::/0") < priority("::/0", "::/0"))
    }
}
