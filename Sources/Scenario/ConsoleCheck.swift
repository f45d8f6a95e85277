import LinuxSystem
import Transcript

/// Sanitizes the raw consoles of a run, compares each with what its scenario expects, and keeps both and the diffs:
/// HOST.console.verbose.txt (raw, written by the run), HOST.console.txt, HOST.console.diff.
package struct ConsoleCheck {
    /// Those that differ come first, in the order in which they did when the commands ran.
    package let hosts: [HostResult]
    /// Of the host that differed first when the commands ran; nil where none does.
    package let firstDifference: FirstDifference?
    /// `HOST: what`, where a console differs, in the same order; empty where none does.
    package let reason: String
    package var isSame: Bool { hosts.allSatisfy { $0.console == .identical || $0.console == .unchecked } }
    /// Whether there was anything to compare with.
    package var isChecked: Bool { hosts.contains { $0.console != .unchecked } }

    /// - Parameter output: the folder of the run, in which the diffs are written.
    package init(folder: ScenarioFolder, output: String) throws {
        var same: [HostResult] = []
        var different: [(position: Int, host: HostResult, first: FirstDifference, reason: String)] = []
        for (host, expected) in Self.consoles(of: folder) {
            let base = "\(output)/\(host).console"
            guard FileSystem.exists(base + ".verbose.txt") else { continue }
            let sanitized = Sanitizer.libreswan(host: host == Self.all ? nil : host)
                .sanitize(try FileSystem.read(base + ".verbose.txt"))
            try FileSystem.write(base + ".txt", sanitized)
            guard let expected else {
                // A host that only stands there has nothing to say.
                if sanitized.isEmpty { continue }
                same.append(HostResult(host: host, console: .unchecked))
                continue
            }
            let comparison = ConsoleComparison(
                host: host, expected: try FileSystem.readText(expected), got: String(decoding: sanitized, as: UTF8.self)
            )
            let diff = comparison.unifiedDiff(
                expectedName: "\(folder.name)/\(host).console.txt", gotName: "OUTPUT/\(folder.name)/\(host).console.txt"
            )
            try FileSystem.write(base + ".diff", diff)
            guard let difference = comparison.firstDifference else {
                same.append(HostResult(host: host, console: .identical))
                continue
            }
            different.append(
                (
                    Self.position(of: difference.commandCount, on: host, in: folder),
                    HostResult(host: host, console: comparison.verdict == .whitespace ? .whitespace : .different),
                    FirstDifference(
                        host: host, command: difference.command ?? "", line: difference.line,
                        expected: difference.expected, got: difference.got),
                    "\(host)'s console differs at line \(difference.line) (\(comparison.verdict.rawValue))"
                ))
        }
        different.sort { $0.position < $1.position }
        hosts = different.map(\.host) + same
        firstDifference = different.first?.first
        reason = different.map(\.reason).joined(separator: "; ")
    }

    /// When a host's command ran: where it stands among the commands of all hosts.
    /// - Parameter count: it is the host's last of so many.
    private static func position(of count: Int, on host: String, in folder: ScenarioFolder) -> Int {
        let positions = folder.steps.indices.filter { host == all || folder.steps[$0].host == host }
        return positions.prefix(count).last ?? 0
    }

    /// The name under which the consoles of all hosts are compared as one.
    package static let all = "all"

    /// Which consoles there are and what they are compared with. Where there is an all.console.txt, only that counts.
    package static func consoles(of folder: ScenarioFolder) -> [(host: String, expected: String?)] {
        if let all = folder.expectedOfAll { return [(Self.all, all)] + folder.hosts.map { ($0, nil) } }
        return folder.hosts.map { ($0, folder.expected[$0]) }
    }

    /// The diffs of a run, in the order of hosts, as they stand in its folder.
    package static func diffs(of result: ScenarioResult) -> String {
        result.hosts.map { (try? FileSystem.readText("\(result.output)/\($0.host).console.diff")) ?? "" }.joined()
    }
}
