/// A row of rules that takes from a console what differs from run to run: times, identifiers drawn by chance, numbers of
/// the kernel's. What a run must reproduce (state numbers, octet counts, ciphers, payload lists, up and down) no rule
/// touches.
package struct Sanitizer: Sendable {
    package let rules: [SanitizerRule]

    package init(rules: [SanitizerRule]) { self.rules = rules }

    /// The rules of libreswan's testing folder, in the order of its `REF_CONSOLE_FIXUPS`, for the console of one host.
    /// - Parameter host: whose prompt it is; nil takes the prompts of all hosts (`all.console.txt`).
    package static func libreswan(host: String?) -> Sanitizer {
        Sanitizer(
            rules: SanitizerRule.beforePrompt + SanitizerRule.prompt(host: host) + SanitizerRule.service
                + SanitizerRule.whack + SanitizerRule.interfaces + SanitizerRule.status + SanitizerRule.miscellany
                + SanitizerRule.cisco + SanitizerRule.tools + SanitizerRule.syslog
                + SanitizerRule.kernel + SanitizerRule.certificates)
    }

    /// A raw console, sanitized: lines ended by newlines.
    package func sanitize(_ console: some Collection<UInt8>) -> [UInt8] {
        var log = SanitizerLog(isOn: false)
        return ConsoleLine.text(of: run(console, &log))
    }

    package func sanitize(_ console: String) -> String {
        String(decoding: sanitize(Array(console.utf8)), as: UTF8.self)
    }

    /// The same, with every change that was made, in the order of the rules.
    package func explain(_ console: some Collection<UInt8>) -> (sanitized: [UInt8], changes: [SanitizerChange]) {
        var log = SanitizerLog(isOn: true)
        let lines = run(console, &log)
        return (ConsoleLine.text(of: lines), log.changes)
    }

    private func run(_ console: some Collection<UInt8>, _ log: inout SanitizerLog) -> [ConsoleLine] {
        var lines = ConsoleLine.lines(of: console)
        for rule in rules { rule.apply(&lines, log: &log) }
        return lines
    }
}
