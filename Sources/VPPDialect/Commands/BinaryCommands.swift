import VPPForwarder

/// The commands of VAT, the program that tests VPP's binary interface: each becomes the command of the command line that
/// does the same.
enum BinaryCommands {
    /// Arguments as they stand: keywords with the word behind them, and words that stand alone.
    struct Arguments {
        private(set) var words: [String]

        init(_ words: [String]) { self.words = words }

        /// Takes out a keyword and its value.
        mutating func value(_ keyword: String) throws(CommandFailure) -> String {
            guard let value = option(keyword) else { throw CommandFailure(text: "missing \(keyword)") }
            return value
        }

        mutating func option(_ keyword: String) -> String? {
            guard let index = words.firstIndex(of: keyword), index + 1 < words.count else { return nil }
            defer { words.removeSubrange(index...index + 1) }
            return words[index + 1]
        }

        mutating func flag(_ keyword: String) -> Bool {
            guard let index = words.firstIndex(of: keyword) else { return false }
            words.remove(at: index)
            return true
        }

        /// An interface by `sw_if_index N`, or by its name alone.
        mutating func interface(_ dialect: VPPDialect) throws(CommandFailure) -> String {
            if let text = option("sw_if_index") {
                guard let index = Int(text), let found = dialect.forwarder.interfaces[index] else {
                    throw CommandFailure(text: "missing interface name or sw_if_index")
                }
                return found.name
            }
            guard let index = words.firstIndex(where: { dialect.forwarder.interface(named: $0) != nil }) else {
                throw CommandFailure(text: "missing interface name or sw_if_index")
            }
            return words.remove(at: index)
        }
    }

    typealias Translation = @Sendable (inout Arguments, VPPDialect) throws(CommandFailure) -> [String]

