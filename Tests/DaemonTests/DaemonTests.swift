import Control
import Daemon
import DataPlane
import DialectKit
import Glibc
import IKEModel
import LinuxSystem
import NetAddress
import Testing

/// A daemon of fakes on a real loop, a real control socket and a real log, in a folder of its own.
private final class Bench {
    let folder: TemporaryFolder
    let loop: EventLoop
    let engine = ScriptedEngine()
    let dataPlane = RecordingDataPlane()
    let dialect = ScriptedDialect()
    let sockets: IKESockets
    let daemon: Daemon
    var logPath: String { folder.path + "/log" }

    init() throws {
        folder = try TemporaryFolder()
        loop = try EventLoop()
        sockets = IKESockets(loop: loop, mark: nil)
        dialect.startEffects = [.logFile(folder.path + "/log", append: false)]
        daemon = Daemon(
            .init(
                loop: loop, engine: engine, dataPlane: dataPlane, dialect: dialect, sockets: sockets, log: LogFile()))
    }

    func start() throws {
        try daemon.start()
        daemon.serve(try ControlServer(loop: loop, listener: UnixListener(folder.path + "/ctl")))
    }

    func request(_ arguments: String...) throws -> UnixSocket {
        let client = try UnixSocket.connect(folder.path + "/ctl")
        try client.descriptor.setNonBlocking()
        try client.send(ControlMessage.request(arguments: arguments, workingDirectory: "/").octets)
        return client
    }

    func log() throws -> String { try FileSystem.readText(logPath) }
}

/// The text and status that a client got; turns the loop until the end of the connection.
private func answer(_ client: UnixSocket, _ loop: EventLoop) throws -> (text: String, status: Int32?) {
    var buffer = [UInt8](repeating: 0, count: ControlMessage.greatestOctetCount)
    var text: [UInt8] = []
    var status: Int32?
    let ended = try loop.turn {
        do throws(SystemError) {
            while let packet = try client.receive(into: &buffer) {
                switch ControlMessage(parsing: packet) {
                case .output(let octets), .errorOutput(let octets): text += octets
                case .finished(let value, _): status = value
                default: Issue.record("malformed")
                }
            }
            return true
        } catch {
            guard error.code == EAGAIN else { throw error }
            return false
        }
    }
    #expect(ended)
    return (String(decoding: text, as: UTF8.self), status)
}

@Suite struct DaemonTests {
    @Test func `what comes of a command is shown before the effects behind it`() throws {
        let bench = try Bench()
        bench.dialect.onAccept = { _, session, _ in
            [
                .write(session, "before\n"), .command(.rollTicketKey), .write(session, "after\n"),
                .finish(session, status: 5),
            ]
        }
        var session: SessionID?
        let accept = bench.dialect.onAccept
        bench.dialect.onAccept = {
            session = $1
            return accept($0, $1, $2)
        }
        bench.engine.answer = { input in
            switch input {
            case .command(.rollTicketKey):
                [.event(.ticketKeyRolled(number: 1)), .event(.terminationFinished(ConnectionID(1)))]
            case .command(.suspend):
                [.event(.nothingToTerminate(ConnectionID(2)))]
            default: []
            }
        }
        bench.dialect.onRender = { event in
            switch event {
            case .ticketKeyRolled:
                // A command within what came of a command.
                [
                    .write(session!, " rolled\n"), .command(.suspend(ConnectionID(2))),
                    .write(session!, " behind the inner command\n"),
                ]
            case .nothingToTerminate: [.write(session!, "  inner\n")]
            case .terminationFinished: [.write(session!, " finished\n")]
            default: []
            }
        }
        try bench.start()
        let client = try bench.request("whack")
        let (text, status) = try answer(client, bench.loop)
        #expect(text == "before\n rolled\n  inner\n behind the inner command\n finished\nafter\n")
        #expect(status == 5)
    }

    @Test func `the newest wish for a wake-up counts, also where an older one lies behind it`() throws {
        let bench = try Bench()
        bench.dialect.onRender = { _ in [.command(.rollTicketKey)] }
        bench.engine.answer = { [unowned bench] input in
            let now = bench.daemon.now
            switch input {
            case .datagram:
                return [.event(.routed(ConnectionID(1))), .wake(now + .seconds(1000))]
            case .command: return [.wake(now + .milliseconds(5))]
            default: return [.wake(nil)]
            }
        }
        try bench.start()
        let here = Endpoint(IPAddress("127.0.0.1")!, port: 1)
        bench.daemon.feed(.datagram(Datagram(local: here, remote: here, octets: [])))
        func timers() -> Int {
            bench.engine.inputs.count {
                if case .timer = $0 { true } else { false }
            }
        }
        #expect(try bench.loop.turn { timers() == 1 })
        try bench.loop.turn(for: .milliseconds(20))
        #expect(timers() == 1)
    }

