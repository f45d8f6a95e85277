import Testing

/// Addresses that change under swand and Debian's strongSwan (RFC 4555), and the NAT that strongSwan's ESP pretends.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible,
        "needs root, /dev/net/tun and Debian's strongswan-starter, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct StrongSwanMobilityTests {
    // kernel-libipsec cannot move an SA: charon makes another in its place as soon as the addresses have changed.
    private static let swand = StrongSwanTests.noForwardSecrecy.swand + ["mobike=yes"]
    private static let charon = StrongSwanTests.noForwardSecrecy.charon + ["mobike=yes"]

    private func scenario() -> CharonScenario {
        var scenario = CharonScenario(steps: [])
        scenario.swand = Self.swand
        scenario.charon = Self.charon
        return scenario
    }

    /// West goes from .45 to .46 on the same wire.
    private static let westMoves: [CharonScenario.Step] = [
        .west("ip address add 192.1.2.46/25 dev eth1"), .west("ip address del 192.1.2.45/24 dev eth1"),
        .west("ip route replace 192.0.2.0/24 via 192.1.2.23"),
        .west("../../guestbin/wait-for.sh --match 'MOBIKE response: updating' -- cat /tmp/pluto.log >/dev/null"),
    ]

    @Test func `swand moves, and strongSwan follows`() throws {
        var scenario = scenario()
        scenario.steps =
            [StrongSwanTests.up, scenario.ping(count: 5)] + Self.westMoves
            + [
                .west("sleep 0.5"),
                scenario.ping(count: 20),
                .west(
                    "grep -o 'success MOBIKE.*' /tmp/pluto.log",
                    "success MOBIKE update local address 192.1.2.45:4500 -> 192.1.2.46:4500"),
                .east("ipsec status | grep -o '192.1.2.23.*'", "192.1.2.23[east]...192.1.2.46[west]"),
                .west("ipsec whack --rekey-child --name w | grep -c 'rekeyed Child SA'", "1"), scenario.ping(count: 5),
                .west("ipsec down w | grep -c 'deleting IKE SA (established IKE SA)'", "1"),
            ] + StrongSwanTests.gone
        try scenario.check()
    }

    @Test func `strongSwan moves, and swand follows`() throws {
        var scenario = scenario()
        scenario.charon = Self.charon + ["left=%defaultroute"]
        scenario.swand = Self.swand + ["right=%any"]
        scenario.steps = [
            StrongSwanTests.charonUp, scenario.ping(), .east("ip address add 192.1.2.24/25 dev eth1"),
            .east("ip address del 192.1.2.23/24 dev eth1"),
            .east("ip route replace 192.0.1.0/24 via 192.1.2.45"),
            .west("../../guestbin/wait-for.sh --match 'MOBIKE request: updating' -- cat /tmp/pluto.log >/dev/null"),
            .west(
                "grep -o 'success MOBIKE.*' /tmp/pluto.log | tail -n 1",
                "success MOBIKE update remote address 192.1.2.23:4500 -> 192.1.2.24:4500"), .west("sleep 0.5"),
            scenario.ping(count: 20),
            .east("ipsec status | grep -o '192.1.2.24.*'", "192.1.2.24[east]...192.1.2.45[west]"),
            .east("ipsec down e | grep -c 'closed successfully'", "1"),
        ]
        try scenario.check()
    }

    @Test func `a strongSwan that does not speak MOBIKE is not told`() throws {
        var scenario = scenario()
        scenario.charon = StrongSwanTests.noForwardSecrecy.charon
        scenario.steps = [
            StrongSwanTests.up, scenario.ping(), .west("ip address add 192.1.2.46/25 dev eth1"),
            .west("ip address del 192.1.2.45/24 dev eth1"), .west("sleep 1"),
            .west("grep -c MOBIKE_SUPPORTED /tmp/pluto.log", "0"),
            .west("grep -c 'success MOBIKE' /tmp/pluto.log", "0"),
        ]
        try scenario.check()
    }

    @Test func `from behind a NAT swand sends keepalives while it sends nothing else`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["encapsulation=yes"]
        scenario.setup = ["keep-alive=1s"]
        // One octet of UDP payload.
        let listen =
            "tcpdump -n -i eth1 -c 2 'src 192.1.2.45 and udp dst port 4500 and udp[4:2]=9' 2>/dev/null | grep -c IP"
        scenario.steps = [
            StrongSwanTests.up, scenario.ping(), .east("timeout 60 \(listen)", "2"),
            // Not beside traffic.
            .west("(ping -n -q -i 0.1 -I 192.0.1.254 192.0.2.254 >/dev/null & echo $! >/tmp/ping)"),
            .east("sleep 1; timeout 2 \(listen)", "0"), .west("kill $(cat /tmp/ping)"),
        ]
        try scenario.check()
    }
}
