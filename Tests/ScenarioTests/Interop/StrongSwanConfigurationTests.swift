import Testing

/// Configuration payloads between swand and Debian's strongSwan.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible,
        "needs root, /dev/net/tun and Debian's strongswan-starter, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct StrongSwanConfigurationTests {
    @Test func `strongSwan lends swand an address, a name server and the way to it`() throws {
        var scenario = CharonScenario(client: .west, steps: [])
        scenario.charon = ["rightdns=192.0.2.53"]
        scenario.steps =
            [
                .west(
                    "ipsec up w | grep -o -e 'received INTERNAL.*' -e 'IPsec tunnel .*]'",
                    "received INTERNAL_IP4_ADDRESS 192.3.1.1", "received INTERNAL_IP4_DNS 192.0.2.53",
                    "IPsec tunnel [192.3.1.1/32===192.0.2.0/24]"),
                .west("ip -o address show dev lo | grep -o '192.3.1.1/32'", "192.3.1.1/32"),
                .west(
                    "for i in {1..5}; do ping -n -q -W 3 -c 1 192.0.2.254; done | grep -c ' 1 received'", "5"),
                .west("ipsec trafficstatus | grep -o 'lease=.*'", "lease=192.3.1.1/32"),
                .east("ipsec leases | grep -o '192.3.1.1 .*online.*'", "192.3.1.1   online   'west'"),
                .west("ipsec down w | grep -c 'deleting IKE SA (established IKE SA)'", "1"),
                .west("ip -o address show dev lo | grep -c '192.3.1.1/32'", "0"),
            ] + StrongSwanTests.gone
        try scenario.check()
    }

    @Test func `swand lends strongSwan an address, and the same again to the same client`() throws {
        var scenario = CharonScenario(client: .east, steps: [])
        scenario.swand = ["modecfgdns=192.0.1.53"]
        let ping = CharonScenario.Step.east(
            "for i in {1..5}; do ping -n -q -W 3 -c 1 192.0.1.254; done | grep -c ' 1 received'", "5")
        scenario.steps =
            [
                .east(
                    "ipsec up e | grep -o -e 'installing new virtual.*' -e 'handling INTERNAL.*' -e 'and TS.*' -e '^conn.*'",
                    "handling INTERNAL_IP4_DNS attribute failed", "installing new virtual IP 192.3.1.0",
                    "and TS 192.3.1.0/32 === 192.0.1.0/24", "connection 'e' established successfully"),
                ping, .west("ipsec trafficstatus | grep -o 'lease=.*'", "lease=192.3.1.0/32"),
                .east("ipsec down e | grep -c 'closed successfully'", "1"),
                .east("ipsec up e | grep -o 'installing new virtual.*'", "installing new virtual IP 192.3.1.0"),
                ping, .east("ipsec down e | grep -c 'closed successfully'", "1"),
            ] + StrongSwanTests.gone
        try scenario.check()
    }

    @Test func `a strongSwan that asks for no address is refused its Child SA alone`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["rightaddresspool=192.3.1.0/28"]
        scenario.steps = [
            .east(
                "ipsec up e | tail -n 3", "received FAILED_CP_REQUIRED notify, no CHILD_SA built",
                "failed to establish CHILD_SA, keeping IKE_SA", "establishing connection 'e' failed"),
            .west("ipsec showstates | grep -o ESTABLISHED_.*_SA", "ESTABLISHED_IKE_SA"),
        ]
        try scenario.check()
    }
}
