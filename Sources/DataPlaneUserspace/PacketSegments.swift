import ESP

/// Cuts a superpacket of the stack (TCP, or UDP of one flow) into the packets that go on the wire.
///
/// Works in place, without a copy of the payload: each segment's headers are written over the end of the segment
/// before it, which the caller must be done with when it asks for the next. Sequence numbers, flags, IPv4
/// identification, lengths and checksums are each segment's own (RFC 9293 §3.1; CWR only on the first, RFC 3168
/// §6.1.2).
package struct PacketSegments {
    private let base: UnsafeMutableRawPointer
    private let headers: UnsafeMutableRawPointer
    private let isV6: Bool
    private let isTCP: Bool
    private let hasECN: Bool
    /// Octets of the IP header, and of all headers.
    private let ipLength: Int
    private let headerLength: Int
    private let payloadLength: Int
    private let segmentOctets: Int
    private let identification: UInt16
    private let sequence: UInt32
    private let tcpFlags: UInt8
    private var offset = 0
    private var index = 0

    /// Octets that the headers may have at most: what `headers` must hold.
    package static let headerRoom = 256

    /// - Parameters:
    ///   - packet: the IP packet; `inner` was read from it.
    ///   - segmentOctets: payload octets of each segment but the last.
    ///   - headers: room for `headerRoom` octets that stays until the last segment.
    /// nil for a packet whose headers do not bear it.
    package init?(
        _ packet: UnsafeMutableRawBufferPointer, _ inner: InnerPacket, segmentOctets: Int, hasECN: Bool,
        headers: UnsafeMutableRawPointer
    ) {
        guard segmentOctets > 0, !inner.isFragment, inner.ipProtocol == 6 || inner.ipProtocol == 17 else { return nil }
        base = packet.baseAddress!
        isV6 = inner.isV6
        isTCP = inner.ipProtocol == 6
        ipLength = inner.headerLength
        let upperLength = inner.length - ipLength
        guard upperLength >= (isTCP ? 20 : 8) else { return nil }
        let own = isTCP ? Int(base.load(fromByteOffset: ipLength + 12, as: UInt8.self) >> 4) * 4 : 8
        guard own >= (isTCP ? 20 : 8), own <= upperLength, ipLength + own <= Self.headerRoom else { return nil }
        headerLength = ipLength + own
        payloadLength = inner.length - headerLength
        self.segmentOctets = segmentOctets
        self.hasECN = hasECN
        self.headers = headers
        headers.copyMemory(from: base, byteCount: headerLength)
        identification =
            isV6 ? 0 : UInt16(bigEndian: headers.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        sequence =
            isTCP ? UInt32(bigEndian: headers.loadUnaligned(fromByteOffset: ipLength + 4, as: UInt32.self)) : 0
        tcpFlags = isTCP ? headers.load(fromByteOffset: ipLength + 13, as: UInt8.self) : 0
    }

    /// The next segment, a whole IP packet; nil behind the last. A superpacket without payload has one segment.
    package mutating func next() -> UnsafeMutableRawBufferPointer? {
        if offset >= payloadLength && index > 0 { return nil }
        let count = min(segmentOctets, payloadLength - offset)
        let isLast = offset + count >= payloadLength
        let packet = base + offset
        packet.copyMemory(from: headers, byteCount: headerLength)
        let length = headerLength + count
        if isV6 {
            packet.storeBytes(of: UInt16(length - 40).bigEndian, toByteOffset: 4, as: UInt16.self)
        } else {
            packet.storeBytes(of: UInt16(length).bigEndian, toByteOffset: 2, as: UInt16.self)
            packet.storeBytes(
                of: (identification &+ UInt16(truncatingIfNeeded: index)).bigEndian, toByteOffset: 4, as: UInt16.self)
            let checksum = InternetChecksum.headerChecksum(packet, length: ipLength)
            packet.storeBytes(of: checksum, toByteOffset: 10, as: UInt16.self)
        }
        let upper = packet + ipLength
        if isTCP {
            upper.storeBytes(
                of: (sequence &+ UInt32(truncatingIfNeeded: offset)).bigEndian, toByteOffset: 4, as: UInt32.self)
            var flags = tcpFlags
            if !isLast { flags &= ~0x09 }  // FIN, PSH
            if hasECN && index > 0 { flags &= ~0x80 }  // CWR
            upper.storeBytes(of: flags, toByteOffset: 13, as: UInt8.self)
        } else {
            upper.storeBytes(of: UInt16(length - ipLength).bigEndian, toByteOffset: 4, as: UInt16.self)
        }
        Self.writeChecksum(packet, ipLength: ipLength, length: length, isV6: isV6, ipProtocol: isTCP ? 6 : 17)
        offset += count
        index += 1
        return UnsafeMutableRawBufferPointer(start: packet, count: length)
    }

    /// Computes the checksum of a TCP or UDP packet anew (UDP's zero is sent as ffff, RFC 768).
    package static func writeChecksum(
        _ packet: UnsafeMutableRawPointer, ipLength: Int, length: Int, isV6: Bool, ipProtocol: UInt8
    ) {
        let upper = packet + ipLength
        let field = ipProtocol == 6 ? 16 : 6
        upper.storeBytes(of: 0, toByteOffset: field, as: UInt16.self)
        let pseudo = InternetChecksum.pseudoHeader(
            of: packet, isV6: isV6, ipProtocol: ipProtocol, length: length - ipLength)
        var sum = ~InternetChecksum.fold(
            InternetChecksum.add(UnsafeRawBufferPointer(start: upper, count: length - ipLength), to: pseudo))
        if ipProtocol == 17 && sum == 0 { sum = 0xffff }
        upper.storeBytes(of: sum, toByteOffset: field, as: UInt16.self)
    }
}
