import Glibc
import LinuxSystem

/// The file tree of one host: a tmpfs with the programs of the outside bound into it read-only, an /etc of its own, and
/// everything that is written private. An overlay would not do: an ordinary user cannot overwrite root's files in it.
struct HostRoot {
    let host: String
    /// Where the tree is put together, in the sandbox.
    let staging: String
    let etcHosts: String
    let etcCopies: [String]
    let mounts: [MountSpec]
    let showsTun: Bool
    /// Whether we are the machine's root: then settings of the whole machine below /proc have to be kept safe.
    let isRealRoot: Bool

    /// What programs need of the outside /etc; what is not there, or may not be read, is left out.
    static let etcFiles = [
        "ld.so.cache", "ld.so.conf", "passwd", "group", "protocols", "services", "rpc", "ethertypes", "localtime",
        "login.defs", "shells", "networks", "gai.conf", "iproute2",
    ]
    /// Folders of the outside that have programs in them or that programs read.
    static let programFolders = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt", "nix"]
    static let deviceFiles = ["null", "zero", "full", "random", "urandom", "tty", "fuse"]

    /// Puts the tree together and makes it the root. To be called by the host's process 1, in a mount namespace of its
    /// own.
    func build(beforePivot: () throws(SystemError) -> Void) throws(SystemError) {
        try Mount.fileSystem("tmpfs", at: staging, options: "mode=755")
        try makeFolders()
        try bindPrograms()
        try populateEtc()
        try populateDev()
        for mount in mounts { try place(mount) }
        try mountKernelFileSystems()
        try beforePivot()
        // Before the old root is let go of: that would take the names away from the sandbox and the other hosts too.
        try Mount.makePrivate("/run/netns")
        try Mount.bind("/run/netns", to: inside("/run/netns"))
        try Mount.pivotRoot(to: staging)
    }

    private func inside(_ path: String) -> String { staging + path }

    private func makeFolders() throws(SystemError) {
        let folders = [
            "/etc", "/dev", "/proc", "/sys", "/run", "/run/netns", "/run/lock", "/tmp", "/var", "/var/lib", "/var/log",
            "/var/tmp", "/var/cache", "/var/spool", "/root", "/home", "/mnt", "/srv",
        ]
        for folder in folders { try FileSystem.makeDirectory(inside(folder)) }
        // Not by mkdir's mode, which the umask cuts.
        for folder in ["/tmp", "/var/tmp", "/run/lock"] { try checked(chmod(inside(folder), 0o1777), "chmod", folder) }
        try checked(chmod(inside("/root"), 0o700), "chmod", "/root")
        try FileSystem.makeLink(inside("/var/run"), to: "/run")
        try FileSystem.makeLink(inside("/var/lock"), to: "/run/lock")
    }

    private func bindPrograms() throws(SystemError) {
        for name in HostRoot.programFolders {
            // Debian's /bin is a link to usr/bin; elsewhere it is a folder.
            if let target = FileSystem.linkTarget("/\(name)") {
                try FileSystem.makeLink(inside("/\(name)"), to: target)
            } else if FileSystem.isDirectory("/\(name)") {
                try FileSystem.makeDirectory(inside("/\(name)"))
                try Mount.bind("/\(name)", to: inside("/\(name)"), readOnly: true)
            }
        }
    }

    private func populateEtc() throws(SystemError) {
        for name in HostRoot.etcFiles + etcCopies where FileSystem.exists("/etc/\(name)") {
            try FileSystem.makeDirectories(FileSystem.parent(of: inside("/etc/\(name)")))
            // A link may lead to a place that the host does not have: what it leads to is copied.
            try FileSystem.copyTree(try FileSystem.resolve("/etc/\(name)"), to: inside("/etc/\(name)"))
        }
        if FileSystem.isDirectory("/etc/alternatives") {
            try FileSystem.makeDirectory(inside("/etc/alternatives"))
            try Mount.bind("/etc/alternatives", to: inside("/etc/alternatives"), readOnly: true)
        }
        try FileSystem.makeDirectory(inside("/etc/ssl"))
        if access("/etc/ssl/openssl.cnf", R_OK) == 0 {
            try FileSystem.write(inside("/etc/ssl/openssl.cnf"), try FileSystem.read("/etc/ssl/openssl.cnf"))
        }
        if FileSystem.isDirectory("/etc/ssl/certs") {
            try FileSystem.makeDirectory(inside("/etc/ssl/certs"))
            try Mount.bind("/etc/ssl/certs", to: inside("/etc/ssl/certs"), readOnly: true)
        }
        let texts = [
            ("hosts", etcHosts), ("hostname", host + "\n"), ("resolv.conf", ""), ("host.conf", "multi on\n"),
            (
                "nsswitch.conf",
                "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\n"
            ),
        ]
        for (name, text) in texts { try FileSystem.write(inside("/etc/\(name)"), text) }
        try FileSystem.makeLink(inside("/etc/mtab"), to: "/proc/self/mounts")
    }

