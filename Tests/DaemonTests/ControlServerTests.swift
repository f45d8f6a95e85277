import Control
import Daemon
import DialectKit
import Glibc
import LinuxSystem
import Testing

/// A server on a socket of its own, which notes what it is asked; clients are in the same thread, so order is certain.
private final class Bench {
    let folder: TemporaryFolder
    let loop: EventLoop
    let server: ControlServer
    var requests: [(session: SessionID, request: ClientRequest)] = []
    var disconnected: [SessionID] = []
    var answer: (SessionID, ClientRequest) -> Void = { _, _ in }
    var path: String { folder.path + "/ctl" }

    init(_ limits: ControlServer.Limits = .init()) throws {
        folder = try TemporaryFolder()
        loop = try EventLoop()
        server = try ControlServer(loop: loop, listener: UnixListener(folder.path + "/ctl"), limits: limits)
        server.onRequest = { [unowned self] in
            requests.append(($0, $1))
            answer($0, $1)
        }
        server.onDisconnect = { [unowned self] in disconnected.append($0) }
    }

    /// A client that never blocks.
    func connect() throws -> UnixSocket {
        let socket = try UnixSocket.connect(path)
        try socket.descriptor.setNonBlocking()
        return socket
    }

    func request(_ arguments: [String]) throws -> UnixSocket {
        let client = try connect()
        try client.send(ControlMessage.request(arguments: arguments, workingDirectory: "/somewhere").octets)
        return client
    }
}

extension UnixSocket {
    /// All messages that wait, and whether the connection has ended behind them.
    fileprivate func drain() throws -> (messages: [ControlMessage?], ended: Bool) {
        var buffer = [UInt8](repeating: 0, count: ControlMessage.greatestOctetCount)
        var messages: [ControlMessage?] = []
        do throws(SystemError) {
            while let packet = try receive(into: &buffer) { messages.append(ControlMessage(parsing: packet)) }
            return (messages, true)
        } catch {
            guard error.code == EAGAIN else { throw error }
            return (messages, false)
        }
    }
}

