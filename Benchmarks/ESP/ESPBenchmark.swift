import ESP
import IKECrypto

/// Nanoseconds per packet of the ESP transform, one thread, packets of 1400 and 64 octets.
///
///     swift run -c release espbench [rounds [first letters of a suite's name]]
@main
struct ESPBenchmark {
    static func main() throws {
        let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200_000
        print("suite                                    octets  seal ns  open ns  Mbit/s sealed")
        let gcm = ESPKeys(encryption: .aesGCM16, encryptionKey: key(36), usesESN: true)
        let suites: [(String, ESPKeys)] = [
            ("AES_GCM_16 256", gcm),
            ("AES_GCM_16 128", ESPKeys(encryption: .aesGCM16, encryptionKey: key(20), usesESN: true)),
            ("CHACHA20_POLY1305", ESPKeys(encryption: .chaCha20Poly1305, encryptionKey: key(36), usesESN: true)),
            (
                "AES_CBC 256 HMAC_SHA2_256_128",
                ESPKeys(
                    encryption: .aesCBC, integrity: .hmacSHA2_256_128, encryptionKey: key(32), integrityKey: key(32),
                    usesESN: true)
            ),
            (
                "AES_CBC 128 HMAC_SHA1_96",
                ESPKeys(
                    encryption: .aesCBC, integrity: .hmacSHA1_96, encryptionKey: key(16), integrityKey: key(20),
                    usesESN: true)
            ),
        ]
        let wanted = CommandLine.arguments.dropFirst(2).first ?? ""
        for (name, keys) in suites where name.hasPrefix(wanted) {
            for length in [1400, 64] { try measure(name, keys, length, rounds) }
        }
    }

    static func key(_ count: Int) -> SecretBytes { SecretBytes((0..<count).map { UInt8($0) }) }

    /// Seals `rounds` packets in bursts of 64 and opens each burst, so that both work on fresh packets that fit in
    /// the cache, as a data plane's bursts do; the two halves are timed apart.
    static func measure(_ name: String, _ keys: ESPKeys, _ length: Int, _ rounds: Int) throws {
        var out = try OutboundSA(spi: 0x1234_5678, keys: keys)
        var back = try InboundSA(spi: 0x1234_5678, keys: keys)
        let burst = 64
        let room = 2048
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: burst * room, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0x45)
        var lengths = [Int](repeating: 0, count: burst)
        var sealing = Duration.zero
        var opening = Duration.zero
        let clock = ContinuousClock()
        let bursts = max(1, rounds / burst)
        for _ in 0..<bursts {
            let begin = clock.now
            for index in 0..<burst {
                let buffer = UnsafeMutableRawBufferPointer(rebasing: memory[index * room..<(index + 1) * room])
                lengths[index] = try out.seal(buffer, payloadLength: length, nextHeader: 4)
            }
            let middle = clock.now
            for index in 0..<burst {
                let packet = UnsafeMutableRawBufferPointer(
                    rebasing: memory[index * room..<index * room + lengths[index]])
                _ = try back.open(packet)
            }
            sealing += middle - begin
            opening += clock.now - middle
        }
        let packets = Double(bursts * burst)
        let sealNanoseconds = sealing / .nanoseconds(1) / packets
        let openNanoseconds = opening / .nanoseconds(1) / packets
        let megabits = Double(length) * 8 * 1000 / sealNanoseconds
        print(
            pad(name, 40), pad("\(length)", 7), pad("\(Int(sealNanoseconds))", 8), pad("\(Int(openNanoseconds))", 8),
            Int(megabits))
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
