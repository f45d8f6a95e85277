import CLinux
import Glibc
import LinuxSystem

/// Something of the kernel's that a scenario may require (`requires:` in scenario.yaml), found by trying it.
package enum MachineFeature: String, CaseIterable, Sendable {
    case namespaces
    case userNamespaces = "user-namespaces"
    case packetPort = "packet-port"
    case tun
    case xfrmESP = "xfrm-esp"
    case mip6
    case netem

    /// Tries it. - Returns: nil where it works, else what the kernel said.
    package func refusal() -> String? {
        let code: Int32 =
            switch self {
            case .namespaces: Self.trial(Self.namespacesOfEveryKind)
            case .userNamespaces: Self.trial(asOrdinaryUser: true, Self.namespacesOfEveryKind)
            case .packetPort: Self.inNetwork(clinux_probe_packet_port)
            case .tun: Self.inNetwork(clinux_probe_tun)
            case .xfrmESP: Self.inNetwork(clinux_probe_esp_state)
            case .mip6: Self.inNetwork(clinux_probe_mip6_state)
            case .netem: Self.inNetwork(clinux_probe_netem)
            }
        return code == 0 ? nil : String(cString: strerror(code))
    }

    /// Runs a trial in a forked child, which the namespaces that it makes die with.
    /// - Parameters:
    ///   - asOrdinaryUser: as `nobody`, where this process is root's.
    ///   - body: returns 0 or -errno.
    /// - Returns: 0 or the errno.
    private static func trial(asOrdinaryUser: Bool = false, _ body: () -> Int32) -> Int32 {
        fflush(nil)
        let child = lx_fork()
        if child < 0 { return errno }
        if child == 0 {
            if asOrdinaryUser && geteuid() == 0 {
                let result = clinux_become_user(65534, 65534)
                if result < 0 { _exit(-result) }
            }
            _exit(Swift.min(255, -body()))
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        // Ended by a signal: no errno says so better than this one.
        return status & 0x7f == 0 ? (status >> 8) & 0xff : EFAULT
    }

    private static func inNetwork(_ body: () -> Int32) -> Int32 {
        trial {
            let entered = enterNamespaces(LX_NEWNET)
            return entered < 0 ? entered : body()
        }
    }

    /// Enters new namespaces as the lab does: with a user namespace of its own unless this process is root.
    private static func enterNamespaces(_ kinds: Int32) -> Int32 {
        let (user, group) = (geteuid(), getegid())
        if user != 0 {
            guard lx_unshare(LX_NEWUSER) == 0 else { return -errno }
            do {
                try FileSystem.set("/proc/self/setgroups", "deny")
                try FileSystem.set("/proc/self/uid_map", "0 \(user) 1")
                try FileSystem.set("/proc/self/gid_map", "0 \(group) 1")
            } catch { return -error.code }
        }
        return lx_unshare(kinds) == 0 ? 0 : -errno
    }

    /// What the lab needs of the kernel: namespaces of every kind, and a mount and a name in them.
    private static func namespacesOfEveryKind() -> Int32 {
        let entered = enterNamespaces(LX_NEWNET | LX_NEWNS | LX_NEWPID | LX_NEWUTS | LX_NEWIPC)
        if entered < 0 { return entered }
        // AppArmor lets the namespace be made and refuses what it is for.
        guard lx_mount(nil, "/", nil, LX_MS_REC | LX_MS_PRIVATE, nil) == 0,
            lx_mount("tmpfs", "/tmp", "tmpfs", 0, nil) == 0
        else { return -errno }
        return lx_sethostname("probe", 5) == 0 ? 0 : -errno
    }
}
