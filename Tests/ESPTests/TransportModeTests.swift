import ESP
import IKECrypto
import Recordings
import Testing

struct TransportModeTests {
    /// RFC 3602 §4 case 5: the packet before ESP.
    static let ping = [UInt8](
        hex: """
            4500005408f200004001f9fec0a87b03c0a87b6408000ebda70a00008e9c083db95b070008090a0b0c0d0e0f1011121314151617
            18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637
            """)

    private func cycle(_ suite: ESPSuite, _ packet: [UInt8]) throws -> (sealed: [UInt8], restored: [UInt8]) {
        var out = try OutboundSA(spi: 0x4321, keys: suite.keys)
        var back = try InboundSA(spi: 0x4321, keys: suite.keys)
        var buffer = [UInt8](repeating: 0, count: out.headerLength) + packet + [UInt8](repeating: 0, count: 64)
        let length = try buffer.withUnsafeMutableBytes { try out.sealTransport($0, packetLength: packet.count) }
        let sealed = Array(buffer[..<length])
        var copy = sealed
        let range = try copy.withUnsafeMutableBytes { try back.openTransport($0) }
        #expect(out.counters == back.counters)
        return (sealed, Array(copy[range]))
    }

    /// The Internet checksum of a good IPv4 header is 0.
    private func folded(_ header: ArraySlice<UInt8>) -> Int {
        var sum = 0
        for index in stride(from: header.startIndex, to: header.endIndex, by: 2) {
            sum += Int(header[index]) << 8 | Int(header[index + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return sum
    }

    @Test(arguments: ESPSuite.varied)
    func `an IPv4 packet comes back octet for octet, its checksum included`(suite: ESPSuite) throws {
        let (sealed, restored) = try cycle(suite, Self.ping)
        #expect(restored == Self.ping)
        #expect(sealed[9] == 50 && Int(sealed[2]) << 8 | Int(sealed[3]) == sealed.count)
        #expect(folded(sealed[..<20]) == 0xffff)
        // All else in the header stays.
        #expect(Array(sealed[12..<20]) == Array(Self.ping[12..<20]) && sealed[8] == Self.ping[8])
    }

    @Test func `RFC 3602's transport-mode packet opens to the packet before it`() throws {
        let integrityKey = SecretBytes([UInt8](1...20))
        var back = try InboundSA(
            spi: 0x4321,
            keys: ESPKeys(
                encryption: .aesCBC, integrity: .hmacSHA1_96,
                encryptionKey: SecretBytes([UInt8](hex: "90d382b410eeba7ad938c46cec1a82bf")),
                integrityKey: integrityKey, usesESN: false))
        let esp = [UInt8](
            hex: """
                0000432100000001 e96e8c08ab465763fd098d45dd3ff893
                f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52
                775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6
                """)
        let mac = try PRF.compute(.hmacSHA1, key: integrityKey, [esp])
        // The RFC's IP header; its length grows by the ICV that is put behind.
        var packet = [UInt8](hex: "4500008808f200004032f999c0a87b03c0a87b64") + esp + mac.exposed.prefix(12)
        let range = try packet.withUnsafeMutableBytes { try back.openTransport($0) }
        #expect(Array(packet[range]) == Self.ping)
        #expect(back.counters.octets == 64)
    }

    @Test func `ESP stands behind IPv4 options and in front of what the header carries`() throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 256, integrity: .none, usesESN: true)
        var packet = Self.ping
        packet[0] = 0x46
        packet[3] += 4
        packet.insert(contentsOf: [1, 1, 1, 0], at: 20)
        // Header checksum by hand: first clear, then the complement of the sum.
        packet[10] = 0
        packet[11] = 0
        let sum = 0xffff - folded(packet[..<24])
        packet[10] = UInt8(sum >> 8)
        packet[11] = UInt8(sum & 255)
        let (sealed, restored) = try cycle(suite, packet)
        #expect(restored == packet && Array(sealed[20..<24]) == [1, 1, 1, 0])
        #expect(Array(sealed[24..<28]) == [0, 0, 0x43, 0x21])
    }

    /// Extension headers of an IPv6 packet, and how many octets of the packet stand in front of ESP.
    static let chains: [(first: UInt8, headers: [UInt8], before: Int, nextBefore: Int)] = [
        (58, [], 40, 6),
        // Hop-by-hop options.
        (0, [58, 0, 1, 4, 0, 0, 0, 0], 48, 40),
        // Hop-by-hop, 16 octets, then routing.
        (0, [43, 1] + [UInt8](repeating: 0, count: 14) + [58, 0, 4, 0, 0, 0, 0, 0], 64, 56),
        // Destination options go behind ESP …
        (60, [58, 0, 1, 4, 0, 0, 0, 0], 40, 6),
        // … unless a routing header follows.
        (60, [43, 0, 1, 4, 0, 0, 0, 0] + [58, 0, 4, 0, 0, 0, 0, 0], 56, 48),
        (0, [60, 0, 1, 4, 0, 0, 0, 0] + [58, 0, 1, 4, 0, 0, 0, 0], 48, 40),
    ]

    @Test(arguments: chains)
    func `ESP stands at its place among IPv6 extension headers`(
        first: UInt8, headers: [UInt8], before: Int, nextBefore: Int
    ) throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 256, integrity: .none, usesESN: false)
        let payload = headers + [128, 0, 0, 0] + [UInt8](repeating: 9, count: 20)
        let packet =
            [0x60, 0, 0, 0, 0, UInt8(payload.count), first, 64] + [UInt8](repeating: 0x20, count: 32) + payload
        let (sealed, restored) = try cycle(suite, packet)
        #expect(restored == packet)
        #expect(sealed[nextBefore] == 50)
        #expect(Array(sealed[before..<before + 4]) == [0, 0, 0x43, 0x21])
        #expect(Int(sealed[4]) << 8 | Int(sealed[5]) == sealed.count - 40)
    }

    @Test func `what is not an IP packet of its length is refused`() throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 256, integrity: .none, usesESN: false)
        var short = Self.ping
        short[3] = 0xff
        var thin = Self.ping
        thin[0] = 0x44
        var version = Self.ping
        version[0] = 0x55
        for packet in [short, thin, version, [], Array(Self.ping[..<19])] {
            #expect(throws: ESPError.notIP) { try cycle(suite, packet) }
        }
        var back = try InboundSA(spi: 1, keys: suite.keys)
        var plain = Self.ping
        #expect(throws: ESPError.notIP) { _ = try plain.withUnsafeMutableBytes { try back.openTransport($0) } }
    }

    @Test func `octets behind the length that the header states are no part of the packet`() throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 256, integrity: .none, usesESN: false)
        let (_, restored) = try cycle(suite, Self.ping + [0, 0, 0])
        #expect(restored == Self.ping)
    }
}
