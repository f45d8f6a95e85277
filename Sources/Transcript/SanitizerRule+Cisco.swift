/// Consoles of Cisco's devices: group `cisco`.
extension SanitizerRule {
    static let cisco: [SanitizerRule] = [
        SanitizerRule(
            "cisco", "ike-spi", "The SPIs of an IKE SA in debugging lines become IKESPI.",
            .rewrite(
                ["I_SPI=", "R_SPI=", "Initiator SPI : ", "Responder SPI : ", "InitSPI=0x", "RespSPI=0x"].map {
                    [.text($0), .mask(.hex, 16...16, "IKESPI"), .wordEnd]
                })),
        SanitizerRule(
            "cisco", "esp-spi", "The SPI of an ESP SA becomes ESPSPI; 0x00000000 is none.", .line(maskSPI)),
        SanitizerRule(
            "cisco", "esp-spis", "The SPIs of a Child SA in a listing of IKE SAs become ESPSPI.",
            .rewrite([
                [
                    .text("ESP spi in/out: 0x"), .mask(.lowerHex, 8...8, "ESPSPI"), .text("/0x"),
                    .mask(.lowerHex, 8...8, "ESPSPI"), .wordEnd,
                ]
            ])),
        SanitizerRule(
            "cisco", "router-spi", "SPIs in a router's listings become IKESPI and ESPSPI (DEC).",
            .rewrite([
                [.text("Local spi: "), .mask(.hex, 16...16, "IKESPI"), .wordEnd],
                [.text("Remote spi: "), .mask(.hex, 16...16, "IKESPI"), .wordEnd],
                [
                    .text("spi: 0x"), .mask(.hex, 1...8, "ESPSPI"), .text("("), .mask(.digit, 1...10, "DEC"),
                    .text(")"),
                ],
            ])),
        SanitizerRule(
            "cisco", "time", "The time before a router's debugging line becomes TIME.",
            .rewrite([
                [
                    .lineStart, .text("*"), .mask(.letter, 3...3, "TIME"), .mask(.space, 1...2, ""),
                    .mask(.digit, 1...2, ""), .cut(" "), .mask(OctetClass("0123456789:."), 12...12, ""), .text(": "),
                ]
            ])),
        SanitizerRule(
            "cisco", "place", "Addresses and handles of a device's memory become PLACE.",
            .rewrite(
                [("created @ 0x", 16), ("SCB: 0x", 8), ("Session ID: 0x", 8)].map { lead, digits in
                    [.text(lead), .mask(.hex, digits...digits, "PLACE"), .wordEnd]
                })),
        SanitizerRule(
            "cisco", "octets", "Octets that were drawn or encrypted become xx; an IKE header's second line stays.",
            .line(maskOctets)),
        SanitizerRule(
            "cisco", "seconds", "Seconds that are left or have passed become X.",
            .rewrite([
                [.text("(kB/sec): ("), .run(.digit, 1...20), .text("/"), .mask(.digit, 1...10, "X"), .text(")")],
                [.text("(k/sec): ("), .run(.digit, 1...20), .text("/"), .mask(.digit, 1...10, "X"), .text(")")],
                [.text("Rekey Left(T): "), .mask(.digit, 1...10, "X"), .text(" Seconds")],
                [.text("Life/Active Time: "), .run(.digit, 1...10), .text("/"), .mask(.digit, 1...10, "X")],
                [.text("Login Time   : "), .mask(.any, 1...60, "TIMESTAMP"), .lineEnd],
                [
                    .text("round-trip min/avg/max = "), .mask(.digit, 1...6, "X"), .text("/"),
                    .mask(.digit, 1...6, "X"), .text("/"), .mask(.digit, 1...6, "X"), .text(" ms"),
                ],
                [.text("Duration     : "), .mask(.any, 1...20, "X"), .lineEnd],
            ])),
    ]

    private static let leads = ["SPI 0x", "SPI : 0x", "SPI: 0x", "SPI entry 0x", "outbound spi: ", "inbound spi : "]
        .map { Array($0.utf8) }

    /// Eight digits behind one of the leads; `spi: 0x766AF315 (1986720533)`.
    @Sendable private static func maskSPI(_ line: ConsoleLine) -> Verdict {
        var octets = line.octets
        let listed = Array("spi: 0x".utf8)
        if let start = octets.position(of: listed) {
            let digits = start + listed.count
            guard OctetClass.hex.length(in: octets, at: digits, limit: 9) == 8,
                octets.holds(Array(" (".utf8), at: digits + 8),
                octets.last == UInt8(ascii: ")")
            else { return .keep }
            octets.replaceSubrange(digits..., with: Array("ESPSPI (DEC)".utf8))
            return .replace(octets)
        }
        for lead in leads {
            guard let start = octets.position(of: lead) else { continue }
            let digits = start + lead.count
            guard OctetClass.hex.length(in: octets, at: digits, limit: 9) == 8,
                !octets[digits..<(digits + 8)].allSatisfy({ $0 == UInt8(ascii: "0") })
            else { continue }
            octets.replaceSubrange(digits..<(digits + 8), with: Array("ESPSPI".utf8))
        }
        return octets == line.octets ? .keep : .replace(octets)
    }

    /// `f6 b6 … c8 35`, 16 octets; as a dump of a message, with what is printable behind `|`, any number of them.
    @Sendable private static func maskOctets(_ line: ConsoleLine) -> Verdict {
        let octets = line.octets
        var count = 0
        while OctetClass.lowerHex.length(in: octets, at: 3 * count, limit: 3) == 2 {
            count += 1
            guard 3 * count - 1 < octets.count, octets[3 * count - 1] == 0x20 else { break }
        }
        guard count > 0 else { return .keep }
        let masked = Array(repeatElement("xx", count: count).joined(separator: " ").utf8)
        if octets.count == 3 * count - 1 { return count == 16 ? .replace(masked) : .keep }
        guard octets.holds(Array("| ".utf8), at: 3 * count), octets.count == 3 * count + 2 + count else { return .keep }
        // Next payload SK, version 2.0, then exchange, flags and message ID: of a header nothing is drawn by chance.
        if octets.holds(Array("2e 20 2".utf8), at: 0), octets.holds(Array("00 00 00".utf8), at: 12) { return .keep }
        return .replace(masked + Array(" | ".utf8) + [UInt8](repeating: UInt8(ascii: "."), count: count))
    }
}
