import Testing

/// What holds of every file.
@Suite struct FileTests {
    @Test func `no file of Sources is longer than 600 lines`() throws {
        for file in try Tree.files(below: "Sources") {
            let lines = try Tree.text(file).split(separator: "\n", omittingEmptySubsequences: false).count - 1
            #expect(lines <= 600, "\(file): two things may live there")
        }
    }

    @Test func `no file names a folder of one machine`() throws {
        // Put together here, so that this file is none of those that it looks for.
        let machine = try Regex("/(?:" + ["work", "Users", "home/[a-z]+", "root/[a-z]+"].joined(separator: "|") + ")/")
        for file in try Tree.files() {
            let text = try Tree.text(file)
            #expect(text.firstMatch(of: machine).map { String(text[$0.range]) } == nil, "\(file)")
        }
    }
}
