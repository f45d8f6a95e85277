import Lab
import NetAddress
import Yams

/// Reads `scenario.yaml`. An unknown key or word is an error that names those there are.
struct FolderSettingsReader {
    let file: String

    func read(_ text: String) throws(ScenarioError) -> ScenarioSettings {
        var settings = ScenarioSettings()
        guard let root = try compose(text) else { return settings }
        let keys = [
            "topology", "hosts", "dialects", "daemon", "requires", "tags", "reproduces", "impairments", "timeout",
            "protected", "expect-clear", "hostile",
        ]
        for (key, value) in try mapping(root, keys: keys) {
            settings.lines[key] = value.mark?.line
            switch key {
            case "topology": settings.topology = try scalar(value, "the name of a topology")
            case "hosts": settings.hosts = try list(value, "names of hosts")
            case "hostile": settings.hostile = try list(value, "names of hosts")
            case "dialects": settings.dialects = try dialects(value)
            case "daemon": try readDaemons(value, into: &settings)
            case "requires":
                for item in try items(value, "names of capabilities") { settings.requires.append(try feature(item)) }
            case "tags": settings.tags = try list(value, "tags")
            case "reproduces": settings.reproduces = try list(value, "documents")
            case "impairments":
                for item in try items(value, "impairments") { settings.impairments.append(try impairment(item)) }
            case "timeout":
                let text = try scalar(value, "seconds")
                guard let seconds = Double(text), seconds > 0, seconds <= 86400 else {
                    throw fault(value, "expected seconds (more than 0, at most 86400), found \"\(text)\"")
                }
                settings.timeout = .milliseconds(Int64(seconds * 1000))
            case "protected": settings.protection = try protection(value)
            default: settings.expectedClear = try traffic(value)
            }
        }
        return settings
    }

    private func compose(_ text: String) throws(ScenarioError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch {
            let fault = YAMLFault(error)
            throw ScenarioError(
                file: file, line: fault.line, fault.message, remedy: "correct the indentation or quote the value")
        }
    }

    private func fault(_ node: Node, _ message: String, remedy: String = "correct the value") -> ScenarioError {
        ScenarioError(file: file, line: node.mark?.line, message, remedy: remedy)
    }

    // MARK: Shapes

