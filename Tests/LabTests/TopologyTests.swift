import Lab
import NetAddress
import Netlink
import Testing

@Suite struct TopologyTests {
    @Test func `the libreswan test bed has its hosts and links`() throws {
        let topology = try SandboxProbe.libreswan
        #expect(topology.name == "libreswan")
        #expect(topology.hosts.map(\.name) == ["west", "east", "nic", "road", "north", "pole", "rise", "set"])
        let west = try #require(topology.host("west"))
        #expect(west.interface("eth1")?.mac?.description == "12:00:00:64:64:45")
        #expect(west.interface("eth1")?.addresses.map(\.description) == ["192.1.2.45/24", "2001:db8:1:2::45/64"])
        #expect(
            west.routes.map(\.destination.description) == ["0.0.0.0/0", "::/0", "192.0.2.0/24", "2001:db8:0:2::/64"])
        #expect(topology.etcHosts.contains("192.1.2.254\tnic nic.testing.libreswan.org\n"))
    }

    @Test(
        arguments: [
            (["west"], ["west"]), (["west", "east"], ["east", "west"]), (["road", "east"], ["east", "nic", "road"]),
            (["west", "pole"], ["nic", "north", "pole", "west"]), (["rise", "set"], ["rise", "set"]),
            (["rise", "west"], ["east", "rise", "west"]), (["road", "north"], ["north", "road"]),
            (["set", "road"], ["nic", "road", "set", "west"]),
        ] as [([String], [String])])
    func `a scenario's hosts bring along who routes between them`(used: [String], expected: [String]) throws {
        #expect(try SandboxProbe.libreswan.closure(of: Set(used)).sorted() == expected)
    }

    @Test func `the Mobile IPv6 network has the addresses and the card of its document`() throws {
        let topology = try SandboxProbe.topology("mipv6")
        let card = try #require(topology.host("carol")?.interface("eth0"))
        #expect(card.mac?.description == "06:1a:a8:6f:0c:67")
        #expect(
            card.addresses.map(\.description)
                == ["192.168.0.100/24", "2001::41a:a8ff:fe6f:c67/64", "fec0::41a:a8ff:fe6f:c67/64"])
        #expect(topology.closure(of: ["carol", "alice"]).sorted() == ["alice", "carol", "moon", "router"])
    }

    /// A topology that is right, as lines, one of which a case replaces.
    static let correct = [
        "links: [a, b]",
        "hosts:",
        "  one:",
        "    interfaces:",
        "      eth0: {link: a, mac: \"12:00:00:00:00:01\", mtu: 1400, addresses: [192.0.2.1/24]}",
        "    routes:",
        "      - {to: 198.51.100.0/24, via: 192.0.2.2}",
        "  two:",
        "    interfaces:",
        "      eth0: {link: a, addresses: [192.0.2.2/24]}",
    ]

    @Test func `a topology says mtu, route and interface as written`() throws {
        let topology = try Topology.parse(TopologyTests.correct.joined(separator: "\n"), file: "x.yaml")
        let one = try #require(topology.host("one"))
        #expect(one.interfaces[0].mtu == 1400)
        #expect(one.routes == [TopologyRoute(to: IPPrefix("198.51.100.0/24")!, via: IPAddress("192.0.2.2")!)])
        #expect(topology.host("two")?.interfaces[0].mtu == 1500)
    }

    @Test(
        arguments: [
            (1, "links: a", "x.yaml:1: links: expected a list, [a, b]"),
            (1, "links: [a, a]", "x.yaml:1: link a is listed twice"),
            (
                1, "links: [a, a-link-with-a-long-name]",
                "x.yaml:1: \"a-link-with-a-long-name\" is no name for a link; expected 1 to 15 of letters, digits, - . _"
            ),
            (
                1, "likns: [a, b]",
                "x.yaml:1: unknown key \"likns\" of the topology; expected one of description, etc-hosts, hosts, links, sysctls"
            ),
            (
                5, "      eth0: {link: c, addresses: [192.0.2.1/24]}",
                "x.yaml:5: link \"c\" is not listed under links; expected one of a, b"
            ),
            (
                5, "      eth0: {link: a, adresses: [192.0.2.1/24]}",
                "x.yaml:5: unknown key \"adresses\" of interface eth0; expected one of addresses, link, mac, mtu"
            ),
            (
                5, "      eth0: {link: a, addresses: [192.0.2.1]}",
                "x.yaml:5: \"192.0.2.1\" is no address with a prefix length; expected the form 192.0.2.1/24"
            ),
            (
                5, "      eth0: {link: a, mtu: 12, addresses: [192.0.2.1/24]}",
                "x.yaml:5: expected an mtu of 68 to 65535 octets"
            ),
            (
                5, "      eth0: {link: a, mac: \"13:00:00:00:00:01\", addresses: [192.0.2.1/24]}",
                "x.yaml:5: \"13:00:00:00:00:01\" is no MAC of one interface; expected the form \"12:00:00:ab:cd:ff\""
            ),
            (
                7, "      - {to: 198.51.100.0/24, via: 203.0.113.1}",
                "x.yaml:7: no interface of one reaches the gateway 203.0.113.1; its networks are 192.0.2.0/24"
            ),
            (
                7, "      - {to: 198.51.100.1/24, via: 192.0.2.2}",
                "x.yaml:7: \"198.51.100.1/24\" is no network; expected default or the form 192.0.2.0/24"
            ),
            (7, "      - {to: default}", "x.yaml:7: a route needs via, dev, or both"),
            (7, "      - {to: default, dev: eth9}", "x.yaml:7: host one has no interface eth9"),
            (
                10, "      eth0: {link: a, addresses: [192.0.2.1/24]}",
                "x.yaml:10: one eth0 and two eth0 have the same address 192.0.2.1"
            ),
            (
                10, "      eth0: {link: a, mac: \"12:00:00:00:00:01\"}",
                "x.yaml:10: one eth0 and two eth0 have the same MAC 12:00:00:00:00:01"
            ),
            (8, "  one:", "x.yaml:3: keys given twice: one"),
            (8, " two:", "x.yaml:8: not YAML: did not find expected key"),
            (
                9, "    sysctls: {kernel.core_pattern: x}",
                "x.yaml:9: sysctl \"kernel.core_pattern\" is not a host's own; expected one that begins with net."
            ),
        ] as [(Int, String, String)])
    func `a mistake is reported with file, line and what was expected`(
        line: Int, text: String, expected: String
    ) throws {
        var lines = TopologyTests.correct
        lines[line - 1] = text
        if line == 9 { lines.removeLast() }
        let error = #expect(throws: TopologyError.self) {
            try Topology.parse(lines.joined(separator: "\n"), file: "x.yaml")
        }
        #expect(error?.description == expected)
    }

    @Test func `a file that is not there is named`() {
        let error = #expect(throws: TopologyError.self) { try Topology.load(contentsOf: "/no/such.yaml") }
        #expect(error?.description == "/no/such.yaml: open /no/such.yaml: No such file or directory (errno 2)")
    }
}
