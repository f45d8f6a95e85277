import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// RFC 5723, from both sides.
@Suite struct ResumptionTests {
    private let id = ConnectionID(1)

    private func resumable(
        west: WireProfile = WireProfile(), east: WireProfile = WireProfile(), eastResumes: Bool = true
    ) -> Ladder {
        Ladder(westProfile: west, eastProfile: east) { connection, isWest in
            connection.sessionResumption = isWest || eastResumes
        }
    }

    private func suspend(_ ladder: Ladder) {
        ladder.tell(ladder.west, .suspend(id))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty)
    }

    private func refusal(_ end: Ladder.End) -> TicketRefusal? {
        for case .ticketRefused(let reason, _) in end.events.reversed() { return reason }
        return nil
    }

    @Test func `a suspended connection is resumed by its ticket, with new keys and a new ticket`() throws {
        let ladder = resumable()
        ladder.up()
        let first = try #require(ladder.west.standing.first)
        suspend(ladder)
        #expect(ladder.east.standing.isEmpty)
        let before = ladder.wire.count
        ladder.up()
        #expect(
            ladder.wire.dropFirst(before).map(\.name) == [
                "IKE_SESSION_RESUME request 0", "IKE_SESSION_RESUME response 0", "IKE_AUTH request 1",
                "IKE_AUTH response 1",
            ])
        let west = try #require(ladder.west.standing.first)
        let east = try #require(ladder.east.standing.first)
        #expect(west.outbound.encryptionKey == east.inbound.encryptionKey)
        #expect(west.outbound.encryptionKey != first.outbound.encryptionKey)
        #expect(ladder.west.engine.connections[0].ticket != nil)
        #expect(ladder.west.story.filter { $0 == "ticketReceived" }.count == 2)
    }

    @Test func `a key that has rolled over once still opens a ticket, one that has rolled over twice does not`() {
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        ladder.tell(ladder.east, .rollTicketKey)
        ladder.up()
        #expect(ladder.west.has { if case .sessionResumed = $0 { true } else { false } })
        suspend(ladder)
        ladder.tell(ladder.east, .rollTicketKey)
        ladder.tell(ladder.east, .rollTicketKey)
        ladder.west.events = []
        ladder.up()
        #expect(refusal(ladder.east) == .unknownKey)
        // What a console shows: refused, revived, established.
        #expect(
            ladder.west.story == [
                "ikeCreated", "requestSent", "sessionResumptionRefused", "revivalScheduled", "ikeDeleted", "reviving",
                "ikeCreated", "requestSent", "responseReceived", "proposalAccepted", "suiteAgreed",
                "ikeSAInitProcessed",
                "ticketRequested", "childCreated", "requestSent", "responseReceived", "ikeEstablished",
                "ticketReceived", "proposalAccepted", "childEstablished", "initiationFinished",
            ])
        #expect(ladder.west.standing.count == 1)
    }

    @Test func `a connection that need not stay up falls back to IKE_SA_INIT by itself`() {
        let ladder = resumable()
        ladder.up(staysUp: false)
        suspend(ladder)
        ladder.tell(ladder.east, .rollTicketKey)
        ladder.tell(ladder.east, .rollTicketKey)
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished)
        #expect(ladder.west.story.last == "initiationFinished")
    }

    @Test(arguments: [ResumptionAuthentication.messageNonceIdentity, .messageOnly])
    func `the responder takes either reading of AUTH, says which, and answers in it`(
        _ reading: ResumptionAuthentication
    ) {
        let ladder = resumable(west: WireProfile(resumptionAuthentication: reading))
        ladder.up()
        suspend(ladder)
        ladder.up()
        for end in [ladder.west, ladder.east] {
            #expect(
                end.has {
                    if case .ikeEstablished(_, _, _, .sessionResumption(reading)) = $0 { true } else { false }
                })
        }
    }

    @Test func `an altered ticket is refused`() {
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        var impairments = Impairments()
        impairments.corruptTicket = true
        ladder.tell(ladder.west, .setImpairments(impairments))
        ladder.up()
        #expect(refusal(ladder.east) == .altered)
        #expect(ladder.west.isEstablished)
    }

    @Test func `a ticket of another gateway is refused`() {
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        // East starts anew: its keys are others, its key's number is the same.
        let stranger = Ladder(seed: 99) { connection, _ in connection.sessionResumption = true }
        ladder.link = { sent, _ in
            if sent.from == "west" {
                stranger.inject(
                    Datagram(local: sent.datagram.remote, remote: sent.datagram.local, octets: sent.datagram.octets))
            }
            return []
        }
        ladder.up()
        #expect(refusal(stranger.east) == .altered)
    }

    @Test func `an expired ticket is not presented, and is refused where it is`() {
        let ladder = resumable()
        var impairments = Impairments()
        impairments.ticketLifetime = .seconds(10)
        ladder.tell(ladder.east, .setImpairments(impairments))
        ladder.up()
        suspend(ladder)
        ladder.pass(.seconds(11))
        ladder.up()
        #expect(ladder.west.has { if case .ticketUnusable(_, .expired) = $0 { true } else { false } })
        #expect(!ladder.wire.contains { $0.name.hasPrefix("IKE_SESSION_RESUME") })
        #expect(ladder.west.isEstablished)
    }

    @Test func `a ticket that has expired at the gateway is refused there`() {
        // West's clock stands still while east's runs on: what a suspended laptop does.
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        _ = ladder.east.engine.handle(.timer, at: ladder.now + .seconds(3601))
        // The key has rolled once by then; the ticket's own end counts.
        ladder.up()
        #expect(refusal(ladder.east) == .expired)
        #expect(ladder.west.isEstablished)
    }

    @Test func `a ticket serves once`() throws {
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        ladder.up()
        let request = try #require(ladder.wire.last { $0.name == "IKE_SESSION_RESUME request 0" })
        suspend(ladder)
        // The same ticket in a new request: another initiator's SPI, so it is no retransmission.
        var octets = request.datagram.octets
        octets[0] ^= 0xff
        ladder.inject(
            Datagram(local: request.datagram.remote, remote: request.datagram.local, octets: octets))
        #expect(refusal(ladder.east) == .reused)
    }

    @Test func `a gateway without resumption issues no ticket and the initiator starts afresh`() {
        let ladder = resumable(eastResumes: false)
        ladder.up()
        #expect(ladder.west.has { if case .ticketNotIssued(_, false) = $0 { true } else { false } })
        #expect(ladder.west.engine.connections[0].ticket == nil)
        suspend(ladder)
        ladder.up()
        #expect(ladder.west.isEstablished)
        #expect(!ladder.wire.contains { $0.name.hasPrefix("IKE_SESSION_RESUME") })
    }

    @Test func `the old IKE SA goes silently when it is resumed`() {
        let ladder = resumable()
        ladder.up()
        ladder.tell(ladder.west, .setImpairments(Impairments(sendNoDelete: true)))
        suspend(ladder)
        #expect(ladder.east.engine.ikeSAs.count == 1)
        let before = ladder.wire.count
        ladder.up()
        #expect(ladder.east.engine.ikeSAs.count == 1)
        #expect(ladder.east.standing.count == 1)
        #expect(ladder.wire.count == before + 4)
        #expect(ladder.east.has { if case .ikeDeleted(_, .established, .replaced) = $0 { true } else { false } })
    }

    @Test func `an AUTH made with another key does not resume`() {
        // East holds another SK_d than the ticket's owner: a thief has the ticket but not the session.
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        var count = 0
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.name == "IKE_SESSION_RESUME response 0" {
                count += 1
                datagram.octets[40] ^= 0xff
            }
            return [datagram]
        }
        ladder.up()
        #expect(count == 1)
        #expect(ladder.east.has { if case .dropped(.integrityFailure, _, _, _, _) = $0 { true } else { false } })
        #expect(!ladder.west.isEstablished)
    }

    @Test(arguments: [true, false])
    func `encapsulation goes on after a resumption, with NAT detection in it and without`(_ detects: Bool) throws {
        let profile = WireProfile(detectsNATInResumption: detects)
        let ladder = Ladder(westProfile: profile, eastProfile: profile) { connection, isWest in
            connection.sessionResumption = true
            if isWest { connection.encapsulation = .always }
        }
        ladder.up()
        suspend(ladder)
        ladder.up()
        #expect(ladder.west.has { if case .sessionResumed = $0 { true } else { false } })
        for end in [ladder.west, ladder.east] {
            #expect(try #require(end.standing.first).encapsulation == .udp(localPort: 4500, remotePort: 4500))
        }
    }

    @Test func `ticket keys roll at their time though connections come and go, and rest when there are none`() {
        let ladder = resumable()
        for _ in 0..<5 {
            ladder.tell(ladder.east, .remove(id))
            var connection = Ladder.connection(isWest: false)
            connection.sessionResumption = true
            ladder.tell(ladder.east, .add(connection))
            ladder.pass(.seconds(1800))
        }
        #expect(ladder.east.story.filter { $0 == "ticketKeyRolled" }.count == 2)
        ladder.tell(ladder.east, .remove(id))
        ladder.pass(.seconds(3600))
        #expect(ladder.east.wake == nil)
    }

    @Test func `down drops the ticket, suspend keeps it`() {
        let ladder = resumable()
        ladder.up()
        suspend(ladder)
        #expect(ladder.west.engine.connections[0].ticket != nil)
        ladder.up()
        ladder.tell(ladder.west, .terminate(id))
        ladder.settle()
        #expect(ladder.west.engine.connections[0].ticket == nil)
    }
}
