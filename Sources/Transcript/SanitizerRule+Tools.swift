/// Shells, tcpdump, iptables, other daemons, dates: groups `misc-sanitize` to `linux-audit`.
extension SanitizerRule {
    static let miscellany: [SanitizerRule] = [
        SanitizerRule(
            "misc-sanitize", "job", "The number and process of a background job become [x] PID.",
            .rewrite([
                [
                    .lineStart, .text("["), .mask(.digit, 1...3, "x"), .text("] "), .mask(.digit, 1...10, "PID"),
                    .lineEnd,
                ]
            ])),
        SanitizerRule(
            "misc-sanitize", "last-contact", "The time of the last contact becomes XX.XXX.",
            .rewrite([
                [
                    .text("last_contact="), .mask(.digit, 1...10, "XX"), .text("."), .mask(.digit, 1...9, "XXX"),
                    .wordEnd,
                ]
            ])),
        SanitizerRule(
            "misc-sanitize", "socket", "The number of a socket becomes XX.",
            .rewrite([[.text("socket "), .mask(.digit, 1...6, "XX"), .text(": ")]])),
        SanitizerRule(
            "misc-sanitize", "version", "The version of Libreswan becomes vA.B.C.",
            .rewrite([
                [
                    .text("Libreswan v"), .mask(.digit, 1...4, "A.B.C"),
                    .mask(OctetClass("0123456789.-_abcdefghijklmnopqrstuvwxyz"), 0...60, ""),
                ]
            ])),
        SanitizerRule(
            "misc-sanitize", "replay-bitmap", "The last word of a replay bitmap becomes XXXXXXXX.",
            .line(maskReplayBitmap)),
        SanitizerRule(
            "misc-sanitize", "sequence", "The sequence number of a kernel state becomes 0xXX.", only: .kernelState,
            .rewrite([[.text("seq 0x"), .mask(.lowerHex, 1...16, "XX"), .wordEnd]])),
        SanitizerRule(
            "misc-sanitize", "debug", "The daemon's debugging settings become debug ….", only: .status,
            .rewrite([[.lineStart, .text("debug "), .mask(.any, 1...4000, "..."), .lineEnd]])),
        SanitizerRule(
            "misc-sanitize", "deprecated", "That ipsec auto is old is dropped.",
            .remove([[.text("ipsec auto has been deprecated")]])),
    ]

    /// ` 00000000 00000000 00000000 0000000f `: words of eight digits and nothing else.
    @Sendable private static func maskReplayBitmap(_ line: ConsoleLine) -> Verdict {
        let octets = line.octets
        guard octets.count >= 10, octets[0] == 0x09 || octets[0] == 0x20 else { return .keep }
        let words = octets.split(whereSeparator: OctetClass.space.contains)
        guard let last = words.last, words.allSatisfy({ $0.count == 8 && $0.allSatisfy(OctetClass.lowerHex.contains) })
        else { return .keep }
        var masked = octets
        masked.replaceSubrange(last.indices, with: Array("XXXXXXXX".utf8))
        return .replace(masked)
    }

