import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

@Suite struct EstablishmentTests {
    @Test func `four messages bring up an IKE SA and a Child SA with the same keys at both ends`() throws {
        let ladder = Ladder()
        ladder.up()
        #expect(
            ladder.wire.map { "\($0.from): \($0.name)" } == [
                "west: IKE_SA_INIT request 0", "east: IKE_SA_INIT response 0", "west: IKE_AUTH request 1",
                "east: IKE_AUTH response 1",
            ])
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        let west = try #require(ladder.west.standing.first)
        let east = try #require(ladder.east.standing.first)
        #expect(west.outbound.spi == east.inbound.spi && west.inbound.spi == east.outbound.spi)
        #expect(west.outbound.encryptionKey == east.inbound.encryptionKey)
        #expect(west.inbound.encryptionKey == east.outbound.encryptionKey)
        #expect(west.outbound.encryptionKey != west.inbound.encryptionKey)
        #expect(west.outbound.encryptionKey.count == 36)
        #expect(west.localSelectors == east.remoteSelectors && west.remoteSelectors == east.localSelectors)
        #expect(west.suite.extendedSequenceNumbers && west.suite == east.suite)
    }

    @Test func `the initiator reports what happens in the order in which it happens`() {
        let ladder = Ladder { connection, _ in connection.sessionResumption = true }
        ladder.up()
        #expect(
            ladder.west.story == [
                "ikeCreated", "requestSent", "responseReceived", "proposalAccepted", "suiteAgreed",
                "ikeSAInitProcessed",
                "ticketRequested", "childCreated", "requestSent", "responseReceived", "ikeEstablished",
                "ticketReceived", "proposalAccepted", "childEstablished", "initiationFinished",
            ])
    }

    @Test(arguments: [
        (CipherChoice(.aesGCM16, keyBits: 128), IntegrityAlgorithm.none, PRFAlgorithm.hmacSHA2_256),
        (CipherChoice(.aesGCM16, keyBits: 192), .none, .hmacSHA2_384),
        (CipherChoice(.aesCBC, keyBits: 128), .hmacSHA1_96, .hmacSHA1),
        (CipherChoice(.aesCBC, keyBits: 256), .hmacSHA2_512_256, .hmacSHA2_512),
        (CipherChoice(.chaCha20Poly1305), .none, .hmacSHA2_256),
    ])
    func `every cipher suite carries the exchange`(
        _ cipher: CipherChoice, _ integrity: IntegrityAlgorithm, _ prf: PRFAlgorithm
    ) throws {
        let lists = integrity == .none ? [] : [integrity]
        let ladder = Ladder { connection, _ in
            connection.ikeProposals = [
                IKEProposal(encryption: [cipher], prf: [prf], integrity: lists, keyExchange: [.curve25519])
            ]
            connection.espProposals = [ESPProposal(encryption: [cipher], integrity: lists)]
        }
        ladder.up()
        let west = try #require(ladder.west.standing.first)
        let east = try #require(ladder.east.standing.first)
        #expect(west.suite.cipher == cipher && west.suite.integrity == integrity)
        #expect(west.outbound.encryptionKey == east.inbound.encryptionKey)
        #expect(west.inbound.integrityKey == east.outbound.integrityKey)
    }

    @Test(arguments: [
        KeyExchangeMethod.modp2048, .modp3072, .modp4096, .ecp256, .ecp384, .ecp521, .curve25519,
    ])
    func `every group makes a shared secret`(_ group: KeyExchangeMethod) {
        let ladder = Ladder { connection, _ in
            for index in connection.ikeProposals.indices { connection.ikeProposals[index].keyExchange = [group] }
        }
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `the same seed gives the same octets`() {
        let runs = (0..<2).map { _ in
            let ladder = Ladder(seed: 7)
            ladder.up()
            return ladder.wire.map(\.datagram)
        }
        #expect(runs[0] == runs[1])
        let other = Ladder(seed: 8)
        other.up()
        #expect(other.wire.map(\.datagram) != runs[0])
    }

    @Test func `a wrong shared key is refused with AUTHENTICATION_FAILED`() {
        let ladder = Ladder(eastSecret: "another key")
        ladder.tell(ladder.west, .setImpairments(Impairments(skipRevival: true)))
        ladder.up()
        #expect(!ladder.west.isEstablished && !ladder.east.isEstablished)
        #expect(ladder.east.has { if case .ikeFailed(_, _, .authenticationMismatch) = $0 { true } else { false } })
        #expect(
            ladder.west.has {
                if case .ikeFailed(_, .authSent, .refused(.authenticationFailed)) = $0 { true } else { false }
            })
        #expect(
            ladder.west.story.suffix(5) == [
                "ikeFailed", "revivalScheduled", "revivalSkipped", "ikeDeleted", "initiationFinished",
            ])
        #expect(ladder.east.installs.isEmpty && ladder.west.installs.isEmpty)
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test func `a peer with another identity than the configured one is refused`() {
        let ladder = Ladder { connection, isWest in
            if isWest { connection.remote.identification = Identification(type: .fqdn, data: Array("north".utf8)) }
        }
        ladder.tell(ladder.west, .setImpairments(Impairments(skipRevival: true)))
        ladder.up()
        #expect(!ladder.west.isEstablished)
        #expect(ladder.west.installs.isEmpty)
    }

    @Test func `no common proposal gives NO_PROPOSAL_CHOSEN, which the initiator does not believe at once`() {
        let ladder = Ladder { connection, isWest in
            if !isWest {
                connection.ikeProposals = [
                    IKEProposal(
                        encryption: [CipherChoice(.aesCBC, keyBits: 128)], prf: [.hmacSHA1],
                        integrity: [.hmacSHA1_96], keyExchange: [.modp2048])
                ]
            }
        }
        ladder.up()
        #expect(
            ladder.west.has {
                if case .dropped(.unauthenticatedRefusal(.noProposalChosen), _, _, _, _) = $0 { true } else { false }
            })
        // Anybody could have sent it: the request is repeated until its time is over (RFC 7296 §2.21.1).
        #expect(ladder.west.engine.ikeSAs.count == 1)
        ladder.pass(.seconds(59))
        #expect(ladder.west.engine.ikeSAs.count == 1)
        #expect(ladder.east.engine.ikeSAs.isEmpty)
    }

    @Test func `selectors that do not meet leave the IKE SA without a Child SA`() {
        let ladder = Ladder { connection, isWest in
            if !isWest { connection.remote.selectors = [TrafficSelector(IPPrefix("193.0.1.0/24")!)] }
        }
        ladder.tell(ladder.west, .setImpairments(Impairments(skipRevival: true)))
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.west.installs.isEmpty && ladder.east.installs.isEmpty)
        #expect(
            ladder.west.has {
                if case .childRejected(_, _, .refused(.tsUnacceptable)) = $0 { true } else { false }
            })
    }

    @Test func `a responder that may narrow takes the part that both want`() throws {
        let ladder = Ladder { connection, isWest in
            if isWest { connection.remote.selectors = [TrafficSelector(IPPrefix("192.0.0.0/16")!)] }
            connection.narrowing = true
        }
        ladder.up()
        #expect(try #require(ladder.west.standing.first).remoteSelectors.map(\.description) == ["192.0.2.0/24"])
        #expect(try #require(ladder.east.standing.first).localSelectors.map(\.description) == ["192.0.2.0/24"])
    }

    @Test func `INVALID_KE_PAYLOAD makes the initiator try the group that the responder wants`() {
        let ladder = Ladder { connection, isWest in
            if !isWest {
                for index in connection.ikeProposals.indices {
                    connection.ikeProposals[index].keyExchange = [.modp2048]
                }
            }
        }
        ladder.up()
        #expect(ladder.west.isEstablished)
        #expect(
            ladder.west.has {
                if case .keyExchangeRefused(_, .ecp256, .modp2048, _) = $0 { true } else { false }
            })
        #expect(ladder.wire.count == 6)
    }

    @Test func `a responder under load asks for a cookie and goes on with who has it`() {
        let ladder = Ladder(eastProfile: WireProfile(cookieThreshold: 0))
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.wire.count == 6)
        // Nothing was remembered of the first request.
        #expect(ladder.east.story.filter { $0 == "ikeCreated" }.count == 1)
    }

    @Test func `a NAT on the way is seen and ESP goes into UDP on port 4500`() throws {
        let outside = Endpoint(IPAddress("203.0.113.9")!, port: 40000)
        let ladder = Ladder { connection, isWest in
            if !isWest { connection.remote.host = .any(.v4) }
        }
        ladder.link = { sent, _ in
            var datagram = sent.datagram
            if sent.from == "west" {
                datagram.local = outside
            } else {
                datagram.remote = Endpoint(Ladder.westAddress, port: datagram.local.port)
            }
            return [datagram]
        }
        ladder.up()
        let west = try #require(ladder.west.standing.first)
        let east = try #require(ladder.east.standing.first)
        #expect(west.encapsulation == .udp(localPort: 4500, remotePort: 4500))
        #expect(east.encapsulation == .udp(localPort: 4500, remotePort: 40000))
        #expect(east.remote == outside.address)
        #expect(ladder.west.has { if case .natDetected(_, true, false) = $0 { true } else { false } })
        #expect(ladder.east.has { if case .natDetected(_, false, true) = $0 { true } else { false } })
    }

    @Test func `encapsulation that is forced makes the peer see a NAT`() throws {
        let ladder = Ladder { connection, isWest in
            if isWest { connection.encapsulation = .always }
        }
        ladder.up()
        let east = try #require(ladder.east.standing.first)
        #expect(east.encapsulation == .udp(localPort: 4500, remotePort: 4500))
    }

    @Test func `INITIAL_CONTACT makes the responder forget the peer's older IKE SA`() {
        let ladder = Ladder { connection, _ in connection.initialContact = true }
        ladder.up()
        ladder.tell(ladder.west, .setImpairments(Impairments(sendNoDelete: true)))
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        #expect(ladder.east.engine.ikeSAs.count == 1)
        ladder.tell(ladder.west, .setImpairments(Impairments()))
        ladder.up()
        #expect(ladder.east.engine.ikeSAs.count == 1)
        #expect(ladder.east.standing.count == 1)
        #expect(ladder.west.isEstablished)
    }
}

extension Impairments {
    init(skipRevival: Bool = false, sendNoDelete: Bool = false, suppressRetransmits: Bool = false) {
        self.init()
        self.skipRevival = skipRevival
        self.sendNoDelete = sendNoDelete
        self.suppressRetransmits = suppressRetransmits
    }
}
