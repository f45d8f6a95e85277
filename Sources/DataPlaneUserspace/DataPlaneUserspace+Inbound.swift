import CLinux
import ESP
import Glibc
package import IKEModel
import LinuxSystem
package import NetAddress

/// From the wire to the stack.
extension DataPlaneUserspace {
    /// What a raw socket's buffer of 8 MiB can hold, and more.
    private static let callsToEmpty = 256

    /// Takes what waits for an SA that is about to go: its peer has sent that before it could know, and the kernel may have it longer
    /// than the IKE message that ends the SA. ESP in UDP waits in IKE's own socket, in the order in which it came.
    func drain(for association: SecurityAssociation) {
        guard !association.isEncapsulated, let socket = sockets[association.installation.local] else { return }
        for _ in 0..<Self.callsToEmpty {
            if !receive(from: socket) { return }
        }
    }

    /// ESP as protocol 50. - Returns: whether more may wait.
    @discardableResult
    func receive(from socket: ESPSocket) -> Bool {
        let seconds = Int64(time(nil))
        let isV4 = socket.local.family == .v4
        for _ in 0..<Self.batchesPerCall {
            // A pending error (an ICMP message about a packet of ours) is read off by the call that returns it.
            guard let count = try? receiver.receive(from: socket.descriptor) else { continue }
            for index in 0..<count {
                var packet = receiver[index]
                if receiver.isTruncated(index) || packet.count < 20 {
                    drops.malformed += 1
                    continue
                }
                var trafficClass: UInt8 = 0
                if isV4 {
                    // A raw IPv4 socket gives the IP header too, an IPv6 one does not.
                    trafficClass = packet[1]
                    let header = Int(packet[0] & 15) * 4
                    guard header + 8 <= packet.count else {
                        drops.malformed += 1
                        continue
                    }
                    packet = UnsafeMutableRawBufferPointer(rebasing: packet[header...])
                } else if let value = receiver.control(index, level: LX_SOL_IPV6, type: LX_IPV6_TCLASS) {
                    trafficClass = UInt8(truncatingIfNeeded: value)
                }
                guard let association = inboundAssociation(packet), !association.isEncapsulated else {
                    drops.unknownSPI += 1
                    continue
                }
                open(packet, association, ecn: trafficClass & 3, seconds: seconds)
            }
            stack?.flush()
            if count < receiver.capacity { return false }
        }
        return true
    }

    package func beginBatch() { isBatch = true }

    package func endBatch() {
        isBatch = false
        stack?.flush()
    }

    package func receiveEncapsulated(
        _ payload: UnsafeMutableRawBufferPointer, local: Endpoint, remote: Endpoint, at now: Instant
    ) {
        guard payload.count >= 8, let association = inboundAssociation(payload), association.isEncapsulated,
            association.expectedPeer.transport == remote.transport
        else {
            drops.unknownSPI += 1
            return
        }
        let genuine = open(payload, association, ecn: 0, seconds: Int64(time(nil)))
        if !isBatch { stack?.flush() }
        // RFC 7296 §2.23, RFC 9329 §6.1: only a packet that proved genuine may move the peer, and each new place is told
        // once.
        if genuine, remote != association.expectedPeer {
            association.mapped = remote
            reports.append(.mappingChanged(association.installation.child, remote))
        }
    }

    private func inboundAssociation(_ packet: UnsafeMutableRawBufferPointer) -> SecurityAssociation? {
        let spi = UInt32(bigEndian: packet.loadUnaligned(as: UInt32.self))
        if let lastInbound, lastInbound.inbound.spi == spi { return lastInbound }
        guard let association = bySPI[spi] else { return nil }
        lastInbound = association
        return association
    }

    /// Opens a packet and hands what was inside to the stack. True where its check value was right.
    @discardableResult
    private func open(
        _ packet: UnsafeMutableRawBufferPointer, _ association: SecurityAssociation, ecn: UInt8, seconds: Int64
    ) -> Bool {
        if association.isLimited, !mayCarry(association, association.inbound.counters) { return false }
        let opened: InboundSA.Opened
        // Why it was refused is in the SA's counters.
        do { opened = try association.inbound.open(packet) } catch { return false }
        association.lastReceivedSeconds = seconds
        let payload = UnsafeMutableRawBufferPointer(rebasing: packet[opened.payload])
        // A dummy packet (RFC 4303 §2.6).
        if opened.nextHeader == 59 { return true }
        switch association.installation.mode {
        case .tunnel: deliverTunnel(payload, opened.nextHeader, association, ecn: ecn)
        case .transport: deliverTransport(payload, opened.nextHeader, association, ecn: ecn)
        }
        return true
    }

    private func deliverTunnel(
        _ payload: UnsafeMutableRawBufferPointer, _ nextHeader: UInt8, _ association: SecurityAssociation, ecn: UInt8
    ) {
        guard let inner = InnerPacket(UnsafeRawBufferPointer(payload)), nextHeader == (inner.isV6 ? 41 : 4),
            association.pairs.allowInbound(inner)
        else {
            association.policyFailures += 1
            return
        }
        // RFC 6040 §4.2: congestion met on the way goes inside; where the inner packet can't say it, it is lost.
        if ecn == 3 && inner.trafficClass & 3 == 0 {
            drops.malformed += 1
            return
        }
        if (ecn == 3 && inner.trafficClass & 3 != 3) || (ecn == 1 && inner.trafficClass & 3 == 2) {
            setECN(ecn, payload, inner)
        }
        stack?.add(payload, inner)
    }

