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
}
