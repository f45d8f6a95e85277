import CLinux
import Glibc
import LinuxSystem
import Testing
import UserMode

@testable import Scenario

/// Labs that stay in user-mode Linux, by the built program.
@Suite(
    .serialized, .enabled(if: UserModePackage.find() != nil, "user-mode-linux is not installed"))
struct KeptGuestTests {
    /// Runs a body with a lab of west and east that is up in a guest; its record is in a folder of its own.
    private func withLab(
        _ user: RunnerProgram.User = .own, _ body: (RunnerProgram, [String: String], _ records: String) throws -> Void
    ) throws {
        try withRunner(user) { runner in
            let runtime = runner.folder + "/runtime"
            try FileSystem.makeDirectory(runtime)
            if user == .ordinary && geteuid() == 0 { chown(runtime, 65534, 65534) }
            let environment = ["XDG_RUNTIME_DIR": runtime]
            defer { _ = try? runner.run("down", "--all", environment: environment) }
            try runner.scenario("plain-01", RunTests.plain)
            let up = try runner.run("up", "plain-01", "--kernel", "uml", environment: environment)
            try #require(up.status == .exited(0), "\(up.text)")
            #expect(up.text.hasPrefix("plain-01 is up in user-mode Linux: west east\n"))
            try body(runner, environment, runtime + "/swantest")
        }
    }

    @Test(arguments: [RunnerProgram.User.own, .ordinary])
    func `a lab stays in a guest, its commands have their status and streams, and nothing is left of it`(
        user: RunnerProgram.User
    ) throws {
        try withLab(user) { runner, environment, records in
            let answer = try runner.run(
                "exec", "west", "--", "sh", "-c", "hostname; grep ^vendor_id /proc/cpuinfo; ls; echo e >&2; exit 7",
                environment: environment)
            #expect(answer.status == .exited(7))
            let lines = answer.text.split(separator: "\n")
            #expect(lines.prefix(3) == ["west", "vendor_id\t: User Mode Linux", "01-west-ping.sh"], "\(answer.text)")
            #expect(lines.contains("e"))
            let killed = try runner.run("exec", "west", "--", "sh", "-c", "kill -9 $$", environment: environment)
            #expect(killed.status == .exited(137))
            let nosuch = try runner.run("exec", "west", "--", "no-such-command", environment: environment)
            #expect(nosuch.status == .exited(2) && nosuch.text.contains("no-such-command"), "\(nosuch.text)")
            #expect(try runner.run("exec", "moon", "--", "true", environment: environment).status == .exited(2))
            let ping = try runner.run(
                "exec", "west", "--", "ping", "-n", "-q", "-c", "1", "-W", "20", "192.1.2.23", environment: environment)
            #expect(ping.status == .exited(0), "\(ping.text)")
            let again = try runner.run("up", "plain-01", "--kernel", "uml", environment: environment)
            #expect(again.status == .exited(2) && again.text.contains("is up already"), "\(again.text)")
            #expect(try runner.run("down", environment: environment).text == "plain-01 is down\n")
            #expect(try FileSystem.list(records) == [])
        }
    }

    @Test func `one program at a time builds the lab of a name`() throws {
        try withLab { runner, environment, records in
            #expect(try runner.run("down", environment: environment).status == .exited(0))
            let lock = try FileDescriptor.open(records + "/plain-01.lock", O_RDWR | O_CREAT, mode: 0o600)
            try checked(lx_lock(lock.rawValue), "flock")
            let other = try runner.run("up", "plain-01", "--kernel", "uml", environment: environment)
            #expect(other.status == .exited(2) && other.text.contains("is being built already"), "\(other.text)")
            // What a program that was killed has left holds up nobody.
            lock.close()
            #expect(try runner.run("up", "plain-01", "--kernel", "uml", environment: environment).status == .exited(0))
            #expect(!FileSystem.exists(records + "/plain-01.lock"))
        }
    }

    @Test func `a command that has ended is not waited for by what others write into its output`() throws {
        try withLab { runner, environment, _ in
            // Its last words come whole, behind what the pipe held.
            let answer = try runner.run(
                "exec", "west", "--", "sh", "-c", "yes & echo begun; exit 5", environment: environment)
            #expect(answer.status == .exited(5) && answer.text.contains("begun\n"), "\(answer.text.utf8.count) octets")
        }
    }

    @Test func `more goes in and comes out than any buffer on the way holds`() throws {
        try withLab { runner, environment, _ in
            let text = String(repeating: "0123456789abcde\n", count: 4000)
            let answer = try runner.run("exec", "east", "--", "cat", environment: environment, input: text)
            #expect(answer.status == .exited(0))
            #expect(answer.text == text, "\(answer.text.utf8.count) octets")
            let long = String(repeating: "x", count: 9000)
            let echo = try runner.run("exec", "east", "--", "echo", long, environment: environment)
            #expect(echo.text == long + "\n")
            let much = try runner.run(
                "exec", "east", "--", "sh", "-c", "head -c 1000000 /dev/zero; exit 3", environment: environment)
            #expect(much.text.utf8.count == 1_000_000 && much.status == .exited(3))
        }
    }

