import Foundation
import Testing

/// docs/RFC-LEDGER.md against the RFCs' sections and the tree.
@Suite struct LedgerTests {
    private struct Row {
        let rfc: String
        let section: String
        let requirement: String
        let obeyed: String
        let shown: String
    }

    private let rows: [Row]

    /// The sections that have a MUST in them; those that only define the word are left out.
    private static let sections: [String: String] = [
        "7296": """
        1 1.2 1.3 1.3.1 1.3.2 1.3.3 1.4 1.4.1 1.5 1.7 2 2.1 2.2 2.3 2.4 2.5 2.6 2.6.1 2.7 2.8 2.8.1 2.8.2 2.9 2.9.2
        2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.17 2.18 2.19 2.20 2.21.2 2.21.3 2.21.4 2.22 2.23 2.23.1 2.24 2.25 3.1
        3.2 3.3 3.3.1 3.3.2 3.3.3 3.3.4 3.3.5 3.3.6 3.4 3.5 3.6 3.8 3.9 3.10 3.10.1 3.11 3.12 3.13 3.13.1 3.14 3.15
        3.15.1 3.16 4 5
        """,
        "5723": "4.1 4.2 4.3.1 4.3.2 4.3.3 5 6.1 6.2 7 9.1 9.4 9.7 9.9 9.10",
        "5998": "3 4 6.1 6.2",
        "6023": "3 4",
        "6275": """
        5.1 6.1 6.1.1 6.1.2 6.1.7 6.1.8 6.1.9 6.2 6.2.1 6.2.3 6.2.4 6.3 6.4 6.4.1 6.7 6.8 8.4 8.5 9.2 9.3.2
        9.5.1 9.5.4 10.1 10.2 10.3.1 10.3.2 10.4.1 10.4.2 10.4.5 10.4.6 10.5.1 10.6.2 10.6.3 10.6.4 11.1
        11.2 11.3.1 11.3.2 11.3.3 11.3.4 11.3.5 11.3.6 11.4.1 11.4.2 11.4.3 11.5.3 11.5.4 11.5.5 11.6.3
        11.7.1 11.7.3 11.7.4 11.8
        """,
        "7383": "2.3 2.4 2.5 2.5.2 2.5.3 2.6 2.6.1 3",
        "9242": "3.1 3.2 3.3.2 4 5",
    ]

    init() throws {
        var rfc = ""
        var rows: [Row] = []
        for line in try Tree.text("docs/RFC-LEDGER.md").split(separator: "\n") {
            if line.hasPrefix("## RFC ") { rfc = String(line.dropFirst(7)) }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("|"), cells.count == 4, cells[0].first?.isNumber == true else { continue }
            rows.append(
                Row(rfc: rfc, section: cells[0], requirement: cells[1], obeyed: cells[2], shown: cells[3]))
        }
        self.rows = rows
    }

    @Test func `each section with a MUST has a row, and no row is of another`() {
        for (rfc, list) in Self.sections {
            let sections = Set(list.split(whereSeparator: \.isWhitespace).map(String.init))
            #expect(sections == Set(rows.filter { $0.rfc == rfc }.map(\.section)), "RFC \(rfc)")
        }
        #expect(rows.allSatisfy { !$0.requirement.isEmpty && Self.sections[$0.rfc] != nil })
    }

    @Test func `the files that obey are Sources', those that show it are Tests'`() throws {
        func names(_ folder: String) throws -> Set<String> {
            Set(try Tree.files(below: folder).compactMap { $0.split(separator: "/").last.map(String.init) })
        }
        let sources = try names("Sources")
        let tests = try names("Tests")
        for row in rows {
            for match in row.obeyed.matches(of: /`([^`]+)`/) {
                #expect(sources.contains(String(match.1)), "RFC \(row.rfc) §\(row.section)")
            }
            for match in row.shown.matches(of: /`([^`]+)`/) {
                #expect(tests.contains(String(match.1)), "RFC \(row.rfc) §\(row.section)")
            }
        }
    }

    @Test func `what has no test says that it is missing, or not sent or done, and nothing else does`() {
        for row in rows {
            let isAbsent = row.obeyed.hasPrefix("missing") || row.obeyed.hasPrefix("not ")
            #expect(isAbsent == (row.shown == "—"), "RFC \(row.rfc) §\(row.section)")
            #expect(isAbsent || (row.obeyed.hasPrefix("`") && row.shown.hasPrefix("`")), "§\(row.section)")
        }
    }
}
