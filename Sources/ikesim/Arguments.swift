import EngineSimulator
import Glibc

struct UsageError: Error {
    var text: String
}

/// What the command line asks for.
struct Arguments {
    private var handshakes: Int?
    private var seed: UInt64 = 1
    private var weeks: Int?
    private var percent = 30
    private var exchange: String?
    private var hostile: Int?
    private var faults: [Int: Fault] = [:]
    private var pairs = false
    private var shrinks = false
    private var isQuiet = false

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        func number<N: FixedWidthInteger>(_ name: String, _: N.Type = N.self) throws(UsageError) -> N {
            guard let text = rest.popFirst(), let number = N(text), number >= 0 else {
                throw UsageError(text: "\(name) wants a number")
            }
            return number
        }
        while let name = rest.popFirst() {
            switch name {
            case "--handshakes": handshakes = try number(name)
            case "--seed": seed = try number(name)
            case "--weeks": weeks = try number(name)
            case "--percent": percent = min(try number(name), 40)
            case "--hostile": hostile = try number(name)
            case "--exchange":
                guard let text = rest.popFirst() else { throw UsageError(text: "--exchange wants a name") }
                exchange = text
            case "--fault":
                let parts = (rest.popFirst() ?? "").split(separator: ":").map(String.init)
                guard parts.count == 2, let number = Int(parts[0]), let fault = Arguments.fault(parts[1]) else {
                    throw UsageError(text: "--fault wants NUMBER:KIND")
                }
                faults[number] = fault
            case "--pairs": pairs = true
            case "--shrink": shrinks = true
            case "--quiet": isQuiet = true
            default: throw UsageError(text: "\(name)?")
            }
        }
    }

    private static func fault(_ name: String) -> Fault? {
        switch name {
        case "drop": .drop
        case "duplicate": .duplicate
        case "delay": .delay
        case "corrupt": .corrupt(0xd3)
        default: nil
        }
    }

    func run() throws(UsageError) -> Int32 {
        if let hostile { return attack(hostile) }
        if let handshakes { return count(handshakes) }
        guard let exchange else {
            let story = weeks.map { Story.weeks($0, seed: seed) }
            return replay(.random(seed: seed, story: story, percent: weeks == nil ? percent : min(percent, 15)))
        }
        let stories = Story.exchanges.filter { exchange == "all" || $0.name == exchange }
        guard !stories.isEmpty else {
            throw UsageError(
                text: "no story \(exchange); there are \(Story.exchanges.map(\.name).joined(separator: " "))")
        }
        if !faults.isEmpty { return replay(Trial(stories[0], seed: seed, faults: FaultPlan(listed: faults))) }
        for story in stories {
            let report = Campaign.exhaust(story, seed: seed, pairs: pairs)
            say("\(story.name): \(report.trials) trials, \(report.handshakes) handshakes, \(report.faults) faults")
            if let failed = report.failed { return fail(failed) }
        }
        return 0
    }

    private func count(_ wanted: Int) -> Int32 {
        let report = Campaign.handshakes(wanted, from: seed) { report in
            if !isQuiet { complain("\(report.handshakes) handshakes\r") }
        }
        say(
            "\(report.handshakes) handshakes in \(report.trials) trials, \(report.datagrams) datagrams,"
                + " \(report.faults) of them with faults")
        if let failed = report.failed {
            say("seed \(failed.seed) fails:")
            return fail(failed)
        }
        return 0
    }

    private func attack(_ messages: Int) -> Int32 {
        let report = HostilePeer.attack(messages: messages, seed: seed)
        say("\(report.messages) messages of a hostile peer, \(report.sessions) IKE SAs, most kept: \(report.most)")
        for violation in report.violations { say("seed \(report.seed): \(violation)") }
        return report.violations.isEmpty ? 0 : 1
    }

    private func replay(_ trial: Trial) -> Int32 {
        let ladder = LadderText { say($0) }
        let outcome = trial.run { if !isQuiet { ladder.watch($0) } }
        say(
            "\(outcome.handshakes) handshakes, \(outcome.datagrams) datagrams, \(outcome.met.count) faults in"
                + " \(Simulation.seconds(outcome.lasted))")
        for violation in outcome.violations { say("violated \(violation)") }
        if shrinks, !outcome.violations.isEmpty { return fail(trial) }
        return outcome.violations.isEmpty ? 0 : 1
    }

    /// A trial that fails, made as small as it gets and told as a ladder.
    private func fail(_ trial: Trial) -> Int32 {
        guard let small = Shrinking.shrink(trial) else { return 1 }
        say("shrunk to \(small.story.steps.count) steps and \(small.faults.listed.count) faults:")
        for step in small.story.steps { say("    \(step.at) \(step.end.rawValue): \(step.deed)") }
        for (number, fault) in small.faults.listed.sorted(by: { $0.key < $1.key }) { say("    \(number): \(fault)") }
        let ladder = LadderText { say($0) }
        for violation in small.run(watch: ladder.watch).violations { say("violated \(violation)") }
        return 1
    }
}

func say(_ line: String) { print(line) }

/// To standard error, as it is.
func complain(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
