/// What the kernel holds, and certificates: groups `ipsec-kernel-state` to `dig`.
extension SanitizerRule {
    static let kernel: [SanitizerRule] = [
        SanitizerRule(
            "ipsec-kernel-state", "spi", "The SPI of a state becomes 0xSPISPI; that of a larval state, zero, stays.",
            only: .kernelState,
            .rewrite(
                // A number that is not zero: so many zeros, another digit, the rest.
                (0...7).map { zeros in
                    [
                        .text(" spi 0x"), .mask(OctetClass("0"), zeros...zeros, ""),
                        .mask(OctetClass("123456789abcdef"), 1...1, "SPISPI"), .mask(.lowerHex, 0...7, ""), .wordEnd,
                    ]
                })),
        SanitizerRule(
            "ipsec-kernel-state", "reqid", "A request ID that was drawn (five digits and more) becomes REQID.",
            only: [.kernelState, .kernelPolicy],
            .rewrite([[.text(" reqid "), .mask(.digit, 5...10, "REQID"), .wordEnd]])),
        SanitizerRule(
            "ipsec-kernel-state", "encryption-key", "A key of encryption becomes 0xENCKEY.", only: .kernelState,
            .rewrite([key("\tenc ", "ENCKEY")])),
        SanitizerRule(
            "ipsec-kernel-state", "integrity-key", "A key of integrity becomes 0xHASHKEY.", only: .kernelState,
            .rewrite([key("\tauth-trunc ", "HASHKEY"), key("\tauth ", "HASHKEY")])),
        SanitizerRule(
            "ipsec-kernel-state", "aead-key", "A key of both becomes 0xENCAUTHKEY.", only: .kernelState,
            .rewrite([key("\taead ", "ENCAUTHKEY")])),
        SanitizerRule(
            "ipsec-kernel-state", "last-used", "The time of a state's last use becomes YYYY-MM-DD HH:MM:SS.",
            only: .kernelState,
            .rewrite([
                [
                    .text("lastused "), .mask(.digit, 4...4, "YYYY"), .text("-"), .mask(.digit, 2...2, "MM"),
                    .text("-"),
                    .mask(.digit, 2...2, "DD"), .text(" "), .mask(.digit, 2...2, "HH"), .text(":"),
                    .mask(.digit, 2...2, "MM"), .text(":"), .mask(.digit, 2...2, "SS"),
                ]
            ])),
        SanitizerRule(
            "ipsec-kernel-state", "selector-port", "A drawn port (20000 to 69999) becomes EPHEM.",
            only: [.kernelState, .kernelPolicy],
            .rewrite([
                [.text("sport "), .mask(drawn, 1...1, "EPHEM"), .mask(.digit, 4...4, ""), .wordEnd],
                [.text("dport "), .mask(drawn, 1...1, "EPHEM"), .mask(.digit, 4...4, ""), .wordEnd],
            ])),
        SanitizerRule(
            "ipsec-kernel-policy", "priority", "The priority of a policy becomes PRIORITY; zero stays.",
            only: .kernelPolicy,
            .rewrite([[.text(" priority "), .mask(.nonzero, 1...1, "PRIORITY"), .mask(.digit, 0...10, ""), .wordEnd]])),
        SanitizerRule(
            "ephemeral-ports", "port", "A drawn port behind an address (20000 to 69999) becomes EPHEM.",
            .rewrite([
                [
                    .run(OctetClass("0123456789]"), 1...1), .text(":"), .mask(drawn, 1...1, "EPHEM"),
                    .mask(.digit, 4...4, ""), .wordEnd,
                ]
            ])),
    ]

    /// The first digit of a drawn port, 20000 to 69999.
    private static let drawn = OctetClass("23456")

    /// `<TAB>aead rfc4106(gcm(aes)) 0x… 128`: the name of the algorithm, the key, perhaps a size.
    private static func key(_ start: String, _ mask: String) -> OctetPattern {
        [
            .lineStart, .text(start), .run(.visible, 1...60), .text(" 0x"), .mask(.lowerHex, 1...256, mask), .wordEnd,
        ]
    }

    static let certificates: [SanitizerRule] = [
        SanitizerRule(
            "ipsec-certutil", "serial", "The serial number of a certificate becomes SERIAL.",
            .rewrite([[.text("Serial Number: "), .mask(.any, 1...200, "SERIAL"), .lineEnd]])),
        SanitizerRule(
            "ipsec-up", "retransmission", "Retransmissions while a connection comes up are dropped.",
            .console { lines, log in
                removeRetransmissions(&lines, &log) { $0.command.contains(.up) }
            }),
        SanitizerRule(
            "pem", "body", "The body of a PEM block is dropped, its first and last line stay.",
            .console { lines, log in removePEMBodies(&lines, &log) }),
        SanitizerRule(
            "pem", "raw-key", "Raw public keys and their short names are numbered: 0s<<RAW-PUBKEY#1>>, <<KEYID#1>>.",
            .console { lines, log in
                number(&lines, &log, behind: "sigkey=0s", as: "RAW-PUBKEY")
                number(&lines, &log, behind: "# rsakey ", as: "KEYID")
            }),
        SanitizerRule(
            "dig", "query", "Number and duration of a DNS query become DNSID and MS.",
            .rewrite([
                [.text(", id: "), .mask(.digit, 1...6, "DNSID"), .lineEnd],
                [.text(";; Query time: "), .mask(.digit, 1...9, "MS"), .text(" msec")],
            ])),
    ]

    /// Each value behind `prefix`, up to the line's end, becomes its number in the order in which the values first appear:
    /// which are equal and which are not is kept.
    private static func number(
        _ lines: inout [ConsoleLine], _ log: inout SanitizerLog, behind prefix: String, as name: String
    ) {
        var numbers: [[UInt8]: Int] = [:]
        let prefix = Array(prefix.utf8)
        for index in lines.indices where lines[index].role == .output {
            let octets = lines[index].octets
            guard let start = octets.indices.first(where: { octets[$0...].starts(with: prefix) }) else { continue }
            let value = Array(octets[(start + prefix.count)...])
            guard !value.isEmpty else { continue }
            let number = numbers[value] ?? numbers.count + 1
            numbers[value] = number
            let new = Array(octets[..<(start + prefix.count)]) + Array("<<\(name)#\(number)>>".utf8)
            if new != octets { log.note(lines[index], becomes: new) }
            lines[index].replace(with: new)
        }
    }

    private static func removePEMBodies(_ lines: inout [ConsoleLine], _ log: inout SanitizerLog) {
        let begin: OctetPattern = [.lineStart, .text("-----BEGIN ")]
        let end: OctetPattern = [.lineStart, .text("-----END ")]
        var inside = false
        var kept: [ConsoleLine] = []
        kept.reserveCapacity(lines.count)
        for index in lines.indices {
            let line = lines[index]
            if inside && !end.matches(line) && line.role == .output {
                log.note(line, becomes: nil)
                continue
            }
            // A block without an end ends at the next prompt at the latest.
            inside = begin.matches(line) && line.role == .output
            kept.append(line)
        }
        lines = kept
    }
}
