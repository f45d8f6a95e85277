package import IKEEngine
import IKEModel
import IKEWire

/// West is authentic and means ill: what it seals is altered, made up, or put where it does not belong. East must not
/// trap, keep no more than its limits, and have forgotten everything in the end.
package enum HostilePeer {
    package struct Report: Sendable {
        package var seed: UInt64
        /// Messages that were not as an engine would have sent them.
        package var messages = 0
        package var sessions = 0
        /// The most that east has kept at any time.
        package var most = EngineFootprint()
        package var violations: [Violation] = []
    }

    /// Deeds of west on one pair of engines; after them east ends everything.
    private static let deedsPerSession = 60

    /// - Parameter messages: altered messages to send; it stops at the first violation.
    package static func attack(messages: Int, seed: UInt64) -> Report {
        var report = Report(seed: seed)
        while report.messages < messages, report.violations.isEmpty {
            session(&report)
            if report.violations.isEmpty { report.seed &+= 1 }
        }
        return report
    }

    private static func session(_ report: inout Report) {
        var dice = Dice(seed: report.seed)
        var settings = SimulationSettings()
        settings.retransmission = RetransmissionSchedule(interval: .seconds(1), timeout: .seconds(4))
        settings.packetOctets = dice.below(3) == 0 ? 400 : 65535
        settings.perfectForwardSecrecy = dice.below(2) == 0
        settings.sessionResumption = dice.below(3) == 0
        let simulation = Simulation(settings: settings, seed: report.seed)
        simulation.watched = [.east]
        var limits = FootprintLimits()
        limits.children = 1000 * 3
        simulation.setLimits(limits)
        let mutation = Mutation(seed: report.seed)
        simulation.west.engine.tamper = { mutation.alter(&$0, &$1, &$2) }
        let two = SimulatedEnd.connections[1]
        for _ in 0..<deedsPerSession where simulation.violations.isEmpty {
            let west = simulation.west.engine
            guard let ike = west.ikeSAs.last(where: { $0.state == .established })?.ike else {
                // As often as not the way in is honest.
                mutation.share = dice.below(3) == 0 ? 20 : 0
                simulation.wish(.west, SimulatedEnd.connections[0], up: true)
                simulation.run(until: simulation.now + .seconds(1))
                mutation.share = 85
                continue
            }
            let child = west.childSAs.randomElement(using: &dice)?.child
            switch dice.below(8) {
            case 0: simulation.tell(.west, .rekeyIKE(ike))
            case 1, 2: if let child { simulation.tell(.west, .rekeyChild(child)) }
            case 3: simulation.wish(.west, two, up: true)
            case 4: if let child { simulation.tell(.west, .deleteChild(child)) }
            case 5:
                if let theirs = simulation.east.engine.childSAs.randomElement(using: &dice)?.child {
                    // East asks, and gets a made-up answer.
                    simulation.tell(.east, .rekeyChild(theirs))
                }
            default: simulation.tell(.west, .probe(ike))
            }
            simulation.run(until: simulation.now + .milliseconds(dice.below(3) == 0 ? 15 : 6000))
            report.most = worst(report.most, simulation.east.engine.footprint)
        }
        mutation.share = 0
        report.messages += mutation.altered
        report.sessions += 1
        leave(simulation)
        report.violations = simulation.violations
    }

    private static func leave(_ simulation: Simulation) {
        for connection in SimulatedEnd.connections {
            simulation.wish(.west, connection, up: false)
            simulation.wish(.east, connection, up: false)
        }
        simulation.run(until: simulation.now + .seconds(400)) { simulation.east.engine.footprint.isEmpty }
        guard simulation.violations.isEmpty else { return }
        if !simulation.east.engine.footprint.isEmpty {
            simulation.report("east keeps \(simulation.east.engine.footprint)")
        }
        if !simulation.east.plane.isEmpty { simulation.report("east: the data plane keeps something") }
    }

    private static func worst(_ one: EngineFootprint, _ other: EngineFootprint) -> EngineFootprint {
        var most = one
        most.ikes = max(one.ikes, other.ikes)
        most.children = max(one.children, other.children)
        most.timers = max(one.timers, other.timers)
        most.waiting = max(one.waiting, other.waiting)
        most.fragmentOctets = max(one.fragmentOctets, other.fragmentOctets)
        return most
    }
}

/// What is done to the inside of a message before it is sealed.
private final class Mutation {
    /// Percent of the messages.
    var share = 0
    private(set) var altered = 0
    private var dice: Dice

    init(seed: UInt64) { dice = Dice(seed: seed ^ 0x5eed) }

    func alter(_ exchange: inout ExchangeType, _ first: inout PayloadType, _ plaintext: inout [UInt8]) {
        guard dice.below(100) < share else { return }
        altered += 1
        switch dice.below(10) {
        case 0: flip(&plaintext)
        case 1: plaintext = Array(plaintext.prefix(dice.below(plaintext.count + 1)))
        case 2: plaintext = RandomPayload.octets(0...300, &dice)
        case 3: first = PayloadType(rawValue: UInt8(dice.below(256)))
        case 4: exchange = ExchangeType(rawValue: UInt8([34, 35, 36, 37, 38, 43, 44, dice.below(256)][dice.below(8)]))
        case 5: (first, plaintext) = Message.encodePayloads(RandomPayload.list(&dice))
        default: rearrange(&first, &plaintext)
        }
    }

    private func flip(_ plaintext: inout [UInt8]) {
        guard !plaintext.isEmpty else { return }
        for _ in 0...dice.below(3) { plaintext[dice.below(plaintext.count)] ^= 1 << UInt8(dice.below(8)) }
    }

    /// The payloads that belong here, with one left out, doubled, moved, or joined by others.
    private func rearrange(_ first: inout PayloadType, _ plaintext: inout [UInt8]) {
        guard var payloads = try? Message.parsePayloads(first: first, plaintext[...], keepingMalformed: []) else {
            return
        }
        if payloads.isEmpty || dice.below(3) == 0 {
            payloads.insert(RandomPayload.make(&dice), at: dice.below(payloads.count + 1))
        }
        let index = dice.below(payloads.count)
        switch dice.below(5) {
        case 0: payloads.remove(at: index)
        case 1: payloads.insert(payloads[index], at: dice.below(payloads.count))
        case 2: payloads.swapAt(index, dice.below(payloads.count))
        case 3:
            // Another of the same type, if one comes up.
            for _ in 0..<30 {
                let other = RandomPayload.make(&dice)
                if other.type == payloads[index].type {
                    payloads[index] = other
                    break
                }
            }
        default: payloads += RandomPayload.list(&dice)
        }
        (first, plaintext) = Message.encodePayloads(payloads)
    }
}
