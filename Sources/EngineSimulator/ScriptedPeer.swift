import IKEEngine
import IKEModel
import IKEWire

/// An authentic peer whose messages are what a fuzzer says: their exchange types and what is inside their SK payloads.
///
/// The first octet of a script chooses the settings: bit 0 short packets, hence fragments. Then comes message by message:
/// an octet for the exchange type, its high bit saying that east is made to ask and west's answer is meant; the first
/// inner payload's type; two octets for the length of the inside, the greatest 4095; the inside.
package enum ScriptedPeer {
    private static let exchanges: [UInt8] = [37, 36, 35, 34, 38, 43]
    private static let messageLimit = 24

    /// - Returns: what does not hold of the honest end, which has all of its rules to keep.
    package static func play(_ script: [UInt8]) -> [Violation] {
        guard let mode = script.first else { return [] }
        var rest = script.dropFirst()
        var settings = SimulationSettings()
        settings.packetOctets = mode & 1 == 1 ? 250 : 65535
        settings.livenessDelay = .zero
        settings.retransmission = RetransmissionSchedule(interval: .seconds(1), timeout: .seconds(2))
        let simulation = Simulation(settings: settings, seed: 1)
        simulation.watched = [.east]
        simulation.wish(.west, SimulatedEnd.connections[0], up: true)
        simulation.run(until: simulation.now + .seconds(1))
        var played = 0
        while rest.count >= 4, played < messageLimit, simulation.violations.isEmpty {
            played += 1
            let head = Array(rest.prefix(4))
            let count = Int(head[2] & 0x0f) << 8 | Int(head[3])
            let inside = Array(rest.dropFirst(4).prefix(count))
            rest = rest.dropFirst(4 + count)
            say(head, inside, simulation)
        }
        // West is not to bring up again what east ends.
        for name in EndName.allCases {
            for connection in SimulatedEnd.connections { simulation.wish(name, connection, up: false) }
        }
        simulation.run(until: simulation.now + .seconds(300)) { simulation.east.engine.footprint.isEmpty }
        if simulation.violations.isEmpty, !simulation.east.engine.footprint.isEmpty {
            simulation.report("east keeps \(simulation.east.engine.footprint)")
        }
        return simulation.violations
    }

    private static func say(_ head: [UInt8], _ inside: [UInt8], _ simulation: Simulation) {
        let west = simulation.west.engine
        guard let ike = west.ikeSAs.last(where: { $0.state == .established })?.ike else { return }
        var isSaid = false
        west.tamper = { exchange, first, plaintext in
            if isSaid { return }
            isSaid = true
            let kind = Int(head[0] & 0x7f)
            // An answer of another exchange than the request's would not get far.
            if head[0] & 0x80 == 0 {
                exchange = ExchangeType(rawValue: kind < exchanges.count ? exchanges[kind] : UInt8(kind))
            }
            first = PayloadType(rawValue: head[1])
            plaintext = inside
        }
        if head[0] & 0x80 == 0 {
            simulation.tell(.west, .probe(ike))
        } else if let theirs = simulation.east.engine.ikeSAs.last(where: { $0.state == .established })?.ike {
            let child = simulation.east.engine.childSAs.last?.child
            switch head[0] % 3 {
            case 0: simulation.tell(.east, .rekeyIKE(theirs))
            case 1: if let child { simulation.tell(.east, .rekeyChild(child)) }
            default: simulation.tell(.east, .probe(theirs))
            }
        }
        simulation.run(until: simulation.now + .milliseconds(50))
        west.tamper = nil
    }
}
