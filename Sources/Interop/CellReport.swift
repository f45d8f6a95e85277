import LinuxSystem
package import Scenario

/// A cell, judged: what the table, the JSON and the page are made of.
package struct CellReport: Codable, Sendable {
    package var name: String
    package var test: String
    package var about: String
    package var initiator: InteropSide
    package var verdict: CellVerdict
    /// The first thing that was wrong, or why it cannot be done here; empty where it is green.
    package var reason: String
    package var checks: [CellCheck]
    package var seconds: Double
    /// The folder of the run's results, below that of the matrix.
    package var folder: String

    package init(
        _ cell: InteropCell, verdict: CellVerdict, reason: String, checks: [CellCheck] = [], seconds: Double = 0
    ) {
        name = cell.name
        test = cell.test.name
        about = cell.test.about
        initiator = cell.initiator
        self.verdict = verdict
        self.reason = reason
        self.checks = checks
        self.seconds = seconds
        folder = cell.name
    }

    /// nil: it can be run.
    package init?(beyond cell: InteropCell) {
        guard let reason = cell.test.beyond else { return nil }
        self.init(cell, verdict: .unsupported, reason: reason)
    }

    /// Judges what a run has left.
    package init(_ cell: InteropCell, result: ScenarioResult) {
        if result.verdict == .unsupported {
            self.init(cell, verdict: .unsupported, reason: result.reason)
            return
        }
        if case .unsupported(let says, let asInitiator) = cell.test.expectation {
            self.init(cell, result: result, says: cell.initiator == .peer ? asInitiator ?? says : says)
            return
        }
        let checks: [CellCheck]
        do { checks = CellJudge.judge(cell.test, try CellEvidence(result: result, of: cell)) } catch {
            checks = [CellCheck(name: "evidence", isGood: false, text: "\(error); \(result.reason)")]
        }
        let bad = checks.first { !$0.isGood }
        self.init(
            cell, verdict: bad == nil ? .green : .red, reason: bad.map { "\($0.name): \($0.text)" } ?? "",
            checks: checks, seconds: result.seconds)
    }

    /// Of a case that the peer cannot do: what its own log says of the attempt. Without that line the cell is red, and so it is
    /// where a command did not print what it must, the run did not come to its end, or the post-mortem found something: of an attempt
    /// itself nothing is expected.
    private init(_ cell: InteropCell, result: ScenarioResult, says: String) {
        let log = (try? FileSystem.readText("\(result.output)/\(cell.test.peer.log(of: cell.peer.host))")) ?? ""
        let line = log.split(separator: "\n").first { $0.contains(says) }.map(String.init)
        let check = CellCheck(
            name: "\(cell.test.peer.title)'s own word", isGood: line != nil,
            text: line ?? "no line of its log says \"\(says)\"")
        let ended = CellCheck(
            name: "run", isGood: result.verdict == .passed,
            text: result.verdict == .passed ? "every command as expected" : result.reason)
        let bad = [ended, check].first { !$0.isGood }
        self.init(
            cell, verdict: bad == nil ? .unsupported : .red,
            reason: bad.map { "\($0.name): \($0.text)" } ?? "\(cell.test.peer.title): \(check.text)",
            checks: [ended, check], seconds: result.seconds)
    }
}
