import CLinux
import Glibc
package import NetAddress

/// A TCP socket, non-blocking: one that listens, or one end of a connection.
package final class TCPSocket {
    package let descriptor: FileDescriptor

    private init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    private static func open(_ family: AddressFamily, mark: UInt32?) throws(SystemError) -> TCPSocket {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let raw = try checked(socket(family == .v4 ? AF_INET : AF_INET6, type, 0), "socket", "TCP")
        let result = TCPSocket(FileDescriptor(owning: raw))
        if let mark, lx_set_mark(raw, mark) != 0, errno != EPERM { throw .last("setsockopt", "SO_MARK") }
        return result
    }

    /// Connections that the kernel takes before anybody accepts them.
    private static let backlog: Int32 = 128

    /// Listens; IPv6 alone on an IPv6 address. Port 0 takes a free one.
    /// - Parameter mark: of its packets and of those of the connections that it accepts; without CAP_NET_ADMIN it is left
    ///   out.
    package static func listening(on local: Endpoint, mark: UInt32? = nil) throws(SystemError) -> TCPSocket {
        let socket = try open(local.address.family, mark: mark)
        let raw = socket.descriptor.rawValue
        var on: Int32 = 1
        // A daemon that starts again finds connections of the one before it in TIME_WAIT.
        try checked(setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, 4), "setsockopt", "SO_REUSEADDR")
        if local.address.family == .v6 {
            try checked(setsockopt(raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, 4), "setsockopt", "IPV6_V6ONLY")
        }
        try checked(DatagramAddress(local).withPointer { bind(raw, $0, $1) }, "bind", "TCP \(local)")
        try checked(listen(raw, backlog), "listen", "TCP \(local)")
        return socket
    }

    /// Unacknowledged octets for so long, in milliseconds, end a connection (TCP_USER_TIMEOUT, tcp(7)).
    private static let userTimeoutMilliseconds: UInt32 = 30_000

    /// Begins to connect from a free port; the socket is writable when that is decided, and `connectError` tells how.
    /// - Parameter local: unspecified: the kernel chooses, a mobile node's care-of address before its home address, which may wait for
    ///   what this connection is for (RFC 5014 §5).
    /// - Returns: the socket even where the call failed at once, with the errno.
    package static func connecting(
        from local: IPAddress, to remote: Endpoint, mark: UInt32? = nil
    ) throws(SystemError) -> (socket: TCPSocket, failure: Int32) {
        let socket = try open(remote.address.family, mark: mark)
        let raw = socket.descriptor.rawValue
        socket.prepare()
        if local.family == .v6, local.isUnspecified { lx_prefer_care_of(raw) }
        let source = Endpoint(local, port: 0, transport: .tcp)
        try checked(DatagramAddress(source).withPointer { bind(raw, $0, $1) }, "bind", "TCP \(local)")
        let result = DatagramAddress(remote).withPointer { connect(raw, $0, $1) }
        return (socket, result == 0 || errno == EINPROGRESS ? 0 : errno)
    }

    /// The connections that wait, one a call; nil where none does.
    package func accept() throws(SystemError) -> TCPSocket? {
        while true {
            let raw = lx_accept(descriptor.rawValue)
            if raw >= 0 {
                let socket = TCPSocket(FileDescriptor(owning: raw))
                socket.prepare()
                return socket
            }
            switch errno {
            case EAGAIN: return nil
            // It was gone again before it was accepted (accept(2)).
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH: continue
            case let code: throw SystemError("accept4", code: code)
            }
        }
    }

    /// Messages leave as they are handed over.
    private func prepare() {
        var on: Int32 = 1
        _ = setsockopt(descriptor.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        var timeout = Self.userTimeoutMilliseconds
        _ = setsockopt(descriptor.rawValue, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &timeout, 4)
    }

    /// The errno of the connection, which is forgotten; 0: none.
    package var connectError: Int32 {
        var code: Int32 = 0
        var length: socklen_t = 4
        guard getsockopt(descriptor.rawValue, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return errno }
        return code
    }

    package var local: Endpoint? { end(getsockname) }
    package var remote: Endpoint? { end(getpeername) }

    private func end(
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Endpoint? {
        var address = DatagramAddress(emptyOf: .v6)
        let result = address.withMutablePointer { pointer, _ in
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            return call(descriptor.rawValue, pointer, &length)
        }
        guard result == 0, var end = address.endpoint else { return nil }
        end.transport = .tcp
        return end
    }

    /// Hands octets to the kernel. Returns how many it took, 0 where it would block.
    package func send(_ octets: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        while true {
            let sent = Glibc.send(
                descriptor.rawValue, octets.baseAddress, octets.count, Int32(MSG_NOSIGNAL))
            if sent >= 0 { return sent }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { throw .last("send") }
        }
    }

    /// Takes what has come. nil: nothing at the moment; 0: the peer sends no more.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int? {
        while true {
            let received = recv(descriptor.rawValue, buffer.baseAddress, buffer.count, 0)
            if received >= 0 { return received }
            if errno == EAGAIN { return nil }
            if errno != EINTR { throw .last("recv") }
        }
    }
}
