/// Where the console of a router stands.
enum IOSMode: ConsoleMode {
    case exec, configuration, interface, proposal, policy, keyring, profile, transformSet, ipsecProfile

    var prompt: String {
        switch self {
        case .exec: ""
        case .configuration: "(config)"
        case .interface: "(config-if)"
        case .proposal: "(config-ikev2-proposal)"
        case .policy: "(config-ikev2-policy)"
        case .keyring: "(config-ikev2-keyring)"
        case .profile: "(config-ikev2-profile)"
        case .transformSet: "(cfg-crypto-trans)"
        case .ipsecProfile: "(ipsec-profile)"
        }
    }
}

/// What a router does when it is told to.
enum IOSCommand: Sendable {
    case showConfiguration, showIKE, showIKEDetailed, showIPsec, showSession, showDebug
    case debug(IOSDebug)
    case undebugAll
    case clearIKE
    /// Whether a source and a count are named.
    case ping(source: Bool, count: Bool)
}

/// What can be debugged.
enum IOSDebug: String, CaseIterable, Hashable, Sendable {
    /// The messages, payload by payload.
    case packet = "crypto ikev2 packet"
    /// What the toolkit does, state by state.
    case `internal` = "crypto ikev2 internal"
}

/// The commands of each mode.
enum IOSCommands {
    private typealias Rule = CommandRule<ConsoleAction<IOSMode, IOSCommand>>

    static let tables: [IOSMode: DeviceConsole<IOSMode, IOSCommand>.Table] = Dictionary(
        uniqueKeysWithValues: IOSMode.allCases.map { ($0, CommandTable(rules($0))) })

    private static func rules(_ mode: IOSMode) -> [Rule] {
        switch mode {
        case .exec: exec + [Rule("configure terminal", .configure), Rule("exit", .exit)]
        case .configuration: configuration + leaving
        default: (below[mode] ?? []) + leaving
        }
    }

    private static var leaving: [Rule] { [Rule("exit", .exit), Rule("end", .end)] }

    private static var exec: [Rule] {
        [
            Rule("show running-config", .run(.showConfiguration)),
            Rule("show crypto ikev2 sa", .run(.showIKE)),
            Rule("show crypto ikev2 sa detailed", .run(.showIKEDetailed)),
            Rule("show crypto ipsec sa", .run(.showIPsec)),
            Rule("show crypto session", .run(.showSession)),
            Rule("show debugging", .run(.showDebug)),
            Rule("undebug all", .run(.undebugAll)),
            Rule("no debug all", .run(.undebugAll)),
            Rule("clear crypto ikev2 sa", .run(.clearIKE)),
            Rule("ping <address>", .run(.ping(source: false, count: false))),
            Rule("ping <address> source <name>", .run(.ping(source: true, count: false))),
            Rule("ping <address> repeat <1-1000>", .run(.ping(source: false, count: true))),
            Rule("ping <address> source <name> repeat <1-1000>", .run(.ping(source: true, count: true))),
        ] + IOSDebug.allCases.map { Rule("debug \($0.rawValue)", .run(.debug($0))) }
    }

    private static var configuration: [Rule] {
        [
            Rule("hostname = <name>", .set()),
            Rule("interface <name>", .set(.interface)),
            Rule("crypto ikev2 proposal <name>", .set(.proposal)),
            Rule("crypto ikev2 policy <name>", .set(.policy)),
            Rule("crypto ikev2 keyring <name>", .set(.keyring)),
            Rule("crypto ikev2 profile <name>", .set(.profile)),
            Rule("crypto ipsec transform-set <name> = <rest>", .set(.transformSet)),
            Rule("crypto ipsec profile <name>", .set(.ipsecProfile)),
            Rule("ip route <address> <address> <name>", .set(note: "routes are the host's here")),
        ]
    }

    private static var below: [IOSMode: [Rule]] {
        [
            .interface: [
                Rule("ip address = <address> <address>", .set()),
                Rule("tunnel source = <name>", .set()),
                Rule("tunnel mode = ipsec ipv4", .set()),
                Rule("tunnel destination = <address>", .set()),
                Rule("tunnel protection ipsec profile = <name>", .set()),
            ],
            .proposal: [
                Rule("encryption = <rest>", .set()), Rule("integrity = <rest>", .set()),
                Rule("group = <rest>", .set()),
            ],
            .policy: [Rule("proposal = <name>", .set())],
            .keyring: [
                Rule("peer <name>", .set()),
                Rule("address = <address>", .set()),
                Rule("address = <address> <address>", .set()),
                Rule("hostname = <name>", .set()),
                Rule("pre-shared-key local = <name>", .set()),
                Rule("pre-shared-key remote = <name>", .set()),
            ],
            .profile: [
                Rule("match identity remote address = <address>", .set()),
                Rule("match identity remote address = <address> <address>", .set()),
                Rule("authentication remote = pre-share", .set()),
                Rule("authentication local = pre-share", .set()),
                Rule("keyring local = <name>", .set()),
                Rule("lifetime = <120-86400>", .set()),
                Rule("dpd = <10-3600> <2-60> periodic", .set()),
            ],
            .transformSet: [Rule("mode = tunnel", .set())],
            .ipsecProfile: [
                Rule("set transform-set = <name>", .set()),
                Rule("set ikev2-profile = <name>", .set()),
                Rule("set pfs = <name>", .set()),
                Rule("set security-association lifetime seconds = <120-86400>", .set()),
                Rule("set security-association lifetime kilobytes = <2560-4294967295>", .set()),
            ],
        ]
    }
}
