/// What interfaces and the status of the daemon show: groups `namespace`, `xfrmi`, `sanitize-retransmits`,
/// `ipsec-status` and `retransmit-sanitize`.
extension SanitizerRule {
    static let interfaces: [SanitizerRule] = [
        SanitizerRule(
            "namespace", "note", "Notes about namespaces are dropped.",
            .remove([[.lineStart, .text("namespace: ")], [.lineStart, .text("nsenter ")]])),
        SanitizerRule(
            "namespace", "veth-peer", "Where the other end of a veth link lives is dropped.",
            .rewrite([
                [.cut(" link-netnsid "), .mask(.digit, 1...9, ""), .lineEnd],
                [.cut(" link-netns "), .mask(.visible, 1...255, ""), .lineEnd],
            ])),
        SanitizerRule(
            "xfrmi", "link-none", "The link layer of an interface that has none is dropped.",
            .remove([[.lineStart, .text("    link/none")]])),
        SanitizerRule(
            "xfrmi", "interface-state", "Queue and group of an ipsec interface are dropped.",
            .rewrite([
                [
                    .text(" mtu "), .run(.digit, 1...6), .cut(" qdisc noqueue"), .text(" state UNKNOWN"),
                    .cut(" mode DEFAULT group default qlen 1000"),
                ],
                [
                    .text(" mtu "), .run(.digit, 1...6), .cut(" qdisc noqueue"), .text(" state UNKNOWN"),
                    .cut(" group default qlen 1000"),
                ],
            ])),
        SanitizerRule(
            "xfrmi", "interface-number", "The number of an ipsec interface becomes X; eth0 is 2 and eth1 is 3.",
            .rewrite([
                [.lineStart, .mask(.digit, 1...6, "X"), .text(": ipsec")],
                [.lineStart, .mask(.digit, 1...6, "2"), .text(": eth0"), .mask(veth, 0...16, ""), .text(": <")],
                [.lineStart, .mask(.digit, 1...6, "3"), .text(": eth1"), .mask(veth, 0...16, ""), .text(": <")],
            ])),
        SanitizerRule(
            "xfrmi", "link-local", "A link-local address becomes fe80::xxxx; prefixes of fe80:: stay.",
            .rewrite([[.text("fe80::"), .mask(OctetClass("0123456789abcdef:"), 1...20, "xxxx"), .wordEnd]])),
        SanitizerRule(
            "sanitize-retransmits", "retransmission",
            "Retransmissions are dropped where a comment # sanitize-retransmits asks for it.",
            .console { lines, log in
                let wish = Array("# sanitize-retransmits".utf8)
                guard lines.contains(where: { $0.role == .command && $0.octets.position(of: wish) != nil }) else {
                    return
                }
                removeRetransmissions(&lines, &log) { _ in true }
            }),
    ]

    /// `@if7`, as a veth interface's name ends.
    private static let veth = OctetClass("@abcdefghijklmnopqrstuvwxyz0123456789")

    /// Removes `… retransmission; will wait N seconds for response`; the line that gives up, with its count, stays.
    static func removeRetransmissions(
        _ lines: inout [ConsoleLine], _ log: inout SanitizerLog, where concerns: (ConsoleLine) -> Bool
    ) {
        let pattern: OctetPattern = [
            .text(": retransmission; will wait "), .run(OctetClass("0123456789."), 1...12),
            .text(" seconds for response"), .lineEnd,
        ]
        lines.removeAll { line in
            guard line.role == .output, concerns(line), pattern.matches(line) else { return false }
            log.note(line, becomes: nil)
            return true
        }
    }

    static let status: [SanitizerRule] = [
        SanitizerRule(
            "ipsec-status", "reqid", "A request ID that was drawn (16384 and more) becomes REQID.",
            .rewrite([[.text("reqid="), .mask(.digit, 5...10, "REQID"), .wordEnd]])),
        SanitizerRule(
            "ipsec-status", "path", "Where programs are installed becomes PATH, in commands too.", commandsToo: true,
            .rewrite(
                ["/usr/local", "/usr"].flatMap { prefix -> [OctetPattern] in
                    [
                        [.cut(prefix), .mask(.digit, 0...0, "PATH"), .text("/sbin"), .wordEnd],
                        [.cut(prefix), .mask(.digit, 0...0, "PATH"), .text("/libexec"), .wordEnd],
                    ]
                })),
        SanitizerRule(
            "ipsec-status", "last-used", "The time since a use becomes XX.",
            .rewrite([[.text("used "), .mask(.digit, 1...10, "XX"), .text("s ago")]])),
        SanitizerRule(
            "ipsec-status", "key-id", "The name of an RSA key, the head of its octets, becomes AwXXXXXXX or BXXXXXXXX.",
            .rewrite([
                [.text("keyid: Aw"), .mask(.base64, 7...7, "XXXXXXX"), .wordEnd],
                [.text("keyid: B"), .mask(.base64, 8...8, "XXXXXXXX"), .wordEnd],
                [
                    .text("keyid: "), .mask(OctetClass("CDEFGHIJKLMNOPQRSTUVWXYZ"), 1...1, "X"),
                    .mask(.base64, 8...8, "XXXXXXXX"), .wordEnd,
                ],
            ])),
        SanitizerRule(
            "ipsec-status", "sa-spi", "The SPIs of a state's SAs become ESPSPIi, AHSPIi, COMPSPIi.",
            .rewrite([
                [.text(" esp."), .mask(.lowerHex, 1...8, "ESPSPIi"), .text("@")],
                [.text(" ah."), .mask(.lowerHex, 1...8, "AHSPIi"), .text("@")],
                [.text(" comp."), .mask(.lowerHex, 1...8, "COMPSPIi"), .text("@")],
            ])),
        SanitizerRule(
            "ipsec-status", "sequence", "Sequence numbers of a state become XXXXX and YYYYY.",
            .rewrite([
                [.text("seq in:"), .mask(.digit, 1...20, "XXXXX"), .text(" out:"), .mask(.digit, 1...20, "YYYYY")]
            ])),
        SanitizerRule(
            "ipsec-status", "security-label", "Whether and how SELinux is on becomes XXXXX.",
            .rewrite([
                [.lineStart, .text("SElinux="), .mask(.visible, 1...40, "XXXXX"), .lineEnd],
                [.text("secctx "), .mask(.digit, 1...10, "XXXX"), .wordEnd],
            ])),
        SanitizerRule(
            "ipsec-status", "ticket", "The size and the life of a session ticket become B and N.",
            .rewrite([
                [
                    .text("length: "), .mask(.digit, 1...6, "B"), .text(" bytes; expires-in: "),
                    .mask(.digit, 1...9, "N"), .text("s"),
                ]
            ])),
        SanitizerRule(
            "retransmit-sanitize", "interval", "The configured retransmission times become 9999ms and 99s.",
            .rewrite([
                [.text("retransmit-interval: "), .mask(.digit, 1...9, "9999"), .text("ms")],
                [.text("retransmit-timeout: "), .mask(.digit, 1...9, "99"), .text("s")],
            ])),
    ]
}
