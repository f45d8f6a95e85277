import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// IKE over TCP (RFC 9329) in ladders.
@Suite struct StreamTests {
    private func ladder(
        _ transport: TransportPolicy = .tcp, change: (inout Connection, _ isWest: Bool) -> Void = { _, _ in }
    ) -> Ladder {
        Ladder { connection, isWest in
            connection.transport = transport
            change(&connection, isWest)
        }
    }

    @Test func `all messages of an IKE SA and its ESP take the connection that was opened for it`() throws {
        let ladder = ladder()
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.opened == [Endpoint(Ladder.eastAddress, port: 4500, transport: .tcp)])
        let west = Endpoint(Ladder.westAddress, port: 40001, transport: .tcp)
        let east = Endpoint(Ladder.eastAddress, port: 4500, transport: .tcp)
        #expect(ladder.wire.count == 4)
        for sent in ladder.wire {
            #expect(Set([sent.datagram.local, sent.datagram.remote]) == [west, east])
        }
        #expect(ladder.west.standing[0].encapsulation == .tcp(localPort: 40001, remotePort: 4500))
        #expect(ladder.east.standing[0].encapsulation == .tcp(localPort: 4500, remotePort: 40001))
    }

    @Test func `a NAT that was detected changes nothing over TCP`() throws {
        let ladder = ladder { connection, isWest in connection.encapsulation = .always }
        ladder.up()
        #expect(ladder.west.standing[0].encapsulation == .tcp(localPort: 40001, remotePort: 4500))
        #expect(ladder.west.engine.ikeSAs[0].remote.port == 4500)
    }

    @Test func `over TCP a long message is not cut up and none is sent twice`() throws {
        let ladder = ladder { connection, _ in
            let many = (0..<40).map { TrafficSelector(IPPrefix("10.0.\($0).0/24")!) }
            connection.local.selectors = many
            connection.remote.selectors = many
        }
        ladder.link = { sent, _ in sent.name == "IKE_AUTH response 1" ? [] : [sent.datagram] }
        ladder.up()
        let requests = ladder.wire.filter { $0.name == "IKE_AUTH request 1" }
        #expect(requests.count == 1 && requests[0].datagram.octets.count > 1000)
        ladder.pass(.seconds(59))
        #expect(ladder.wire.filter { $0.name == "IKE_AUTH request 1" }.count == 1)
        #expect(!ladder.west.has { if case .timedOut = $0 { true } else { false } })
        ladder.pass(.seconds(2))
        #expect(ladder.west.has { if case .timedOut = $0 { true } else { false } })
    }

    @Test func `a connection that is lost is opened again by who opened it, and the peer follows`() throws {
        let ladder = ladder()
        ladder.up()
        let before = ladder.west.engine.ikeSAs[0]
        ladder.report(ladder.east, .closed(local: before.remote, remote: before.local))
        #expect(ladder.opened.count == 1)
        ladder.report(ladder.west, .closed(local: before.local, remote: before.remote))
        #expect(ladder.opened.count == 2)
        let west = Endpoint(Ladder.westAddress, port: 40002, transport: .tcp)
        #expect(ladder.west.engine.ikeSAs.map(\.local) == [west])
        // An empty INFORMATIONAL has shown the way (RFC 9329 §6.1).
        #expect(ladder.wire.last?.name == "INFORMATIONAL response 2")
        #expect(ladder.east.engine.ikeSAs.map(\.remote) == [west])
        #expect(ladder.east.engine.childSAs.map(\.encapsulation) == [.tcp(localPort: 4500, remotePort: 40002)])
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `a request that waits is sent again over the new connection`() throws {
        let ladder = ladder()
        var isCut = true
        ladder.link = { sent, _ in isCut && sent.name == "IKE_AUTH request 1" ? [] : [sent.datagram] }
        ladder.up()
        isCut = false
        let ends = ladder.west.engine.ikeSAs[0]
        ladder.report(ladder.west, .closed(local: ends.local, remote: ends.remote))
        let requests = ladder.wire.filter { $0.name == "IKE_AUTH request 1" }
        #expect(requests.map(\.datagram.local.port) == [40001, 40002])
        #expect(requests[0].datagram.octets == requests[1].datagram.octets)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `a peer that takes connections and drops them is not asked in a loop`() throws {
        let ladder = ladder()
        ladder.up()
        ladder.link = { _, _ in [] }
        for _ in 0..<5 {
            let ends = ladder.west.engine.ikeSAs[0]
            ladder.report(ladder.west, .closed(local: ends.local, remote: ends.remote))
        }
        #expect(ladder.opened.count == 2)
        // 1 second after the second loss, 2 after the third, ...
        ladder.pass(.milliseconds(999))
        #expect(ladder.opened.count == 2)
    }

    @Test func `a message over UDP does not move an IKE SA that is on TCP`() throws {
        let ladder = ladder()
        ladder.up()
        let before = ladder.east.engine.ikeSAs[0]
        ladder.link = { sent, _ in
            guard sent.from == "west" else { return [sent.datagram] }
            var moved = sent.datagram
            moved.local = Endpoint(Ladder.westAddress, port: 7777)
            moved.remote = Endpoint(Ladder.eastAddress, port: 4500)
            return [moved]
        }
        ladder.tell(ladder.west, .probe(ladder.west.engine.ikeSAs[0].ike))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs[0].remote == before.remote)
    }

    @Test func `what came to nothing over UDP is tried over TCP next`() throws {
        let ladder = ladder(.udpThenTCP) { connection, _ in connection.retransmission.timeout = .seconds(10) }
        ladder.link = { sent, _ in sent.datagram.remote.transport == .udp ? [] : [sent.datagram] }
        ladder.up()
        #expect(ladder.opened.isEmpty)
        ladder.pass(.seconds(11))
        #expect(ladder.opened.count == 1)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        // A new SPI (RFC 9329 §5.1).
        let firsts = ladder.wire.filter { $0.name == "IKE_SA_INIT request 0" }
        #expect(firsts.first?.header.initiatorSPI != firsts.last?.header.initiatorSPI)
    }

    @Test func `a refused connection is told, and the attempt is over`() throws {
        let ladder = ladder()
        let failure = StreamFailure(socket: 9, code: 111, description: "Connection refused")
        ladder.stream = { purpose, _, remote, _ in .failed(purpose, remote: remote, failure) }
        ladder.up()
        #expect(ladder.west.story.suffix(2) == ["streamFailed", "initiationFinished"])
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.wire.isEmpty)
    }

    @Test func `an error in answer to IKE_SA_INIT over TCP is not waited on`() throws {
        let ladder = ladder { connection, isWest in
            if !isWest { connection.ikeProposals = [connection.ikeProposals[1]] }
            if isWest { connection.ikeProposals = [connection.ikeProposals[0]] }
        }
        ladder.up(staysUp: false)
        #expect(ladder.west.engine.ikeSAs.isEmpty)
        #expect(ladder.west.has { if case .ikeFailed(_, _, .refused(.noProposalChosen)) = $0 { true } else { false } })
        #expect(ladder.closed.map(\.port) == [40001])
    }

    @Test func `the connection is left when its last IKE SA is gone, and by who opened it`() throws {
        let ladder = ladder()
        ladder.up(staysUp: false)
        ladder.tell(ladder.west, .rekeyIKE(ladder.west.engine.ikeSAs[0].ike))
        ladder.settle()
        #expect(ladder.closed.isEmpty && ladder.opened.count == 1)
        ladder.tell(ladder.east, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
        #expect(ladder.closed == [Endpoint(Ladder.westAddress, port: 40001, transport: .tcp)])
    }

    @Test func `no cookie is asked for over TCP`() throws {
        let ladder = ladder()
        ladder.tell(ladder.east, .setHalfOpenLimits(cookieThreshold: 0, greatest: 100))
        ladder.up()
        #expect(ladder.wire.count == 4)
        #expect(ladder.west.isEstablished)
    }

    @Test func `an attempt that was given up leaves the connection that comes too late`() throws {
        let ladder = ladder()
        ladder.tell(ladder.west, .initiate(ConnectionID(1), staysUp: true))
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.closed.count == 1 && ladder.wire.isEmpty)
        #expect(ladder.west.engine.ikeSAs.isEmpty)
    }
}