    @Test func `a change that the data plane refuses is reported to the engine and logged`() throws {
        let bench = try Bench()
        try bench.start()
        bench.dataPlane.refusal = DataPlaneError("no such device")
        bench.engine.answer = { input in
            if case .command = input { return [.dataPlane(.remove(ChildSAID(3))), .event(.routed(ConnectionID(1)))] }
            return []
        }
        bench.daemon.feed(.command(.rollTicketKey))
        #expect(bench.dataPlane.changes.count == 1)
        let failures = bench.engine.inputs.compactMap { input -> DataPlaneReport? in
            if case .dataPlane(let report) = input { return report }
            return nil
        }
        #expect(failures == [.failed(ChildSAID(3), reason: "no such device")])
        #expect(try bench.log() == "swand: data plane recording: no such device\n")
    }

    @Test func `a file is made whole or not at all, and either is told`() throws {
        let bench = try Bench()
        let path = bench.folder.path + "/list"
        func writing(_ path: String, _ text: String) -> DialectEffect {
            .writeFile(path, Array(text.utf8), then: [.log("\(text) is there")], otherwise: [.log("\(text) is not")])
        }
        try FileSystem.makeDirectories(bench.folder.path + "/folder/full")
        bench.dialect.startEffects += [
            writing(path, "old"), writing(path, "new"), writing(bench.folder.path + "/none/list", "lost"),
            writing(bench.folder.path + "/folder", "folder"),
        ]
        try bench.start()
        #expect(try FileSystem.readText(path) == "new")
        // Nothing half made is left.
        #expect(try Set(FileSystem.list(bench.folder.path)) == ["list", "log", "ctl", "folder"])
        let lines = try bench.log().split(separator: "\n")
        #expect(
            lines.filter { !$0.hasPrefix("swand: ") } == [
                "old is there", "new is there", "lost is not", "folder is not",
            ])
        #expect(lines.contains { $0.contains("No such file or directory") })
    }

    @Test func `a dialect is woken once, after its newest wish`() throws {
        let bench = try Bench()
        var count = 0
        bench.dialect.onWoken = {
            count += 1
            return count == 1 ? [.log("woken"), .wake(after: .milliseconds(2))] : [.log("again"), .exit]
        }
        bench.dialect.startEffects += [.wake(after: .seconds(3600)), .wake(after: .milliseconds(1))]
        try bench.start()
        try bench.daemon.run()
        #expect(try bench.log().split(separator: "\n") == ["woken", "again"])
    }

    @Test func `what is no file is refused, and never waited for`() throws {
        let bench = try Bench()
        let view: any DaemonView = bench.daemon
        #expect(throws: FileFailure(isMissing: false, "File too large")) { try view.readFile("/dev/zero") }
        #expect(try view.readFile("/dev/null") == [])
        let pipe = bench.folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(try view.readFile(pipe) == [])
        let writer = try FileDescriptor.open(pipe, O_RDWR)
        #expect(throws: FileFailure(isMissing: false, "Resource temporarily unavailable")) { try view.readFile(pipe) }
        writer.close()
    }

    @Test func `a daemon whose log cannot be written does not start, and says why`() throws {
        let bench = try Bench()
        bench.dialect.startEffects = [.logFile(bench.folder.path + "/none/log", append: true)]
        #expect {
            try bench.start()
        } throws: {
            "\($0)".hasPrefix("cannot write the log: open \(bench.folder.path)/none/log: No such file or directory")
        }
    }

    @Test func `nothing is told of policies that the data plane did not make but that it did not`() throws {
        let bench = try Bench()
        try bench.start()
        bench.dataPlane.refusal = DataPlaneError("no right")
        let address = IPAddress("192.0.2.1")!
        let route = RouteInstallation(
            connection: ConnectionID(1), reqid: 1, mode: .tunnel, local: address, remote: address, localSelectors: [],
            remoteSelectors: [])
        bench.engine.answer = { input in
            switch input {
            case .command: [.dataPlane(.route(route)), .event(.routed(ConnectionID(1)))]
            case .dataPlane(.routeFailed(let id, let reason)): [.event(.routeFailed(id, reason: reason))]
            default: []
            }
        }
        var rendered: [Event] = []
        bench.dialect.onRender = {
            rendered.append($0)
            return []
        }
        bench.daemon.feed(.command(.rollTicketKey))
        #expect(rendered == [.routeFailed(ConnectionID(1), reason: "no right")])
    }

    @Test func `the data plane's descriptors are watched from when it has them, and its reports reach the engine`()
        throws
    {
        let bench = try Bench()
        try bench.start()
        let pipe = try FileDescriptor.pipe()
        bench.engine.answer = { input in
            if case .command = input { return [.dataPlane(.unroute(ConnectionID(1)))] }
            return []
        }
        bench.dataPlane.descriptors = [pipe.read.rawValue]
        bench.dataPlane.onReady = { [unowned bench] _ in
            _ = try? pipe.read.read(upTo: 10)
            bench.dataPlane.reports = [.expired(ChildSAID(9), hard: true)]
        }
        bench.daemon.feed(.command(.rollTicketKey))
        try pipe.write.write("x")
        #expect(
            try bench.loop.turn {
                bench.engine.inputs.contains {
                    if case .dataPlane(.expired(ChildSAID(9), hard: true)) = $0 { true } else { false }
                }
            })
        #expect(bench.dataPlane.readyDescriptors == [pipe.read.rawValue])
        bench.dataPlane.descriptors = []
        bench.daemon.feed(.command(.rollTicketKey))
        try pipe.write.write("x")
        try bench.loop.turn(for: .milliseconds(10))
        #expect(bench.dataPlane.readyDescriptors == [pipe.read.rawValue])
    }

    @Test func `datagrams reach the engine and ESP in UDP the data plane; answers leave`() throws {
        let bench = try Bench()
        try bench.start()
        bench.engine.answer = { input in
            guard case .datagram(let datagram) = input else { return [] }
            return [
                .transmit(
                    Datagram(local: datagram.local, remote: datagram.remote, octets: datagram.octets.reversed()))
            ]
        }
        let peer = try UDPSocket(.v4, port: 0)
        let target = Endpoint(IPAddress("127.0.0.2")!, port: bench.sockets.ports[0])
        try peer.send([1, 2, 3, 4, 5], from: IPAddress("127.0.0.3")!, to: target)
        try peer.send([0, 0, 0, 0, 6, 7, 8], from: IPAddress("127.0.0.3")!, to: target)
        let batch = UDPBatch(slots: 1)
        var received: [UInt8] = []
        #expect(
            try bench.loop.turn {
                _ = batch.receive(peer) { octets, _, _ in received = Array(octets) }
                return !received.isEmpty
            })
        #expect(received == [0, 0, 0, 0, 8, 7, 6])
        #expect(bench.dataPlane.encapsulated == [[1, 2, 3, 4, 5]])
    }

    @Test func `a dialect and an engine that answer each other without end are stopped`() throws {
        let bench = try Bench()
        try bench.start()
        bench.engine.answer = { input in
            if case .command = input { return [.event(.ticketKeyRolled(number: 1))] }
            return []
        }
        bench.dialect.onRender = { _ in [.command(.rollTicketKey)] }
        bench.daemon.feed(.command(.rollTicketKey))
        #expect(try bench.log().contains("gave up after"))
        bench.dialect.onRender = { _ in [.log("alive")] }
        bench.daemon.feed(.command(.rollTicketKey))
        #expect(try bench.log().hasSuffix("alive\n"))
    }

    @Test func `an exit ends the loop, gives back the system, and tells its asker last of all`() throws {
        let bench = try Bench()
        try bench.start()
        bench.dialect.onAccept = { _, session, _ in
            [.write(session, "shutting down\n"), .command(.shutdown), .finish(session, status: 0), .exit]
        }
        let client = try bench.request("whack", "--shutdown")
        try bench.daemon.run()
        #expect(bench.daemon.isExiting)
        var buffer = [UInt8](repeating: 0, count: ControlMessage.greatestOctetCount)
        func next() throws(SystemError) -> ControlMessage? {
            guard let packet = try client.receive(into: &buffer) else { return nil }
            return ControlMessage(parsing: packet)
        }
        #expect(try next() == .output(Array("shutting down\n".utf8)))
        // Not yet: the data plane still stands.
        #expect(throws: SystemError("recvmsg", code: EAGAIN)) { try next() }
        bench.daemon.shutdown()
        #expect(bench.dataPlane.isShutDown)
        #expect(bench.sockets.ports.isEmpty)
        #expect(try next() == .finished(status: 0, daemonEnds: true))
        let shutdowns = bench.engine.inputs.filter { input in
            if case .command(.shutdown) = input { return true }
            return false
        }
        #expect(shutdowns.count == 1)
    }

    @Test func `a client that goes away is told to the dialect`() throws {
        let bench = try Bench()
        try bench.start()
        var session: SessionID?
        bench.dialect.onAccept = { _, asker, _ in
            session = asker
            return []
        }
        let client = try bench.request("ipsec", "up")
        #expect(try bench.loop.turn { session != nil })
        client.descriptor.close()
        #expect(try bench.loop.turn { !bench.dialect.disconnectedSessions.isEmpty })
        #expect(bench.dialect.disconnectedSessions == [session])
    }

    @Test func `a port that is taken keeps the daemon from starting`() throws {
        let taken = try UDPSocket(.v4, port: 0)
        let bench = try Bench()
        bench.dialect.ports = [taken.port]
        let expected = SystemError("bind", "UDP 0.0.0.0:\(taken.port)", code: EADDRINUSE)
        #expect(throws: expected) { try bench.daemon.start() }
    }

    @Test func `the view reads files, finds paths and knows this host's addresses`() throws {
        let bench = try Bench()
        for name in ["b.conf", "a.conf", "c.txt", ".d.conf"] {
            try FileSystem.write("\(bench.folder.path)/\(name)", name)
        }
        let view: any DaemonView = bench.daemon
        let folder = bench.folder.path
        #expect(view.glob(folder + "/*.conf") == [folder + "/a.conf", folder + "/b.conf"])
        #expect(view.glob(folder + "/none/*") == [])
        #expect(try view.readFile(folder + "/c.txt") == Array("c.txt".utf8))
        #expect(throws: FileFailure.missing) { try view.readFile(folder + "/none") }
        #expect(throws: FileFailure(isMissing: false, "Is a directory")) { try view.readFile(folder) }
        #expect(view.interfaceAddresses.contains(.init(interface: "lo", address: IPAddress("127.0.0.1")!)))
        #expect(view.processID == getpid())
        #expect(view.wallClockSeconds > 1_700_000_000)
    }
}

