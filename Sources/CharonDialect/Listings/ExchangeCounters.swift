import IKEModel
import IKEWire

/// `swanctl --counters`: how many messages of each kind, and replacements, there were.
struct ExchangeCounters {
    private var counts: [String: Int] = [:]

    private static let names = [
        "ike-rekey-init", "ike-rekey-resp", "child-rekey", "invalid", "invalid-spi", "ike-init-in-req",
        "ike-init-in-resp", "ike-init-out-req", "ike-init-out-resp", "ike-auth-in-req", "ike-auth-in-resp",
        "ike-auth-out-req", "ike-auth-out-resp", "create-child-in-req", "create-child-in-resp", "create-child-out-req",
        "create-child-out-resp", "info-in-req", "info-in-resp", "info-out-req", "info-out-resp",
    ]

    mutating func note(_ event: Event) {
        switch event {
        case .messagePassed(_, let facts):
            let kinds: [ExchangeType: String] = [
                .ikeSAInit: "ike-init", .ikeAuth: "ike-auth", .createChildSA: "create-child", .informational: "info",
            ]
            guard let kind = kinds[facts.exchange] else { return }
            count("\(kind)-\(facts.isSent ? "out" : "in")-\(facts.isResponse ? "resp" : "req")")
        case .ikeRekeyed(_, _, let role, _): count(role == .initiator ? "ike-rekey-init" : "ike-rekey-resp")
        case .childEstablished(let facts): if facts.replaces != nil { count("child-rekey") }
        case .dropped(.malformed, _, _, _, _): count("invalid")
        case .dropped(.unknownSPI, _, _, _, _): count("invalid-spi")
        default: break
        }
    }

    private mutating func count(_ name: String) { counts[name, default: 0] += 1 }
    mutating func reset() { counts = [:] }

    var text: String {
        "global:\n"
            + Self.names.map { name in
                "  \(name)\(String(repeating: " ", count: 22 - name.count)): \(counts[name] ?? 0)\n"
            }.joined()
    }
}
