import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

@Suite struct DeletionTests {
    private let id = ConnectionID(1)

    @Test func `down tells the peer and both ends forget`() {
        let ladder = Ladder()
        ladder.up()
        ladder.west.events = []
        ladder.tell(ladder.west, .terminate(id))
        ladder.settle()
        #expect(
            ladder.west.story == [
                "terminating", "requestSent", "responseReceived", "childDeleted", "ikeDeleted", "terminationFinished",
            ])
        for end in [ladder.west, ladder.east] {
            #expect(end.engine.ikeSAs.isEmpty && end.engine.childSAs.isEmpty && end.standing.isEmpty)
        }
        #expect(ladder.east.has { if case .ikeDeleted(_, .established, .peerRequest) = $0 { true } else { false } })
    }

    @Test func `without a Delete the peer keeps its end`() {
        let ladder = Ladder()
        ladder.up()
        ladder.tell(ladder.west, .setImpairments(Impairments(sendNoDelete: true)))
        ladder.tell(ladder.west, .terminate(id))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty)
        #expect(ladder.east.isEstablished)
    }

    @Test func `a Delete from the peer revives a connection that stays up`() {
        let ladder = Ladder()
        ladder.up()
        let east = ladder.east.engine.ikeSAs[0].ike
        ladder.tell(ladder.east, .deleteIKE(east))
        ladder.settle()
        #expect(ladder.west.has { if case .reviving(_, .peerRequest) = $0 { true } else { false } })
        #expect(ladder.west.isEstablished)
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
    }

    @Test func `a Child SA is deleted in both directions and the IKE SA stays`() {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .deleteChild(ladder.west.engine.childSAs[0].child))
        ladder.settle()
        #expect(ladder.west.standing.isEmpty && ladder.east.standing.isEmpty)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `a Child SA that both ends delete at once is named in neither answer`() {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        for end in [ladder.west, ladder.east] {
            end.events = []
            ladder.tell(end, .deleteChild(end.engine.childSAs[0].child))
        }
        ladder.settle()
        for end in [ladder.west, ladder.east] {
            let answers = end.events.compactMap { event -> [String]? in
                guard case .responseReceived(_, .informational, _, let payloads, _) = event else { return nil }
                return payloads
            }
            #expect(answers == [[]])
            #expect(end.standing.isEmpty && end.isEstablished)
        }
    }

    /// The Child SAs that an end's last answer names.
    private func named(_ end: Ladder.End) -> [[UInt8]] {
        let sent = end.events.compactMap { event -> [Payload]? in
            guard case .messagePassed(_, let facts) = event, facts.isSent, facts.isResponse else { return nil }
            return facts.payloads
        }
        return sent.last?.deletes.flatMap(\.spis) ?? []
    }

    @Test func `a Delete that still waits for its turn is no more than a wish, and the peer's is answered`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        let east = try #require(ladder.east.engine.childSAs.first)
        ladder.link = { _, _ in [] }
        ladder.tell(ladder.east, .probe(east.ike))
        ladder.tell(ladder.east, .deleteChild(east.child))
        ladder.link = { sent, _ in [sent.datagram] }
        ladder.tell(ladder.west, .deleteChild(ladder.west.engine.childSAs[0].child))
        ladder.settle()
        #expect(named(ladder.east) == [east.inbound.octets])
        ladder.pass(.seconds(5))
        #expect(ladder.west.standing.isEmpty && ladder.east.standing.isEmpty)
        #expect(ladder.east.story.contains("livenessConfirmed"))
        #expect(
            Set(ladder.wire.filter { $0.from == "east" && !$0.header.isResponse }.map(\.name)) == [
                "INFORMATIONAL request 0"
            ])
    }

    @Test func `a Delete that the IKE SA's replacement has overtaken is done there`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        let (old, west) = (ladder.westIKE, try #require(ladder.west.engine.childSAs.first))
        let east = try #require(ladder.east.engine.childSAs.first)
        ladder.link = { sent, _ in sent.name.hasPrefix("INFORMATIONAL request") ? [] : [sent.datagram] }
        ladder.tell(ladder.west, .rekeyIKE(old.id))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.count == 2 && ladder.east.standing.count == 1)
        let delete = Payload.delete(DeletePayload(protocolID: .esp, spis: [west.inbound.octets]))
        ladder.inject(try ladder.forge(old, .informational, 3, [delete]))
        #expect(ladder.east.standing.isEmpty && named(ladder.east) == [east.inbound.octets])
    }

    @Test func `a data plane that fails costs the Child SA at both ends`() {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        ladder.report(ladder.west, .failed(ladder.west.engine.childSAs[0].child, reason: "no memory"))
        ladder.settle()
        #expect(ladder.west.standing.isEmpty && ladder.east.standing.isEmpty)
    }

    @Test func `what the data plane could not install never counts as established, and the attempts go on counting`() {
        let ladder = Ladder()
        ladder.tell(ladder.west, .initiate(id, staysUp: true))
        ladder.settle()
        for attempt in 1...3 {
            let child = ladder.west.engine.childSAs[0].child
            ladder.west.events = []
            ladder.report(ladder.west, .installFailed(child, reason: "no memory"))
            #expect(ladder.west.story.first == "childRejected")
            #expect(!ladder.west.removed.contains(child))
            #expect(
                ladder.west.has {
                    if case .revivalScheduled(_, _, _, attempt, .seconds(5 * (attempt - 1))) = $0 {
                        true
                    } else {
                        false
                    }
                }, "attempt \(attempt)")
            ladder.settle()
            #expect(ladder.east.removed.count == attempt)
            ladder.pass(.seconds(5 * attempt))
        }
    }

    @Test func `the last word on an end comes when the last IKE SA is gone, also where the newest went before`() {
        let ladder = Ladder { connection, isWest in
            if !isWest { connection.remote.identification = nil }
        }
        var second = Ladder.connection(isWest: true)
        second.id = ConnectionID(2)
        second.local.identification = Identification(type: .fqdn, data: Array("west2".utf8))
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .add(second))
        ladder.tell(ladder.west, .initiate(ConnectionID(2), staysUp: false))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.count == 2)
        ladder.tell(ladder.west, .terminate(ConnectionID(2)))
        ladder.settle()
        #expect(ladder.east.engine.connections[0].ike == ladder.east.engine.ikeSAs[0].ike)
        #expect(ladder.east.engine.connections[0].child == ladder.east.engine.childSAs[0].child)
        ladder.east.events = []
        ladder.tell(ladder.east, .terminate(id))
        #expect(!ladder.east.events.contains(.terminationFinished(id)))
        ladder.settle()
        #expect(ladder.east.events.last == .terminationFinished(id))
        #expect(ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test func `a connection that is removed takes its Child SA out of another one's IKE SA`() {
        let ladder = Ladder()
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            var second = Ladder.connection(isWest: isWest)
            second.id = ConnectionID(2)
            let selector = [TrafficSelector(IPPrefix("192.0.3.0/24")!)]
            if isWest { second.local.selectors = selector } else { second.remote.selectors = selector }
            ladder.tell(end, .add(second))
        }
        ladder.up()
        ladder.tell(ladder.west, .initiate(ConnectionID(2), staysUp: true))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.count == 1 && ladder.west.standing.count == 2)
        ladder.tell(ladder.west, .remove(ConnectionID(2)))
        #expect(ladder.west.standing.map(\.connection) == [id])
        ladder.settle()
        #expect(ladder.east.standing.map(\.connection) == [id])
        #expect(ladder.west.isEstablished)
    }

    @Test func `policies that were not made are told, and the connection is not routed`() {
        let ladder = Ladder()
        ladder.tell(ladder.west, .route(id))
        #expect(ladder.west.engine.connections[0].routing == .routedOnDemand)
        ladder.report(ladder.west, .routeFailed(id, reason: "no right"))
        #expect(ladder.west.events.last == .routeFailed(id, reason: "no right"))
        #expect(ladder.west.engine.connections[0].routing == .unrouted)
    }

    @Test func `crossing deletes end in silence`() {
        let ladder = Ladder()
        ladder.up()
        ladder.tell(ladder.west, .terminate(id))
        ladder.tell(ladder.east, .terminate(id))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
        #expect(ladder.west.wake == nil && ladder.east.wake == nil)
    }

    @Test func `shutdown sends one Delete for each IKE SA and waits for nothing`() {
        let ladder = Ladder()
        ladder.up()
        let before = ladder.wire.count
        ladder.tell(ladder.west, .shutdown)
        #expect(ladder.wire.count == before + 1)
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.west.standing.isEmpty)
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test func `an IKE SA ends at its lifetime's end`() {
        let ladder = Ladder { connection, _ in
            connection.lifetimes.ike = .seconds(100)
            connection.rekeys = false
        }
        ladder.up(staysUp: false)
        ladder.pass(.seconds(99))
        #expect(ladder.west.isEstablished)
        ladder.pass(.seconds(2))
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test func `a packet that meets a routed connection starts it`() {
        let ladder = Ladder()
        ladder.tell(ladder.west, .route(id))
        ladder.report(
            ladder.west,
            .acquire(
                id,
                AcquiringPacket(
                    source: IPAddress("192.0.1.254")!, destination: IPAddress("192.0.2.254")!, ipProtocol: 1,
                    sourcePort: 8)))
        ladder.settle()
        #expect(ladder.west.isEstablished)
    }
}
