import Foundation
import Testing

/// The floors: docs/ARCHITECTURE.md has them as a table, and these tests hold the sources against it.
@Suite struct FloorTests {
    /// A row of the table: `| floor | target | holds | imports |`.
    private struct Row {
        let floor: Int
        let target: String
        let imports: Set<String>
    }

    private let sources: SourceTargets
    private let rows: [Row]

    init() throws {
        sources = try SourceTargets()
        rows = try Tree.text("docs/ARCHITECTURE.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("|"), cells.count == 4, let floor = Int(cells[0]) else { return nil }
            return Row(
                floor: floor, target: cells[1].filter { $0 != "`" },
                imports: Set(cells[3].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
                    .subtracting(["—"]))
        }
    }

    @Test func `the table of floors has one row for every target, in the order of floors`() {
        #expect(rows.map(\.target).sorted() == sources.names)
        #expect(rows.map(\.floor) == rows.map(\.floor).sorted())
    }

    @Test func `the table says which of the project's targets each one imports`() {
        for row in rows {
            #expect(row.imports == sources.own(row.target), "Sources/\(row.target)")
        }
    }

    @Test func `no import points up: what a target imports stands above it in the table`() {
        for (index, row) in rows.enumerated() {
            let above = Set(rows[..<index].map(\.target))
            #expect(sources.own(row.target).subtracting(above).isEmpty, "Sources/\(row.target)")
        }
    }

    private static let harness: Set = ["UserMode", "Lab", "Scenario", "Report", "Interop", "Reproduce", "swantest"]
    private static let engine: Set = [
        "IKEModel", "ESP", "IKEEngine", "DataPlane", "DialectKit", "DataPlaneUserspace", "DataPlaneXFRM",
        "CharonDialect", "PlutoDialect", "VPPForwarder", "DataPlaneVPP", "VPPDialect", "Daemon", "swand",
        "EngineSimulator", "ikesim",
    ]

    @Test func `the harness and the daemon meet as processes only: neither column imports the other`() {
        for target in Self.harness { #expect(sources.closure(of: target).isDisjoint(with: Self.engine), "\(target)") }
        for target in Self.engine { #expect(sources.closure(of: target).isDisjoint(with: Self.harness), "\(target)") }
    }

    @Test func `swand links no Foundation`() {
        let linked = sources.closure(of: "swand")
        #expect(linked.contains("Daemon") && linked.contains("NetAddress"))
        for target in linked.sorted() {
            let foundation = (sources.imports[target] ?? []).filter { $0.hasPrefix("Foundation") }
            #expect(foundation.isEmpty, "Sources/\(target)")
        }
    }

    @Test func `the engine has no clock, no system and no C library within reach`() {
        let reach = sources.closure(of: "IKEEngine").subtracting(["IKECrypto", "COpenSSL"])
        for target in reach.sorted() {
            let system = (sources.imports[target] ?? []).intersection(["Glibc", "CLinux", "LinuxSystem", "Dispatch"])
            #expect(system.isEmpty, "Sources/\(target)")
        }
    }
}
