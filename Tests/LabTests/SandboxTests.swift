import CLinux
import Glibc
import LinuxSystem
import Netlink
import Testing

@testable import Lab

/// That nothing of a run is left, however it ends.
@Suite(.serialized) struct SandboxTests {
    /// What could be left on the machine.
    struct Traces: Equatable {
        let mounts: String
        let links: [KernelLink]
        let netnsNames: [String]

        init() throws {
            mounts = try FileSystem.readText("/proc/self/mountinfo")
            links = try NetlinkSocket().links()
            netnsNames = (try? FileSystem.list("/run/netns")) ?? []
        }
    }

    /// The namespaces of the lab's processes, as the sandbox sees itself and its hosts.
    static func namespaces(_ lab: Lab) -> [String] {
        let processes = ["self"] + lab.hosts.map { "\($0.initialProcess.rawValue)" }
        return processes.flatMap { process in
            NamespaceKind.allCases.compactMap { Namespace.identity($0, of: process) }
        }
    }

    /// Those that some process of the machine has.
    /// - Parameter before: only processes that started before this; the kernel gives the numbers of namespaces that
    ///   have ended to the next ones that are made, in other tests too.
    static func living(_ namespaces: Set<String>, startedBefore end: UInt64 = .max) throws -> Set<String> {
        var result: Set<String> = []
        for process in try FileSystem.list("/proc") {
            guard let number = Int32(process), let start = LabRecord.startTicks(of: number), start < end else {
                continue
            }
            for kind in NamespaceKind.allCases {
                if let identity = Namespace.identity(kind, of: process), namespaces.contains(identity) {
                    result.insert(identity)
                }
            }
        }
        return result
    }

