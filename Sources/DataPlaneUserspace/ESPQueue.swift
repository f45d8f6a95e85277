import CLinux
import ESP
import Glibc
import IKEModel
import LinuxSystem
import NetAddress

/// The two ends that name a TCP connection.
struct StreamEnds: Hashable {
    var local: Endpoint
    var remote: Endpoint
}

/// The way to the wire: seals packets into one reused buffer and sends up to 64 in one system call.
///
/// All packets of a batch go through one descriptor; one for another descriptor sends the batch before it. Over UDP the
/// segments of a superpacket, all of one length, leave as one call of the stack (UDP_SEGMENT, udp(7)), which is cut up
/// on the far side of it. Raw sockets have no such thing: a batch for one is all of one SA, and a great one takes the
/// SA's `DirectPath` where that is open. A batch for a TCP connection is a run of frames, handed over as one.
final class ESPQueue {
    private static let capacity = 64
    /// Octets of sealed packets that wait; the longest one, a 64 KiB inner packet that the kernel will fragment, fits.
    private static let roomOctets = 256 * 1024

    /// Datagrams that the kernel takes as one: UDP_MAX_SEGMENTS, and what an IP packet can count.
    private static let segmentLimit = 64
    private static let segmentedOctets = 65000

    private let queue = DatagramQueue(capacity: ESPQueue.capacity, partsPerMessage: ESPQueue.segmentLimit)
    private let room: UnsafeMutableRawPointer
    private var used = 0
    private var descriptor: Int32 = -1
    // The message under construction to which further datagrams of `segment` octets may be added.
    private var open = -1
    private var openAssociation: SecurityAssociation?
    private var openClass: UInt8 = 0
    private var openOctets = 0
    private var segment = 0
    /// Until an interface without checksum offload has refused (EIO, EINVAL).
    private var maySegment = true
    private var hasSegmented = false
    private let stream: DataPlaneUserspace.StreamSink
    /// The connection whose frames wait; nil: none do.
    private var streamEnds: StreamEnds?
    private var streamPackets: UInt64 = 0
    // The batch of a raw socket: its SA, the longest packet, and each packet's traffic class.
    private var rawAssociation: SecurityAssociation?
    private var longest = 0
    private let classes: UnsafeMutablePointer<UInt8>
    /// Packets that took a direct path.
    private(set) var direct: UInt64 = 0
    /// Packets that the kernel did not take.
    private(set) var dropped: UInt64 = 0

    init(stream: @escaping DataPlaneUserspace.StreamSink) {
        self.stream = stream
        room = .allocate(byteCount: Self.roomOctets, alignment: 64)
        classes = .allocate(capacity: Self.capacity)
    }

    deinit {
        room.deallocate()
        classes.deallocate()
    }

