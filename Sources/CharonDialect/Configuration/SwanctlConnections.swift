import DialectKit
import IKEModel
import NetAddress

/// swanctl.conf's connections; a key that charon would refuse is refused with its place.
enum SwanctlConnections {
    /// One connection's children, in the order of the file.
    static func definitions(of tree: SettingsTree, named name: String) throws(ConfigurationError)
        -> [ConnectionDefinition]
    {
        var general = ConnectionDefinition(origin: .vici, name: "", peer: name)
        general.reauthenticates = false
        general.mobility = true
        general.replayWindow = 32
        var rekey = Duration.seconds(14400)
        var overTime: Duration?
        for (key, value) in tree.values {
            switch key {
            case "local_addrs": general.local.host = try single(value)
            case "remote_addrs": general.remote.host = try single(value)
            case "proposals":
                guard (try? ProposalParser.ike(value.text + "!")) != nil else { throw bad(key, value) }
                general.ike = value.text + "!"
            case "rekey_time": rekey = try duration(key, value)
            case "over_time": overTime = try duration(key, value)
            case "reauth_time": general.reauthenticates = try duration(key, value) > .zero
            case "mobike": general.mobility = try boolean(key, value)
            case "childless":
                let policies: [String: ChildlessPolicy] = [
                    "allow": .allow, "prefer": .prefer, "force": .force, "never": .never,
                ]
                guard let policy = policies[value.text] else { throw bad(key, value) }
                general.childless = policy
            case "encap": general.forcesEncapsulation = try boolean(key, value)
            case "fragmentation": general.fragmentation = value.text != "no"
            case "dpd_delay": general.livenessDelay = try duration(key, value)
            case "version": guard ["0", "2"].contains(value.text) else { throw bad(key, value) }
            case "send_cert":
                guard let sending = CertificateSending(charon: value.text) else { throw bad(key, value) }
                general.local.certificateSending = sending
            case "vips":
                for text in ValueSyntax.list(value.text) {
                    guard let address = IPAddress(text) else { throw bad(key, value) }
                    general.local.sourceAddresses.append(
                        address == .unspecified(address.family) ? .any(address.family) : .address(address))
                }
            case "pools": general.remote.sourceAddresses = ValueSyntax.list(value.text).map { .named($0) }
            case "rand_time", "dpd_timeout", "unique", "keyingtries", "aggressive": break
            default: try refuse(key, value, unless: only)
            }
        }
        if general.reauthenticates, let value = tree.value("reauth_time") {
            rekey = ValueSyntax.duration(value.text) ?? rekey
        }
        let over = overTime ?? rekey / 10
        general.rekeys = rekey > .zero
        general.ikeLifetime = rekey > .zero ? rekey + over : .seconds(14400)
        general.rekeyMargin = over
        var rounds: Set<String> = []
        for (name, section) in tree.sections where name != "children" {
            if name.hasPrefix("local") || name.hasPrefix("remote") {
                let side = name.hasPrefix("local") ? "local" : "remote"
                guard rounds.insert(side).inserted else {
                    let place = section.values.first?.value
                    throw ConfigurationError(
                        file: place?.file ?? "", line: place?.line ?? 0,
                        "\(name): a second round of authentication is not supported, config discarded")
                }
                if side == "local" { try set(section, &general.local) } else { try set(section, &general.remote) }
            } else if let place = section.values.first?.value {
                throw unknown(name, place)
            }
        }
        var result: [ConnectionDefinition] = []
        for (name, section) in tree.section(named: "children")?.sections ?? [] {
            var child = general
            child.name = name
            try setChild(section, &child)
            for (key, end) in [("local_ts", child.local), ("remote_ts", child.remote)]
            where !end.sourceAddresses.isEmpty && end.limitsSelectors {
                guard let value = section.value(key) else { continue }
                throw ConfigurationError(
                    file: value.file, line: value.line,
                    "\(key) beside \(key == "local_ts" ? "vips" : "pools") is not supported, config discarded")
            }
            result.append(child)
        }
        return result
    }

    private static func set(_ tree: SettingsTree, _ end: inout EndDefinition) throws(ConfigurationError) {
        for (key, value) in tree.values {
            switch key {
            case "auth":
                guard let method = EndDefinition.authentication(value.text) else { throw bad(key, value) }
                end.authentication = method
            case "id": end.identity = value.text
            case "eap_id": end.eapIdentity = value.text
            case "certs": end.certificates = ValueSyntax.list(value.text)
            case "ca_id": end.authorities = [value.text]
            case "revocation":
                guard ["strict", "ifuri", "relaxed"].contains(value.text) else { throw bad(key, value) }
                end.requiresRevocationLists = value.text == "strict"
            case "cacerts": end.authorityFiles = ValueSyntax.list(value.text)
            case "round": break
            default: try refuse(key, value, unless: only)
            }
        }
    }

