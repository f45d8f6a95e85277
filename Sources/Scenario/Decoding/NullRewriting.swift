import CaptureFile
import IKEWire

/// Writes a packet's Encrypted payload anew as if its cipher had been NULL and its integrity NONE: no IV, the plaintext,
/// a Pad Length of 0, no check value. Lengths and checksums are set right.
enum NullRewriting {
    static func rewrite(
        _ packet: CapturedPacket, _ view: PacketView, message: ArraySlice<UInt8>, _ protected: ProtectedPayload,
        _ plaintext: [UInt8]
    ) -> CapturedPacket {
        var octets = Array(packet.octets[..<message.startIndex]) + protected.prefix + plaintext + [0]
        let start = message.startIndex
        let count = octets.count - start
        // The payload's own header: 4 octets, in a fragment 8, at the end of what stands before the body.
        let own = start + protected.prefix.count - (protected.kind == .encrypted ? 4 : 8)
        set16(octets.count - own, at: own + 2, &octets)
        set16(count >> 16, at: start + 24, &octets)
        set16(count & 0xffff, at: start + 26, &octets)
        let ip = view.ipOctets.startIndex
        let isV4 = octets[ip] >> 4 == 4
        // A marker of RFC 3948 may stand between the UDP header and the message.
        let udp = isV4 ? ip + Int(octets[ip] & 0x0f) * 4 : udpStart(in: octets, from: ip, before: start)
        set16(octets.count - udp, at: udp + 4, &octets)
        set16(0, at: udp + 6, &octets)
        var pseudo = Array(octets[isV4 ? ip + 12..<ip + 20 : ip + 8..<ip + 40]) + [0, 17]
        pseudo += [UInt8((octets.count - udp) >> 8 & 0xff), UInt8((octets.count - udp) & 0xff)]
        let sum = checksum(pseudo + octets[udp...])
        set16(sum == 0 ? 0xffff : sum, at: udp + 6, &octets)
        if isV4 {
            set16(octets.count - ip, at: ip + 2, &octets)
            set16(0, at: ip + 10, &octets)
            set16(checksum(octets[ip..<udp]), at: ip + 10, &octets)
        } else {
            set16(octets.count - ip - 40, at: ip + 4, &octets)
        }
        return CapturedPacket(timestamp: packet.timestamp, octets: octets)
    }

    /// The UDP header is the 8 octets before the message, or before its non-ESP marker.
    private static func udpStart(in octets: [UInt8], from ip: Int, before message: Int) -> Int {
        func port(_ index: Int) -> Int { Int(octets[index]) << 8 | Int(octets[index + 1]) }
        let marked = message - 12
        return marked >= ip + 40 && (port(marked) == 4500 || port(marked + 2) == 4500) ? marked : message - 8
    }

    private static func set16(_ value: Int, at index: Int, _ octets: inout [UInt8]) {
        octets[index] = UInt8(value >> 8 & 0xff)
        octets[index + 1] = UInt8(value & 0xff)
    }

    /// RFC 1071, over whole octets; an odd one counts as if a zero followed.
    private static func checksum(_ octets: some Collection<UInt8>) -> Int {
        var sum = 0
        var isHigh = true
        for octet in octets {
            sum += isHigh ? Int(octet) << 8 : Int(octet)
            isHigh.toggle()
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~sum & 0xffff
    }
}
