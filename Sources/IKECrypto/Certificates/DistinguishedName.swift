/// A distinguished name (RFC 5280 §4.1.2.4): DER, read into its attributes.
package struct DistinguishedName: Sendable {
    /// One attribute; those of one relative name carry its number.
    package struct Attribute: Hashable, Sendable {
        /// The object identifier's content.
        package let type: [UInt8]
        package let tag: UInt8
        package let value: [UInt8]
        /// Position of the relative distinguished name that it is part of.
        let position: Int
    }

    /// As it stands in certificates and in ID_DER_ASN1_DN (RFC 7296 §3.5).
    package let der: [UInt8]
    package let attributes: [Attribute]

    /// Attributes beyond which a name is refused.
    private static let limit = 64

    package init(der octets: [UInt8]) throws(CryptoError) {
        var outer = DERReader(octets)
        var names = try outer.next("Name").expect(DER.sequence, "Name")
        try outer.finish("Name")
        var found: [Attribute] = []
        var position = 0
        while !names.isAtEnd {
            var set = try names.next("a relative distinguished name").expect(DER.set, "a SET")
            while !set.isAtEnd {
                var pair = try set.next("an attribute").expect(DER.sequence, "an attribute")
                let type = try pair.next(DER.objectIdentifier, "an attribute's type")
                let value = try pair.next("an attribute's value")
                try pair.finish("an attribute")
                guard found.count < DistinguishedName.limit else { throw .malformed("a name of too many attributes") }
                found.append(
                    Attribute(
                        type: Array(type.content), tag: value.tag, value: Array(value.content), position: position))
            }
            position += 1
        }
        der = octets
        attributes = found
    }

    // MARK: Text

    private static let email: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01]
    private static let domain: [UInt8] = [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19]
    private static let userID: [UInt8] = [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01]
    private static let types: [(name: String, type: [UInt8])] = [
        ("C", [0x55, 4, 6]), ("ST", [0x55, 4, 8]), ("L", [0x55, 4, 7]), ("O", [0x55, 4, 10]), ("OU", [0x55, 4, 11]),
        ("CN", [0x55, 4, 3]), ("SN", [0x55, 4, 4]), ("N", [0x55, 4, 41]), ("G", [0x55, 4, 42]), ("I", [0x55, 4, 43]),
        ("T", [0x55, 4, 12]), ("D", [0x55, 4, 13]), ("serialNumber", [0x55, 4, 5]), ("street", [0x55, 4, 9]),
        ("E", email), ("DC", domain), ("UID", userID),
    ]
    private static let synonyms = [
        "S": "ST", "EMAIL": "E", "EMAILADDRESS": "E", "SERIALNUMBER": "serialNumber", "STREET": "street",
        "STREETADDRESS": "street",
    ]

    /// `C=CA, O=Example, CN=west`, or the same with slashes; values may be quoted, or have `\,` in them.
    /// nil for what has no attribute, or one of a type that is not known.
    package init?(text: String) {
        let parts = DistinguishedName.parts(text)
        var names: [[UInt8]] = []
        for part in parts {
            guard let equals = part.firstIndex(of: "=") else { return nil }
            let name = DistinguishedName.trimmed(part[..<equals])
            let value = Array(DistinguishedName.trimmed(part[part.index(after: equals)...]).utf8)
            guard !value.isEmpty, value.count <= 1024, let type = DistinguishedName.type(named: name) else {
                return nil
            }
            let isPrintable = value.allSatisfy { octet in
                (0x30...0x39).contains(octet) || (0x41...0x5a).contains(octet) || (0x61...0x7a).contains(octet)
                    || " '()+,-./:=?".utf8.contains(octet)
            }
            let tag: UInt8 =
                type == DistinguishedName.email || type == DistinguishedName.domain
                ? DER.ia5String : isPrintable ? DER.printableString : DER.utf8String
            names.append(
                DER.element(DER.set, DER.sequence([DER.identifier(type), DER.element(tag, value)])))
        }
        guard !names.isEmpty, let made = try? DistinguishedName(der: DER.sequence(names)) else { return nil }
        self = made
    }

    private static func type(named name: String) -> [UInt8]? {
        let upper = name.uppercased()
        let canonical = synonyms[upper] ?? upper
        return types.first { $0.name == canonical }?.type
            ?? DER.objectIdentifier(upper.hasPrefix("OID.") ? String(name.dropFirst(4)) : name)
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
        if rest.count >= 2, rest.first == "\"", rest.last == "\"" { rest = rest.dropFirst().dropLast() }
        return String(rest)
    }

    /// The attributes of a text; a backslash takes the next character as it is, and so do double quotes.
    private static func parts(_ text: String) -> [Substring] {
        var parts: [String] = []
        var current = ""
        var isEscaped = false
        var isQuoted = false
        let slashed = text.hasPrefix("/")
        for character in slashed ? text.dropFirst() : text[...] {
            if isEscaped {
                current.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if !isQuoted, character == (slashed ? "/" : ",") {
                parts.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        parts.append(current)
        return parts.filter { !$0.isEmpty }.map { $0[...] }
    }

    /// `C=CA, O=Example, CN=west`: in the order of the DER; octets outside of printable ASCII are escaped, because a peer
    /// chose them.
    package var text: String {
        attributes.map { attribute in
            let name =
                DistinguishedName.types.first { $0.type == attribute.type }?.name ?? DER.dotted(attribute.type[...])
            return "\(name)=\(DistinguishedName.printable(attribute.value))"
        }.joined(separator: ", ")
    }

    private static func printable(_ octets: [UInt8]) -> String {
        octets.map { octet in
            switch octet {
            case UInt8(ascii: ","): "\\,"
            case 0x20..<0x7f: String(UnicodeScalar(octet))
            default: "\\x" + (octet < 16 ? "0" : "") + String(octet, radix: 16)
            }
        }.joined()
    }

    // MARK: Comparison

    /// Whether a name is this one; a value `*` here is any value.
    package func admits(_ other: DistinguishedName) -> Bool {
        attributes.count == other.attributes.count
            && zip(attributes, other.attributes).allSatisfy { mine, theirs in
                mine.type == theirs.type && mine.position == theirs.position
                    && (mine.value == [UInt8(ascii: "*")] || mine.folded == theirs.folded)
            }
    }
}

extension DistinguishedName.Attribute {
    /// What two values are compared by (RFC 5280 §7.1): letters without case, runs of spaces as one. Strings of other
    /// forms than octets of text are compared as they are.
    fileprivate var folded: [UInt8] {
        guard [DER.utf8String, DER.printableString, DER.ia5String, 0x14].contains(tag) else { return [tag] + value }
        var result: [UInt8] = []
        for octet in value {
            if octet == 0x20, result.last == 0x20 || result.isEmpty { continue }
            result.append((0x41...0x5a).contains(octet) ? octet + 0x20 : octet)
        }
        if result.last == 0x20 { result.removeLast() }
        return result
    }
}

extension DistinguishedName: Hashable {
    package static func == (left: DistinguishedName, right: DistinguishedName) -> Bool {
        left.attributes.count == right.attributes.count
            && zip(left.attributes, right.attributes).allSatisfy {
                $0.type == $1.type && $0.position == $1.position && $0.folded == $1.folded
            }
    }
    package func hash(into hasher: inout Hasher) {
        for attribute in attributes {
            hasher.combine(attribute.type)
            hasher.combine(attribute.folded)
        }
    }
}
