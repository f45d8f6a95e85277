import Daemon
import Glibc
import LinuxSystem

/// Starts a daemon in the background, detached from its starter's terminal and pipes, and waits until it is ready.
struct DaemonLauncher {
    private let options: DaemonOptions

    init(_ options: DaemonOptions) {
        var options = options
        options.keyFolder = options.keyFolder ?? Console.variable(DaemonOptions.exportKeysVariable)
        self.options = options
    }

    /// - Returns: an exit status: 0 once the daemon hears IKE and takes clients; 10, as pluto's, where one runs already; else 1.
    func launch(complainingAs name: String) -> Int32 {
        switch start() {
        case .ready: return 0
        case .alreadyRunning(let processFile):
            Console.complain("FATAL ERROR: lock file \"\(processFile)\" already exists\n")
            return 10
        case .failed(let reason):
            Console.complain("\(name): \(reason)\n")
            return 1
        }
    }

    private func start() -> Readiness {
        do {
            let pipe = try FileDescriptor.pipe()
            let null = try FileDescriptor.open("/dev/null", O_RDWR)
            // Its own number of the executable survives a change of the working folder and of PATH.
            let own = FileSystem.linkTarget("/proc/self/exe").flatMap { FileSystem.isExecutable($0) ? $0 : nil }
            var command = Command(
                [own ?? "/proc/self/exe"] + options.arguments(readyDescriptor: 3),
                environment: Command.ownEnvironment, workingDirectory: "/",
                descriptors: [null.rawValue, null.rawValue, null.rawValue, pipe.write.rawValue])
            command.startsSession = true
            _ = try command.start()
            // Only the daemon's end is left, so that its death is the end of the pipe.
            pipe.write.close()
            return Readiness.hear(pipe.read)
        } catch {
            return .failed("\(error)")
        }
    }
}
