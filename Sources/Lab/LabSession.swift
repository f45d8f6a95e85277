import CLinux
import Glibc
package import LinuxSystem

/// Labs that stay after the program that built them has ended, and the way into them from another.
package enum LabSession {
    /// The folder of the records: this user's alone.
    package static func folder() throws(LabError) -> String {
        let runtime = Command.ownEnvironment["XDG_RUNTIME_DIR"] ?? ""
        // Whoever became another user with su or setpriv still has the first one's in his environment.
        let isOurs = runtime.hasPrefix("/") && FileSystem.status(runtime)?.st_uid == geteuid()
        let path = isOurs ? "\(runtime)/swantest" : "/tmp/swantest-\(geteuid())"
        return try LabError.locate {
            try FileSystem.makeDirectory(path, mode: 0o700)
            // /tmp is everybody's: a folder that another user made there beforehand is not to be trusted.
            guard let status = FileSystem.status(path, followingLinks: false), status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid(), status.st_mode & 0o077 == 0
            else { throw LabError(.usage("\(path) is not a folder that is ours alone; remove it")) }
            return path
        }
    }

    /// Builds a lab that stays. The calling program must have one thread.
    package static func start(
        name: String, topology: Topology, hosts: Set<String>, options: LabOptions
    ) throws(LabError) -> LabRecord {
        try checkName(name)
        return try LabError.locate {
            let pipe = try FileDescriptor.pipe()
            let output = pipe.write.rawValue
            let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [output], diesWithParent: false)) {
                do throws(LabError) {
                    let lab = try Lab(topology: topology, hosts: hosts, options: options)
                    send(output, [1] + lab.record(name: name).encoded)
                    close(output)
                    stay(lab)
                } catch {
                    send(output, [0] + Array(error.description.utf8))
                    return 1
                }
            }
            pipe.write.close()
            let answer = try pipe.read.readToEnd()
            guard answer.first == 1, let record = LabRecord(decoding: Array(answer.dropFirst())) else {
                try? sandbox.end()
                let text = String(decoding: answer.dropFirst(), as: UTF8.self)
                throw LabError(.sandbox(text.isEmpty ? "the lab's process ended before the lab was up" : text))
            }
            return try keep(sandbox, record)
        }
    }

    /// Whether a lab may have this name: it becomes a file's, and there may be only one.
    package static func checkName(_ name: String) throws(LabError) {
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
            throw LabError(.usage("\"\(name)\" is no name for a lab: it becomes a file's name"))
        }
        if try list().contains(where: { $0.name == name }) {
            throw LabError(.usage("lab \(name) is up already; `swantest down \(name)` ends it"))
        }
    }

    /// The right to build the lab of a name, which several programs may want at once.
    /// - Throws: where another one has it.
    package static func lock(_ name: String) throws(LabError) -> LockFile {
        try checkName(name)
        let path = "\(try folder())/\(name).lock"
        return try LabError.locate {
            guard let lock = try LockFile.take(path, mode: 0o600) else {
                throw LabError(.usage("lab \(name) is being built already"))
            }
            return lock
        }
    }

    /// Lets a sandbox whose body has sent its lab's record, and calls `stay`, live on after this program.
    /// - Throws: where a lab of that name is up: with its record gone nobody could end it any more. The sandbox then
    ///   ends with this program, if not before.
    package static func keep(_ sandbox: SandboxProcess, _ record: LabRecord) throws(LabError) -> LabRecord {
        let folder = try folder()
        try checkName(record.name)
        return try LabError.locate {
            var record = record
            record.initialProcess = sandbox.initialProcess
            guard let ticks = LabRecord.startTicks(of: sandbox.initialProcess) else {
                throw LabError(.usage("the lab ended before it could be kept"))
            }
            record.startTicks = ticks
            try FileSystem.write("\(folder)/\(record.name).json.new", record.encoded, mode: 0o600)
            try FileSystem.rename("\(folder)/\(record.name).json.new", to: "\(folder)/\(record.name).json")
            try sandbox.detach()
            return record
        }
    }

    /// The rest of a sandbox's body whose lab stays: it collects what ends, until `down`.
    package static func stay(_ lab: Lab) -> Never {
        // The terminal that it was started from may close: nothing may depend on it.
        if let null = try? FileDescriptor.open("/dev/null", O_RDWR) {
            for descriptor: Int32 in 0...2 { dup2(null.rawValue, descriptor) }
        }
        _ = chdir("/")
        lx_block_signals()
        while true {
            while waitpid(-1, nil, WNOHANG) > 0 {}
            _ = lx_wait_signal([SIGCHLD], 1)
            withExtendedLifetime(lab) {}
        }
    }

    /// The labs that stand; records of others are removed.
    package static func list() throws(LabError) -> [LabRecord] {
        let folder = try folder()
        return try LabError.locate {
            var result: [LabRecord] = []
            for file in try FileSystem.list(folder) where file.hasSuffix(".json") {
                let path = "\(folder)/\(file)"
                if let record = LabRecord(decoding: try FileSystem.read(path)), record.isAlive {
                    result.append(record)
                } else {
                    try FileSystem.remove(path)
                    GuestFiles(folder: folder, name: String(file.dropLast(5))).remove()
                }
            }
            return result
        }
    }

    /// The lab of a name; without a name the only one, or the only one with that host.
    package static func find(_ name: String? = nil, host: String? = nil) throws(LabError) -> LabRecord {
        let all = try list()
        if let name {
            if let record = all.first(where: { $0.name == name }) { return record }
            throw LabError(.usage("no lab \(name) is up; `swantest up \(name)` builds it"))
        }
        let fitting = all.filter { record in host.map { host in record.hosts.contains { $0.name == host } } ?? true }
        switch fitting.count {
        case 1: return fitting[0]
        case 0:
            throw LabError(.usage("no lab\(host.map { " with a host \($0)" } ?? "") is up; `swantest up` builds one"))
        default:
            let names = fitting.map(\.name).joined(separator: ", ")
            throw LabError(.usage("several labs are up (\(names)): say which"))
        }
    }

    /// Runs a command on a host of a lab, on this program's terminal, and waits for it.
    ///
    /// The calling program, which must have one thread, moves into the lab's namespaces and cannot leave them again.
    package static func execute(
        _ record: LabRecord, host name: String, _ arguments: [String], environment: [String: String] = [:],
        descriptors: [Int32] = [0, 1, 2]
    ) throws(LabError) -> ProcessID.Status {
        guard let host = record.hosts.first(where: { $0.name == name }) else {
            let known = record.hosts.map(\.name).joined(separator: ", ")
            throw LabError(.usage("lab \(record.name) has no host \(name); it has \(known)"))
        }
        return try LabError.locate(name) {
            let sandbox = "\(record.initialProcess)"
            let user = try Namespace(.user, of: sandbox)
            let mount = try Namespace(.mount, of: sandbox)
            // The process may have ended between the look at its start time and the opening.
            guard record.isAlive else { throw LabError(.usage("lab \(record.name) has ended")) }
            if Namespace.identity(.user, of: "self") != Namespace.identity(.user, of: sandbox) { try user.enter() }
            try mount.enter()
            // From here on /proc is the sandbox's, and so are the numbers.
            let kinds: [NamespaceKind] = [.mount, .network, .hostName, .interProcess]
            let initial = "\(host.initialProcess)"
            var command = Command(
                arguments, environment: host.environment.merging(environment) { $1 },
                workingDirectory: host.workingDirectory, descriptors: descriptors)
            command.namespaces = try kinds.map { try Namespace($0, of: initial) }
            try Namespace(.process, of: initial).enter()
            let child = try command.start()
            // Control-C is for the command.
            signal(SIGINT, SIG_IGN)
            signal(SIGQUIT, SIG_IGN)
            return try child.wait()
        }
    }

    /// An interactive bash on a host; root's ~/.bashrc is not read, as it is not there.
    package static var shell: (arguments: [String], environment: [String: String]) {
        (
            ["bash", "--norc", "--noprofile", "-i"],
            ["PS1": "[root@\\h \\W]# ", "TERM": Command.ownEnvironment["TERM"] ?? "dumb"]
        )
    }

    /// Ends a lab and waits until all its processes are gone.
    package static func down(_ record: LabRecord) throws(LabError) {
        let folder = try folder()
        try LabError.locate {
            let number = lx_pidfd_open(record.initialProcess)
            if number >= 0 {
                let process = FileDescriptor(owning: number)
                // Only now is it sure that the descriptor is of the process that the record means.
                if record.isAlive {
                    try checked(lx_pidfd_send_signal(number, SIGKILL), "pidfd_send_signal", "\(record.initialProcess)")
                    var poller = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
                    // Process 1 ends after all others of its process namespace have.
                    try retrying("poll") { Int(poll(&poller, 1, 10_000)) }
                }
                withExtendedLifetime(process) {}
            }
            try FileSystem.remove("\(folder)/\(record.name).json")
            GuestFiles(folder: folder, name: record.name).remove()
        }
    }

    /// What a lab in user-mode Linux has beside its record.
    package struct GuestFiles {
        let folder: String
        let name: String
        /// Where visitors connect.
        package var socket: String { "\(folder)/\(name).sock" }
        /// What the guest's kernel says.
        package var console: String { "\(folder)/\(name).kernel" }
        /// Where its memory is mounted, in its sandbox; an empty folder outside.
        package var workspace: String { "\(folder)/\(name).memory" }

        /// Whatever is there of them.
        package func remove() {
            for file in [socket, console] { unlink(file) }
            rmdir(workspace)
        }
    }

    package static func guestFiles(_ name: String) throws(LabError) -> GuestFiles {
        GuestFiles(folder: try folder(), name: name)
    }

    private static func send(_ descriptor: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
            if sent <= 0 { return }
            rest = rest.dropFirst(sent)
        }
    }
}
