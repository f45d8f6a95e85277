import NetAddress
import Testing

@Suite struct NetAddressTests {
    @Test(arguments: [
        "0.0.0.0", "192.1.2.45", "255.255.255.255", "::", "::1", "2001:db8:0:1::254", "fec0::41a:a8ff:fe6f:c67",
        "1:0:0:2::3", "2001:db8::1:0:0:1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:0:8", "1::",
    ])
    func `an address reads back as the text it prints`(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == text)
        #expect(IPAddress(octets: address.octets) == address)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "1:2:3", "1::2::3", ":1", "12345::", "::1.2.3", "g::",
        "1:2:3:4:5:6:7:8:9", "1.2.3.4 ", "+1.2.3.4", "::+1", ":::",
    ])
    func `text that is no address is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `an embedded IPv4 address is read`() {
        #expect(IPAddress("::ffff:1.2.3.4")?.value == 0xffff_0102_0304)
    }

    @Test func `a prefix knows its network, its range and who is in it`() throws {
        let prefix = try #require(IPPrefix("192.0.2.254/24"))
        #expect(prefix.network.description == "192.0.2.0/24")
        #expect(prefix.range.description == "192.0.2.0/24")
        #expect(prefix.contains(IPAddress("192.0.2.1")!))
        #expect(!prefix.contains(IPAddress("192.0.3.1")!))
        #expect(IPPrefix("::/0")?.range.last == .greatest(.v6))
        #expect(IPPrefix("1.2.3.4/33") == nil)
        #expect(IPPrefix("1.2.3.4/") == nil)
        #expect(IPPrefix("1.2.3.4/+8") == nil)
    }

    @Test func `a range splits into the fewest prefixes`() throws {
        let range = try #require(IPRange(IPAddress("10.0.0.1")!, IPAddress("10.0.0.8")!))
        #expect(
            range.prefixes.map(\.description) == ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/30", "10.0.0.8/32"])
        #expect(range.description == "10.0.0.1-10.0.0.8")
        #expect(IPPrefix("::/0")!.range.prefixes.map(\.description) == ["::/0"])
        #expect(IPPrefix("0.0.0.0/0")!.range.prefixes.map(\.description) == ["0.0.0.0/0"])
    }

    @Test func `selectors narrow to what both match`() throws {
        let wide = TrafficSelector(IPPrefix("192.0.0.0/16")!)
        let narrow = TrafficSelector(IPPrefix("192.0.2.0/24")!, ipProtocol: 6, port: 80)
        #expect(wide.intersection(narrow) == narrow)
        #expect(wide.contains(narrow))
        #expect(!narrow.contains(wide))
        #expect(narrow.intersection(TrafficSelector(IPPrefix("192.0.2.0/24")!, ipProtocol: 17)) == nil)
        #expect(narrow.intersection(TrafficSelector(IPPrefix("192.0.2.0/24")!, ipProtocol: 6, port: 81)) == nil)
        #expect(wide.intersection(TrafficSelector(IPPrefix("2001:db8::/32")!)) == nil)
        #expect(narrow.description == "192.0.2.0/24:6/80")
    }
}
