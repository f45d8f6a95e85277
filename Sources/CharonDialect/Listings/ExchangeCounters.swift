import IKEModel
import IKEWire

/// `swanctl --counters`: how many messages of each kind, and replacements, there were: of all, and of each connection.
struct ExchangeCounters {
    private var all: [String: Int] = [:]
    private var byConnection: [String: [String: Int]] = [:]

    private static let names = [
        "ike-rekey-init", "ike-rekey-resp", "child-rekey", "invalid", "invalid-spi", "ike-init-in-req",
        "ike-init-in-resp", "ike-init-out-req", "ike-init-out-resp", "ike-auth-in-req", "ike-auth-in-resp",
        "ike-auth-out-req", "ike-auth-out-resp", "create-child-in-req", "create-child-in-resp", "create-child-out-req",
        "create-child-out-resp", "info-in-req", "info-in-resp", "info-out-req", "info-out-resp",
    ]

    /// - Parameter connection: whose event it is, where that is known already.
    mutating func note(_ event: Event, of connection: String?) {
        guard let name = Self.name(event) else { return }
        all[name, default: 0] += 1
        if let connection { byConnection[connection, default: [:]][name, default: 0] += 1 }
    }

    private static func name(_ event: Event) -> String? {
        switch event {
        case .messagePassed(_, let facts):
            let kinds: [ExchangeType: String] = [
                .ikeSAInit: "ike-init", .ikeAuth: "ike-auth", .createChildSA: "create-child", .informational: "info",
            ]
            return kinds[facts.exchange].map {
                "\($0)-\(facts.isSent ? "out" : "in")-\(facts.isResponse ? "resp" : "req")"
            }
        case .ikeRekeyed(_, _, let role, _): return role == .initiator ? "ike-rekey-init" : "ike-rekey-resp"
        case .childEstablished(let facts): return facts.replaces == nil ? nil : "child-rekey"
        case .dropped(.malformed, _, _, _, _): return "invalid"
        case .dropped(.unknownSPI, _, _, _, _): return "invalid-spi"
        default: return nil
        }
    }

    /// What is asked for: all of them together, one connection's, or each connection's.
    enum Selection: Hashable {
        case global
        case connection(String)
        case each
    }

    /// - Returns: whether there were any.
    mutating func reset(_ selection: Selection) -> Bool {
        switch selection {
        case .global: all = [:]
        case .connection(let name): return byConnection.removeValue(forKey: name) != nil
        case .each: byConnection = [:]
        }
        return true
    }

    /// nil: there are none.
    private func selected(_ selection: Selection) -> [(name: String, counts: [String: Int])]? {
        switch selection {
        case .global: [("", all)]
        case .connection(let name): byConnection[name].map { [(name, $0)] }
        case .each: byConnection.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// nil: there are none.
    func text(_ selection: Selection) -> String? {
        selected(selection)?.map { owner, counts in
            "\(owner.isEmpty ? "global" : owner):\n"
                + Self.names.map { name in
                    "  \(name)\(String(repeating: " ", count: 22 - name.count)): \(counts[name] ?? 0)\n"
                }.joined()
        }.joined()
    }

    /// nil: there are none.
    func message(_ selection: Selection) -> ViciMessage? {
        guard let selected = selected(selection) else { return nil }
        var message = ViciMessage()
        message.section("counters") { counters in
            for (owner, counts) in selected {
                counters.section(owner) { inner in for name in Self.names { inner.add(name, "\(counts[name] ?? 0)") } }
            }
        }
        message.add("success", "yes")
        return message
    }
}
