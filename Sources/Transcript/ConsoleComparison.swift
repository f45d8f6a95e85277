/// How a sanitized console differs from the expected one.
package struct ConsoleComparison: Sendable {
    package enum Verdict: String, Sendable {
        case same
        /// Only blanks and tabs differ: failed all the same.
        case whitespace = "output-whitespace"
        /// What came is a proper beginning of what was expected.
        case truncated = "output-truncated"
        case different = "output-different"
    }

    /// Where two consoles part.
    package struct Difference: Sendable, Equatable {
        /// The command under whose output the lines stand (that of the expected console); nil before the first.
        package let command: String?
        /// How many commands of the console that came stand at the line or before it.
        package let commandCount: Int
        /// From 1, in both: all lines before it are the same.
        package let line: Int
        /// nil where that console has ended.
        package let expected: String?, got: String?
    }

    package let host: String
    package let expected: [String]
    package let got: [String]
    package let verdict: Verdict
    /// nil where nothing differs.
    package let firstDifference: Difference?

    /// Compares line by line, exactly. A newline at the end of the text alone makes no difference, as with
    /// `splitlines()` in libreswan's runner.
    package init(host: String, expected: String, got: String) {
        self.host = host
        self.expected = expected.transcriptLines
        self.got = got.transcriptLines
        guard self.expected != self.got else {
            verdict = .same
            firstDifference = nil
            return
        }
        if self.expected.map(Self.withoutBlanks) == self.got.map(Self.withoutBlanks) {
            verdict = .whitespace
        } else if self.got.count < self.expected.count, self.expected.starts(with: self.got) {
            verdict = .truncated
        } else {
            verdict = .different
        }
        firstDifference = Self.firstDifference(host, self.expected, self.got)
    }

    /// As `diff -u` prints it; empty where nothing differs.
    package func unifiedDiff(expectedName: String, gotName: String) -> String {
        guard verdict != .same else { return "" }
        return LineDiff(expected: expected, got: got).unified(
            expected: expected, got: got, expectedName: expectedName, gotName: gotName)
    }

    private static func withoutBlanks(_ line: String) -> [UInt8] {
        line.utf8.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }
    }

    private static func firstDifference(_ host: String, _ expected: [String], _ got: [String]) -> Difference? {
        let common = zip(expected, got).prefix { $0 == $1 }.count
        let steps = ConsoleStep.steps(of: expected, host: host)
        // Where the command itself differs it is named; at a prompt the command before it is.
        let command = steps.last { $0.line <= common + 1 }?.command
        let commandCount = ConsoleStep.steps(of: got, host: host).count { $0.line <= common + 1 }
        return Difference(
            command: command, commandCount: commandCount, line: common + 1,
            expected: common < expected.count ? expected[common] : nil, got: common < got.count ? got[common] : nil)
    }
}
