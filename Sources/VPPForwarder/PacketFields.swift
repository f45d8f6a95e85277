import ESP
import NetAddress

/// What a forwarder reads of an IP packet.
struct PacketFields {
    let version: Int
    /// Where the payload of `ipProtocol` begins.
    let headerLength: Int
    let totalLength: Int
    let ipProtocol: UInt8
    let source: IPAddress
    let destination: IPAddress
    /// IPv4's TTL, IPv6's hop limit.
    let timeToLive: UInt8
    /// A later fragment, or a first one with more to come.
    let isFragment: Bool
    /// Of TCP, UDP and SCTP; nil for all else and for fragments.
    let ports: (source: UInt16, destination: UInt16)?

    /// nil: not an IP packet, or shorter than it claims.
    init?(_ packet: [UInt8]) {
        guard let headers = packet.withUnsafeBytes({ IPHeaders($0) }) else { return nil }
        version = headers.version
        headerLength = headers.length
        totalLength = headers.totalLength
        ipProtocol = headers.nextHeader
        let ends = version == 4 ? (12, 16, 20) : (8, 24, 40)
        source = IPAddress(octets: packet[ends.0..<ends.1])!
        destination = IPAddress(octets: packet[ends.1..<ends.2])!
        timeToLive = packet[version == 4 ? 8 : 7]
        isFragment = version == 4 ? packet.word(at: 6) & 0x3fff != 0 : packet[6] == 44
        let hasPorts = [6, 17, 132].contains(ipProtocol) && !isFragment && totalLength >= headerLength + 4
        ports = hasPorts ? (packet.word(at: headerLength), packet.word(at: headerLength + 2)) : nil
    }
}

extension [UInt8] {
    /// 16 bits in network order.
    func word(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

    mutating func setWord(_ value: UInt16, at offset: Int) {
        self[offset] = UInt8(value >> 8)
        self[offset + 1] = UInt8(value & 255)
    }

    /// The Internet checksum (RFC 1071) of a part, with a sum taken before; as it is stored.
    func checksum(from start: Int, to end: Int, adding sum: UInt64 = 0) -> UInt16 {
        withUnsafeBytes {
            ~InternetChecksum.fold(
                InternetChecksum.add(UnsafeRawBufferPointer(rebasing: $0[start..<end]), to: sum)
            ).bigEndian
        }
    }

    /// The sum of the pseudo-header of the IP packet that these octets are.
    func pseudoHeader(ipProtocol: UInt8, length: Int) -> UInt64 {
        withUnsafeBytes {
            InternetChecksum.pseudoHeader(
                of: $0.baseAddress!, isV6: self[0] >> 4 == 6, ipProtocol: ipProtocol, length: length)
        }
    }
}

/// Makes IP packets of our own.
enum PacketBuilder {
    /// What VPP gives the packets that it makes, and those that ESP makes of others.
    static let ordinaryTimeToLive: UInt8 = 64
    static let sealedTimeToLive: UInt8 = 254

    /// A header for `payloadLength` octets; IPv4 without options, identification 0, DF clear.
    static func header(
        _ ipProtocol: UInt8, from source: IPAddress, to destination: IPAddress, payloadLength: Int,
        timeToLive: UInt8 = ordinaryTimeToLive
    ) -> [UInt8] {
        if source.family == .v6 {
            var header: [UInt8] = [0x60, 0, 0, 0, 0, 0, ipProtocol, timeToLive]
            header.setWord(UInt16(payloadLength), at: 4)
            return header + source.octets + destination.octets
        }
        var header: [UInt8] = [0x45, 0, 0, 0, 0, 0, 0, 0, timeToLive, ipProtocol, 0, 0]
        header.setWord(UInt16(20 + payloadLength), at: 2)
        header += source.octets + destination.octets
        header.setWord(header.checksum(from: 0, to: 20), at: 10)
        return header
    }

    /// UDP with its checksum (RFC 768; 0 is sent as 65535).
    static func udp(
        _ payload: [UInt8], from source: Endpoint, to destination: Endpoint, hasChecksum: Bool = true
    ) -> [UInt8] {
        let length = 8 + payload.count
        var packet = header(17, from: source.address, to: destination.address, payloadLength: length)
        let start = packet.count
        packet += [0, 0, 0, 0, 0, 0, 0, 0]
        packet.setWord(source.port, at: start)
        packet.setWord(destination.port, at: start + 2)
        packet.setWord(UInt16(length), at: start + 4)
        packet += payload
        if hasChecksum || source.address.family == .v6 {
            let sum = packet.checksum(
                from: start, to: packet.count, adding: packet.pseudoHeader(ipProtocol: 17, length: length))
            packet.setWord(sum == 0 ? 0xffff : sum, at: start + 6)
        }
        return packet
    }

    /// ICMP or ICMPv6; the checksum at offset 2 of the body is set.
    static func icmp(
        _ body: [UInt8], from source: IPAddress, to destination: IPAddress, timeToLive: UInt8 = ordinaryTimeToLive
    ) -> [UInt8] {
        let ipProtocol: UInt8 = source.family == .v4 ? 1 : 58
        var packet = header(
            ipProtocol, from: source, to: destination, payloadLength: body.count, timeToLive: timeToLive)
        let start = packet.count
        packet += body
        packet.setWord(0, at: start + 2)
        let pseudo =
            source.family == .v4 ? 0 : packet.pseudoHeader(ipProtocol: ipProtocol, length: body.count)
        packet.setWord(packet.checksum(from: start, to: packet.count, adding: pseudo), at: start + 2)
        return packet
    }
}
