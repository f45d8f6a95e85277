import Control
import Glibc
package import LinuxSystem

/// Where a daemon and its clients meet: a folder with the control socket and the process file.
package struct RunDirectory: Sendable {
    package let path: String
    /// The dialect's name for its files: `pluto`.
    private let name: String

    package init(_ path: String, name: String) {
        self.path = path
        self.name = name
    }

    package var socket: String { ControlSocket.path(in: path, name: name) }
    package var processFile: String { "\(path)/\(name).pid" }

    /// Makes the folder, with mode 0700, where it is not there.
    package func make() throws(SystemError) { try FileSystem.makeDirectories(path, mode: 0o700) }

    /// Makes this process the folder's one daemon, and removes what one that died left behind.
    /// - Returns: the lock, held until it is released or the process ends; nil where another process holds it.
    package func lock() throws(SystemError) -> Lock? {
        guard let held = try LockFile.take(processFile, mode: 0o644) else { return nil }
        try checked(ftruncate(held.file.rawValue, 0), "ftruncate", processFile)
        try held.file.write("\(getpid())\n")
        try FileSystem.remove(socket)
        return Lock(held, socket: socket)
    }

    /// The right to be the daemon of a folder.
    package final class Lock {
        private let held: LockFile
        private let socket: String

        fileprivate init(_ held: LockFile, socket: String) {
            self.held = held
            self.socket = socket
        }

        /// Removes the files; a next daemon may start.
        package func release() {
            // A next one's socket is not ours to remove.
            guard held.file.rawValue >= 0 else { return }
            unlink(socket)
            held.release()
        }
    }
}
