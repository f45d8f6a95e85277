import IKEModel

/// Series of trials; each stops at the first that fails.
package enum Campaign {
    package struct Report: Sendable {
        package var trials = 0
        package var handshakes = 0
        package var datagrams = 0
        package var faults = 0
        /// The first trial that failed.
        package var failed: Trial?
        package var violations: [Violation] = []

        package init() {}

        mutating func take(_ outcome: Trial.Outcome, of trial: Trial) -> Bool {
            trials += 1
            handshakes += outcome.handshakes
            datagrams += outcome.datagrams
            faults += outcome.met.count
            guard !outcome.violations.isEmpty else { return true }
            failed = trial
            violations = outcome.violations
            return false
        }
    }

    /// Every datagram of a story with every fault: one at a time, and, where asked for, in pairs.
    package static func exhaust(_ story: Story, seed: UInt64 = 1, pairs: Bool) -> Report {
        var report = Report()
        let whole = Trial(story, seed: seed)
        let sound = whole.run { $0.onPassage = nil }
        guard report.take(sound, of: whole) else { return report }
        // What the faults bring about is hit as well; what comes after the end of the story is not.
        let count = storyDatagrams(whole) + 4
        let faults: [Fault] = [.drop, .duplicate, .delay, .corrupt(0x11), .corrupt(0xd3)]
        let single = (0..<count).flatMap { number in faults.map { (number, $0) } }
        for (number, fault) in single {
            let trial = Trial(story, seed: seed, faults: FaultPlan(listed: [number: fault]))
            guard report.take(trial.run(), of: trial) else { return report }
        }
        guard pairs else { return report }
        // Two flipped bits teach no more than one: of corruptions one kind.
        let kinds = faults.dropLast()
        for first in 0..<count {
            for second in (first + 1)..<(count + 1) {
                for (one, other) in kinds.flatMap({ one in kinds.map { (one, $0) } }) {
                    let trial = Trial(story, seed: seed, faults: FaultPlan(listed: [first: one, second: other]))
                    guard report.take(trial.run(), of: trial) else { return report }
                }
            }
        }
        return report
    }

    /// Datagrams that the story itself brings about, until its link is healed.
    private static func storyDatagrams(_ trial: Trial) -> Int {
        var count = 0
        let end = (trial.story.steps.last?.at ?? .zero) + trial.story.tail
        _ = trial.run { simulation in
            simulation.onPassage = { if $0.at < Instant.zero + end { count = max(count, $0.number + 1) } }
        }
        return count
    }

    /// Trials of seeds from `seed` on, until so many handshakes have been seen.
    package static func handshakes(_ wanted: Int, from seed: UInt64, progress: (Report) -> Void = { _ in }) -> Report {
        var report = Report()
        var next = seed
        while report.handshakes < wanted {
            let trial = Trial.random(seed: next)
            guard report.take(trial.run(), of: trial) else { return report }
            if report.trials % 1000 == 0 { progress(report) }
            next &+= 1
        }
        return report
    }
}
