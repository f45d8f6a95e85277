import CaptureFile
import NetAddress
import Testing

@Suite struct PacketViewTests {
    static let macs: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
    static let udp: [UInt8] = [0x01, 0xf4, 0x11, 0x94, 0, 10, 0, 0, 0xab, 0xcd]
    static let esp: [UInt8] = [0xe3, 0x04, 0x2b, 0xe2, 0, 0, 0, 7, 9, 9]

    static func ipv4(_ ipProtocol: UInt8, _ payload: [UInt8], flags: UInt16 = 0) -> [UInt8] {
        let total = UInt16(20 + payload.count)
        return [0x45, 0, UInt8(total >> 8), UInt8(total & 0xff), 0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 0xff)]
            + [64, ipProtocol, 0, 0, 192, 1, 2, 45, 192, 1, 2, 23] + payload
    }

    static func ipv6(_ next: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x60, 0, 0, 0, 0, UInt8(payload.count), next, 64] + IPAddress("2001:db8::45")!.octets
            + IPAddress("2001:db8::23")!.octets + payload
    }

    static func view(ethernet type: [UInt8], _ ip: [UInt8]) -> PacketView? {
        PacketView(CapturedPacket(timestamp: 0, octets: macs + type + ip), linkType: .ethernet)
    }

    static let udpContent = PacketView.Content.udp(sourcePort: 500, destinationPort: 4500, payload: [0xab, 0xcd])
    static let espContent = PacketView.Content.esp(spi: 0xe304_2be2, sequence: 7, payload: [9, 9])

    @Test func `UDP in IPv4 in Ethernet, with the frame's padding left out`() throws {
        let ip = Self.ipv4(17, Self.udp)
        let view = try #require(Self.view(ethernet: [8, 0], ip + [0, 0, 0, 0]))
        #expect(view.source == IPAddress("192.1.2.45"))
        #expect(view.destination == IPAddress("192.1.2.23"))
        #expect(view.ipOctets.elementsEqual(ip))
        #expect(view.content == Self.udpContent)
    }

    @Test func `ESP in IPv6, behind a VLAN tag and extension headers`() throws {
        let options: [UInt8] = [60, 0, 1, 4, 0, 0, 0, 0]
        let more: [UInt8] = [50, 1] + Array(repeating: 0, count: 14)
        let view = try #require(
            Self.view(ethernet: [0x81, 0, 0, 5, 0x86, 0xdd], Self.ipv6(0, options + more + Self.esp)))
        #expect(view.ipProtocol == 50)
        #expect(view.destination == IPAddress("2001:db8::23"))
        #expect(view.content == Self.espContent)
    }

    @Test func `fragments of both families say where they belong`() throws {
        let first = try #require(PacketView(ip: Self.ipv4(17, Self.udp, flags: 0x2000)[...]))
        #expect(
            first.content == .fragment(identification: 0x1234, offset: 0, hasMore: true, payload: Self.udp[...]))
        let last = try #require(PacketView(ip: Self.ipv4(17, [1, 2], flags: 0x0002)[...]))
        #expect(last.content == .fragment(identification: 0x1234, offset: 16, hasMore: false, payload: [1, 2]))
        let six = try #require(PacketView(ip: Self.ipv6(44, [17, 0, 0, 0x11, 0, 1, 0, 2, 5])[...]))
        #expect(six.ipProtocol == 17)
        #expect(six.content == .fragment(identification: 0x1_0002, offset: 16, hasMore: true, payload: [5]))
    }

    @Test func `don't-fragment is no fragment`() throws {
        let view = try #require(PacketView(ip: Self.ipv4(50, Self.esp, flags: 0x4000)[...]))
        #expect(view.content == Self.espContent)
    }

    @Test func `what is not IP has no view`() {
        #expect(Self.view(ethernet: [8, 6], Array(repeating: 0, count: 28)) == nil)
        #expect(PacketView(ip: [0x15, 0, 0, 0]) == nil)
        #expect(PacketView(frame: Self.ipv4(17, Self.udp)[...], linkType: LinkType(rawValue: 113)) == nil)
        #expect(PacketView(frame: Self.ipv4(17, Self.udp)[...], linkType: .raw)?.content == Self.udpContent)
    }

    @Test func `a packet cut off anywhere is malformed, or has no view`() {
        let hop: [UInt8] = [17, 0, 1, 4, 0, 0, 0, 0]
        for packet in [Self.ipv4(17, Self.udp), Self.ipv6(0, hop + Self.udp)] {
            #expect(PacketView(ip: packet[...])?.content == Self.udpContent)
            for count in 0..<packet.count {
                guard let view = PacketView(ip: packet[..<count]) else { continue }
                guard case .malformed = view.content else {
                    Issue.record("\(count) octets were seen as \(view.content)")
                    continue
                }
            }
        }
    }

    @Test func `no octet of a packet can be changed into a crash`() {
        for packet in [
            Self.ipv4(50, Self.esp), Self.ipv6(44, [60, 0, 0, 0, 0, 0, 0, 0] + Self.udp), Self.ipv6(0, Self.esp),
        ] {
            var views = 0
            for index in packet.indices {
                for value in UInt8.min...UInt8.max {
                    var changed = packet
                    changed[index] = value
                    if PacketView(ip: changed[...]) != nil { views += 1 }
                }
            }
            // Only a change of the version or of an IPv4 length can take the view away: three octets at most.
            #expect(views >= (packet.count - 3) * 256)
        }
    }
}
