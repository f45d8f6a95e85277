import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// Transport mode through NATs (RFC 7296 §2.23.1): what each end sees of the other, and of itself.
@Suite struct TransportNATTests {
    /// West as it is seen behind a NAT before it (IPN1), and east as it is reached through one before it (IPN2).
    private static let westOutside = IPAddress("198.51.100.1")!
    private static let eastOutside = IPAddress("198.51.100.2")!

    /// - Parameters:
    ///   - beforeWest, beforeEast: where a NAT stands.
    private func ladder(
        beforeWest: Bool, beforeEast: Bool, change: (inout Connection, _ isWest: Bool) -> Void = { _, _ in }
    ) -> Ladder {
        let ladder = Ladder(change: { connection, isWest in
            connection.mode = .transport
            (connection.local.selectors, connection.remote.selectors) = ([], [])
            if isWest, beforeEast { connection.remote.host = .address(Self.eastOutside) }
            if !isWest, beforeWest { connection.remote.host = .any(.v4) }
            change(&connection, isWest)
        })
        ladder.link = { (sent: Ladder.Sent, _: Int) -> [Datagram] in
            var datagram = sent.datagram
            func replace(_ endpoint: WritableKeyPath<Datagram, Endpoint>, _ from: IPAddress, by to: IPAddress) {
                guard datagram[keyPath: endpoint].address == from else { return }
                datagram[keyPath: endpoint] = Endpoint(to, port: datagram[keyPath: endpoint].port)
            }
            if sent.from == "west" {
                if beforeWest { replace(\.local, Ladder.westAddress, by: Self.westOutside) }
                if beforeEast { replace(\.remote, Self.eastOutside, by: Ladder.eastAddress) }
            } else {
                if beforeEast { replace(\.local, Ladder.eastAddress, by: Self.eastOutside) }
                if beforeWest { replace(\.remote, Self.westOutside, by: Ladder.westAddress) }
            }
            return [datagram]
        }
        return ladder
    }

    private func selectors(_ address: IPAddress, ipProtocol: UInt8 = 0, port: UInt16 = 0) -> [TrafficSelector] {
        [TrafficSelector(IPPrefix(host: address), ipProtocol: ipProtocol, port: port)]
    }

