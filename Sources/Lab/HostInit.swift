import CLinux
import Glibc
import LinuxSystem

/// Process 1 of a host: it makes the host's namespaces and file tree, then collects orphans until it is killed;
/// everything on the host dies with it.
enum HostInit {
    /// The maker's end of a process 1 that is on its way.
    struct Birth {
        let process: ProcessID
        let report: FileDescriptor
        let permission: FileDescriptor

        /// Waits for the next step: 1 the namespaces are there, 2 the file tree is.
        func expectStep() throws(SystemError) {
            let text = String(decoding: try readLine(), as: UTF8.self)
            if text == "ok" { return }
            // An error comes as its three parts.
            let parts = text.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 3, let code = Int32(parts[0]) else {
                throw SystemError("fork", "the host's process 1 ended", code: ECHILD)
            }
            throw SystemError(String(parts[1]), String(parts[2]), code: code)
        }

        private func readLine() throws(SystemError) -> [UInt8] {
            var line: [UInt8] = []
            while true {
                let byte = try report.read(upTo: 1)
                if byte.isEmpty || byte[0] == 0x0a { return line }
                line += byte
            }
        }

        /// All network namespaces have their names: the tree may be finished.
        func allow() throws(SystemError) { try permission.write([1]) }
    }

    /// Forks; comes back at once.
    static func start(_ root: HostRoot) throws(SystemError) -> Birth {
        let report = try FileDescriptor.pipe()
        let permission = try FileDescriptor.pipe()
        let home = try Namespace(.process, of: "self")
        try Namespace.unshare([.process])
        fflush(nil)
        let child = lx_fork()
        let code = errno
        if child == 0 { run(root, report: report.write, permission: permission.read) }
        try home.enter()
        if child < 0 { throw SystemError("fork", code: code) }
        return Birth(process: ProcessID(child), report: report.read, permission: permission.write)
    }

    private static func run(_ root: HostRoot, report: FileDescriptor, permission: FileDescriptor) -> Never {
        do {
            closeAll(except: [report.rawValue, permission.rawValue])
            try Namespace.unshare([.network, .mount, .hostName, .interProcess])
            try checked(lx_sethostname(root.host, root.host.utf8.count), "sethostname", root.host)
            umask(0o022)
            try report.write("ok\n")
            try root.build { () throws(SystemError) in
                if try permission.read(upTo: 1).isEmpty { _exit(1) }
            }
            try report.write("ok\n")
        } catch {
            try? report.write("\(error.code)\t\(error.call)\t\(error.argument)\n")
            // The maker may still be at work on our namespaces: it shall find this error, not that they are gone.
            while let more = try? permission.read(upTo: 1), !more.isEmpty {}
            _exit(1)
        }
        _ = lx_close_range(0, .max)
        _ = lx_set_command_line(CommandLine.argc, CommandLine.unsafeArgv, "init")
        setsid()
        lx_block_signals()
        while true {
            _ = lx_wait_signal([SIGCHLD], 1)
            while waitpid(-1, nil, WNOHANG) > 0 {}
        }
    }

    private static func closeAll(except kept: [Int32]) {
        var next: UInt32 = 3
        for descriptor in kept.sorted() {
            if UInt32(descriptor) > next { _ = lx_close_range(next, UInt32(descriptor) - 1) }
            next = UInt32(descriptor) + 1
        }
        _ = lx_close_range(next, .max)
    }
}
