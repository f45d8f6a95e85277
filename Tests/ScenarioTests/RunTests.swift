import Glibc
import LinuxSystem
import Scenario
import Testing

/// Whole runs in real labs, without a daemon: what a runner must see, seen or not.
@Suite(.serialized) struct RunTests {
    /// A scenario whose hosts only ping one another.
    static let plain = [
        "description.txt": "Two hosts that talk in clear.\n",
        "scenario.yaml": "daemon: none\n",
        "01-west-ping.sh": "hostname; pwd\n# a comment\nping -n -q -c 1 -W 2 192.1.2.23 | grep -c ' 0% packet loss'\n",
        "02-east-look.sh": "cat OUTPUT/note 2>&1\nprintf unfinished\n",
        "west.console.txt": """
        hostname; pwd
        west
        /testing/pluto/plain-01
        west #
         # a comment
        west #
         ping -n -q -c 1 -W 2 192.1.2.23 | grep -c ' 0% packet loss'
        1
        west #

        """,
        "east.console.txt": """
        cat OUTPUT/note 2>&1
        cat: OUTPUT/note: No such file or directory
        east #
         printf unfinished
        unfinished
        east #

        """,
    ]

    /// A scenario of one script on west, and the console that it is to leave.
    static func west(_ script: String, _ console: String, yaml: String = "") -> [String: String] {
        [
            "scenario.yaml": "daemon: none\nhosts: [east]\n" + yaml, "01-west-do.sh": script + "\n",
            "west.console.txt": console + "\n",
        ]
    }

