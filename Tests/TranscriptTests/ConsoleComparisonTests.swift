import Testing

@testable import Transcript

struct ConsoleComparisonTests {
    static let expected = "ipsec start\nRedirecting\nwest #\n ipsec up w\nup\nwest #\n"

    @Test func `the first difference names the command whose output it stands in`() {
        let got = Self.expected.replacing("\nup\n", with: "\ndown\n")
        let comparison = ConsoleComparison(host: "west", expected: Self.expected, got: got)
        #expect(comparison.verdict == .different)
        #expect(
            comparison.firstDifference
                == .init(command: "ipsec up w", commandCount: 2, line: 5, expected: "up", got: "down"))
        #expect(comparison.unifiedDiff(expectedName: "a", gotName: "b").contains("\n-up\n+down\n"))
    }

    @Test func `a difference in blanks alone is told apart and is no success`() {
        let comparison = ConsoleComparison(
            host: "west", expected: Self.expected, got: Self.expected.replacing("\nup\n", with: "\nup \n"))
        #expect(comparison.verdict == .whitespace)
        #expect(comparison.firstDifference?.got == "up ")
        #expect(!comparison.unifiedDiff(expectedName: "a", gotName: "b").isEmpty)
    }

    @Test func `a console that ends early is truncated`() {
        let comparison = ConsoleComparison(host: "west", expected: Self.expected, got: "ipsec start\nRedirecting\n")
        #expect(comparison.verdict == .truncated)
        #expect(
            comparison.firstDifference
                == .init(command: "ipsec start", commandCount: 1, line: 3, expected: "west #", got: nil))
    }

    @Test func `equal consoles have no difference`() {
        let comparison = ConsoleComparison(host: "west", expected: Self.expected, got: String(Self.expected.dropLast()))
        #expect(comparison.verdict == .same)
        #expect(comparison.firstDifference == nil)
        #expect(comparison.unifiedDiff(expectedName: "a", gotName: "b") == "")
    }

    @Test func `a console is read back into its steps`() {
        let text = "#!/bin/sh\nnic #\n ./x\nbegin #\n ipsec y\nend #\nnic #\n # note\nnic #\n"
        #expect(
            ConsoleStep.steps(of: text, host: "nic") == [
                ConsoleStep(host: "nic", command: "#!/bin/sh", output: [], line: 1),
                ConsoleStep(host: "nic", command: "./x", output: ["begin #", " ipsec y", "end #"], line: 3),
                ConsoleStep(host: "nic", command: "# note", output: [], line: 8),
            ])
    }
}
