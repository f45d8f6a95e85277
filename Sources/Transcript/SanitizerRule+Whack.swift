/// What starting, stopping and talking to pluto prints: groups `ipsec-start`, `ipsec-stop` and `pluto-whack-sanitize`.
extension SanitizerRule {
    static let service: [SanitizerRule] = [
        SanitizerRule(
            "ipsec-start", "redirecting", "Which service manager starts the daemon becomes [initsystem].",
            .rewrite([[.lineStart, .text("Redirecting to: "), .mask(.any, 1...1000, "[initsystem]")]])),
        SanitizerRule(
            "ipsec-start", "process-number", "A process number becomes PID.", only: .service,
            .rewrite([
                [.text("(pid: "), .mask(.digit, 1...10, "PID"), .text(")")],
                [.text("(pid "), .mask(.digit, 1...10, "PID"), .text(")")],
            ])),
        SanitizerRule(
            "ipsec-stop", "shutting-down", "Pluto's farewell is dropped; it depends on the service manager.",
            only: .stop,
            .remove([[.lineStart, .text("Pluto is shutting down")]])),
    ]

    static let whack: [SanitizerRule] = [
        SanitizerRule(
            "pluto-whack-sanitize", "esp-spi", "SPIs of ESP in braces become 0xESPESP.",
            .line { maskSPIs(in: $0, of: "{ESP", with: "ESPESP") }),
        SanitizerRule(
            "pluto-whack-sanitize", "ah-spi", "SPIs of AH in braces become 0xAHAH.",
            .line { maskSPIs(in: $0, of: "{AH", with: "AHAH") }),
        SanitizerRule(
            "pluto-whack-sanitize", "cpi", "Compression parameter indexes become 0xCPI.",
            .rewrite([
                [
                    .text("IPCOMP=>0x"), .mask(.hex, 1...8, "CPI"), .wordEnd, .text(" <0x"), .mask(.hex, 1...8, "CPI"),
                    .wordEnd,
                ],
                [.text("IPCOMP <0x"), .mask(.hex, 1...8, "CPI"), .wordEnd],
            ])),
        SanitizerRule(
            "pluto-whack-sanitize", "rsa-size", "The size of an RSA key keeps its first digit: 2nnn-bit.",
            .rewrite([
                [.run(OctetClass("234"), 1...1), .mask(.digit, 3...3, "nnn"), .text("-bit RSA")]
            ])),
        SanitizerRule(
            "pluto-whack-sanitize", "message-id", "An IKEv1 message ID becomes MSGID.",
            .rewrite([[.text("msgid:"), .mask(.lowerHex, 8...8, "MSGID"), .wordEnd]])),
        SanitizerRule(
            "pluto-whack-sanitize", "event-time", "The time until a state's next event becomes XX: REKEY in XXs.",
            .rewrite([
                [
                    .run(.upper, 2...40), .text(" in "), .mask(OctetClass("-"), 0...1, ""), .mask(.digit, 1...10, "XX"),
                    .text("s"), .wordEnd,
                ]
            ])),
        SanitizerRule(
            "pluto-whack-sanitize", "remaining-life", "The remaining life of a key becomes XX.",
            .rewrite([[.text("remaining life "), .mask(.digit, 1...10, "XX"), .text("s")]])),
        SanitizerRule(
            "pluto-whack-sanitize", "add-time", "The time at which an SA was added becomes 1234567890.",
            .rewrite([[.text("add_time="), .mask(.digit, 1...20, "1234567890"), .wordEnd]])),
        SanitizerRule(
            "pluto-whack-sanitize", "age", "The age of a shunt or an SA becomes XXX.",
            .rewrite([[.text(" age="), .mask(.digit, 1...20, "XXX"), .wordEnd]])),
        SanitizerRule(
            "libreswan-4", "state-age", "The age of a state that goes, in seconds, becomes X.XX.",
            .rewrite([
                [.text(" aged "), .mask(.digit, 1...10, "X"), .text("."), .mask(.digit, 1...6, "XX"), .text("s ")]
            ])),
        SanitizerRule(
            "pluto-whack-sanitize", "serial-number", "The serial number of a certificate becomes 0xXX.",
            .rewrite([[.text("SN: 0x"), .mask(.hex, 1...80, "XX"), .wordEnd]])),
        SanitizerRule(
            "pluto-whack-sanitize", "fragment-count",
            "The count of fragments becomes N; that there were fragments stays.",
            .rewrite([[.text("reassembled from "), .mask(.digit, 1...4, "N"), .text(" fragments")]])),
        SanitizerRule(
            "pluto-whack-sanitize", "network-error", "Asynchronous network error reports are dropped.",
            .remove([[.text("asynchronous network error report")]])),
        SanitizerRule(
            "pluto-whack-sanitize", "peer-namespace",
            "What ip says of a peer in a namespace it cannot name is dropped.",
            .remove([[.text("peer netns reference is invalid")]])),
    ]

    /// `{ESP/ESN=>0x12345678 <0x9abcdef0 xfrm=…}`: masks the numbers behind `=>0x` and ` <0x` in the braces, but not an
    /// IPCOMP's, which has a rule of its own.
    private static func maskSPIs(in line: ConsoleLine, of opening: String, with mask: String) -> Verdict {
        let opening = Array(opening.utf8)
        let octets = line.octets
        guard line.signature.covers(LineSignature(opening)), var position = octets.position(of: opening) else {
            return .keep
        }
        var result = Array(octets[..<position])
        let compression = Array(" IPCOMP".utf8)
        while position < octets.count {
            let octet = octets[position]
            if octet == UInt8(ascii: "}") || octets.holds(compression, at: position) {
                guard let next = octets.position(of: opening, from: position) else { break }
                result += octets[position..<next]
                position = next
                continue
            }
            result.append(octet)
            position += 1
            let arrow = octet == UInt8(ascii: "<") || (octet == UInt8(ascii: ">") && octets[position - 2] == 0x3d)
            guard arrow, octets.holds([0x30, 0x78], at: position) else { continue }
            let length = OctetClass.hex.length(in: octets, at: position + 2, limit: 8)
            let end = position + 2 + length
            guard length > 0, end == octets.count || !OctetClass.word.contains(octets[end]) else { continue }
            result += Array("0x".utf8) + Array(mask.utf8)
            position = end
        }
        result += octets[position...]
        return result == octets ? .keep : .replace(result)
    }
}
