import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// Messages that anybody can have sent make an end do little, and seldom (RFC 7296 §1.5, §2.4, §2.21.4).
@Suite struct UnprotectedMessageTests {
    /// A complaint about an SPI, as who knows no IKE SA sends it: from west's address to east.
    private func complaint(
        _ spi: [UInt8], isResponse: Bool = false, type: NotifyType = .invalidSPI, number: UInt64 = 0,
        from address: IPAddress = Ladder.westAddress
    ) -> Datagram {
        let header = IKEHeader(
            initiatorSPI: IKESPI(number), responderSPI: .zero, exchangeType: .informational, isInitiator: true,
            isResponse: isResponse, messageID: 0)
        return Datagram(
            local: Endpoint(Ladder.eastAddress, port: 500), remote: Endpoint(address, port: 500),
            octets: Message(header: header, payloads: [.notify(NotifyPayload(type: type, data: spi))]).encoded())
    }

    private func probes(_ ladder: Ladder) -> Int {
        ladder.wire.filter { $0.from == "east" && !$0.header.isResponse }.count
    }

    private func quiet() -> (ladder: Ladder, spi: [UInt8]) {
        let ladder = Ladder()
        ladder.up(staysUp: false)
        ladder.pass(.seconds(30))
        return (ladder, ladder.east.standing[0].outbound.spi.octets)
    }

    @Test func `a peer that may have lost a Child SA is asked whether it lives, and nothing is answered`() {
        let (ladder, spi) = quiet()
        let before = ladder.wire.count
        ladder.inject(complaint(spi))
        #expect(ladder.wire.dropFirst(before).map(\.name) == ["INFORMATIONAL request 0", "INFORMATIONAL response 0"])
        #expect(ladder.wire[before].from == "east")
        #expect(ladder.east.has { if case .livenessConfirmed = $0 { true } else { false } })
        #expect(ladder.east.drops == [.unknownSPI])
        #expect(ladder.east.isEstablished && ladder.east.standing.count == 1)
        // It lives: for a while nobody is believed.
        for number in 0..<100 { ladder.inject(complaint(spi, number: UInt64(number))) }
        #expect(probes(ladder) == 1)
        ladder.pass(.seconds(11))
        ladder.inject(complaint(spi))
        #expect(probes(ladder) == 2)
    }

    @Test func `a peer that has started anew is found out by a complaint`() {
        let (ladder, spi) = quiet()
        ladder.link = { sent, _ in sent.from == "east" ? [] : [sent.datagram] }
        ladder.inject(complaint(spi))
        ladder.pass(.seconds(61))
        #expect(ladder.east.engine.ikeSAs.isEmpty && ladder.east.standing.isEmpty)
    }

    @Test func `what fits nothing does nothing`() {
        let (ladder, spi) = quiet()
        ladder.inject(complaint([1, 2, 3, 4]))
        ladder.inject(complaint(ladder.east.standing[0].inbound.spi.octets))
        ladder.pass(.seconds(10))
        ladder.inject(complaint(spi, from: IPAddress("192.1.2.99")!))
        ladder.inject(complaint(Array(spi.dropLast())))
        ladder.pass(.seconds(10))
        ladder.inject(complaint(spi, isResponse: true))
        ladder.inject(complaint(spi, type: .invalidIKESPI))
        #expect(probes(ladder) == 0)
        #expect(ladder.east.drops == Array(repeating: .unknownSPI, count: 6))
    }

    @Test func `complaints about many Child SAs cost a question a second`() {
        let (ladder, spi) = quiet()
        // Guesses use up what there is; the right one is heard again when there is something.
        for number in 0..<1000 { ladder.inject(complaint([9, 9, 9, 9], number: UInt64(number))) }
        ladder.inject(complaint(spi))
        #expect(probes(ladder) == 0)
        ladder.pass(.seconds(2))
        ladder.inject(complaint(spi))
        #expect(probes(ladder) == 1)
    }

