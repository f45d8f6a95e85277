import CLinux
import Daemon
import Glibc
import IKEModel
import LinuxSystem
import NetAddress
import Testing

/// Sockets on free ports that note what comes.
private final class Bench {
    let loop: EventLoop
    let sockets: IKESockets
    var datagrams: [Datagram] = []
    var encapsulated: [(octets: [UInt8], local: Endpoint, remote: Endpoint)] = []
    var port: UInt16 { sockets.ports[0] }

    init() throws {
        loop = try EventLoop()
        sockets = IKESockets(loop: loop, mark: 0x5357)
        sockets.onDatagram = { [unowned self] in datagrams.append($0) }
        sockets.onEncapsulated = { [unowned self] in encapsulated.append((Array($0), $1, $2)) }
        #expect(sockets.listen(ports: [0]).isEmpty)
        #expect(sockets.ports.count == 1)
    }
}

private func address(_ text: String) -> IPAddress { IPAddress(text)! }

@Suite struct IKESocketsTests {
    @Test(arguments: [("127.0.0.2", "127.0.0.3"), ("127.0.0.77", "127.0.0.77"), ("::1", "::1")])
    func `a datagram tells both its ends, and the answer leaves from where it was sent to`(
        _ west: String, _ east: String
    ) throws {
        let bench = try Bench()
        let peer = try UDPSocket(address(east).family, port: 0)
        let batch = UDPBatch(slots: 4)
        let local = Endpoint(address(west), port: bench.port)
        let remote = Endpoint(address(east), port: peer.port)
        // On a port other than 500 the non-ESP marker stands before IKE.
        try peer.send([0, 0, 0, 0, 1, 2, 3], from: remote.address, to: local)
        #expect(try bench.loop.turn { !bench.datagrams.isEmpty })
        #expect(bench.datagrams == [Datagram(local: local, remote: remote, octets: [1, 2, 3])])

        try bench.sockets.transmit(Datagram(local: local, remote: remote, octets: [9, 8, 7]))
        var received: [(octets: [UInt8], local: Endpoint, remote: Endpoint)] = []
        #expect(
            try bench.loop.turn {
                _ = batch.receive(peer) { received.append((Array($0), $1, $2)) }
                return !received.isEmpty
            })
        #expect(received[0].octets == [0, 0, 0, 0, 9, 8, 7])
        #expect(received[0].local == remote)
        #expect(received[0].remote == local)
    }

    @Test func `the first octets tell IKE, ESP and keepalives apart`() throws {
        let bench = try Bench()
        let peer = try UDPSocket(.v4, port: 0)
        let local = Endpoint(address("127.0.0.2"), port: bench.port)
        func send(_ octets: [UInt8]) throws { try peer.send(octets, from: address("127.0.0.3"), to: local) }
        try send([0xff])
        try send([0, 0, 0])
        try send([0, 0, 0, 1, 5])
        try send([0, 0, 0, 0])
        try send([0, 0, 0, 0, 6])
        #expect(try bench.loop.turn { bench.datagrams.count == 2 })
        #expect(bench.datagrams.map(\.octets) == [[], [6]])
        #expect(bench.encapsulated.map(\.octets) == [[0, 0, 0, 1, 5]])
        #expect(bench.encapsulated[0].local == local)
        #expect(bench.encapsulated[0].remote == Endpoint(address("127.0.0.3"), port: peer.port))
    }

    @Test func `more datagrams than one batch takes all come, in order`() throws {
        let bench = try Bench()
        let peer = try UDPSocket(.v4, port: 0)
        for number in 0..<200 {
            try peer.send(
                [0, 0, 0, 0, UInt8(number)], from: address("127.0.0.3"),
                to: Endpoint(address("127.0.0.2"), port: bench.port))
        }
        #expect(try bench.loop.turn { bench.datagrams.count == 200 })
        #expect(bench.datagrams.map { $0.octets[0] } == (0..<200).map { UInt8($0) })
    }

    /// One system call, one datagram of the kernel, until it is cut up (UDP_SEGMENT, udp(7)).
    private func sendRun(_ octets: [UInt8], of length: UInt16, from peer: UDPSocket, to remote: Endpoint) {
        let queue = DatagramQueue(capacity: 1, partsPerMessage: 1)
        var octets = octets
        let target = DatagramAddress(remote)
        octets.withUnsafeMutableBytes { octets in
            target.withPointer { address, addressLength in
                let message = queue.begin()
                queue.addPart(message, octets.baseAddress!, octets.count)
                queue.setDestination(message, UnsafeMutableRawPointer(mutating: address), addressLength)
                queue.addControl(message, level: LX_SOL_UDP, type: LX_UDP_SEGMENT, length)
                #expect(queue.flush(to: peer.descriptor.rawValue) == 0)
            }
        }
    }

    @Test func `a run of datagrams comes as one of the kernel's, and each of them is told`() throws {
        let peer = try UDPSocket(.v4, port: 0)
        let here = try UDPSocket(.v4, port: 0, joinsDatagrams: true)
        let octets = (0..<450).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        sendRun(octets, of: 100, from: peer, to: Endpoint(address("127.0.0.2"), port: here.port))
        let batch = UDPBatch(slots: 8)
        var received: [[UInt8]] = []
        var ends: Set<Endpoint> = []
        let count = batch.receive(here) {
            received.append(Array($0))
            ends.insert($1)
            #expect($2.port == peer.port)
        }
        #expect(count == 1)
        #expect(received.map(\.count) == [100, 100, 100, 100, 50])
        #expect(received.flatMap { $0 } == octets)
        #expect(ends == [Endpoint(address("127.0.0.2"), port: here.port)])
    }

    @Test func `IKE and ESP of one run are told apart`() throws {
        let bench = try Bench()
        let peer = try UDPSocket(.v4, port: 0)
        let run: [UInt8] = [1, 1, 1, 1, 10] + [0, 0, 0, 0, 20] + [2, 2, 2, 2, 30] + [0, 0, 0, 0]
        sendRun(run, of: 5, from: peer, to: Endpoint(address("127.0.0.2"), port: bench.port))
        #expect(try bench.loop.turn { bench.datagrams.count == 2 })
        #expect(bench.datagrams.map(\.octets) == [[20], []])
        #expect(bench.encapsulated.map(\.octets) == [[1, 1, 1, 1, 10], [2, 2, 2, 2, 30]])
    }

    @Test func `a message near the greatest size passes`() throws {
        let bench = try Bench()
        let peer = try UDPSocket(.v4, port: 0)
        let octets = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try peer.send(
            octets, from: address("127.0.0.3"), to: Endpoint(address("127.0.0.2"), port: bench.port), markerOctets: 4)
        #expect(try bench.loop.turn { !bench.datagrams.isEmpty })
        #expect(bench.datagrams[0].octets == octets)
    }

    @Test func `an unreachable peer is no end: the socket goes on`() throws {
        let bench = try Bench()
        let nobody = try UDPSocket(.v4, port: 0)
        let closed = Endpoint(address("127.0.0.3"), port: nobody.port)
        nobody.descriptor.close()
        let local = Endpoint(address("127.0.0.2"), port: bench.port)
        for _ in 0..<3 {
            try? bench.sockets.transmit(Datagram(local: local, remote: closed, octets: [1]))
            try bench.loop.turn(for: .milliseconds(2))
        }
        let peer = try UDPSocket(.v4, port: 0)
        try peer.send([0, 0, 0, 0, 4], from: address("127.0.0.3"), to: local)
        #expect(try bench.loop.turn { bench.datagrams.map(\.octets) == [[4]] })
    }

    @Test func `a datagram from a port without a socket is an error and not a trap`() throws {
        let bench = try Bench()
        #expect(throws: SystemError.self) {
            try bench.sockets.transmit(
                Datagram(
                    local: Endpoint(address("127.0.0.2"), port: 1), remote: Endpoint(address("127.0.0.3"), port: 1),
                    octets: [1]))
        }
    }

    @Test func `a socket of one address takes what is for it, and both go on hearing`() throws {
        let bench = try Bench()
        let here = Endpoint(address("127.0.0.9"), port: bench.port)
        let descriptor = try #require(bench.sockets.descriptor(sendingFrom: here))
        #expect(bench.sockets.descriptor(sendingFrom: here) == descriptor)
        #expect(bench.sockets.descriptor(sendingFrom: Endpoint(address("192.0.2.1"), port: bench.port)) == nil)
        #expect(bench.sockets.descriptor(sendingFrom: Endpoint(address("127.0.0.9"), port: 1)) == nil)
        let peer = try UDPSocket(.v4, port: 0)
        for target in ["127.0.0.9", "127.0.0.10"] {
            let local = Endpoint(address(target), port: bench.port)
            try peer.send([0, 0, 0, 0, 4], from: address("127.0.0.3"), to: local)
            #expect(try bench.loop.turn { bench.datagrams.last?.local == local })
        }
        #expect(bench.datagrams.count == 2)
    }

    @Test func `a port that is taken is told, one that is no longer wished is closed`() throws {
        let bench = try Bench()
        let taken = bench.port
        let other = IKESockets(loop: bench.loop, mark: nil)
        let failures = other.listen(ports: [taken])
        #expect(failures.map(\.code) == [EADDRINUSE])
        #expect(other.ports.isEmpty)
        #expect(bench.sockets.listen(ports: []).isEmpty)
        #expect(bench.sockets.ports.isEmpty)
        #expect(other.listen(ports: [taken]).isEmpty)
        other.shutdown()
    }
}
