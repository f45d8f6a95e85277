import CLinux
import Glibc
import Lab
import LinuxSystem
import Testing

/// Runs code in a child of the test process, as root or as an ordinary user, and in a sandbox of that child: the
/// tests' runner.
struct SandboxProbe {
    /// Who the runner is.
    enum User: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case root, nobody
        var testDescription: String { rawValue }

        /// Only root can play both.
        static var playable: [User] { geteuid() == 0 ? [.root, .nobody] : [.nobody] }

        /// Becomes that user. An ordinary user that runs the tests stays itself.
        func become() {
            guard self == .nobody, geteuid() == 0 else { return }
            setgroups(0, nil)
            guard setgid(65534) == 0, setuid(65534) == 0 else { _exit(99) }
            // A change of user hides /proc/self from ourselves, as for a setuid program; a login shell's child has it.
            _ = lx_set_dumpable(true)
        }
    }

    /// What the body said, and how it ended.
    struct Outcome {
        let text: String
        let status: ProcessID.Status
    }

    /// Everything that the body `say`s comes back; an error that it throws is said too, and is exit code 1.
    static func run(as user: User, _ body: (_ say: @escaping (String) -> Void) throws -> Void) throws -> Outcome {
        let pipe = try FileDescriptor.pipe()
        let runner = lx_fork()
        if runner == 0 {
            user.become()
            _ = lx_set_parent_death_signal(SIGKILL)
            let status = start(pipe.write.rawValue, body)
            _exit(status)
        }
        pipe.write.close()
        let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        return Outcome(text: text, status: try ProcessID(runner).wait())
    }

    /// In the runner: makes the sandbox and waits for it.
    static func start(_ output: Int32, _ body: (_ say: @escaping (String) -> Void) throws -> Void) -> Int32 {
        func say(_ text: String) {
            let bytes = Array(text.utf8)
            _ = write(output, bytes, bytes.count)
        }
        do {
            let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [output])) {
                do {
                    try body(say)
                    return 0
                } catch {
                    say("error: \(error)\n")
                    return 1
                }
            }
            return try sandbox.wait().shellCode
        } catch {
            say("error: \(error)\n")
            return 1
        }
    }

    /// Runs a command on a host; its output, both streams, and how it ended.
    static func output(
        _ lab: Lab, _ host: String, _ first: String, _ rest: some Collection<String> = []
    ) throws -> (text: String, code: Int32) {
        let pipe = try FileDescriptor.pipe()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let process = try lab.spawn(
            on: host, [first] + rest, stdin: null.rawValue, stdout: pipe.write.rawValue, stderr: pipe.write.rawValue)
        pipe.write.close()
        let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        return (text, try process.wait().shellCode)
    }

    static var libreswan: Topology { get throws { try topology("libreswan") } }

    /// One that is shipped.
    static func topology(_ name: String) throws -> Topology {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try Topology.load(contentsOf: "/\(here)/testing/topologies/\(name).yaml")
    }
}
