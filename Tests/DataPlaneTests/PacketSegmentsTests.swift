import ESP
import NetAddress
import Testing

@testable import DataPlaneUserspace

/// The checksum as RFC 1071 spells it, octet by octet in network order: 0xffff for octets that carry their own right
/// one.
private func slowSum(_ octets: [UInt8], _ start: UInt32 = 0) -> UInt16 {
    var sum = start
    for index in stride(from: 0, to: octets.count, by: 2) {
        sum += UInt32(octets[index]) << 8 | (index + 1 < octets.count ? UInt32(octets[index + 1]) : 0)
        sum = (sum & 0xffff) + (sum >> 16)
    }
    return UInt16(sum)
}

/// An IPv4 or IPv6 packet with TCP or UDP; checksums zero.
private func packet(isV6: Bool, isTCP: Bool, payload: Int, flags: UInt8 = 0x18, options: [UInt8] = []) -> [UInt8] {
    let own = isTCP ? 20 + options.count : 8
    let length = own + payload
    var result: [UInt8] =
        isV6
        ? [0x60, 0x20, 0, 0, UInt8(length >> 8 & 255), UInt8(length & 255), isTCP ? 6 : 17, 64]
            + (0..<32).map { UInt8($0 + 100) }
        : [
            0x45, 0x02, UInt8((length + 20) >> 8 & 255), UInt8((length + 20) & 255), 0xff, 0xfe, 0x40, 0, 64,
            isTCP ? 6 : 17, 0, 0,
        ]
            + [192, 0, 1, 254, 192, 0, 2, 254]
    result += [0x1f, 0x90, 0xc0, 0x01]
    if isTCP {
        result += [0xff, 0xff, 0xff, 0x00, 1, 2, 3, 4, UInt8(own / 4) << 4, flags, 0x20, 0, 0, 0, 0, 0] + options
    } else {
        result += [UInt8(length >> 8 & 255), UInt8(length & 255), 0, 0]
    }
    return result + (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) }
}

private func segments(_ whole: [UInt8], size: Int, hasECN: Bool = false) -> [[UInt8]]? {
    var whole = whole
    let headers = UnsafeMutableRawPointer.allocate(byteCount: PacketSegments.headerRoom, alignment: 16)
    defer { headers.deallocate() }
    return whole.withUnsafeMutableBytes { raw in
        guard let inner = InnerPacket(UnsafeRawBufferPointer(raw)),
            var iterator = PacketSegments(raw, inner, segmentOctets: size, hasECN: hasECN, headers: headers)
        else { return nil }
        var result: [[UInt8]] = []
        while let segment = iterator.next() { result.append(Array(segment)) }
        return result
    }
}

@Suite struct PacketSegmentsTests {
    @Test(arguments: [0, 1, 2, 3, 7, 20, 31, 32, 33, 63, 64, 100, 1401, 65535])
    func `the fast checksum is RFC 1071's`(_ count: Int) {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ 13) }
        let fast = octets.withUnsafeBytes { InternetChecksum.fold(InternetChecksum.add($0)) }
        #expect(UInt16(bigEndian: fast) == slowSum(octets))
    }

    @Test(arguments: [(false, true), (true, true), (false, false), (true, false)])
    func `the segments together are the superpacket, each a right packet of its own`(_ isV6: Bool, _ isTCP: Bool) throws
    {
        let whole = packet(isV6: isV6, isTCP: isTCP, payload: 4000)
        let all = try #require(segments(whole, size: 1398))
        #expect(all.count == 3)
        let ip = isV6 ? 40 : 20
        let header = ip + (isTCP ? 20 : 8)
        #expect(all.flatMap { $0[header...] } == Array(whole[header...]))
        for (index, segment) in all.enumerated() {
            let inner = try #require(segment.withUnsafeBytes { InnerPacket($0) })
            #expect(inner.length == segment.count)
            let upper = Array(segment[ip...])
            let addresses = Array(isV6 ? segment[8..<40] : segment[12..<20])
            let pseudo = addresses + [0, isTCP ? 6 : 17, UInt8(upper.count >> 8), UInt8(upper.count & 255)]
            #expect(slowSum(upper, UInt32(slowSum(pseudo))) == 0xffff)
            if !isV6 {
                #expect(slowSum(Array(segment[..<20])) == 0xffff)
                // The identification counts up, over the end of its 16 bits too.
                #expect(UInt16(segment[4]) << 8 | UInt16(segment[5]) == 0xfffe &+ UInt16(index))
            }
            if isTCP {
                let sequence = upper[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                #expect(sequence == 0xffff_ff00 &+ UInt32(index * 1398))
                // PSH on the last alone, ACK on all.
                #expect(upper[13] == (index == 2 ? 0x18 : 0x10))
            }
        }
    }

    @Test func `CWR goes with the first segment, FIN with the last`() throws {
        let all = try #require(
            segments(packet(isV6: false, isTCP: true, payload: 3000, flags: 0x91), size: 1000, hasECN: true))
        #expect(all.map { $0[33] } == [0x90, 0x10, 0x11])
    }

    @Test func `options are repeated, an exact multiple has no empty segment, no payload gives one`() throws {
        let options: [UInt8] = [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]
        let all = try #require(
            segments(packet(isV6: true, isTCP: true, payload: 2000, options: options), size: 1000))
        #expect(all.count == 2 && all.allSatisfy { Array($0[60..<72]) == options })
        #expect(segments(packet(isV6: false, isTCP: true, payload: 0), size: 1000)?.count == 1)
    }

    @Test func `what bears no segmentation is refused`() {
        var fragment = packet(isV6: false, isTCP: true, payload: 3000)
        fragment[6] = 0x20
        #expect(segments(fragment, size: 1000) == nil)
        var short = packet(isV6: false, isTCP: true, payload: 0)
        short[32] = 0xf0
        #expect(segments(short, size: 1000) == nil)
        var other = packet(isV6: false, isTCP: true, payload: 3000)
        other[9] = 47
        #expect(segments(other, size: 1000) == nil)
        #expect(segments(packet(isV6: false, isTCP: true, payload: 10), size: 0) == nil)
    }
}
