package import Glibc

/// Small files, folders and links, without Foundation. Paths are the kernel's: relative ones start at the working
/// folder.
package enum FileSystem {
    /// A whole file.
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path)
        do { return try file.readToEnd() } catch { throw SystemError(error.call, path, code: error.code) }
    }

    /// A whole file that somebody named, whatever it is: a pipe without a writer is empty, one with a writer or a
    /// terminal throws EAGAIN instead of waiting, and one of more than `limit` octets (/dev/zero) throws EFBIG.
    package static func read(_ path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        do throws(SystemError) {
            while case let got = try file.read(into: &buffer), got > 0 {
                result += buffer[..<got]
                if result.count > limit { throw SystemError("read", path, code: EFBIG) }
            }
        } catch { throw SystemError(error.call, path, code: error.code) }
        return result
    }

    /// A whole file as UTF-8; malformed octets become U+FFFD.
    package static func readText(_ path: String) throws(SystemError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Makes or overwrites a file (or appends to it). A new file gets `mode`, less the umask.
    package static func write(
        _ path: String, _ bytes: some Collection<UInt8>, mode: UInt32 = 0o644, append: Bool = false
    ) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC)
        let file = try FileDescriptor.open(path, flags, mode: mode)
        do { try file.write(bytes) } catch { throw SystemError(error.call, path, code: error.code) }
    }

    package static func write(
        _ path: String, _ text: String, mode: UInt32 = 0o644, append: Bool = false
    ) throws(SystemError) {
        try write(path, text.utf8, mode: mode, append: append)
    }

    /// Writes to a setting of the kernel (/proc/sys, /proc/PID/uid_map): one write call, nothing is made.
    package static func set(_ path: String, _ text: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_WRONLY)
        do { try file.write(text) } catch { throw SystemError(error.call, path, code: error.code) }
    }

    /// The file's status, a link's own with `followingLinks: false`; nil where there is no such file.
    package static func status(_ path: String, followingLinks: Bool = true) -> stat? {
        var result = stat()
        return fstatat(AT_FDCWD, path, &result, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 ? result : nil
    }

    package static func exists(_ path: String) -> Bool { status(path) != nil }
    package static func isDirectory(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }
    package static func isExecutable(_ path: String) -> Bool { !isDirectory(path) && access(path, X_OK) == 0 }

    /// The names in a folder, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let folder = opendir(path) else { throw .last("opendir", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes one folder; one that exists is fine.
    package static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if mkdir(path, mode) != 0 && !(errno == EEXIST && isDirectory(path)) { throw .last("mkdir", path) }
    }

    /// Makes a folder and those above it.
    package static func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 || errno == EEXIST && isDirectory(path) { return }
        guard errno == ENOENT, path.contains("/") else { throw .last("mkdir", path) }
        let parent = self.parent(of: path)
        guard !parent.isEmpty && parent != path else { throw .last("mkdir", path) }
        try makeDirectories(parent, mode: mode)
        try makeDirectory(path, mode: mode)
    }

    /// The path without its last part: `/` for `/a`, `.` for `a`.
    package static func parent(of path: String) -> String {
        let parts = path.split(separator: "/")
        if path.hasPrefix("/") { return "/" + parts.dropLast().joined(separator: "/") }
        return parts.count <= 1 ? "." : parts.dropLast().joined(separator: "/")
    }

    /// Where a symbolic link points, as it is written; nil where the path is none.
    package static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    package static func makeLink(_ path: String, to target: String) throws(SystemError) {
        try checked(symlink(target, path), "symlink", path)
    }

    /// The absolute path without links, `.` and `..`.
    package static func resolve(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw .last("realpath", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    package static func rename(_ path: String, to target: String) throws(SystemError) {
        try checked(Glibc.rename(path, target), "rename", path)
    }

    /// Removes a file, a link or an empty folder; nothing where there is none.
    package static func remove(_ path: String) throws(SystemError) {
        if Glibc.remove(path) != 0 && errno != ENOENT { throw .last("remove", path) }
    }

    /// Removes a folder and what is in it; links are removed, not followed.
    package static func removeTree(_ path: String) throws(SystemError) {
        if let status = status(path, followingLinks: false), status.st_mode & S_IFMT == S_IFDIR {
            for name in try list(path) { try removeTree("\(path)/\(name)") }
        }
        try remove(path)
    }

    /// Copies a file or a tree: contents, permission bits and links (as links). Other kinds of file are left out, and
    /// so is what may not be read: an ordinary user cannot read all of /etc.
    package static func copyTree(_ source: String, to target: String) throws(SystemError) {
        guard let status = status(source, followingLinks: false) else { throw .last("stat", source) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            guard access(source, R_OK | X_OK) == 0 else { return }
            try makeDirectory(target, mode: status.st_mode & 0o777 | 0o700)
            for name in try list(source) { try copyTree("\(source)/\(name)", to: "\(target)/\(name)") }
        case S_IFLNK:
            if let link = linkTarget(source) { try makeLink(target, to: link) }
        case S_IFREG:
            guard access(source, R_OK) == 0 else { return }
            try write(target, try read(source), mode: status.st_mode & 0o777 | 0o200)
        default: break
        }
    }
}
