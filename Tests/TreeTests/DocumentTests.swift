import Testing

/// The documents are held against the tree, so that they stay true.
@Suite struct DocumentTests {
    private static let folders: Set<Substring> = [
        "Sources", "Tests", "docs", "testing", "guestbin", "Benchmarks", "Fuzz",
    ]

    /// The paths in a text that begin with a folder of ours, or with a target's; `../../guestbin/x` and `/testing/pluto`
    /// are a host's.
    private func paths(in text: String) throws -> [String] {
        let targets = Set(try Tree.names(in: "Sources"))
        return text.matches(of: /[\w+.~\/-]+\w/).map(\.0).compactMap { word in
            let first = word.prefix { $0 != "/" }
            guard first.count < word.count else { return nil }
            if Self.folders.contains(first) { return String(word) }
            return targets.contains(String(first)) && word.hasSuffix(".swift") ? "Sources/\(word)" : nil
        }
    }

    @Test func `every path in a document exists`() throws {
        for document in try Tree.documents() {
            for path in try paths(in: try Tree.text(document)) {
                #expect(Tree.exists(path), "\(document) names \(path)")
            }
        }
    }

    @Test func `every link in a document leads somewhere`() throws {
        for document in try Tree.documents() {
            let folder = document.split(separator: "/").dropLast().map { $0 + "/" }.joined()
            for match in try Tree.text(document).matches(of: /\]\((?!https?:)([^)#]+)/) {
                #expect(Tree.exists(folder + match.1), "\(document) leads to \(match.1)")
            }
        }
    }

    @Test func `every Swift file that a document names by its name exists`() throws {
        let names = Set(try Tree.files().compactMap { $0.split(separator: "/").last.map(String.init) })
        for document in try Tree.documents() {
            for match in try Tree.text(document).matches(of: /`([\w+]+\.swift)`/) {
                expect(names.contains(String(match.1)), "\(document) names \(match.1)")
            }
        }
    }

    @Test func `docs/SCENARIOS.md describes every script of guestbin`() throws {
        let text = try Tree.text("docs/SCENARIOS.md")
        for script in try Tree.names(in: "guestbin") { expect(text.contains("`\(script)"), "\(script)") }
    }

    @Test func `docs/SCENARIOS.md describes every key of scenario.yaml`() throws {
        let text = try Tree.text("docs/SCENARIOS.md")
        let reader = try Tree.text("Sources/Scenario/FolderSettingsReader.swift")
        let keys = reader.matches(of: /let keys = \[([^\]]+)\]/).flatMap { match in
            match.1.matches(of: /"([\w-]+)"/).map { String($0.1) }
        }
        #expect(keys.contains("topology") && keys.contains("nth"))
        for key in keys { expect(text.contains("`\(key)`"), "\(key)") }
    }

    @Test func `docs/SCENARIOS.md lists every group of sanitizers`() throws {
        let text = try Tree.text("docs/SCENARIOS.md")
        var groups: Set<String> = []
        for file in try Tree.files(below: "Sources/Transcript") {
            groups.formUnion(try Tree.text(file).matches(of: /SanitizerRule\(\s*"([\w-]+)"/).map { String($0.1) })
        }
        #expect(groups.contains("ipsec-status"))
        for group in groups.sorted() { expect(text.contains("`\(group)`"), "\(group)") }
    }

    @Test func `docs/dialects/pluto.md describes every impairment`() throws {
        let text = try Tree.text("docs/dialects/pluto.md")
        let code = try Tree.text("Sources/PlutoDialect/Commands/ImpairmentName.swift")
        // The cases of the outer switch, and the rows of the table of switches.
        let cases = code.matches(of: /\n {8}case (".*):/).map(\.1) + code.matches(of: /("[\w-]+"): \\\./).map(\.1)
        let names = cases.flatMap { $0.matches(of: /"([a-z][\w-]*)"/).map { String($0.1) } }
        #expect(names.contains("send-no-delete") && names.contains("drip-outbound") && names.contains("block-inbound"))
        for name in names { expect(text.contains("`\(name)"), "\(name)") }
    }

    /// Says what is missing, and not the whole text that it is missing from.
    private func expect(_ isThere: Bool, _ what: Comment, _ location: SourceLocation = #_sourceLocation) {
        #expect(isThere, what, sourceLocation: location)
    }
}
