import CLinux
import Glibc

/// A file that one process at a time has locked (flock(2)); the lock ends with its holder, and `release` removes the file.
package final class LockFile {
    package let path: String
    /// Open for reading and writing; what is in the file is the holder's.
    package let file: FileDescriptor

    private init(path: String, file: FileDescriptor) {
        self.path = path
        self.file = file
    }

    /// Makes the file where it is not there, and locks it.
    /// - Returns: nil where another holds it.
    package static func take(_ path: String, mode: UInt32) throws(SystemError) -> LockFile? {
        while true {
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT, mode: mode)
            guard lx_lock(file.rawValue) == 0 else {
                if errno == EWOULDBLOCK { return nil }
                throw .last("flock", path)
            }
            // The one before may have removed the file between our open and our lock: then this lock is of no file.
            var locked = stat()
            try checked(fstat(file.rawValue, &locked), "fstat", path)
            if let named = FileSystem.status(path), named.st_ino == locked.st_ino, named.st_dev == locked.st_dev {
                return LockFile(path: path, file: file)
            }
        }
    }

    /// Removes the file, and lets the next one have it. A second call does nothing.
    package func release() {
        guard file.rawValue >= 0 else { return }
        unlink(path)
        file.close()
    }
}
