import CLinux
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
        while true {
            let file = try FileDescriptor.open(processFile, O_RDWR | O_CREAT, mode: 0o644)
            if lx_lock(file.rawValue) != 0 {
                if errno == EWOULDBLOCK { return nil }
                throw .last("flock", processFile)
            }
            // The one before may have removed the file between our open and our lock: then this lock is of no file.
            var locked = stat()
            try checked(fstat(file.rawValue, &locked), "fstat", processFile)
            guard let named = FileSystem.status(processFile), named.st_ino == locked.st_ino,
                named.st_dev == locked.st_dev
            else { continue }
            try checked(ftruncate(file.rawValue, 0), "ftruncate", processFile)
            try file.write("\(getpid())\n")
            try FileSystem.remove(socket)
            return Lock(directory: self, file: file)
        }
    }

    /// The right to be the daemon of a folder.
    package final class Lock {
        private let directory: RunDirectory
        private let file: FileDescriptor

        fileprivate init(directory: RunDirectory, file: FileDescriptor) {
            self.directory = directory
            self.file = file
        }

        /// Removes the files; a next daemon may start.
        package func release() {
            guard file.rawValue >= 0 else { return }
            // Files that are gone already are no loss.
            do { try FileSystem.remove(directory.socket) } catch {}
            do { try FileSystem.remove(directory.processFile) } catch {}
            file.close()
        }
    }
}
