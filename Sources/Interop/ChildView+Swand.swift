/// A Child SA as swand tells of it.
extension ChildView {
    /// The last Child SA of a log: `… established Child SA …; IPsec tunnel [A===B] {ESPinUDP=>0xO <0xI xfrm=C-I …}`.
    package init?(log text: String) {
        var found: ChildView?
        for line in text.split(separator: "\n") where !line.hasPrefix("|") {
            if let child = ChildView(line: line) { found = child }
        }
        guard let found else { return nil }
        self = found
    }

    /// The last Child SA of `show ikev2 sa`, as VPP has it.
    /// - Parameter network: the one behind VPP: whether it is the initiator's says which SPI is VPP's inbound. Who made the IKE
    ///   SA does not say it: either end may have replaced the Child SA.
    package init?(vpp text: String, network: String) {
        guard let child = text.ranges(of: "child sa ").last.map({ text[$0.upperBound...] }) else { return nil }
        func words(_ marker: String) -> [Substring] {
            guard let range = child.firstRange(of: marker) else { return [] }
            return child[range.upperBound...].prefix { $0 != "\n" }.split(separator: " ")
        }
        let names = words("encr:").map(String.init)
        let (first, second) = (words("spi(i) "), words("spi(r) "))
        guard names.count > 1, names[1].hasPrefix("integ:"), let i = first.first, let r = second.first else {
            return nil
        }
        let ends = ["(i)", "(r)"].map { end -> String in
            let selector = words("traffic selectors \(end):\n")
            guard let start = selector.firstIndex(of: "addr"), selector.count > start + 3 else { return "?" }
            return Self.network(String(selector[start + 1]), String(selector[start + 3]))
        }
        let isInitiator = ends[0] == network
        (inbound, outbound) = isInitiator ? (Self.padded(i), Self.padded(r)) : (Self.padded(r), Self.padded(i))
        let hash = Self.vppNames[String(names[1].dropFirst("integ:".count))]
        algorithms = (Self.vppNames[names[0]] ?? names[0]) + (hash.map { "/\($0)" } ?? "")
        (localSelectors, remoteSelectors) = isInitiator ? (ends[0], ends[1]) : (ends[1], ends[0])
    }

    /// VPP's names of transforms, and strongSwan's.
    private static let vppNames: [String: String] = {
        var names = [
            "3des": "3DES_CBC", "sha1-96": "HMAC_SHA1_96", "hmac-sha2-256-128": "HMAC_SHA2_256_128",
            "hmac-sha2-384-192": "HMAC_SHA2_384_192", "hmac-sha2-512-256": "HMAC_SHA2_512_256",
        ]
        for bits in [128, 192, 256] {
            names["aes-cbc-\(bits)"] = "AES_CBC-\(bits)"
            names["aes-ctr-\(bits)"] = "AES_CTR-\(bits)"
            names["aes-gcm-16-\(bits)"] = "AES_GCM_16-\(bits)"
        }
        return names
    }()

    /// `192.0.1.0` to `192.0.1.255` is `192.0.1.0/24`.
    private static func network(_ first: String, _ last: String) -> String {
        let parts = (first.split(separator: "."), last.split(separator: "."))
        guard parts.0.dropLast() == parts.1.dropLast(), parts.0.last == "0", parts.1.last == "255" else {
            return "\(first)-\(last)"
        }
        return first + "/24"
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

    static func padded(_ digits: Substring) -> String {
        String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// `AES_GCM_16_256` is `AES_GCM_16-256`: the key's length is the last of the numbers, where there is one.
    static func cipher(_ name: Substring) -> String {
        guard let mark = name.lastIndex(of: "_"), let bits = Int(name[name.index(after: mark)...]),
            [128, 192, 256].contains(bits)
        else { return String(name) }
        return "\(name[..<mark])-\(bits)"
    }
}
