import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// Gateways that send clients to others (RFC 5685). East stands at two addresses, so that there is somewhere to go.
@Suite struct RedirectTests {
    private static let other = IPAddress("192.1.3.33")!

    private func ladder(accepts: Bool = true, _ change: @escaping (inout Connection) -> Void = { _ in }) -> Ladder {
        let ladder = Ladder(change: { connection, isWest in
            if isWest { connection.acceptsRedirects = accepts } else { change(&connection) }
        })
        ladder.eastAddresses.insert(Self.other)
        // What the other gateway has: it serves, and sends nobody away.
        var second = Ladder.connection(isWest: false)
        second.id = ConnectionID(2)
        second.local.host = .address(Self.other)
        ladder.tell(ladder.east, .add(second))
        return ladder
    }

    private func remote(_ ladder: Ladder) -> IPAddress? { ladder.west.engine.ikeSAs.first?.remote.address }

    @Test func `in IKE_SA_INIT a client is sent away, says where it came from, and the gateway keeps nothing`() throws {
        let ladder = ladder()
        ladder.tell(ladder.east, .setGlobalRedirect(Self.other))
        // The other gateway is the same engine: it has to serve who comes from the first.
        ladder.link = { sent, _ in
            if sent.from == "west", sent.datagram.remote.address == Self.other {
                ladder.tell(ladder.east, .setGlobalRedirect(nil))
            }
            return [sent.datagram]
        }
        ladder.up()
        ladder.pass(.seconds(1))
        #expect(remote(ladder) == Self.other && ladder.west.isEstablished && ladder.east.installs.count == 1)
        #expect(ladder.east.engine.ikeSAs.count == 1)
        let second = try #require(ladder.wire.first { $0.datagram.remote.address == Self.other })
        let payloads = try Message(parsing: second.datagram.octets).payloads
        #expect(
            payloads.contains {
                if case .notify(let notify) = $0 {
                    notify == .redirectedFrom(.address(Ladder.eastAddress))
                } else {
                    false
                }
            })
    }

    @Test func `a client that follows nobody is not sent away`() {
        let ladder = ladder(accepts: false)
        ladder.tell(ladder.east, .setGlobalRedirect(Self.other))
        ladder.up()
        #expect(remote(ladder) == Ladder.eastAddress && ladder.west.isEstablished)
    }

    @Test func `a redirect with another nonce is not believed`() {
        let ladder = ladder()
        ladder.tell(ladder.east, .setGlobalRedirect(Self.other))
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.from == "east" { datagram.octets[datagram.octets.count - 1] ^= 1 }
            return [datagram]
        }
        ladder.up()
        #expect(remote(ladder) == Ladder.eastAddress)
        #expect(!ladder.west.has { if case .redirected = $0 { true } else { false } })
    }

    @Test func `in IKE_AUTH both have proved who they are, and no Child SA is made`() {
        let ladder = ladder { $0.redirectTarget = Self.other }
        ladder.up()
        ladder.pass(.seconds(1))
        #expect(remote(ladder) == Self.other && ladder.east.installs.count == 1)
        #expect(
            ladder.west.events.filter { if case .ikeEstablished = $0 { true } else { false } }.count == 2)
        #expect(ladder.east.engine.ikeSAs.count == 1)
        // The peer can make Child SAs from its new place.
        ladder.tell(ladder.east, .rekeyChild(ladder.east.engine.childSAs[0].child))
        ladder.settle()
        #expect(ladder.west.standing.map(\.remote) == [Self.other])
    }

    @Test func `in the middle of a session a client leaves for the other gateway`() {
        let ladder = ladder()
        ladder.up()
        #expect(remote(ladder) == Ladder.eastAddress)
        ladder.tell(ladder.east, .redirect(ConnectionID(1), to: Self.other))
        ladder.settle()
        ladder.pass(.seconds(1))
        #expect(remote(ladder) == Self.other && ladder.west.standing.map(\.remote) == [Self.other])
        #expect(ladder.east.engine.ikeSAs.count == 1)
        // What the operator brings up again begins where it is configured.
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        ladder.up()
        #expect(remote(ladder) == Ladder.eastAddress)
    }

    @Test(arguments: [true, false])
    func `a client leaves for the other gateway also in an IKE SA that replaced the first`(byGateway: Bool) throws {
        let ladder = ladder()
        ladder.up()
        let end = byGateway ? ladder.east : ladder.west
        ladder.tell(end, .rekeyIKE(try #require(end.engine.ikeSAs.first?.ike)))
        ladder.settle()
        ladder.tell(ladder.east, .redirect(ConnectionID(1), to: Self.other))
        ladder.settle()
        ladder.pass(.seconds(1))
        #expect(remote(ladder) == Self.other && ladder.west.standing.map(\.remote) == [Self.other])
    }

    @Test func `two gateways that send a client to each other do so five times`() {
        let ladder = ladder { $0.redirectTarget = Self.other }
        var back = Ladder.connection(isWest: false)
        back.id = ConnectionID(2)
        back.local.host = .address(Self.other)
        back.redirectTarget = Ladder.eastAddress
        ladder.tell(ladder.east, .add(back))
        ladder.up()
        ladder.pass(.seconds(200))
        func count(_ matches: (Event) -> Bool) -> Int { ladder.west.events.filter(matches).count }
        #expect(count { if case .redirected = $0 { true } else { false } } == 5)
        #expect(count { if case .redirectLoop = $0 { true } else { false } } == 1)
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
        // After a while it is tried again.
        ladder.pass(.seconds(150))
        #expect(count { if case .redirected = $0 { true } else { false } } == 10)
    }

    @Test func `a redirect that cannot be read, or to a name, is passed over`() throws {
        #expect(throws: WireError.self) { try NotifyPayload(type: .redirect, data: [1, 16] + [0, 0]).redirection() }
        #expect(throws: WireError.self) {
            try NotifyPayload(type: .redirect, data: [1, 3, 1, 2, 3]).redirection()
        }
        #expect(throws: WireError.self) { try NotifyPayload(type: .redirect, data: [9, 1, 1]).redirection() }
        #expect(throws: WireError.self) { try NotifyPayload(type: .redirect, data: []).redirection() }
        let name = try NotifyPayload.redirect(to: .name(Array("gw.example.com".utf8)), nonce: [1, 2]).redirection()
        #expect(name.gateway == .name(Array("gw.example.com".utf8)) && name.nonce == [1, 2])
        let six = try NotifyPayload.redirect(to: .address(IPAddress("2001:db8::1")!)).redirection()
        #expect(six.gateway == .address(IPAddress("2001:db8::1")!) && six.nonce == [])
    }
}
