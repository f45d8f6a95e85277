import Glibc
import LinuxSystem
import Report
import Scenario
import Testing

struct ReportTests {
    static let failed: ScenarioResult = {
        var result = ScenarioResult(name: "a-01", verdict: .failed, reason: "west: console differs at line 4")
        result.firstDifference = FirstDifference(
            host: "west", command: "ipsec up a", line: 4, expected: "up <&> \"it\"", got: nil)
        result.hosts = [HostResult(host: "west", console: .different), HostResult(host: "east", console: .identical)]
        result.findings = [Finding(.text, "west", "(null) on the console, line 7")]
        result.phases = [Phase("lab", milliseconds: 21.4), Phase("commands", milliseconds: 790)]
        result.startedAt = "2026-11-21T01:02:03Z"
        result.seconds = 0.8449
        result.output = "OUTPUT/a-01"
        return result
    }()
    static let all: [ScenarioResult] = [
        failed, ScenarioResult(name: "b", repetition: 2, verdict: .passed),
        ScenarioResult(name: "c", verdict: .unresolved, reason: "timeout of \u{1b}[31m`sleep`"),
        ScenarioResult(name: "d", verdict: .unsupported, reason: "xfrm-esp"),
        ScenarioResult(name: "e", verdict: .skipped, reason: "tag <wip>"),
    ]

    @Test func `a result survives its JSON, pretty and as one line`() throws {
        for result in Self.all {
            #expect(try ScenarioResult(json: result.json()) == result)
            #expect(try ScenarioResult(json: result.line()) == result)
            #expect(!result.line().contains(0x0a))
        }
    }

    @Test func `the headline says verdict, reason, time and where it went`() {
        let text = VerdictText(Self.failed)
        #expect(
            text.headline == "a-01 failed: west: console differs at line 4  0.84 s (lab 21 ms, commands 790 ms)")
        #expect(VerdictText(Self.all[1]).headline == "b #2 passed")
    }

    @Test func `the first failing point comes before the findings`() {
        #expect(
            VerdictText(Self.failed).details == [
                "  first difference on west, line 4, under: ipsec up a",
                "    expected  up <&> \"it\"",
                "    got       (nothing more)",
                "  post-mortem: west: (null) on the console, line 7 (text)",
                "  see OUTPUT/a-01",
            ])
    }

    @Test(arguments: [
        ([Verdict.passed, .passed], 0), ([.passed, .skipped, .unsupported], 0), ([.passed, .failed], 1),
        ([.unresolved], 1), ([.unsupported, .skipped], 3), ([.skipped], 4), ([], 4),
    ])
    func `the exit code follows from the verdicts`(verdicts: [Verdict], code: Int) {
        let results = verdicts.map { ScenarioResult(name: "s", verdict: $0) }
        #expect(RunSummary(results: results, seconds: 1).exitCode == Int32(code))
    }

    @Test func `the summary counts each verdict`() {
        let line = RunSummary(results: Self.all, seconds: 9.306).line
        #expect(line == "1 passed, 1 failed, 1 unresolved, 1 unsupported, 1 skipped of 5 in 9.31 s")
    }

    @Test(.enabled(if: access("/usr/bin/xmllint", X_OK) == 0, "xmllint is not installed (package libxml2-utils)"))
    func `the JUnit file is valid against its schema`() throws {
        try withTemporaryFolder { folder in
            let report = JUnitReport(results: Self.all) { _ in "-expected ]]> \u{0}\n+got \u{fffe}" }
            try FileSystem.write(folder + "/junit.xml", report.xml())
            let schema = FileSystem.parent(of: #filePath) + "/Resources/junit.xsd"
            #expect(try runQuietly(["/usr/bin/xmllint", "--noout", "--schema", schema, folder + "/junit.xml"]) == 0)
            // The schema does refuse: otherwise the line above says nothing.
            try FileSystem.write(folder + "/wrong.xml", "<testsuites><testsuite tests=\"x\"/></testsuites>")
            #expect(try runQuietly(["/usr/bin/xmllint", "--noout", "--schema", schema, folder + "/wrong.xml"]) != 0)
        }
    }

    private func runQuietly(_ arguments: [String]) throws -> Int32 {
        let nowhere = try FileDescriptor.open("/dev/null", O_RDWR)
        defer { nowhere.close() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 { posix_spawn_file_actions_adddup2(&actions, nowhere.rawValue, descriptor) }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, arguments[0], &actions, nil, &words, environ)
        if result != 0 { throw SystemError("posix_spawn", arguments[0], code: result) }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return status >> 8
    }
}
