import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// Loss, duplication and hostile octets (RFC 7296 §2.1–2.3, §2.21).
@Suite struct LossTests {
    @Test(arguments: 0..<4)
    func `each of the four messages may be lost once`(_ lost: Int) {
        let ladder = Ladder()
        ladder.link = { sent, number in number == lost ? [] : [sent.datagram] }
        ladder.up()
        #expect(!ladder.west.isEstablished)
        ladder.pass(.seconds(1))
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
        #expect(ladder.west.standing[0].outbound.encryptionKey == ladder.east.standing[0].inbound.encryptionKey)
        #expect(ladder.west.has { if case .retransmitted(_, _, _, 1, _) = $0 { true } else { false } })
    }

    @Test func `every message may come twice and three times`() {
        let ladder = Ladder { connection, _ in connection.sessionResumption = true }
        ladder.link = { sent, _ in [sent.datagram, sent.datagram, sent.datagram] }
        ladder.up()
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
        #expect(ladder.east.engine.ikeSAs.count == 1)
    }

    @Test func `a retransmitted request gets the same response octet for octet`() throws {
        let ladder = Ladder()
        ladder.up()
        let request = try #require(ladder.wire.first { $0.name == "IKE_AUTH request 1" })
        let response = try #require(ladder.wire.first { $0.name == "IKE_AUTH response 1" })
        ladder.inject(
            Datagram(
                local: request.datagram.remote, remote: request.datagram.local, octets: request.datagram.octets))
        #expect(ladder.wire.last?.datagram == response.datagram)
        #expect(ladder.east.story.last == "responseRepeated")
        #expect(ladder.east.standing.count == 1)
    }

