/// A system log with the lines of charon and of mip6d, and charon's older listing: group `syslog`.
extension SanitizerRule {
    static let syslog: [SanitizerRule] = [
        SanitizerRule(
            "syslog", "process", "The number of a process becomes PID.",
            .rewrite([[.text(" mip6d["), .mask(.digit, 1...10, "PID"), .text("]: ")]])),
        SanitizerRule(
            "syslog", "thread", "The number of charon's thread becomes NN.",
            .rewrite([[.text(" charon: "), .mask(.digit, 2...2, "NN"), .text("[")]])),
        SanitizerRule(
            "syslog", "spi", "An SPI that charon tells of becomes SPISPI.",
            .rewrite([
                [.text("[KNL] got SPI "), .mask(.lowerHex, 8...8, "SPISPI"), .text(" for")],
                [.text("[KNL] adding SAD entry with SPI "), .mask(.lowerHex, 8...8, "SPISPI"), .wordEnd],
            ])),
        SanitizerRule(
            "syslog", "times", "Seconds until something is due, or since something was used, become N.",
            .rewrite([
                [.text("[IKE] scheduling rekeying in "), .mask(.digit, 1...10, "N"), .text("s"), .lineEnd],
                [.text("[IKE] maximum IKE_SA lifetime "), .mask(.digit, 1...10, "N"), .text("s"), .lineEnd],
                [.text("last use: "), .mask(.digit, 1...10, "N"), .text("s_i ")],
                [.text("s_i "), .mask(.digit, 1...10, "N"), .text("s_o"), .lineEnd],
            ])),
        SanitizerRule(
            "syslog", "events", "How many events charon has scheduled, in its listing, becomes N.",
            .rewrite([[.text("scheduled events: "), .mask(.digit, 1...10, "N"), .lineEnd]])),
        SanitizerRule(
            "syslog", "binding-update", "The number of a Binding Update, which begins with a drawn one, becomes SEQ.",
            .rewrite([[.text("Binding Update "), .mask(.digit, 1...5, "SEQ"), .wordEnd]])),
    ]
}
