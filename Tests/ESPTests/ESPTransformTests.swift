import ESP
import IKECrypto
import Testing

struct ESPTransformTests {
    @Test(arguments: ESPSuite.all)
    func `payloads of every length come back, aligned, numbered and counted`(suite: ESPSuite) throws {
        var out = try OutboundSA(spi: 0xc001_d00d, keys: suite.keys)
        var back = try InboundSA(spi: 0xc001_d00d, keys: suite.keys)
        var octets: UInt64 = 0
        let lengths = Array(0...70) + [84, 255, 256, 1400, 9000]
        for (index, length) in lengths.enumerated() {
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
            let packet = try out.sealed(payload, nextHeader: UInt8(index & 255))
            #expect(packet.count == out.sealedLength(payloadLength: length))
            #expect((packet.count - out.headerLength - out.icvLength) % out.alignment == 0)
            #expect(Array(packet[0..<8]) == [0xc0, 0x01, 0xd0, 0x0d, 0, 0, 0, UInt8(index + 1)])
            let opened = try back.opened(packet)
            #expect(opened.payload == payload && opened.nextHeader == UInt8(index & 255))
            #expect(opened.number == UInt64(index + 1))
            octets += UInt64(length)
        }
        #expect(out.counters.packets == UInt64(lengths.count) && back.counters.packets == UInt64(lengths.count))
        #expect(out.counters.octets == octets && back.counters.octets == octets)
        #expect(back.counters.replays == 0 && back.counters.integrityFailures == 0 && back.counters.malformed == 0)
    }

