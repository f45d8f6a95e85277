import IKEEngine
package import IKEModel
import IKEWire

/// A story with the faults of its link: all that a run depends on.
package struct Trial: Hashable, Sendable {
    package var story: Story
    package var seed: UInt64
    package var faults: FaultPlan

    package init(_ story: Story, seed: UInt64, faults: FaultPlan = FaultPlan()) {
        self.story = story
        self.seed = seed
        self.faults = faults
    }

    /// The trial that a seed stands for: a story and rates of faults up to the given ones.
    package static func random(seed: UInt64, story: Story? = nil, percent: Int = 30) -> Trial {
        var dice = Dice(seed: ~seed)
        let rates = FaultRates(
            drop: dice.below(percent + 1), duplicate: dice.below(percent + 1) / 2, delay: dice.below(percent + 1) / 2,
            corrupt: dice.below(percent / 6 + 1))
        let told = story ?? (seed % 10 == 7 ? .moving(seed: seed) : .random(seed: seed))
        return Trial(told, seed: seed, faults: FaultPlan(rates: rates, seed: seed))
    }

    package struct Outcome: Sendable {
        package var violations: [Violation]
        package var handshakes: Int
        package var datagrams: Int
        package var events: Int
        /// The faults that were met with, by the number of the datagram.
        package var met: [Int: Fault]
        /// On the simulated clock, to the end.
        package var lasted: Instant
    }

    /// For how long two ends may take to agree once the link is perfect: liveness, retransmission and the longest wait
    /// before a revival, in a row.
    private static let healing = Duration.seconds(1200)
    /// For how long an end may keep something after the operator has ended everything.
    private static let forgetting = Duration.seconds(400)

    /// - Parameter watch: called before the first step, to have a ladder written.
    package func run(watch: (Simulation) -> Void = { _ in }) -> Outcome {
        let simulation = Simulation(settings: story.settings, seed: seed, faults: faults)
        watch(simulation)
        for step in story.steps where simulation.violations.isEmpty {
            simulation.run(until: .zero + step.at)
            carryOut(step, simulation)
        }
        simulation.run(until: .zero + (story.steps.last?.at ?? .zero) + story.tail)
        simulation.heal()
        let agreement = Agreement(simulation)
        simulation.run(until: simulation.now + Trial.healing) {
            simulation.isQuiet && agreement.violation(story) == nil
        }
        if simulation.violations.isEmpty {
            if let what = agreement.violation(story) {
                simulation.report("no agreement: \(what)")
            } else if !simulation.isQuiet {
                simulation.report("no rest")
            }
        }
        end(simulation)
        return Outcome(
            violations: simulation.violations, handshakes: simulation.handshakes, datagrams: simulation.sent,
            events: simulation.events, met: simulation.met, lasted: simulation.now)
    }

    private func carryOut(_ step: Step, _ simulation: Simulation) {
        let engine = simulation.end(step.end).engine
        func newestChild(of connection: ConnectionID) -> ChildSAID? {
            engine.connections.first { $0.connection.id == connection }?.child
        }
        let newest = engine.ikeSAs.last { $0.state == .established }?.ike
        switch step.deed {
        case .up(let connection): simulation.wish(step.end, connection, up: true)
        case .down(let connection): simulation.wish(step.end, connection, up: false)
        case .suspend(let connection):
            simulation.end(step.end).shielded.remove(connection)
            simulation.tell(step.end, .suspend(connection))
        case .rekeyIKE: if let newest { simulation.tell(step.end, .rekeyIKE(newest)) }
        case .rekeyChild(let connection):
            if let child = newestChild(of: connection) { simulation.tell(step.end, .rekeyChild(child)) }
        case .deleteIKE:
            simulation.end(step.end).shielded = []
            if let newest { simulation.tell(step.end, .deleteIKE(newest)) }
        case .deleteChild(let connection):
            if let child = newestChild(of: connection) { simulation.tell(step.end, .deleteChild(child)) }
        case .probe: if let newest { simulation.tell(step.end, .probe(newest)) }
        // Who has not come up yet has nothing to take along, and the connection's address is the operator's.
        case .relocate: if newest != nil { simulation.relocate(step.end) }
        case .remap: simulation.remap()
        case .restart: simulation.restart(step.end)
        }
    }

    /// The operators end everything; nothing may be left.
    private func end(_ simulation: Simulation) {
        guard simulation.violations.isEmpty else { return }
        for name in EndName.allCases {
            for connection in SimulatedEnd.connections { simulation.wish(name, connection, up: false) }
        }
        simulation.run(until: simulation.now + Trial.forgetting) {
            simulation.west.engine.footprint.isEmpty && simulation.east.engine.footprint.isEmpty
        }
        guard simulation.violations.isEmpty else { return }
        for end in [simulation.west, simulation.east] {
            if !end.engine.footprint.isEmpty {
                simulation.report("\(end.name.rawValue) keeps \(end.engine.footprint)")
            }
            if !end.plane.isEmpty { simulation.report("\(end.name.rawValue): the data plane keeps something") }
        }
    }
}

/// Whether two ends are of one mind.
struct Agreement {
    private let simulation: Simulation

    init(_ simulation: Simulation) { self.simulation = simulation }

    func violation(_ story: Story) -> String? {
        let (west, east) = (simulation.west, simulation.east)
        for end in [west, east] {
            if let open = end.engine.ikeSAs.first(where: { $0.state != .established }) {
                return "\(end.name.rawValue) has an IKE SA in state \(open.state)"
            }
            if Set(end.engine.childSAs.map(\.child)) != end.plane.children {
                return "\(end.name.rawValue): engine and data plane have different Child SAs"
            }
        }
        struct Name: Hashable {
            var initiator: UInt64
            var responder: UInt64
            var isInitiatorWest: Bool
        }
        func names(_ end: SimulatedEnd) -> Set<Name> {
            Set(
                end.engine.ikeSAs.map {
                    Name(
                        initiator: $0.initiatorSPI.value, responder: $0.responderSPI.value,
                        isInitiatorWest: ($0.role == .initiator) == (end.name == .west))
                })
        }
        if names(west) != names(east) {
            return "west has \(names(west).count) IKE SAs, east \(names(east).count), and they are not the same"
        }
        let mine = Set(west.engine.childSAs.map { [$0.inbound, $0.outbound] })
        let theirs = Set(east.engine.childSAs.map { [$0.outbound, $0.inbound] })
        if mine != theirs { return "west has \(mine.count) Child SAs, east \(theirs.count), and they are not the same" }
        for connection in SimulatedEnd.connections {
            guard let wish = story.wish(for: connection) else { continue }
            for (end, other) in [(west, east), (east, west)] {
                guard let sender = end.plane.sender(for: connection) else {
                    if wish { return "\(end.name.rawValue) has no Child SA for connection \(connection.number)" }
                    continue
                }
                if !wish { return "\(end.name.rawValue) has a Child SA for connection \(connection.number)" }
                guard let receiver = other.plane.child(inbound: sender.outbound.spi) else {
                    return "\(end.name.rawValue) sends packets that \(other.name.rawValue) has no SA for"
                }
                if simulation.seen(receiver.local, of: other.name) != sender.remote {
                    return "\(end.name.rawValue) sends packets to where \(other.name.rawValue) is not"
                }
            }
        }
        return nil
    }
}