    private func setECN(_ ecn: UInt8, _ packet: UnsafeMutableRawBufferPointer, _ inner: InnerPacket) {
        if inner.isV6 {
            packet[1] = packet[1] & ~0x30 | ecn << 4
        } else {
            packet[1] = packet[1] & ~3 | ecn
            packet.storeBytes(
                of: InternetChecksum.headerChecksum(packet.baseAddress!, length: Int(packet[0] & 15) * 4),
                toByteOffset: 10, as: UInt16.self)
        }
    }

    /// Transport mode: a header from the SA's own ends goes before the payload (the outer one may be a NAT's).
    private func deliverTransport(
        _ payload: UnsafeMutableRawBufferPointer, _ nextHeader: UInt8, _ association: SecurityAssociation, ecn: UInt8
    ) {
        let installation = association.installation
        let isV6 = installation.local.family == .v6
        let length = (isV6 ? 40 : 20) + payload.count
        guard length <= 65535 else { return }
        // 160: a header of 40 octets, and of the payload what `InnerPacket` reads of it, extension headers included.
        withUnsafeTemporaryAllocation(byteCount: 160, alignment: 8) { header in
            header.initializeMemory(as: UInt8.self, repeating: 0)
            let base = header.baseAddress!
            if isV6 {
                base.storeBytes(of: 0x60 | (ecn >> 2), as: UInt8.self)
                base.storeBytes(of: ecn << 4, toByteOffset: 1, as: UInt8.self)
                base.storeBytes(of: UInt16(payload.count).bigEndian, toByteOffset: 4, as: UInt16.self)
                base.storeBytes(of: nextHeader, toByteOffset: 6, as: UInt8.self)
                base.storeBytes(of: 64, toByteOffset: 7, as: UInt8.self)
                base.storeBytes(of: installation.remote.value.bigEndian, toByteOffset: 8, as: UInt128.self)
                base.storeBytes(of: installation.local.value.bigEndian, toByteOffset: 24, as: UInt128.self)
            } else {
                base.storeBytes(of: 0x45, as: UInt8.self)
                base.storeBytes(of: ecn, toByteOffset: 1, as: UInt8.self)
                base.storeBytes(of: UInt16(length).bigEndian, toByteOffset: 2, as: UInt16.self)
                base.storeBytes(of: 0x40, toByteOffset: 6, as: UInt8.self)
                base.storeBytes(of: 64, toByteOffset: 8, as: UInt8.self)
                base.storeBytes(of: nextHeader, toByteOffset: 9, as: UInt8.self)
                let remote = UInt32(truncatingIfNeeded: installation.remote.value)
                let local = UInt32(truncatingIfNeeded: installation.local.value)
                base.storeBytes(of: remote.bigEndian, toByteOffset: 12, as: UInt32.self)
                base.storeBytes(of: local.bigEndian, toByteOffset: 16, as: UInt32.self)
                base.storeBytes(
                    of: InternetChecksum.headerChecksum(base, length: 20), toByteOffset: 10, as: UInt16.self)
            }
            let headerLength = isV6 ? 40 : 20
            // Policy looks at the head of the packet as if it were all: a copy with a length that fits.
            let seen = min(payload.count, 160 - headerLength)
            (base + headerLength).copyMemory(from: UnsafeRawPointer(payload.baseAddress!), byteCount: seen)
            let lengthField = isV6 ? 4 : 2
            let lengthValue = base.loadUnaligned(fromByteOffset: lengthField, as: UInt16.self)
            base.storeBytes(
                of: UInt16(isV6 ? seen : headerLength + seen).bigEndian, toByteOffset: lengthField, as: UInt16.self)
            let inner = InnerPacket(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(header)[..<(headerLength + seen)]))
            base.storeBytes(of: lengthValue, toByteOffset: lengthField, as: UInt16.self)
            guard let inner, association.pairs.allowInbound(inner) else {
                association.policyFailures += 1
                return
            }
            if association.isEncapsulated {
                renewChecksum(payload, base, isV6: isV6, nextHeader)
            }
            stack?.add(
                header: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(header)[..<headerLength]),
                payload: payload, isV6: isV6)
        }
    }

    /// RFC 3948 §3.1.2: behind a NAT the sender's checksum was over other addresses; the packet is authenticated, so
    /// it may be computed anew.
    private func renewChecksum(
        _ payload: UnsafeMutableRawBufferPointer, _ header: UnsafeMutableRawPointer, isV6: Bool, _ nextHeader: UInt8
    ) {
        let field: Int
        switch nextHeader {
        case 6 where payload.count >= 20: field = 16
        // An IPv4 checksum of zero says that there is none.
        case 17 where payload.count >= 8 && (isV6 || payload.loadUnaligned(fromByteOffset: 6, as: UInt16.self) != 0):
            field = 6
        default: return
        }
        payload.storeBytes(of: 0, toByteOffset: field, as: UInt16.self)
        let pseudo = InternetChecksum.pseudoHeader(
            of: header, isV6: isV6, ipProtocol: nextHeader, length: payload.count)
        var sum = ~InternetChecksum.fold(InternetChecksum.add(UnsafeRawBufferPointer(payload), to: pseudo))
        if nextHeader == 17 && sum == 0 { sum = 0xffff }
        payload.storeBytes(of: sum, toByteOffset: field, as: UInt16.self)
    }
}
