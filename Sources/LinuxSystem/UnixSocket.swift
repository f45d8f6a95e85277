import CLinux
import Glibc

/// One end of a local connection that keeps the boundaries of messages (AF_UNIX, SOCK_SEQPACKET).
package final class UnixSocket {
    package let descriptor: FileDescriptor

    private init(owning raw: Int32) { descriptor = FileDescriptor(owning: raw) }

    /// Connects and blocks from then on.
    /// - Throws: ENOENT where there is no such socket, ECONNREFUSED where nobody listens behind it.
    package static func connect(_ path: String) throws(SystemError) -> UnixSocket {
        UnixSocket(owning: try checked(lx_unix_connect(path), "connect", path))
    }

    /// The process at the other end: it connected, or it listened when this end connected.
    package var peerProcess: Int32? {
        let process = lx_unix_peer(descriptor.rawValue)
        return process > 0 ? process : nil
    }

    /// Sends one message; never a part of it.
    /// - Throws: EAGAIN where a non-blocking socket's buffer is full, EPIPE where the reader is gone.
    package func send(_ message: some Collection<UInt8>) throws(SystemError) {
        let sent: Int? = message.withContiguousStorageIfAvailable { send($0) }
        let result = sent ?? Array(message).withUnsafeBufferPointer { send($0) }
        if result < 0 { throw .last("send") }
    }

    private func send(_ octets: UnsafeBufferPointer<UInt8>) -> Int {
        while true {
            let sent = lx_unix_send(descriptor.rawValue, octets.baseAddress, octets.count)
            if sent >= 0 || errno != EINTR { return sent }
        }
    }

    /// The next message; nil at the end of the connection. A message longer than the buffer throws EMSGSIZE.
    package func receive(into buffer: inout [UInt8]) throws(SystemError) -> ArraySlice<UInt8>? {
        var truncated = false
        let got = try retrying("recvmsg") {
            buffer.withUnsafeMutableBytes {
                lx_unix_receive(descriptor.rawValue, $0.baseAddress, $0.count, &truncated)
            }
        }
        if truncated { throw SystemError("recvmsg", "a message of more than \(buffer.count) octets", code: EMSGSIZE) }
        return got == 0 ? nil : buffer[..<got]
    }

    fileprivate static func adopt(_ raw: Int32) -> UnixSocket { UnixSocket(owning: raw) }
}

/// A path where local clients connect. The file is made with mode 0600.
package final class UnixListener {
    package let path: String
    package let descriptor: FileDescriptor

    /// Binds and listens. A file that is there is not replaced (EADDRINUSE): who owns the path removes it before.
    package init(_ path: String, backlog: Int32 = 128) throws(SystemError) {
        self.path = path
        descriptor = FileDescriptor(owning: try checked(lx_unix_listen(path, backlog), "bind", path))
    }

    /// The next client that waits, non-blocking; nil where none does.
    /// - Throws: EMFILE and the like.
    package func accept() throws(SystemError) -> UnixSocket? {
        while true {
            let raw = lx_unix_accept(descriptor.rawValue)
            if raw >= 0 { return .adopt(raw) }
            switch errno {
            case EAGAIN: return nil
            // The client gave up while it waited.
            case EINTR, ECONNABORTED: continue
            default: throw .last("accept", path)
            }
        }
    }
}
