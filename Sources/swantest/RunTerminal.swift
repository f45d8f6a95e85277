import Report
import Scenario

/// What a person sees of a run while it goes on and when it ends.
struct RunTerminal {
    private let jobs: [RunPool.Job]
    private var running: [Int: String] = [:]
    private var finished = 0

    init(jobs: [RunPool.Job]) { self.jobs = jobs }

    mutating func observe(_ event: RunPool.Event) {
        switch event {
        case .started(let index): running[index] = "starting"
        case .progress(let index, let text): running[index] = text
        case .finished(let index, let result):
            running[index] = nil
            finished += 1
            Terminal.clearLive()
            Self.show(result)
        }
        showLive()
    }

    /// One line: how far it is, and what the eldest of the runs is doing.
    private func showLive() {
        guard let index = running.keys.min(), let text = running[index] else { return Terminal.clearLive() }
        let others = running.count > 1 ? " (+\(running.count - 1))" : ""
        Terminal.showLive(
            Terminal.dim(
                String("[\(finished)/\(jobs.count)] \(jobs[index].name)\(others): \(text)".prefix(Terminal.width - 1))))
    }

    /// The headline of a result; below it, where it did not pass, the first failing point and then the diff.
    static func show(_ result: ScenarioResult) {
        let text = text(result)
        Terminal.print(text.headline)
        guard result.verdict == .failed || result.verdict == .unresolved else { return }
        for line in text.details { Terminal.print(line) }
        let diff = ConsoleCheck.diffs(of: result)
        if !diff.isEmpty { Terminal.printPart(text.painted(diff: diff)) }
    }

    static func text(_ result: ScenarioResult) -> VerdictText {
        VerdictText(result) { part, text in
            switch part {
            case .good, .added: Terminal.green(text)
            case .bad, .removed: Terminal.red(text)
            case .doubtful: Terminal.yellow(text)
            case .aside: Terminal.dim(text)
            }
        }
    }
}
