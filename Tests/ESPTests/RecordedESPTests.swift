import ESP
import IKECrypto
import Recordings
import Testing

/// Packets that others sealed.
struct RecordedESPTests {
    @Test func `the packet of RFC 7634's appendix A opens to its ping`() throws {
        let keys = ESPKeys(
            encryption: .chaCha20Poly1305, encryptionKey: SecretBytes([UInt8](0x80...0xa3)), usesESN: false)
        var back = try InboundSA(spi: 0x0102_0304, keys: keys)
        let packet = [UInt8](
            hex: """
                0102030400000005 1011121314151617 24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6
                14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da
                9165b82829f641e0 76aaa8266b7fb0f7b11b369907e1ad43
                """)
        let inner = [UInt8](
            hex: """
                45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10000736270809 0a0b0c0d0e0f10111213
                1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637
                """)
        let opened = try back.opened(packet)
        #expect(opened.payload == inner && opened.nextHeader == 4 && opened.number == 5)
        #expect(back.counters.octets == 84)
    }

    /// RFC 3602 §4 cases 7 and 8; the RFC shows no ICV, so one is put behind.
    static let tunnels: [(number: UInt8, iv: String, inner: String, ciphertext: String)] = [
        (
            2, "f4e765244f6407adf13dc1380f673f37",
            """
            45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b0c0d0e0f1011121314151617
            18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637
            """,
            """
            773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad7a0f022b859243c6
            47752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d
            """
        ),
        (
            5, "85d47224b5f3dd5d2101d4ea8dffab22",
            """
            45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083da3de0300ffffffffffffffffffffffffffffffff
            ffffffffffffffffffffffffffffffff
            """,
            """
            15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb50f980a08c9843fd3a1b06d5c07ff9639
            b7eb7dfb3512e5de435e7207ed971ef3d2726d9b5ef6affc6d17a0decbb13892
            """
        ),
    ]

    @Test(arguments: tunnels)
    func `RFC 3602's tunnel-mode packets open to their pings`(
        number: UInt8, iv: String, inner: String, ciphertext: String
    ) throws {
        let integrityKey = SecretBytes([UInt8](1...20))
        var back = try InboundSA(
            spi: 0x8765,
            keys: ESPKeys(
                encryption: .aesCBC, integrity: .hmacSHA1_96,
                encryptionKey: SecretBytes([UInt8](hex: "0123456789abcdef0123456789abcdef")),
                integrityKey: integrityKey, usesESN: false))
        let packet = [0, 0, 0x87, 0x65, 0, 0, 0, number] + [UInt8](hex: iv) + [UInt8](hex: ciphertext)
        let mac = try PRF.compute(.hmacSHA1, key: integrityKey, [packet])
        let opened = try back.opened(packet + mac.exposed.prefix(12))
        #expect(opened.payload == [UInt8](hex: inner) && opened.nextHeader == 4)
    }

    @Test(
        .enabled(
            if: Recording.exists("libreswan/resume.pcap") && Recording.exists("libreswan/keys.txt"),
            "\(Recording.absent)"))
    func `all six ESP packets between two kernels under pluto open to pings, and seal to the same octets`() throws {
        let log = KeyLog(try Recording.text("libreswan/keys.txt"))
        var opened = 0
        for packet in try Recording.resume.espPackets() {
            let spi = Array(packet[0..<4])
            let (section, direction) = try #require(
                log.sections.flatMap { section in
                    ["child_spi_i2r", "child_spi_r2i"].map { (section, $0) }
                }.first { $0.0.has($0.1) && $0.0[$0.1] == spi })
            let keys = ESPKeys(
                encryption: .aesGCM16, keyBits: 256, encryptionKey: SecretBytes(section["\(direction).key"]),
                usesESN: true)
            var back = try InboundSA(spi: 0, keys: keys)
            #expect(throws: ESPError.self) { _ = try back.opened(packet) }
            let number = spi.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var sa = try InboundSA(spi: number, keys: keys)
            let result = try sa.opened(packet)
            #expect(result.nextHeader == 4 && result.number == 1)
            // An 84-octet ping from one gateway to the other: request one way, reply the other.
            let inner = result.payload
            #expect(inner.count == 84 && sa.counters.octets == 84 && inner[9] == 1)
            #expect(inner[20] == (direction == "child_spi_i2r" ? 8 : 0))
            let west: [UInt8] = [192, 0, 1, 254]
            let east: [UInt8] = [192, 0, 2, 254]
            #expect(Array(inner[12..<20]) == (direction == "child_spi_i2r" ? west + east : east + west))
            opened += 1

            // The kernel's IV is its own; sealing with that IV must give the kernel's octets.
            var cipher = try PacketCipher(
                encryption: .aesGCM16, keyBits: 256, integrity: .none, encryptionKey: keys.encryptionKey,
                integrityKey: .empty, direction: .seal)
            var body = Array(packet[8..<16]) + inner + [1, 2, 2, 4] + [UInt8](repeating: 0, count: 16)
            try body.withUnsafeMutableBytes { octets in
                try (spi + [0, 0, 0, 0, 0, 0, 0, 1]).withUnsafeBytes { try cipher.seal(associated: $0, body: octets) }
            }
            #expect(body == Array(packet[8...]))
        }
        #expect(opened == 6)
    }

    @Test(.enabled(if: Recording.exists("vpp/s1.pcap"), "\(Recording.absent)"))
    func `all ESP packets between strongSwan and VPP open in order, with ESN behind a MAC`() throws {
        func sa(_ spi: UInt32, _ encryption: String, _ integrity: String) throws -> InboundSA {
            try InboundSA(
                spi: spi,
                keys: ESPKeys(
                    encryption: .aesCBC, keyBits: 192, integrity: .hmacSHA1_96,
                    encryptionKey: SecretBytes([UInt8](hex: encryption)),
                    integrityKey: SecretBytes([UInt8](hex: integrity)), usesESN: true))
        }
        // From VPP's console: `show ikev2 sa details`.
        var toVPP = try sa(
            0x7977_5d97, "844f05978c7056bc107036a385f3c5179f3c1aeb6204838c",
            "06cf6ee8e7f2f1c03d0d0975b8af5eeed5782b1e")
        var fromVPP = try sa(
            0xcb12_df28, "08d8ecc21fd1e68f066e4224bda4c256f991242f002234ca",
            "fa166704a55c8c9f3b1c06ed7aa5593fe4b4c9a6")
        var icmp = 0
        var tcp = 0
        for packet in try Recording.vppResponder.espPackets() {
            let result =
                packet[0] == 0x79 ? try toVPP.opened(packet) : try fromVPP.opened(packet)
            #expect(result.nextHeader == 4 && result.payload[0] == 0x45)
            icmp += result.payload[9] == 1 ? 1 : 0
            tcp += result.payload[9] == 6 ? 1 : 0
        }
        // The console counts them too: 13 packets came in and 12 went out when it was read, during the download.
        #expect(toVPP.counters.packets >= 13 && fromVPP.counters.packets >= 12)
        #expect(toVPP.window.highest == toVPP.counters.packets)
        #expect(fromVPP.window.highest == fromVPP.counters.packets)
        #expect(icmp + tcp == Int(toVPP.counters.packets + fromVPP.counters.packets))
        #expect(icmp > 0 && tcp > 0)
    }
}