    @Test func `a shell in a guest has a terminal: its size, editing of lines, Control-C`() throws {
        try withLab { runner, environment, _ in
            var ends: [Int32] = [-1, -1]
            try checked(lx_open_terminal(&ends), "openpt")
            let (near, far) = (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
            try checked(lx_set_window(near.rawValue, 31, 97), "TIOCSWINSZ")
            var command = Command(
                runner.commandLine(["shell", "west"]), environment: Command.ownEnvironment.merging(environment) { $1 },
                descriptors: [far.rawValue, far.rawValue, far.rawValue])
            command.startsSession = true
            let shell = try command.start()
            far.close()
            var text = ""
            /// Reads on until it says so; the terminal ends where the shell does.
            func expect(_ wanted: String) {
                while !text.contains(wanted), let bytes = try? near.read(upTo: 4096), !bytes.isEmpty {
                    text += String(decoding: bytes, as: UTF8.self)
                }
                #expect(text.contains(wanted), "\(text)")
                text = ""
            }
            func type(_ line: String) throws { try near.write(line) }
            expect("[root@west plain-01]# ")
            try type("stty size\n")
            expect("31 97\r\n")
            try type("echo abX\u{7f}c$((1+1))\n")
            expect("abc2\r\n")
            try type("sh -c 'echo g$((1+1))o; exec sleep 3333'\n")
            expect("g2o\r\n")
            try type("\u{3}")
            try type("echo status=$?\n")
            expect("status=130\r\n")
            try checked(lx_set_window(near.rawValue, 40, 120), "TIOCSWINSZ")
            try type("until [ \"$(stty size)\" = '40 120' ]; do :; done; echo grown$((1+1))\n")
            expect("grown2\r\n")
            try type("exit 5\n")
            #expect(try shell.wait() == .exited(5))
        }
    }

    @Test func `a guest that is killed is down, and what it had beside its record goes`() throws {
        try withLab { runner, environment, records in
            let record = try #require(LabRecordNumber(records + "/plain-01.json"))
            let kernels = UserModeTests.descendants(of: record.initialProcess)
            let kernel = try #require(kernels.first { UserModeTests.program(of: $0).hasSuffix("/linux.uml") })
            kill(kernel, SIGKILL)
            // Whoever waits for its sandbox's process 1 waits for all that was in it.
            let deadline = ContinuousClock.now + .seconds(60)
            while kernels.contains(where: { kill($0, 0) == 0 }) && ContinuousClock.now < deadline {
                MonotonicClock.sleep(.milliseconds(5))
            }
            #expect(kernels.filter { kill($0, 0) == 0 } == [])
            let answer = try runner.run("exec", "west", "--", "true", environment: environment)
            #expect(answer.status == .exited(2) && answer.text.contains("no lab"), "\(answer.text)")
            #expect(try FileSystem.list(records) == [])
        }
    }

    /// The one number that is looked for in a record.
    private struct LabRecordNumber {
        let initialProcess: Int32

        init?(_ path: String) {
            guard let text = try? FileSystem.readText(path),
                let line = text.split(separator: "\n").first(where: {
                    $0.contains("\"initialProcess\"") && $0.hasPrefix("  \"")
                }),
                let number = Int32(line.filter(\.isNumber))
            else { return nil }
            initialProcess = number
        }
    }
}

@Suite struct GuestFrameTests {
    @Test func `frames come out of a line as they went in, in whatever pieces, and unknown kinds are passed over`() {
        let frames = [
            GuestFrame(visit: 1, .input, [1, 2, 3]), GuestFrame(visit: 0xffff, .ended, [0, 0, 0, 7]),
            GuestFrame(visit: 2, .inputEnd),
        ]
        let octets = frames[0].onLine + [0, 9, 0xee, 0, 2, 5, 5] + frames[1].onLine + frames[2].onLine
        for size in 1...octets.count {
            var text: [UInt8] = []
            var found: [GuestFrame] = []
            for start in stride(from: 0, to: octets.count, by: size) {
                text += octets[start..<min(octets.count, start + size)]
                while let frame = GuestFrame.next(from: &text) { found.append(frame) }
            }
            #expect(found == frames && text.isEmpty, "pieces of \(size)")
        }
    }

    @Test func `a message of a visitor is kind and payload`() {
        let frame = GuestFrame(visit: 7, .window, GuestFrame.numbers([31, 97]))
        #expect(GuestFrame(visit: 7, onSocket: frame.onSocket[...]) == frame)
        #expect(frame.numbers == [31, 97])
        #expect(GuestFrame(visit: 7, onSocket: []) == nil && GuestFrame(visit: 7, onSocket: [0]) == nil)
    }
}
