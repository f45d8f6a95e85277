import CLinux
import Glibc
package import NetAddress

/// A UDP socket on one local address, or on all, the present and the future ones. Each datagram that comes in tells its local
/// address (RFC 3542 §6), and each that goes out leaves from the local address that it is given. No DF bit.
package final class UDPSocket {
    /// What is bound; unspecified: all addresses.
    package let address: IPAddress
    /// The port that is bound.
    package let port: UInt16
    package let descriptor: FileDescriptor
    /// The interface through which a link-local peer last came: its address alone does not say where it is.
    private var linkLocalInterfaces: [IPAddress: UInt32] = [:]

    package var family: AddressFamily { address.family }

    /// All addresses of a family. Refused (EADDRINUSE) where anyone has the port; port 0 takes a free one.
    /// - Parameter mark: what policy routing knows these packets by; nil: none. Without CAP_NET_ADMIN it is left out.
    package convenience init(
        _ family: AddressFamily, port: UInt16, mark: UInt32? = nil, joinsDatagrams: Bool = false
    ) throws(SystemError) {
        try self.init(Endpoint(.unspecified(family), port: port), mark: mark, joinsDatagrams: joinsDatagrams)
    }

    /// One address, beside this process's socket on all of them, from which it takes what is for this one.
    /// - Parameter joinsDatagrams: lets the kernel hand over a run of datagrams of one sender at once (UDP_GRO, udp(7)),
    ///   which `UDPBatch` takes apart again: much cheaper where they come in bulk.
    package init(_ local: Endpoint, mark: UInt32? = nil, joinsDatagrams: Bool = false) throws(SystemError) {
        var step: UnsafePointer<CChar>?
        var endpoint = lx_endpoint(local)
        let raw = lx_udp_open(&endpoint, &step)
        guard raw >= 0 else {
            let code = errno
            throw SystemError(step.map { String(cString: $0) } ?? "socket", "UDP \(local)", code: code)
        }
        descriptor = FileDescriptor(owning: raw)
        address = local.address
        self.port = UInt16(truncatingIfNeeded: try checked(lx_bound_port(raw), "getsockname"))
        if let mark, lx_set_mark(raw, mark) != 0, errno != EPERM { throw .last("setsockopt", "SO_MARK") }
        lx_set_buffers(raw, joinsDatagrams ? 8 << 20 : 1 << 20)
        // A kernel without it hands over one at a time.
        if joinsDatagrams { _ = lx_join_datagrams(raw) }
    }

    /// Sends one datagram with `markerOctets` (0 or 4) zero octets before it.
    /// - Throws: what the kernel says, EAGAIN and ECONNREFUSED among it: UDP may lose datagrams, so all are harmless.
    package func send(
        _ octets: [UInt8], from local: IPAddress, to remote: Endpoint, markerOctets: Int = 0
    ) throws(SystemError) {
        precondition(remote.address.family == family, "an IPv\(family.rawValue) socket cannot reach \(remote)")
        var ends = (lx_endpoint(Endpoint(local, port: port)), lx_endpoint(remote))
        ends.1.interface = linkLocalInterfaces[remote.address] ?? 0
        // The first call after an ICMP error may report that error instead of sending.
        for attempt in 0..<2 {
            let sent = octets.withUnsafeBytes {
                lx_udp_send(descriptor.rawValue, &ends.0, &ends.1, markerOctets, $0.baseAddress, $0.count)
            }
            if sent >= 0 { return }
            let code = errno
            if attempt == 1 || (code != ECONNREFUSED && code != EINTR) {
                throw SystemError("sendmsg", "\(local) to \(remote)", code: code)
            }
        }
    }

    fileprivate func noteInterface(_ remote: lx_endpoint, _ address: IPAddress) {
        guard remote.interface != 0, linkLocalInterfaces[address] != remote.interface else { return }
        // A bound on what strangers on a link can make us keep.
        if linkLocalInterfaces.count >= 1024 { linkLocalInterfaces.removeAll() }
        linkLocalInterfaces[address] = remote.interface
    }
}

/// The memory for the datagrams of one recvmmsg call; shared by sockets, as only one is read at a time.
package final class UDPBatch {
    package static let standardSlots = 64
    private let batch: OpaquePointer

    /// - Parameter slots: how many datagrams one call takes at most, each up to 65,535 octets.
    package init(slots: Int = standardSlots) { batch = lx_udp_batch_new(UInt32(slots)) }

    deinit { lx_udp_batch_free(batch) }

    /// Takes what waits, up to the number of slots, and calls back for each datagram in order. Its octets are valid, and may be
    /// changed, during the call. Datagrams to broadcast and multicast addresses are dropped.
    /// - Returns: how many the kernel gave, a run of joined ones counting as one; 0 where none waits.
    package func receive(
        _ socket: UDPSocket, _ body: (UnsafeMutableRawBufferPointer, _ local: Endpoint, _ remote: Endpoint) -> Void
    ) -> Int {
        var received = lx_udp_batch_receive(batch, socket.descriptor.rawValue, socket.port)
        // An ICMP error that came for an earlier datagram of ours, and says nothing about those that wait.
        if received < 0 && errno != EAGAIN {
            received = lx_udp_batch_receive(batch, socket.descriptor.rawValue, socket.port)
        }
        guard received > 0 else { return 0 }
        for slot in 0..<UInt32(received) {
            var ends = (lx_endpoint(), lx_endpoint())
            guard lx_udp_batch_ends(batch, slot, &ends.0, &ends.1) else { continue }
            var count = 0
            guard let start = lx_udp_batch_data(batch, slot, &count), count > 0 else { continue }
            let remote = Endpoint(ends.1)
            socket.noteInterface(ends.1, remote.address)
            let local = Endpoint(ends.0)
            let joined = lx_udp_batch_segment(batch, slot)
            let length = joined == 0 ? count : joined
            for offset in stride(from: 0, to: count, by: length) {
                body(
                    UnsafeMutableRawBufferPointer(start: start + offset, count: min(length, count - offset)), local,
                    remote)
            }
        }
        return Int(received)
    }
}

extension lx_endpoint {
    fileprivate init(_ endpoint: Endpoint) {
        self.init()
        octet_count = UInt8(endpoint.address.family.octetCount)
        port = endpoint.port
        withUnsafeMutableBytes(of: &address) { target in
            for index in 0..<Int(octet_count) {
                let shift = UInt128(8 * (Int(octet_count) - 1 - index))
                target[index] = UInt8(truncatingIfNeeded: endpoint.address.value >> shift)
            }
        }
    }
}

extension Endpoint {
    fileprivate init(_ endpoint: lx_endpoint) {
        let value = withUnsafeBytes(of: endpoint.address) { octets in
            octets.prefix(Int(endpoint.octet_count)).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        }
        self.init(
            IPAddress(family: endpoint.octet_count == 4 ? .v4 : .v6, value: value), port: endpoint.port)
    }
}