    @Test(arguments: [RunnerProgram.User.own, .ordinary])
    func `a scenario passes, and leaves consoles, captures and its result`(user: RunnerProgram.User) throws {
        try withRunner(user) { runner in
            try runner.scenario("plain-01", Self.plain)
            let answer = try runner.run("run", "plain-01", "--junit", runner.folder + "/OUTPUT/junit.xml")
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(answer.text.hasPrefix("plain-01 passed  "))
            let output = try FileSystem.list(runner.folder + "/OUTPUT/plain-01")
            for file in [
                "west.console.verbose.txt", "west.console.txt", "east.console.txt", "192_1_2.pcapng", "result.json",
            ] {
                #expect(output.contains(file), "\(file) is missing from \(output)")
            }
            #expect(!output.contains(".scenario"))
            #expect(try runner.read("OUTPUT/plain-01/west.console.txt") == Self.plain["west.console.txt"])
            let result = try ScenarioResult(json: FileSystem.read(runner.folder + "/OUTPUT/plain-01/result.json"))
            #expect(result.verdict == .passed)
            #expect(
                result.phases.map(\.name)
                    == ["sandbox", "lab", "shells", "commands", "post-mortem", "decode", "compare"])
            #expect(try runner.read("OUTPUT/junit.xml").contains("<testcase name=\"plain-01\""))
            // The scenario's folder itself was not written in.
            #expect(try FileSystem.list(runner.folder + "/testing/plain-01").sorted() == Self.plain.keys.sorted())
        }
    }

    @Test func `a console that differs fails, with the first failing point first`() throws {
        try withRunner { runner in
            var files = Self.plain
            files["west.console.txt"] = files["west.console.txt"]!.replacing("\n1\n", with: "\n0\n")
            try runner.scenario("plain-01", files)
            let answer = try runner.run("run", "plain-01")
            #expect(answer.status == .exited(1))
            let lines = answer.text.split(separator: "\n").map(String.init)
            #expect(lines[0].hasPrefix("plain-01 failed: west's console differs at line 8 (output-different)"))
            #expect(lines[1].contains("first difference on west, line 8, under: ping -n"))
            #expect(lines[2].hasSuffix("expected  0"))
            #expect(lines[3].hasSuffix("got       1"))
            #expect(lines.contains("-0") && lines.contains("+1"), "\(answer.text)")
            #expect(try runner.run("diff", "plain-01").status == .exited(1))
        }
    }

    @Test func `white space alone fails too`() throws {
        try withRunner { runner in
            try runner.scenario("w", Self.west("echo 'a  b'", "echo 'a  b'\na b\nwest #"))
            let answer = try runner.run("run", "w")
            #expect(answer.status == .exited(1))
            #expect(answer.text.contains("output-whitespace"))
        }
    }

    @Test func `a command that does not end makes the scenario unresolved`() throws {
        try withRunner { runner in
            try runner.scenario("w", Self.west("sleep 77", "sleep 77\nwest #", yaml: "timeout: 0.3\n"))
            let answer = try runner.run("run", "w")
            #expect(answer.status == .exited(1))
            #expect(
                answer.text.hasPrefix("w unresolved: no end after 0.3 seconds (west, 01-west-do.sh line 1: sleep 77)"))
            #expect(answer.text.contains("running there: bash, sleep"))
            // Who would make half a console the expectation is told so.
            try runner.scenario("w", ["west.console.txt": "sleep 78\nwest #\n"])
            let accept = try runner.run("accept", "w", environment: ["CI": ""], input: "n\n")
            #expect(accept.text.hasPrefix("w did not reach its end: no end after 0.3 seconds"), "\(accept.text)")
        }
    }

    @Test(arguments: [
        ("echo 'it is (null)'", "it is (null)", "(null) in the console"),
        ("printf 'a\\033[1mb\\n'", "a\u{1b}[1mb", "not printable (0x1b)"),
        ("(setsid sleep 60 >/dev/null 2>&1 &)", nil, ") is still there after shutdown"),
        ("ip rule add fwmark 7 table 7", nil, "left after shutdown: 32765: from all fwmark 0x7 lookup 7"),
        ("ip link add left type veth peer name right", nil, "left after shutdown: interface left"),
        ("touch /tmp/core", nil, "a core file: /tmp/core"),
        ("mkdir /run/pluto; echo 9999 >/run/pluto/pluto.pid", nil, "process 9999, died"),
        ("ip xfrm policy add src 10.0.0.0/8 dst 10.0.0.0/8 dir out", nil, "left after shutdown: src 10.0.0.0/8"),
    ])
    func `the post-mortem finds it`(script: String, output: String?, finding: String) throws {
        try withRunner { runner in
            try runner.scenario(
                "w", Self.west(script, ([script, output].compactMap(\.self) + ["west #"]).joined(separator: "\n")))
            let answer = try runner.run("run", "w")
            #expect(answer.status == .exited(1))
            #expect(answer.text.contains(finding), "\(answer.text)")
            #expect(answer.text.contains("post-mortem: west: "))
        }
    }

    @Test func `a protected packet in clear is found on the link between, and only where it may not be`() throws {
        try withRunner { runner in
            let ping = "ping -n -q -c 1 -W 2 -I 192.0.1.254 192.0.2.254 | grep -c ' 0% packet loss'"
            let yaml = "protected: [192.0.1.0/24 === 192.0.2.0/24]\n"
            try runner.scenario("w", Self.west(ping, ping + "\n1\nwest #", yaml: yaml))
            let answer = try runner.run("run", "w")
            #expect(answer.status == .exited(1))
            #expect(
                answer.text.contains(
                    "192_1_2: 2 protected packets in clear, the first: 192.0.1.254 > 192.0.2.254 protocol 1"))
            #expect(!answer.text.contains("192_0_1: "))
            try runner.scenario(
                "v",
                Self.west(
                    ping, ping + "\n1\nwest #", yaml: yaml + "expect-clear: [192.0.1.254/32 === 192.0.2.254/32]\n"))
            #expect(try runner.run("run", "v").status == .exited(0))
        }
    }

    @Test func `octets of ESP on a console need ESP on a link`() throws {
        try withRunner { runner in
            let line = "#2: \"a\", type=ESP, inBytes=84, outBytes=84"
            try runner.scenario("w", Self.west("echo '\(line)'", "echo '\(line)'\n\(line)\nwest #"))
            let answer = try runner.run("run", "w")
            #expect(answer.status == .exited(1))
            #expect(answer.text.contains("no link carried any"), "\(answer.text)")
        }
    }

    @Test func `an impaired link loses what it is told to and carries the rest`() throws {
        try withRunner { runner in
            let ping = "ping -n -q -c 1 -W 2 192.1.2.23 | grep -c ' 0% packet loss'"
            let tcp = "timeout 60 bash -c 'exec 3<>/dev/tcp/192.1.2.23/22' 2>&1 | grep -cm1 refused"
            let script = "\(ping)\n\(tcp)"
            let console = "\(ping)\nRESULT\nwest #\n \(tcp)\nRESULT\nwest #"
            let impairment = "impairments: [{link: \"192_1_2\", SELECT, action: drop}]\n"
            // Nothing of a ping is IKE; TCP needs its checksums whole behind the forwarder.
            try runner.scenario(
                "carries",
                Self.west(
                    script, console.replacing("RESULT", with: "1"),
                    yaml: impairment.replacing("SELECT", with: "message: IKE_SA_INIT request")))
            try runner.scenario(
                "cut",
                Self.west(
                    ping.replacing("-W 2", with: "-W 0.3"), ping.replacing("-W 2", with: "-W 0.3") + "\n0\nwest #",
                    yaml: impairment.replacing("SELECT", with: "from: east")))
            let answer = try runner.run("run", "carries", "cut")
            #expect(answer.status == .exited(0), "\(answer.text)")
        }
    }

    @Test func `a folder with steps.tsv is replayed from its consoles`() throws {
        try withRunner { runner in
            var files = Self.plain
            files["01-west-ping.sh"] = nil
            files["02-east-look.sh"] = nil
            files["steps.tsv"] = "east\teastinit.sh\t2\nwest\twestrun.sh\t3\n"
            try runner.scenario("plain-01", files)
            let answer = try runner.run("run")
            #expect(answer.status == .exited(0), "\(answer.text)")
        }
    }

    @Test func `many run at a time, each for itself`() throws {
        try withRunner { runner in
            try runner.scenario(
                "w", Self.west("ls /tmp; touch /tmp/mine; hostname", "ls /tmp; touch /tmp/mine; hostname\nwest\nwest #")
            )
            let answer = try runner.run("run", "w", "--repeat", "12", "--jobs", "6")
            #expect(answer.status == .exited(0), "\(answer.text)")
            #expect(answer.text.contains("12 passed of 12 in "))
            #expect(try FileSystem.list(runner.folder + "/OUTPUT").count == 12)
        }
    }

    @Test func `fail-fast starts no more once one has failed`() throws {
        try withRunner { runner in
            try runner.scenario("a", Self.west("echo 1", "echo 1\n2\nwest #"))
            try runner.scenario("b", Self.west("echo 1", "echo 1\n1\nwest #"))
            let answer = try runner.run("run", "--jobs", "1", "--fail-fast")
            #expect(answer.status == .exited(1))
            #expect(answer.text.contains("1 failed, 1 skipped of 2"))
        }
    }

    @Test func `exit codes tell usage, broken scenarios and nothing to do apart`() throws {
        try withRunner { runner in
            #expect(try runner.run("run").status == .exited(4))
            try runner.scenario("w", Self.west("echo 1", "echo 1\n1\nwest #"))
            #expect(try runner.run("run", "--jobs", "0").status == .exited(2))
            #expect(try runner.run("run", "nonesuch").status == .exited(2))
            #expect(try runner.run("run", "--filter", "nonesuch").status == .exited(4))
            try runner.scenario("x", Self.west("echo 1", "echo 1\n1\nwest #", yaml: "topolgy: y\n"))
            let broken = try runner.run("run", "x")
            #expect(broken.status == .exited(2))
            #expect(broken.text.contains("/testing/x/scenario.yaml:3: unknown key \"topolgy\""), "\(broken.text)")
        }
    }

    @Test(arguments: [
        ("topology: none-such", "scenario.yaml:1: no topology none-such", "there are azure, libreswan, "),
        ("tags: [a]\nhosts: [carol]", "scenario.yaml:2: topology libreswan has no host carol", "it has west, east"),
        (
            "hosts: [east]\nimpairments:\n  - {link: \"192_1_3\", action: drop}",
            "scenario.yaml:3: no link 192_1_3 between the hosts of this scenario",
            "expected one of 192_1_2, 192_0_1, 192_0_2"
        ),
        (
            "hosts: [east]\nimpairments: [{link: \"192_1_2\", from: road, action: drop}]",
            "scenario.yaml:2: road is not on link 192_1_2 in this scenario", "expected one of west, east"
        ),
    ])
    func `what the topology does not have is a broken scenario, with its line`(
        yaml: String, message: String, remedy: String
    ) throws {
        try withRunner { runner in
            var files = Self.west("echo 1", "echo 1\n1\nwest #")
            files["scenario.yaml"] = yaml + "\ndaemon: none\n"
            try runner.scenario("x", files)
            let answer = try runner.run("run", "x")
            #expect(answer.status == .exited(2))
            #expect(answer.text.contains("/testing/x/" + message), "\(answer.text)")
            #expect(answer.text.contains(remedy), "\(answer.text)")
        }
    }

    @Test func `a script of a host that the topology lacks is a broken scenario`() throws {
        try withRunner { runner in
            var files = Self.west("echo 1", "echo 1\n1\nwest #", yaml: "")
            files["02-carol-do.sh"] = "echo 1\n"
            files["carol.console.txt"] = "echo 1\n1\ncarol #\n"
            try runner.scenario("x", files)
            let answer = try runner.run("run", "x")
            #expect(answer.status == .exited(2))
            #expect(
                answer.text.contains("/testing/x/02-carol-do.sh: topology libreswan has no host carol; it has west"),
                "\(answer.text)")
        }
    }

    @Test func `a scenario that several names mean runs once`() throws {
        try withRunner { runner in
            try runner.scenario("w", Self.west("echo 1", "echo 1\n1\nwest #"))
            let answer = try runner.run("run", "w", "w*", runner.folder + "/testing/../testing/w/")
            #expect(answer.status == .exited(0))
            #expect(answer.text.split(separator: "\n").count == 1, "\(answer.text)")
            // Another of the same name would write its results over the first's.
            try FileSystem.makeDirectories(runner.folder + "/other/w")
            try FileSystem.write(runner.folder + "/other/w/01-west-do.sh", "echo 2\n")
            let twins = try runner.run("run", "w", runner.folder + "/other/w")
            #expect(twins.status == .exited(2))
            #expect(twins.text.contains("have the same name"), "\(twins.text)")
        }
    }

    @Test func `accept writes what a person says yes to, and never under CI`() throws {
        try withRunner { runner in
            try runner.scenario("w", Self.west("echo 1", "echo 1\n2\nwest #"))
            #expect(try runner.run("run", "w").status == .exited(1))
            let refused = try runner.run("accept", "w", environment: ["CI": "true"], input: "y\n")
            #expect(refused.status == .exited(2))
            #expect(try runner.run("accept", "w", environment: ["CI": ""], input: "n\n").status == .exited(0))
            #expect(try runner.read("testing/w/west.console.txt") == "echo 1\n2\nwest #\n")
            let accepted = try runner.run("accept", "w", environment: ["CI": ""], input: "y\n")
            #expect(accepted.text.contains("-2") && accepted.text.contains("+1"))
            #expect(try runner.read("testing/w/west.console.txt") == "echo 1\n1\nwest #\n")
            #expect(try runner.run("run", "w").status == .exited(0))
        }
    }
}
