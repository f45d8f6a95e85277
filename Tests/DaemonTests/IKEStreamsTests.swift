import Daemon
import Glibc
import IKEModel
import LinuxSystem
import NetAddress
import Testing

/// Streams on a free port, or on none, that note what comes.
private final class Bench {
    let loop: EventLoop
    let streams: IKEStreams
    var messages: [(octets: [UInt8], ends: IKEStreams.Ends)] = []
    var reports: [StreamReport] = []
    var used: Set<IKEStreams.Ends> = []

    init(_ loop: EventLoop, listens: Bool) {
        self.loop = loop
        streams = IKEStreams(loop: loop, mark: nil)
        streams.onMessage = { [unowned self] in messages.append((Array($0), $1)) }
        streams.onReport = { [unowned self] in reports.append($0) }
        streams.inUse = { [unowned self] in used }
        if listens { #expect(streams.listen(ports: [0]).isEmpty) }
    }

    var opened: IKEStreams.Ends? {
        for case .opened(_, let local, let remote) in reports { return .init(local: local, remote: remote) }
        return nil
    }
}

private let here = IPAddress("127.0.0.2")!

@Suite struct IKEStreamsTests {
    private func pair(_ address: IPAddress = here) throws -> (loop: EventLoop, west: Bench, east: Bench) {
        let loop = try EventLoop()
        let west = Bench(loop, listens: false)
        let east = Bench(loop, listens: true)
        let remote = Endpoint(address, port: east.streams.ports[0], transport: .tcp)
        let failure = west.streams.open(
            .initiate(ConnectionID(1)), local: address, remote: remote, timeout: .seconds(60))
        #expect(failure == nil)
        #expect(try loop.turn { west.opened != nil })
        return (loop, west, east)
    }

    @Test(arguments: ["127.0.0.2", "::1"])
    func `a message goes each way, and ESP between them`(_ address: String) throws {
        let (loop, west, east) = try pair(IPAddress(address)!)
        let ends = try #require(west.opened)
        try west.streams.transmit(Datagram(local: ends.local, remote: ends.remote, octets: [1, 2, 3]))
        let frames: [UInt8] = [0, 7, 9, 9, 9, 9, 1] + [0, 7, 9, 9, 9, 9, 2]
        #expect(frames.withUnsafeBytes { west.streams.send($0, over: ends) })
        #expect(try loop.turn { east.messages.count == 3 })
        #expect(east.messages.map(\.octets) == [[0, 0, 0, 0, 1, 2, 3], [9, 9, 9, 9, 1], [9, 9, 9, 9, 2]])
        let back = east.messages[0].ends
        #expect(back.local == ends.remote && back.remote == ends.local)
        try east.streams.transmit(Datagram(local: back.local, remote: back.remote, octets: [4]))
        #expect(try loop.turn { !west.messages.isEmpty })
        #expect(west.messages[0].octets == [0, 0, 0, 0, 4])
    }

    @Test func `a connection that nobody takes is a report with the errno`() throws {
        let loop = try EventLoop()
        let west = Bench(loop, listens: false)
        let east = Bench(loop, listens: true)
        let remote = Endpoint(here, port: east.streams.ports[0], transport: .tcp)
        east.streams.shutdown()
        let atOnce = west.streams.open(.initiate(ConnectionID(1)), local: here, remote: remote, timeout: .seconds(60))
        if let atOnce { west.reports.append(atOnce) }
        #expect(try loop.turn { !west.reports.isEmpty })
        guard case .failed(.initiate(ConnectionID(1)), remote, let failure)? = west.reports.first else {
            Issue.record("\(west.reports)")
            return
        }
        #expect(failure.code == ECONNREFUSED && failure.socket >= 0)
    }

    @Test func `the end of a connection is told to both, but not to who closed it`() throws {
        let (loop, west, east) = try pair()
        let ends = try #require(west.opened)
        #expect(try loop.turn { east.streams.count == 1 })
        west.streams.close(ends)
        #expect(try loop.turn { !east.reports.isEmpty })
        #expect(east.reports == [.closed(local: ends.remote, remote: ends.local)])
        #expect(west.reports.count == 1 && west.streams.count == 0 && east.streams.count == 0)
        #expect(throws: SystemError.self) {
            try west.streams.transmit(Datagram(local: ends.local, remote: ends.remote, octets: [1]))
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "IKETCP\u{0}\u{1}"])
    func `a stranger who speaks something else is closed`(_ text: String) throws {
        let loop = try EventLoop()
        let east = Bench(loop, listens: true)
        let remote = Endpoint(here, port: east.streams.ports[0], transport: .tcp)
        let (socket, _) = try TCPSocket.connecting(from: here, to: remote)
        #expect(try loop.turn { east.streams.count == 1 })
        var octets = Array(text.utf8)
        _ = try octets.withUnsafeMutableBytes { try socket.send(UnsafeRawBufferPointer($0)) }
        #expect(try loop.turn { east.streams.count == 0 })
        #expect(east.messages.isEmpty)
    }

    @Test func `of one address only so many connections are kept`() throws {
        let loop = try EventLoop()
        let east = Bench(loop, listens: true)
        let remote = Endpoint(here, port: east.streams.ports[0], transport: .tcp)
        var sockets: [TCPSocket] = []
        for _ in 0..<(IKEStreams.acceptedLimitPerAddress + 40) {
            sockets.append(try TCPSocket.connecting(from: here, to: remote).socket)
            try loop.turn(waitingAtMost: .zero)
        }
        try loop.turn(for: .milliseconds(50))
        #expect(east.streams.count == IKEStreams.acceptedLimitPerAddress)
    }

    @Test func `a peer that does not read costs no more than the queue's limit, and IKE goes on once it reads`() throws
    {
        let (loop, west, east) = try pair()
        let ends = try #require(west.opened)
        #expect(try loop.turn { east.streams.count == 1 })
        let frame: [UInt8] = [0xfa, 0] + [UInt8](repeating: 9, count: 0xfa00 - 2)
        var taken = 0
        // East's loop does not turn: nothing is read.
        for _ in 0..<1000 where frame.withUnsafeBytes({ west.streams.send($0, over: ends) }) { taken += 1 }
        #expect(taken < 1000)
        #expect(throws: SystemError.self) {
            for _ in 0..<2000 {
                try west.streams.transmit(
                    Datagram(local: ends.local, remote: ends.remote, octets: [UInt8](repeating: 1, count: 1000)))
            }
        }
        // Frames of strangers are limited; the engine has an IKE SA on this one.
        east.used = [.init(local: ends.remote, remote: ends.local)]
        east.streams.sweep(at: EventLoop.nowNanoseconds)
        #expect(try loop.turn { east.messages.filter { $0.octets.count > 60_000 }.count == taken })
        try west.streams.transmit(Datagram(local: ends.local, remote: ends.remote, octets: [7]))
        #expect(try loop.turn { east.messages.last?.octets == [0, 0, 0, 0, 7] })
    }

    @Test func `a connection without an IKE SA is closed after a while, one with an IKE SA is not`() throws {
        let (loop, west, east) = try pair()
        let ends = try #require(west.opened)
        #expect(try loop.turn { east.streams.count == 1 })
        let now = EventLoop.nowNanoseconds
        east.used = [.init(local: ends.remote, remote: ends.local)]
        east.streams.sweep(at: now + 60_000_000_000)
        #expect(east.streams.count == 1)
        east.used = []
        east.streams.sweep(at: now + 69_000_000_000)
        #expect(east.streams.count == 1)
        east.streams.sweep(at: now + 71_000_000_000)
        #expect(east.streams.count == 0)
    }
}
