import CLinux
import Glibc

/// Mounts of the calling thread's mount namespace (mount(2), pivot_root(2)).
package enum Mount {
    /// Properties of a new mount.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt
        package init(rawValue: UInt) { self.rawValue = rawValue }
        package static let readOnly = Flags(rawValue: LX_MS_RDONLY)
        package static let noSetUserID = Flags(rawValue: LX_MS_NOSUID)
        package static let noDevices = Flags(rawValue: LX_MS_NODEV)
        package static let noExecution = Flags(rawValue: LX_MS_NOEXEC)
    }

    /// Mounts a file system that has no device: tmpfs, proc, sysfs, devpts.
    package static func fileSystem(
        _ type: String, at target: String, flags: Flags = [], options: String? = nil
    ) throws(SystemError) {
        try checked(lx_mount(type, target, type, flags.rawValue, options), "mount \(type)", target)
    }

    /// Shows a folder (with what is mounted below it, where `recursive`) or a file at a second place, which must exist.
    ///
    /// In a user namespace only a recursive bind of a folder with mounts below it is allowed.
    package static func bind(
        _ source: String, to target: String, recursive: Bool = true, readOnly: Bool = false
    ) throws(SystemError) {
        let flags = LX_MS_BIND | (recursive ? LX_MS_REC : 0)
        try checked(lx_mount(source, target, nil, flags, nil), "bind \(source) to", target)
        if readOnly { try makeReadOnly(target, recursive: recursive) }
    }

    /// Makes a mount read-only; the other flags stay as they are (a user namespace may not clear them).
    package static func makeReadOnly(_ target: String, recursive: Bool) throws(SystemError) {
        try checked(lx_mount_read_only(target, recursive), "mount_setattr", target)
    }

    /// Takes that away again, from a mount that this process made read-only.
    package static func makeWritable(_ target: String) throws(SystemError) {
        try checked(lx_mount_writable(target), "mount_setattr", target)
    }

    /// Nothing mounted from now on shows in another mount namespace, and the other way round.
    package static func makeAllPrivate() throws(SystemError) {
        try checked(lx_mount(nil, "/", nil, LX_MS_REC | LX_MS_PRIVATE, nil), "mount --make-rprivate", "/")
    }

    /// What is mounted below it from now on shows in copies of the mount namespace too.
    package static func makeShared(_ target: String) throws(SystemError) {
        try checked(lx_mount(nil, target, nil, LX_MS_SHARED, nil), "mount --make-shared", target)
    }

    /// Ends that, for a mount and those below it.
    package static func makePrivate(_ target: String) throws(SystemError) {
        try checked(lx_mount(nil, target, nil, LX_MS_REC | LX_MS_PRIVATE, nil), "mount --make-rprivate", target)
    }

    /// Takes a mount out of sight now; it ends when nobody uses it.
    package static func detach(_ target: String) throws(SystemError) {
        try checked(lx_umount(target, LX_MNT_DETACH), "umount", target)
    }

    /// Makes a mount point the root folder and lets go of the old one; the working folder is then `/`.
    package static func pivotRoot(to root: String) throws(SystemError) {
        try checked(chdir(root), "chdir", root)
        // Both arguments the same: the old root lies on top of the new one, and can be detached without a folder for
        // it.
        try checked(lx_pivot_root(".", "."), "pivot_root", root)
        try detach(".")
        try checked(chdir("/"), "chdir", "/")
    }
}