    @Test func `answers in clear are few where questions are many`() throws {
        let ladder = Ladder()
        var odd = try #require(
            {
                ladder.up(staysUp: false)
                return ladder.wire.first
            }()
        ).datagram
        odd = Datagram(local: odd.remote, remote: odd.local, octets: odd.octets)
        odd.octets[17] = 0x30
        let before = ladder.wire.count
        for number in 0..<1000 {
            odd.octets[23] = UInt8(truncatingIfNeeded: number)
            ladder.inject(odd)
        }
        #expect(ladder.wire.count - before == 50)
        #expect(ladder.east.drops.count { $0 == .unsupportedVersion } == 1000)
        ladder.pass(.seconds(1))
        for _ in 0..<100 { ladder.inject(odd) }
        #expect(ladder.wire.count - before == 100)
        // Who has something to say is heard.
        ladder.tell(ladder.west, .probe(ladder.westIKE.id))
        ladder.settle()
        #expect(ladder.west.has { if case .livenessConfirmed = $0 { true } else { false } })
    }

    /// First requests of anybody, each of another IKE SA.
    private func answers(
        _ ladder: Ladder, _ exchange: ExchangeType, _ payloads: [Payload], from address: IPAddress = Ladder.westAddress
    ) -> Int {
        let before = ladder.wire.count
        for number in 1...200 {
            let header = IKEHeader(
                initiatorSPI: IKESPI(UInt64(number)), responderSPI: .zero, exchangeType: exchange, isInitiator: true,
                isResponse: false, messageID: 0)
            ladder.inject(
                Datagram(
                    local: Endpoint(Ladder.eastAddress, port: 500), remote: Endpoint(address, port: 500),
                    octets: Message(header: header, payloads: payloads).encoded()))
        }
        return ladder.wire.count - before
    }

    @Test func `each kind of answer to a first request is limited, but for cookies`() throws {
        let nonce = Payload.nonce([UInt8](repeating: 1, count: 32))
        let first = Ladder()
        first.up(staysUp: false)
        let request = try Message(parsing: first.wire[0].datagram.octets).payloads
        #expect(answers(Ladder(), .ikeSAInit, [nonce]) == 50)
        #expect(answers(Ladder(), .ikeSAInit, request, from: IPAddress("192.1.2.99")!) == 50)
        #expect(answers(Ladder(), .ikeSessionResume, [nonce]) == 50)
        let refusing = Ladder()
        #expect(
            answers(
                refusing, .ikeSessionResume, [nonce, .notify(NotifyPayload(type: .ticketOpaque, data: [1, 2, 3]))])
                == 50)
        // What is said to be answered was.
        #expect(refusing.east.events.count { if case .ticketRefused = $0 { true } else { false } } == 50)
        #expect(refusing.east.drops == Array(repeating: .answeredSeldom, count: 150))
        let redirecting = Ladder()
        redirecting.tell(redirecting.east, .setGlobalRedirect(IPAddress("192.1.2.99")!))
        let supported = Payload.notify(NotifyPayload(type: .redirectSupported))
        #expect(answers(redirecting, .ikeSAInit, request + [supported]) == 50)
        #expect(redirecting.east.events.count { if case .redirectSent = $0 { true } else { false } } == 50)
        #expect(answers(Ladder(eastProfile: WireProfile(cookieThreshold: 0)), .ikeSAInit, request) == 200)
    }

    @Test func `a rate allows its burst, and then what has grown back`() {
        var limit = RateLimit(burst: 3, interval: .seconds(2))
        func admitted(_ seconds: Int, of count: Int = 10) -> Int {
            (0..<count).count { _ in limit.admits(at: .zero + .seconds(seconds)) }
        }
        #expect(admitted(0) == 3)
        #expect(admitted(1) == 0)
        #expect(admitted(2) == 1)
        #expect(admitted(5) == 1)
        #expect(admitted(6) == 1)
        #expect(admitted(1000) == 3)
    }
}
