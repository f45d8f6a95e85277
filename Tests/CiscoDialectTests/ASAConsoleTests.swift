import DataPlane
import IKEEngine
import IKEModel
import Testing

/// The console of an ASA: modes, errors, and a running configuration that is shown again.
struct ASAConsoleTests {
    @Test func `the document's configuration is shown again, its keys hidden`() throws {
        let shown = try GatewayAndAzure().type("show running-config").split(separator: "\n").map(String.init)
        let given = try Shipped.text("testing/asa-azure-rekey-pfs/asa.conf").split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("!") && !$0.hasPrefix("no ") }
            .map { $0.replacing("a-key-of-this-test-alone-0123456789", with: "*****") }
        #expect(shown == given)
    }

    @Test func `what does nothing here says so`() throws {
        let ends = try GatewayAndAzure()
        _ = ends.type("configure terminal")
        #expect(
            ends.type("sysopt connection tcpmss 1350")
                == "INFO: no effect: the size of TCP segments is not changed here\n")
    }

    @Test func `a wrong word gets a caret, and no prompt changes`() throws {
        let ends = try GatewayAndAzure()
        #expect(
            ends.type("show crypto ipsek sa")
                == "                     ^\nERROR: % Invalid input detected at '^' marker.\n")
        #expect(ends.gateway.type(["asa", "--prompt"]) == "gateway# ")
    }

    @Test func `modes follow each other, and a line of the configuration leaves the one below`() throws {
        let ends = try GatewayAndAzure()
        func prompt() -> String { ends.gateway.type(["asa", "--prompt"]) }
        _ = ends.type("conf t")
        #expect(prompt() == "gateway(config)# ")
        _ = ends.type("crypto ikev2 policy 5")
        #expect(prompt() == "gateway(config-ikev2-policy)# ")
        #expect(ends.type("group 14") == "")
        #expect(ends.type("hostname edge") == "")
        #expect(prompt() == "edge(config)# ")
        _ = ends.type("end")
        #expect(prompt() == "edge# ")
        #expect(ends.type("show run").contains("crypto ikev2 policy 5\n group 14\n"))
    }

    @Test func `no takes lines away, and one that is not there is an error`() throws {
        let ends = try GatewayAndAzure()
        _ = ends.type("conf t")
        #expect(ends.type("no logging enable") == "")
        #expect(ends.type("no logging enable") == "ERROR: entry does not exist\n")
        #expect(!ends.type("show running-config").contains("logging"))
    }

    @Test func `a session can be logged off by its peer`() throws {
        let ends = try GatewayAndAzure()
        #expect(ends.type("show vpn-sessiondb detail l2l").contains("Connection   : 203.0.113.2\n"))
        #expect(
            ends.type("vpn-sessiondb logoff tunnel-group 203.0.113.2 noconfirm")
                == "INFO: Number of sessions logged off : 1\n")
        #expect(
            ends.type("vpn-sessiondb logoff tunnel-group 192.0.2.1 noconfirm")
                == "INFO: There are no sessions that match\n")
    }

    @Test func `counters and SPIs of a Child SA are those of the data plane and the engine`() throws {
        let ends = try GatewayAndAzure()
        let child = try #require(ends.gateway.engine.childSAs.first)
        ends.gateway.view.counted[child.child]?.outboundPackets = 7
        ends.gateway.view.counted[child.child]?.inboundPackets = 5
        let text = ends.type("show crypto ipsec sa")
        #expect(text.contains("#pkts encaps: 7, #pkts encrypt: 7, #pkts digest: 7\n"))
        #expect(text.contains("#pkts decaps: 5, #pkts decrypt: 5, #pkts verify: 5\n"))
        #expect(text.contains("current outbound spi: \(child.outbound.description.uppercased())\n"))
        #expect(text.contains("(\(child.inbound.value))\n"))
        #expect(text.contains("ipsec overhead 55(36)"))
    }
}
