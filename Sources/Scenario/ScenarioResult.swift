/// What became of one run of a scenario; this is `result.json`, and what travels from a sandbox to its parent.
package struct ScenarioResult: Codable, Sendable, Equatable {
    /// The scenario's name, which is its folder's.
    package var name: String
    /// 1 for the first run; 2... for those that `--repeat` adds.
    package var repetition: Int
    package var verdict: Verdict
    /// Why, in one line; empty where it passed.
    package var reason: String = ""
    /// Whether it stopped before its last command had ended, so that consoles stop in the middle.
    package var isInterrupted = false
    /// The first place where a console left its expectation.
    package var firstDifference: FirstDifference?
    /// What each host's console came to: those that differ first, in the order in which they did.
    package var hosts: [HostResult] = []
    /// What the post-mortem found.
    package var findings: [Finding] = []
    /// What was not looked at, and why: one line each.
    package var notes: [String] = []
    /// The links whose captures hold IKE messages.
    package var linksWithIKE: [String] = []
    /// Where the time went, in the order in which it did.
    package var phases: [Phase] = []
    /// Every command that was run, in order, with its wall time.
    package var commands: [CommandTime] = []
    /// Time of day at the start, RFC 3339 in UTC.
    package var startedAt: String = ""
    /// Wall time of the whole run.
    package var seconds: Double = 0
    /// The folder with consoles, diffs, logs and captures.
    package var output: String = ""
    /// The name of the lab that was kept for `swantest shell`; nil where none was.
    package var keptLab: String?

    package init(name: String, repetition: Int = 1, verdict: Verdict, reason: String = "") {
        self.name = name
        self.repetition = repetition
        self.verdict = verdict
        self.reason = reason
    }

    /// The name as reports print it: with the number of the repetition where there is more than one.
    package var title: String { repetition > 1 ? "\(name) #\(repetition)" : name }

    /// What the folder of its results and a lab that is kept are called: with the number of the repetition likewise.
    package var place: String { Self.place(name, repetition: repetition) }
    package static func place(_ name: String, repetition: Int) -> String {
        repetition > 1 ? "\(name).\(repetition)" : name
    }
}

/// The five ends of a scenario.
package enum Verdict: String, Codable, Sendable, CaseIterable {
    /// Every console is as expected, octet for octet after sanitizing, and the post-mortem found nothing.
    case passed
    /// A console differs, or the post-mortem found something.
    case failed
    /// It could not be seen to its end: a command took too long, a shell or the sandbox died.
    case unresolved
    /// This machine, or the daemon, lacks what it requires.
    case unsupported
    /// It was not run: its settings say so, or an earlier one failed under `--fail-fast`.
    case skipped
}

/// The first place where a host's console left what was expected of it.
package struct FirstDifference: Codable, Sendable, Equatable {
    package var host: String
    /// The command under which it stands; empty before the first one.
    package var command: String
    /// Line number in the expected console, from 1.
    package var line: Int
    /// nil: nothing was expected here any more.
    package var expected: String?
    /// nil: nothing came any more.
    package var got: String?

    package init(host: String, command: String, line: Int, expected: String?, got: String?) {
        self.host = host
        self.command = command
        self.line = line
        self.expected = expected
        self.got = got
    }
}

/// How one host's console compares.
package struct HostResult: Codable, Sendable, Equatable {
    package enum Console: String, Codable, Sendable {
        case identical
        case different
        /// Different in white space only; that is a difference too.
        case whitespace
        /// The scenario has no expected console for this host, and it printed one.
        case unchecked
    }
    package var host: String
    package var console: Console

    package init(host: String, console: Console) {
        self.host = host
        self.console = console
    }
}

/// Something that the post-mortem found: each one fails its scenario.
package struct Finding: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable {
        /// A daemon ended without being told to.
        case daemonDied
        case core
        /// Still there after the daemon was told to stop.
        case processLeft
        case kernelStateLeft
        /// `(null)` or an octet that no terminal shows, on a console or in a daemon's log.
        case text
        /// A daemon's own checks failed.
        case assertion
        /// A packet of a protected selector, in clear on a link.
        case clearPacket
        /// No ESP where the scenario says that there is some.
        case noESP
        /// A message on a link that is not as the RFCs have it, by our own reading or by tshark's.
        case malformed
        /// An Encrypted payload of a daemon that exports its keys, which none of them opens.
        case notOpened
        /// A capture that is not complete, so that nothing can be said.
        case capture
    }
    package var kind: Kind
    /// The host or the link.
    package var place: String
    package var text: String

    package init(_ kind: Kind, _ place: String, _ text: String) {
        self.kind = kind
        self.place = place
        self.text = text
    }
}

/// A stretch of a run and its wall time.
package struct Phase: Codable, Sendable, Equatable {
    package var name: String
    package var milliseconds: Double

    package init(_ name: String, milliseconds: Double) {
        self.name = name
        self.milliseconds = milliseconds
    }
}

/// A command of a scenario and how long it took.
package struct CommandTime: Codable, Sendable, Equatable {
    package var host: String
    package var command: String
    package var milliseconds: Double

    package init(host: String, command: String, milliseconds: Double) {
        self.host = host
        self.command = command
        self.milliseconds = milliseconds
    }
}
