import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// MOBIKE (RFC 4555): an IKE SA and what it carries move to other addresses.
@Suite struct MobilityTests {
    private static let elsewhere = IPAddress("192.1.8.22")!

    private func ladder(
        profile: WireProfile = WireProfile(), _ change: @escaping (inout Connection, Bool) -> Void = { _, _ in }
    ) -> Ladder {
        let ladder = Ladder(
            westProfile: profile, eastProfile: profile,
            change: { connection, isWest in
                connection.mobility = true
                change(&connection, isWest)
            })
        // The host tells what it has before anything else.
        ladder.report(ladder.west, HostReport(addresses: [Ladder.westAddress]))
        ladder.report(ladder.east, HostReport(addresses: [Ladder.eastAddress]))
        return ladder
    }

    /// West's address goes and another comes.
    private func move(_ ladder: Ladder, to address: IPAddress = elsewhere) {
        ladder.report(
            ladder.west, HostReport(addresses: [address], sources: [Ladder.eastAddress: address]))
        ladder.settle()
    }

    private func path(_ end: Ladder.End) -> [IPAddress] {
        end.engine.ikeSAs.first.map { [$0.local.address, $0.remote.address] } ?? []
    }

    private func opened(_ ladder: Ladder, _ name: String, by end: Ladder.End) -> [[String]] {
        end.events.compactMap {
            if case .requestReceived(_, .informational, _, _, let payloads) = $0 { payloads } else { nil }
        }
    }

