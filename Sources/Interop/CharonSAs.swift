/// What charon says that it has: `swanctl --list-sas --raw`.
extension PeerSAs {
    private typealias Fields = [String: String]

    package init(swanctl text: String) {
        self.init(
            ikes: text.split(separator: "\n").filter { $0.hasPrefix("list-sa event ") }.map { line in
                var parts: [Substring] = []
                // Every Child SA begins with its name: `{net-1 {name=net …`.
                var rest = line[...]
                while let range = rest.firstRange(of: " {name=") {
                    parts.append(rest[..<range.lowerBound])
                    rest = rest[range.lowerBound...].dropFirst(2)
                }
                parts.append(rest)
                let children = parts.dropFirst().map(Self.fields).filter { $0["state"] == "INSTALLED" }
                return Self.ike(Self.fields(parts[0]), children.map(Self.child))
            })
    }

    private static func ike(_ fields: Fields, _ children: [ChildView]) -> IKE {
        let algorithms = [encryption(fields)] + ["integ-alg", "prf-alg", "dh-group"].map { fields[$0] }
        return IKE(
            isEstablished: fields["state"] == "ESTABLISHED", state: fields["state"] ?? "?",
            algorithms: algorithms.compactMap(\.self).joined(separator: "/"),
            initiatorSPI: fields["initiator-spi"] ?? "", responderSPI: fields["responder-spi"] ?? "",
            children: children)
    }

    private static func child(_ fields: Fields) -> ChildView {
        ChildView(
            outbound: fields["spi-out"] ?? "", inbound: fields["spi-in"] ?? "",
            algorithms: [encryption(fields), fields["integ-alg"]].compactMap(\.self).joined(separator: "/"),
            localSelectors: fields["local-ts"] ?? "?", remoteSelectors: fields["remote-ts"] ?? "?")
    }

    /// `AES_GCM_16-256`, `AES_CBC-128`, `3DES_CBC`.
    private static func encryption(_ fields: Fields) -> String? {
        fields["encr-alg"].map { $0 + (fields["encr-keysize"].map { "-\($0)" } ?? "") }
    }

    /// `key=value` pairs; a list in brackets is one value, without the brackets.
    private static func fields(_ text: Substring) -> Fields {
        var fields: Fields = [:]
        for word in text.split(whereSeparator: { $0 == " " || $0 == "{" || $0 == "}" }) {
            guard let equal = word.firstIndex(of: "=") else { continue }
            fields[String(word[..<equal])] = String(word[word.index(after: equal)...].filter { $0 != "[" && $0 != "]" })
        }
        return fields
    }
}
