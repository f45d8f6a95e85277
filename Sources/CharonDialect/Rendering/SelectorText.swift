import NetAddress

/// Traffic selectors as charon prints them: `10.1.0.0/24`, `2001:1::10/128[mobility-header]`, `10.0.0.1/32[tcp/http]`.
enum SelectorText {
    private static let protocols: [UInt8: String] = [
        1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 89: "ospf", 132: "sctp",
    ]
    private static let services: [UInt16: String] = [
        22: "ssh", 25: "smtp", 53: "domain", 80: "http", 123: "ntp", 443: "https", 1701: "l2f",
    ]

    static func number(ofProtocol name: String) -> UInt8? {
        name == "mobility-header" ? 135 : protocols.first { $0.value == name }?.key
    }
    static func number(ofService name: String) -> UInt16? { services.first { $0.value == name }?.key }

    static func list(_ selectors: [TrafficSelector], _ version: CharonVersion) -> String {
        selectors.map { text($0, version) }.joined(separator: " ")
    }

    static func text(_ selector: TrafficSelector, _ version: CharonVersion) -> String {
        let addresses =
            selector.addresses.prefix?.description ?? "\(selector.addresses.first)..\(selector.addresses.last)"
        guard selector.ipProtocol != 0 || !selector.isAnyPort else { return addresses }
        return addresses + "[" + limits(selector.ipProtocol, selector, version) + "]"
    }

    static func text(_ selector: SelectorDefinition, _ version: CharonVersion) -> String {
        let addresses = selector.prefix?.description ?? "dynamic"
        guard selector.ipProtocol != 0 || selector.port != 0 else { return addresses }
        let service = selector.port == 0 ? "" : "/" + (services[selector.port] ?? "\(selector.port)")
        return addresses + "[" + name(selector.ipProtocol, version) + service + "]"
    }

    private static func name(_ ipProtocol: UInt8, _ version: CharonVersion) -> String {
        if ipProtocol == 0 { return "0" }
        // The systems of its time had no name for it.
        if ipProtocol == 135 { return version == .v4_2_9 ? "135" : "mobility-header" }
        return protocols[ipProtocol] ?? "\(ipProtocol)"
    }

    private static func limits(_ ipProtocol: UInt8, _ selector: TrafficSelector, _ version: CharonVersion) -> String {
        let name = name(ipProtocol, version)
        if selector.isAnyPort { return name }
        if selector.isOpaque { return name + "/OPAQUE" }
        guard selector.startPort == selector.endPort else { return name + "/\(selector.startPort)-\(selector.endPort)" }
        return name + "/" + (services[selector.startPort] ?? "\(selector.startPort)")
    }
}
