/// What charon says that it has: `swanctl --list-sas --raw`.
package struct CharonSAs: Sendable {
    package typealias Fields = [String: String]

    /// One IKE SA, with those of its Child SAs that are installed.
    package struct IKE: Sendable {
        package let fields: Fields
        package let children: [Fields]

        /// `AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519`.
        package var algorithms: String {
            ([CharonSAs.encryption(fields)] + ["integ-alg", "prf-alg", "dh-group"].map { fields[$0] })
                .compactMap(\.self).joined(separator: "/")
        }
    }

    package private(set) var ikes: [IKE] = []

    package init(_ text: String) {
        for line in text.split(separator: "\n") where line.hasPrefix("list-sa event ") {
            var parts: [Substring] = []
            // Every Child SA begins with its name: `{net-1 {name=net …`.
            var rest = line[...]
            while let range = rest.firstRange(of: " {name=") {
                parts.append(rest[..<range.lowerBound])
                rest = rest[range.lowerBound...].dropFirst(2)
            }
            parts.append(rest)
            let children = parts.dropFirst().map(Self.fields).filter { $0["state"] == "INSTALLED" }
            ikes.append(IKE(fields: Self.fields(parts[0]), children: children))
        }
    }

    /// `AES_GCM_16-256`, `AES_CBC-128`, `3DES_CBC`.
    private static func encryption(_ fields: Fields) -> String? {
        fields["encr-alg"].map { $0 + (fields["encr-keysize"].map { "-\($0)" } ?? "") }
    }

    /// `AES_CBC-256/HMAC_SHA2_256_128`, `AES_GCM_16-256`.
    package static func algorithms(ofChild fields: Fields) -> String {
        [encryption(fields), fields["integ-alg"]].compactMap(\.self).joined(separator: "/")
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
