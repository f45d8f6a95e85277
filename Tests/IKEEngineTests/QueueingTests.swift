import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// Connections that share an IKE SA which is still being made, and Child SAs with limits.
@Suite struct QueueingTests {
    private static let second = ConnectionID(2)

    /// Two connections between the same ends.
    private func ladder() -> Ladder {
        let ladder = Ladder()
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            var connection = Ladder.connection(isWest: isWest)
            connection.id = Self.second
            connection.name = "second"
            let net = [TrafficSelector(IPPrefix("192.0.20.0/24")!)]
            if isWest { connection.remote.selectors = net } else { connection.local.selectors = net }
            ladder.tell(end, .add(connection))
        }
        return ladder
    }

    @Test func `a second connection waits for the IKE SA of the first and uses it`() throws {
        let ladder = ladder()
        ladder.tell(ladder.west, .initiate(ConnectionID(1), staysUp: true))
        ladder.tell(ladder.west, .initiate(Self.second, staysUp: true))
        let ike = ladder.west.engine.ikeSAs[0].ike
        #expect(ladder.west.has { $0 == .childQueued(Self.second, behind: ike) })
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.count == 1 && ladder.east.engine.ikeSAs.count == 1)
        #expect(ladder.west.engine.childSAs.map(\.connection) == [ConnectionID(1), Self.second])
        let finished = ladder.west.events.filter { event in
            if case .initiationFinished(_, true) = event { return true }
            return false
        }
        #expect(finished.count == 2)
    }

    @Test func `what waits for an IKE SA that fails is told so`() throws {
        let ladder = ladder()
        ladder.link = { _, _ in [] }
        ladder.tell(ladder.west, .initiate(ConnectionID(1), staysUp: false))
        ladder.tell(ladder.west, .initiate(Self.second, staysUp: false))
        ladder.pass(.seconds(61))
        #expect(ladder.west.has { $0 == .initiationFinished(Self.second, succeeded: false) })
        #expect(ladder.west.engine.ikeSAs.isEmpty)
    }

    @Test func `what is begun together is sent when all is begun, in order`() throws {
        let ladder = ladder()
        ladder.up()
        let sent = ladder.wire.count
        ladder.tell(ladder.west, .gather(true))
        ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        ladder.tell(ladder.west, .rekeyChild(ladder.west.engine.childSAs[0].child))
        #expect(ladder.wire.count == sent)
        ladder.tell(ladder.west, .gather(false))
        ladder.settle()
        let names = ladder.wire[sent...].map(\.name).filter { $0.contains("request") }
        #expect(names == ["INFORMATIONAL request 2", "CREATE_CHILD_SA request 3", "INFORMATIONAL request 4"])
    }

    @Test func `limits reach the data plane, and a soft one that is met leads to a replacement`() throws {
        let ladder = Ladder { connection, isWest in if isWest { connection.lifetimes.childPackets = 20 } }
        // One that is to stay up would be revived at once when the hard limit is met.
        ladder.up(staysUp: false)
        let limits = ladder.west.installs[0].limits
        #expect(limits.softPackets == 5 && limits.hardPackets == 20)
        #expect(limits.softOctets == .max && ladder.east.installs[0].limits == CarryLimits())
        let old = ladder.west.engine.childSAs[0].child
        ladder.report(ladder.west, .expired(old, hard: false))
        ladder.settle()
        #expect(ladder.west.engine.childSAs.map(\.child) == [old])
        ladder.pass(.milliseconds(10))
        let new = ladder.west.engine.childSAs.map(\.child)
        #expect(new.count == 1 && new != [old])
        ladder.report(ladder.west, .expired(new[0], hard: true))
        ladder.settle()
        #expect(ladder.west.removed.contains(new[0]))
        #expect(ladder.east.standing.isEmpty)
    }

    @Test func `a soft limit lies below the hard one by what the margin takes, and not always the same`() throws {
        var seen: Set<UInt64> = []
        for seed in 1...20 {
            let ladder = Ladder(seed: UInt64(seed)) { connection, _ in connection.lifetimes.childOctets = 1_000_000 }
            ladder.up()
            seen.insert(ladder.west.installs[0].limits.softOctets)
            #expect((218_750...250_000).contains(ladder.west.installs[0].limits.softOctets))
            #expect((437_500...500_000).contains(ladder.east.installs[0].limits.softOctets))
        }
        #expect(seen.count > 10)
    }

    @Test func `the inbound SPI of a Child SA that is not there yet is known`() throws {
        let ladder = Ladder()
        ladder.link = { sent, _ in sent.name == "IKE_AUTH response 1" ? [] : [sent.datagram] }
        ladder.up()
        let reserved = ladder.west.engine.reservedSPIs
        #expect(reserved.map(\.spi) == [ladder.east.installs[0].outbound.spi])
        #expect(ladder.east.engine.reservedSPIs.isEmpty)
    }
}
