import NetAddress

/// Reads mip6d.conf: statements that end with a semicolon, blocks in braces, comments from # on.
struct MobilityConfigurationReader {
    private struct Word {
        var text: String
        var line: Int
    }

    private let file: String
    private var words: [Word] = []
    private var position = 0

    init(_ text: String, file: String) {
        self.file = file
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var word = ""
            func end(_ words: inout [Word]) {
                if !word.isEmpty { words.append(Word(text: word, line: index + 1)) }
                word = ""
            }
            for character in line.prefix(while: { $0 != "#" }) {
                switch character {
                case " ", "\t", "\r": end(&words)
                case ";", "{", "}":
                    end(&words)
                    words.append(Word(text: String(character), line: index + 1))
                default: word.append(character)
                }
            }
            end(&words)
        }
    }

    private func failure(_ line: Int, _ text: String) -> MobilityConfigurationError {
        MobilityConfigurationError(file: file, line: line, text: text)
    }

    private mutating func next(_ expected: String) throws(MobilityConfigurationError) -> Word {
        guard position < words.count else {
            throw failure(words.last?.line ?? 1, "the file ends; expected \(expected)")
        }
        defer { position += 1 }
        return words[position]
    }

    private mutating func expect(_ mark: String) throws(MobilityConfigurationError) {
        let word = try next("\"\(mark)\"")
        guard word.text == mark else { throw failure(word.line, "found \"\(word.text)\", expected \"\(mark)\"") }
    }

    private func unknown(_ word: Word, of place: String, _ known: [String]) -> MobilityConfigurationError {
        failure(
            word.line, "unknown key \"\(word.text)\" of \(place); expected one of \(known.joined(separator: ", "))")
    }

    // MARK: The file

    mutating func read() throws(MobilityConfigurationError) -> MobilityConfiguration {
        var configuration: MobilityConfiguration?
        var settings = MobilityConfiguration(role: .mobileNode)
        while position < words.count {
            let key = try next("a key")
            switch key.text {
            case "NodeConfig":
                let role = try next("MN or HA")
                switch role.text {
                case "MN": settings.role = .mobileNode
                case "HA": settings.role = .homeAgent
                default: throw failure(role.line, "NodeConfig \(role.text): expected MN or HA")
                }
                configuration = settings
            case "UseMnHaIPsec": settings.usesIPsec = try flag(key)
            case "KeyMngMobCapability": settings.keyManagementMoves = try flag(key)
            case "DoRouteOptimizationMN", "DoRouteOptimizationCN":
                if try flag(key) {
                    throw failure(key.line, "\(key.text): route optimization is not done here; expected disabled")
                }
            case "MnMaxHaBindingLife", "HaMaxBindingLife": settings.lifetimeSeconds = try lifetime(key)
            case "Interface": settings.interfaces.append(unquoted(try next("an interface").text))
            case "MnHomeLink":
                settings.homeLink = try homeLink()
                continue
            case "IPsecPolicySet":
                settings.policySets.append(try policySet())
                continue
            default:
                throw unknown(
                    key, of: "the file",
                    [
                        "NodeConfig", "UseMnHaIPsec", "KeyMngMobCapability", "DoRouteOptimizationMN",
                        "DoRouteOptimizationCN", "MnMaxHaBindingLife", "HaMaxBindingLife", "Interface", "MnHomeLink",
                        "IPsecPolicySet",
                    ])
            }
            try expect(";")
        }
        let end = words.last?.line ?? 1
        guard configuration != nil else { throw failure(end, "NodeConfig is missing; expected MN or HA") }
        if settings.role == .mobileNode, settings.homeLink == nil {
            throw failure(end, "MnHomeLink is missing: a mobile node needs its home agent and its home address")
        }
        try check(settings, at: end)
        return settings
    }

    /// What a role, and `UseMnHaIPsec enabled`, which is the default, ask for.
    private func check(_ settings: MobilityConfiguration, at end: Int) throws(MobilityConfigurationError) {
        let remedy = "; add it, or say UseMnHaIPsec disabled"
        var protected = settings.policySets
        if settings.role == .homeAgent {
            guard !protected.isEmpty else {
                throw failure(end, "IPsecPolicySet is missing: a home agent serves the nodes that these name")
            }
        } else if let link = settings.homeLink {
            let (home, agent) = (link.homeAddress.address, link.homeAgent)
            protected = protected.filter { $0.homeAddress == home && $0.homeAgent == agent }
            guard !protected.isEmpty || !settings.usesIPsec else {
                throw failure(end, "no IPsecPolicySet with HomeAddress \(home) and HomeAgentAddress \(agent)" + remedy)
            }
        }
        // RFC 3776 §4.1: Binding Updates are always protected; the payload may go without.
        guard settings.usesIPsec, let set = protected.first(where: { $0.mobilityHeaderReqid == nil }) else { return }
        throw failure(end, "the IPsecPolicySet of \(set.homeAddress) has no IPsecPolicy Mh" + remedy)
    }

    private mutating func flag(_ key: Word) throws(MobilityConfigurationError) -> Bool {
        let word = try next("enabled or disabled")
        switch word.text {
        case "enabled", "true", "yes": return true
        case "disabled", "false", "no": return false
        default: throw failure(word.line, "\(key.text) \(word.text): expected enabled or disabled")
        }
    }

    private mutating func lifetime(_ key: Word) throws(MobilityConfigurationError) -> UInt32 {
        let word = try next("seconds")
        guard let seconds = UInt32(word.text), seconds >= 4,
            seconds <= MobilityConfiguration.greatestLifetimeSeconds
        else {
            throw failure(
                word.line,
                "\(key.text) \(word.text): expected 4 to \(MobilityConfiguration.greatestLifetimeSeconds) seconds")
        }
        return seconds / 4 * 4
    }

    private func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }

    // MARK: Blocks

    private mutating func homeLink() throws(MobilityConfigurationError) -> MobilityConfiguration.HomeLink {
        let interface = unquoted(try next("an interface").text)
        let start = words[position - 1].line
        var agent: IPAddress?
        var home: IPPrefix?
        try expect("{")
        while case let key = try next("a key of MnHomeLink or \"}\""), key.text != "}" {
            switch key.text {
            case "HomeAgentAddress": agent = try address()
            case "HomeAddress": home = try prefix()
            default: throw unknown(key, of: "MnHomeLink", ["HomeAgentAddress", "HomeAddress"])
            }
            try expect(";")
        }
        guard let agent else { throw failure(start, "MnHomeLink \"\(interface)\" has no HomeAgentAddress") }
        guard let home else { throw failure(start, "MnHomeLink \"\(interface)\" has no HomeAddress") }
        return MobilityConfiguration.HomeLink(interface: interface, homeAgent: agent, homeAddress: home)
    }

    private mutating func policySet() throws(MobilityConfigurationError) -> MobilityConfiguration.PolicySet {
        let start = words[position - 1].line
        var agent: IPAddress?
        var home: IPAddress?
        var (header, payload): (UInt32?, UInt32?)
        try expect("{")
        while case let key = try next("a key of IPsecPolicySet or \"}\""), key.text != "}" {
            switch key.text {
            case "HomeAgentAddress": agent = try address()
            case "HomeAddress": home = try prefix().address
            case "IPsecPolicy":
                let kind = try next("Mh or TunnelPayload")
                switch kind.text {
                case "Mh": header = try reqid()
                case "TunnelPayload": payload = try reqid()
                default: throw failure(kind.line, "IPsecPolicy \(kind.text): expected Mh or TunnelPayload")
                }
            default: throw unknown(key, of: "IPsecPolicySet", ["HomeAgentAddress", "HomeAddress", "IPsecPolicy"])
            }
            try expect(";")
        }
        guard let agent, let home else {
            throw failure(start, "an IPsecPolicySet needs HomeAgentAddress and HomeAddress")
        }
        return MobilityConfiguration.PolicySet(
            homeAgent: agent, homeAddress: home, mobilityHeaderReqid: header, payloadReqid: payload)
    }

    private mutating func reqid() throws(MobilityConfigurationError) -> UInt32 {
        try expect("UseESP")
        let word = try next("a reqid")
        guard let number = UInt32(word.text), number > 0 else {
            throw failure(word.line, "UseESP \(word.text): expected a reqid, a number from 1 on")
        }
        return number
    }

    private mutating func prefix() throws(MobilityConfigurationError) -> IPPrefix {
        let word = try next("an address")
        let found = word.text.contains("/") ? IPPrefix(word.text) : IPAddress(word.text).map { IPPrefix(host: $0) }
        guard let found, found.family == .v6 else {
            throw failure(word.line, "\"\(word.text)\" is no IPv6 address; expected the form 2001:db8::1/64")
        }
        return found
    }

    private mutating func address() throws(MobilityConfigurationError) -> IPAddress {
        let word = try next("an address")
        guard let found = IPAddress(word.text), found.family == .v6 else {
            throw failure(word.line, "\"\(word.text)\" is no IPv6 address; expected the form 2001:db8::1")
        }
        return found
    }
}
