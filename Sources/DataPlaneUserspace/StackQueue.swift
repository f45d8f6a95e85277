import CLinux
import ESP
import LinuxSystem

/// The way to the stack: gathers decrypted packets, joins consecutive TCP segments of a flow into one superpacket, and
/// gives them to the packet port in one system call.
///
/// Payloads are not copied: the packets must stay where they are until `flush`. Segments are joined under the rules of
/// the kernel's own GRO (same headers, next sequence number, no flags but ACK and PSH), and only after their checksum
/// has been verified, because a superpacket claims to the stack that its checksums are right.
final class StackQueue {
    /// Flows that may be open for joining at a time; a further one closes the oldest.
    private static let openFlows = 8
    /// Header room of each message: virtio and link header, then IP and TCP header or a rebuilt IP header.
    private static let headerRoom = 320

    /// A superpacket under construction.
    private struct Flow {
        var isOpen = false
        var message = 0
        var isV6 = false
        var ipLength = 0
        /// IP and TCP header.
        var headerLength = 0
        var segmentOctets = 0
        var payloadOctets = 0
        var segments = 0
        var nextSequence: UInt32 = 0
        var nextIdentification: UInt16 = 0
        var source: UInt128 = 0
        var destination: UInt128 = 0
        var ports: UInt32 = 0
    }

    private let port: PacketPort
    private let queue = DatagramQueue(capacity: PacketPort.batch, partsPerMessage: PacketPort.batch + 2)
    private let headers: UnsafeMutableRawPointer
    private let flows: UnsafeMutablePointer<Flow>
    private var nextFlow = 0
    /// Packets that the stack did not take.
    private(set) var dropped = 0

    init(port: PacketPort) {
        self.port = port
        headers = .allocate(byteCount: PacketPort.batch * Self.headerRoom, alignment: 16)
        flows = .allocate(capacity: Self.openFlows)
        flows.initialize(repeating: Flow(), count: Self.openFlows)
    }

    deinit {
        headers.deallocate()
        flows.deallocate()
    }

    private func header(_ message: Int) -> UnsafeMutableRawPointer { headers + message * Self.headerRoom }

    /// Begins a message; its first part is the virtio and link header and `extra` octets behind them.
    private func begin(isV6: Bool, extra: Int) -> Int {
        if queue.isFull { flush() }
        let message = queue.begin()
        let header = header(message)
        VirtioNetHeader().write(to: header)
        port.writeLinkHeader(to: header + VirtioNetHeader.octetCount, isV6: isV6)
        queue.addPart(message, header, PacketPort.packetOffset + extra)
        return message
    }

    /// Adds a whole inner packet of a tunnel.
    func add(_ packet: UnsafeMutableRawBufferPointer, _ inner: InnerPacket) {
        if inner.ipProtocol == 6 && !inner.isFragment {
            if join(packet, inner) { return }
        }
        let message = begin(isV6: inner.isV6, extra: 0)
        queue.addPart(message, packet.baseAddress!, inner.length)
    }

    /// Adds a packet whose IP header was rebuilt (transport mode): `header`, at most 40 octets, is copied.
    func add(header ip: UnsafeRawBufferPointer, payload: UnsafeMutableRawBufferPointer, isV6: Bool) {
        let message = begin(isV6: isV6, extra: ip.count)
        (header(message) + PacketPort.packetOffset).copyMemory(from: ip.baseAddress!, byteCount: ip.count)
        queue.addPart(message, payload.baseAddress!, payload.count)
    }