    /// Waits up to a minute for what a run had, which has just ended, to go.
    static func remaining(_ namespaces: Set<String>) throws -> Set<String> {
        var uptime = timespec()
        clock_gettime(CLOCK_BOOTTIME, &uptime)
        let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
        let end = UInt64(uptime.tv_sec * ticksPerSecond + uptime.tv_nsec * ticksPerSecond / 1_000_000_000)
        let deadline = MonotonicClock.now + .seconds(60)
        while true {
            let left = try living(namespaces, startedBefore: end)
            if left.isEmpty || MonotonicClock.now > deadline { return left }
            MonotonicClock.sleep(.milliseconds(5))
        }
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `nothing is left after a run`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let before = try Traces()
        let own = Set(NamespaceKind.allCases.compactMap { Namespace.identity($0, of: "self") })
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
            _ = try lab.spawn(on: "west", ["sleep", "1000"])
            for name in SandboxTests.namespaces(lab) { say(name + "\n") }
        }
        let made = Set(outcome.text.split(separator: "\n").map { String($0) }).subtracting(own)
        // Sandbox: mount, pid, net, uts, ipc, and user for nobody; five for each host.
        #expect(made.count == (user == .nobody || geteuid() != 0 ? 16 : 15), "\(outcome.text)")
        #expect(try SandboxTests.remaining(made) == [])
        #expect(try Traces() == before)
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `nothing is left after the runner was killed in mid-run`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let before = try Traces()
        let own = Set(NamespaceKind.allCases.compactMap { Namespace.identity($0, of: "self") })
        let pipe = try FileDescriptor.pipe()
        let output = pipe.write.rawValue
        let runner = lx_fork()
        if runner == 0 {
            user.become()
            _exit(
                SandboxProbe.start(output) { say in
                    let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
                    // One that has left its parent and its session, as a daemon does.
                    _ = try SandboxProbe.output(lab, "west", "sh", ["-c", "setsid sleep 1000 >/dev/null 2>&1 & exit"])
                    for name in SandboxTests.namespaces(lab) { say(name + "\n") }
                    say("ready\n")
                    close(output)
                    while true { pause() }
                })
        }
        pipe.write.close()
        var text = ""
        while !text.contains("ready\n") {
            let more = try pipe.read.read(upTo: 4096)
            if more.isEmpty { break }
            text += String(decoding: more, as: UTF8.self)
        }
        let made = Set(text.split(separator: "\n").map { String($0) }).subtracting(own).subtracting(["ready"])
        #expect(made.count >= 15, "\(text)")
        #expect(try SandboxTests.living(made) == made)
        try ProcessID(runner).send(signal: SIGKILL)
        try ProcessID(runner).wait()
        #expect(try SandboxTests.remaining(made) == [])
        #expect(try Traces() == before)
    }

    @Test func `a program may end at once when its sandbox has been detached, however slow the keeper is`() throws {
        let pipe = try FileDescriptor.pipe()
        let output = pipe.write.rawValue
        let program = lx_fork()
        if program == 0 {
            guard
                let sandbox = try? Sandbox.spawn(
                    Sandbox.Options(),
                    body: {
                        close(output)
                        while true { pause() }
                    })
            else { _exit(1) }
            var keeper = sandbox.keeper.rawValue
            _ = write(output, &keeper, 4)
            close(output)
            // The keeper is kept from hearing anything for a while.
            kill(keeper, SIGSTOP)
            if lx_fork() == 0 {
                MonotonicClock.sleep(.milliseconds(200))
                kill(keeper, SIGCONT)
                _exit(0)
            }
            do { try sandbox.detach() } catch { _exit(2) }
            _exit(0)
        }
        pipe.write.close()
        let octets = try pipe.read.readToEnd()
        #expect(try ProcessID(program).wait() == .exited(0))
        try #require(octets.count == 4)
        let keeper = octets.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        // Where it is killed it is so by the end of the program, which has been seen: at once, or not at all.
        let isAlive = {
            let status = (try? FileSystem.readText("/proc/\(keeper)/status")) ?? ""
            return status.hasPrefix("Name:\tswantest-keeper\n") && !status.contains("\nState:\tZ")
        }
        let deadline = MonotonicClock.now + .milliseconds(200)
        while isAlive() && MonotonicClock.now < deadline { MonotonicClock.sleep(.milliseconds(10)) }
        #expect(isAlive())
        kill(keeper, SIGTERM)
    }

    @Test func `the number that a sandbox's maker gets is that of process 1 inside`() throws {
        for _ in 0..<20 {
            let sandbox = try Sandbox.spawn(Sandbox.Options()) { while true { pause() } }
            // `NSpid:` has its number in each process namespace, from the outermost on.
            let status = try FileSystem.readText("/proc/\(sandbox.initialProcess)/status")
            let numbers = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }?.split(separator: "\t")
                .dropFirst()
            #expect(numbers.map(Array.init) == ["\(sandbox.initialProcess)", "1"])
            try sandbox.end()
        }
    }

    @Test func `a lab whose process is a zombie is not alive`() throws {
        let child = lx_fork()
        if child == 0 { while true { pause() } }
        func record(_ ticks: Substring) -> LabRecord? {
            LabRecord(
                decoding: Array(
                    """
                    {"name":"x","topology":"t","hosts":[],"initialProcess":\(child),"startTicks":\(ticks)}
                    """.utf8))
        }
        let fields = try FileSystem.readText("/proc/\(child)/stat").split(separator: " ")
        let lab = try #require(record(fields[21]))
        #expect(lab.isAlive)
        try ProcessID(child).send(signal: SIGKILL)
        // WNOWAIT: it has ended, and is not collected.
        var ended = siginfo_t()
        #expect(waitid(P_PID, id_t(child), &ended, WEXITED | WNOWAIT) == 0)
        #expect(!lab.isAlive)
        try ProcessID(child).wait()
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `sandboxes do not see each other`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let outcome = try SandboxProbe.run(as: user) { say in
            let first = try Lab(topology: topology, hosts: ["west"], options: LabOptions())
            // A second one inside: it may have hosts of the same names.
            let second = try Sandbox.spawn {
                do {
                    let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
                    let links = try NetlinkSocket().links().filter { $0.kind != nil }.count
                    return lab.hosts.count == 2 && links == 7 ? 42 : 1
                } catch { return 2 }
            }
            say("\(try second.wait()) \(first.processes(on: "west").count)\n")
        }
        #expect(outcome.text == "exited(42) 0\n")
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `sixteen labs at once all come up`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let runners = (0..<16).map { _ in
            let runner = lx_fork()
            if runner == 0 {
                user.become()
                _ = lx_set_parent_death_signal(SIGKILL)
                _exit(
                    SandboxProbe.start(2) { _ in
                        let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
                        let ping = try SandboxProbe.output(lab, "west", "ping", ["-n", "-c1", "-W5", "192.1.2.23"])
                        if ping.code != 0 { throw LabError(.usage(ping.text)) }
                    })
            }
            return ProcessID(runner)
        }
        for runner in runners { #expect(try runner.wait() == .exited(0)) }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can map more than its own user"))
    func `root may have a user namespace, with other users in it`() throws {
        let topology = try SandboxProbe.libreswan
        let pipe = try FileDescriptor.pipe()
        let output = pipe.write.rawValue
        let runner = lx_fork()
        if runner == 0 {
            let sandbox = try? Sandbox.spawn(Sandbox.Options(usesUserNamespace: true, inherited: [output])) {
                let script = "chown 3:4 /etc/hosts; stat -c '%u %g' /etc/hosts; cat /proc/self/uid_map"
                guard let lab = try? Lab(topology: topology, hosts: ["west"], options: LabOptions()),
                    let process = try? lab.spawn(on: "west", ["sh", "-c", script], stdout: output)
                else { return 1 }
                return (try? process.wait().shellCode) ?? 2
            }
            _exit((try? sandbox?.wait().shellCode) ?? 3)
        }
        pipe.write.close()
        let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        #expect(try ProcessID(runner).wait() == .exited(0))
        #expect(text.split(whereSeparator: \.isWhitespace) == ["3", "4", "0", "0", "65536"])
    }

    @Test func `a sandbox ends as its body does`() throws {
        for expected: Int32 in [0, 1, 77] {
            let runner = lx_fork()
            if runner == 0 {
                SandboxProbe.User.nobody.become()
                let sandbox = try? Sandbox.spawn { expected }
                _exit((try? sandbox?.wait().shellCode) ?? 99)
            }
            #expect(try ProcessID(runner).wait() == .exited(expected))
        }
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `a lab that stays can be entered from another process, and ended`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let folder = "/tmp/swantest-SessionTests-\(getpid())-\(user)"
        try FileSystem.makeDirectory(folder)
        chmod(folder, 0o777)
        defer { try? FileSystem.removeTree(folder) }

        /// Runs in a process of its own, as each command of the program is; what it says comes back.
        func asCommand(_ body: (_ output: Int32) throws -> Void) throws -> String {
            let pipe = try FileDescriptor.pipe()
            let child = lx_fork()
            if child == 0 {
                user.become()
                setenv("XDG_RUNTIME_DIR", folder, 1)
                do { try body(pipe.write.rawValue) } catch {
                    let text = Array("error: \(error)\n".utf8)
                    _ = write(pipe.write.rawValue, text, text.count)
                }
                _exit(0)
            }
            pipe.write.close()
            let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
            try ProcessID(child).wait()
            return text
        }
        func say(_ output: Int32, _ text: String) {
            let bytes = Array(text.utf8)
            _ = write(output, bytes, bytes.count)
        }
        let name = "hand\(getpid())"
        let names = try asCommand { output in
            let record = try LabSession.start(
                name: name, topology: topology, hosts: ["west", "east"], options: LabOptions())
            say(output, record.hosts.map(\.name).joined(separator: " "))
        }
        #expect(names == "west east")
        let again = try asCommand { output in
            _ = try LabSession.start(name: name, topology: topology, hosts: ["west"], options: LabOptions())
            say(output, "started twice")
        }
        #expect(again == "error: lab: lab \(name) is up already; `swantest down \(name)` ends it\n")
        let text = try asCommand { output in
            let record = try LabSession.find(host: "west")
            let status = try LabSession.execute(
                record, host: "west",
                ["sh", "-c", "hostname; id -u; ping -n -c1 -W2 192.1.2.23 >/dev/null && echo answers; exit 7"],
                descriptors: [0, output, output])
            say(output, "\(status)\n")
        }
        #expect(text == "west\n0\nanswers\nexited(7)\n")
        let gone = try asCommand { output in
            let record = try LabSession.find(name)
            try LabSession.down(record)
            say(output, "alive \(record.isAlive), listed \(try LabSession.list().count)\n")
        }
        #expect(gone == "alive false, listed 0\n")
        let none = try asCommand { _ in _ = try LabSession.find(host: "west") }
        #expect(none == "error: lab: no lab with a host west is up; `swantest up` builds one\n")
    }
}
