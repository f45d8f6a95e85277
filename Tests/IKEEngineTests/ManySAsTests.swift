import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// One responder with many IKE SAs: none is lost, and what is kept for one does not depend on how many there are.
@Suite struct ManySAsTests {
    /// Initiators with an engine each, by their port, and the responder of all of them.
    private final class Crowd {
        let east = Engine(profile: WireProfile(), random: SeededRandom(seed: 7))
        let wests: [Engine]
        var now = Instant.zero
        /// What the wests have seen, and what east has.
        private(set) var events: [Event] = []
        private(set) var eastEvents: [Event] = []

        init(_ count: Int) {
            wests = (0..<count).map { Engine(profile: WireProfile(), random: SeededRandom(seed: 100 + UInt64($0))) }
            let secrets = PreSharedKeys([
                PreSharedKeys.Entry(indices: [], secret: SecretBytes(Array(Ladder.secret.utf8)))
            ])
            for (index, engine) in ([east] + wests).enumerated() {
                var connection = Ladder.connection(isWest: index > 0)
                connection.livenessDelay = index == 0 ? .seconds(30) : .zero
                if index > 0 { connection.local.port = UInt16(10_000 + index - 1) }
                _ = engine.handle(.command(.setSecrets(secrets)), at: now)
                _ = engine.handle(.command(.add(connection)), at: now)
            }
        }

        /// One input of a west, and all that comes of it.
        func tell(_ index: Int, _ command: Command) { feed(wests[index], .command(command)) }

        private func feed(_ engine: Engine, _ input: Input) {
            var pending: [(Engine, Input)] = [(engine, input)]
            while !pending.isEmpty {
                let (engine, input) = pending.removeFirst()
                for output in engine.handle(input, at: now) {
                    switch output {
                    case .transmit(let datagram):
                        let there = engine === east ? wests[Int(datagram.remote.port) - 10_000] : east
                        let mirrored = Datagram(
                            local: datagram.remote, remote: datagram.local, octets: datagram.octets)
                        pending.append((there, .datagram(mirrored)))
                    case .event(let event):
                        if engine === east { eastEvents.append(event) } else { events.append(event) }
                    default: break
                    }
                }
            }
        }

        func pass(_ duration: Duration) {
            now = now + duration
            for engine in wests + [east] { feed(engine, .timer) }
        }

        func count(atEast: Bool = false, _ matches: (Event) -> Bool) -> Int {
            (atEast ? eastEvents : events).count(where: matches)
        }
    }

    /// What the responder keeps when every IKE SA has been made, kept alive and replaced with its Child SA.
    private func footprint(_ count: Int) -> EngineFootprint {
        let crowd = Crowd(count)
        for index in 0..<count { crowd.tell(index, .initiate(ConnectionID(1), staysUp: false)) }
        #expect(crowd.east.ikeSAs.count == count && crowd.east.childSAs.count == count)
        crowd.pass(.seconds(40))
        #expect(crowd.count(atEast: true) { if case .livenessConfirmed = $0 { true } else { false } } == count)
        for index in 0..<count { crowd.tell(index, .rekeyChild(crowd.wests[index].childSAs[0].child)) }
        for index in 0..<count { crowd.tell(index, .rekeyIKE(crowd.wests[index].ikeSAs[0].ike)) }
        for index in 0..<count { crowd.tell(index, .probe(crowd.wests[index].ikeSAs[0].ike)) }
        #expect(crowd.count { if case .livenessConfirmed = $0 { true } else { false } } == count)
        #expect(crowd.count { if case .childDeleted = $0 { true } else { false } } == count)
        #expect(crowd.count { if case .ikeRekeyed = $0 { true } else { false } } == count)
        #expect(crowd.wests.allSatisfy { $0.ikeSAs.count == 1 && $0.childSAs.count == 1 })
        #expect(crowd.east.ikeSAs.count == count && crowd.east.childSAs.count == count)
        let known = Set(crowd.wests.map { $0.ikeSAs[0].initiatorSPI })
        #expect(Set(crowd.east.ikeSAs.map(\.initiatorSPI)) == known)
        return crowd.east.footprint
    }

    @Test func `three hundred IKE SAs are made, kept alive and replaced, and each keeps as much as one of a hundred`() {
        let (few, many) = (footprint(100), footprint(300))
        for part in [\EngineFootprint.ikes, \.children, \.ikeSPIs, \.childSPIs, \.timers, \.connectionChildren] {
            #expect(few[keyPath: part] % 100 == 0)
            #expect(many[keyPath: part] == 3 * few[keyPath: part])
        }
        // Replaced entries are thrown away once they are the most.
        #expect(many.timerEntries <= 2 * (many.timers + 1) + 65)
        #expect(many.pending + many.waiting + many.negotiations + many.awaited + many.halfOpen == 0)
    }
}
