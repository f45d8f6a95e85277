package import NetAddress

/// What policy needs to know of an IP packet: read once from its headers, without a copy.
package struct InnerPacket: Equatable {
    package var family: AddressFamily
    package var source: UInt128
    package var destination: UInt128
    /// The upper-layer protocol: behind IPv6's extension headers.
    package var ipProtocol: UInt8
    /// Ports, or for ICMP (both of them) type << 8 | code, for Mobility Headers type << 8 (RFC 7296 §3.13.1).
    package var sourcePort: UInt16
    package var destinationPort: UInt16
    /// False where the ports can't be seen: not a first fragment, truncated, or a protocol without them.
    package var hasPorts: Bool
    /// A piece of a packet (first or not).
    package var isFragment: Bool
    /// IPv4's TOS, IPv6's traffic class: DSCP and ECN.
    package var trafficClass: UInt8
    /// Octets before the upper layer.
    package var headerLength: Int
    /// Octets of the packet by its own header; what is behind it is padding (RFC 4303 §2.7).
    package var length: Int

    package var isV6: Bool { family == .v6 }

    /// nil for octets that are no whole IP packet.
    package init?(_ packet: UnsafeRawBufferPointer) {
        guard let base = packet.baseAddress, packet.count >= 20 else { return nil }
        func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }
        func word(_ offset: Int) -> UInt16 {
            UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        var isFirst = true
        isFragment = false
        switch byte(0) >> 4 {
        case 4:
            family = .v4
            headerLength = Int(byte(0) & 15) * 4
            length = Int(word(2))
            guard headerLength >= 20, headerLength <= length, length <= packet.count else { return nil }
            source = UInt128(UInt32(bigEndian: base.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
            destination = UInt128(UInt32(bigEndian: base.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
            ipProtocol = byte(9)
            trafficClass = byte(1)
            isFragment = word(6) & 0x3fff != 0
            isFirst = word(6) & 0x1fff == 0
        case 6:
            family = .v6
            guard packet.count >= 40 else { return nil }
            length = 40 + Int(word(4))
            guard length <= packet.count else { return nil }
            source = UInt128(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt128.self))
            destination = UInt128(bigEndian: base.loadUnaligned(fromByteOffset: 24, as: UInt128.self))
            trafficClass = UInt8(truncatingIfNeeded: word(0) >> 4)
            ipProtocol = byte(6)
            headerLength = 40
            // RFC 8200 §4: hop-by-hop 0, routing 43, fragment 44, destination options 60. A chain that runs out of the
            // packet leaves the protocol unknown to ports, not to policy.
            extensions: while isFirst {
                switch ipProtocol {
                case 0, 43, 60:
                    guard headerLength + 8 <= length else { break extensions }
                    ipProtocol = byte(headerLength)
                    headerLength += (Int(byte(headerLength + 1)) + 1) * 8
                case 44:
                    guard headerLength + 8 <= length else { break extensions }
                    ipProtocol = byte(headerLength)
                    isFragment = true
                    isFirst = word(headerLength + 2) & 0xfff8 == 0
                    headerLength += 8
                default: break extensions
                }
                guard headerLength <= length else { return nil }
            }
        default: return nil
        }
        sourcePort = 0
        destinationPort = 0
        hasPorts = false
        guard isFirst else { return }
        switch ipProtocol {
        case 6, 17, 33, 132, 136:  // TCP, UDP, DCCP, SCTP, UDP-Lite
            guard headerLength + 4 <= length else { return }
            sourcePort = word(headerLength)
            destinationPort = word(headerLength + 2)
        case 1, 58:  // ICMP, ICMPv6
            guard headerLength + 2 <= length else { return }
            sourcePort = word(headerLength)
            destinationPort = sourcePort
        case 135:  // Mobility Header: the type is its third octet (RFC 6275 §6.1)
            guard headerLength + 3 <= length else { return }
            sourcePort = UInt16(byte(headerLength + 2)) << 8
            destinationPort = sourcePort
        default: return
        }
        hasPorts = true
    }
}
