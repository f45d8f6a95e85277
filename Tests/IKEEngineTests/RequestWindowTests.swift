import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// More than one request under way at once (RFC 7296 §2.3).
@Suite struct RequestWindowTests {
    private static let two = ConnectionID(2)

    private static func profile(_ window: UInt32, fragments octets: Int = 1280) -> WireProfile {
        var profile = WireProfile(fragmentPacketOctetsV4: octets)
        profile.requestWindow = window
        return profile
    }

    /// Two ends with two Child SAs. Nothing is delivered from then on: what west and east send waits to be injected.
    private func ladder(
        west: UInt32 = 1, east: UInt32, fragments: Int = 1280, change: (inout Connection, Bool) -> Void = { _, _ in }
    ) -> Ladder {
        let ladder = Ladder(
            westProfile: Self.profile(west, fragments: fragments),
            eastProfile: Self.profile(east, fragments: fragments),
            change: change)
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            var second = Ladder.connection(isWest: isWest)
            second.id = Self.two
            change(&second, isWest)
            for place in [\Connection.local, \.remote] {
                let third = second[keyPath: place].identification?.data == Array("west".utf8) ? 1 : 2
                second[keyPath: place].selectors = [TrafficSelector(IPPrefix("10.\(third).0.0/16")!)]
            }
            ladder.tell(end, .add(second))
        }
        ladder.up()
        ladder.tell(ladder.west, .initiate(Self.two, staysUp: true))
        ladder.settle()
        #expect(ladder.west.standing.count == 2 && ladder.east.standing.count == 2)
        ladder.link = { _, _ in [] }
        ladder.wire = []
        return ladder
    }

    private func names(_ ladder: Ladder, from name: String) -> [String] {
        ladder.wire.filter { $0.from == name }.map(\.name)
    }

    private func deliver(_ sent: Ladder.Sent, _ ladder: Ladder) {
        ladder.inject(
            Datagram(local: sent.datagram.remote, remote: sent.datagram.local, octets: sent.datagram.octets))
    }

    private func probe(_ ladder: Ladder, times: Int) {
        for _ in 0..<times { ladder.tell(ladder.west, .probe(ladder.westIKE.id)) }
    }

    private func confirmed(_ ladder: Ladder) -> Int { ladder.west.story.count { $0 == "livenessConfirmed" } }

    @Test func `the size that an end keeps is announced, and of 1 nothing is said`() throws {
        for (window, expected) in [(UInt32(1), nil), (5, UInt32(5))] {
            let ladder = Ladder(westProfile: Self.profile(window))
            ladder.up()
            ladder.tell(ladder.west, .rekeyChild(try #require(ladder.west.engine.childSAs.first?.child)))
            ladder.settle()
            let said = ladder.east.events.compactMap { event -> (ExchangeType, UInt32?)? in
                guard case .messagePassed(_, let facts) = event, !facts.isSent, !facts.isResponse else { return nil }
                return (facts.exchange, facts.payloads.notify(.setWindowSize)?.windowSize)
            }
            #expect(said.map(\.0) == [.ikeSAInit, .ikeAuth, .createChildSA, .informational])
            #expect(said.map(\.1) == [nil, expected, expected, nil])
        }
    }

    @Test func `as many requests are under way as the peer keeps, counted from the oldest`() {
        let ladder = ladder(east: 3)
        probe(ladder, times: 6)
        #expect(
            names(ladder, from: "west") == [
                "INFORMATIONAL request 3", "INFORMATIONAL request 4", "INFORMATIONAL request 5",
            ])
        let first = ladder.wire
        for sent in first { deliver(sent, ladder) }
        let answers = ladder.wire.filter { $0.from == "east" }
        #expect(answers.map(\.header.messageID) == [3, 4, 5])
        // X waits for the answers to all up to X - N: that of a later one is not enough.
        deliver(answers[1], ladder)
        #expect(confirmed(ladder) == 1 && names(ladder, from: "west").count == 3)
        deliver(answers[0], ladder)
        #expect(names(ladder, from: "west").suffix(2) == ["INFORMATIONAL request 6", "INFORMATIONAL request 7"])
        // Each answer counts once.
        deliver(answers[1], ladder)
        #expect(confirmed(ladder) == 2 && ladder.west.drops.last == .unexpectedMessageID(4, expected: 5))
        deliver(answers[2], ladder)
        #expect(confirmed(ladder) == 3 && names(ladder, from: "west").last == "INFORMATIONAL request 8")
    }

    @Test func `with a window of 1 there is one request at a time, and one is taken`() throws {
        let ladder = ladder(east: 1)
        probe(ladder, times: 3)
        #expect(names(ladder, from: "west") == ["INFORMATIONAL request 3"])
        ladder.inject(try ladder.forge(ladder.westIKE, .informational, 4, []))
        #expect(ladder.east.drops.last == .unexpectedMessageID(4, expected: 3) && names(ladder, from: "east").isEmpty)
        deliver(ladder.wire[0], ladder)
        deliver(ladder.wire[1], ladder)
        #expect(names(ladder, from: "west").last == "INFORMATIONAL request 4")
        deliver(ladder.wire[2], ladder)
        // The answer before it is forgotten (RFC 7296 §2.1).
        deliver(ladder.wire[0], ladder)
        #expect(ladder.east.drops.last == .unexpectedMessageID(3, expected: 5))
    }

    @Test func `requests are answered in the order in which they come, and again octet for octet`() throws {
        let ladder = ladder(east: 3)
        probe(ladder, times: 3)
        let requests = ladder.wire
        for place in [2, 0] { deliver(requests[place], ladder) }
        #expect(ladder.east.engine.ikeSAs.first?.expectedRequestID == 4)
        deliver(requests[1], ladder)
        #expect(ladder.east.engine.ikeSAs.first?.expectedRequestID == 6)
        let answers = ladder.wire.filter { $0.from == "east" }
        #expect(answers.map(\.header.messageID) == [5, 3, 4])
        #expect(ladder.east.story.count { $0 == "requestReceived" } == 3 + 3)
        for (request, answer) in [(0, 1), (1, 2), (2, 0)] {
            deliver(requests[request], ladder)
            #expect(ladder.wire.last?.datagram == answers[answer].datagram)
        }
        // Nothing was done again.
        #expect(ladder.east.story.count { $0 == "requestReceived" } == 3 + 3)
        // One that is beyond the window is no request yet; the next one makes the oldest answer unnecessary.
        ladder.inject(try ladder.forge(ladder.westIKE, .informational, 9, []))
        #expect(ladder.east.drops.last == .unexpectedMessageID(9, expected: 6))
        ladder.inject(try ladder.forge(ladder.westIKE, .informational, 6, []))
        deliver(requests[0], ladder)
        #expect(ladder.east.drops.last == .unexpectedMessageID(3, expected: 7))
        deliver(requests[1], ladder)
        #expect(ladder.wire.last?.datagram == answers[2].datagram)
    }

    @Test func `each request that is lost is sent again by itself, and only that one`() {
        let ladder = ladder(east: 5)
        probe(ladder, times: 1)
        ladder.pass(.milliseconds(200))
        probe(ladder, times: 2)
        let requests = ladder.wire
        #expect(requests.map(\.header.messageID) == [3, 4, 5])
        deliver(requests[1], ladder)
        deliver(ladder.wire[3], ladder)
        ladder.wire = []
        ladder.pass(.milliseconds(350))
        #expect(ladder.wire.map(\.datagram) == [requests[0].datagram])
        ladder.pass(.milliseconds(200))
        #expect(ladder.wire.map(\.datagram) == [requests[0].datagram, requests[2].datagram])
        #expect(confirmed(ladder) == 1)
        // Nobody answers: the IKE SA ends once.
        ladder.west.events = []
        ladder.pass(.seconds(61))
        #expect(ladder.west.story.count { $0 == "timedOut" } == 1)
    }

    @Test func `two Child SAs are replaced at once, and the answers come in the other order`() {
        let ladder = ladder(west: 5, east: 5)
        let old = ladder.west.engine.childSAs.map(\.child)
        for child in old { ladder.tell(ladder.west, .rekeyChild(child)) }
        let requests = ladder.wire
        #expect(requests.map(\.name) == ["CREATE_CHILD_SA request 3", "CREATE_CHILD_SA request 4"])
        deliver(requests[1], ladder)
        deliver(requests[0], ladder)
        let answers = ladder.wire.filter { $0.from == "east" }
        ladder.link = { sent, _ in [sent.datagram] }
        deliver(answers[0], ladder)
        deliver(answers[1], ladder)
        for end in [ladder.west, ladder.east] {
            #expect(end.standing.count == 2 && end.engine.footprint.negotiations == 0)
        }
        #expect(Set(ladder.west.standing.map(\.inbound.spi)) == Set(ladder.east.standing.map(\.outbound.spi)))
        #expect(Set(ladder.west.engine.childSAs.map(\.child)).isDisjoint(with: old))
    }

    @Test func `a Child SA that is being replaced is not deleted before the answer`() {
        let ladder = ladder(east: 5)
        let child = ladder.west.engine.childSAs[0].child
        ladder.tell(ladder.west, .rekeyChild(child))
        ladder.tell(ladder.west, .deleteChild(child))
        ladder.tell(ladder.west, .deleteChild(ladder.west.engine.childSAs[1].child))
        #expect(names(ladder, from: "west") == ["CREATE_CHILD_SA request 3"])
        deliver(ladder.wire[0], ladder)
        deliver(ladder.wire[1], ladder)
        #expect(names(ladder, from: "west").dropFirst().allSatisfy { $0.hasPrefix("INFORMATIONAL") })
    }

    @Test func `what replaces the IKE SA goes alone, and its successor has the window that was announced with it`()
        throws
    {
        let ladder = ladder(west: 2, east: 4)
        probe(ladder, times: 1)
        ladder.tell(ladder.west, .rekeyIKE(ladder.westIKE.id))
        probe(ladder, times: 1)
        #expect(names(ladder, from: "west") == ["INFORMATIONAL request 3"])
        deliver(ladder.wire[0], ladder)
        deliver(ladder.wire[1], ladder)
        #expect(names(ladder, from: "west").last == "CREATE_CHILD_SA request 4")
        deliver(ladder.wire[2], ladder)
        ladder.link = { sent, _ in [sent.datagram] }
        deliver(ladder.wire[3], ladder)
        #expect(ladder.west.engine.ikeSAs.count == 1 && ladder.westIKE.nextRequestID == 1)
        #expect(confirmed(ladder) == 2)
        #expect(ladder.westIKE.peerWindow == 4)
        #expect(try #require(ladder.east.engine.ikes.values.first).peerWindow == 2)
        // A smaller number changes nothing, one of another length neither, and there is an end to what is kept here.
        for (octets, expected) in [
            ([0, 0, 0, 3], 4), ([0, 9], 4), ([0, 0, 0, 6], 6), ([255, 0, 0, 0], Engine.requestLimit),
        ]
            as [([UInt8], UInt32)]
        {
            ladder.westIKE.noteWindow([.notify(NotifyPayload(type: .setWindowSize, data: octets))])
            #expect(ladder.westIKE.peerWindow == expected)
        }
    }

    @Test func `an overtaken request of the old IKE SA makes no Child SA there`() throws {
        let ladder = ladder(east: 5)
        let ike = ladder.westIKE
        ladder.tell(ladder.west, .rekeyIKE(ike.id))
        let rekey = ladder.wire[0]
        let child = ladder.west.engine.childSAs[0]
        // As if it had been sent before, with the message ID that comes behind.
        let proposal = ProposalNegotiation.wire(
            Ladder.connection(isWest: true).espProposals, spi: ESPSPI(0x1234_5678), withKeyExchange: false)
        let overtaken = try ladder.forge(
            ike, .createChildSA, 4,
            [
                .securityAssociation(proposal), .nonce([UInt8](repeating: 1, count: 32)),
                .trafficSelectorsInitiator(child.localSelectors), .trafficSelectorsResponder(child.remoteSelectors),
            ])
        deliver(rekey, ladder)
        ladder.inject(overtaken)
        #expect(ladder.east.engine.childSAs.count == 2)
        #expect(
            ladder.east.has {
                if case .messagePassed(_, let facts) = $0 {
                    facts.isSent && facts.messageID == 4 && facts.payloads.errorNotify?.type == .temporaryFailure
                } else {
                    false
                }
            })
    }

    @Test func `fragments of several requests are put together, each for itself`() {
        let ladder = ladder(east: 5, fragments: 200)
        let old = ladder.west.engine.childSAs.map(\.child)
        for child in old { ladder.tell(ladder.west, .rekeyChild(child)) }
        let first = ladder.wire.filter { $0.header.messageID == 3 }
        let second = ladder.wire.filter { $0.header.messageID == 4 }
        #expect(first.count > 1 && first.count == second.count)
        for (one, other) in zip(first, second.reversed()) {
            deliver(one, ladder)
            deliver(other, ladder)
        }
        #expect(ladder.east.standing.count == 4 && ladder.east.engine.footprint.fragmentOctets == 0)
        let answers = ladder.wire.filter { $0.from == "east" }
        let (even, odd) = (answers.filter { $0.header.messageID == 3 }, answers.filter { $0.header.messageID == 4 })
        for (one, other) in zip(even, odd.reversed()) {
            deliver(one, ladder)
            deliver(other, ladder)
        }
        #expect(ladder.west.engine.footprint.negotiations == 0 && ladder.west.engine.footprint.fragmentOctets == 0)
    }

    @Test func `nothing is kept of the fragments of a message that came whole`() throws {
        let ladder = ladder(east: 5, fragments: 200)
        ladder.tell(ladder.west, .rekeyChild(ladder.west.engine.childSAs[0].child))
        deliver(ladder.wire[0], ladder)
        #expect(ladder.east.engine.footprint.fragmentOctets > 0)
        ladder.inject(try ladder.forge(ladder.westIKE, .informational, 3, []))
        #expect(ladder.wire.last?.name == "INFORMATIONAL response 3")
        #expect(ladder.east.engine.footprint.fragmentOctets == 0)
    }

    @Test func `an UPDATE_SA_ADDRESSES that a newer one has overtaken is answered and changes nothing`() throws {
        let ladder = ladder(east: 5) { connection, _ in connection.mobility = true }
        func update(_ messageID: UInt32, from address: IPAddress) throws -> Datagram {
            let sealed = try ladder.forge(
                ladder.westIKE, .informational, messageID, [.notify(NotifyPayload(type: .updateSAAddresses))])
            return Datagram(
                local: sealed.local, remote: Endpoint(address, port: sealed.remote.port), octets: sealed.octets)
        }
        let (older, newer) = (IPAddress("192.1.8.1")!, IPAddress("192.1.8.2")!)
        ladder.inject(try update(4, from: newer))
        #expect(ladder.east.engine.ikeSAs.first?.remote.address == newer)
        ladder.inject(try update(3, from: older))
        #expect(ladder.wire.last?.name == "INFORMATIONAL response 3")
        #expect(ladder.east.engine.ikeSAs.first?.remote.address == newer)
    }

    @Test func `a change of address goes before what waits for its turn`() {
        let ladder = ladder(east: 1) { connection, _ in connection.mobility = true }
        ladder.report(ladder.west, HostReport(addresses: [Ladder.westAddress]))
        probe(ladder, times: 2)
        let elsewhere = IPAddress("192.1.8.22")!
        ladder.report(ladder.west, HostReport(addresses: [elsewhere], sources: [Ladder.eastAddress: elsewhere]))
        ladder.link = { sent, _ in [sent.datagram] }
        deliver(ladder.wire[0], ladder)
        #expect(ladder.east.engine.ikeSAs.first?.remote.address == elsewhere)
        #expect(confirmed(ladder) == 2 && ladder.west.engine.footprint.waiting == 0)
    }
}
