/// A Child SA as swand's log tells of it when it stands.
package struct SwandChild: Sendable, Equatable {
    /// Eight hexadecimal digits; outbound is what the peer chose.
    package let outbound: String
    package let inbound: String
    /// In strongSwan's words: `AES_GCM_16-256`, `AES_CBC-128/HMAC_SHA1_96`.
    package let algorithms: String
    package let localSelectors: String
    package let remoteSelectors: String

    /// The last Child SA of a log: `… established Child SA …; IPsec tunnel [A===B] {ESPinUDP=>0xO <0xI xfrm=C-I …}`.
    package init?(log text: String) {
        var found: SwandChild?
        for line in text.split(separator: "\n") where !line.hasPrefix("|") {
            if let child = SwandChild(line: line) { found = child }
        }
        guard let found else { return nil }
        self = found
    }

    private init?(line: Substring) {
        guard line.contains("Child SA"), line.contains("established") || line.contains("rekeyed"),
            let open = line.firstRange(of: " ["), let close = line.firstRange(of: "] {"),
            open.upperBound <= close.lowerBound,
            let out = line.firstRange(of: "=>0x"), let input = line.firstRange(of: " <0x"),
            let transform = line.firstRange(of: " xfrm=")
        else { return nil }
        let ends = line[open.upperBound..<close.lowerBound].split(separator: "===").map(String.init)
        guard ends.count == 2 else { return nil }
        (localSelectors, remoteSelectors) = (ends[0], ends[1])
        outbound = Self.padded(line[out.upperBound...].prefix { $0.isHexDigit })
        inbound = Self.padded(line[input.upperBound...].prefix { $0.isHexDigit })
        let parts = line[transform.upperBound...].prefix { $0 != " " && $0 != "}" }.split(separator: "-")
        guard parts.count >= 2 else { return nil }
        algorithms = Self.cipher(parts[0]) + (parts[1] == "NONE" ? "" : "/\(parts[1])")
    }

    private static func padded(_ digits: Substring) -> String {
        String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// `AES_GCM_16_256` is `AES_GCM_16-256`: the key's length is the last of the numbers, where there is one.
    private static func cipher(_ name: Substring) -> String {
        guard let mark = name.lastIndex(of: "_"), let bits = Int(name[name.index(after: mark)...]),
            [128, 192, 256].contains(bits)
        else { return String(name) }
        return "\(name[..<mark])-\(bits)"
    }
}
