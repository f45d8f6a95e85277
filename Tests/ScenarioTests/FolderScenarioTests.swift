import Testing
import Transcript

@testable import Scenario

struct FolderScenarioTests {
    private func lines(_ folder: ScenarioFolder) -> [String] { folder.steps.map { "\($0.host): \($0.text)" } }

    @Test func `scripts run as init, run, named, final, in the order of libreswan's hosts`() throws {
        let folder = try FolderFixture([
            "description.txt": "\nAbout it.\n\n",
            "westinit.sh": "w-init\n", "eastinit.sh": "e-init\n", "nicinit.sh": "#!/bin/sh\nn-init\n",
            "westrun.sh": "  w-run  \n\n\t\n", "eastrun.sh": "e-run\n",
            "10-road.sh": "r-ten\n", "02-west-east-check.sh": "check\n# note\n", "final.sh": "last\n",
            "helper.sh": "never\n", "testparams.sh": "# x.sed\nFIX=\"$FIX ip-xfrm-state-mobike.sed\"\n",
        ]).load()
        #expect(folder.description == "About it.")
        #expect(
            lines(folder) == [
                "nic: #!/bin/sh", "nic: n-init", "east: e-init", "west: w-init", "east: e-run", "west: w-run",
                "west: check", "west: # note", "east: check", "east: # note", "road: r-ten",
                "east: last", "nic: last", "road: last", "west: last",
            ])
        #expect(folder.hosts == ["east", "nic", "road", "west"])
        #expect(folder.steps[0].action == .comment("#!/bin/sh"))
        #expect(
            folder.steps.first { $0.text == "w-run" }
                == ScenarioStep(host: "west", script: "westrun.sh", line: 1, text: "w-run"))
        #expect(folder.fixups == ["ip-xfrm-state-mobike.sed"])
        #expect(!folder.isRecorded)
    }

    @Test func `a file for all hosts names the host of each line, and final lines come last on every host`() throws {
        let folder = try FolderFixture([
            "description.txt": "x",
            "all.linuxeast-west.sh": "# of nobody\nwest# one\n\nlinuxeast# # said\nfinal# two\nwest# three # four\n",
            "final.sh": "five\n", "all.console.txt": "",
        ]).load()
        #expect(
            lines(folder) == [
                "west: one", "east: # said", "west: three # four", "east: two", "east: five", "west: two", "west: five",
            ])
        #expect(folder.expectedOfAll?.hasSuffix("/all.console.txt") == true)
        #expect(folder.expected.isEmpty)
        #expect(folder.foreignPlatforms.isEmpty)
    }

    @Test func `a host of another system is told`() throws {
        let folder = try FolderFixture(["01-netbsdwest-up.sh": "x", "02-linuxeast.sh": "y"]).load()
        #expect(folder.hosts == ["east", "west"])
        #expect(folder.foreignPlatforms == ["west": "netbsd"])
    }

    @Test func `a line of a file for all hosts that names none is an error with its place`() throws {
        let error = try #require(try FolderFixture.error(["all.west-east.sh": "west# a\nwset# b\n"]))
        #expect(error.line == 2)
        #expect(error.file.hasSuffix("/all.west-east.sh"))
        #expect(error.message.contains("\"wset\""))
    }

    @Test func `each host has one configuration and one file of secrets`() throws {
        let folder = try FolderFixture([
            "eastinit.sh": "x", "westinit.sh": "x", "east.ipsec.conf": "", "west.conf": "", "ikev2-oe.conf": "",
            "ipsec.secrets": "", "west.console.txt": "", "road.console.txt": "",
        ]).load()
        #expect(
            folder.configurations.mapValues { $0.split(separator: "/").last } == [
                "east": "east.ipsec.conf", "west": "west.conf",
            ])
        #expect(
            folder.secrets.mapValues { $0.split(separator: "/").last } == [
                "east": "ipsec.secrets", "west": "ipsec.secrets",
            ])
        #expect(Set(folder.expected.keys) == ["west"])
    }

    @Test(arguments: [
        ["west.conf", "ipsec.conf"], ["west.conf", "west.ipsec.conf"], ["west.secrets", "ipsec.secrets"],
    ])
    func `two candidates for one host are an error`(_ names: [String]) throws {
        var files = ["westinit.sh": "x"]
        for name in names { files[name] = "" }
        let error = try #require(try FolderFixture.error(files))
        #expect(error.message.contains("west has two candidates: \(names[0]) and \(names[1])"))
    }

    @Test func `a folder without scripts is an error, and one that is not there`() throws {
        #expect(
            try FolderFixture.error(["description.txt": "x", "readme.sh": "y"])?.message.contains("no script") == true)
        #expect(throws: ScenarioError.self) { try ScenarioFolder.load("/nonexistent/folder") }
    }

    @Test func `recorded steps replay the commands of the consoles`() throws {
        let folder = try FolderFixture([
            "steps.tsv": "# host\tscript\tcommands\neast\teastinit.sh\t2\nwest\twestrun.sh\t1\neast\tfinal.sh\t1\n",
            "east.console.txt": "a\nout\neast #\n # note\neast #\n b\neast #\n", "west.console.txt": "c\nwest #\n",
            "nic.console.txt": "#PATH/sbin/named\nnic #\n",
        ]).load()
        #expect(lines(folder) == ["east: a", "east: # note", "west: c", "east: b"])
        #expect(folder.isRecorded)
        #expect(folder.steps.last?.script == "final.sh")
        #expect(folder.steps.last?.line == 6)
        #expect(folder.hosts == ["east", "west"])
    }

    @Test(arguments: [
        ("east\teastinit.sh\t3\n", "steps.tsv", 1, "2 commands left, expected 3"),
        ("east\teastinit.sh\t1\n", "east.console.txt", 3, "belongs to no script"),
        ("\n# x\neast eastinit.sh 1\n", "steps.tsv", 3, "expected host, script and count"),
        ("road\troadinit.sh\t1\n", "steps.tsv", 1, "no console for road"),
    ]) func `recorded steps that do not fit the consoles are errors`(
        _ steps: String, _ file: String, _ line: Int, _ text: String
    ) throws {
        let error = try #require(
            try FolderFixture.error(["steps.tsv": steps, "east.console.txt": "a\neast #\n b\neast #\n"]))
        #expect(error.file.hasSuffix("/" + file))
        #expect(error.line == line)
        #expect(error.message.contains(text))
    }

    @Test func `discovery lists what looks like a scenario, a broken one with its error`() throws {
        let fixture = try FolderFixture(["westinit.sh": "x", "description.txt": "d"], name: "good")
        let broken = fixture.path.dropLast("good".count) + "broken"
        let other = fixture.path.dropLast("good".count) + "other"
        for (path, file) in [(broken, "description.txt"), (other, "notes.md")] {
            try FolderFixture.write("x", to: "\(path)/\(file)")
        }
        let found = try ScenarioFolder.discover(in: String(fixture.path.dropLast("/good".count)))
        #expect(found.map(\.name) == ["broken", "good"])
        #expect(throws: ScenarioError.self) { try found[0].result.get() }
        #expect(try found[1].result.get().hosts == ["west"])
    }

    @Test(.enabled(if: FolderFixture.beside("shared/reference/libreswan-transcripts") != nil, "../shared is not here"))
    func `all 94 recorded folders load, and replay every command of every console that has steps`() throws {
        let suite = try #require(FolderFixture.beside("shared/reference/libreswan-transcripts"))
        let found = try ScenarioFolder.discover(in: suite)
        #expect(found.count == 94)
        for scenario in found {
            let folder = try scenario.result.get()
            #expect(folder.isRecorded)
            for host in folder.hosts {
                let console = try FolderFixture.text(#require(folder.expected[host]))
                let commands = ConsoleStep.steps(of: console, host: host).map(\.command)
                    .prefix { !$0.contains("PATH/") }
                #expect(
                    folder.steps.filter { $0.host == host }.map(\.text) == Array(commands), "\(folder.name) \(host)")
            }
        }
    }
}

