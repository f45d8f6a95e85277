import IKEModel
import NetAddress

/// Traffic selectors as pluto prints them: `192.0.1.0/24`, `192.1.3.209/32/TCP/7`.
enum SelectorText {
    static func text(_ selector: TrafficSelector) -> String {
        let base = selector.addresses.description
        guard selector.ipProtocol != 0 || !selector.isAnyPort else { return base }
        let name =
            switch selector.ipProtocol {
            case 1: "ICMP"
            case 6: "TCP"
            case 17: "UDP"
            case 58: "ICMPv6"
            default: "\(selector.ipProtocol)"
            }
        if selector.isAnyPort { return "\(base)/\(name)" }
        let port =
            selector.startPort == selector.endPort
            ? "\(selector.startPort)" : "\(selector.startPort)-\(selector.endPort)"
        return "\(base)/\(name)/\(port)"
    }

    /// `LOCAL===REMOTE` for each pair of one family.
    static func pairs(_ facts: ChildFacts) -> [String] {
        facts.localSelectors.flatMap { local in
            facts.remoteSelectors.filter { $0.family == local.family }.map { "\(text(local))===\(text($0))" }
        }
    }
}