    @Test func `waits double and end at the timeout`() {
        let ladder = Ladder { connection, _ in
            connection.retransmission = RetransmissionSchedule(interval: .milliseconds(500), timeout: .seconds(10))
        }
        ladder.tell(ladder.west, .setImpairments(Impairments(skipRevival: true)))
        ladder.link = { _, _ in [] }
        ladder.up()
        ladder.pass(.seconds(20))
        let waits: [Duration] = ladder.west.events.compactMap {
            if case .retransmitted(_, _, _, _, let next) = $0 { next } else { nil }
        }
        #expect(waits == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(
            ladder.west.has {
                if case .timedOut(_, .initSent, .seconds(10), 5) = $0 { true } else { false }
            })
        #expect(ladder.west.engine.ikeSAs.isEmpty)
        #expect(Set(ladder.wire.map(\.datagram)).count == 1)
    }

    @Test func `revivals come after longer and longer waits`() {
        let ladder = Ladder { connection, _ in
            connection.retransmission = RetransmissionSchedule(interval: .milliseconds(500), timeout: .seconds(1))
        }
        ladder.link = { _, _ in [] }
        ladder.up()
        ladder.pass(.seconds(40))
        let delays: [Duration] = ladder.west.events.compactMap {
            if case .revivalScheduled(_, _, _, _, let delay) = $0 { delay } else { nil }
        }
        #expect(delays.prefix(4) == [.zero, .seconds(5), .seconds(10), .seconds(15)])
        ladder.link = { sent, _ in [sent.datagram] }
        ladder.pass(.seconds(60))
        #expect(ladder.west.isEstablished)
        #expect(ladder.west.engine.connections[0].revivalAttempts == 0)
        #expect(ladder.west.story.last == "initiationFinished")
    }

    @Test func `a peer that deletes each IKE SA as soon as it stands is answered after longer and longer waits`() {
        let ladder = Ladder()
        ladder.up()
        for _ in 0..<6 {
            for _ in 0..<60 where !ladder.east.isEstablished { ladder.pass(.seconds(1)) }
            ladder.tell(ladder.east, .deleteIKE(ladder.east.engine.ikeSAs[0].ike))
            ladder.settle()
        }
        let delays = ladder.west.events.compactMap {
            if case .revivalScheduled(_, _, _, _, let delay) = $0 { delay } else { nil }
        }
        #expect(delays == [0, 0, 0, 5, 10, 15].map { .seconds($0) })
        for _ in 0..<60 where !ladder.east.isEstablished { ladder.pass(.seconds(1)) }
        ladder.pass(.seconds(20))
        ladder.west.events = []
        ladder.tell(ladder.east, .deleteIKE(ladder.east.engine.ikeSAs[0].ike))
        ladder.settle()
        #expect(ladder.west.has { if case .revivalScheduled(_, _, _, _, .zero) = $0 { true } else { false } })
    }

    @Test func `an IKE SA whose Child SA is refused is no success: the waits go on growing`() {
        let ladder = Ladder { connection, isWest in
            if !isWest {
                connection.espProposals = [
                    ESPProposal(encryption: [CipherChoice(.aesCBC, keyBits: 192)], integrity: [.hmacSHA1_96])
                ]
            }
        }
        ladder.up()
        // East takes the IKE SA away too each time, as a peer may that has no use for it.
        for wait in [0, 5, 10] {
            ladder.tell(ladder.east, .terminate(ConnectionID(1)))
            ladder.settle()
            ladder.pass(.seconds(wait))
        }
        let delays: [Duration] = ladder.west.events.compactMap {
            if case .revivalScheduled(_, _, _, _, let delay) = $0 { delay } else { nil }
        }
        #expect(delays == [.zero, .seconds(5), .seconds(10), .seconds(15)])
        // The first revival, which does not wait, asks on the IKE SA that stands; the others make a new one.
        #expect(ladder.west.story.filter { $0 == "ikeEstablished" }.count == 3)
    }

    @Test func `a liveness check finds out that the peer is gone`() {
        let ladder = Ladder { connection, isWest in
            if isWest { connection.livenessDelay = .seconds(5) }
        }
        ladder.up()
        ladder.pass(.seconds(12))
        #expect(ladder.west.has { if case .livenessConfirmed = $0 { true } else { false } })
        ladder.link = { _, _ in [] }
        ladder.pass(.seconds(70))
        #expect(ladder.west.has { if case .timedOut(_, .established, _, _) = $0 { true } else { false } })
        #expect(ladder.west.standing.isEmpty)
    }

    @Test func `fragments carry what is too long, in any order, and a lost one is made up for`() throws {
        for lost in [nil, 3] as [Int?] {
            let profile = WireProfile(fragmentPacketOctetsV4: 200)
            let ladder = Ladder(westProfile: profile, eastProfile: profile) { connection, _ in
                connection.sessionResumption = true
            }
            var held: [Datagram] = []
            ladder.link = { sent, number in
                if number == lost { return [] }
                // Of each pair of fragments the second goes first.
                if sent.name == "IKE_AUTH request 1", held.isEmpty, number > 2 {
                    held = [sent.datagram]
                    return []
                }
                defer { held = [] }
                return [sent.datagram] + held
            }
            ladder.up()
            ladder.pass(.seconds(4))
            #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
            let sizes = ladder.wire.filter { $0.header.exchangeType == .ikeAuth }.map(\.datagram.octets.count)
            #expect(sizes.count > 4 && sizes.allSatisfy { $0 + 28 <= 200 })
            #expect(
                ladder.west.has {
                    if case .responseReceived(_, .ikeAuth, _, _, let fragments) = $0 { fragments > 1 } else { false }
                })
        }
    }

    @Test func `a peer that has not negotiated fragments gets none`() {
        let profile = WireProfile(fragmentPacketOctetsV4: 200)
        let ladder = Ladder(westProfile: profile, eastProfile: profile) { connection, isWest in
            connection.fragmentation = isWest
        }
        ladder.up()
        #expect(ladder.west.isEstablished)
        #expect(ladder.wire.count == 4)
    }

    @Test func `no corrupted octet of any message brings an end down or through`() {
        let clean = Ladder()
        clean.up()
        for (index, sent) in clean.wire.enumerated() {
            for octet in sent.datagram.octets.indices {
                let ladder = Ladder { connection, _ in
                    connection.retransmission = RetransmissionSchedule(interval: .seconds(1), timeout: .seconds(9))
                }
                ladder.link = { sent, number in
                    var datagram = sent.datagram
                    if number == index { datagram.octets[octet] ^= 0x41 }
                    return [datagram]
                }
                ladder.up()
                // Whatever it was, both ends agree or are on the way to it.
                if let west = ladder.west.standing.first, let east = ladder.east.standing.first {
                    #expect(west.outbound.encryptionKey == east.inbound.encryptionKey)
                }
            }
        }
    }

    @Test func `random octets are dropped with a reason`() {
        let ladder = Ladder()
        ladder.up()
        var random = SeededRandom(seed: 3)
        let events = ladder.east.events.count
        for _ in 0..<500 {
            let size = Int(random.octets(1)[0])
            ladder.inject(
                Datagram(
                    local: Endpoint(Ladder.eastAddress, port: 500), remote: Endpoint(Ladder.westAddress, port: 500),
                    octets: random.octets(size)))
        }
        #expect(ladder.east.events.count >= events + 500)
        #expect(ladder.east.story.dropFirst(events).allSatisfy { $0 == "dropped" })
        #expect(ladder.east.isEstablished)
    }
}