    /// Each end has the addresses that its own packets have.
    private func expectUp(
        _ ladder: Ladder, beforeWest: Bool, beforeEast: Bool, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let west = try #require(ladder.west.standing.first, sourceLocation: location)
        let east = try #require(ladder.east.standing.first, sourceLocation: location)
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1, sourceLocation: location)
        let eastSeen = beforeEast ? Self.eastOutside : Ladder.eastAddress
        let westSeen = beforeWest ? Self.westOutside : Ladder.westAddress
        #expect(west.mode == .transport && east.mode == .transport, sourceLocation: location)
        #expect([west.local, west.remote] == [Ladder.westAddress, eastSeen], sourceLocation: location)
        #expect([east.local, east.remote] == [Ladder.eastAddress, westSeen], sourceLocation: location)
        for end in [west, east] {
            #expect(end.localSelectors.map(\.addresses) == [IPPrefix(host: end.local).range], sourceLocation: location)
            #expect(
                end.remoteSelectors.map(\.addresses) == [IPPrefix(host: end.remote).range], sourceLocation: location)
            #expect(end.encapsulation != .none, sourceLocation: location)
        }
        #expect(west.outbound.encryptionKey == east.inbound.encryptionKey, sourceLocation: location)
    }

    @Test(arguments: [(true, false), (false, true), (true, true)])
    func `each end has the selectors that it sees, through a NAT before either`(
        beforeWest: Bool, beforeEast: Bool
    ) throws {
        let ladder = ladder(beforeWest: beforeWest, beforeEast: beforeEast)
        ladder.up(staysUp: false)
        try expectUp(ladder, beforeWest: beforeWest, beforeEast: beforeEast)
        // In replacements, from either end, and in one of the IKE SA.
        for end in [ladder.west, ladder.east] {
            ladder.tell(end, .rekeyChild(try #require(end.engine.childSAs.first).child))
            ladder.settle()
            try expectUp(ladder, beforeWest: beforeWest, beforeEast: beforeEast)
            ladder.tell(end, .rekeyIKE(try #require(end.engine.ikeSAs.first).ike))
            ladder.settle()
            try expectUp(ladder, beforeWest: beforeWest, beforeEast: beforeEast)
        }
        #expect(ladder.west.installs.count == 3)
        // In an exchange of its own.
        ladder.tell(ladder.west, .deleteChild(try #require(ladder.west.engine.childSAs.first).child))
        ladder.settle()
        ladder.tell(ladder.west, .initiate(ConnectionID(1), staysUp: false))
        ladder.settle()
        try expectUp(ladder, beforeWest: beforeWest, beforeEast: beforeEast)
    }

    /// What the NAT before west calls it by after a while.
    private static let westLater = IPAddress("198.51.100.9")!

    /// - Parameter byPacket: ESP tells of the new mapping, as the data plane reports it; else the next message does.
    @Test(arguments: [false, true])
    func `the selectors follow a NAT's new mapping, and so do replacements`(byPacket: Bool) throws {
        let ladder = ladder(beforeWest: true, beforeEast: false)
        ladder.up(staysUp: false)
        try expectUp(ladder, beforeWest: true, beforeEast: false)
        let inner = ladder.link
        ladder.link = { sent, number in
            inner(sent, number).map { datagram in
                var datagram = datagram
                if sent.from == "west" { datagram.local = Endpoint(Self.westLater, port: 6001) }
                if sent.from == "east", datagram.remote.address == Self.westLater {
                    datagram.remote = Endpoint(Ladder.westAddress, port: 4500)
                }
                return [datagram]
            }.flatMap { $0 }
        }
        if byPacket {
            let child = try #require(ladder.east.engine.childSAs.first?.child)
            ladder.report(ladder.east, .mappingChanged(child, Endpoint(Self.westLater, port: 6001)))
        } else {
            ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        }
        ladder.settle()
        func expectMoved(_ location: SourceLocation = #_sourceLocation) {
            let east = ladder.east.standing
            #expect(east.map(\.remote) == [Self.westLater], sourceLocation: location)
            #expect(east.map(\.remoteSelectors) == [selectors(Self.westLater)], sourceLocation: location)
            #expect(east.map(\.localSelectors) == [selectors(Ladder.eastAddress)], sourceLocation: location)
            #expect(
                ladder.east.engine.childSAs.map(\.remoteSelectors) == [selectors(Self.westLater)],
                sourceLocation: location)
            #expect(
                ladder.west.standing.map(\.localSelectors) == [selectors(Ladder.westAddress)],
                sourceLocation: location)
        }
        #expect(ladder.east.moves.last?.selectors?.remote == selectors(Self.westLater))
        #expect(ladder.west.moves.isEmpty)
        expectMoved()
        for end in [ladder.east, ladder.west] {
            let before = try #require(end.engine.childSAs.first).child
            ladder.tell(end, .rekeyChild(before))
            ladder.settle()
            expectMoved()
            #expect(try #require(end.engine.childSAs.first).child != before)
        }
    }

    @Test func `the selectors follow where both ends replace the IKE SA, and the NAT's mapping changes meanwhile`()
        throws
    {
        let ladder = ladder(beforeWest: true, beforeEast: false)
        ladder.up(staysUp: false)
        let inner = ladder.link
        // East's wish is not heard, and so is not what west says of the old one.
        func isLost(_ sent: Ladder.Sent) -> Bool {
            !sent.header.isResponse && (sent.from == "east" || sent.header.exchangeType == .informational)
        }
        ladder.link = { sent, number in isLost(sent) ? [] : inner(sent, number) }
        for end in [ladder.west, ladder.east] { ladder.tell(end, .rekeyIKE(end.engine.ikeSAs[0].ike)) }
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.count == 2)
        ladder.link = { sent, number in
            guard !isLost(sent) else { return [] }
            var datagram = inner(sent, number)[0]
            if sent.from == "west" { datagram.local = Endpoint(Self.westLater, port: 6001) }
            if sent.from == "east" { datagram.remote = Endpoint(Ladder.westAddress, port: 4500) }
            return [datagram]
        }
        ladder.tell(ladder.west, .rekeyChild(try #require(ladder.west.engine.childSAs.first?.child)))
        ladder.settle()
        #expect(ladder.east.moves.map(\.remote) == [Self.westLater])
        #expect(ladder.east.moves.first?.selectors?.remote == selectors(Self.westLater))
        #expect(ladder.east.installs.count == 2)
        #expect(ladder.east.standing.allSatisfy { $0.remoteSelectors == selectors(Self.westLater) })
    }

    @Test func `protocols and ports stay where the mapping changes, and so does what is nobody's address`() {
        let ladder = ladder(beforeWest: true, beforeEast: false) { connection, isWest in
            guard isWest else {
                connection.narrowing = true
                return
            }
            connection.local.selectors = selectors(Ladder.westAddress, ipProtocol: 6)
            connection.remote.selectors = selectors(Ladder.eastAddress, ipProtocol: 6, port: 22)
        }
        ladder.up(staysUp: false)
        let child = ladder.east.engine.childSAs[0].child
        ladder.report(ladder.east, .mappingChanged(child, Endpoint(Self.westLater, port: 6001)))
        #expect(ladder.east.standing[0].remoteSelectors == selectors(Self.westLater, ipProtocol: 6))
        #expect(ladder.east.standing[0].localSelectors == selectors(Ladder.eastAddress, ipProtocol: 6, port: 22))
        // Another port of the same address is a move of the SA alone.
        ladder.report(ladder.east, .mappingChanged(child, Endpoint(Self.westLater, port: 6002)))
        #expect(ladder.east.moves.count == 2 && ladder.east.moves[1].selectors == nil)
    }

    @Test func `the addresses on the wire are the sender's`() throws {
        let ladder = ladder(beforeWest: true, beforeEast: true)
        ladder.up(staysUp: false)
        var seen: [[IPAddress]] = []
        for end in [ladder.east, ladder.west] {
            for case .messagePassed(_, let facts) in end.events where facts.exchange == .ikeAuth && !facts.isSent {
                seen.append(
                    [facts.payloads.trafficSelectorsInitiator, facts.payloads.trafficSelectorsResponder].compactMap {
                        $0?.first?.addresses.first
                    })
            }
        }
        #expect(
            seen == [[Ladder.westAddress, Self.eastOutside], [Self.westOutside, Ladder.eastAddress]])
    }

    @Test func `protocols and ports stay`() throws {
        let ladder = ladder(beforeWest: true, beforeEast: false) { connection, isWest in
            guard isWest else {
                connection.narrowing = true
                return
            }
            connection.local.selectors = selectors(Ladder.westAddress, ipProtocol: 6)
            connection.remote.selectors = selectors(Ladder.eastAddress, ipProtocol: 6, port: 22)
        }
        ladder.up(staysUp: false)
        try expectUp(ladder, beforeWest: true, beforeEast: false)
        #expect(ladder.east.standing.first?.localSelectors == selectors(Ladder.eastAddress, ipProtocol: 6, port: 22))
        #expect(ladder.east.standing.first?.remoteSelectors == selectors(Self.westOutside, ipProtocol: 6))
        #expect(ladder.west.standing.first?.localSelectors == selectors(Ladder.westAddress, ipProtocol: 6))
    }

    @Test func `more than one address is no end of a transport mode`() {
        let ladder = ladder(beforeWest: true, beforeEast: false) { connection, isWest in
            if isWest { connection.local.selectors = [TrafficSelector(IPPrefix("192.1.2.0/24")!)] }
        }
        ladder.up(staysUp: false)
        #expect(ladder.east.standing.isEmpty && ladder.west.standing.isEmpty)
        #expect(
            ladder.west.has { if case .childRejected(_, _, .refused(.tsUnacceptable)) = $0 { true } else { false } })
    }

    @Test func `the inner addresses of a tunnel stay`() {
        let ladder = ladder(beforeWest: true, beforeEast: true) { connection, isWest in
            let plain = Ladder.connection(isWest: isWest)
            connection.mode = .tunnel
            (connection.local.selectors, connection.remote.selectors) = (plain.local.selectors, plain.remote.selectors)
        }
        ladder.up(staysUp: false)
        #expect(ladder.east.standing.first?.remoteSelectors == [TrafficSelector(IPPrefix("192.0.1.0/24")!)])
        #expect(ladder.west.standing.first?.remoteSelectors == [TrafficSelector(IPPrefix("192.0.2.0/24")!)])
    }
}
