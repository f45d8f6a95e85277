import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// Rules that two ends of our own keep or break together, so that only a look at the octets shows which.
@Suite struct ExchangeRuleTests {
    private let id = ConnectionID(1)

    // MARK: Keys and vectors

    @Test(arguments: [PRFAlgorithm.aesXCBC, .aesCMAC])
    func `of the nonces a PRF whose key once was fixed takes 64 bits each`(_ prf: PRFAlgorithm) throws {
        // RFC 7296 §2.14.
        let ni = [UInt8](1...32)
        let nr = [UInt8](101...132)
        let secret = SecretBytes([UInt8](repeating: 9, count: 32))
        let expected = try PRF.compute(
            prf, key: SecretBytes([UInt8](1...8) + [UInt8](101...108)), [[UInt8](repeating: 9, count: 32)])
        #expect(try IKEKeys.skeyseed(prf: prf, ni: ni, nr: nr, secret: secret) == expected)
    }

    @Test func `the vector of a block cipher cannot be foreseen though it is as long as a counter`() throws {
        let ladder = Ladder { connection, _ in
            connection.ikeProposals = [
                IKEProposal(
                    encryption: [CipherChoice(.tripleDES)], prf: [.hmacSHA1], integrity: [.hmacSHA1_96],
                    keyExchange: [.curve25519])
            ]
        }
        ladder.up()
        ladder.tell(ladder.west, .probe(ladder.westIKE.id))
        let vectors = try ladder.wire.filter { $0.from == "west" }.compactMap {
            try Message(parsing: $0.datagram.octets).protected?.body.prefix(8).reduce(UInt64(0)) {
                $0 << 8 | UInt64($1)
            }
        }
        #expect(vectors.count == 2)
        #expect(vectors[1] != vectors[0] &+ 1)
    }

