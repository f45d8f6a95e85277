import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// CREATE_CHILD_SA: new Child SAs, replacements, and what happens when both ends want them (RFC 7296 §1.3, §2.8, §2.25).
@Suite struct RekeyTests {
    private func rekeyChild(_ ladder: Ladder, _ end: Ladder.End) {
        ladder.tell(end, .rekeyChild(end.engine.childSAs.last!.child))
    }
    private func rekeyIKE(_ ladder: Ladder, _ end: Ladder.End) {
        ladder.tell(end, .rekeyIKE(end.engine.ikeSAs.last!.ike))
    }

    /// One IKE SA and one Child SA at each end, with the same keys.
    private func expectAgreement(_ ladder: Ladder) throws {
        #expect(ladder.west.engine.ikeSAs.map(\.state) == [.established])
        #expect(ladder.east.engine.ikeSAs.map(\.state) == [.established])
        #expect(ladder.west.engine.ikeSAs[0].initiatorSPI == ladder.east.engine.ikeSAs[0].initiatorSPI)
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
        let west = try #require(ladder.west.standing.first)
        let east = try #require(ladder.east.standing.first)
        #expect(west.outbound.spi == east.inbound.spi && west.inbound.spi == east.outbound.spi)
        #expect(west.outbound.encryptionKey == east.inbound.encryptionKey)
        for end in [ladder.west, ladder.east] {
            #expect(end.engine.connections[0].child == end.engine.childSAs[0].child)
            #expect(end.engine.connections[0].ike == end.engine.ikeSAs[0].ike)
            #expect(end.engine.childSAs[0].ike == end.engine.ikeSAs[0].ike)
        }
    }