@Suite struct PathPatternTests {
    @Test(arguments: [
        ("*", "", true), ("*", "abc", true), ("a*c", "abbc", true), ("a*c", "ab", false), ("a?c", "abc", true),
        ("a?c", "ac", false), ("*.conf", "x.conf", true), ("*.conf", "x.confx", false), ("a*b*c", "aXbYbZc", true),
        ("abc", "abc", true), ("abc", "abcd", false), ("", "", true), ("**", "x", true),
    ]) func `a name matches or not`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(PathPattern("/x/" + pattern).matches(Array(name.utf8)) == matches)
    }
}

@Suite struct LogFileTests {
    @Test func `a log is printable ASCII`() {
        #expect(LogFile.escape("plain ~") == Array("plain ~".utf8))
        #expect(LogFile.escape("a\nb\t\u{7f}é\0") == Array("a\\012b\\011\\177\\303\\251\\000".utf8))
    }

    @Test func `lines from before the file was known come first, and appending is a choice`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        try FileSystem.write(path, "old\n")
        let first = LogFile()
        first.line("held")
        try first.open(path, append: true)
        first.line("direct")
        #expect(try FileSystem.readText(path) == "old\nheld\ndirect\n")
        let second = LogFile()
        try second.open(path, append: false)
        second.line("new")
        #expect(try FileSystem.readText(path) == "new\n")
    }

    @Test func `gathered lines are in the file when the outermost settles, or somebody needs them there`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        let log = LogFile()
        try log.open(path, append: false)
        log.gather()
        log.gather()
        log.line("one")
        log.settle()
        #expect(try FileSystem.readText(path) == "")
        log.write()
        #expect(try FileSystem.readText(path) == "one\n")
        log.line("two")
        log.settle()
        #expect(try FileSystem.readText(path) == "one\ntwo\n")
    }
}