    @Test func `an initiator whose address changes takes its SAs along, and the responder follows`() throws {
        let ladder = ladder()
        ladder.up()
        // RFC 4555 §3.3.
        #expect(ladder.wire.last?.datagram.local.port == 4500)
        move(ladder)
        #expect(path(ladder.west) == [Self.elsewhere, Ladder.eastAddress])
        #expect(path(ladder.east) == [Ladder.eastAddress, Self.elsewhere])
        #expect(ladder.west.moves.last?.local == Self.elsewhere)
        #expect(ladder.east.moves.last?.remote == Self.elsewhere)
        #expect(ladder.east.engine.childSAs.first?.remote.address == Self.elsewhere)
        #expect(ladder.west.has { if case .addressUpdateConfirmed = $0 { true } else { false } })
        // The responder has seen to it that the peer is there (§3.7).
        #expect(
            opened(ladder, "UPDATE", by: ladder.west) == [["N(COOKIE2)"]]
                && opened(ladder, "UPDATE", by: ladder.east)
                    == [
                        [
                            "N(UPDATE_SA_ADDRESSES)", "N(NAT_DETECTION_SOURCE_IP)", "N(NAT_DETECTION_DESTINATION_IP)",
                            "N(COOKIE2)",
                        ]
                    ]
        )
        // All goes on from there.
        ladder.tell(ladder.east, .rekeyIKE(try #require(ladder.east.engine.ikeSAs.first?.ike)))
        ladder.settle()
        ladder.tell(ladder.east, .rekeyChild(try #require(ladder.east.engine.childSAs.first?.child)))
        ladder.settle()
        #expect(ladder.west.standing.map(\.local) == [Self.elsewhere])
        // West decides, though east has rekeyed.
        move(ladder, to: Ladder.westAddress)
        #expect(path(ladder.east) == [Ladder.eastAddress, Ladder.westAddress])
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.isEmpty && ladder.west.engine.ikeSAs.isEmpty)
    }

    private func expectTransport(_ ladder: Ladder, west: IPAddress, _ location: SourceLocation = #_sourceLocation) {
        let here = [TrafficSelector(IPPrefix(host: west))]
        let there = [TrafficSelector(IPPrefix(host: Ladder.eastAddress))]
        for (end, mine, theirs) in [(ladder.west, here, there), (ladder.east, there, here)] {
            #expect(end.standing.map(\.localSelectors) == [mine], sourceLocation: location)
            #expect(end.standing.map(\.remoteSelectors) == [theirs], sourceLocation: location)
            #expect(end.standing.map(\.local) == mine.map(\.addresses.first), sourceLocation: location)
            #expect(end.engine.childSAs.map(\.localSelectors) == [mine], sourceLocation: location)
        }
    }

    private func transportLadder() -> Ladder {
        ladder { connection, _ in
            connection.mode = .transport
            (connection.local.selectors, connection.remote.selectors) = ([], [])
        }
    }

    @Test func `in transport mode the selectors are the ends, wherever they go`() throws {
        let ladder = transportLadder()
        ladder.up()
        expectTransport(ladder, west: Ladder.westAddress)
        move(ladder)
        expectTransport(ladder, west: Self.elsewhere)
        for end in [ladder.east, ladder.west] {
            ladder.tell(end, .rekeyChild(try #require(end.engine.childSAs.first?.child)))
            ladder.settle()
            expectTransport(ladder, west: Self.elsewhere)
        }
        #expect(ladder.east.installs.count == 3)
    }

    @Test func `what asks for a connection is between the new ends, too`() {
        let ladder = transportLadder()
        ladder.tell(ladder.west, .route(ConnectionID(1)))
        ladder.up()
        #expect(ladder.west.routes.map(\.local) == [Ladder.westAddress])
        move(ladder)
        #expect(ladder.west.routes.map(\.local) == [Ladder.westAddress, Self.elsewhere])
        #expect(ladder.west.routes[1].localSelectors == [TrafficSelector(IPPrefix(host: Self.elsewhere))])
    }

    /// - Parameter isLost: the request did not arrive from the old address; else its answer did not.
    @Test(arguments: [false, true])
    func `a transport mode's replacement that is under way while its end moves is about the new address`(
        isLost: Bool
    ) throws {
        let ladder = transportLadder()
        ladder.up()
        ladder.link = { sent, _ in isLost || sent.from == "east" ? [] : [sent.datagram] }
        ladder.tell(ladder.west, .rekeyChild(try #require(ladder.west.engine.childSAs.first?.child)))
        ladder.settle()
        ladder.link = { sent, _ in [sent.datagram] }
        move(ladder)
        ladder.pass(.seconds(3))
        expectTransport(ladder, west: Self.elsewhere)
        #expect(ladder.west.installs.count == 2)
    }

    @Test func `a transport mode's replacement of who stays, under way while the other end moves, is asked for again`()
        throws
    {
        let ladder = transportLadder()
        ladder.up()
        ladder.link = { _, _ in [] }
        ladder.tell(ladder.east, .rekeyChild(try #require(ladder.east.engine.childSAs.first?.child)))
        ladder.link = { sent, _ in [sent.datagram] }
        move(ladder)
        ladder.pass(.seconds(3))
        expectTransport(ladder, west: Self.elsewhere)
        #expect(ladder.east.installs.count == 2)
    }

    @Test func `an end that moves while the peer's replacement of the IKE SA is not settled goes on there`() {
        let ladder = transportLadder()
        ladder.up()
        // West's wish is not heard, and so is not what east says of the old one.
        ladder.link = { sent, _ in
            !sent.header.isResponse && (sent.from == "west" || sent.header.exchangeType == .informational)
                ? [] : [sent.datagram]
        }
        for end in [ladder.west, ladder.east] { ladder.tell(end, .rekeyIKE(end.engine.ikeSAs[0].ike)) }
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.count == 2)
        move(ladder)
        ladder.link = { sent, _ in [sent.datagram] }
        ladder.pass(.seconds(10))
        #expect(ladder.west.engine.ikeSAs.count == 1 && ladder.east.engine.ikeSAs.count == 1)
        #expect(path(ladder.west) == [Self.elsewhere, Ladder.eastAddress])
        #expect(path(ladder.east) == [Ladder.eastAddress, Self.elsewhere])
        expectTransport(ladder, west: Self.elsewhere)
    }

    /// West's request with an address that nothing else tells of, from elsewhere.
    private func inject(
        _ ladder: Ladder, _ ike: IKESA, _ messageID: UInt32, _ types: [NotifyType], data: [UInt8] = []
    ) throws {
        var datagram = try ladder.forge(
            ike, .informational, messageID, types.map { .notify(NotifyPayload(type: $0, data: data)) })
        datagram.remote = Endpoint(Self.elsewhere, port: 4500)
        ladder.inject(datagram)
    }

    private func windowed() -> Ladder {
        var profile = WireProfile()
        profile.requestWindow = 4
        let ladder = ladder(profile: profile)
        ladder.up()
        return ladder
    }

    @Test func `an update that a newer list of addresses has overtaken counts, and an overtaken list does not`() throws
    {
        let ladder = windowed()
        let (ike, east) = (ladder.westIKE, try #require(ladder.east.engine.ikes.values.first))
        let listed = IPAddress("192.1.8.99")!
        try inject(ladder, ike, 4, [.additionalIPv4Address], data: listed.octets)
        try inject(ladder, ike, 3, [.updateSAAddresses])
        #expect(path(ladder.east) == [Ladder.eastAddress, Self.elsewhere])
        try inject(ladder, ike, 2, [.noAdditionalAddresses])
        #expect(east.mobility?.peerAddresses == [listed])
    }

    @Test func `an update that a newer one has overtaken is not looked at for its addresses either`() throws {
        let ladder = windowed()
        try inject(ladder, ladder.westIKE, 3, [.updateSAAddresses])
        ladder.east.events = []
        try inject(ladder, ladder.westIKE, 2, [.updateSAAddresses, .noNATsAllowed], data: [1])
        let sent = ladder.east.events.compactMap { event -> [Payload]? in
            guard case .messagePassed(_, let facts) = event, facts.isSent, facts.isResponse else { return nil }
            return facts.payloads
        }
        #expect(sent.count == 1 && sent[0].notify(.unexpectedNATDetected) == nil)
    }

    @Test func `an update that the IKE SA's replacement has overtaken moves that one, too`() throws {
        let ladder = ladder()
        ladder.up()
        let old = ladder.westIKE
        ladder.link = { sent, _ in sent.name.hasPrefix("INFORMATIONAL request") ? [] : [sent.datagram] }
        ladder.tell(ladder.west, .rekeyIKE(old.id))
        ladder.settle()
        try inject(ladder, old, 3, [.updateSAAddresses])
        #expect(ladder.east.engine.ikeSAs.map(\.remote.address) == [Self.elsewhere, Self.elsewhere])
        #expect(ladder.east.standing.map(\.remote) == [Self.elsewhere])
    }

    @Test func `a transport mode's replacement that waits for its turn while its end moves is about the new address`()
        throws
    {
        let ladder = transportLadder()
        ladder.up()
        ladder.link = { _, _ in [] }
        ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        ladder.tell(ladder.west, .rekeyChild(try #require(ladder.west.engine.childSAs.first?.child)))
        ladder.link = { sent, _ in [sent.datagram] }
        move(ladder)
        ladder.pass(.seconds(3))
        expectTransport(ladder, west: Self.elsewhere)
        #expect(ladder.west.installs.count == 2)
    }

    @Test func `without an address it waits for one, with its requests, and the same one again is told as well`() {
        let ladder = ladder { connection, _ in connection.livenessDelay = .seconds(5) }
        ladder.up()
        ladder.report(ladder.west, HostReport(addresses: []))
        #expect(ladder.west.has { if case .localAddressLost = $0 { true } else { false } })
        let sent = ladder.wire.count
        ladder.link = { sent, _ in sent.from == "east" ? [] : [sent.datagram] }
        ladder.pass(.seconds(40))
        #expect(ladder.wire[sent...].allSatisfy { $0.from == "east" })
        ladder.link = { sent, _ in [sent.datagram] }
        move(ladder, to: Ladder.westAddress)
        #expect(ladder.west.has { if case .addressUpdateConfirmed = $0 { true } else { false } })
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `a request under way is repeated from the new address, and the update comes after it`() {
        let ladder = ladder()
        ladder.up()
        ladder.link = { _, _ in [] }
        ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        ladder.link = { sent, _ in [sent.datagram] }
        move(ladder)
        #expect(path(ladder.east) == [Ladder.eastAddress, Ladder.westAddress])
        ladder.pass(.seconds(1))
        #expect(path(ladder.east) == [Ladder.eastAddress, Self.elsewhere])
    }

    @Test func `an answer to an update that a newer one follows changes nothing`() {
        let ladder = ladder()
        ladder.up()
        ladder.link = { sent, _ in sent.from == "east" ? [] : [sent.datagram] }
        move(ladder)
        let third = IPAddress("192.1.9.9")!
        ladder.link = { sent, _ in [sent.datagram] }
        ladder.report(ladder.west, HostReport(addresses: [third], sources: [Ladder.eastAddress: third]))
        ladder.pass(.seconds(2))
        #expect(path(ladder.west) == [third, Ladder.eastAddress])
        #expect(path(ladder.east) == [Ladder.eastAddress, third])
    }

    @Test func `an ordinary message from another address moves nothing`() {
        let ladder = ladder { connection, _ in connection.encapsulation = .always }
        ladder.up()
        // A NAT in between gives west another port for one request.
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.from == "west" { datagram.local.port = 6000 }
            return [datagram]
        }
        ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs[0].remote.port == 4500)
        #expect(ladder.east.moves.isEmpty)
    }

    @Test func `a NAT on the new path is found, and the Child SAs go in UDP`() {
        let ladder = ladder()
        ladder.up()
        #expect(ladder.west.standing.map(\.encapsulation) == [.none])
        let outside = IPAddress("198.51.100.7")!
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.from == "west" {
                datagram.local = Endpoint(outside, port: 7000)
            } else if datagram.remote.address == outside {
                datagram.remote = Endpoint(Self.elsewhere, port: 4500)
            }
            return [datagram]
        }
        move(ladder)
        #expect(path(ladder.east) == [Ladder.eastAddress, outside])
        #expect(ladder.east.moves.last?.encapsulation == .udp(localPort: 4500, remotePort: 7000))
        #expect(ladder.west.moves.last?.encapsulation == .udp(localPort: 4500, remotePort: 4500))
    }

    @Test func `where NATs are ruled out, an altered address is refused`() {
        let ladder = ladder { connection, _ in connection.encapsulation = .never }
        ladder.up()
        #expect(ladder.west.isEstablished)
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.from == "west" { datagram.local.port = 7000 }
            return [datagram]
        }
        move(ladder)
        #expect(
            ladder.west.has {
                if case .addressUpdateRefused(_, .unexpectedNATDetected) = $0 { true } else { false }
            })
        #expect(path(ladder.east) == [Ladder.eastAddress, Ladder.westAddress])
    }

    @Test func `other addresses are told, and tried where the one in use does not answer`() {
        let second = IPAddress("192.1.2.99")!
        let ladder = ladder { connection, _ in connection.retransmission.timeout = .seconds(5) }
        ladder.eastAddresses.insert(second)
        ladder.report(ladder.east, HostReport(addresses: [Ladder.eastAddress, second]))
        ladder.up()
        // East's first address is cut off.
        ladder.link = { sent, _ in
            [sent.datagram.local.address, sent.datagram.remote.address].contains(Ladder.eastAddress)
                ? [] : [sent.datagram]
        }
        ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        ladder.pass(.seconds(20))
        #expect(path(ladder.west) == [Ladder.westAddress, second])
        #expect(path(ladder.east) == [second, Ladder.westAddress])
    }

    @Test func `a responder that moves says so, and the initiator follows`() {
        let ladder = ladder()
        ladder.up()
        let second = IPAddress("192.1.2.99")!
        ladder.eastAddresses.insert(second)
        ladder.report(ladder.east, HostReport(addresses: [second], sources: [Ladder.westAddress: second]))
        ladder.settle()
        #expect(path(ladder.west) == [Ladder.westAddress, second])
        #expect(path(ladder.east) == [second, Ladder.westAddress])
        #expect(ladder.west.moves.last?.remote == second)
    }

    @Test func `one end alone moves nothing`() {
        let ladder = ladder { connection, isWest in connection.mobility = isWest }
        ladder.up()
        move(ladder)
        #expect(path(ladder.west) == [Ladder.westAddress, Ladder.eastAddress])
        #expect(ladder.west.moves.isEmpty)
    }

    @Test func `who answers with another cookie has not seen the request, and is not trusted any more`() throws {
        let ladder = ladder()
        ladder.up(staysUp: false)
        ladder.link = { sent, _ in sent.from == "east" ? [] : [sent.datagram] }
        move(ladder)
        let ike = try #require(ladder.east.engine.ikes.values.first)
        var random = SeededRandom(seed: 1)
        let answer = try ike.seal(
            exchange: .informational, messageID: 2, isResponse: true,
            payloads: [.notify(NotifyPayload(type: .cookie2, data: [UInt8](repeating: 7, count: 16)))],
            keys: try #require(ike.keys), profile: WireProfile(), random: &random)[0]
        ladder.inject(Datagram(local: answer.remote, remote: answer.local, octets: answer.octets))
        #expect(ladder.west.engine.ikeSAs.isEmpty)
    }

    // MARK: Keepalives

    private func behindNAT(_ more: @escaping (inout Connection) -> Void = { _ in }) -> Ladder {
        let ladder = Ladder(change: { connection, _ in more(&connection) })
        let outside = IPAddress("198.51.100.7")!
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.from == "west" {
                datagram.local = Endpoint(outside, port: 7000 + datagram.local.port)
            } else {
                datagram.remote = Endpoint(Ladder.westAddress, port: datagram.remote.port &- 7000)
            }
            return [datagram]
        }
        return ladder
    }

    private func anybody(_ connection: inout Connection) {
        if connection.local.identification == Identification(type: .fqdn, data: Array("east".utf8)) {
            connection.remote.host = .any(.v4)
        }
    }

    @Test func `from behind a NAT a keepalive is asked for twice an interval, and by nobody else`() {
        let ladder = behindNAT(anybody)
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        ladder.pass(.seconds(61))
        #expect(ladder.west.keepAlives.count == 6 && ladder.east.keepAlives.isEmpty)
        #expect(ladder.west.keepAlives.first?.remote == Endpoint(Ladder.eastAddress, port: 4500))
    }

    @Test func `a message of IKE makes a keepalive needless, and a configuration rules it out`() {
        let busy = behindNAT { connection in
            self.anybody(&connection)
            connection.livenessDelay = .seconds(4)
        }
        busy.up()
        busy.pass(.seconds(61))
        #expect(busy.west.keepAlives.isEmpty)
        let without = behindNAT { connection in
            self.anybody(&connection)
            connection.natKeepAlive = .zero
        }
        without.up()
        without.pass(.seconds(61))
        #expect(without.west.keepAlives.isEmpty)
    }
}