    @Test(arguments: ESPSuite.all)
    func `every flipped octet and every truncation is refused, and the packet is still good afterwards`(
        suite: ESPSuite
    ) throws {
        var out = try OutboundSA(spi: 7, keys: suite.keys)
        var back = try InboundSA(spi: 7, keys: suite.keys)
        let payload = [UInt8](repeating: 0x45, count: 84)
        let packet = try out.sealed(payload)
        for index in packet.indices {
            var changed = packet
            changed[index] ^= 0x10
            let refusal = #expect(throws: ESPError.self) { _ = try back.opened(changed) }
            // A changed SPI is another SA's; anything else, the sequence number included, fails the check value.
            #expect(
                index < 4 ? refusal == .wrongSPI(UInt32(0x10) << (24 - 8 * UInt32(index)) ^ 7) : refusal == .integrity)
        }
        for count in 0..<packet.count {
            let refusal = #expect(throws: ESPError.self) { _ = try back.opened(Array(packet[..<count])) }
            let text = count - back.headerLength - back.icvLength
            if text < 4 {
                #expect(refusal == .truncated(needed: back.headerLength + 4 + back.icvLength, got: count))
            } else if text % out.alignment != 0 {
                #expect(refusal == .misaligned(text))
            } else {
                #expect(refusal == .integrity)
            }
        }
        #expect(back.counters.integrityFailures > 0 && back.counters.malformed > 0 && back.counters.packets == 0)
        #expect(try back.opened(packet).payload == payload)
        #expect(throws: ESPError.replayed(1)) { _ = try back.opened(packet) }
        #expect(back.counters.replays == 1)
    }

    @Test(arguments: ESPSuite.varied)
    func `another key refuses`(suite: ESPSuite) throws {
        var out = try OutboundSA(spi: 7, keys: suite.keys)
        let packet = try out.sealed([1, 2, 3])
        var wrong = suite.keys
        if suite.integrity == .none {
            var octets = wrong.encryptionKey.exposed
            octets[octets.count - 1] ^= 1
            wrong.encryptionKey = SecretBytes(octets)
        } else {
            var octets = wrong.integrityKey.exposed
            octets[0] ^= 1
            wrong.integrityKey = SecretBytes(octets)
        }
        var back = try InboundSA(spi: 7, keys: wrong)
        #expect(throws: ESPError.integrity) { _ = try back.opened(packet) }
    }

    @Test(arguments: ESPSuite.varied.filter { !$0.usesESN })
    func `without ESN the number ends at 2^32-1 and the SA is used up`(suite: ESPSuite) throws {
        var out = try OutboundSA(spi: 7, keys: suite.keys, sequence: 0xffff_fffd)
        var back = try InboundSA(spi: 7, keys: suite.keys, highest: 0xffff_fff0)
        #expect(try back.opened(try out.sealed([1])).number == 0xffff_fffe)
        #expect(try back.opened(try out.sealed([2])).number == 0xffff_ffff)
        #expect(throws: ESPError.sequenceExhausted) { _ = try out.sealed([3]) }
        #expect(throws: ESPError.sequenceExhausted) { _ = try out.sealed([3]) }
        #expect(out.counters.packets == 2 && out.sequence == 0xffff_ffff)
    }

    @Test(arguments: ESPSuite.varied.filter(\.usesESN))
    func `with ESN the low half wraps, late packets of the span before still open, and the high half is authenticated`(
        suite: ESPSuite
    ) throws {
        var out = try OutboundSA(spi: 7, keys: suite.keys, sequence: 0xffff_fffd)
        var back = try InboundSA(spi: 7, keys: suite.keys, highest: 0xffff_fff0)
        var packets: [[UInt8]] = []
        for index in 0..<6 { packets.append(try out.sealed([UInt8(index)])) }
        // The low halves: …fe, …ff, 0, 1, 2, 3.
        #expect(Array(packets[2][4..<8]) == [0, 0, 0, 0])
        for (index, number) in [(0, 0xffff_fffe), (3, 0x1_0000_0001), (1, 0xffff_ffff), (2, 0x1_0000_0000)] {
            let opened = try back.opened(packets[index])
            #expect(opened.number == UInt64(number) && opened.payload == [UInt8(index)])
        }
        #expect(throws: ESPError.replayed(0xffff_ffff)) { _ = try back.opened(packets[1]) }
        // A receiver that stands in another span infers another high half, and the check value differs.
        var lost = try InboundSA(spi: 7, keys: suite.keys, highest: 0x5_0000_0000)
        #expect(throws: ESPError.integrity) { _ = try lost.opened(packets[4]) }

        var last = try OutboundSA(spi: 7, keys: suite.keys, sequence: UInt64.max - 1)
        _ = try last.sealed([1])
        #expect(throws: ESPError.sequenceExhausted) { _ = try last.sealed([2]) }
    }

    @Test func `a forged packet does not move the window`() throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 256, integrity: .none, usesESN: false)
        var out = try OutboundSA(spi: 7, keys: suite.keys)
        var back = try InboundSA(spi: 7, keys: suite.keys, windowSize: 32)
        let packet = try out.sealed([1])
        var forged = packet
        forged[4] = 0x7f
        #expect(throws: ESPError.integrity) { _ = try back.opened(forged) }
        #expect(back.window.highest == 0)
        #expect(try back.opened(packet).payload == [1])
    }

    @Test func `a packet left of the window is stale and one in it opens late`() throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 128, integrity: .none, usesESN: false)
        var out = try OutboundSA(spi: 7, keys: suite.keys)
        var back = try InboundSA(spi: 7, keys: suite.keys, windowSize: 32)
        var packets: [[UInt8]] = []
        for index in 0..<40 { packets.append(try out.sealed([UInt8(index)])) }
        _ = try back.opened(packets[39])
        #expect(throws: ESPError.stale(8)) { _ = try back.opened(packets[7]) }
        #expect(try back.opened(packets[8]).payload == [8])
        #expect(back.counters.replays == 1)
    }

    @Test(arguments: ESPSuite.varied)
    func `padding that is not 1, 2, 3 or longer than the packet is refused`(suite: ESPSuite) throws {
        let keys = suite.keys
        var cipher = try PacketCipher(
            encryption: keys.encryption, keyBits: keys.keyBits, integrity: keys.integrity,
            encryptionKey: keys.encryptionKey, integrityKey: keys.integrityKey, direction: .seal)
        var back = try InboundSA(spi: 7, keys: keys)
        let block = max(16, cipher.blockLength)
        func packet(_ number: UInt8, _ text: [UInt8]) throws -> [UInt8] {
            precondition(text.count % block == 0)
            let header: [UInt8] = [0, 0, 0, 7, 0, 0, 0, number]
            let associated =
                suite.usesESN && cipher.isAEAD ? [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, number] : header
            var body = [UInt8](repeating: number, count: cipher.ivLength) + text
            body += [UInt8](repeating: 0, count: cipher.icvLength)
            try body.withUnsafeMutableBytes { octets in
                try associated.withUnsafeBytes {
                    try cipher.seal(associated: $0, body: octets, trailer: suite.usesESN ? 0 : nil)
                }
            }
            return header + body
        }
        let zeros = [UInt8](repeating: 0, count: block - 6)
        #expect(try back.opened(try packet(1, zeros + [1, 2, 3, 4, 4, 41])).payload == zeros)
        #expect(throws: ESPError.padding) { _ = try back.opened(try packet(2, zeros + [1, 2, 3, 3, 4, 41])) }
        #expect(throws: ESPError.padding) { _ = try back.opened(try packet(3, zeros + [0, 1, 2, 3, 4, 41])) }
        #expect(throws: ESPError.padding) { _ = try back.opened(try packet(4, zeros + [0, 0, 0, 0, 4, 41])) }
        let whole = (1...block - 2).map { UInt8($0) }
        #expect(try back.opened(try packet(5, whole + [UInt8(block - 2), 59])).payload == [])
        #expect(throws: ESPError.padding) { _ = try back.opened(try packet(6, whole + [UInt8(block - 1), 59])) }
        #expect(throws: ESPError.padding) { _ = try back.opened(try packet(7, whole + [255, 59])) }
        #expect(back.counters.malformed == 5 && back.counters.packets == 2)
        // They were genuine packets, so their numbers are used up (RFC 4303 §3.4.3).
        #expect(back.window.highest == 7)
    }

    @Test func `a buffer that is too small is refused and uses up no number`() throws {
        let suite = ESPSuite(encryption: .aesGCM16, keyBits: 256, integrity: .none, usesESN: true)
        var out = try OutboundSA(spi: 7, keys: suite.keys)
        let needed = out.sealedLength(payloadLength: 100)
        #expect(needed == 8 + 8 + 104 + 16)
        var buffer = [UInt8](repeating: 0, count: needed - 1)
        #expect(throws: ESPError.noRoom(needed: needed, got: needed - 1)) {
            _ = try buffer.withUnsafeMutableBytes { try out.seal($0, payloadLength: 100, nextHeader: 4) }
        }
        #expect(out.sequence == 0 && out.counters.packets == 0)
    }

    @Test(arguments: ESPSuite.all)
    func `the longest payload within a length fits and one more octet does not`(suite: ESPSuite) throws {
        let out = try OutboundSA(spi: 7, keys: suite.keys)
        for length in 100...180 {
            let longest = out.longestPayload(within: length)
            #expect(out.sealedLength(payloadLength: longest) <= length)
            #expect(out.sealedLength(payloadLength: longest + 1) > length)
        }
    }

    @Test func `IVs of counter modes are the number, those of CBC look unrelated`() throws {
        let gcm = ESPSuite(encryption: .aesGCM16, keyBits: 128, integrity: .none, usesESN: true)
        var out = try OutboundSA(spi: 7, keys: gcm.keys, sequence: 0x1_0000_0000)
        #expect(Array(try out.sealed([1])[8..<16]) == [0, 0, 0, 1, 0, 0, 0, 1])
        let cbc = ESPSuite(encryption: .aesCBC, keyBits: 128, integrity: .hmacSHA1_96, usesESN: true)
        var chained = try OutboundSA(spi: 7, keys: cbc.keys)
        var ivs: Set<[UInt8]> = []
        for _ in 0..<256 { ivs.insert(Array(try chained.sealed([1])[8..<24])) }
        #expect(ivs.count == 256)
        // A counter would leave most octets equal from one packet to the next.
        for position in 0..<16 { #expect(Set(ivs.map { $0[position] }).count > 100) }
    }

    @Test func `keys that do not fit their algorithm are refused`() {
        #expect(throws: ESPError.cipher(.keyLength(expected: 36, got: 32))) {
            _ = try OutboundSA(
                spi: 1,
                keys: ESPKeys(
                    encryption: .aesGCM16, keyBits: 256, encryptionKey: SecretBytes([UInt8](0..<32)), usesESN: true))
        }
        #expect(throws: ESPError.cipher(.unsupported("NULL with integrity NONE"))) {
            _ = try InboundSA(spi: 1, keys: ESPKeys(encryption: .null, encryptionKey: .empty, usesESN: false))
        }
    }
}
