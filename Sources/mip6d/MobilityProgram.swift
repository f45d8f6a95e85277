import Glibc
import LinuxSystem
import MobileIPv6

/// The command line, and the way into the background.
struct MobilityProgram {
    private static let processFile = "/run/mip6d.pid"
    /// By which the one that starts in the background is told that descriptor 3 waits for word of it: lines of complaints, then
    /// `ready`.
    private static let readyOption = "--ready"

    private var file = "/etc/mip6d.conf"
    private var isForeground = false
    private var readiness: FileDescriptor?

    /// - Returns: the exit status: 0; 1 where it could not start; 2 for words that it does not know.
    static func run(_ arguments: [String]) -> Int32 {
        var program = MobilityProgram()
        var words = arguments[...]
        while let word = words.popFirst() {
            switch word {
            case "-c":
                guard let path = words.popFirst() else {
                    complain("-c needs a file")
                    return 2
                }
                program.file = path
            case "--foreground": program.isForeground = true
            case readyOption: program.readiness = FileDescriptor(owning: 3)
            default:
                complain("unknown option \(word): mip6d [-c FILE] [--foreground]")
                return 2
            }
        }
        do {
            if program.readiness == nil, !program.isForeground { return try program.launch() }
            try program.work()
            return 0
        } catch {
            program.report("\(error)")
            return 1
        }
    }

    private static func complain(_ text: String) {
        let octets = Array("mip6d: \(text)\n".utf8)
        _ = write(2, octets, octets.count)
    }

    private func report(_ text: String) {
        if let readiness { try? readiness.write(text + "\n") } else { Self.complain(text) }
    }

    /// Starts this program once more, apart from the caller's terminal and pipes, and waits until it is at work.
    private func launch() throws -> Int32 {
        let pipe = try FileDescriptor.pipe()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        var command = Command(
            ["/proc/self/exe", "-c", file, Self.readyOption], environment: Command.ownEnvironment,
            workingDirectory: "/",
            descriptors: [null.rawValue, null.rawValue, null.rawValue, pipe.write.rawValue])
        command.startsSession = true
        _ = try command.start()
        pipe.write.close()
        var isReady = false
        for line in String(decoding: try pipe.read.readToEnd(), as: UTF8.self).split(separator: "\n") {
            if line == "ready" { isReady = true } else { Self.complain(String(line)) }
        }
        return isReady ? 0 : 1
    }

    private func work() throws {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let configuration = try MobilityConfiguration(parsing: try FileSystem.readText(file), file: name)
        let daemon = try MobilityDaemon(configuration)
        try FileSystem.write(Self.processFile, Array("\(getpid())\n".utf8))
        try daemon.start()
        for complaint in daemon.complaints { report(complaint) }
        if let readiness {
            try readiness.write("ready\n")
            readiness.close()
        }
        try daemon.run()
        try FileSystem.remove(Self.processFile)
    }
}