    /// Seals a payload and queues it.
    /// - Parameters:
    ///   - descriptor: the raw socket bound to the SA's local address, or the UDP socket of its encapsulation.
    ///   - trafficClass: the outer header's (RFC 4301 §5.1.2.1: DSCP copied; RFC 6040 §4.1: ECN copied).
    func send(
        _ association: SecurityAssociation, _ payload: UnsafeRawBufferPointer, nextHeader: UInt8, trafficClass: UInt8,
        descriptor: Int32
    ) throws(ESPError) {
        if let ends = association.stream {
            try send(association, payload, nextHeader: nextHeader, over: ends)
            return
        }
        if streamEnds != nil { flush() }
        let isRaw = !association.isEncapsulated
        let headerRoom = isRaw ? DirectPath.headerRoom : 0
        let needed = headerRoom + association.outbound.sealedLength(payloadLength: payload.count)
        if queue.isFull || used + needed > Self.roomOctets || descriptor != self.descriptor
            || (isRaw && association !== rawAssociation)
        {
            flush()
            self.descriptor = descriptor
            if isRaw { rawAssociation = association }
        }
        used += headerRoom
        let place = room + used
        let length = try association.outbound.seal(
            inner: payload, nextHeader: nextHeader,
            into: UnsafeMutableRawBufferPointer(start: place, count: Self.roomOctets - used))
        used += (length + 63) & ~63
        if open >= 0, openAssociation === association, openClass == trafficClass, length <= segment,
            openOctets + length <= Self.segmentedOctets, queue.partCount(open) < Self.segmentLimit
        {
            if queue.partCount(open) == 1 {
                queue.addControl(open, level: LX_SOL_UDP, type: LX_UDP_SEGMENT, UInt16(segment))
                hasSegmented = true
            }
            queue.addPart(open, place, length)
            openOctets += length
            // Only the last one may be shorter.
            if length < segment { open = -1 }
            return
        }
        open = -1
        let message = queue.begin()
        queue.addPart(message, place, length)
        let isV4 = association.installation.local.family == .v4
        queue.setDestination(message, UnsafeMutableRawPointer(association.destination), isV4 ? 16 : 28)
        if trafficClass != 0 {
            if isV4 {
                queue.addControl(message, level: LX_SOL_IP, type: LX_IP_TOS, Int32(trafficClass))
            } else {
                queue.addControl(message, level: LX_SOL_IPV6, type: LX_IPV6_TCLASS, Int32(trafficClass))
            }
        }
        // The daemon's UDP socket may be bound to any address; a raw one of ours is bound to the local one.
        if isRaw {
            classes[message] = trafficClass
            longest = max(longest, length)
            return
        }
        let local = association.installation.local.value
        if isV4 {
            // struct in_pktinfo: interface, the source to use, the address of the header.
            queue.addControl(
                message, level: LX_SOL_IP, type: LX_IP_PKTINFO,
                (Int32(0), UInt32(truncatingIfNeeded: local).bigEndian, UInt32(0)))
        } else {
            // struct in6_pktinfo: address, interface.
            queue.addControl(
                message, level: LX_SOL_IPV6, type: LX_IPV6_PKTINFO,
                (
                    UInt64(truncatingIfNeeded: local >> 64).bigEndian, UInt64(truncatingIfNeeded: local).bigEndian,
                    Int32(0)
                ))
        }
        guard maySegment else { return }
        (open, openAssociation, openClass, openOctets, segment) = (message, association, trafficClass, length, length)
    }

    /// A frame: its length in 2 octets, which count themselves, then the ESP packet (RFC 9329 §3.2).
    private func send(
        _ association: SecurityAssociation, _ payload: UnsafeRawBufferPointer, nextHeader: UInt8, over ends: StreamEnds
    ) throws(ESPError) {
        let frame = 2 + association.outbound.sealedLength(payloadLength: payload.count)
        guard frame <= 65535 else {
            dropped += 1
            return
        }
        if streamEnds != ends || used + frame > Self.roomOctets { flush() }
        streamEnds = ends
        let place = room + used
        let length = try association.outbound.seal(
            inner: payload, nextHeader: nextHeader,
            into: UnsafeMutableRawBufferPointer(start: place + 2, count: Self.roomOctets - used - 2))
        place.storeBytes(of: UInt16(length + 2).bigEndian, as: UInt16.self)
        used += length + 2
        streamPackets += 1
    }

    func flush() {
        if let ends = streamEnds {
            if used > 0, !stream(ends.local, ends.remote, UnsafeRawBufferPointer(start: room, count: used)) {
                dropped += streamPackets
            }
            (streamEnds, streamPackets, used) = (nil, 0, 0)
            return
        }
        if queue.count >= DirectPath.leastPackets, let path = rawAssociation?.path {
            flush(by: path)
        } else if queue.count > 0 {
            let refused = queue.flush(to: descriptor)
            dropped += UInt64(refused)
            if refused > 0 && hasSegmented && [EIO, EINVAL, EMSGSIZE].contains(queue.lastRefusal) {
                maySegment = false
            }
        }
        open = -1
        openAssociation = nil
        hasSegmented = false
        rawAssociation = nil
        longest = 0
        used = 0
        descriptor = -1
    }

    /// A batch of a raw socket, by the path where it is open.
    private func flush(by path: DirectPath) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        var turn = path.turn(at: now)
        if turn == .direct && longest + path.headerLength > path.mtu { turn = .rawSocket }
        guard turn == .direct else {
            let refused = queue.flush(to: descriptor)
            dropped += UInt64(refused)
            if turn == .check { path.check(isAccepted: refused == 0, at: now) }
            return
        }
        let count = queue.count
        for message in 0..<count {
            path.address(message, of: queue, queue.firstPart(message), trafficClass: classes[message])
        }
        let refused = queue.flush(to: path.descriptor)
        direct += UInt64(count - refused)
        dropped += UInt64(refused)
        // The interface went, or its MTU shrank: the kernel's own output knows more.
        if refused > 0 { path.distrust() }
    }
}
