import IKEEngine
import IKEModel
import NetAddress
import Testing

@testable import EngineSimulator

/// What an end keeps under floods, in numbers of things, while a tunnel stands.
@Suite struct FloodTests {
    private static let one = ConnectionID(1)

    /// West and east with a tunnel, and what was sent until then.
    private func established(
        _ settings: SimulationSettings = SimulationSettings(), _ faults: FaultPlan = FaultPlan()
    ) -> (Simulation, [Datagram]) {
        let simulation = Simulation(settings: settings, seed: 11, faults: faults)
        var sent: [Datagram] = []
        simulation.onPassage = { sent.append($0.datagram) }
        simulation.wish(.west, Self.one, up: true)
        simulation.run(until: .zero + .seconds(1))
        return (simulation, sent)
    }

    /// As it arrives, with the first octets of the initiator's SPI and the source port by a number.
    private func arriving(_ datagram: Datagram, number: Int? = nil) -> Datagram {
        var octets = datagram.octets
        var remote = datagram.local
        if let number {
            octets[0] = 0xf1
            for byte in 1...3 { octets[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte - 8)) }
            remote.port = UInt16(1024 + number % 60000)
        }
        return Datagram(local: datagram.remote, remote: remote, octets: octets)
    }

    private func flood(_ simulation: Simulation, count: Int, _ make: (Int) -> Datagram) {
        for batch in stride(from: 0, to: count, by: 500) {
            for number in batch..<min(batch + 500, count) { simulation.inject(make(number), into: .east) }
            simulation.run(until: simulation.now + .milliseconds(1))
        }
    }

    @Test
    func `of five thousand first requests with SPIs of their own twenty are taken on, and the rest gets a cookie`() {
        let (simulation, sent) = established()
        simulation.tell(.east, .setHalfOpenLimits(cookieThreshold: 20, greatest: 50000))
        flood(simulation, count: 5000) { arriving(sent[0], number: $0) }
        let east = simulation.east.engine
        #expect(east.footprint.halfOpen == 20 && east.footprint.ikes == 21 && east.footprint.initialRequests == 20)
        #expect(simulation.west.engine.childSAs.count == 1 && east.childSAs.count == 1)
        simulation.wish(.west, ConnectionID(2), up: true)
        simulation.run(until: simulation.now + .seconds(1))
        #expect(east.childSAs.count == 2, "the tunnel's own exchanges go on")
        simulation.run(until: simulation.now + .seconds(70))
        #expect(east.footprint.halfOpen == 0 && east.footprint.ikes == 1 && east.footprint.initialRequests == 0)
        #expect(east.footprint.timerEntries < 200)
        #expect(simulation.violations == [])
    }

    @Test func `beyond the limit of half-open IKE SAs nothing is kept and nothing is said`() {
        let (simulation, sent) = established()
        simulation.tell(.east, .setHalfOpenLimits(cookieThreshold: 50000, greatest: 30))
        var answers = 0
        simulation.onPassage = { if $0.from == .east { answers += 1 } }
        flood(simulation, count: 2000) { arriving(sent[0], number: $0) }
        #expect(simulation.east.engine.footprint.halfOpen == 30 && answers == 30)
        #expect(simulation.violations == [])
    }

    @Test func `a request that comes three thousand times is answered by the same octets and leaves nothing`() {
        let (simulation, sent) = established()
        let before = simulation.east.engine.footprint
        var answers: Set<[UInt8]> = []
        simulation.onPassage = { if $0.from == .east { answers.insert($0.datagram.octets) } }
        flood(simulation, count: 3000) { _ in arriving(sent[2]) }
        #expect(answers == [sent[3].octets])
        #expect(simulation.east.engine.footprint == before)
    }

    @Test func `one fragment that comes a thousand times is kept once, and altered ones are not`() {
        var settings = SimulationSettings()
        settings.packetOctets = 190
        settings.retransmission = RetransmissionSchedule(interval: .seconds(60), timeout: .seconds(120))
        // The second fragment of IKE_AUTH is lost.
        let (simulation, sent) = established(settings, FaultPlan(listed: [3: .drop]))
        let kept = simulation.east.engine.footprint.fragmentOctets
        #expect(kept > 0 && kept < 1000)
        flood(simulation, count: 1000) { number in
            var fragment = arriving(sent[2])
            if number % 2 == 1 { fragment.octets[32 + number % (fragment.octets.count - 32)] ^= 0xff }
            return fragment
        }
        #expect(simulation.east.engine.footprint.fragmentOctets == kept)
        #expect(simulation.east.engine.footprint.ikes == 1)
    }
}
