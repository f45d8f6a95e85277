import IKEWire
package import Scenario

/// Holds a run's decoded captures against the account that it was to repeat.
package struct Comparison: Sendable {
    /// One line for each exchange that was compared.
    package private(set) var lines: [String] = []
    /// Where the run first departs; nil where it doesn't.
    package private(set) var departure: String?
    /// How the last exchange ended whose end the inputs know.
    package private(set) var ending = ""
    /// Whether the inputs don't say how the last exchange ended.
    package private(set) var isPartial = false

    /// - Parameter run: the capture of the link between both ends, opened.
    package init(_ expected: [ExpectedStep], run capture: DecodedCapture) {
        let account = Account([CaptureReading.facts(capture, file: "run")])
        self.init(expected, run: account.conversations.flatMap { ExpectedStep.steps($0) })
    }

    init(_ expected: [ExpectedStep], run: [ExpectedStep]) {
        guard let first = expected.first else {
            departure = "the inputs have no exchange to compare with"
            return
        }
        // Inputs may begin in the middle; what comes before has to be done all the same.
        var index = 0
        if first.type != .ikeSAInit, first.type != .ikeSessionResume {
            index = run.firstIndex { $0.type == first.type && $0.requester == first.requester } ?? run.count
            for step in run[..<index] { lines.append("\(step.type): \(step.outcome) (not in the inputs)") }
        }
        for step in expected {
            guard index < run.count else {
                departure = "\(step.type): the run has no such exchange; it ended with \(step.outcome)"
                lines.append(departure ?? "")
                return
            }
            let differences = step.differences(from: run[index])
            if !differences.isEmpty {
                departure = "\(step.type): " + differences.joined(separator: "; ")
                lines.append(departure ?? "")
                return
            }
            let hidden = step.hiddenTranslations(in: run[index])
                .map { "; a NAT in front of the \($0.rawValue) does not show in it" }.sorted().joined()
            if step.refusals == nil && !step.isUnanswered {
                lines.append("\(step.type): \(run[index].outcome); how it ended is not in the inputs\(hidden)")
            } else {
                let payloads = step.hasPayloads(of: run[index])
                let word = payloads.map { $0 ? ", with the same payloads" : ", with other payloads" } ?? ""
                lines.append("\(step.type): \(run[index].outcome), the same\(word)\(hidden)")
                ending = "\(step.type), \(run[index].outcome)"
            }
            index += 1
        }
        isPartial = expected.last.map { $0.refusals == nil && !$0.isUnanswered } ?? false
    }

    /// One sentence.
    package var verdict: String {
        if let departure { return "It departs first at \(departure)." }
        if isPartial {
            return ending.isEmpty
                ? "The same exchanges came; how any of them ended is not in the inputs."
                : "As far as the inputs say, it is the same: \(ending)."
        }
        return "The same exchange ends in the same way: \(ending)."
    }
}
