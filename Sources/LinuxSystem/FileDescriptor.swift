import CLinux
import Glibc

/// The one owner of an open file: closed by `close()` or when the last reference goes.
package final class FileDescriptor {
    /// The kernel's number, -1 once closed.
    package private(set) var rawValue: Int32

    /// Takes over an open descriptor.
    package init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit { close() }

    /// Opens a path; always with O_CLOEXEC, so that no command inherits it by accident.
    package static func open(
        _ path: String, _ flags: Int32 = O_RDONLY, mode: UInt32 = 0o644
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: Int32(try retrying("open", path) { Int(Glibc.open(path, flags | O_CLOEXEC, mode)) }))
    }

    /// A pipe, both ends close-on-exec.
    package static func pipe() throws(SystemError) -> (read: FileDescriptor, write: FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        try checked(lx_pipe(&ends), "pipe2")
        return (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
    }

    /// A second descriptor of the same open file, close-on-exec.
    package func duplicate() throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try checked(fcntl(rawValue, F_DUPFD_CLOEXEC, 3), "fcntl", "F_DUPFD_CLOEXEC"))
    }

    /// Closes now; nothing on a second call.
    package func close() {
        if rawValue >= 0 { _ = Glibc.close(rawValue) }
        rawValue = -1
    }

    /// Gives up ownership: the caller closes.
    package func release() -> Int32 {
        defer { rawValue = -1 }
        return rawValue
    }

    package func setNonBlocking(_ on: Bool = true) throws(SystemError) {
        let flags = try checked(fcntl(rawValue, F_GETFL), "fcntl", "F_GETFL")
        try checked(fcntl(rawValue, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), "fcntl", "F_SETFL")
    }

    /// Up to `count` octets; empty at the end of the file. On a non-blocking descriptor EAGAIN is thrown.
    package func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let got = try read(into: &buffer)
        buffer.removeSubrange(got...)
        return buffer
    }

    /// Reads into a buffer that is kept between calls; returns the octets read, 0 at the end of the file.
    package func read(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        try retrying("read") { buffer.withUnsafeMutableBytes { Glibc.read(rawValue, $0.baseAddress!, $0.count) } }
    }

    /// Everything up to the end of the file.
    package func readToEnd() throws(SystemError) -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let got = try read(into: &buffer)
            if got == 0 { return result }
            result += buffer[..<got]
        }
    }

    /// Writes all of it, however often the kernel takes only a part.
    package func write(_ bytes: some Collection<UInt8>) throws(SystemError) {
        let all = Array(bytes)
        var done = 0
        while done < all.count {
            done += try retrying("write") {
                all[done...].withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress!, $0.count) }
            }
        }
    }

    package func write(_ text: String) throws(SystemError) { try write(text.utf8) }
}
