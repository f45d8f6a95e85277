import IKEWire

/// `IKEv2 Recv RAW packet dump` of an ASA: 16 octets, `|`, the same as text; on lines of their own, or all on one.
enum RawDump {
    /// The messages of all dumps that are whole, each with the number of the line on which it begins.
    static func messages(_ lines: [Substring]) -> [(Message, line: Int)] {
        var result: [(Message, line: Int)] = []
        for (index, line) in lines.enumerated() {
            guard let rest = line.parted(by: "RAW packet dump")?.behind else { continue }
            var octets: [UInt8] = []
            take(rest, into: &octets)
            var next = index + 1
            while rest.allSatisfy({ $0.isWhitespace }), next < lines.count {
                let count = octets.count
                take(lines[next], into: &octets)
                if octets.count == count { break }
                next += 1
            }
            if let message = try? Message(parsing: octets) { result.append((message, index + 1)) }
        }
        return result
    }

    /// Rows of `xx xx … | text`, until something else stands there.
    private static func take(_ text: Substring, into octets: inout [UInt8]) {
        var rest = text
        while true {
            rest = rest.drop { $0 == " " }
            var row: [UInt8] = []
            while row.count < 16, rest.count >= 3, let octet = UInt8(rest.prefix(2), radix: 16),
                rest.dropFirst(2).first == " "
            {
                row.append(octet)
                rest = rest.dropFirst(3)
            }
            guard !row.isEmpty, rest.first == "|" else { return }
            octets += row
            rest = rest.dropFirst(2).dropFirst(row.count)
        }
    }
}
