import CNetlink
import Glibc
package import NetAddress

/// Reading the kernel's IPsec; on sockets of `Family.xfrm`.
extension NetlinkSocket {
    /// One state with its counters; nil where there is none.
    package func state(_ id: XFRMStateID) throws(NetlinkError) -> XFRMState? {
        try one(.getState(id)).flatMap { XFRMState($0) }
    }

    /// All of the namespace, in the kernel's order: the one made last first.
    package func states() throws(NetlinkError) -> [XFRMState] {
        let request = NetlinkMessageBuilder(type: Int(XFRM_MSG_GETSA), flags: NLM_F_DUMP)
        return try dump(request.finish("list states")).compactMap { XFRMState($0) }
    }

    /// nil where there is none.
    package func policy(_ id: XFRMPolicyID) throws(NetlinkError) -> XFRMPolicy? {
        try one(.getPolicy(id)).flatMap { XFRMPolicy($0) }
    }

    /// All of the namespace, but for those of sockets.
    package func policies() throws(NetlinkError) -> [XFRMPolicy] {
        let request = NetlinkMessageBuilder(type: Int(XFRM_MSG_GETPOLICY), flags: NLM_F_DUMP)
        return try dump(request.finish("list policies")).compactMap { XFRMPolicy($0) }
    }

    /// An SPI that no state to this destination has, held for 30 s.
    package func allocateSPI(
        from source: IPAddress, to destination: IPAddress, reqid: UInt32, mode: XFRMMode,
        within range: ClosedRange<UInt32> = 0xc000_0000...0xcfff_ffff
    ) throws(NetlinkError) -> UInt32 {
        var state = XFRMState(from: source, to: destination, spi: 0)
        state.reqid = reqid
        state.mode = mode
        let request = NetlinkRequest.allocateSPI(state, within: range)
        guard let answer = try dump(request).first, let made = XFRMState(answer) else {
            throw NetlinkError(request: request.description, code: ENOMSG)
        }
        return made.spi
    }

    private func one(_ request: NetlinkRequest) throws(NetlinkError) -> NetlinkMessage? {
        do { return try dump(request).first } catch {
            if error.code == ESRCH || error.code == ENOENT { return nil }
            throw error
        }
    }

    // MARK: Events

    /// Hears acquires, expiries, changed mappings and migrations from here on; the socket is for `waitingEvents` alone then.
    package func joinXFRM() throws(NetlinkError) {
        for group in [XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_MAPPING, XFRMNLGRP_MIGRATE] {
            var number = Int32(bitPattern: group.rawValue)
            let size = socklen_t(MemoryLayout<Int32>.size)
            guard setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &number, size) == 0 else {
                throw NetlinkError(request: "hear XFRM events", code: errno)
            }
        }
        nl_socket_set_nonblocking(socket)
    }

    package var descriptor: Int32 { nl_socket_get_fd(socket) }

    /// Octets of the longest event, an expiry with all attributes, are about 1000; a longer datagram is none of ours.
    private static let eventOctets = 16384
    /// Datagrams that one call takes.
    private static let eventsPerCall = 64

    /// What waits, up to 64 datagrams; empty where nothing does. Datagrams of anyone but the kernel are passed over.
    /// - Parameter overrun: set where the kernel had more to say than the socket's buffer held (ENOBUFS).
    package func waitingEvents(overrun: inout Bool) -> [XFRMEvent] {
        var result: [XFRMEvent] = []
        var buffer = [UInt8](repeating: 0, count: NetlinkSocket.eventOctets)
        for _ in 0..<NetlinkSocket.eventsPerCall {
            var sender = sockaddr_nl()
            var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
            let count = withUnsafeMutablePointer(to: &sender) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT), $0, &length)
                }
            }
            if count < 0 {
                if errno == ENOBUFS {
                    overrun = true
                    continue
                }
                break
            }
            if sender.nl_pid == 0 { result += XFRMEvent.all(in: Array(buffer.prefix(count))) }
        }
        return result
    }
}
