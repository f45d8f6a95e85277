import Testing

/// swand and Debian's strongSwan, each with its own IKE and its own ESP.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible,
        "needs root, /dev/net/tun and Debian's strongswan-starter, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct StrongSwanTests {
    /// What both are told to use, and how strongSwan and swand then name what they agreed on.
    struct Suite: Sendable, CustomTestStringConvertible {
        let swandIKE: String
        let swandESP: String
        let charonIKE: String
        let charonESP: String
        let ikeAgreed: String
        let espAgreed: String
        var testDescription: String { "\(ikeAgreed), \(espAgreed)" }
    }

    static let suites = [
        Suite(
            swandIKE: "aes_gcm256-sha2_256;curve25519", swandESP: "aes_gcm256",
            charonIKE: "aes256gcm16-prfsha256-curve25519", charonESP: "aes256gcm16",
            ikeAgreed: "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519", espAgreed: "AES_GCM_16_256"),
        Suite(
            swandIKE: "aes_gcm256-sha2_512;dh19", swandESP: "aes_gcm128",
            charonIKE: "aes256gcm16-prfsha512-ecp256", charonESP: "aes128gcm16",
            ikeAgreed: "AES_GCM_16_256/PRF_HMAC_SHA2_512/ECP_256", espAgreed: "AES_GCM_16_128"),
        Suite(
            swandIKE: "aes256-sha2_256;modp2048", swandESP: "aes256-sha2_256",
            charonIKE: "aes256-sha256-modp2048", charonESP: "aes256-sha256",
            ikeAgreed: "AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048",
            espAgreed: "AES_CBC_256/HMAC_SHA2_256_128"),
        Suite(
            swandIKE: "aes128-sha1;modp3072", swandESP: "aes192-sha1",
            charonIKE: "aes128-sha1-modp3072", charonESP: "aes192-sha1",
            ikeAgreed: "AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_3072", espAgreed: "AES_CBC_192/HMAC_SHA1_96"),
        Suite(
            swandIKE: "aes192-sha2_384;dh20", swandESP: "aes256-sha2_512",
            charonIKE: "aes192-sha384-ecp384", charonESP: "aes256-sha512",
            ikeAgreed: "AES_CBC_192/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384",
            espAgreed: "AES_CBC_256/HMAC_SHA2_512_256"),
        Suite(
            swandIKE: "aes256-sha2_512;dh21", swandESP: "aes_gcm256",
            charonIKE: "aes256-sha512-ecp521", charonESP: "aes256gcm16",
            ikeAgreed: "AES_CBC_256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512/ECP_521", espAgreed: "AES_GCM_16_256"),
        // The PRF that takes only part of the nonces for SKEYSEED (RFC 7296 §2.14).
        Suite(
            swandIKE: "aes128-aes_xcbc;modp2048", swandESP: "aes_gcm256",
            charonIKE: "aes128-aesxcbc-prfaesxcbc-modp2048", charonESP: "aes256gcm16",
            ikeAgreed: "AES_CBC_128/AES_XCBC_96/PRF_AES128_XCBC/MODP_2048", espAgreed: "AES_GCM_16_256"),
    ]

    /// What swand's `ipsec up` says when all went well.
    static let up = CharonScenario.Step.west(
        "ipsec up w | grep -o 'initiator established [A-Za-z]* SA'", "initiator established IKE SA",
        "initiator established Child SA")

    static let charonUp = CharonScenario.Step.east(
        "ipsec up e | tail -n 1", "connection 'e' established successfully")

    /// strongSwan's own opinion of what was agreed, and how much went through.
    static func agreed(_ ike: String, _ esp: String) -> [CharonScenario.Step] {
        [
            .east("ipsec statusall | sed -n 's/.*IKE proposal: //p'", ike),
            .east("ipsec statusall | sed -n 's/.*e{[0-9]*}:  \\([A-Z0-9_/]*\\), .* bytes_i.*/\\1/p'", esp),
        ]
    }

    static let gone: [CharonScenario.Step] = [
        .east("ipsec status | sed -n 2p", "  none"), .west("ipsec trafficstatus"), .west("ipsec showstates"),
    ]

    @Test(arguments: suites) func `swand initiates and deletes`(suite: Suite) throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ike=\(suite.swandIKE)", "esp=\(suite.swandESP)"]
        scenario.charon = ["ike=\(suite.charonIKE)!", "esp=\(suite.charonESP)!"]
        scenario.steps =
            [Self.up, scenario.ping(count: 20), scenario.ping(count: 3, octets: 1300)]
            + Self.agreed(suite.ikeAgreed, suite.espAgreed)
            + [.west("ipsec down w | grep -c '^\"w\" #1: deleting IKE SA (established IKE SA)'", "1")] + Self.gone
        try scenario.check()
    }

    @Test(arguments: suites) func `strongSwan initiates and deletes`(suite: Suite) throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ike=\(suite.swandIKE)", "esp=\(suite.swandESP)"]
        scenario.charon = ["ike=\(suite.charonIKE)!", "esp=\(suite.charonESP)!"]
        scenario.steps =
            [
                Self.charonUp,
                scenario.ping(count: 20), scenario.ping(count: 3, octets: 1300),
            ] + Self.agreed(suite.ikeAgreed, suite.espAgreed)
            + [.east("ipsec down e | tail -n 1", "IKE_SA [1] closed successfully")] + Self.gone
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `over IPv6`(swandInitiates: Bool) throws {
        var scenario = CharonScenario(family: .v6, steps: [])
        scenario.steps =
            [
                swandInitiates ? Self.up : Self.charonUp,
                scenario.ping(count: 20), scenario.ping(count: 3, octets: 1200),
                .west("ipsec down w | grep -c 'deleting IKE SA (established IKE SA)'", "1"),
            ] + Self.gone
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `both with their defaults, where strongSwan takes swand's ESP without ESN`(swandInitiates: Bool) throws {
        var scenario = CharonScenario(steps: [])
        scenario.steps =
            [
                swandInitiates ? Self.up : Self.charonUp, scenario.ping(count: 20),
                .west("ipsec down w | grep -c 'deleting IKE SA (established IKE SA)'", "1"),
            ] + Self.gone
        try scenario.check()
    }

    @Test func `strongSwan deletes what is to stay up by swand's configuration, and swand brings it back`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.steps =
            [
                Self.up, scenario.ping(), .east("ipsec down e | grep -c 'closed successfully'", "1"),
                .west("../../guestbin/wait-for.sh --match '#4.*ESTABLISHED_CHILD_SA' -- ipsec showstates >/dev/null"),
                .east("ipsec status | sed -n 1p", "Security Associations (1 up, 0 connecting):"), scenario.ping(),
                .west("ipsec down w | grep -c 'deleting IKE SA (established IKE SA)'", "1"),
            ] + Self.gone
        try scenario.check()
    }

    @Test func `strongSwan asks for another group, and swand follows`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ike=aes_gcm256-sha2_256;dh19,aes_gcm256-sha2_256;dh14"]
        scenario.charon = ["ike=aes256gcm16-prfsha256-modp2048!"]
        scenario.steps = [
            Self.up, scenario.ping(),
            .west(
                "grep -v '^|' /tmp/pluto.log | grep INVALID_KE_PAYLOAD",
                "\"w\" #1: Received unauthenticated INVALID_KE_PAYLOAD response to DH DH19; "
                    + "resending with suggested DH MODP2048"),
            .east("ipsec statusall | sed -n 's/.*IKE proposal: //p'", "AES_GCM_16_256/PRF_HMAC_SHA2_256/MODP_2048"),
        ]
        try scenario.check()
    }

    @Test func `swand asks for another group, and strongSwan follows`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ike=aes_gcm256-sha2_256;dh14"]
        scenario.charon = ["ike=aes256gcm16-prfsha256-ecp256,aes256gcm16-prfsha256-modp2048!"]
        scenario.steps = [
            .east(
                "ipsec up e | grep -o -e \"peer didn't accept.*\" -e 'connection .*'",
                "peer didn't accept DH group ECP_256, it requested MODP_2048",
                "connection 'e' established successfully"), scenario.ping(),
            .east("ipsec statusall | sed -n 's/.*IKE proposal: //p'", "AES_GCM_16_256/PRF_HMAC_SHA2_256/MODP_2048"),
        ]
        try scenario.check()
    }

    /// What an end sends in so many fragments: swand keeps to packets of 576 octets over IPv4 and of 1280 over IPv6.
    static let fragmented: [(swandInitiates: Bool, family: CharonScenario.Family, fragments: Int)] = [
        (true, .v4, 7), (true, .v6, 3), (false, .v4, 4), (false, .v6, 2),
    ]

    @Test(arguments: fragmented)
    func `IKE_AUTH in fragments both ways`(swandInitiates: Bool, family: CharonScenario.Family, fragments: Int) throws {
        var scenario = CharonScenario(family: family, steps: [])
        // Identities that make the messages longer than a packet may be; an initiator sends both.
        scenario.westID = "@" + String(repeating: "w", count: 1300) + ".example.com"
        scenario.eastID = "@" + String(repeating: "e", count: 1300) + ".example.com"
        scenario.settings = ["fragment_size = 600"]
        scenario.steps = [
            swandInitiates ? Self.up : Self.charonUp, scenario.ping(),
            .east("grep -c 'received fragment #' OUTPUT/east.charon.log", "\(fragments)"),
            .east("grep -c 'generating IKE_AUTH .* EF(2/' OUTPUT/east.charon.log", "1"),
        ]
        try scenario.check()
    }

    @Test func `strongSwan refuses swand's secret`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.eastSecret = "another"
        scenario.steps = [
            .west(
                "ipsec up w | grep AUTHENTICATION_FAILED",
                "\"w\" #1: IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED")
        ]
        try scenario.check()
    }

    @Test func `swand refuses strongSwan's secret`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.eastSecret = "another"
        scenario.steps = [
            .east(
                "ipsec up e | tail -n 2", "received AUTHENTICATION_FAILED notify error",
                "establishing connection 'e' failed"), .west("ipsec showstates"),
        ]
        try scenario.check()
    }

    @Test func `strongSwan finds none of swand's proposals good`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ike=aes_gcm256-sha2_256;dh19"]
        scenario.charon = ["ike=aes128-sha1-modp2048!"]
        scenario.swand += ["retransmit-interval=100", "retransmit-timeout=1s"]
        // Nobody has proved to be the peer that says so: swand goes on until its time is over.
        scenario.steps = [
            .west(
                "ipsec up w | grep -o -e 'ignoring.*NO_PROPOSAL_CHOSEN' -e '1 second timeout exceeded' | uniq",
                "ignoring IKE_SA_INIT response containing NO_PROPOSAL_CHOSEN", "1 second timeout exceeded")
        ]
        try scenario.check()
    }

    @Test func `swand finds none of strongSwan's proposals good`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["ike=aes_gcm256-sha2_256;dh19"]
        scenario.charon = ["ike=aes128-sha1-modp2048!"]
        scenario.steps = [
            .east(
                "ipsec up e | tail -n 2", "received NO_PROPOSAL_CHOSEN notify error",
                "establishing connection 'e' failed"), .west("ipsec showstates"),
        ]
        try scenario.check()
    }

    /// What one end has to refuse of the other's Child SA, and with what.
    struct Mismatch: Sendable, CustomTestStringConvertible {
        let eastSubnet: String?
        let charonESP: String
        let refusal: String
        var testDescription: String { refusal }
    }

    static let mismatches = [
        Mismatch(eastSubnet: "10.9.0.0/16", charonESP: "aes256gcm16", refusal: "TS_UNACCEPTABLE"),
        Mismatch(eastSubnet: nil, charonESP: "aes128-sha1", refusal: "NO_PROPOSAL_CHOSEN"),
    ]

    @Test(arguments: mismatches)
    func `strongSwan refuses swand's Child SA, the IKE SA stays, and swand tries again after longer and longer waits`(
        mismatch: Mismatch
    ) throws {
        var scenario = CharonScenario(steps: [])
        scenario.eastSubnet = mismatch.eastSubnet
        scenario.swand = ["esp=aes_gcm256"]
        scenario.charon = ["esp=\(mismatch.charonESP)!"]
        scenario.steps =
            [
                .west(
                    "ipsec up w | tail -n 3",
                    "\"w\" #1: initiator established IKE SA; authenticated peer using authby=secret and FQDN '@east'",
                    "\"w\" #2: IKE_AUTH response rejected Child SA with \(mismatch.refusal)",
                    "\"w\" #2: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds"),
                .west("sleep 1"),
                .west(
                    "grep -o 'revival attempt .*' /tmp/pluto.log", "revival attempt 1 scheduled in 0 seconds",
                    "revival attempt 2 scheduled in 5 seconds"),
                .east("ipsec status | sed -n 1p", "Security Associations (1 up, 0 connecting):"),
                .west("ipsec down w | grep -c 'deleting IKE SA (established IKE SA)'", "1"),
            ] + Self.gone
        try scenario.check()
    }

    @Test(arguments: mismatches)
    func `swand refuses strongSwan's Child SA, and the IKE SA stays`(mismatch: Mismatch) throws {
        var scenario = CharonScenario(steps: [])
        scenario.eastSubnet = mismatch.eastSubnet
        scenario.swand = ["esp=aes_gcm256"]
        scenario.charon = ["esp=\(mismatch.charonESP)!"]
        scenario.steps =
            [
                .east(
                    "ipsec up e | tail -n 3", "received \(mismatch.refusal) notify, no CHILD_SA built",
                    "failed to establish CHILD_SA, keeping IKE_SA", "establishing connection 'e' failed"),
                .west("ipsec showstates | grep -o ESTABLISHED_.*_SA", "ESTABLISHED_IKE_SA"),
                .east("ipsec down e | grep -c 'closed successfully'", "1"),
            ] + Self.gone
        try scenario.check()
    }

    @Test func `strongSwan deletes the Child SA alone, and swand, which wants it, makes another`() throws {
        var scenario = CharonScenario(steps: [])
        (scenario.swand, scenario.charon) = Self.forwardSecrecy
        scenario.steps = [
            Self.up, scenario.ping(),
            .east("ipsec down e{1} | tail -n 1", "CHILD_SA {1} closed successfully"),
            .west("../../guestbin/wait-for.sh --match '#3.*ESTABLISHED_CHILD_SA' -- ipsec showstates >/dev/null"),
            scenario.ping(), .east("ipsec status | sed -n 1p", "Security Associations (1 up, 0 connecting):"),
            .east("ipsec status | grep -o 'e{[0-9]*}:  INSTALLED'", "e{2}:  INSTALLED"),
        ]
        try scenario.check()
    }

    @Test func `strongSwan deletes the Child SA alone, and swand, which was only asked for it, lets it go`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.steps =
            [
                Self.charonUp, scenario.ping(),
                .east("ipsec down e{1} | tail -n 1", "CHILD_SA {1} closed successfully"),
                .west("ipsec showstates | grep -o ESTABLISHED_.*_SA", "ESTABLISHED_IKE_SA"),
                .east("ipsec down e | grep -c 'closed successfully'", "1"),
            ] + Self.gone
        try scenario.check()
    }

    @Test func `swand deletes the Child SA alone`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.steps = [
            Self.up, scenario.ping(), .west("ipsec whack --impair revival"),
            // As with libreswan: a state that is deleted under a connection that is up is revived but for that.
            .west(
                "ipsec whack --deletestate 2",
                "\"w\" #2: sent INFORMATIONAL request to delete established Child SA using IKE SA #1",
                "\"w\" #2: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds",
                "\"w\" #2: IMPAIR: revival: skip scheduling revival event",
                "\"w\" #2: ESP traffic information: in=84B out=84B"),
            .west("ipsec showstates | grep -o ESTABLISHED_.*_SA", "ESTABLISHED_IKE_SA"),
            .east("ipsec status | grep -c INSTALLED", "0"),
            .east("ipsec status | sed -n 1p", "Security Associations (1 up, 0 connecting):"),
        ]
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `one asks for signs of life, and the other gives them`(swandAsks: Bool) throws {
        var scenario = CharonScenario(steps: [])
        if swandAsks {
            scenario.swand = ["dpddelay=1s"]
        } else {
            scenario.charon = ["dpddelay=1s", "dpdaction=clear"]
        }
        let said = swandAsks ? "parsed INFORMATIONAL request . \\[ \\]" : "parsed INFORMATIONAL response . \\[ \\]"
        scenario.steps = [
            Self.up,
            .east("../../guestbin/wait-for.sh --match '[2-9]' -- grep -cE '\(said)' OUTPUT/east.charon.log >/dev/null"),
            .east("ipsec status | sed -n 1p", "Security Associations (1 up, 0 connecting):"), scenario.ping(),
        ]
        try scenario.check()
    }

    @Test func `a strongSwan that died without a word is found out and taken away`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["dpddelay=1s", "retransmit-interval=100", "retransmit-timeout=1s"]
        scenario.steps = [
            Self.charonUp, scenario.ping(), Self.die,
            .west("../../guestbin/wait-for.sh --no-match ESTABLISHED -- ipsec showstates"),
        ]
        try scenario.check()
    }

    static let die = CharonScenario.Step.east(
        "kill -9 $(cat /run/starter.charon.pid) $(cat /run/charon.pid); rm -f /run/*.pid; ip link del ipsec0 2>&-; "
            + "while ip rule del pref 220 2>&-; do :; done; ip -6 rule del pref 220 2>&-; ip route flush table 220 2>&-; true"
    )

    @Test func `a strongSwan that died without a word comes back, and the SAs before it are gone`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.steps = [
            Self.up, scenario.ping(), Self.die, .east("ipsec start >/dev/null 2>&1"),
            .east("../../guestbin/wait-for.sh --match '^ *e:.*IKEv2' -- ipsec statusall >/dev/null"),
            Self.charonUp, scenario.ping(),
            .west(
                "ipsec showstates | grep -o '^#.*ESTABLISHED_[A-Z]*_SA'", "#3: \"w\":4500 ESTABLISHED_IKE_SA",
                "#4: \"w\":4500 ESTABLISHED_CHILD_SA"),
        ]
        try scenario.check()
    }

    @Test func `swand insists on encapsulation, and strongSwan believes in a NAT before it`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.swand = ["encapsulation=yes", "ike=aes_gcm256-sha2_256;curve25519"]
        scenario.charon = ["ike=aes256gcm16-prfsha256-curve25519!"]
        scenario.steps = [
            Self.up, scenario.ping(count: 20),
            .east("grep -o '[a-z]* host is behind NAT' OUTPUT/east.charon.log", "remote host is behind NAT"),
        ]
        try scenario.check()
    }

    /// The same group for the Child SA's own key exchange: it is not used before CREATE_CHILD_SA.
    static let forwardSecrecy = (
        swand: ["esp=aes_gcm256;dh31"], charon: ["esp=aes256gcm16-curve25519!", "reauth=no"]
    )
    static let noForwardSecrecy = (swand: ["esp=aes_gcm256", "pfs=no"], charon: ["esp=aes256gcm16!", "reauth=no"])

    @Test(arguments: [true, false])
    func `strongSwan replaces the Child SA, and then the IKE SA`(withKeyExchange: Bool) throws {
        var scenario = CharonScenario(steps: [])
        (scenario.swand, scenario.charon) = withKeyExchange ? Self.forwardSecrecy : Self.noForwardSecrecy
        scenario.steps =
            [Self.charonUp, scenario.ping(), .east("ipsec stroke rekey e{1}")] + Self.has("e{2}", "e[1]", "#1", "#3")
            + [scenario.ping(count: 20), .east("ipsec stroke rekey e[1]")] + Self.has("e{2}", "e[2]", "#4", "#3")
            + [scenario.ping(count: 20), .east("ipsec down e | grep -c 'closed successfully'", "1")] + Self.gone
        try scenario.check()
    }

    @Test(arguments: [true, false])
    func `swand replaces the Child SA, and then the IKE SA`(withKeyExchange: Bool) throws {
        var scenario = CharonScenario(steps: [])
        (scenario.swand, scenario.charon) = withKeyExchange ? Self.forwardSecrecy : Self.noForwardSecrecy
        scenario.charon.append("ike=aes256gcm16-prfsha512-ecp256!")
        scenario.steps =
            [Self.up, scenario.ping(), .west("ipsec whack --rekey-child --name w | grep -c 'rekeyed Child SA'", "1")]
            + Self.has("e{2}", "e[1]", "#1", "#3")
            + [scenario.ping(count: 20), .west("ipsec whack --rekey-ike --name w | grep -c 'rekeyed IKE SA'", "1")]
            + Self.has("e{2}", "e[2]", "#4", "#3")
            + [scenario.ping(count: 20), .east("ipsec down e | grep -c 'closed successfully'", "1")]
        try scenario.check()
    }

    /// Exactly these SAs are left, by strongSwan's numbers and by swand's.
    static func has(_ charonChild: String, _ charonIKE: String, _ swandIKE: String, _ swandChild: String)
        -> [CharonScenario.Step]
    {
        let child = ".*\(swandChild): \"w\":4500 ESTABLISHED_CHILD_SA.*IKE SA \(swandIKE);"
        return [
            .west("../../guestbin/wait-for.sh --match '\(child)' -- ipsec showstates >/dev/null"),
            // strongSwan keeps a Child SA that was replaced for some seconds.
            .east("ipsec status | grep INSTALLED | grep -o 'e{[0-9]*}'", charonChild),
            .east("ipsec status | grep ESTABLISHED | grep -o 'e.[0-9]*\\]'", charonIKE),
            .west("ipsec showstates | grep -c ESTABLISHED_IKE_SA", "1"),
            .west("ipsec showstates | grep -c ESTABLISHED_CHILD_SA", "1"),
        ]
    }

    @Test func `addresses as identities`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.westID = scenario.westAddress
        scenario.eastID = scenario.eastAddress
        scenario.steps = [
            Self.up, scenario.ping(),
            .east("ipsec status | sed -n 's/.* ago, //p'", "192.1.2.23[192.1.2.23]...192.1.2.45[192.1.2.45]"),
        ]
        try scenario.check()
    }
}
