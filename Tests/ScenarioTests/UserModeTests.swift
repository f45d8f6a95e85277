import Glibc
import LinuxSystem
import Scenario
import Testing
import UserMode

/// Runs in user-mode Linux, by the built program.
@Suite(
    .serialized, .enabled(if: UserModePackage.find() != nil, "user-mode-linux is not installed"))
struct UserModeTests {
    /// vm.max_map_count is Linux's own, and less than the pages of a guest.
    private static let hasFewMappings =
        (try? FileSystem.readText("/proc/sys/vm/max_map_count")).map {
            ($0.split(separator: "\n").first).flatMap { Int($0) } ?? 0 <= 65530
        }
        ?? false
    private static let vendor = "grep ^vendor_id /proc/cpuinfo"
    private static let console = "\(vendor)\nvendor_id\t: User Mode Linux\nwest #"

    @Test(arguments: [RunnerProgram.User.own, .ordinary])
    func `a scenario passes on another kernel, and writes nothing outside its output`(user: RunnerProgram.User) throws {
        try withRunner(user) { runner in
            try runner.scenario("w", RunTests.west(Self.vendor, Self.console))
            let before = try FileSystem.list(runner.folder) + FileSystem.list("/run") + FileSystem.list("/etc")
            let answer = try runner.run("run", "w", "--kernel", "uml", "--repeat", "2", "--jobs", "1")
            #expect(answer.status == .exited(0), "\(answer.text)")
            let after = try FileSystem.list(runner.folder) + FileSystem.list("/run") + FileSystem.list("/etc")
            #expect(after == before)
            #expect(try FileSystem.list(runner.folder + "/OUTPUT").sorted() == ["w", "w.2"])
            let first = try ScenarioResult(json: FileSystem.read(runner.folder + "/OUTPUT/w/result.json"))
            #expect(first.phases.first?.name == "boot")
            let second = try ScenarioResult(json: FileSystem.read(runner.folder + "/OUTPUT/w.2/result.json"))
            #expect(second.phases.first?.name == "sandbox", "one boot serves both")
            let left = try FileSystem.list(runner.folder + "/OUTPUT/w")
            #expect(left.contains("192_1_2.pcapng") && !left.contains(".guest") && !left.contains(".scenario"))
        }
    }

    @Test func `a console that differs fails there too`() throws {
        try withRunner { runner in
            try runner.scenario("w", RunTests.west("echo a", "echo a\nb\nwest #"))
            let answer = try runner.run("run", "w", "--kernel", "uml")
            #expect(answer.status == .exited(1), "\(answer.text)")
            #expect(answer.text.hasPrefix("w failed"))
        }
    }

