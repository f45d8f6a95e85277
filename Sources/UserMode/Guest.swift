import CLinux
import Glibc
package import LinuxSystem

/// A user-mode Linux that runs: in a sandbox of its own on the host, which dies with this program and takes all of
/// linux.uml's processes along.
///
/// Inside it sees the host's files; nothing can be written, but to the folders that are let through. That holds on both
/// sides: the guest has an overlay in its memory (`GuestRoot`), and the sandbox's own mounts are read-only.
package final class Guest {
    package struct Options: Sendable {
        /// Folders of the host, absolute and existing, that the guest may write to.
        package var writable: [String] = []
        /// A folder of the host that exists, for the guest's memory: a tmpfs is mounted on it, in the sandbox.
        package var workspace: String
        /// Memory of the guest in MiB; the host's is used as far as the guest touches it.
        package var megabytes = 768
        /// Which of the usable processors it is kept on, counted round. A user-mode Linux has one, and is several times
        /// slower where its processes wander.
        package var processor = 0

        package init(workspace: String) { self.workspace = workspace }
    }

    package let sandbox: SandboxProcess
    /// Both ways between the host and the guest's process 1: lines (`GuestLine`).
    package let channel: FileDescriptor
    /// What the kernel says, and linux.uml itself.
    package let console: FileDescriptor
    package let started = ContinuousClock.now

    /// Starts it; `ready` comes over the channel when it is up. The calling program must have one thread.
    /// - Throws: what the host refused: user namespaces, a mount.
    package init(_ package: UserModePackage, _ options: Options) throws(SystemError) {
        let pair = try Guest.socketPair()
        let console = try FileDescriptor.pipe()
        let (far, output) = (pair.far.rawValue, console.write.rawValue)
        sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [far, output])) {
            Guest.runKernel(package, options, channel: [far], console: output)
        }
        channel = pair.near
        self.console = console.read
    }

    package static func socketPair() throws(SystemError) -> (near: FileDescriptor, far: FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try checked(socketpair(AF_UNIX, kind, 0, &ends), "socketpair")
        return (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
    }

    /// The body of the sandbox: starts the kernel and ends as it does.
    private static func runKernel(
        _ package: UserModePackage, _ options: Options, channel: [Int32], console: Int32
    ) -> Int32 {
        do {
            let kernel = try startKernel(package, options, channel: channel, console: console)
            for descriptor in channel + [console] { close(descriptor) }
            return try kernel.wait().shellCode
        } catch {
            let line = Array("\(error)\n".utf8)
            _ = line.withUnsafeBytes { write(console, $0.baseAddress, $0.count) }
            return 1
        }
    }

    /// What the kernel need not do before its first process, 1.3 of 1.4 s: time five ways to compute a RAID 6 checksum, which
    /// nobody in here asks for; make 256 terminals of BSD's kind; time its delay loop (udelay(9) waits longer with a number
    /// that is too great, which is safe).
    private static let quickBoot = [
        "initcall_blacklist=raid6_select_algo", "pty.legacy_count=0", "lpj=40000000",
    ]

    /// Starts linux.uml; to be called by process 1 of a sandbox.
    /// - Parameter channel: what become the guest's serial lines, from ttyS0 on; at most 12.
    package static func startKernel(
        _ package: UserModePackage, _ options: Options, channel: [Int32], console: Int32
    ) throws(SystemError) -> ProcessID {
        for folder in options.writable { try Mount.bind(folder, to: folder, recursive: false) }
        try Mount.fileSystem("tmpfs", at: options.workspace, flags: [.noSetUserID], options: "mode=700")
        try Mount.makeReadOnly("/", recursive: true)
        for folder in options.writable + [options.workspace] { try Mount.makeWritable(folder) }
        try checked(lx_pin(UInt32(options.processor)), "sched_setaffinity")
        try checked(lx_forbid_cores(), "setrlimit")
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        var arguments = [
            package.program, "mem=\(options.megabytes)M", "uml_dir=\(options.workspace)", "umid=guest",
            "rootfstype=hostfs", "rootflags=/", "ro", "con=null", "con0=null,fd:1", "ssl=null",
        ]
        for index in channel.indices { arguments.append("ssl\(index)=fd:\(index + 3)") }
        arguments += Self.quickBoot
        // The program's own file, whatever its path: hostfs follows the link when the guest starts its process 1.
        arguments += ["loglevel=5", "panic=-1", "noreboot", "init=/proc/1/exe", "--", GuestRoot.role, package.modules]
        var command = Command(
            arguments, environment: ["TMPDIR": options.workspace, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            workingDirectory: "/", descriptors: [null.rawValue, console, console] + channel)
        // At a panic linux.uml signals its whole group.
        command.startsSession = true
        command.parentDeathSignal = SIGKILL
        return try command.start()
    }
}
