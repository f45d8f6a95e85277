package import DialectKit
import Glibc
import LinuxSystem

/// A file of configuration on this host, for the daemon and for its clients.
package enum HostFile {
    /// The whole file. It is never waited for: a pipe in its place may not hold up the daemon.
    package static func read(_ path: String) throws(FileFailure) -> [UInt8] {
        do {
            return try FileSystem.read(path, atMost: Daemon.greatestFileOctets)
        } catch {
            throw FileFailure(
                isMissing: error.code == ENOENT || error.code == ENOTDIR, String(cString: strerror(error.code)))
        }
    }

    /// Makes a file, or puts one in an old one's place (rename(2)): whoever reads it meanwhile has either whole. The other is made
    /// beside it, with a dot before its name.
    static func replace(_ path: String, _ octets: [UInt8]) throws(SystemError) {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        let new = "\(FileSystem.parent(of: path))/.\(name)"
        do throws(SystemError) {
            try FileSystem.write(new, octets)
            try FileSystem.rename(new, to: path)
        } catch {
            try? FileSystem.remove(new)
            throw error
        }
    }
}
