/// Where the console of an ASA stands.
enum ASAMode: ConsoleMode {
    case exec, configuration, interface, networkObject, networkGroup, ipsecProposal, ikev2Policy, groupPolicy
    case tunnelGeneral, tunnelIPsec

    /// What stands between the device's name and `#`.
    var prompt: String {
        switch self {
        case .exec: ""
        case .configuration: "(config)"
        case .interface: "(config-if)"
        case .networkObject: "(config-network-object)"
        case .networkGroup: "(config-network-object-group)"
        case .ipsecProposal: "(config-ipsec-proposal)"
        case .ikev2Policy: "(config-ikev2-policy)"
        case .groupPolicy: "(config-group-policy)"
        case .tunnelGeneral: "(config-tunnel-general)"
        case .tunnelIPsec: "(config-tunnel-ipsec)"
        }
    }
}

/// What an ASA does when it is told to.
enum ASACommand: Sendable {
    case showConfiguration, showIPsec, showIKE, showSessions, showLogging, showDebug
    /// Its level is the argument, 1 without one.
    case debug(DebugChannel)
    case undebugAll
    /// Sessions of a tunnel-group, of one number, or all.
    case logoffGroup, logoffIndex, logoffAll
    case clearIPsec
}

/// A subsystem whose debugging lines can be switched on.
enum DebugChannel: String, CaseIterable, Hashable {
    case ikev2Protocol = "crypto ikev2 protocol"
    case ikev2Platform = "crypto ikev2 platform"
    case ipsec = "crypto ipsec"
    case isakmp = "crypto isakmp"
}

/// The commands of each mode.
enum ASACommands {
    private typealias Rule = CommandRule<ConsoleAction<ASAMode, ASACommand>>

    static let tables: [ASAMode: DeviceConsole<ASAMode, ASACommand>.Table] = Dictionary(
        uniqueKeysWithValues: ASAMode.allCases.map { ($0, CommandTable(rules($0))) })

    private static func rules(_ mode: ASAMode) -> [Rule] {
        switch mode {
        case .exec: exec + [Rule("configure terminal", .configure), Rule("exit", .exit)]
        case .configuration: exec + configuration + leaving
        default: (below[mode] ?? []) + leaving
        }
    }

    private static var leaving: [Rule] { [Rule("exit", .exit), Rule("end", .end)] }

    private static var exec: [Rule] {
        [
            Rule("show running-config", .run(.showConfiguration)),
            Rule("show crypto ipsec sa", .run(.showIPsec)),
            Rule("show crypto ikev2 sa", .run(.showIKE)),
            Rule("show crypto ikev2 sa detail", .run(.showIKE)),
            Rule("show vpn-sessiondb detail l2l", .run(.showSessions)),
            Rule("show logging", .run(.showLogging)),
            Rule("show debug", .run(.showDebug)),
            Rule("undebug all", .run(.undebugAll)),
            Rule("no debug all", .run(.undebugAll)),
            Rule("vpn-sessiondb logoff tunnel-group <name> noconfirm", .run(.logoffGroup)),
            Rule("vpn-sessiondb logoff index <1-65535> noconfirm", .run(.logoffIndex)),
            Rule("vpn-sessiondb logoff l2l noconfirm", .run(.logoffAll)),
            Rule("vpn-sessiondb logoff all noconfirm", .run(.logoffAll)),
            Rule("clear crypto ipsec sa", .run(.clearIPsec)),
        ]
            + DebugChannel.allCases.flatMap {
                [
                    Rule("debug \($0.rawValue)", .run(.debug($0))),
                    Rule("debug \($0.rawValue) <1-255>", .run(.debug($0))),
                ]
            }
    }

