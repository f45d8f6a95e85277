import CLinux
import Glibc

/// A child of this program in namespaces of its own, whose death, however it comes, takes all along that was made
/// inside.
///
/// Two processes are made. The *keeper* enters the new user namespace and waits; its child is process 1 of the new
/// process namespace and runs the body. The kernel kills the keeper when the program dies (PR_SET_PDEATHSIG), process
/// 1 when the keeper dies, and with process 1 everything inside, however it was started. Then the last users of the
/// namespaces are gone, and with these the mounts and links.
package enum Sandbox {
    package struct Options: Sendable {
        /// Whether a user namespace is made; nil: where we are not root. An ordinary user is root inside, alone; root
        /// keeps its users 0...65535.
        package var usesUserNamespace: Bool?
        /// Descriptors above 2 that stay open inside. A `FileDescriptor` object of any other must not be touched
        /// there: its number may have been given to another file.
        package var inherited: [Int32]
        /// False: the sandbox lives on after this program, in a session of its own.
        package var diesWithParent: Bool

        package init(usesUserNamespace: Bool? = nil, inherited: [Int32] = [], diesWithParent: Bool = true) {
            self.usesUserNamespace = usesUserNamespace
            self.inherited = inherited
            self.diesWithParent = diesWithParent
        }
    }

    /// Forks the calling program (which must have one thread) and runs `body` inside; its result is the exit code.
    ///
    /// The body finds private mounts and its own /proc; it is process 1 there: signals without a handler do nothing to
    /// it, and orphans become its children.
    /// - Throws: what the kernel refused, in the sandbox too: `unshare` with EPERM or ENOSPC where user namespaces are
    ///   restricted.
    package static func spawn(_ options: Options = Options(), body: () -> Int32) throws(SystemError) -> SandboxProcess {
        let usesUserNamespace = options.usesUserNamespace ?? (geteuid() != 0)
        let report = try FileDescriptor.pipe()
        let permission = try FileDescriptor.pipe()
        let parent = getpid()
        fflush(nil)
        let keeper = lx_fork()
        if keeper < 0 { throw .last("fork") }
        if keeper == 0 {
            let kept = options.inherited + [report.write.rawValue, permission.read.rawValue]
            closeAll(except: kept)
            runKeeper(options, usesUserNamespace, parent, report.write.rawValue, permission.read.rawValue, body)
        }
        report.write.close()
        permission.read.close()
        do {
            try expect("unshare", from: report.read)
            if usesUserNamespace { try mapUsers(of: keeper) }
            try permission.write.write([1])
            let inside = try expect("fork", from: report.read)
            // A signal to 0 would be one to our own process group.
            precondition(inside > 0, "the sandbox's reports came out of order")
            try expect("mount", from: report.read)
            return SandboxProcess(keeper: ProcessID(keeper), initialProcess: inside)
        } catch {
            kill(keeper, SIGKILL)
            _ = try? ProcessID(keeper).wait()
            throw error
        }
    }

    /// Closes every descriptor above 2 that is not listed.
    private static func closeAll(except kept: [Int32]) {
        var next: UInt32 = 3
        for descriptor in kept.sorted() where descriptor >= 3 {
            if UInt32(descriptor) > next { _ = lx_close_range(next, UInt32(descriptor) - 1) }
            next = UInt32(descriptor) + 1
        }
        _ = lx_close_range(next, .max)
    }

    /// A report: a number, negative is an errno. Keeper and process 1 write to the same pipe, one after the other.
    private static func tell(_ descriptor: Int32, _ value: Int32) {
        var value = value
        _ = write(descriptor, &value, 4)
    }

    @discardableResult
    private static func expect(_ step: String, from pipe: FileDescriptor) throws(SystemError) -> Int32 {
        var bytes: [UInt8] = []
        while bytes.count < 4 {
            let more = try pipe.read(upTo: 4 - bytes.count)
            // It was killed from outside: there is nothing that the kernel refused.
            if more.isEmpty { throw SystemError(step, "in the sandbox", code: ESRCH) }
            bytes += more
        }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        if value < 0 { throw SystemError(step, "in the sandbox", code: -value) }
        return value
    }

    /// user_namespaces(7): only one line and no setgroups for an ordinary user.
    private static func mapUsers(of keeper: Int32) throws(SystemError) {
        let isRoot = geteuid() == 0
        if !isRoot { try FileSystem.set("/proc/\(keeper)/setgroups", "deny") }
        try FileSystem.set("/proc/\(keeper)/uid_map", isRoot ? "0 0 65536\n" : "0 \(geteuid()) 1\n")
        try FileSystem.set("/proc/\(keeper)/gid_map", isRoot ? "0 0 65536\n" : "0 \(getegid()) 1\n")
    }

    private static func runKeeper(
        _ options: Options, _ usesUserNamespace: Bool, _ parent: Int32, _ report: Int32, _ permission: Int32,
        _ body: () -> Int32
    ) -> Never {
        func dieWithParent() {
            guard options.diesWithParent else { return }
            _ = lx_set_parent_death_signal(SIGKILL)
            // It may have died before the line above.
            if getppid() != parent { _exit(1) }
        }
        dieWithParent()
        if !options.diesWithParent { setsid() }
        let kinds = NamespaceKind.allCases.filter { usesUserNamespace || $0 != .user }
        do { try Namespace.unshare(kinds) } catch {
            tell(report, -error.code)
            _exit(1)
        }
        tell(report, 0)
        var byte: UInt8 = 0
        if read(permission, &byte, 1) != 1 { _exit(1) }
        close(permission)
        // The kernel forgets the signal where the credentials changed.
        dieWithParent()

        // Inside, getppid() is 0 whoever lives: a pipe that closes with the keeper says it instead. It also holds
        // process 1 back until the keeper has reported its number: its own report is to come behind that.
        var lifeline: [Int32] = [-1, -1]
        _ = lx_pipe(&lifeline)
        // From here on, so that the end of a short-lived child is not missed.
        lx_block_signals()
        let initial = lx_fork()
        if initial < 0 {
            tell(report, -errno)
            _exit(1)
        }
        if initial == 0 {
            lx_restore_signals()
            close(lifeline[1])
            _ = lx_set_parent_death_signal(SIGKILL)
            var byte: UInt8 = 0
            if read(lifeline[0], &byte, 1) != 1 { _exit(1) }
            close(lifeline[0])
            runInside(report, body)
        }
        tell(report, initial)
        close(report)
        _ = write(lifeline[1], &byte, 1)
        _ = lx_set_name("swantest-keeper")
        keep(initial, spared: lifeline[1])
    }

    private static func runInside(_ report: Int32, _ body: () -> Int32) -> Never {
        do {
            try Mount.makeAllPrivate()
            try Mount.fileSystem("proc", at: "/proc", flags: [.noSetUserID, .noDevices, .noExecution])
        } catch {
            tell(report, -error.code)
            _exit(1)
        }
        tell(report, 0)
        close(report)
        let code = body()
        fflush(nil)
        _exit(code)
    }

    /// Waits for process 1 and ends as it did. SIGUSR1 (see `SandboxProcess.detach`) lets it live on without the
    /// program.
    private static func keep(_ initial: Int32, spared: Int32) -> Never {
        // Nothing of the program's may stay open in here: a reader of one of its pipes would wait for us.
        closeAll(except: [spared])
        while true {
            let signal = lx_wait_signal([SIGCHLD, SIGUSR1, SIGTERM, SIGINT, SIGHUP], 5)
            switch signal {
            case SIGUSR1:
                _ = lx_set_parent_death_signal(0)
                // Behind the line above: it is by the session that `detach` sees that it has been obeyed.
                setsid()
                for descriptor: Int32 in 0...2 { close(descriptor) }
            case SIGTERM, SIGINT, SIGHUP: kill(initial, SIGKILL)
            default: break
            }
            var status: Int32 = 0
            if waitpid(initial, &status, WNOHANG) == initial {
                _exit(ProcessID.Status(waitStatus: status).shellCode)
            }
        }
    }
}

/// A sandbox as its maker sees it.
package struct SandboxProcess: Hashable, Sendable {
    /// Our child; it ends as the body does.
    package let keeper: ProcessID
    /// The number, outside, of process 1 inside.
    package let initialProcess: Int32

    package func wait() throws(SystemError) -> ProcessID.Status { try keeper.wait() }

    /// Ends everything inside and waits until it is gone.
    package func end() throws(SystemError) {
        kill(initialProcess, SIGKILL)
        try keeper.wait()
    }

    /// Lets it live on after this program, which may end as soon as this returns.
    /// - Throws: ETIMEDOUT where the keeper does not say within 10 s that it has understood; ESRCH where it has ended.
    package func detach() throws(SystemError) {
        try keeper.send(signal: SIGUSR1)
        let deadline = MonotonicClock.now + .seconds(10)
        while getsid(keeper.rawValue) != keeper.rawValue {
            if try keeper.statusIfEnded() != nil { throw SystemError("kill", "\(keeper.rawValue)", code: ESRCH) }
            if MonotonicClock.now > deadline { throw SystemError("kill", "\(keeper.rawValue)", code: ETIMEDOUT) }
            MonotonicClock.sleep(.microseconds(200))
        }
    }
}