    private static func setChild(_ tree: SettingsTree, _ child: inout ConnectionDefinition) throws(ConfigurationError) {
        var rekey = Duration.seconds(3600)
        var life: Duration?
        for (key, value) in tree.values {
            switch key {
            case "local_ts": child.local.selectors = try selectors(key, value)
            case "remote_ts": child.remote.selectors = try selectors(key, value)
            case "esp_proposals":
                guard (try? ProposalParser.esp(value.text + "!")) != nil else { throw bad(key, value) }
                child.esp = value.text + "!"
            case "rekey_time": rekey = try duration(key, value)
            case "life_time": life = try duration(key, value)
            case "mode":
                switch value.text {
                case "tunnel": child.mode = .tunnel
                case "transport": child.mode = .transport
                case "transport_proxy": child.mode = .transportProxy
                default: throw bad(key, value)
                }
            case "policies": child.installsPolicies = try boolean(key, value)
            case "reqid":
                guard let number = UInt32(value.text) else { throw bad(key, value) }
                child.reqid = number
            case "mark_in", "mark_out", "mark_in_sa", "if_id_in", "if_id_out": try setMarks(key, value, &child.marks)
            case "start_action":
                switch value.text {
                case "none": child.start = .add
                case "trap": child.start = .route
                case "start": child.start = .start
                default: throw bad(key, value)
                }
            case "dpd_action": child.livenessAction = value.text
            case "replay_window":
                guard let window = Int(value.text), window == 0 || (32...4096).contains(window) else {
                    throw bad(key, value)
                }
                child.replayWindow = window
            case "life_bytes", "life_packets":
                guard let count = UInt64(value.text) else { throw bad(key, value) }
                let path = key == "life_bytes" ? \ConnectionDefinition.childOctets : \.childPackets
                child[keyPath: path] = count == 0 ? 1 << 63 : count
            case "rand_time", "updown", "hostaccess": break
            default: try refuse(key, value, unless: only)
            }
        }
        let end = life ?? rekey * 11 / 10
        child.childLifetime = end > .zero ? end : .seconds(3960)
        child.childRekeyMargin = end > rekey ? end - rekey : .zero
    }

    /// An interface's number of 0 is none, and so is a mark whose mask is 0 (a mark of 0 alone is that of unmarked packets).
    private static func setMarks(
        _ key: String, _ value: SettingsTree.Value, _ marks: inout PolicyMarks
    ) throws(ConfigurationError) {
        let id = PacketMark.number(value.text).map { $0 == 0 ? nil : $0 }
        let mark = PacketMark(value.text).map { $0.isAny ? nil : $0 }
        switch (key, id, mark) {
        case ("mark_in_sa", _, _): marks.marksInboundSA = try boolean(key, value)
        case ("if_id_in", let id?, _): marks.inboundInterface = id
        case ("if_id_out", let id?, _): marks.outboundInterface = id
        case ("mark_in", _, let mark?): marks.inbound = mark
        case ("mark_out", _, let mark?):
            marks.outbound = mark
            marks.marksOutboundSA = mark != nil
        default: throw bad(key, value)
        }
    }

    // MARK: Values

    /// What is obeyed with these values alone, because nothing else is done; any other is refused.
    private static let only: [String: Set<String>] = [
        // Connections.
        "pull": ["yes"], "send_certreq": ["yes"], "local_port": ["500"], "remote_port": ["500"],
        "dscp": ["0", "000000"],
        "ppk_id": [], "ppk_required": ["no"],
        // Ends.
        "pubkeys": [], "cert_policy": [], "groups": [], "aaa_id": [], "xauth_id": [],
        // Children.
        "rekey_bytes": ["0"], "rand_bytes": ["0"], "rekey_packets": ["0"], "rand_packets": ["0"], "ipcomp": ["no"],
        "inactivity": ["0", "0s"], "close_action": ["none"], "tfc_padding": ["0"], "priority": ["0"], "interface": [],
        "set_mark_in": ["0"], "set_mark_out": ["0"], "hw_offload": ["no", "auto"], "copy_df": ["yes"],
        "copy_ecn": ["yes"],
        "copy_dscp": ["out"], "sha256_96": ["no"],
    ]

    private static func refuse(
        _ key: String, _ value: SettingsTree.Value, unless values: [String: Set<String>]
    ) throws(ConfigurationError) {
        guard let allowed = values[key] else { throw unknown(key, value) }
        guard !allowed.contains(value.text) else { return }
        throw ConfigurationError(
            file: value.file, line: value.line, "not supported: \(key) = \(value.text), config discarded")
    }

    private static func single(_ value: SettingsTree.Value) throws(ConfigurationError) -> String {
        let list = ValueSyntax.list(value.text)
        guard list.count == 1 else {
            throw ConfigurationError(
                file: value.file, line: value.line, "'\(value.text)': one address or name is supported here")
        }
        return list[0]
    }

    private static func selectors(_ key: String, _ value: SettingsTree.Value) throws(ConfigurationError)
        -> [SelectorDefinition]
    {
        var result: [SelectorDefinition] = []
        for text in ValueSyntax.list(value.text) {
            guard let selector = SelectorDefinition(text) else { throw bad(key, value) }
            result.append(selector)
        }
        return result
    }

    private static func duration(_ key: String, _ value: SettingsTree.Value) throws(ConfigurationError) -> Duration {
        guard let duration = ValueSyntax.duration(value.text) else { throw bad(key, value) }
        return duration
    }

    private static func boolean(_ key: String, _ value: SettingsTree.Value) throws(ConfigurationError) -> Bool {
        guard let boolean = ValueSyntax.boolean(value.text) else { throw bad(key, value) }
        return boolean
    }

    private static func bad(_ key: String, _ value: SettingsTree.Value) -> ConfigurationError {
        ConfigurationError(file: value.file, line: value.line, "invalid value for: \(key), config discarded")
    }

    private static func unknown(_ key: String, _ value: SettingsTree.Value) -> ConfigurationError {
        ConfigurationError(file: value.file, line: value.line, "unknown option: \(key), config discarded")
    }
}