    /// Joins a TCP packet to its flow, or begins one with it; false where it must go alone.
    private func join(_ packet: UnsafeMutableRawBufferPointer, _ inner: InnerPacket) -> Bool {
        let base = packet.baseAddress!
        let ipLength = inner.headerLength
        guard inner.length >= ipLength + 20 else { return false }
        let tcp = base + ipLength
        let ports = tcp.loadUnaligned(as: UInt32.self)
        var slot = -1
        for index in 0..<Self.openFlows
        where flows[index].isOpen && flows[index].ports == ports && flows[index].source == inner.source
            && flows[index].destination == inner.destination && flows[index].isV6 == inner.isV6
        { slot = index }
        let headerLength = ipLength + Int(tcp.load(fromByteOffset: 12, as: UInt8.self) >> 4) * 4
        let payload = inner.length - headerLength
        let flags = tcp.load(fromByteOffset: 13, as: UInt8.self)
        // ACK, PSH allowed besides; IP options and extension headers keep a packet alone.
        guard headerLength >= ipLength + 20, payload > 0, flags & ~0x08 == 0x10, ipLength == (inner.isV6 ? 40 : 20),
            isChecksumRight(packet, inner)
        else {
            if slot >= 0 { flows[slot].isOpen = false }
            return false
        }
        let sequence = UInt32(bigEndian: tcp.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let identification =
            inner.isV6 ? 0 : UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        if slot >= 0 {
            let first = header(flows[slot].message) + PacketPort.packetOffset
            if sequence == flows[slot].nextSequence, headerLength == flows[slot].headerLength,
                payload <= flows[slot].segmentOctets, flows[slot].payloadOctets + payload + headerLength <= 65535,
                queue.partCount(flows[slot].message) < queue.partsPerMessage,
                haveSameHeaders(first, base, ipLength: ipLength, headerLength: headerLength, isV6: inner.isV6),
                inner.isV6 || base.load(fromByteOffset: 6, as: UInt8.self) & 0x40 != 0
                    || identification == flows[slot].nextIdentification
            {
                queue.addPart(flows[slot].message, base + headerLength, payload)
                flows[slot].payloadOctets += payload
                flows[slot].segments += 1
                flows[slot].nextSequence &+= UInt32(payload)
                flows[slot].nextIdentification = identification &+ 1
                if flags & 0x08 != 0 {
                    let field = first + ipLength + 13
                    field.storeBytes(of: field.load(as: UInt8.self) | 0x08, as: UInt8.self)
                }
                finish(slot)
                if payload < flows[slot].segmentOctets || flags & 0x08 != 0 { flows[slot].isOpen = false }
                return true
            }
            flows[slot].isOpen = false
        }
        let message = begin(isV6: inner.isV6, extra: headerLength)
        (header(message) + PacketPort.packetOffset).copyMemory(from: base, byteCount: headerLength)
        queue.addPart(message, base + headerLength, payload)
        // A segment with PSH ends what its sender had to say: nothing follows that is worth waiting for.
        guard flags & 0x08 == 0 else { return true }
        flows[nextFlow] = Flow(
            isOpen: true, message: message, isV6: inner.isV6, ipLength: ipLength, headerLength: headerLength,
            segmentOctets: payload, payloadOctets: payload, segments: 1, nextSequence: sequence &+ UInt32(payload),
            nextIdentification: identification &+ 1, source: inner.source, destination: inner.destination, ports: ports)
        nextFlow = (nextFlow + 1) % Self.openFlows
        return true
    }

    private func isChecksumRight(_ packet: UnsafeMutableRawBufferPointer, _ inner: InnerPacket) -> Bool {
        let length = inner.length - inner.headerLength
        let pseudo = InternetChecksum.pseudoHeader(
            of: packet.baseAddress!, isV6: inner.isV6, ipProtocol: 6, length: length)
        let upper = UnsafeRawBufferPointer(start: packet.baseAddress! + inner.headerLength, count: length)
        return InternetChecksum.fold(InternetChecksum.add(upper, to: pseudo)) == 0xffff
    }

    /// Whether two segments differ only where consecutive segments do: length, identification, checksums, sequence,
    /// PSH.
    private func haveSameHeaders(
        _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, ipLength: Int, headerLength: Int, isV6: Bool
    ) -> Bool {
        func word(_ p: UnsafeMutableRawPointer, _ offset: Int) -> UInt32 {
            p.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        }
        func half(_ p: UnsafeMutableRawPointer, _ offset: Int) -> UInt16 {
            p.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
        }
        if isV6 {
            guard word(a, 0) == word(b, 0), half(a, 6) == half(b, 6) else { return false }
        } else {
            guard half(a, 0) == half(b, 0), half(a, 6) == half(b, 6), half(a, 8) == half(b, 8) else { return false }
        }
        // Acknowledgement, data offset, window, urgent pointer, options.
        guard word(a, ipLength + 8) == word(b, ipLength + 8),
            a.load(fromByteOffset: ipLength + 12, as: UInt8.self)
                == b.load(fromByteOffset: ipLength + 12, as: UInt8.self),
            half(a, ipLength + 14) == half(b, ipLength + 14), half(a, ipLength + 18) == half(b, ipLength + 18)
        else { return false }
        var offset = ipLength + 20
        while offset < headerLength {
            if word(a, offset) != word(b, offset) { return false }
            offset += 4
        }
        return true
    }

    /// Makes the headers of a message right for the segments that it has now.
    private func finish(_ slot: Int) {
        let flow = flows[slot]
        let header = header(flow.message)
        let packet = header + PacketPort.packetOffset
        let length = flow.headerLength + flow.payloadOctets
        if flow.isV6 {
            packet.storeBytes(of: UInt16(length - 40).bigEndian, toByteOffset: 4, as: UInt16.self)
        } else {
            packet.storeBytes(of: UInt16(length).bigEndian, toByteOffset: 2, as: UInt16.self)
            packet.storeBytes(
                of: InternetChecksum.headerChecksum(packet, length: flow.ipLength), toByteOffset: 10, as: UInt16.self)
        }
        // The sum of the pseudo-header alone: the rest is computed per segment by whoever needs it.
        let pseudo = InternetChecksum.pseudoHeader(
            of: packet, isV6: flow.isV6, ipProtocol: 6, length: length - flow.ipLength)
        packet.storeBytes(of: InternetChecksum.fold(pseudo), toByteOffset: flow.ipLength + 16, as: UInt16.self)
        var virtio = VirtioNetHeader()
        virtio.flags = VirtioNetHeader.needsChecksum
        virtio.segmentation = flow.isV6 ? VirtioNetHeader.segmentTCPv6 : VirtioNetHeader.segmentTCPv4
        virtio.headerLength = UInt16(PacketPort.linkHeaderLength + flow.headerLength)
        virtio.segmentOctets = UInt16(flow.segmentOctets)
        virtio.checksumStart = UInt16(PacketPort.linkHeaderLength + flow.ipLength)
        virtio.checksumOffset = 16
        virtio.write(to: header)
    }

    /// Gives everything to the stack; the packets' memory is free afterwards.
    func flush() {
        guard queue.count > 0 else { return }
        for index in 0..<Self.openFlows { flows[index].isOpen = false }
        dropped += port.flush(queue)
    }
}
