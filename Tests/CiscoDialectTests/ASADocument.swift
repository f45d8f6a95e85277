import Foundation

/// The document of the ASA whose tunnel to Azure fails, and what differs in it from any other run.
enum ASADocument {
    static func section(from first: String, through last: String) throws -> [String] {
        let lines = try SharedFolder.lines("seeds/cisco-asa-azure-rekey.txt")
        guard let start = lines.firstIndex(where: { $0.hasPrefix(first) }),
            let end = lines[start...].firstIndex(where: { $0.hasPrefix(last) })
        else { return ["no such section"] }
        return lines[start...end].map(normalized)
    }

    /// What is drawn by chance, a time, a place in memory, a number that a console counts by, or an address that the document
    /// does not show. Message IDs, lengths, groups, payloads and states are none of these.
    static func normalized(_ line: String) -> String {
        var text = line.trimmingCharacters(in: .whitespaces)
            .replacingOccurrences(of: "203.0.113.1", with: "80.x.y.z")
            .replacingOccurrences(of: "203.0.113.2", with: "51.a.b.c")
        // The document's crypto map has number 2 where it is configured, and 1 where it is shown.
        text = text.replacing(#/on crypto map CRYPTO-MAP seq [12]$/#, with: "on crypto map CRYPTO-MAP seq N")
        text = text.replacing(#/\([0-9]+\):/#, with: "(N):")
            .replacing(#/(I_SPI=|R_SPI=|Initiator SPI : |Responder SPI : )[0-9A-F]{16}/#) { "\($0.1)IKESPI" }
            .replacing(#/(InitSPI=0x|RespSPI=0x)[0-9a-f]{16}/#) { "\($0.1)IKESPI" }
            .replacing(#/0x(?!0{8})[0-9A-F]{8}\b/#, with: "0xESPSPI")
            .replacing(#/@ 0x[0-9a-f]{16}/#, with: "@ 0xPOINTER")
            .replacing(#/^[A-Z][a-z]{2} +[0-9]+ [0-9:]{8} /#, with: "TIME ")
        // A nonce, a public value, ciphertext; of a dump the IKE header's second line stays.
        text = text.replacing(#/^(?:[0-9a-f]{2} ){15}[0-9a-f]{2}$/#, with: "16 OCTETS")
        if text.wholeMatch(of: #/(?:[0-9a-f]{2} ){15}[0-9a-f]{2} \| .{16}/#) != nil, !text.contains("2e 20 2") {
            text = "16 OCTETS | TEXT"
        }
        return text
    }
}