    @Test func `a transform with an attribute that is not understood is not chosen`() {
        let connection = Ladder.connection(isWest: true)
        var offered = ProposalNegotiation.wire(connection.ikeProposals)
        #expect(
            ProposalNegotiation.choose(from: offered, accepting: connection.ikeProposals, keyExchangeSent: nil) != nil)
        for index in offered.indices {
            for place in offered[index].transforms.indices where offered[index].transforms[place].type == .prf {
                offered[index].transforms[place].attributes = [TransformAttribute(type: 99, value: .short(1))]
            }
        }
        #expect(
            ProposalNegotiation.choose(from: offered, accepting: connection.ikeProposals, keyExchangeSent: nil) == nil)
    }

    // MARK: Answers

    @Test func `an answer goes to where the request came from`() throws {
        let ladder = Ladder()
        ladder.up()
        let request = try ladder.forge(ladder.westIKE, .informational, 2, [], fromPort: 4501)
        ladder.inject(request)
        #expect(ladder.wire.last?.datagram.remote == request.remote)
        // Nothing was moved: there is no NAT.
        #expect(ladder.east.engine.ikeSAs[0].remote.port == 500)
        var again = request
        again.remote.port = 4502
        ladder.inject(again)
        #expect(ladder.east.story.last == "responseRepeated")
        #expect(ladder.wire.last?.datagram.remote == again.remote)
    }

    @Test func `the answer to a Delete is given again though the IKE SA has gone`() {
        let ladder = Ladder()
        ladder.up()
        ladder.link = { sent, number in number == 5 ? [] : [sent.datagram] }
        ladder.tell(ladder.west, .terminate(id))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.isEmpty && !ladder.west.engine.ikeSAs.isEmpty)
        ladder.pass(.seconds(1))
        #expect(ladder.west.engine.ikeSAs.isEmpty)
        #expect(ladder.west.story.last == "terminationFinished")
        #expect(ladder.east.story.last == "responseRepeated")
        // Not for ever.
        let request = ladder.wire[4].datagram
        ladder.pass(.seconds(61))
        ladder.inject(Datagram(local: request.remote, remote: request.local, octets: request.octets))
        #expect(ladder.east.drops.last == .unknownSPI)
    }

    @Test func `AUTHENTICATION_FAILED is said again to who did not hear it`() {
        let ladder = Ladder(eastSecret: "another key")
        ladder.link = { sent, number in number == 3 ? [] : [sent.datagram] }
        ladder.up(staysUp: false)
        ladder.pass(.seconds(1))
        #expect(
            ladder.west.has { if case .ikeFailed(_, _, .refused(.authenticationFailed)) = $0 { true } else { false } })
    }

    @Test func `an old request that is sent again is no sign of life`() throws {
        let ladder = Ladder { connection, isWest in if !isWest { connection.livenessDelay = .seconds(5) } }
        ladder.up(staysUp: false)
        ladder.link = { _, _ in [] }
        let request = try #require(ladder.wire.first { $0.name == "IKE_AUTH request 1" }).datagram
        for _ in 0..<40 {
            ladder.pass(.seconds(2))
            ladder.inject(Datagram(local: request.remote, remote: request.local, octets: request.octets))
        }
        #expect(ladder.east.engine.ikeSAs.isEmpty)
    }

    // MARK: Child SAs that the initiator cannot use

    @Test func `a first Child SA that is not what was offered is deleted at the peer`() {
        let ladder = Ladder()
        ladder.link = { sent, number in
            if number == 3 {
                ladder.west.engine.records[ConnectionID(1)]?.connection.espProposals = [
                    ESPProposal(encryption: [CipherChoice(.aesGCM16, keyBits: 192)], integrity: [])
                ]
            }
            return [sent.datagram]
        }
        ladder.up(staysUp: false)
        #expect(ladder.west.has { if case .childRejected(_, _, .refusing) = $0 { true } else { false } })
        #expect(ladder.west.isEstablished)
        #expect(ladder.east.standing.isEmpty)
    }

    @Test func `a later Child SA that is not what was offered is deleted at the peer`() {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .deleteChild(ladder.west.engine.childSAs[0].child))
        ladder.settle()
        ladder.tell(ladder.west, .initiate(id, staysUp: false))
        ladder.west.engine.records[id]?.connection.mode = .transport
        ladder.settle()
        #expect(ladder.west.has { if case .childRejected(_, _, .refusing) = $0 { true } else { false } })
        #expect(ladder.east.standing.isEmpty && ladder.west.standing.isEmpty)
    }

    // MARK: Cookies

    @Test func `a responder that asks for another cookie gets it`() {
        let ladder = Ladder(eastProfile: WireProfile(cookieThreshold: 0))
        ladder.link = { sent, number in
            var datagram = sent.datagram
            // The cookie as it was under the secret before this one.
            if number == 1 { datagram.octets[datagram.octets.count - 1] ^= 0xff }
            return [datagram]
        }
        ladder.up()
        #expect(ladder.west.isEstablished)
        #expect(ladder.wire.count == 8)
    }

    @Test func `a responder that only ever asks for cookies is not asked for ever`() {
        let ladder = Ladder(eastProfile: WireProfile(cookieThreshold: 0))
        ladder.link = { sent, number in
            var datagram = sent.datagram
            if sent.from == "east" { datagram.octets[datagram.octets.count - 1] = UInt8(truncatingIfNeeded: number) }
            return [datagram]
        }
        ladder.up()
        #expect(ladder.wire.count == 8)
    }

    @Test func `a cookie is no longer taken when the secret has changed twice`() {
        let ladder = Ladder(eastProfile: WireProfile(cookieThreshold: 0))
        ladder.up()
        let request = ladder.wire[2].datagram
        func again() {
            ladder.inject(Datagram(local: request.remote, remote: request.local, octets: request.octets))
        }
        ladder.pass(.seconds(90))
        again()
        #expect(ladder.east.engine.ikeSAs.count == 2)
        ladder.pass(.seconds(300))
        #expect(ladder.east.engine.ikeSAs.count == 1)
        again()
        #expect(ladder.east.engine.ikeSAs.count == 1)
    }

    // MARK: NAT

    @Test(arguments: [true, false])
    func `packets from a new port move the IKE SA of a peer behind a NAT, and of no other`(_ isNAT: Bool) throws {
        let outside = Endpoint(IPAddress("203.0.113.9")!, port: 40000)
        let ladder = Ladder { connection, isWest in
            if !isWest { connection.remote.host = .any(.v4) }
        }
        if isNAT {
            ladder.link = { sent, _ in
                var datagram = sent.datagram
                if sent.from == "west" {
                    datagram.local = outside
                } else {
                    datagram.remote = Endpoint(Ladder.westAddress, port: datagram.local.port)
                }
                return [datagram]
            }
        }
        ladder.up()
        let child = try #require(ladder.east.standing.first).child
        let mapped = Endpoint(IPAddress("203.0.113.9")!, port: 50000)
        let before = ladder.east.engine.ikeSAs[0].remote
        ladder.report(ladder.east, .mappingChanged(child, mapped))
        #expect(ladder.east.engine.ikeSAs[0].remote == (isNAT ? mapped : before))
        #expect(
            ladder.east.engine.childSAs[0].encapsulation == (isNAT ? .udp(localPort: 4500, remotePort: 50000) : .none))
    }
}