/// `scenario.yaml`.
struct FolderSettingsTests {
    private func settings(_ yaml: String) throws -> ScenarioSettings {
        try FolderFixture(["westinit.sh": "x", "scenario.yaml": yaml]).load().settings
    }

    private func error(_ yaml: String) throws -> ScenarioError {
        try #require(try FolderFixture.error(["westinit.sh": "x", "scenario.yaml": yaml]))
    }

    @Test func `everything can be said`() throws {
        let settings = try settings(
            """
            topology: umlnet
            hosts: [nic]
            dialects: {west: pluto}
            daemon: {east: strongswan}
            requires: [xfrm-esp]
            tags: slow
            reproduces:
              - seeds/a.txt
            timeout: 2.5
            protected:
              - 192.0.1.0/24 === 192.0.2.0/24
              - 2001:db8:0:1::/64===2001:db8:0:2::/64 on red
            expect-clear: 192.0.1.254 === 192.0.2.0/24
            impairments:
              - link: red
                from: west
                message: IKE_SA_INIT request
                nth: 1
                action: drop
              - {link: red, message: ESP, share: 0.1, seed: 7, action: drop}
              - {link: blue, message: IKE response, nth: [1, 3], action: drop}
              - {link: blue, action: drop}
            hostile: [road]
            """)
        #expect(settings.topology == "umlnet")
        #expect(settings.hosts == ["nic"])
        #expect(settings.dialects == ["west": "pluto"])
        #expect(settings.daemon(of: "east") == "strongswan")
        #expect(settings.daemon(of: "west") == "swand")
        #expect(settings.requires == [.xfrmESP])
        #expect(settings.hostile == ["road"])
        #expect(settings.tags == ["slow"])
        #expect(settings.reproduces == ["seeds/a.txt"])
        #expect(settings.timeout == .milliseconds(2500))
        guard case .traffic(let traffic) = settings.protection else {
            Issue.record("expected traffic")
            return
        }
        #expect(
            traffic.map(\.description) == [
                "192.0.1.0/24 === 192.0.2.0/24", "2001:db8:0:1::/64 === 2001:db8:0:2::/64 on red",
            ])
        #expect(settings.expectedClear.map(\.description) == ["192.0.1.254/32 === 192.0.2.0/24"])
        #expect(
            settings.impairments.map(\.selection) == [
                .ike(exchange: .ikeSAInit, direction: .request), .esp, .ike(exchange: nil, direction: .response), .any,
            ])
        #expect(settings.impairments.map(\.frequency) == [.nth([1]), .share(0.1, seed: 7), .nth([1, 3]), .all])
        #expect(settings.impairments[0].from == "west")
        #expect(settings.impairments.map(\.line) == [15, 20, 21, 22])
    }

    @Test func `an empty file and no file say the same`() throws {
        let empty = try settings("# nothing\n")
        #expect(empty.topology == "libreswan")
        #expect(empty.protection == .none)
        #expect(empty.daemon(of: "west") == "swand")
        #expect(try settings("protected: connections").protection == .connections)
        #expect(try settings("daemon: strongswan").daemon(of: "west") == "strongswan")
    }

    @Test(arguments: [
        ("tags: [a]\ntopolgy: x\n", 2, "unknown key \"topolgy\", expected one of topology, hosts"),
        ("timeout: soon\n", 1, "expected seconds"),
        ("timeout: 0\n", 1, "expected seconds"),
        ("protected: 192.0.1.0/24\n", 1, "expected two networks"),
        ("protected:\n  - 192.0.1.0/24 === 2001:db8::/64\n", 2, "expected two networks of one family"),
        ("impairments:\n  - link: red\n    message: IKE_SA_INT\n    action: drop\n", 3, "unknown message"),
        ("impairments:\n  - link: red\n    share: 0.1\n    action: drop\n", 2, "share with seed"),
        ("impairments:\n  - link: red\n    share: 1.1\n    seed: 1\n    action: drop\n", 3, "from 0 to 1"),
        ("impairments:\n  - link: red\n    nth: 0\n    action: drop\n", 3, "from 1"),
        ("impairments:\n  - link: red\n    action: burn\n", 3, "is not an action"),
        ("impairments:\n  - action: drop\n", 2, "needs link and action"),
        ("tags: [a\nb: c\n", 2, "not YAML"),
        ("tags: [a]\ntags: [b]\n", 1, "keys given twice: tags"),
        ("tags: [a]\nrequires: [tun, xfrm]\n", 2, "\"xfrm\" is not the name of a capability, expected one of names"),
        (
            "dialects:\n  west: racoon\n", 2,
            "\"racoon\" is not a dialect, expected one of pluto, charon, azure, asa, ios, vpp, setkey"
        ),
        ("daemon: pluto\n", 1, "\"pluto\" is not the name of a daemon, expected one of swand"),
        ("daemon: {west: swand, east: racoon}\n", 1, "\"racoon\" is not the name of a daemon"),
        ("- a\n", 1, "expected keys and values"),
    ]) func `what is wrong is told with its line`(_ yaml: String, _ line: Int, _ message: String) throws {
        let error = try error(yaml)
        #expect(error.file.hasSuffix("/scenario.yaml"))
        #expect(error.line == line)
        #expect(error.message.contains(message), "\(error)")
        #expect("\(error)".contains("/scenario.yaml:\(line): "))
    }
}
