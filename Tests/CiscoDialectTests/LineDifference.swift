/// The first line that differs, or how many there are; nil where none does.
func difference(_ lines: [String], _ expected: [String]) -> String? {
    for (index, pair) in zip(lines, expected).enumerated() where pair.0 != pair.1 {
        return "line \(index + 1): got '\(pair.0)', expected '\(pair.1)'"
    }
    guard lines.count != expected.count else { return nil }
    let longer = lines.count > expected.count ? lines : expected
    return "\(lines.count) lines, expected \(expected.count); left over: '\(longer[min(lines.count, expected.count)])'"
}