    private func populateDev() throws(SystemError) {
        for name in HostRoot.deviceFiles where FileSystem.exists("/dev/\(name)") { try bindDevice(name) }
        if showsTun && FileSystem.exists("/dev/net/tun") {
            try FileSystem.makeDirectory(inside("/dev/net"))
            try bindDevice("net/tun")
        }
        for folder in ["/dev/pts", "/dev/shm"] { try FileSystem.makeDirectory(inside(folder)) }
        // Terminals of its own: what a shell opens in here does not show on the machine.
        try Mount.fileSystem(
            "devpts", at: inside("/dev/pts"), flags: [.noSetUserID, .noExecution],
            options: "newinstance,ptmxmode=0666,mode=620")
        try checked(chmod(inside("/dev/shm"), 0o1777), "chmod", "/dev/shm")
        let links = [
            ("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
        ]
        for (name, target) in links { try FileSystem.makeLink(inside("/dev/\(name)"), to: target) }
    }

    private func bindDevice(_ name: String) throws(SystemError) {
        try FileSystem.write(inside("/dev/\(name)"), "")
        try Mount.bind("/dev/\(name)", to: inside("/dev/\(name)"), recursive: false)
    }

    private func place(_ mount: MountSpec) throws(SystemError) {
        let target = inside(mount.target)
        switch mount.kind {
        case .copy:
            try FileSystem.makeDirectories(FileSystem.parent(of: target))
            try FileSystem.copyTree(try FileSystem.resolve(mount.source), to: target)
        case .layer:
            try Mount.fileSystem("overlay", at: target, options: "lowerdir=\(mount.source):\(target)")
        case .bind(let readOnly):
            if FileSystem.isDirectory(mount.source) {
                try FileSystem.makeDirectories(target)
            } else {
                try FileSystem.makeDirectories(FileSystem.parent(of: target))
                if !FileSystem.exists(target) { try FileSystem.write(target, "") }
            }
            try Mount.bind(mount.source, to: target, readOnly: readOnly)
        }
    }

    private func mountKernelFileSystems() throws(SystemError) {
        let quiet: Mount.Flags = [.noSetUserID, .noDevices, .noExecution]
        try Mount.fileSystem("proc", at: inside("/proc"), flags: quiet)
        if isRealRoot { try protectMachineSettings() }
        // Twice, one on the other: `ip netns exec` takes the upper one away before it mounts its own, and in a user
        // namespace the kernel allows that only while another sysfs is in sight. Where it allows none (a container
        // that covers parts of /sys) the host does without.
        do {
            try Mount.fileSystem("sysfs", at: inside("/sys"), flags: quiet)
            try Mount.bind(inside("/sys"), to: inside("/sys"), recursive: false)
            // The machine's devices are in there, too. (An ordinary user cannot write to them anyway, and the kernel
            // would then refuse a second one that is not read-only.)
            if isRealRoot { try Mount.makeReadOnly(inside("/sys"), recursive: false) }
        } catch {}
    }

    /// Below /proc/sys only net belongs to the host; the rest is the machine's, as is /proc/sysrq-trigger.
    private func protectMachineSettings() throws(SystemError) {
        let settings = inside("/proc/sys")
        try Mount.bind(settings, to: settings, recursive: false)
        try Mount.bind(settings + "/net", to: settings + "/net", recursive: false)
        try Mount.makeReadOnly(settings, recursive: false)
        let trigger = inside("/proc/sysrq-trigger")
        if FileSystem.exists(trigger) { try Mount.bind(trigger, to: trigger, recursive: false, readOnly: true) }
    }
}
