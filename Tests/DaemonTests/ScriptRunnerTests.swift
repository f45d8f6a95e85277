import DialectKit
import LinuxSystem
import Testing

@testable import Daemon

@Suite struct ScriptRunnerTests {
    private func script(_ command: String, queue: UInt64 = 1, _ environment: [String: String] = [:]) -> ScriptRun {
        ScriptRun(queue: queue, command: command, environment: environment, label: "test")
    }

    private func run(
        _ scripts: [ScriptRun], timeLimit: Duration = .seconds(10)
    ) throws -> [(run: ScriptRun, end: ScriptEnd)] {
        let loop = try EventLoop()
        let runner = ScriptRunner(loop: loop, timeLimit: timeLimit)
        var ends: [(ScriptRun, ScriptEnd)] = []
        runner.onEnd = { ends.append(($0, $1)) }
        for one in scripts { runner.add(one) }
        #expect(try loop.turn { runner.isIdle })
        return ends
    }

    @Test func `a script has its variables, and its output and status are told`() throws {
        let ends = try run([script("echo \"$PLUTO_VERB\"; echo wrong >&2; exit 3", ["PLUTO_VERB": "up-client"])])
        #expect(ends.map(\.end) == [ScriptEnd(status: 3, output: Array("up-client\nwrong\n".utf8))])
    }

    @Test func `scripts of one queue run one after another, those of others do not wait for them`() throws {
        let slow = script("sleep 0.2; echo slow")
        let ends = try run([slow, script("echo second"), script("echo other", queue: 2)])
        let texts = ends.map { String(decoding: $0.end.output, as: UTF8.self) }
        #expect(texts == ["other\n", "slow\n", "second\n"])
    }

    @Test func `a line that is a path and plain words is started without a shell, and ends as a shell would have it`()
        throws
    {
        let ends = try run([
            script("/usr/bin/tr a-z A-Z"), script("/usr/bin/basename /a/b.c  .c"), script("/no/such/program x"),
            script("/usr/bin/printf $PLUTO_VERB", ["PLUTO_VERB": "expanded"]),
        ])
        #expect(ends.map(\.end.status) == [0, 0, 127, 0])
        #expect(ends[1].end.output == Array("b\n".utf8))
        #expect(String(decoding: ends[2].end.output, as: UTF8.self).contains("/no/such/program"))
        #expect(ends[3].end.output == Array("expanded".utf8))
    }

    @Test(arguments: [
        ("/usr/libexec/_updown", ["/usr/libexec/_updown"]), ("/a/b  --route yes", ["/a/b", "--route", "yes"]),
        ("ipsec _updown", nil), ("/a/b;c", nil), ("/a/$x", nil), ("/a 'b c'", nil), ("/a *", nil), ("/a ~", nil),
        ("PATH=/a /b", nil), ("/a\nb", nil), ("", nil),
    ])
    func `only a line that a shell would not change is taken for plain words`(_ line: String, _ words: [String]?) {
        #expect(ScriptRunner.plainWords(line) == words)
    }

    @Test func `a script that hangs is killed, with what it has started`() throws {
        let ends = try run([script("sleep 60 & sleep 60"), script("echo next")], timeLimit: .milliseconds(100))
        #expect(ends[0].end.isTimedOut && ends[0].end.status == 128 + 9)
        #expect(ends[1].end.output == Array("next\n".utf8))
    }

    @Test func `of a script that talks without end only so much is kept`() throws {
        let ends = try run([script("head -c 1000000 /dev/zero")])
        #expect(ends[0].end.status == 0 && ends[0].end.output.count == 16 * 1024)
    }

    @Test func `more scripts than may wait are not run, and are told so`() throws {
        let loop = try EventLoop()
        let runner = ScriptRunner(loop: loop)
        var refused = 0
        runner.onEnd = { if $1.status == nil { refused += 1 } }
        for _ in 0..<(ScriptRunner.waitingLimit + 3) { runner.add(script("sleep 60")) }
        #expect(refused == 2)
        runner.shutdown(waitingAtMost: .zero)
        #expect(runner.isIdle)
    }
}