    static let rows: [String: Translation] = [
        "ipsec_spd_add_del": { (arguments, _) throws(CommandFailure) in
            ["ipsec", "spd", addOrDelete(&arguments), try arguments.value("spd_id")]
        },
        "ipsec_interface_add_del_spd": { (arguments, dialect) throws(CommandFailure) in
            let id = try arguments.value("spd_id")
            let removes = arguments.flag("del")
            return ["set", "interface", "ipsec", "spd", try arguments.interface(dialect), id] + (removes ? ["del"] : [])
        },
        "ipsec_sad_add_del_entry": { (arguments, _) throws(CommandFailure) in
            let id = try arguments.value("sad_id")
            if arguments.flag("del") { return ["ipsec", "sa", "del", id] }
            return ["ipsec", "sa", "add", id] + renamed(&arguments)
        },
        "ipsec_spd_add_del_entry": { (arguments, _) throws(CommandFailure) in
            let head = ["ipsec", "policy", addOrDelete(&arguments), "spd", try arguments.value("spd_id")]
            // VAT's reader takes keywords without the space behind them, and so `action protectsa_id 20` too.
            if let action = arguments.option("action") {
                let glued = action == "protectsa_id"
                let words = glued ? ["protect", "sa_id"] : [action]
                arguments = Arguments(arguments.words.flatMap { $0 == action ? words : [$0] })
                let id = glued ? arguments.words.first { UInt32($0) != nil && arguments.isLoose($0) } : arguments.option("sa_id")
                if let id, glued { _ = arguments.flag(id) }
                return head + ["action", words[0]] + (id.map { ["sa", $0] } ?? []) + ranges(&arguments)
            }
            return head + ranges(&arguments)
        },
        "ipsec_sa_set_key": { (arguments, _) throws(CommandFailure) in
            ["set", "ipsec", "sa", try arguments.value("sa_id")] + renamed(&arguments)
        },
        "sw_interface_add_del_address": { (arguments, dialect) throws(CommandFailure) in
            let removes = arguments.flag("del")
            let name = try arguments.interface(dialect)
            return ["set", "interface", "ip", "address"] + (removes ? ["del"] : []) + [name] + arguments.words
        },
        "sw_interface_set_flags": { (arguments, dialect) throws(CommandFailure) in
            let name = try arguments.interface(dialect)
            let isUp = arguments.flag("admin-up")
            guard isUp || arguments.flag("admin-down") else { throw CommandFailure(text: "missing admin-up|admin-down") }
            return ["set", "interface", "state", name, isUp ? "up" : "down"]
        },
        "ip_neighbor_add_del": { (arguments, dialect) throws(CommandFailure) in
            let removes = arguments.flag("del")
            let name = try arguments.interface(dialect)
            let address = try arguments.value("dst")
            let mac = arguments.option("mac")
            return ["set", "ip", "neighbor"] + (removes ? ["del"] : []) + [name, address] + (mac.map { [$0] } ?? [])
        },
        "ikev2_profile_add_del": { (arguments, _) throws(CommandFailure) in
            ["ikev2", "profile", addOrDelete(&arguments), try arguments.value("name")]
        },
        "ikev2_profile_set_auth": { (arguments, _) throws(CommandFailure) in
            let name = try arguments.value("name")
            let method = try arguments.value("auth_method")
            let data = try arguments.value("auth_data")
            let form = method == "rsa-sig" ? "cert-file" : data.hasPrefix("0x") ? "hex" : "string"
            return ["ikev2", "profile", "set", name, "auth", method, form, data]
        },
        "ikev2_profile_set_id": { (arguments, _) throws(CommandFailure) in
            let name = try arguments.value("name")
            let type = try arguments.value("id_type")
            let data = try arguments.value("id_data")
            return ["ikev2", "profile", "set", name, "id", try end(&arguments), type, data]
        },
        "ikev2_profile_set_ts": { (arguments, _) throws(CommandFailure) in
            let name = try arguments.value("name")
            let ipProtocol = try arguments.value("protocol")
            let ports = [try arguments.value("start_port"), "-", try arguments.value("end_port")]
            let addresses = [try arguments.value("start_addr"), "-", try arguments.value("end_addr")]
            return ["ikev2", "profile", "set", name, "traffic-selector", try end(&arguments), "ip-range"] + addresses
                + ["port-range"] + ports + ["protocol", ipProtocol]
        },
        "ikev2_set_local_key": { (arguments, _) throws(CommandFailure) in
            ["set", "ikev2", "local", "key", try arguments.value("file")]
        },
        "ikev2_initiate_sa_init": { (arguments, _) throws(CommandFailure) in
            ["ikev2", "initiate", "sa-init", try arguments.value("name")]
        },
    ]

    private static func addOrDelete(_ arguments: inout Arguments) -> String {
        let removes = arguments.flag("del")
        _ = arguments.flag("add")
        return removes ? "del" : "add"
    }

    private static func end(_ arguments: inout Arguments) throws(CommandFailure) -> String {
        if arguments.flag("local") { return "local" }
        guard arguments.flag("remote") else { throw CommandFailure(text: "missing local|remote") }
        return "remote"
    }

    /// `crypto_alg` is `crypto-alg`, and so on.
    private static func renamed(_ arguments: inout Arguments) -> [String] {
        let keywords: Set = ["crypto_alg", "crypto_key", "integ_alg", "integ_key", "tunnel_src", "tunnel_dst"]
        return arguments.words.map { keywords.contains($0) ? String($0.map { $0 == "_" ? "-" : $0 }) : $0 }
    }

    private static func ranges(_ arguments: inout Arguments) -> [String] {
        var words: [String] = []
        for (keyword, prefix, first, last) in [
            ("local-ip-range", "laddr", "start", "stop"), ("remote-ip-range", "raddr", "start", "stop"),
            ("local-port-range", "lport", "start", "stop"), ("remote-port-range", "rport", "start", "stop"),
        ] {
            guard let from = arguments.option("\(prefix)_\(first)"), let to = arguments.option("\(prefix)_\(last)")
            else { continue }
            words += [keyword, from, "-", to]
        }
        return words + arguments.words
    }
}

extension BinaryCommands.Arguments {
    /// Whether a word is no keyword's value.
    func isLoose(_ word: String) -> Bool {
        guard let index = words.firstIndex(of: word) else { return false }
        return index == 0 || !["priority", "protocol"].contains(words[index - 1])
    }
}