    @Test(arguments: [true, false], [true, false])
    func `a Child SA is replaced from either end, with a key exchange and without`(
        _ byWest: Bool, _ pfs: Bool
    ) throws {
        let ladder = Ladder { connection, _ in connection.perfectForwardSecrecy = pfs }
        ladder.up()
        let old = ladder.west.standing[0]
        let end = byWest ? ladder.west : ladder.east
        end.events = []
        rekeyChild(ladder, end)
        ladder.settle()
        try expectAgreement(ladder)
        #expect(ladder.west.standing[0].outbound.encryptionKey != old.outbound.encryptionKey)
        #expect(ladder.west.standing[0].suite.keyExchange == (pfs ? .ecp256 : nil))
        #expect(
            end.story == [
                "childCreated", "childInitiating", "requestSent", "responseReceived", "proposalAccepted",
                "childEstablished",
                "requestSent", "responseReceived", "childDeleted", "rekeyFinished",
            ])
    }

    @Test(arguments: [true, false])
    func `an IKE SA is replaced from either end and keeps its Child SA`(_ byWest: Bool) throws {
        let ladder = Ladder()
        ladder.up()
        let child = ladder.west.standing[0]
        let end = byWest ? ladder.west : ladder.east
        end.events = []
        rekeyIKE(ladder, end)
        ladder.settle()
        try expectAgreement(ladder)
        #expect(ladder.west.standing[0].outbound.spi == child.outbound.spi)
        #expect(
            end.story == [
                "ikeRekeying", "requestSent", "responseReceived", "proposalAccepted", "ikeRekeyed", "requestSent",
                "responseReceived",
                "ikeDeleted", "rekeyFinished",
            ])
        // The new one works, from its message ID 0 on.
        rekeyChild(ladder, byWest ? ladder.east : ladder.west)
        ladder.settle()
        try expectAgreement(ladder)
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.isEmpty && ladder.east.standing.isEmpty)
    }

    @Test(arguments: [true, false])
    func `where the peer replaces nothing the IKE SA ends and a new one comes in its place`(_ ofChild: Bool) throws {
        let ladder = Ladder()
        ladder.up()
        let old = (ike: ladder.west.engine.ikeSAs[0].initiatorSPI, child: ladder.west.standing[0].inbound.spi)
        // East hears of a wish that it has nothing to do with, and answers as one that replaces nothing.
        ladder.west.engine.tamper = { exchange, first, plaintext in
            guard exchange == .createChildSA else { return }
            exchange = .informational
            (first, plaintext) = Message.encodePayloads([])
        }
        var isRefused = false
        ladder.east.engine.tamper = { exchange, first, plaintext in
            guard !isRefused else { return }
            isRefused = true
            exchange = .createChildSA
            (first, plaintext) = Message.encodePayloads([.notify(NotifyPayload(type: .noAdditionalSAs))])
        }
        if ofChild { rekeyChild(ladder, ladder.west) } else { rekeyIKE(ladder, ladder.west) }
        ladder.settle()
        ladder.pass(.seconds(30))
        try expectAgreement(ladder)
        #expect(ladder.west.engine.ikeSAs[0].initiatorSPI != old.ike)
        #expect(ladder.west.standing[0].inbound.spi != old.child)
        #expect(ladder.east.has { if case .ikeDeleted(_, _, .peerRequest) = $0 { true } else { false } })
    }

    @Test(arguments: UInt64(0)..<8)
    func `both ends replace the Child SA at once and one new one is left`(_ seed: UInt64) throws {
        let ladder = Ladder(seed: seed) { connection, _ in connection.perfectForwardSecrecy = true }
        ladder.up()
        rekeyChild(ladder, ladder.west)
        rekeyChild(ladder, ladder.east)
        ladder.settle()
        try expectAgreement(ladder)
        #expect(ladder.west.removed.count == 2 && ladder.east.removed.count == 2)
    }

    @Test(arguments: UInt64(0)..<8)
    func `both ends replace the IKE SA at once and one new one is left`(_ seed: UInt64) throws {
        let ladder = Ladder(seed: seed)
        ladder.up()
        rekeyIKE(ladder, ladder.west)
        rekeyIKE(ladder, ladder.east)
        ladder.settle()
        try expectAgreement(ladder)
        #expect(ladder.west.removed.isEmpty)
    }

    @Test func `where the peer's replacement is gone again and ours was refused, a later one begins`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        let old = ladder.west.engine.ikeSAs[0].initiatorSPI
        var isWestHeard = false
        ladder.link = { sent, _ in
            guard sent.header.initiatorSPI == old, !sent.header.isResponse else { return [sent.datagram] }
            // East's Delete of the old one never arrives; west's wish does late.
            if sent.from == "east" { return sent.header.exchangeType == .informational ? [] : [sent.datagram] }
            return isWestHeard ? [sent.datagram] : []
        }
        rekeyIKE(ladder, ladder.west)
        rekeyIKE(ladder, ladder.east)
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.count == 2)
        let theirs = try #require(ladder.east.engine.ikeSAs.last)
        #expect(theirs.initiatorSPI != old && theirs.state == .established)
        ladder.tell(ladder.east, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.map(\.initiatorSPI) == [old])
        isWestHeard = true
        ladder.pass(.seconds(2))
        #expect(
            ladder.west.has { if case .ikeRekeyFailed(_, _, .refused(.temporaryFailure)) = $0 { true } else { false } })
        #expect(ladder.west.has { $0 == .rekeyFinished(ConnectionID(1), succeeded: false) })
        ladder.west.events = []
        ladder.pass(.seconds(15))
        #expect(ladder.west.story.contains("ikeRekeying"))
    }

    @Test func `where the peer's Child SA is gone again and our replacement was refused, a later one begins`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        var isWestHeard = false
        ladder.link = { sent, _ in
            // West's wish comes late; that the old one is deleted east does not hear until then.
            guard sent.from == "west", !isWestHeard else { return [sent.datagram] }
            let isWish = !sent.header.isResponse && sent.header.exchangeType == .createChildSA
            let isDeletion = sent.header.isResponse && sent.header.exchangeType == .informational
            return isWish || isDeletion ? [] : [sent.datagram]
        }
        // East deletes the new one where it means the old one.
        ladder.east.engine.tamper = { [unowned ladder] exchange, first, plaintext in
            guard exchange == .informational, !isWestHeard, let made = ladder.east.engine.childSAs.last else { return }
            (first, plaintext) = Message.encodePayloads([
                .delete(DeletePayload(protocolID: .esp, spis: [made.inbound.octets]))
            ])
        }
        rekeyChild(ladder, ladder.west)
        rekeyChild(ladder, ladder.east)
        ladder.settle()
        #expect(ladder.west.installs.count == 2 && ladder.west.standing.count == 1)
        isWestHeard = true
        ladder.pass(.seconds(2))
        #expect(
            ladder.west.has { if case .childRejected(_, _, .refused(.temporaryFailure)) = $0 { true } else { false } })
        #expect(ladder.west.has { $0 == .rekeyFinished(ConnectionID(1), succeeded: false) })
        let before = ladder.wire.count
        ladder.pass(.seconds(15))
        #expect(ladder.wire.dropFirst(before).contains { $0.from == "west" && $0.name == "CREATE_CHILD_SA request 3" })
    }

    @Test func `a Child SA asked for while the IKE SA is replaced waits`() throws {
        let ladder = Ladder()
        ladder.up()
        rekeyIKE(ladder, ladder.west)
        rekeyChild(ladder, ladder.east)
        ladder.settle()
        ladder.pass(.seconds(30))
        try expectAgreement(ladder)
        #expect(
            (ladder.east.events + ladder.west.events).contains {
                switch $0 {
                case .childRejected(_, _, .refused(.temporaryFailure)): true
                case .ikeRekeyFailed(_, _, .refused(.temporaryFailure)): true
                default: false
                }
            })
    }

    @Test func `a replacement of a Child SA that the peer has lost makes a new one`() throws {
        let ladder = Ladder()
        ladder.up()
        ladder.report(ladder.east, .failed(ladder.east.engine.childSAs[0].child, reason: "lost"))
        // East's Delete and west's request cross.
        rekeyChild(ladder, ladder.west)
        ladder.settle()
        ladder.pass(.seconds(20))
        try expectAgreement(ladder)
    }

    @Test func `SAs are replaced before their lifetimes end, for a day`() throws {
        let ladder = Ladder { connection, _ in
            connection.lifetimes = Lifetimes(
                ike: .seconds(7200), child: .seconds(1800), rekeyMargin: .seconds(300), fuzzPercent: 100)
            connection.perfectForwardSecrecy = true
        }
        ladder.up()
        var gaps = 0
        for _ in 0..<1440 {
            ladder.pass(.seconds(60))
            if ladder.west.standing.isEmpty || ladder.east.standing.isEmpty { gaps += 1 }
        }
        #expect(gaps == 0)
        try expectAgreement(ladder)
        #expect(ladder.west.installs.count > 48)
        #expect(!ladder.west.has { if case .reviving = $0 { true } else { false } })
    }

    @Test func `a day of replacements survives a lossy link`() throws {
        let ladder = Ladder(seed: 11) { connection, _ in
            connection.lifetimes = Lifetimes(
                ike: .seconds(7200), child: .seconds(1800), rekeyMargin: .seconds(300), fuzzPercent: 100)
        }
        var random = SeededRandom(seed: 4)
        ladder.link = { sent, _ in
            switch random.octets(1)[0] {
            case ..<50: []
            case ..<80: [sent.datagram, sent.datagram]
            default: [sent.datagram]
            }
        }
        ladder.up()
        ladder.pass(.seconds(86400))
        ladder.link = { sent, _ in [sent.datagram] }
        ladder.pass(.seconds(7200))
        try expectAgreement(ladder)
    }

    @Test func `a second connection with the same peer shares the IKE SA`() throws {
        let ladder = Ladder()
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            var second = Ladder.connection(isWest: isWest)
            second.id = ConnectionID(2)
            second.name = "second"
            let networks = [
                [TrafficSelector(IPPrefix("10.1.0.0/16")!)], [TrafficSelector(IPPrefix("10.2.0.0/16")!)],
            ]
            second.local.selectors = networks[isWest ? 0 : 1]
            second.remote.selectors = networks[isWest ? 1 : 0]
            ladder.tell(end, .add(second))
        }
        ladder.up()
        ladder.west.events = []
        ladder.tell(ladder.west, .initiate(ConnectionID(2), staysUp: true))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.count == 1)
        #expect(ladder.west.standing.count == 2 && ladder.east.standing.count == 2)
        #expect(ladder.west.story.last == "initiationFinished")
        #expect(ladder.east.engine.childSAs.map(\.connection) == [ConnectionID(1), ConnectionID(2)])
        // One goes, the other stays with the IKE SA; then both go.
        ladder.tell(ladder.west, .terminate(ConnectionID(2)))
        ladder.settle()
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test func `a group that the responder does not want is replaced by the one that it asks for`() throws {
        let ladder = Ladder { connection, isWest in
            for index in connection.espProposals.indices {
                connection.espProposals[index].keyExchange = isWest ? [.ecp256, .modp2048] : [.modp2048]
            }
        }
        ladder.up()
        rekeyChild(ladder, ladder.west)
        ladder.settle()
        try expectAgreement(ladder)
        #expect(ladder.west.standing[0].suite.keyExchange == .modp2048)
    }
}
