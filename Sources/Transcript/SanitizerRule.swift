/// One small rule of a sanitizer: what differs from run to run, and what stands in its place.
package struct SanitizerRule: Sendable {
    /// The group of libreswan's that the rule belongs to: `prompt`, `ipsec-status` …
    package let group: String
    /// Unique in its group: `esp-spi`.
    package let name: String
    /// One sentence for `swantest sanitize --explain`.
    package let summary: String
    private let effect: Effect
    /// The rule sees only lines of commands with one of these kinds; empty means of all.
    private let commands: CommandKinds
    /// Whether commands are seen too, not only what they print.
    private let includesCommands: Bool

    enum Verdict {
        case keep, remove
        case replace([UInt8])
    }

    enum Effect: Sendable {
        /// Masks every match of each pattern.
        case rewrite([OctetPattern])
        /// Removes the lines in which one of the patterns matches.
        case remove([OctetPattern])
        /// Anything that one line and its place decide.
        case line(@Sendable (ConsoleLine) -> Verdict)
        /// What needs more than a line.
        case console(@Sendable (inout [ConsoleLine], inout SanitizerLog) -> Void)
    }

    init(
        _ group: String, _ name: String, _ summary: String, only commands: CommandKinds = [], commandsToo: Bool = false,
        _ effect: Effect
    ) {
        self.group = group
        self.name = name
        self.summary = summary
        self.commands = commands
        self.includesCommands = commandsToo
        self.effect = effect
    }

    /// `ipsec-status: reqid`.
    package var fullName: String { "\(group): \(name)" }

    /// Applies the rule to a whole console, and notes each change where the log is on.
    func apply(_ lines: inout [ConsoleLine], log: inout SanitizerLog) {
        log.rule = self
        switch effect {
        case .console(let change): change(&lines, &log)
        case .rewrite(let patterns):
            for index in lines.indices where concerns(lines[index]) {
                for pattern in patterns {
                    guard let new = pattern.rewriting(lines[index]) else { continue }
                    log.note(lines[index], becomes: new)
                    lines[index].replace(with: new)
                }
            }
        case .remove(let patterns):
            removeLines(&lines, log: &log) { line in patterns.contains { $0.matches(line) } }
        case .line(let decide):
            var gone = false
            for index in lines.indices where concerns(lines[index]) {
                switch decide(lines[index]) {
                case .keep: break
                case .remove: gone = true
                case .replace(let new):
                    if new != lines[index].octets { log.note(lines[index], becomes: new) }
                    lines[index].replace(with: new)
                }
            }
            if gone {
                removeLines(&lines, log: &log) { line in
                    if case .remove = decide(line) { true } else { false }
                }
            }
        }
    }

    private func removeLines(
        _ lines: inout [ConsoleLine], log: inout SanitizerLog, where goes: (ConsoleLine) -> Bool
    ) {
        guard let first = lines.firstIndex(where: { concerns($0) && goes($0) }) else { return }
        var kept = first
        for index in first..<lines.count {
            if concerns(lines[index]) && goes(lines[index]) {
                log.note(lines[index], becomes: nil)
            } else {
                lines[kept] = lines[index]
                kept += 1
            }
        }
        lines.removeSubrange(kept...)
    }

    private func concerns(_ line: ConsoleLine) -> Bool {
        switch line.role {
        case .prompt: false
        case .command: includesCommands && (commands.isEmpty || !commands.isDisjoint(with: line.command))
        case .unknown, .output: commands.isEmpty || !commands.isDisjoint(with: line.command)
        }
    }
}
