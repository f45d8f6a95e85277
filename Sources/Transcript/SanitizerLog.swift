/// What one rule did to one line.
package struct SanitizerChange: Sendable, Equatable {
    /// The full name of the rule: `ipsec-status: reqid`.
    package let rule: String
    /// The line's number in the raw console, from 1.
    package let line: Int
    package let before: String
    /// The lines that stand in its place: none where it was removed, two where a prompt was split.
    package let after: [String]
}

/// Collects the changes of a run, where somebody asked for them.
struct SanitizerLog {
    private(set) var changes: [SanitizerChange] = []
    let isOn: Bool
    /// The rule at work.
    var rule: SanitizerRule?

    mutating func note(_ line: ConsoleLine, becomes new: [UInt8]?) {
        note(line, becomesLines: new.map { [$0] } ?? [])
    }

    mutating func note(_ line: ConsoleLine, becomesLines new: [[UInt8]]) {
        guard isOn, let rule else { return }
        changes.append(
            SanitizerChange(
                rule: rule.fullName, line: line.number, before: line.text,
                after: new.map { String(decoding: $0, as: UTF8.self) }))
    }
}
