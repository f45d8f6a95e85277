import ESP
import Glibc
import IKEModel
import LinuxSystem
import NetAddress

/// From the stack to the wire.
extension DataPlaneUserspace {
    func sendFromStack(at now: Instant) {
        guard let port else { return }
        encapsulationDescriptors.removeAll(keepingCapacity: true)
        let seconds = Int64(time(nil))
        for index in 0..<port.receive() { send(port.receiver[index], at: now, seconds: seconds) }
        wire.flush()
    }

    /// Frames that waited for a Child SA, through the policy again.
    func sendHeld(_ frames: [[UInt8]]) {
        encapsulationDescriptors.removeAll(keepingCapacity: true)
        for var frame in frames {
            frame.withUnsafeMutableBytes { send($0, at: .zero, seconds: Int64(time(nil))) }
        }
        wire.flush()
    }

    /// One frame of the port: a packet, or a superpacket to be cut up.
    private func send(_ frame: UnsafeMutableRawBufferPointer, at now: Instant, seconds: Int64) {
        guard frame.count > PacketPort.packetOffset else { return }
        let packet = UnsafeMutableRawBufferPointer(rebasing: frame[PacketPort.packetOffset...])
        guard let inner = InnerPacket(UnsafeRawBufferPointer(packet)) else {
            drops.malformed += 1
            return
        }
        guard let association = outboundAssociation(inner, UnsafeRawBufferPointer(frame), now) else { return }
        let descriptor = association.stream == nil ? outgoingDescriptor(of: association) : -1
        guard descriptor >= 0 || association.stream != nil else {
            drops.withoutSocket += 1
            return
        }
        association.lastSentSeconds = seconds
        let virtio = VirtioNetHeader(frame.baseAddress!)
        if virtio.isSegmented {
            guard
                var segments = PacketSegments(
                    packet, inner, segmentOctets: Int(virtio.segmentOctets), hasECN: virtio.hasECN,
                    headers: segmentHeaders)
            else {
                drops.malformed += 1
                return
            }
            while let segment = segments.next() {
                seal(segment, ipLength: inner.headerLength, inner, association, descriptor)
            }
            return
        }
        if virtio.flags & VirtioNetHeader.needsChecksum != 0 {
            completeChecksum(frame, packet, inner, virtio)
        }
        seal(
            UnsafeMutableRawBufferPointer(rebasing: packet[..<inner.length]), ipLength: inner.headerLength, inner,
            association, descriptor)
    }

    /// The SA for a packet; nil where it was held or dropped.
    private func outboundAssociation(
        _ inner: InnerPacket, _ frame: UnsafeRawBufferPointer, _ now: Instant
    ) -> SecurityAssociation? {
        if let last = lastOutbound, last.packet.source == inner.source, last.packet.destination == inner.destination,
            last.packet.ipProtocol == inner.ipProtocol, last.packet.sourcePort == inner.sourcePort,
            last.packet.destinationPort == inner.destinationPort, last.packet.hasPorts == inner.hasPorts,
            last.packet.family == inner.family
        {
            return last.association
        }
        guard let policy = database.policy(of: inner) else {
            drops.withoutPolicy += 1
            return nil
        }
        if let association = policy.association {
            lastOutbound = (inner, association)
            return association
        }
        if let trap = policy.trap, trap.hold(frame, at: now) {
            noteAcquire(AcquiringPacket(inner))
            reports.append(.acquire(trap.route.connection, AcquiringPacket(inner)))
        }
        return nil
    }

    /// Finishes a checksum that the stack left to the device: the field holds the pseudo-header's sum.
    private func completeChecksum(
        _ frame: UnsafeMutableRawBufferPointer, _ packet: UnsafeMutableRawBufferPointer, _ inner: InnerPacket,
        _ virtio: VirtioNetHeader
    ) {
        let start = VirtioNetHeader.octetCount + Int(virtio.checksumStart)
        let end = frame.count - packet.count + inner.length
        let field = start + Int(virtio.checksumOffset)
        guard field + 2 <= end else {
            drops.malformed += 1
            return
        }
        var sum = ~InternetChecksum.fold(
            InternetChecksum.add(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(frame)[start..<end])))
        // RFC 768: a sum of zero is sent as all ones; harmless for the others, where both are the same number.
        if sum == 0 { sum = 0xffff }
        frame.baseAddress!.storeBytes(of: sum, toByteOffset: field, as: UInt16.self)
    }

    @inline(__always)
    private func seal(
        _ packet: UnsafeMutableRawBufferPointer, ipLength: Int, _ inner: InnerPacket,
        _ association: SecurityAssociation, _ descriptor: Int32
    ) {
        if association.isLimited, !mayCarry(association, association.outbound.counters) { return }
        do throws(ESPError) {
            if association.installation.mode == .tunnel {
                // IPv4 is protocol 4, IPv6 41 (RFC 4303 §2.6).
                try wire.send(
                    association, UnsafeRawBufferPointer(packet), nextHeader: inner.isV6 ? 41 : 4,
                    trafficClass: inner.trafficClass, descriptor: descriptor)
            } else {
                guard !inner.isFragment, inner.family == association.installation.local.family else {
                    // RFC 4301 §4.1: transport mode carries whole packets only.
                    drops.malformed += 1
                    return
                }
                // The kernel makes the outer header; an IPv6 packet's extension headers go inside.
                let header = inner.isV6 ? 40 : ipLength
                let next = packet[inner.isV6 ? 6 : 9]
                try wire.send(
                    association, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(packet)[header...]),
                    nextHeader: next, trafficClass: inner.trafficClass, descriptor: descriptor)
            }
        } catch {
            guard case .sequenceExhausted = error else {
                drops.malformed += 1
                return
            }
            if !association.isExhausted {
                association.isExhausted = true
                reports.append(.expired(association.installation.child, hard: true))
            }
        }
    }
}