    private static var configuration: [Rule] {
        [
            Rule("hostname = <name>", .set()),
            Rule("interface <name>", .set(.interface)),
            Rule("object network <name>", .set(.networkObject)),
            Rule("object-group network <name>", .set(.networkGroup)),
            Rule("access-list <name> extended permit ip object-group <name> object-group <name>", .set()),
            Rule("access-list <name> extended permit ip object <name> object <name>", .set()),
            Rule("access-list <name> extended permit ip <address> <address> <address> <address>", .set()),
            Rule("nat <rest>", .set(note: "addresses are not translated here")),
            Rule("crypto ipsec ikev2 ipsec-proposal <name>", .set(.ipsecProposal)),
            Rule("crypto ipsec security-association lifetime seconds = <120-214783647>", .set()),
            Rule("crypto ipsec security-association lifetime kilobytes = <10-2147483647>", .set()),
            Rule(
                "crypto ipsec security-association pmtu-aging = infinite",
                .set(note: "path MTUs are the system's and do not age here")),
            Rule("crypto ipsec inner-routing-lookup", .set(note: "inner packets are always routed here")),
            Rule("crypto map <name> <1-65535> match address = <name>", .set()),
            Rule("crypto map <name> <1-65535> set peer = <address>", .set()),
            Rule("crypto map <name> <1-65535> set ikev2 ipsec-proposal = <name>", .set()),
            Rule("crypto map <name> <1-65535> set ikev2 pre-shared-key = <name>", .set()),
            Rule("crypto map <name> <1-65535> set pfs = <name>", .set()),
            Rule("crypto map <name> <1-65535> set security-association lifetime seconds = <120-214783647>", .set()),
            Rule("crypto map <name> <1-65535> set security-association lifetime kilobytes = <10-2147483647>", .set()),
            Rule("crypto map <name> <1-65535> set nat-t-disable", .set()),
            Rule("crypto map <name> interface = <name>", .set()),
            Rule("crypto ca trustpool policy", .set(note: "certificates are not used here")),
            Rule("crypto ikev2 policy <1-65535>", .set(.ikev2Policy)),
            Rule("crypto ikev2 enable <name>", .set()),
            Rule("group-policy <name> internal", .set()),
            Rule("group-policy <name> attributes", .set(.groupPolicy)),
            Rule("dynamic-access-policy-record <name>", .set(note: "there is no access policy here")),
            Rule("tunnel-group <name> type ipsec-l2l", .set()),
            Rule("tunnel-group <name> general-attributes", .set(.tunnelGeneral)),
            Rule("tunnel-group <name> ipsec-attributes", .set(.tunnelIPsec)),
            Rule("tunnel-group-map enable peer-ip", .set(note: "a peer is told by its address here")),
            Rule("tunnel-group-map default-group = <name>", .set(note: "a peer is told by its address here")),
            Rule("sysopt connection tcpmss = <0-65535>", .set(note: "the size of TCP segments is not changed here")),
            Rule("sysopt connection preserve-vpn-flows", .set(note: "flows are not counted here")),
            Rule("logging enable", .set()),
        ]
    }

    private static var below: [ASAMode: [Rule]] {
        [
            .interface: [
                Rule("nameif = <name>", .set()),
                Rule("security-level = <0-100>", .set(note: "there is no firewall here")),
                Rule("ip address = <address> <address>", .set()),
            ],
            .networkObject: [
                Rule("subnet = <address> <address>", .set()), Rule("host = <address>", .set()),
                Rule("description = <rest>", .set()),
            ],
            .networkGroup: [
                Rule("network-object object <name>", .set()),
                Rule("network-object <address> <address>", .set()),
                Rule("description = <rest>", .set()),
            ],
            .ipsecProposal: [
                Rule("protocol esp encryption = <rest>", .set()), Rule("protocol esp integrity = <rest>", .set()),
            ],
            .ikev2Policy: [
                Rule("encryption = <rest>", .set()), Rule("integrity = <rest>", .set()),
                Rule("group = <rest>", .set()), Rule("prf = <rest>", .set()),
                Rule("lifetime seconds = <120-2147483647>", .set()),
            ],
            .groupPolicy: [Rule("vpn-tunnel-protocol = <rest>", .set(note: "IKEv2 is all that there is here"))],
            .tunnelGeneral: [Rule("default-group-policy = <name>", .set())],
            .tunnelIPsec: [
                Rule("ikev2 remote-authentication pre-shared-key = <name>", .set()),
                Rule("ikev2 local-authentication pre-shared-key = <name>", .set()),
                Rule("isakmp keepalive threshold = <10-3600> retry <2-10>", .set()),
            ],
        ]
    }
}
