import Glibc
import LinuxSystem
import Testing

/// The built swantest, run as a person runs it, on a folder of scenarios made for one test.
///
/// The test process has threads and so must not fork sandboxes itself; the program that `swift build` put beside it may.
struct RunnerProgram {
    struct Answer {
        let status: ProcessID.Status
        let text: String
    }

    enum User: Sendable, CustomStringConvertible {
        case own, ordinary
        var description: String { self == .own ? "as the user who runs the tests" : "as an ordinary user" }
    }

    /// The folder of this test: `testing`, `guestbin`, `OUTPUT` and a copy of the program are in it.
    let folder: String
    let user: User
    private let program: String

    init(folder: String, user: User = .own) throws {
        self.folder = folder
        self.user = user
        let own = FileSystem.parent(of: try FileSystem.resolve("/proc/self/exe"))
        program = folder + "/swantest"
        try RunnerProgram.place(own + "/swantest", at: program)
        var root = own
        while root != "/" && !FileSystem.exists(root + "/Package.swift") { root = FileSystem.parent(of: root) }
        for name in ["testing", "guestbin", "OUTPUT"] {
            try FileSystem.makeDirectory(folder + "/" + name)
        }
        try FileSystem.copyTree(root + "/testing/topologies", to: folder + "/testing/topologies")
        if user == .ordinary && geteuid() == 0 {
            chmod(folder, 0o755)
            chown(folder + "/OUTPUT", 65534, 65534)
        }
    }

    /// Gives a program another name; on another file system, a copy. What is never written is never busy (ETXTBSY) because a
    /// test that forks meanwhile holds it open.
    static func place(_ original: String, at path: String) throws {
        if link(original, path) == 0 { return }
        try FileSystem.write(path, FileSystem.read(original), mode: 0o755)
    }

    /// Writes a scenario's files.
    func scenario(_ name: String, _ files: [String: String]) throws {
        try FileSystem.makeDirectory("\(folder)/testing/\(name)")
        for (file, text) in files { try FileSystem.write("\(folder)/testing/\(name)/\(file)", text) }
    }

    /// The whole command line: as its user, with this test's folders.
    func commandLine(_ arguments: [String]) -> [String] {
        var words = [program] + arguments
        // The others have no use for scenarios; behind `--` stands a command.
        if ["run", "diff", "accept", "up", "list", "doctor", "interop", "reproduce"].contains(arguments[0]) {
            words += ["--testing", folder + "/testing"]
        }
        if ["run", "diff", "accept", "up", "interop", "reproduce"].contains(arguments[0]) {
            words += ["--output", folder + "/OUTPUT"]
        }
        if user == .ordinary && geteuid() == 0 {
            words = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + words
        }
        return words
    }

    /// Starts it. - Parameter input: what it reads, at most a pipe's 64 KiB.
    func start(_ arguments: [String], environment: [String: String] = [:], input: String = "") throws -> (
        process: ProcessID, output: FileDescriptor
    ) {
        let stdin = try FileDescriptor.pipe()
        try stdin.write.write(input)
        stdin.write.close()
        let stdout = try FileDescriptor.pipe()
        let words = commandLine(arguments)
        var all = Command.ownEnvironment
        all["XDG_RUNTIME_DIR"] = nil
        all.merge(environment) { $1 }
        let command = Command(
            words, environment: all,
            descriptors: [stdin.read.rawValue, stdout.write.rawValue, stdout.write.rawValue])
        let process = try RunnerProgram.start(command)
        stdout.write.close()
        return (process, stdout.read)
    }

    /// A test that forks meanwhile may hold the copy open for writing until it has called exec: the kernel then says
    /// ETXTBSY, and a little later no more.
    private static func start(_ command: Command) throws -> ProcessID {
        var attempts = 0
        while true {
            do throws(SystemError) {
                return try command.start()
            } catch {
                attempts += 1
                if error.code != ETXTBSY || attempts > 200 { throw error }
            }
            usleep(5000)
        }
    }

    func run(_ arguments: String..., environment: [String: String] = [:], input: String = "") throws -> Answer {
        try run(arguments, environment: environment, input: input)
    }

    func run(_ arguments: [String], environment: [String: String] = [:], input: String = "") throws -> Answer {
        let (process, output) = try start(arguments, environment: environment, input: input)
        let text = String(decoding: try output.readToEnd(), as: UTF8.self)
        return Answer(status: try process.wait(), text: text)
    }

    func read(_ path: String) throws -> String { try FileSystem.readText(folder + "/" + path) }
}

/// Runs a body with a runner in a new folder.
func withRunner<Result>(
    _ user: RunnerProgram.User = .own, _ body: (RunnerProgram) throws -> Result
) throws -> Result {
    try withTemporaryFolder { try body(RunnerProgram(folder: $0, user: user)) }
}