    @Test(
        .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"), arguments: ["user", "xfrm"])
    func `tunnels stand on either data plane`(plane: String) throws {
        try withRunner { runner in
            _ = try runner.copyShipped("ikev2-basic-psk-01")
            let answer = try runner.run("run", "ikev2-basic-psk-01", "--kernel", "uml", "--dataplane", plane)
            #expect(answer.status == .exited(0), "\(answer.text)")
            // The script that a tunnel calls is told whose it is.
            let log = try runner.read("OUTPUT/ikev2-basic-psk-01/west.pluto.log")
            #expect(log.contains("PLUTO_STACK='\(plane)'"))
        }
    }

    /// The data planes' own tests, in a kernel that has ESP, whatever this machine's lacks: this very program runs them there.
    @Test(.enabled(if: geteuid() == 0, "only root can make the namespaces of those tests"))
    func `both data planes keep their contract there`() throws {
        let tests = "KernelPlaneTests|KernelPolicyTests|DataPlaneContractTests|LimitTests"
        let script =
            "./tests --testing-library swift-testing --filter '(\(tests))/' >OUTPUT/tests.log 2>&1; echo $?; "
            + "grep -cE 'Suite (\(tests)) passed' OUTPUT/tests.log"
        try withRunner { runner in
            try runner.scenario("w", RunTests.west(script, "\(script)\n0\n4\nwest #", yaml: "timeout: 1800\n"))
            let program = try #require(FileSystem.linkTarget("/proc/self/exe"))
            let place = runner.folder + "/testing/w/tests"
            if link(program, place) != 0 { try FileSystem.write(place, FileSystem.read(program), mode: 0o755) }
            let answer = try runner.run("run", "w", "--kernel", "uml", "--timeout", "1800")
            let log = (try? runner.read("OUTPUT/w/tests.log")) ?? "no log"
            let told = log.split(separator: "\n").filter { !$0.contains("started") && !$0.contains("passed") }
            #expect(answer.status == .exited(0), "\(answer.text)\n\(told.joined(separator: "\n"))")
        }
    }

    @Test func `two guests serve two jobs at a time`() throws {
        try withRunner { runner in
            try runner.scenario("w", RunTests.west(Self.vendor, Self.console))
            let answer = try runner.run("run", "w", "--kernel", "uml", "--repeat", "2", "--jobs", "2")
            #expect(answer.status == .exited(0), "\(answer.text)")
            for place in ["w", "w.2"] {
                let result = try ScenarioResult(json: FileSystem.read("\(runner.folder)/OUTPUT/\(place)/result.json"))
                #expect(result.phases.first?.name == "boot")
            }
        }
    }

    @Test(.enabled(if: FileSystem.isExecutable("/usr/sbin/iptables-legacy"), "iptables is not installed"))
    func `iptables filters there`() throws {
        let rule = "iptables -I INPUT -m policy --dir in --pol ipsec -j ACCEPT && iptables -S INPUT | tail -1"
        try withRunner { runner in
            try runner.scenario(
                "w",
                RunTests.west(rule, "\(rule)\n-A INPUT -m policy --dir in --pol ipsec -j ACCEPT\nwest #"))
            let answer = try runner.run("run", "w", "--kernel", "uml")
            #expect(answer.status == .exited(0), "\(answer.text)")
        }
    }

    @Test func `a scenario that requires ESP of the kernel runs, whatever this machine's kernel lacks`() throws {
        let state =
            "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 reqid 1 mode tunnel"
            + " aead 'rfc4106(gcm(aes))' 0x" + String(repeating: "00", count: 20) + " 128 && ip xfrm state count"
        try withRunner(.ordinary) { runner in
            try runner.scenario(
                "w",
                RunTests.west(
                    state, "\(state)\n\t SAD count 1\nwest #",
                    yaml: "requires: [xfrm-esp, mip6, netem]\n"))
            let answer = try runner.run("run", "w")
            let shown = (try? runner.read("OUTPUT/w/west.console.verbose.txt")) ?? ""
            #expect(shown.contains("SAD count 1"), "\(answer.text)\(shown)")
            #expect(!answer.text.contains("unsupported"), "\(answer.text)")
        }
    }

    /// As an ordinary user alone: on the host he could not stop the machine if he tried.
    @Test func `a kernel that panics leaves its scenario unresolved with its last words, and the next one runs`() throws
    {
        try withRunner(.ordinary) { runner in
            let end =
                "grep -q 'User Mode Linux' /proc/cpuinfo && mount -t proc proc /mnt && echo c >/mnt/sysrq-trigger"
            try runner.scenario("a-panics", RunTests.west(end, end + "\nwest #"))
            try runner.scenario("b-lives", RunTests.west(Self.vendor, Self.console))
            let answer = try runner.run("run", "a-panics", "b-lives", "--kernel", "uml", "--jobs", "1")
            #expect(answer.status == .exited(1), "\(answer.text)")
            #expect(answer.text.contains("a-panics unresolved"), "\(answer.text)")
            #expect(answer.text.contains("Kernel panic"), "\(answer.text)")
            #expect(answer.text.contains("b-lives passed"), "\(answer.text)")
            let result = try ScenarioResult(json: FileSystem.read(runner.folder + "/OUTPUT/a-panics/result.json"))
            #expect(result.verdict == .unresolved)
        }
    }

    @Test func `a guest without memory leaves its scenario unresolved with the kernel's words, and the next one runs`()
        throws
    {
        try withRunner(.ordinary) { runner in
            // One process alone does not get there.
            let glutton =
                "grep -q 'User Mode Linux' /proc/cpuinfo && for i in 1 2 3 4; do tail /dev/zero & done; wait"
            try runner.scenario("a-eats", RunTests.west(glutton, glutton + "\nwest #"))
            try runner.scenario("b-lives", RunTests.west(Self.vendor, Self.console))
            let answer = try runner.run("run", "a-eats", "b-lives", "--kernel", "uml", "--jobs", "1")
            #expect(answer.status == .exited(1), "\(answer.text)")
            #expect(answer.text.contains("a-eats unresolved"), "\(answer.text)")
            #expect(answer.text.contains("Kernel panic") && answer.text.contains("emory"), "\(answer.text)")
            #expect(answer.text.contains("b-lives passed"), "\(answer.text)")
        }
    }

    @Test(.enabled(if: hasFewMappings, "this machine maps as many pages for a process as a guest has"))
    func `a process that the host's limit of mappings ends leaves its scenario unresolved, and the next one runs`()
        throws
    {
        try withRunner(.ordinary) { runner in
            // At 256 MiB where the limit is as Linux has it. What it prints and how it ends is nobody's concern here.
            let glutton =
                "grep -q 'User Mode Linux' /proc/cpuinfo && (tail /dev/zero) >/dev/null 2>&1; true"
            try runner.scenario("a-grows", RunTests.west(glutton, glutton + "\nwest #"))
            try runner.scenario("b-lives", RunTests.west(Self.vendor, Self.console))
            let answer = try runner.run("run", "a-grows", "b-lives", "--kernel", "uml", "--jobs", "1")
            #expect(answer.status == .exited(1), "\(answer.text)")
            #expect(answer.text.contains("a-grows unresolved"), "\(answer.text)")
            #expect(answer.text.contains("no more mappings (vm.max_map_count)"), "\(answer.text)")
            #expect(answer.text.contains("killing current process"), "\(answer.text)")
            #expect(answer.text.contains("b-lives passed"), "\(answer.text)")
        }
    }

    @Test func `a guest that stands still leaves its scenario unresolved, and the next one runs`() throws {
        try withRunner { runner in
            try runner.scenario("a-hangs", RunTests.west("sleep 3333", "sleep 3333\nwest #"))
            try runner.scenario("b-lives", RunTests.west(Self.vendor, Self.console))
            let (process, output) = try runner.start(
                ["run", "a-hangs", "b-lives", "--kernel", "uml", "--jobs", "1", "--timeout", "10"])
            // The console's file is made when the lab is up.
            while !FileSystem.exists(runner.folder + "/OUTPUT/a-hangs/west.console.verbose.txt") {
                try #require(try process.statusIfEnded() == nil)
                MonotonicClock.sleep(.milliseconds(10))
            }
            let kernel = Self.descendants(of: process.rawValue).first { Self.program(of: $0).hasSuffix("/linux.uml") }
            kill(try #require(kernel), SIGSTOP)
            let text = String(decoding: try output.readToEnd(), as: UTF8.self)
            #expect(try process.wait() == .exited(1), "\(text)")
            #expect(text.contains("a-hangs unresolved: user-mode Linux said nothing for 20.0 seconds"), "\(text)")
            #expect(text.contains("b-lives passed"), "\(text)")
        }
    }

    @Test(arguments: [RunnerProgram.User.own, .ordinary])
    func `a runner that is killed takes its guest along`(user: RunnerProgram.User) throws {
        try withRunner(user) { runner in
            try runner.scenario("w", RunTests.west("sleep 3333", "sleep 3333\nwest #"))
            let before = try FileSystem.list(runner.folder)
            let (process, output) = try runner.start(["run", "w", "--kernel", "uml"])
            let deadline = ContinuousClock.now + .seconds(60)
            // The console's file is made when the lab is up.
            while !FileSystem.exists(runner.folder + "/OUTPUT/w/west.console.verbose.txt")
                && ContinuousClock.now < deadline
            {
                MonotonicClock.sleep(.milliseconds(10))
            }
            let family = Self.descendants(of: process.rawValue)
            let guests = family.filter { Self.program(of: $0).hasSuffix("/linux.uml") }
            #expect(!guests.isEmpty, "\(family.map(Self.program(of:)))")
            try process.send(signal: SIGKILL)
            _ = try process.wait()
            while family.contains(where: { kill($0, 0) == 0 }) && ContinuousClock.now < deadline {
                MonotonicClock.sleep(.milliseconds(5))
            }
            #expect(family.filter { kill($0, 0) == 0 } == [])
            #expect(try FileSystem.list(runner.folder) == before)
            output.close()
        }
    }

    @Test func `doctor boots it and says what it has that this machine's kernel may lack`() throws {
        try withRunner(.ordinary) { runner in
            let answer = try runner.run("doctor")
            let line = answer.text.split(separator: "\n").first { $0.contains("user-mode Linux, for what") } ?? ""
            #expect(line.contains("yes  user-mode Linux"), "\(answer.text)")
            for feature in ["namespaces", "packet-port", "xfrm-esp", "mip6", "netem"] {
                #expect(line.contains(feature), "\(line)")
            }
        }
    }

    static func program(of process: Int32) -> String {
        let words = (try? FileSystem.readText("/proc/\(process)/cmdline")) ?? ""
        return String(words.prefix { $0 != "\0" && $0 != " " })
    }

    static func descendants(of process: Int32) -> [Int32] {
        let children = (try? FileSystem.readText("/proc/\(process)/task/\(process)/children")) ?? ""
        return children.split(separator: " ").compactMap { Int32($0) }.flatMap { [$0] + descendants(of: $0) }
    }
}

/// What needs no guest.
@Suite struct KernelModuleTests {
    @Test func `a package that is not there is not found`() {
        #expect(UserModePackage.find(program: "/nonexistent") == nil)
        #expect(UserModePackage.find(modules: "/nonexistent") == nil)
    }

    @Test func `a module is found by its name, by an alias of the kernel's, and with what it needs`() throws {
        try withTemporaryFolder { folder in
            try FileSystem.write(
                folder + "/modules.dep",
                "kernel/net/ipv4/esp4.ko: kernel/net/xfrm/xfrm_algo.ko\nkernel/net/xfrm/xfrm_algo.ko:\nkernel/a-b.ko:\n"
            )
            try FileSystem.write(
                folder + "/modules.alias",
                "# depmod\nalias xfrm-type-2-50 esp4\nalias pci:v*d0001sv? a_b\n")
            let modules = try KernelModules(folder: folder)
            #expect(modules.has("esp4") && modules.has("a_b") && !modules.has("esp6"))
            #expect(modules.resolve("esp4") == ["esp4"])
            #expect(modules.resolve("a-b") == ["a_b"])
            #expect(modules.resolve("xfrm-type-2-50") == ["esp4"])
            #expect(modules.resolve("pci:v00001234d0001sv7") == ["a_b"])
            #expect(modules.resolve("pci:v00001234d0002sv7") == [])
            #expect(modules.resolve("nothing") == [])
            // What is in no table is built in; what is there and cannot be opened is an error.
            try modules.load("ext4")
            #expect(throws: SystemError.self) { try modules.load("esp4") }
        }
    }
}
