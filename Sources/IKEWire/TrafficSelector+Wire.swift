import NetAddress

/// The form of a traffic selector (RFC 7296 §3.13.1).
package struct TrafficSelectorType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let ipv4AddressRange = TrafficSelectorType(7)
    package static let ipv6AddressRange = TrafficSelectorType(8)

    package static let names: [UInt8: String] = [
        7: "TS_IPV4_ADDR_RANGE", 8: "TS_IPV6_ADDR_RANGE", 9: "TS_FC_ADDR_RANGE", 10: "TS_SECLABEL",
    ]
}

extension TrafficSelector {
    /// The selectors of a TS payload (RFC 7296 §3.13). Those of unknown types are passed over, so that they are not
    /// in a narrowed set (§2.9); none may be left.
    static func parseList(_ reader: inout WireReader) throws(WireError) -> [TrafficSelector] {
        let count = Int(try reader.uint8("Number of TSs"))
        try reader.skip(3, "TS payload: reserved")
        var selectors: [TrafficSelector] = []
        selectors.reserveCapacity(count)
        for _ in 0..<count {
            let start = reader.offset
            let type = TrafficSelectorType(try reader.uint8("TS Type"))
            let ipProtocol = try reader.uint8("IP Protocol ID")
            let length = Int(try reader.uint16("Selector Length"))
            let family: AddressFamily? =
                type == .ipv4AddressRange ? .v4 : type == .ipv6AddressRange ? .v6 : nil
            let right = family.map { 8 + 2 * $0.octetCount }
            guard length >= 4, right == nil || length == right else {
                throw WireError(
                    .length, offset: start + 2,
                    expected: "a Selector Length of \(right.map(String.init) ?? "at least 4")", found: "\(length)")
            }
            var body = try reader.reader(length - 4, "traffic selector")
            guard let family else { continue }
            let startPort = try body.uint16("Start Port")
            let endPort = try body.uint16("End Port")
            let first = IPAddress(octets: try body.slice(family.octetCount, "Starting Address"))!
            let last = IPAddress(octets: try body.slice(family.octetCount, "Ending Address"))!
            guard let range = IPRange(first, last) else {
                throw WireError(
                    .value, offset: start + 8, expected: "addresses in order", found: "\(first) after \(last)")
            }
            selectors.append(
                TrafficSelector(range, ipProtocol: ipProtocol, startPort: startPort, endPort: endPort))
        }
        try reader.finish("the TS payload: its last selector")
        return selectors
    }

    static func writeList(_ selectors: [TrafficSelector], to writer: inout WireWriter) {
        writer.write(count: selectors.count, octetsOf: "the number of traffic selectors")
        writer.writeZeros(3)
        for selector in selectors {
            let type: TrafficSelectorType = selector.family == .v4 ? .ipv4AddressRange : .ipv6AddressRange
            writer.write(type.rawValue)
            writer.write(selector.ipProtocol)
            writer.write(UInt16(8 + 2 * selector.family.octetCount))
            writer.write(selector.startPort)
            writer.write(selector.endPort)
            writer.write(selector.addresses.first.octets)
            writer.write(selector.addresses.last.octets)
        }
    }
}
