import MobileIPv6
import NetAddress
import Testing

@Suite struct MobilityConfigurationTests {
    /// As strongSwan's page on a mobile node has it.
    static let node = [
        "NodeConfig MN;", "UseMnHaIPsec enabled;", "KeyMngMobCapability enabled;", "DoRouteOptimizationMN disabled;",
        "Interface \"eth0\";", "MnHomeLink \"eth0\" {", "    HomeAgentAddress 2001:1::1;",
        "    HomeAddress 2001:1::10/64;", "}", "IPsecPolicySet {", "    HomeAgentAddress 2001:1::1;",
        "    HomeAddress 2001:1::10/64;", "    IPsecPolicy Mh UseESP 1;", "    IPsecPolicy TunnelPayload UseESP 2;",
        "}",
    ]

    static func configuration(_ role: MobilityConfiguration.Role) throws -> MobilityConfiguration {
        var lines = node
        if role == .homeAgent { lines = ["NodeConfig HA;"] + node[1...4] + node[9...] }
        return try MobilityConfiguration(parsing: lines.joined(separator: "\n"), file: "mip6d.conf")
    }

    @Test func `the document's configuration is read`() throws {
        let read = try Self.configuration(.mobileNode)
        #expect(read.role == .mobileNode && read.usesIPsec && read.keyManagementMoves)
        #expect(read.interfaces == ["eth0"])
        #expect(read.homeLink?.homeAgent == IPAddress("2001:1::1"))
        #expect(read.homeLink?.homeAddress == IPPrefix("2001:1::10/64"))
        #expect(
            read.policySets == [
                .init(
                    homeAgent: IPAddress("2001:1::1")!, homeAddress: IPAddress("2001:1::10")!,
                    mobilityHeaderReqid: 1, payloadReqid: 2)
            ])
        #expect(try Self.configuration(.homeAgent).role == .homeAgent)
    }

    @Test func `on one line, and with comments, it is the same`() throws {
        let text = "# a node\n" + Self.node.joined(separator: " ") + " # the end"
        #expect(
            try MobilityConfiguration(parsing: text, file: "x") == Self.configuration(.mobileNode))
    }

    @Test(
        arguments: [
            (1, "NodeConfig XX;", "mip6d.conf:1: NodeConfig XX: expected MN or HA"),
            (2, "UseMnHaIPsec maybe;", "mip6d.conf:2: UseMnHaIPsec maybe: expected enabled or disabled"),
            (
                4, "DoRouteOptimizationMN enabled;",
                "mip6d.conf:4: DoRouteOptimizationMN: route optimization is not done here; expected disabled"
            ),
            (
                8, "    HomeAdress 2001:1::10/64;",
                "mip6d.conf:8: unknown key \"HomeAdress\" of MnHomeLink; expected one of HomeAgentAddress, HomeAddress"
            ),
            (8, "", "mip6d.conf:6: MnHomeLink \"eth0\" has no HomeAddress"),
            (
                7, "HomeAgentAddress 192.0.2.1;",
                "mip6d.conf:7: \"192.0.2.1\" is no IPv6 address; expected the form 2001:db8::1"
            ),
            (13, "IPsecPolicy Mh UseAH 1;", "mip6d.conf:13: found \"UseAH\", expected \"UseESP\""),
            (13, "IPsecPolicy Mh UseESP 0;", "mip6d.conf:13: UseESP 0: expected a reqid, a number from 1 on"),
            (15, "", "mip6d.conf:14: the file ends; expected a key of IPsecPolicySet or \"}\""),
            (5, "MnMaxHaBindingLife 2;", "mip6d.conf:5: MnMaxHaBindingLife 2: expected 4 to 262140 seconds"),
            (1, "", "mip6d.conf:15: NodeConfig is missing; expected MN or HA"),
            (
                12, "HomeAddress 2001:1::11/64;",
                "mip6d.conf:15: no IPsecPolicySet with HomeAddress 2001:1::10 and HomeAgentAddress 2001:1::1;"
                    + " add it, or say UseMnHaIPsec disabled"
            ),
            (
                13, "",
                "mip6d.conf:15: the IPsecPolicySet of 2001:1::10 has no IPsecPolicy Mh;"
                    + " add it, or say UseMnHaIPsec disabled"
            ),
        ])
    func `a mistake is told with file and line`(line: Int, text: String, message: String) {
        var lines = Self.node
        lines[line - 1] = text
        let error = #expect(throws: MobilityConfigurationError.self) {
            try MobilityConfiguration(parsing: lines.joined(separator: "\n"), file: "mip6d.conf")
        }
        #expect(error?.description == message)
    }

    @Test func `without IPsec no IPsecPolicySet is asked for, but of a home agent, which serves nobody else`() throws {
        let lines = ["NodeConfig MN;", "UseMnHaIPsec disabled;"] + Self.node[5...8]
        #expect(try !MobilityConfiguration(parsing: lines.joined(separator: "\n"), file: "a.conf").usesIPsec)
        let error = #expect(throws: MobilityConfigurationError.self) {
            try MobilityConfiguration(parsing: "NodeConfig HA;\nUseMnHaIPsec disabled;", file: "a.conf")
        }
        #expect(error?.description.hasPrefix("a.conf:2: IPsecPolicySet is missing") == true)
    }

    @Test func `an unknown key of the file is told with what is known`() {
        let error = #expect(throws: MobilityConfigurationError.self) {
            try MobilityConfiguration(parsing: "NodeConfig HA;\nDebugLevle 7;", file: "a.conf")
        }
        #expect(
            error?.description.hasPrefix("a.conf:2: unknown key \"DebugLevle\" of the file; expected one of NodeConfig")
                == true)
    }
}
