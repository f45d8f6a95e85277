import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// What a peer can make an end keep, do or print that it should not: before it has proved anything, and after.
@Suite struct HostilePeerTests {
    private let id = ConnectionID(1)

    private func fqdn(_ octets: Int) -> Identification {
        Identification(type: .fqdn, data: [UInt8](repeating: 0x61, count: octets))
    }

    // MARK: More than a field holds

    @Test func `selectors that would narrow to more than a payload holds narrow to as many as it does`() throws {
        let ladder = Ladder { connection, isWest in
            connection.narrowing = true
            if isWest {
                connection.remote.selectors = (1...255).map { TrafficSelector(IPPrefix("192.0.0.0/16")!, port: $0) }
            } else {
                connection.local.selectors = ["192.0.2.0/24", "192.0.3.0/24"].map { TrafficSelector(IPPrefix($0)!) }
            }
        }
        ladder.up()
        let west = try #require(ladder.west.standing.first)
        #expect(west.remoteSelectors.count == 255)
        #expect(try #require(ladder.east.standing.first).localSelectors == west.remoteSelectors)
    }

    @Test func `an identity that makes a ticket longer than a datagram gets TICKET_NACK`() {
        let ladder = Ladder { connection, isWest in
            connection.sessionResumption = true
            connection.fragmentation = false
            if isWest {
                connection.local.identification = fqdn(65220)
            } else {
                connection.remote.identification = nil
            }
        }
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.west.has { if case .ticketNotIssued(_, true) = $0 { true } else { false } })
    }

    @Test func `fragments of more octets than a message may have are not kept`() {
        let ladder = Ladder(westProfile: WireProfile(fragmentPacketOctetsV4: 40000)) { connection, isWest in
            if isWest {
                connection.local.identification = fqdn(50000)
                connection.remote.identification = fqdn(40000)
            } else {
                connection.local.identification = fqdn(40000)
                connection.remote.identification = nil
            }
        }
        ladder.up(staysUp: false)
        #expect(!ladder.east.isEstablished)
        #expect(ladder.east.drops == [.malformed("expected at most 65535 octets of fragments, found 79822 at octet 0")])
    }

    @Test func `of more fragments than a message may have nothing is kept`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        var random = SeededRandom(seed: 1)
        let (west, filler) = (ladder.westIKE, [UInt8](repeating: 0, count: 60000))
        let fragments = try west.seal(
            exchange: .informational, messageID: 2, isResponse: false,
            payloads: [.notify(NotifyPayload(type: NotifyType(rawValue: 40000), data: filler))], keys: west.keys!,
            profile: WireProfile(fragmentPacketOctetsV4: 576), random: &random)
        #expect(fragments.count > FragmentReassembly.fragmentLimit)
        ladder.inject(Datagram(local: fragments[0].remote, remote: fragments[0].local, octets: fragments[0].octets))
        #expect(ladder.east.drops.count == 1)
        #expect(ladder.east.engine.ikes.values.allSatisfy { $0.requestReassembly.isEmpty })
    }

    // MARK: Half-open IKE SAs

    @Test func `a half-open IKE SA counts as one though its peer has moved to another port`() throws {
        let ladder = Ladder(eastProfile: WireProfile(halfOpenLimit: 1))
        ladder.link = { sent, _ in sent.name == "IKE_AUTH request 1" ? [] : [sent.datagram] }
        ladder.up()
        ladder.inject(try ladder.forge(ladder.westIKE, .informational, 1, [], fromPort: 4501))
        ladder.inject(ladder.renamed(ladder.wire[0]))
        #expect(ladder.east.engine.ikeSAs.count == 1)
        #expect(ladder.east.drops.last == .halfOpenLimit)
    }

    @Test func `where there are many half-open IKE SAs a first request must not be long`() throws {
        let ladder = Ladder(
            westProfile: WireProfile(vendorIDs: [[UInt8](repeating: 1, count: 9000)]),
            eastProfile: WireProfile(cookieThreshold: 0))
        ladder.up()
        #expect(ladder.east.engine.ikeSAs.isEmpty)
        #expect(ladder.east.drops == [.halfOpenLimit])
    }

    @Test func `timers that are set and cancelled leave nothing behind`() {
        var queue = TimerQueue()
        queue.set(.ticketKey, at: Instant(nanoseconds: 5))
        for number in 0..<10_000 as Range<UInt64> {
            queue.set(.halfOpen(IKESAID(number)), at: Instant(nanoseconds: Int64(20_000 - number)))
            queue.cancel(.halfOpen(IKESAID(number)))
        }
        queue.set(.liveness(IKESAID(1)), at: Instant(nanoseconds: 4))
        #expect(queue.storedCount < 100)
        let due = (0..<3).map { _ in queue.takeDue(at: Instant(nanoseconds: 100_000)) }
        #expect(due == [.liveness(IKESAID(1)), .ticketKey, nil])
    }

    @Test func `a retransmission interval of zero does not keep the engine from ending`() {
        let ladder = Ladder { connection, _ in
            connection.retransmission = RetransmissionSchedule(interval: .zero, timeout: .seconds(10))
        }
        ladder.link = { _, _ in [] }
        ladder.up(staysUp: false)
        ladder.pass(.seconds(11))
        #expect(ladder.west.engine.ikeSAs.isEmpty)
    }

    // MARK: Identities that are claimed, not proved

    /// West may say that it is anybody; the real "west" has a connection of its own, with a key.
    private func anybody(_ resumption: Bool = true) -> Ladder {
        let ladder = Ladder { connection, isWest in
            connection.sessionResumption = resumption
            if isWest {
                connection.local.authentication = .null
            } else {
                connection.remote.authentication = .null
                connection.remote.identification = nil
            }
        }
        var own = Ladder.connection(isWest: false)
        own.id = ConnectionID(2)
        own.sessionResumption = resumption
        own.local.selectors = [TrafficSelector(IPPrefix("10.9.0.0/16")!)]
        ladder.tell(ladder.east, .add(own))
        return ladder
    }

    @Test func `a ticket of who proved nothing resumes no connection that wants a proof`() {
        let ladder = anybody()
        ladder.up()
        #expect(ladder.west.engine.connections[0].ticket != nil)
        ladder.tell(ladder.west, .suspend(id))
        ladder.settle()
        ladder.west.engine.records[id]?.connection.remote.selectors = [TrafficSelector(IPPrefix("10.9.0.0/16")!)]
        ladder.up(staysUp: false)
        #expect(ladder.west.has { if case .sessionResumed = $0 { true } else { false } })
        #expect(!ladder.east.installs.contains { $0.connection == ConnectionID(2) })
    }

    @Test func `INITIAL_CONTACT of who proved nothing costs nobody an IKE SA`() {
        let ladder = Ladder { connection, _ in connection.initialContact = true }
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .setImpairments(Impairments(sendNoDelete: true)))
        ladder.tell(ladder.west, .terminate(id))
        ladder.west.engine.records[id]?.connection.local.authentication = .null
        ladder.east.engine.records[id]?.connection.remote.authentication = .null
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished)
        #expect(ladder.east.engine.ikeSAs.count == 2)
    }

    @Test func `an identity does not lead to a connection that would have refused the IKE SA's algorithms`() {
        let weak = IKEProposal(
            encryption: [CipherChoice(.aesCBC, keyBits: 128)], prf: [.hmacSHA1], integrity: [.hmacSHA1_96],
            keyExchange: [.modp2048])
        let ladder = Ladder { connection, isWest in if isWest { connection.ikeProposals = [weak] } }
        var guest = Ladder.connection(isWest: false)
        guest.id = ConnectionID(2)
        guest.remote.identification = Identification(type: .fqdn, data: Array("guest".utf8))
        guest.ikeProposals = [weak]
        ladder.tell(ladder.east, .add(guest))
        ladder.up(staysUp: false)
        #expect(!ladder.east.isEstablished && ladder.east.installs.isEmpty)
        #expect(
            ladder.west.has { if case .ikeFailed(_, _, .refused(.authenticationFailed)) = $0 { true } else { false } })
    }

    @Test func `of two resumptions with one ticket that are under way at once one comes through`() throws {
        let ladder = Ladder { connection, _ in connection.sessionResumption = true }
        ladder.up()
        ladder.tell(ladder.west, .suspend(id))
        ladder.settle()
        let ticket = ladder.west.engine.records[id]?.ticket
        var held: [Datagram] = []
        ladder.link = { sent, _ in
            guard sent.name == "IKE_AUTH request 1" else { return [sent.datagram] }
            held.append(sent.datagram)
            return []
        }
        ladder.up(staysUp: false)
        ladder.west.engine.discard(ladder.westIKE, .shutdown)
        ladder.west.engine.records[id]?.ticket = ticket
        ladder.link = { sent, _ in [sent.datagram] }
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished && ladder.east.standing.count == 1)
        let first = try #require(held.first)
        ladder.inject(Datagram(local: first.remote, remote: first.local, octets: first.octets))
        #expect(ladder.east.standing.count == 1 && ladder.east.engine.ikeSAs.count == 1)
    }

    // MARK: An authenticated peer that wants ever more

    private func ikeRekey(_ spi: UInt8) throws -> [Payload] {
        var random = SeededRandom(seed: UInt64(spi))
        let keyExchange = try KeyExchange(.ecp256, random: &random)
        return [
            .securityAssociation(
                ProposalNegotiation.wire(
                    Ladder.connection(isWest: true).ikeProposals, spi: [UInt8](repeating: spi, count: 8))),
            .nonce(random.octets(32)),
            .keyExchange(KeyExchangePayload(group: 19, data: keyExchange.publicValue)),
        ]
    }

    @Test func `of one IKE SA one replacement is made, and it is not waited for its Delete for ever`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        let ike = ladder.westIKE
        ladder.inject(try ladder.forge(ike, .createChildSA, 2, try ikeRekey(1)))
        #expect(ladder.east.engine.ikeSAs.count == 2)
        ladder.inject(try ladder.forge(ike, .createChildSA, 3, try ikeRekey(2)))
        #expect(ladder.east.engine.ikeSAs.count == 2)
        ladder.pass(.seconds(61))
        #expect(ladder.east.engine.ikeSAs.count == 1)
        #expect(ladder.east.standing.count == 1)
    }

    @Test func `Child SAs beyond the limit are refused with NO_ADDITIONAL_SAS`() throws {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        let ike = ladder.westIKE
        let connection = Ladder.connection(isWest: true)
        for number in 1...UInt32(Engine.childLimit) {
            ladder.inject(
                try ladder.forge(
                    ike, .createChildSA, 1 + number,
                    [
                        .securityAssociation(
                            ProposalNegotiation.wire(
                                connection.espProposals, spi: ESPSPI(1000 + number), withKeyExchange: false)),
                        .nonce([UInt8](repeating: 7, count: 16)),
                        .trafficSelectorsInitiator(connection.local.selectors),
                        .trafficSelectorsResponder(connection.remote.selectors),
                    ]))
        }
        #expect(ladder.east.standing.count == Engine.childLimit)
    }
}