@Suite struct ControlServerTests {
    @Test func `a request is answered with output, errors and a status, in order`() throws {
        let bench = try Bench()
        bench.answer = { session, _ in
            bench.server.write("one\n", to: session)
            bench.server.write("two\n", to: session, isError: true)
            bench.server.write("three\n", to: session)
            bench.server.finish(session, status: 7)
        }
        let client = try bench.request(["ipsec", "up", "west-east"])
        #expect(try bench.loop.turn { !bench.requests.isEmpty })
        #expect(bench.requests[0].request.arguments == ["ipsec", "up", "west-east"])
        #expect(bench.requests[0].request.workingDirectory == "/somewhere")
        let (messages, ended) = try client.drain()
        #expect(
            messages == [
                .output(Array("one\n".utf8)), .errorOutput(Array("two\n".utf8)), .output(Array("three\n".utf8)),
                .finished(status: 7, daemonEnds: false),
            ])
        #expect(ended)
        #expect(bench.server.sessionCount == 0)
        #expect(bench.disconnected.isEmpty)
    }

    @Test(arguments: [[0x5a], Array("R/tmp\0".utf8), Array("x1234".utf8), [UInt8](repeating: 0x52, count: 66_000)])
    func `a malformed request gets an error and an end, and the next client is served`(_ packet: [UInt8]) throws {
        let bench = try Bench()
        bench.answer = { session, _ in bench.server.finish(session, status: 0) }
        let client = try bench.connect()
        try client.send(packet)
        var received: (messages: [ControlMessage?], ended: Bool) = ([], false)
        #expect(
            try bench.loop.turn {
                let more = try client.drain()
                received = (received.messages + more.messages, more.ended)
                return more.ended
            })
        #expect(
            received.messages == [
                .errorOutput(Array("swand: malformed request\n".utf8)), .finished(status: 2, daemonEnds: false),
            ])
        #expect(bench.requests.isEmpty)
        let next = try bench.request(["whack"])
        #expect(try bench.loop.turn { !bench.requests.isEmpty })
        #expect(try next.drain().messages == [.finished(status: 0, daemonEnds: false)])
    }

    @Test func `a client that does not read is disconnected at the limit while another is served`() throws {
        let bench = try Bench(.init(backlogOctets: 1 << 20))
        let slow = try bench.request(["slow"])
        #expect(try bench.loop.turn { bench.requests.count == 1 })
        let session = bench.requests[0].session
        let text = String(repeating: "x", count: 100_000)
        var written = 0
        while bench.server.sessionCount == 1 && written < 10_000_000 {
            bench.server.write(text, to: session)
            written += text.utf8.count
        }
        #expect(bench.server.sessionCount == 0)
        // The limit, and what the kernel's buffer takes before it.
        #expect((1 << 20)...(3 << 20) ~= written)
        bench.answer = { session, _ in bench.server.finish(session, status: 0) }
        let other = try bench.request(["other"])
        #expect(try bench.loop.turn { bench.requests.count == 2 && bench.disconnected == [session] })
        #expect(try other.drain().messages == [.finished(status: 0, daemonEnds: false)])
        bench.server.write("to nobody", to: session)
        _ = slow
    }

    @Test func `a client that reads late gets everything`() throws {
        let bench = try Bench()
        let client = try bench.request(["status"])
        #expect(try bench.loop.turn { bench.requests.count == 1 })
        let session = bench.requests[0].session
        var expected: [UInt8] = []
        for number in 0..<2000 {
            let line = "line \(number) " + String(repeating: "y", count: 1000) + "\n"
            expected += Array(line.utf8)
            bench.server.write(line, to: session)
        }
        bench.server.finish(session, status: 3)
        var received: [UInt8] = []
        var status: Int32?
        #expect(
            try bench.loop.turn {
                let (messages, ended) = try client.drain()
                for message in messages {
                    switch message {
                    case .output(let octets): received += octets
                    case .finished(let value, _): status = value
                    default: Issue.record("\(String(describing: message))")
                    }
                }
                return ended
            })
        #expect(received == expected)
        #expect(status == 3)
        #expect(bench.server.sessionCount == 0)
    }

    @Test func `a long text is cut into packets that the protocol allows`() throws {
        let bench = try Bench()
        let text = String(repeating: "z", count: 3 * ControlMessage.outputChunkOctets + 5)
        bench.answer = { session, _ in
            bench.server.write(text, to: session)
            bench.server.finish(session, status: 0)
        }
        let client = try bench.request(["status"])
        #expect(try bench.loop.turn { bench.server.sessionCount == 0 && !bench.requests.isEmpty })
        let messages = try client.drain().messages
        #expect(messages.count == 5)
        let joined = messages.flatMap { message -> [UInt8] in
            if case .output(let octets)? = message { return octets }
            return []
        }
        #expect(joined == Array(text.utf8))
    }

    @Test func `many clients are served at once, each its own answer`() throws {
        let bench = try Bench()
        let clients = try (0..<100).map { try bench.request(["client", String($0)]) }
        #expect(try bench.loop.turn { bench.requests.count == 100 })
        for (session, request) in bench.requests.reversed() {
            bench.server.write("for \(request.arguments[1])\n", to: session)
            bench.server.finish(session, status: Int32(request.arguments[1])!)
        }
        for (number, client) in clients.enumerated() {
            #expect(
                try client.drain().messages == [
                    .output(Array("for \(number)\n".utf8)), .finished(status: Int32(number), daemonEnds: false),
                ])
        }
    }

    @Test func `a client beyond the limit is turned away and the others stay`() throws {
        let bench = try Bench(.init(sessions: 2))
        let clients = try (0..<3).map { try bench.request(["client", String($0)]) }
        #expect(try bench.loop.turn { bench.requests.count == 2 })
        try bench.loop.turn(for: .milliseconds(10))
        #expect(bench.requests.count == 2)
        #expect(bench.server.sessionCount == 2)
        #expect(throws: SystemError.self) {
            // The end of the connection, or ECONNRESET as its request was not read.
            if try clients[2].drain().ended { throw SystemError("recvmsg", code: ECONNRESET) }
        }
    }

    @Test func `a client that goes away is reported once, one that had its status is not`() throws {
        let bench = try Bench()
        let client = try bench.request(["up"])
        #expect(try bench.loop.turn { bench.requests.count == 1 })
        client.descriptor.close()
        #expect(try bench.loop.turn { !bench.disconnected.isEmpty })
        try bench.loop.turn(for: .milliseconds(5))
        #expect(bench.disconnected == [bench.requests[0].session])
        bench.server.write("to nobody\n", to: bench.requests[0].session)
        bench.server.finish(bench.requests[0].session, status: 0)
    }

    @Test func `a client that asks nothing is disconnected after a while`() throws {
        let bench = try Bench(.init(requestTimeout: .milliseconds(20)))
        let client = try bench.connect()
        #expect(try bench.loop.turn { bench.server.sessionCount == 1 })
        #expect(try bench.loop.turn { bench.server.sessionCount == 0 })
        #expect(try client.drain().ended)
        #expect(bench.disconnected.isEmpty)
    }

    @Test func `at the daemon's end every client is told`() throws {
        let bench = try Bench()
        let clients = try (0..<2).map { try bench.request(["client", String($0)]) }
        #expect(try bench.loop.turn { bench.requests.count == 2 })
        bench.server.shutdown(statuses: [bench.requests[0].session: 0], waitingAtMost: .seconds(1))
        #expect(try clients[0].drain() == ([.finished(status: 0, daemonEnds: true)], true))
        #expect(try clients[1].drain() == ([.finished(status: 1, daemonEnds: true)], true))
        #expect(throws: SystemError.self) { try UnixSocket.connect(bench.path) }
    }

    @Test func `a stopped client holds up the daemon's end no longer than allowed`() throws {
        let bench = try Bench()
        let client = try bench.request(["slow"])
        #expect(try bench.loop.turn { bench.requests.count == 1 })
        bench.server.write(String(repeating: "x", count: 2_000_000), to: bench.requests[0].session)
        let start = MonotonicClock.now
        bench.server.shutdown(statuses: [:], waitingAtMost: .milliseconds(50))
        let taken = MonotonicClock.now - start
        #expect(.milliseconds(50)...Duration.seconds(2) ~= taken)
        _ = client
    }

    @Test func `the socket is its owner's alone`() throws {
        let bench = try Bench()
        #expect(FileSystem.status(bench.path)!.st_mode & 0o777 == 0o600)
    }
}

private func == (
    left: (messages: [ControlMessage?], ended: Bool), right: ([ControlMessage?], Bool)
) -> Bool { left.messages == right.0 && left.ended == right.1 }
