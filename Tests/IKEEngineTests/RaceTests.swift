import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// Commands that come while others are under way: everybody who waits is told the end, and nothing is left.
@Suite struct RaceTests {
    private let id = ConnectionID(1)

    private func count(_ end: Ladder.End, _ name: String) -> Int { end.story.filter { $0 == name }.count }

    /// A second connection with the same peer, on both ends.
    private func addSecond(_ ladder: Ladder) -> ConnectionID {
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            var second = Ladder.connection(isWest: isWest)
            second.id = ConnectionID(2)
            if isWest {
                second.remote.selectors = [TrafficSelector(IPPrefix("10.2.0.0/16")!)]
            } else {
                second.local.selectors = [TrafficSelector(IPPrefix("10.2.0.0/16")!)]
            }
            ladder.tell(end, .add(second))
        }
        return ConnectionID(2)
    }

    @Test func `up while down is under way brings the connection up anew and ends both`() {
        let ladder = Ladder()
        ladder.up()
        ladder.west.events = []
        ladder.tell(ladder.west, .terminate(id))
        ladder.tell(ladder.west, .initiate(id, staysUp: true))
        ladder.settle()
        #expect(!ladder.west.story.contains("alreadyEstablished"))
        #expect(count(ladder.west, "terminationFinished") == 1)
        #expect(ladder.west.has { $0 == .initiationFinished(id, succeeded: true) })
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
        #expect(ladder.west.engine.ikeSAs.count == 1)
    }

    @Test func `up twice makes one Child SA, also in an IKE SA that stands`() {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .deleteChild(ladder.west.engine.childSAs[0].child))
        ladder.settle()
        ladder.tell(ladder.west, .initiate(id, staysUp: false))
        ladder.tell(ladder.west, .initiate(id, staysUp: false))
        ladder.settle()
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
    }

    @Test func `who asked for a connection that the peer brought up is told, though the own attempt came to nothing`() {
        let ladder = Ladder()
        ladder.link = { sent, _ in
            sent.from == "west" && sent.name == "IKE_AUTH request 1" ? [] : [sent.datagram]
        }
        ladder.tell(ladder.west, .initiate(id, staysUp: false))
        ladder.tell(ladder.east, .initiate(id, staysUp: false))
        ladder.settle()
        #expect(ladder.west.standing.count == 1)
        ladder.pass(.seconds(61))
        #expect(ladder.west.has { $0 == .initiationFinished(id, succeeded: true) })
        #expect(ladder.west.standing.count == 1)
    }

    @Test func `down before IKE_AUTH is answered tells a peer that has answered it`() {
        let ladder = Ladder()
        ladder.link = { sent, _ in sent.name == "IKE_AUTH response 1" ? [] : [sent.datagram] }
        ladder.up()
        #expect(ladder.east.isEstablished)
        ladder.tell(ladder.west, .terminate(id))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
        #expect(count(ladder.west, "terminationFinished") == 1)
    }

    @Test func `down and suspend twice end once`() {
        for command in [Command.terminate(id), .suspend(id)] {
            let ladder = Ladder { connection, _ in connection.sessionResumption = true }
            ladder.up()
            ladder.tell(ladder.west, command)
            ladder.tell(ladder.west, command)
            ladder.settle()
            #expect(count(ladder.west, "terminationFinished") == 1)
            #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
        }
    }

    @Test func `down of the last connection in another's IKE SA ends`() {
        let ladder = Ladder()
        let second = addSecond(ladder)
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .initiate(second, staysUp: false))
        ladder.settle()
        #expect(ladder.west.standing.count == 2 && ladder.west.engine.ikeSAs.count == 1)
        ladder.tell(ladder.west, .terminate(id))
        ladder.settle()
        #expect(ladder.west.has { $0 == .terminationFinished(id) })
        ladder.tell(ladder.west, .terminate(second))
        ladder.settle()
        #expect(ladder.west.has { $0 == .terminationFinished(second) })
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `a connection that is deleted takes its Child SA along and leaves the other's`(_ deleted: UInt64) throws {
        let ladder = Ladder()
        let second = addSecond(ladder)
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .initiate(second, staysUp: false))
        ladder.settle()
        ladder.tell(ladder.west, .remove(ConnectionID(deleted)))
        ladder.settle()
        #expect(ladder.west.standing.map(\.connection.number) == [3 - deleted])
        #expect(ladder.east.standing.map(\.connection.number) == [3 - deleted])
        // What is left can be used and ended.
        ladder.tell(ladder.west, .terminate(ConnectionID(3 - deleted)))
        ladder.settle()
        #expect(ladder.west.has { $0 == .terminationFinished(ConnectionID(3 - deleted)) })
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
    }
}
