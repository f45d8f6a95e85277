import Testing

/// PPKs (RFC 8784) between swand and Debian's strongSwan, which takes them from swanctl.conf alone.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible && CharonScenario.hasVICI,
        "needs root, /dev/net/tun and Debian's strongswan-starter, strongswan-swanctl, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct StrongSwanPostQuantumTests {
    private func scenario(
        secret: String = "0123456789abcdef0123456789abcdef", required: Bool, policy: String, known: String = "A"
    )
        -> CharonScenario
    {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ppk=\(policy)"]
        scenario.swandSecrets = ["\(scenario.westID) \(scenario.eastID) : PPKS \"A\" \"\(secret)\""]
        scenario.swanctl = """
            connections { g {
                version = 2
                local_addrs = 192.1.2.23
                remote_addrs = 192.1.2.45
                mobike = no
                ppk_id = A
                ppk_required = \(required ? "yes" : "no")
                local { auth = psk
                    id = east }
                remote { auth = psk
                    id = west }
                children { c {
                    local_ts = 192.0.2.0/24
                    remote_ts = 192.0.1.0/24 } } } }
            secrets {
                ike-w { id-1 = west
                    id-2 = east
                    secret = \(CharonScenario.secret) }
                ppk-a { id-1 = \(known)
                    id-2 = west
                    id-3 = east
                    secret = 0123456789abcdef0123456789abcdef } }

            """
        return scenario
    }

    private static let charonUp = CharonScenario.Step.east(
        "swanctl --initiate --child c 2>&1 | tail -n 1", "initiate completed successfully")

    @Test(arguments: [true, false])
    func `both insist on the same key`(swandInitiates: Bool) throws {
        var scenario = scenario(required: true, policy: "insist")
        scenario.steps = [
            swandInitiates ? StrongSwanTests.up : Self.charonUp, scenario.ping(count: 5),
            .west("grep -c 'PPK AUTH calculated as' /tmp/pluto.log", "1"),
            .east("swanctl --list-sas --raw | grep -o 'ppk=yes'", "ppk=yes"),
        ]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `another key under the same name does not do`(swandInitiates: Bool) throws {
        var scenario = scenario(secret: "another", required: false, policy: "propose")
        let refusal =
            swandInitiates
            ? CharonScenario.Step.west(
                "ipsec up w | grep -o 'rejected by peer.*'", "rejected by peer: AUTHENTICATION_FAILED")
            : .east("swanctl --initiate --child c 2>&1 | grep -c 'received AUTHENTICATION_FAILED'", "1")
        scenario.steps = [
            refusal, .west("ipsec trafficstatus"), .west("ipsec whack --impair revival"),
            .west("ipsec down w >/dev/null"),
        ]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `one without the key goes on without it, where nobody insists`(swandInitiates: Bool) throws {
        // A strongSwan that has a key under another name than it asks for has none to use, and looks no further.
        var scenario = scenario(required: false, policy: "propose", known: swandInitiates ? "Z" : "A")
        if !swandInitiates {
            scenario.swandSecrets = ["\(scenario.westID) \(scenario.eastID) : PPKS \"B\" \"some\""]
        }
        scenario.steps = [
            swandInitiates ? StrongSwanTests.up : Self.charonUp, scenario.ping(count: 5),
            .east("swanctl --list-sas --raw | grep -c 'ppk=yes'", "0"),
        ]
        try scenario.check()
    }
}
