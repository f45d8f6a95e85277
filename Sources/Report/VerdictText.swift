package import Scenario

/// What a person reads about one result. Colours are the caller's: `paint` gets each coloured part with its meaning.
package struct VerdictText {
    package enum Part { case good, bad, doubtful, aside, removed, added }

    package let result: ScenarioResult
    private let paint: (Part, String) -> String

    package init(_ result: ScenarioResult, paint: @escaping (Part, String) -> String = { $1 }) {
        self.result = result
        self.paint = paint
    }

    /// `ikev2-resume-01 passed  0.84 s (lab 21 ms, commands 790 ms)`.
    package var headline: String {
        var line = "\(result.title) \(paint(colour, result.verdict.rawValue))"
        if !result.reason.isEmpty { line += ": \(result.reason)" }
        if result.seconds > 0 { line += "  \(Self.seconds(result.seconds))" }
        if !result.phases.isEmpty { line += paint(.aside, " (\(phases))") }
        return line
    }

    /// Where the time went: `lab 21 ms, commands 790 ms`.
    package var phases: String {
        result.phases.map { "\($0.name) \(Self.milliseconds($0.milliseconds))" }.joined(separator: ", ")
    }

    /// What stands under the headline of a run that did not pass: the first failing point, the findings, where to look.
    package var details: [String] {
        var lines: [String] = []
        if let first = result.firstDifference {
            let command = first.command.isEmpty ? "before the first command" : "under: \(first.command)"
            lines.append("  first difference on \(first.host), line \(first.line), \(command)")
            lines.append("    expected  " + (first.expected.map { paint(.removed, $0) } ?? "(nothing more)"))
            lines.append("    got       " + (first.got.map { paint(.added, $0) } ?? "(nothing more)"))
        }
        for finding in result.findings { lines.append("  post-mortem: \(finding.line)") }
        for note in result.notes { lines.append("  note: \(note)") }
        if let link = result.linksWithIKE.first {
            lines.append(
                "  its messages, decrypted: " + CaptureDecoding.command(output: result.output, link: link))
        }
        if let lab = result.keptLab {
            lines.append("  its lab stays: swantest shell --lab \(lab) HOST, swantest down \(lab)")
        }
        if !lines.isEmpty && !result.output.isEmpty { lines.append("  see \(result.output)") }
        return lines
    }

    /// A unified diff with its lines coloured.
    package func painted(diff: String) -> String {
        diff.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            switch line.utf8.first {
            case UInt8(ascii: "-"): paint(.removed, String(line))
            case UInt8(ascii: "+"): paint(.added, String(line))
            case UInt8(ascii: "@"): paint(.aside, String(line))
            default: String(line)
            }
        }.joined(separator: "\n")
    }

    private var colour: Part {
        switch result.verdict {
        case .passed: .good
        case .failed: .bad
        case .unresolved, .unsupported, .skipped: .doubtful
        }
    }

    static func seconds(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
    }

    /// Whole milliseconds, but tenths below ten.
    static func milliseconds(_ value: Double) -> String {
        if value >= 10 { return "\(Int(value.rounded())) ms" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

/// The last line of a run of several scenarios: `12 passed, 1 failed of 13 in 9.31 s`.
package struct RunSummary {
    package let results: [ScenarioResult]
    package let seconds: Double

    package init(results: [ScenarioResult], seconds: Double) {
        self.results = results
        self.seconds = seconds
    }

    package var line: String {
        let counts = Verdict.allCases.compactMap { verdict -> String? in
            let count = results.count { $0.verdict == verdict }
            return count == 0 ? nil : "\(count) \(verdict.rawValue)"
        }
        return "\(counts.joined(separator: ", ")) of \(results.count) in \(VerdictText.seconds(seconds))"
    }

    /// 0 all passed, 1 one failed or was not seen to its end, 3 this machine lacks what all of them require, 4 none ran.
    /// Scenarios that were left out beside others that passed change nothing.
    package var exitCode: Int32 {
        if results.contains(where: { $0.verdict == .failed || $0.verdict == .unresolved }) { return 1 }
        if results.contains(where: { $0.verdict == .passed }) { return 0 }
        return results.contains { $0.verdict == .unsupported } ? 3 : 4
    }
}