    private func mapping(_ node: Node, keys: [String]? = nil) throws(ScenarioError) -> [(String, Node)] {
        guard case .mapping(let mapping) = node else { throw fault(node, "expected keys and values") }
        var pairs: [(String, Node)] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else { throw fault(key, "expected a key") }
            if let keys, !keys.contains(name.string) {
                throw fault(
                    key, "unknown key \"\(name.string)\", expected one of \(keys.joined(separator: ", "))",
                    remedy: "correct or remove the key")
            }
            pairs.append((name.string, value))
        }
        return pairs
    }

    private func scalar(_ node: Node, _ what: String) throws(ScenarioError) -> String {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else { throw fault(node, "expected \(what)") }
        return scalar.string
    }

    /// The elements of a list; a single value is a list of one.
    private func items(_ node: Node, _ what: String) throws(ScenarioError) -> [Node] {
        switch node {
        case .sequence(let sequence): return Array(sequence)
        case .scalar(let scalar) where !scalar.string.isEmpty: return [node]
        default: throw fault(node, "expected a list of \(what)")
        }
    }

    private func list(_ node: Node, _ what: String) throws(ScenarioError) -> [String] {
        var values: [String] = []
        for item in try items(node, what) { values.append(try scalar(item, what)) }
        return values
    }

    /// One of some words.
    private func word(_ node: Node, _ what: String, of known: [String]) throws(ScenarioError) -> String {
        let text = try scalar(node, what)
        guard known.contains(text) else {
            throw fault(node, "\"\(text)\" is not \(what), expected one of \(known.joined(separator: ", "))")
        }
        return text
    }

    /// One of some words for each host.
    private func words(_ node: Node, _ what: String, of known: [String]) throws(ScenarioError) -> [String: String] {
        var values: [String: String] = [:]
        for (key, value) in try mapping(node) { values[key] = try word(value, what, of: known) }
        return values
    }

    // MARK: Values

    /// `daemon: strongswan` for all hosts, or `daemon: {west: swand, east: strongswan}`; in the place of each name there
    /// may be `{kind: strongswan, prefix: /opt/strongswan}`.
    private func readDaemons(_ node: Node, into settings: inout ScenarioSettings) throws(ScenarioError) {
        if case .mapping(let mapping) = node, mapping["kind"] == nil {
            for (host, value) in try self.mapping(node) { try readDaemon(value, of: host, into: &settings) }
        } else {
            try readDaemon(node, of: "*", into: &settings)
        }
    }

    private func readDaemon(
        _ node: Node, of host: String, into settings: inout ScenarioSettings
    ) throws(ScenarioError) {
        let known = ScenarioSettings.knownDaemons
        guard case .mapping = node else {
            settings.daemons[host] = try word(node, "the name of a daemon", of: known)
            return
        }
        let keys = ["kind", "prefix"]
        for (key, value) in try mapping(node, keys: keys) {
            if key == "kind" {
                settings.daemons[host] = try word(value, "the name of a daemon", of: known)
            } else {
                let path = try scalar(value, "a folder")
                guard path.hasPrefix("/") else { throw fault(value, "expected an absolute path, found \"\(path)\"") }
                settings.prefixes[host] = path
            }
        }
        guard let kind = settings.daemons[host] else {
            throw fault(node, "a daemon needs its kind", remedy: "add kind: strongswan")
        }
        if settings.prefixes[host] != nil && !["strongswan", "libreswan"].contains(kind) {
            throw fault(node, "only strongswan and libreswan may have a prefix", remedy: "remove prefix")
        }
    }

    private func dialects(_ node: Node) throws(ScenarioError) -> [String: String] {
        try words(node, "a dialect", of: ScenarioSettings.knownDialects)
    }

    private func feature(_ node: Node) throws(ScenarioError) -> MachineFeature {
        let name = try word(node, "the name of a capability", of: MachineFeature.allCases.map(\.rawValue))
        guard let feature = MachineFeature(rawValue: name) else { preconditionFailure("a feature without its name") }
        return feature
    }

    private func protection(_ node: Node) throws(ScenarioError) -> ScenarioSettings.Protection {
        if case .scalar(let scalar) = node {
            if scalar.string == "connections" { return .connections }
            if scalar.string == "none" { return .none }
        }
        return .traffic(try traffic(node))
    }

    private func traffic(_ node: Node) throws(ScenarioError) -> [ProtectedTraffic] {
        var traffic: [ProtectedTraffic] = []
        for item in try items(node, "networks as A === B") {
            let text = try scalar(item, "networks as A === B")
            let words = text.split(separator: " ")
            let isOnLink = words.count > 2 && words[words.count - 2] == "on"
            let networks = isOnLink ? words.dropLast(2).joined(separator: " ") : text
            let sides = networks.split(separator: "===").map { prefix(String($0).trimmed) }
            guard sides.count == 2, let left = sides[0], let right = sides[1], left.family == right.family else {
                throw fault(
                    item, "expected two networks of one family, A/N === B/N, found \"\(text)\"",
                    remedy: "write it as 192.0.1.0/24 === 192.0.2.0/24, or with on LINK behind it")
            }
            traffic.append(ProtectedTraffic(left, right, on: isOnLink ? words.last.map(String.init) : nil))
        }
        return traffic
    }

    private func prefix(_ text: String) -> IPPrefix? {
        IPPrefix(text) ?? IPAddress(text).map { IPPrefix(host: $0) }
    }

    private func impairment(_ node: Node) throws(ScenarioError) -> LinkImpairment {
        var link: String?
        var from: String?
        var selection = LinkImpairment.Selection.any
        var nth: Set<Int>?
        var share: Double?
        var seed: UInt64?
        var word: String?
        var milliseconds: Int?
        var octet: Int?
        let keys = ["link", "from", "message", "nth", "share", "seed", "action", "milliseconds", "octet"]
        for (key, value) in try mapping(node, keys: keys) {
            switch key {
            case "link": link = try scalar(value, "the name of a link")
            case "from": from = try scalar(value, "the name of a host")
            case "message": selection = try message(value)
            case "nth":
                nth = []
                for item in try items(value, "numbers") {
                    guard let number = Int(try scalar(item, "a number")), number >= 1 else {
                        throw fault(item, "expected a number from 1, counted on the link")
                    }
                    nth?.insert(number)
                }
            case "share":
                guard let number = Double(try scalar(value, "a share")), (0...1).contains(number) else {
                    throw fault(value, "expected a share from 0 to 1")
                }
                share = number
            case "seed":
                guard let number = UInt64(try scalar(value, "a seed")) else {
                    throw fault(value, "expected a whole number")
                }
                seed = number
            case "milliseconds": milliseconds = try number(value, in: 1...60_000)
            case "octet": octet = try number(value, in: 0...65535)
            default: word = try self.word(value, "an action", of: LinkImpairment.Action.names)
            }
        }
        guard let link, let word else {
            throw fault(node, "an impairment needs link and action", remedy: "add - link: NAME and action: drop")
        }
        let action = try action(word, milliseconds: milliseconds, octet: octet, of: selection, node)
        let frequency: LinkImpairment.Frequency
        switch (nth, share, seed) {
        case (let nth?, nil, nil): frequency = .nth(nth)
        case (nil, let share?, let seed?): frequency = .share(share, seed: seed)
        case (nil, nil, nil): frequency = .all
        default:
            throw fault(
                node, "expected nth, or share with seed, or neither",
                remedy: "a share needs a seed so that the run can be repeated")
        }
        return LinkImpairment(
            link: link, from: from, selection: selection, frequency: frequency, action: action,
            line: node.mark?.line ?? 1)
    }

    private func number(_ node: Node, in range: ClosedRange<Int>) throws(ScenarioError) -> Int {
        guard let number = Int(try scalar(node, "a number")), range.contains(number) else {
            throw fault(node, "expected a whole number, \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func action(
        _ word: String, milliseconds: Int?, octet: Int?, of selection: LinkImpairment.Selection, _ node: Node
    ) throws(ScenarioError) -> LinkImpairment.Action {
        switch (word, milliseconds, octet) {
        case ("drop", nil, nil): return .drop
        case ("duplicate", nil, nil): return .duplicate
        case ("reorder", nil, nil): return .reorder
        case ("delay", let milliseconds?, nil): return .delay(.milliseconds(milliseconds))
        case ("corrupt", nil, let octet?):
            if selection == .any {
                throw fault(node, "corrupt needs a message", remedy: "add message: IKE or message: ESP")
            }
            return .corrupt(octet: octet)
        default:
            throw fault(
                node, "\(word) does not go with what else is said",
                remedy: "delay takes milliseconds, corrupt takes octet, the others take neither")
        }
    }

    /// `IKE_SA_INIT request`, `IKE_AUTH`, `IKE response`, `IKE`, `ESP`.
    private func message(_ node: Node) throws(ScenarioError) -> LinkImpairment.Selection {
        let text = try scalar(node, "a kind of message")
        let words = text.split(separator: " ").map(String.init)
        if words == ["ESP"] { return .esp }
        let exchange = LinkImpairment.Exchange.allCases.first { $0.name == words.first }
        let direction = words.dropFirst().first.map { LinkImpairment.Direction(rawValue: $0) }
        guard (1...2).contains(words.count), exchange != nil || words[0] == "IKE", direction != .some(nil) else {
            let names = LinkImpairment.Exchange.allCases.map(\.name).joined(separator: ", ")
            throw fault(
                node,
                "unknown message \"\(text)\", expected ESP, IKE or one of \(names), perhaps with request or response")
        }
        return .ike(exchange: exchange, direction: direction ?? nil)
    }
}