    static let tools: [SanitizerRule] = [
        SanitizerRule(
            "tcpdump", "time", "The time of a captured packet is dropped.", only: .capture,
            .rewrite([
                [
                    .lineStart, .mask(.digit, 2...2, ""), .cut(":"), .mask(.digit, 2...2, ""), .cut(":"),
                    .mask(.digit, 2...2, ""), .cut("."), .mask(.digit, 1...9, ""), .cut(" "),
                ]
            ])),
        SanitizerRule(
            "tcpdump", "spi", "The SPI of a captured packet becomes XXXX.", only: .capture,
            .rewrite([[.text("spi=0x"), .mask(.lowerHex, 1...8, "XXXX"), .wordEnd]])),
        SanitizerRule(
            "tcpdump", "echo-id", "The identifier of a captured echo becomes XXXX.", only: .capture,
            .rewrite([[.text(", id "), .mask(.digit, 1...5, "XXXX"), .text(", seq ")]])),
        SanitizerRule(
            "iptables", "legacy-warning", "The warning about older tables is dropped.",
            .remove([[.lineStart, .text("# Warning: iptables-legacy tables present")]])),
        SanitizerRule(
            "ikev2-proposal-sanitize", "constructed", "Which proposals were constructed is dropped.",
            .remove([[.text("IKE proposals for ")], [.text("ESP/AH proposals for ")]])),
        SanitizerRule(
            "seccomp", "state", "Whether seccomp is on becomes OFF.",
            .rewrite([[.lineStart, .text("seccomp="), .mask(.letter, 1...20, "OFF"), .lineEnd]])),
        SanitizerRule("all-date-sanitize", "timestamp", "A date with its time becomes TIMESTAMP.", .rewrite(dates)),
        SanitizerRule(
            "all-date-sanitize", "days", "A count of days becomes X.",
            .rewrite([
                [.text("expires in "), .mask(.digit, 1...6, "X"), .text(" days")],
                [.text("("), .mask(.digit, 1...6, "X"), .text(" days ago)")],
            ])),
        SanitizerRule(
            "impair", "suppressing", "That a retransmission was suppressed is dropped.",
            .remove([[.text("IMPAIR: suppressing retransmits")]])),
        SanitizerRule(
            "strongswan", "spi", "The SPIs of strongSwan's SAs become SPISPI.",
            .rewrite([
                [.text(" "), .mask(.lowerHex, 8...8, "SPISPI"), .text("_i"), .wordEnd],
                [.text(" "), .mask(.lowerHex, 8...8, "SPISPI"), .text("_o"), .wordEnd],
            ])),
        SanitizerRule(
            "strongswan", "listed-spi",
            "The SPIs of strongSwan's IKE SAs become IKESPI, those of swanctl's listing SPISPI.",
            .rewrite([
                [.text(" "), .mask(.lowerHex, 16...16, "IKESPI"), .text("_i")],
                [.text(" "), .mask(.lowerHex, 16...16, "IKESPI"), .text("_r")],
                [.lineStart, .text("    in  "), .mask(.lowerHex, 8...8, "SPISPI"), .text(",")],
                [.lineStart, .text("    out "), .mask(.lowerHex, 8...8, "SPISPI"), .text(",")],
            ])),
        SanitizerRule(
            "strongswan", "times", "Times until and since in strongSwan's lines and listings become N.",
            .rewrite(
                ["scheduling rekeying in ", "scheduling reauthentication in ", "maximum IKE_SA lifetime "].map {
                    [.lineStart, .text($0), .mask(.digit, 1...10, "N"), .text("s"), .lineEnd]
                }
                    + ["[IKE] scheduling rekeying in ", "[IKE] maximum IKE_SA lifetime "].map {
                        [.lineStart, .text($0), .mask(.digit, 1...10, "N"), .text("s"), .lineEnd]
                    }
                    + [": ESTABLISHED ", ", rekeying in ", " reauthentication in ", "  uptime: "].map {
                        [.text($0), .mask(.digit, 1...10, "N"), .text(" "), .mask(.letter, 3...8, "units")]
                    }
                    + ["  established ", "    installed "].map {
                        [.lineStart, .text($0), .mask(.digit, 1...10, "N"), .text("s ago")]
                    }
                    + ["s ago, rekeying in ", "s ago, reauth in ", "s, expires in "].map {
                        [.text($0), .mask(.digit, 1...10, "N"), .text("s"), .wordEnd]
                    } + [
                        [.text(" packets, "), .mask(OctetClass(" 0123456789"), 1...12, "N"), .text("s ago")],
                        [.text(" pkt, "), .mask(.digit, 1...10, "N"), .text("s ago)")],
                        [.text(" pkts, "), .mask(.digit, 1...10, "N"), .text("s ago)")],
                    ])),
        SanitizerRule(
            "linux-audit", "record", "Time, process and drawn numbers of an audit record become XXX, PID, DEC(HEX).",
            .rewrite([
                [.text("msg=audit("), .mask(OctetClass("0123456789.:"), 1...40, "XXX"), .text(")")],
                [.text(" pid="), .mask(.digit, 1...10, "PID"), .text(" uid=")],
                [
                    .text("="), .mask(.digit, 1...20, "DEC"), .text("("), .cut("0x"), .mask(.hex, 1...16, "HEX"),
                    .text(")"),
                ],
            ])),
    ]

    /// `Nov 21 01:22:30 UTC 2026`, `Nov 21 01:22:30 2026`, `Nov 21 01:22:30`, each also behind a weekday.
    private static let dates: [OctetPattern] = {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let zoneAndYear: [[OctetPattern.Element]] = [
            [.cut(" "), .mask(.upper, 2...5, ""), .cut(" "), .mask(.digit, 4...4, ""), .wordEnd],
            [.cut(" "), .mask(.digit, 4...4, ""), .wordEnd],
            [.wordEnd],
        ]
        var patterns: [OctetPattern] = []
        for rest in zoneAndYear {
            for month in months {
                patterns.append(
                    OctetPattern(
                        [
                            .cut(month), .mask(.space, 1...2, "TIMESTAMP"), .mask(.digit, 1...2, ""), .cut(" "),
                            .mask(.digit, 2...2, ""), .cut(":"), .mask(.digit, 2...2, ""), .cut(":"),
                            .mask(.digit, 2...2, ""),
                        ] + rest))
            }
        }
        for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] {
            patterns.append([.cut(day + " "), .text("TIMESTAMP")])
            patterns.append([.cut(day + ", "), .text("TIMESTAMP")])
        }
        return patterns
    }()
}
