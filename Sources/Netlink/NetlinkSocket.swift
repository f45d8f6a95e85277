import CNetlink
import Glibc
import NetAddress

/// A netlink socket: it speaks for the network namespace that its thread was in when it was made, and stays with it.
package final class NetlinkSocket {
    /// The part of the kernel that is spoken to.
    package enum Family: Sendable {
        /// NETLINK_ROUTE: links, addresses, routes, rules.
        case route
        /// NETLINK_XFRM: the kernel's IPsec.
        case xfrm
    }

    /// Requests sent before their answers are read: the answers must fit the receive buffer (at least 208 KiB; one is
    /// accounted with about 1 KiB).
    private static let batchLimit = 64

    let socket: OpaquePointer
    private var sequence: UInt32 = 1

    package init(_ family: Family = .route) throws(NetlinkError) {
        guard let socket = nl_socket_alloc() else { throw NetlinkError(request: "nl_socket_alloc", code: ENOMEM) }
        let result = nl_connect(socket, family == .route ? NETLINK_ROUTE : NETLINK_XFRM)
        guard result >= 0 else {
            let code = errno
            nl_socket_free(socket)
            throw NetlinkError(request: "nl_connect", code: code)
        }
        self.socket = socket
        nl_socket_enable_msg_peek(socket)
        // The kernel's explanation in words behind an error, and no copy of the request before it.
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, size)
        _ = setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, size)
    }

    deinit { nl_socket_free(socket) }

    /// By which the kernel knows the socket (nl_pid of netlink(7)).
    package var port: UInt32 { nl_socket_get_local_port(socket) }

    package func send(_ request: NetlinkRequest) throws(NetlinkError) { try send([request]) }

    /// Sends requests, many in one system call; the kernel takes them in order.
    /// - Throws: the first that was refused; those behind it have been carried out all the same.
    package func send(_ requests: [NetlinkRequest]) throws(NetlinkError) {
        var failure: NetlinkError?
        var rest = requests[...]
        while !rest.isEmpty {
            var batch = Array(rest.prefix(NetlinkSocket.batchLimit))
            rest = rest.dropFirst(batch.count)
            let first = sequence
            var bytes: [UInt8] = []
            for index in batch.indices {
                batch[index].setSequence(sequence)
                sequence &+= 1
                bytes += batch[index].bytes
                bytes += [UInt8](repeating: 0, count: -bytes.count & 3)
            }
            guard nl_sendto(socket, &bytes, bytes.count) >= 0 else {
                throw NetlinkError(request: batch[0].description, code: errno)
            }
            var missing = batch.count
            while missing > 0 {
                for message in try receive(for: batch[0].description) where message.type == UInt16(NLMSG_ERROR) {
                    let index = Int(message.sequence &- first)
                    guard batch.indices.contains(index) else { continue }
                    missing -= 1
                    if let error = error(message, batch[index].description), failure == nil { failure = error }
                }
            }
        }
        if let failure { throw failure }
    }

    /// Asks for a list; each message of the answer, without the end mark.
    func dump(_ request: NetlinkRequest) throws(NetlinkError) -> [NetlinkMessage] {
        var request = request
        request.setSequence(sequence)
        let expected = sequence
        sequence &+= 1
        guard nl_sendto(socket, &request.bytes, request.bytes.count) >= 0 else {
            throw NetlinkError(request: request.description, code: errno)
        }
        var result: [NetlinkMessage] = []
        while true {
            for message in try receive(for: request.description) where message.sequence == expected {
                switch Int32(message.type) {
                case NLMSG_DONE: return result
                case NLMSG_ERROR:
                    if let error = error(message, request.description) { throw error }
                    return result
                default: result.append(message)
                }
            }
        }
    }

    /// The next datagram's messages.
    private func receive(for request: String) throws(NetlinkError) -> [NetlinkMessage] {
        var sender = sockaddr_nl()
        var buffer: UnsafeMutablePointer<UInt8>?
        while true {
            let count = nl_recv(socket, &sender, &buffer, nil)
            guard count >= 0 else { throw NetlinkError(request: request, code: errno) }
            defer { free(buffer) }
            if count == 0 { continue }
            return NetlinkMessage.all(in: Array(UnsafeBufferPointer(start: buffer, count: Int(count))))
        }
    }

    /// The error of an NLMSG_ERROR message; nil for an acknowledgement, which is one with the code 0.
    private func error(_ message: NetlinkMessage, _ request: String) -> NetlinkError? {
        guard message.payload.count >= 4 else { return nil }
        let code: Int32 = message.payload.number(at: 0)
        if code == 0 { return nil }
        var text: String?
        // NLM_F_CAPPED 0x100: only the header of the request (16 octets) follows; NLM_F_ACK_TLVS 0x200: then
        // attributes.
        if message.flags & 0x200 != 0 && message.payload.count >= 20 {
            let length: UInt32 = message.payload.number(at: 4)
            let skipped = message.flags & 0x100 != 0 ? 20 : 4 + Int(length)
            text = NetlinkMessage.attributes(message.payload.dropFirst((skipped + 3) & ~3))[1]?.text
        }
        return NetlinkError(request: request, code: -code, kernelText: text)
    }
}
