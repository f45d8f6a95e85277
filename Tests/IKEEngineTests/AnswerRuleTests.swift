import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// What an answer of the peer's, or one to it, means beside what it grants (RFC 7296).
@Suite struct AnswerRuleTests {
    /// Changes the payloads that an end sends in one kind of exchange.
    private func alter(_ end: Ladder.End, _ exchange: ExchangeType, _ change: @escaping (inout [Payload]) -> Void) {
        end.engine.tamper = { sent, first, plaintext in
            guard sent == exchange, var payloads = try? Message.parsePayloads(first: first, plaintext[...]) else {
                return
            }
            change(&payloads)
            (first, plaintext) = Message.encodePayloads(payloads)
        }
    }

    private func answers(_ end: Ladder.End, _ exchange: ExchangeType) -> [[String]] {
        end.events.compactMap { event in
            guard case .responseReceived(_, exchange, _, let payloads, _) = event else { return nil }
            return payloads
        }
    }

    @Test func `a wish for transport mode is declined by an answer without it, which the initiator takes away again`() {
        let ladder = Ladder(change: { connection, isWest in
            connection.mode = isWest ? .transport : .tunnel
            (connection.local.selectors, connection.remote.selectors) = ([], [])
        })
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .initiate(ConnectionID(1), staysUp: false))
        ladder.settle()
        for answer in answers(ladder.west, .ikeAuth) + answers(ladder.west, .createChildSA) {
            #expect(answer.contains("SA") && !answer.contains("N(USE_TRANSPORT_MODE)"))
        }
        #expect(answers(ladder.west, .createChildSA).count == 1)
        #expect(ladder.east.installs.map(\.mode) == [.tunnel, .tunnel] && ladder.east.standing.isEmpty)
        #expect(ladder.west.installs.isEmpty && ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `who asks for a tunnel gets no transport mode`() {
        let ladder = Ladder(change: { connection, isWest in
            connection.mode = isWest ? .tunnel : .transport
            (connection.local.selectors, connection.remote.selectors) = ([], [])
        })
        ladder.up(staysUp: false)
        #expect(ladder.east.installs.isEmpty)
        #expect(
            ladder.west.has { if case .childRejected(_, _, .refused(.noProposalChosen)) = $0 { true } else { false } })
    }

    /// - Parameter isSame: the second IKE SA is between the same two identities as the first.
    @Test(arguments: [true, false])
    func `INITIAL_CONTACT in the answer ends the IKE SAs of before between the same identities`(isSame: Bool) throws {
        let ladder = Ladder { connection, isWest in
            if !isWest { connection.remote.identification = nil }
        }
        ladder.up(staysUp: false)
        let first = try #require(ladder.west.engine.ikeSAs.first?.ike)
        var second = Ladder.connection(isWest: true)
        second.id = ConnectionID(2)
        // So that it gets an IKE SA of its own.
        second.peerConfiguration = 2
        if !isSame { second.local.identification = Identification(type: .fqdn, data: Array("west2".utf8)) }
        ladder.tell(ladder.west, .add(second))
        // East has lost the first.
        ladder.tell(ladder.east, .setImpairments(Impairments(sendNoDelete: true)))
        ladder.tell(ladder.east, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.isEmpty)
        alter(ladder.east, .ikeAuth) { $0.append(.notify(NotifyPayload(type: .initialContact))) }
        ladder.tell(ladder.west, .initiate(ConnectionID(2), staysUp: false))
        ladder.settle()
        let left = ladder.west.engine.ikeSAs
        #expect(left.count == (isSame ? 1 : 2) && left.contains { $0.ike == first } == !isSame)
        #expect(left.allSatisfy { $0.state == .established })
    }

    @Test(arguments: [true, false])
    func `INVALID_SYNTAX in answer to INFORMATIONAL ends the IKE SA`(isProbe: Bool) throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        alter(ladder.east, .informational) { $0 = [.notify(NotifyPayload(type: .invalidSyntax))] }
        if isProbe {
            ladder.tell(ladder.west, .probe(try #require(ladder.west.engine.ikeSAs.first?.ike)))
        } else {
            ladder.tell(ladder.west, .deleteChild(try #require(ladder.west.engine.childSAs.first?.child)))
        }
        ladder.settle()
        #expect(answers(ladder.west, .informational) == [["N(INVALID_SYNTAX)"]])
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.west.standing.isEmpty)
        #expect(!ladder.west.story.contains("livenessConfirmed"))
    }

    /// - Parameter type: TS_UNACCEPTABLE, and one that nobody knows.
    @Test(arguments: [38, 777] as [UInt16])
    func `an error in the answer of IKE_AUTH says that there is no Child SA, though there is one`(type: UInt16) {
        let ladder = Ladder()
        alter(ladder.east, .ikeAuth) { $0.append(.notify(NotifyPayload(type: NotifyType(rawValue: type)))) }
        ladder.up(staysUp: false)
        #expect(ladder.west.installs.isEmpty && ladder.east.installs.count == 1 && ladder.east.standing.isEmpty)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        let reason = FailureReason.refused(NotifyType(rawValue: type))
        #expect(
            ladder.west.has { if case .childRejected(_, _, reason) = $0 { true } else { false } })
    }

    @Test func `an answer in clear with a critical payload that nobody knows is as if it had not come`() throws {
        let ladder = Ladder()
        var isAltered = false
        ladder.link = { sent, _ in
            guard sent.name == "IKE_SA_INIT response 0", !isAltered,
                var message = try? Message(parsing: sent.datagram.octets)
            else { return [sent.datagram] }
            isAltered = true
            message.payloads.append(
                .unknown(UnknownPayload(type: PayloadType(rawValue: 201), isCritical: true, body: [1])))
            var datagram = sent.datagram
            datagram.octets = message.encoded()
            return [datagram]
        }
        ladder.up(staysUp: false)
        #expect(isAltered && !ladder.west.isEstablished)
        #expect(ladder.west.drops == [.malformed("critical payload of type 201")])
        ladder.pass(.seconds(1))
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `a key exchange that is no use for a new IKE SA is fatal to the old one at both ends`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        alter(ladder.west, .createChildSA) { payloads in
            payloads = payloads.map { payload in
                guard case .keyExchange(var exchange) = payload else { return payload }
                // Of the right length, and no point of the curve.
                exchange.data = Array(repeating: 1, count: exchange.data.count)
                return .keyExchange(exchange)
            }
        }
        ladder.tell(ladder.west, .rekeyIKE(try #require(ladder.west.engine.ikeSAs.first?.ike)))
        ladder.settle()
        #expect(answers(ladder.west, .createChildSA) == [["N(INVALID_SYNTAX)"]])
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
        #expect(ladder.west.standing.isEmpty && ladder.east.standing.isEmpty)
    }
}
