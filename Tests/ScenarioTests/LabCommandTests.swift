import Glibc
import LinuxSystem
import Testing

/// Labs that stay: `up`, `exec`, `down` and `run --keep`, as commands one after the other.
@Suite(.serialized) struct LabCommandTests {
    /// Runs a body with a runner whose labs are recorded in its own folder, and ends what it leaves.
    private func withLabs(_ body: (RunnerProgram, [String: String]) throws -> Void) throws {
        try withRunner { runner in
            try FileSystem.makeDirectory(runner.folder + "/runtime")
            let environment = ["XDG_RUNTIME_DIR": runner.folder + "/runtime"]
            defer { _ = try? runner.run("down", "--all", environment: environment) }
            try body(runner, environment)
        }
    }

    @Test func `a scenario's lab stays until it is taken down, and there is one of a name`() throws {
        try withLabs { runner, environment in
            try runner.scenario("plain-01", RunTests.plain)
            let up = try runner.run("up", "plain-01", environment: environment)
            #expect(up.status == .exited(0), "\(up.text)")
            #expect(up.text.hasPrefix("plain-01 is up: west east\n"))
            let again = try runner.run("up", "plain-01", environment: environment)
            #expect(again.status == .exited(2))
            #expect(again.text.contains("is up already; `swantest down plain-01` ends it"), "\(again.text)")

            let answer = try runner.run(
                "exec", "west", "--", "sh", "-c", "hostname; pwd; ls; exit 7", environment: environment)
            #expect(answer.status == .exited(7))
            #expect(answer.text.hasPrefix("west\n/testing/pluto/plain-01\n01-west-ping.sh\n"), "\(answer.text)")
            let shell = try runner.run("shell", "east", environment: environment, input: "hostname\nexit 3\n")
            #expect(shell.status == .exited(3))
            #expect(shell.text.contains("\neast\n"), "\(shell.text)")
            let nosuch = try runner.run("exec", "west", "--", "no-such-command", environment: environment)
            #expect(nosuch.status == .exited(2))

            #expect(try runner.run("down", environment: environment).text == "plain-01 is down\n")
            #expect(try runner.run("down", environment: environment).status == .exited(2))
        }
    }

    @Test(.enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"))
    func `the hosts of a topology have the daemon's commands`() throws {
        try withLabs { runner, environment in
            try runner.addDaemon()
            let up = try runner.run("up", "libreswan", "--hosts", "west", environment: environment)
            #expect(up.status == .exited(0), "\(up.text)")
            let script = "command -v ipsec; ipsec initnss; ipsec start && ipsec _wait-started --timeout 60; ipsec stop"
            let answer = try runner.run("exec", "west", "--", "sh", "-ec", script, environment: environment)
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(answer.text.hasPrefix("/swantest/bin/ipsec\nCreating empty NSS database\n"), "\(answer.text)")
        }
    }

    @Test func `every failed repetition keeps a lab of its own, and none takes another's place`() throws {
        try withLabs { runner, environment in
            try runner.scenario("w", RunTests.west("touch /tmp/here", "touch /tmp/here\nnothing\nwest #"))
            let first = try runner.run("run", "w", "--keep", "--repeat", "2", environment: environment)
            #expect(first.status == .exited(1))
            #expect(first.text.contains("its lab stays: swantest shell --lab w HOST, swantest down w\n"))
            #expect(first.text.contains("its lab stays: swantest shell --lab w.2 HOST, swantest down w.2\n"))
            for lab in ["w", "w.2"] {
                let look = try runner.run(
                    "exec", "--lab", lab, "west", "--", "ls", "/tmp/here", environment: environment)
                #expect(look.text == "/tmp/here\n")
            }
            let second = try runner.run("run", "w", "--keep", environment: environment)
            #expect(second.text.contains("its lab could not be kept: lab: lab w is up already"), "\(second.text)")
            #expect(try runner.run("down", "w", "w.2", environment: environment).text == "w is down\nw.2 is down\n")
            #expect(try runner.run("down", "w", environment: environment).status == .exited(2))
        }
    }

    @Test func `on a link that was cut packets pass once its lab is kept`() throws {
        try withLabs { runner, environment in
            let ping = "ping -n -q -c 1 -W 0.3 192.1.2.23 >/dev/null || echo lost"
            try runner.scenario(
                "cut",
                RunTests.west(
                    ping, ping + "\nwest #", yaml: "impairments: [{link: \"192_1_2\", from: east, action: drop}]\n"))
            let run = try runner.run("run", "cut", "--keep", environment: environment)
            #expect(run.status == .exited(1))
            #expect(run.text.contains("+lost"), "\(run.text)")
            let again = try runner.run(
                "exec", "west", "--", "ping", "-n", "-q", "-c", "1", "-W", "5", "192.1.2.23", environment: environment)
            #expect(again.status == .exited(0), "\(again.text)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func `who became another user does not need the first one's runtime folder`() throws {
        try withRunner(.ordinary) { runner in
            try runner.scenario("another-user-01", RunTests.plain)
            // Root's, as after `su` or `setpriv`. The lab is then recorded in /tmp, where others of this user's may be.
            let environment = ["XDG_RUNTIME_DIR": "/root"]
            let up = try runner.run("up", "another-user-01", environment: environment)
            #expect(up.status == .exited(0), "\(up.text)")
            let down = try runner.run("down", "another-user-01", environment: environment)
            #expect(down.text == "another-user-01 is down\n")
        }
    }
}
