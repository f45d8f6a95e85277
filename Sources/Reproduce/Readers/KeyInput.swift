import IKEWire
import Scenario

/// Keys that open a capture: a table as swand writes it, or what VPP's `show ikev2 sa details` shows.
enum KeyInput {
    /// - Returns: nil where the text has no keys.
    static func keys(_ text: String) -> ExportedKeys? {
        let table = text.contains("# ENCR ") ? text : vpp(text.logLines)
        guard let table else { return nil }
        var keys = ExportedKeys()
        keys.add(ikeTable: table)
        return keys
    }

    /// Rows of the same table, from `iip … ispi … rspi …` and the lines `SK_a`, `SK_e` behind it.
    private static func vpp(_ lines: [Substring]) -> String? {
        var rows = ""
        var spis: (Substring, Substring)?
        var suite: (encryption: UInt16, bits: UInt16, integrity: UInt16)?
        var found: [String: (Substring, Substring)] = [:]
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.first == "iip", words.count >= 8, words[2] == "ispi", words[6] == "rspi" {
                (spis, suite, found) = ((words[3], words[7]), nil, [:])
            } else if suite == nil, let first = words.first, first.hasPrefix("encr:"), words.count >= 3 {
                let cipher = first.dropFirst(5).split(separator: "-")
                let hash = words.first { $0.hasPrefix("integ:") }?.dropFirst(6) ?? ""
                let hashes: [Substring: UInt16] = [
                    "sha1-96": 2, "hmac-sha2-256-128": 12, "sha-256-128": 12, "hmac-sha2-384-192": 13,
                    "hmac-sha2-512-256": 14, "none": 0,
                ]
                if cipher.count == 3, let bits = UInt16(cipher[2]),
                    let integrity = hashes[hash] ?? (hash.isEmpty ? 0 : nil)
                {
                    suite = (cipher[1] == "gcm" ? 20 : 12, bits, integrity)
                }
            } else if let name = words.first, name == "SK_a" || name == "SK_e", words.count == 2,
                found[String(name)] == nil,
                index + 1 < lines.count, let ours = words[1].after("i:"),
                let theirs = lines[index + 1].trimmed.after("r:")
            {
                found[String(name)] = (ours, theirs.trimmed)
            }
            if let (initiator, responder) = spis, let suite, let encryption = found["SK_e"],
                let integrity = found["SK_a"] ?? (suite.integrity == 0 ? ("", "") : nil)
            {
                rows += "# ENCR \(suite.encryption) \(suite.bits) INTEG \(suite.integrity)\n"
                rows +=
                    "\(initiator),\(responder),\(encryption.0),\(encryption.1),\"\",\(integrity.0),\(integrity.1),\"\"\n"
                spis = nil
            }
        }
        return rows.isEmpty ? nil : rows
    }
}
