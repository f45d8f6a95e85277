import Glibc
package import IKEModel
package import LinuxSystem
package import NetAddress

/// The daemon's sockets for IKE. UDP: IPv4 and IPv6 on each port, and what tells IKE from ESP there (RFC 3948 §2).
///
/// On port 500 all is IKE. On any other port four zero octets, the non-ESP marker, stand before an IKE message; one octet 0xff is
/// a NAT keepalive; the rest is ESP. TCP has the same in frames (`IKEStreams`).
package final class IKESockets {
    /// The port on which IKE has no marker before it (RFC 7296 §2).
    package static let plainPort: UInt16 = 500

    /// An IKE message.
    package var onDatagram: (Datagram) -> Void = { _ in }
    /// An ESP packet; its octets may be changed during the call.
    package var onEncapsulated: (UnsafeMutableRawBufferPointer, _ local: Endpoint, _ remote: Endpoint) -> Void = {
        _, _, _ in
    }
    /// Around the datagrams of one system call: in between, the memory of their octets is not used again.
    package var onBatchBegin: () -> Void = {}
    package var onBatchEnd: () -> Void = {}

    /// The TCP connections, whose messages come by the same callbacks.
    package let streams: IKEStreams
    /// Each socket once it is bound, before anything goes through it.
    package var onOpen: (_ descriptor: Int32, _ local: Endpoint) -> Void = { _, _ in }

    private let loop: EventLoop
    private let mark: UInt32?
    private let batch = UDPBatch()
    private var sockets: [UInt16: [UDPSocket]] = [:]

    /// - Parameter mark: what policy routing knows the packets of these sockets by.
    package init(loop: EventLoop, mark: UInt32?) {
        self.loop = loop
        self.mark = mark
        streams = IKEStreams(loop: loop, mark: mark)
        streams.onBatchBegin = { [unowned self] in onBatchBegin() }
        streams.onBatchEnd = { [unowned self] in onBatchEnd() }
        streams.onMessage = { [unowned self] in dispatch($0, $1.local, $1.remote) }
    }

    /// The address from which a message to a peer would leave; nil where there is no way to it.
    package func source(towards remote: IPAddress) -> IPAddress? { HostWatch.source(towards: remote, mark: mark) }

    package var ports: [UInt16] { sockets.keys.sorted() }

    /// Listens on these ports and no others. A port that cannot be had is left out; a family that the host does not have is fine.
    /// - Returns: what could not be had.
    package func listen(ports: [UInt16]) -> [SystemError] {
        for port in sockets.keys where !ports.contains(port) { close(port) }
        var failures: [SystemError] = []
        for port in ports where sockets[port] == nil {
            do {
                let v4 = try open(.v4, port)
                // Port 0 means a free one: both families get the same.
                let bound = v4.port
                sockets[bound] = [v4]
                if let v6 = try openIfPossible(.v6, bound) { sockets[bound]?.append(v6) }
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func openIfPossible(_ family: AddressFamily, _ port: UInt16) throws(SystemError) -> UDPSocket? {
        do { return try open(family, port) } catch {
            if error.isMissingFamily { return nil }
            throw error
        }
    }

    private func open(_ family: AddressFamily, _ port: UInt16) throws(SystemError) -> UDPSocket {
        try open(Endpoint(.unspecified(family), port: port))
    }

    private func open(_ local: Endpoint) throws(SystemError) -> UDPSocket {
        // ESP comes in bulk, and not to the port that has IKE alone.
        let socket = try UDPSocket(local, mark: mark, joinsDatagrams: local.port != IKESockets.plainPort)
        onOpen(socket.descriptor.rawValue, Endpoint(local.address, port: socket.port))
        try loop.watch(socket.descriptor.rawValue, .read) { [unowned self, unowned socket] _ in receive(socket) }
        return socket
    }

    private func close(_ port: UInt16) {
        for socket in sockets.removeValue(forKey: port) ?? [] {
            loop.unwatch(socket.descriptor.rawValue)
            socket.descriptor.close()
        }
    }

    package func shutdown() {
        for port in ports { close(port) }
        streams.shutdown()
    }

    /// A socket that sends from this local endpoint and no other, for who sends many packets and knows nothing of pktinfo;
    /// nil where the port is not listened on, or the address is not this host's.
    package func descriptor(sendingFrom local: Endpoint) -> Int32? {
        guard let known = sockets[local.port] else { return nil }
        if let socket = known.first(where: { $0.address == local.address }) { return socket.descriptor.rawValue }
        do {
            let socket = try open(local)
            sockets[local.port]?.append(socket)
            return socket.descriptor.rawValue
        } catch {
            return nil
        }
    }

    /// The one on all addresses: pktinfo sets the source.
    private func socket(_ local: Endpoint) -> UDPSocket? {
        sockets[local.port]?.first { $0.family == local.address.family && $0.address.isUnspecified }
    }

    /// Sends an IKE message, once.
    package func transmit(_ datagram: Datagram) throws(SystemError) {
        if datagram.remote.transport == .tcp {
            try streams.transmit(datagram)
            return
        }
        guard let socket = socket(datagram.local) else {
            throw SystemError("sendmsg", "from \(datagram.local): not listening there", code: EADDRNOTAVAIL)
        }
        try socket.send(
            datagram.octets, from: datagram.local.address, to: datagram.remote,
            markerOctets: datagram.local.port == IKESockets.plainPort ? 0 : 4)
    }

    /// Whose a message is that has the marker where it is IKE's.
    private func dispatch(_ octets: UnsafeMutableRawBufferPointer, _ local: Endpoint, _ remote: Endpoint) {
        // A keepalive, or too short for an SPI.
        if octets.count < 4 { return }
        if octets[0] | octets[1] | octets[2] | octets[3] == 0 {
            onDatagram(Datagram(local: local, remote: remote, octets: Array(octets[4...])))
        } else {
            onEncapsulated(octets, local, remote)
        }
    }

    private func receive(_ socket: UDPSocket) {
        // A few batches at most, so that one busy port does not starve the rest.
        for _ in 0..<4 {
            onBatchBegin()
            defer { onBatchEnd() }
            let count = batch.receive(socket) { octets, local, remote in
                guard local.port != IKESockets.plainPort else {
                    return onDatagram(Datagram(local: local, remote: remote, octets: Array(octets)))
                }
                dispatch(octets, local, remote)
            }
            // A callback may have closed the socket.
            if count < UDPBatch.standardSlots || socket.descriptor.rawValue < 0 { break }
        }
    }
}
