import CLinux
import Glibc
package import LinuxSystem

/// The inside of a user-mode Linux, made by its process 1, which is this very program: modules, an overlay over the
/// host's files, devices.
package enum GuestRoot {
    /// What the kernel calls its process 1 with, before the folder of the modules.
    package static let role = "--process-1-of-a-guest"
    /// The name under which the kernel finds the program that loads a module which it lacks: this one again.
    package static let moduleHelper = "/run/load-module"

    /// What every lab needs; what else a scenario needs, the kernel asks for.
    static let modules = ["veth", "bridge", "ipv6", "tun", "ip_tables", "ip6_tables"]

    /// Builds it and makes it the root. To be called once, by process 1.
    /// - Returns: the serial line to the host, raw.
    package static func build(modules folder: String) throws(SystemError) -> FileDescriptor {
        umask(0o022)
        let line = try FileDescriptor.open("/dev/ttyS0", O_RDWR | O_NOCTTY)
        try checked(lx_make_raw(line.rawValue), "tcsetattr", "/dev/ttyS0")
        let modules = try KernelModules(folder: folder)
        try modules.load("overlay")
        try layOver()
        try populate(folder)
        for name in Self.modules { try modules.load(name) }
        return line
    }

    /// The host's files at their own paths, and what is written to them in memory.
    private static func layOver() throws(SystemError) {
        // A folder that every Linux has; the overlay below sees the host's own.
        let base = "/run"
        try Mount.fileSystem("tmpfs", at: base, options: "mode=755")
        for name in ["/upper", "/work", "/root"] { try FileSystem.makeDirectory(base + name) }
        // To an ordinary user's sandbox all files of others, root's too, belong to nobody: a program of root's that sets the
        // user ID would run as nobody in here, where everybody is root.
        try Mount.fileSystem(
            "overlay", at: base + "/root", flags: [.noSetUserID],
            options: "lowerdir=/,upperdir=\(base)/upper,workdir=\(base)/work")
        try Mount.pivotRoot(to: base + "/root")
    }

    private static func populate(_ modules: String) throws(SystemError) {
        try Mount.fileSystem("proc", at: "/proc")
        try Mount.fileSystem("sysfs", at: "/sys")
        try Mount.fileSystem("devtmpfs", at: "/dev")
        for folder in ["/dev/pts", "/dev/shm"] { try FileSystem.makeDirectory(folder) }
        try Mount.fileSystem("devpts", at: "/dev/pts", options: "ptmxmode=0666,mode=620")
        try Mount.fileSystem("tmpfs", at: "/dev/shm", options: "mode=1777")
        let links = [
            ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
            ("/dev/stderr", "/proc/self/fd/2"),
        ]
        for (path, target) in links where !FileSystem.exists(path) { try FileSystem.makeLink(path, to: target) }
        // On the host, /run belongs to programs that do not run in here.
        let user = FileSystem.isDirectory("/run/user") ? try FileDescriptor.open("/run/user", O_RDONLY) : nil
        try Mount.fileSystem("tmpfs", at: "/run", options: "mode=755")
        if let user {
            try FileSystem.makeDirectory("/run/user")
            try Mount.bind("/proc/self/fd/\(user.rawValue)", to: "/run/user")
        }
        try FileSystem.makeLink(moduleHelper, to: "/proc/1/exe")
        try FileSystem.set("/proc/sys/kernel/modprobe", moduleHelper)
        // Whoever the kernel would choose to kill, the scenario is none any more.
        try FileSystem.set("/proc/sys/vm/panic_on_oom", "1")
        try chooseFilterPrograms()
        // Where modprobe, typed by a person, looks.
        let release = modules.split(separator: "/").last.map(String.init) ?? ""
        try FileSystem.makeDirectories("/lib/modules")
        if !FileSystem.exists("/lib/modules/\(release)") {
            try FileSystem.makeLink("/lib/modules/\(release)", to: modules)
        }
    }

    /// This kernel's nf_tables knows neither IPv4 nor IPv6, so Debian's usual iptables can do nothing; its other one can.
    private static func chooseFilterPrograms() throws(SystemError) {
        for name in ["iptables", "ip6tables"] {
            for part in ["", "-save", "-restore"] {
                let link = "/etc/alternatives/\(name)\(part)"
                let program = "/usr/sbin/\(name)-legacy\(part)"
                guard FileSystem.exists(link), FileSystem.isExecutable(program) else { continue }
                try FileSystem.remove(link)
                try FileSystem.makeLink(link, to: program)
            }
        }
    }

    /// Loads modules before the kernel asks for each by a process of its own. One that cannot be loaded is left to it.
    package static func load(_ names: [String]) {
        guard let folder = try? modulesFolder(), let modules = try? KernelModules(folder: folder) else { return }
        for name in names { try? modules.load(name) }
    }

    /// Shows a folder of the host at its own path, to be written to.
    package static func letThrough(_ folder: String) throws(SystemError) {
        try Mount.fileSystem("hostfs", at: folder, options: folder)
    }

    /// What the kernel starts this program for, as `load-module -q -- NAME`.
    /// - Returns: the exit code.
    package static func loadModule(_ arguments: [String]) -> Int32 {
        guard let name = arguments.last, let folder = try? modulesFolder(),
            let modules = try? KernelModules(folder: folder)
        else { return 1 }
        let found = modules.resolve(name)
        // To the kernel's log (dmesg), as each of these is a process that somebody waits for.
        if let log = try? FileDescriptor.open("/dev/kmsg", O_WRONLY) {
            try? log.write("<6>swantest: the kernel asked for \(name): \(found.joined(separator: " "))\n")
        }
        for module in found where (try? modules.load(module)) == nil { return 1 }
        return found.isEmpty ? 1 : 0
    }

    /// From the link that `populate` made: the kernel hands its helpers nothing but a name.
    private static func modulesFolder() throws(SystemError) -> String {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: &names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return try FileSystem.resolve("/lib/modules/\(release)")
    }
}
