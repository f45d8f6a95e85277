import DataPlane
import DialectKit
import IKECrypto
import IKEEngine
import IKEModel
import NetAddress
import PlutoDialect

/// A dialect and an engine with a network of queues between them, and a clock that a test turns.
final class SimulatedHost {
    let view = FakeDaemonView()
    let dialect = PlutoDialect()
    let engine: Engine
    var outgoing: [Datagram] = []
    var wake: Instant?
    var log: [String] = []
    var output: [SessionID: String] = [:]
    var errors: [SessionID: String] = [:]
    var statuses: [SessionID: Int32] = [:]
    var installed: [ChildInstallation] = []
    /// What the data plane answers to each change that installs or routes; nil: it is done.
    var dataPlaneRefusal: String?
    var hasExited = false
    var startFailure: String?
    /// UDP ports that another process has.
    var takenPorts: Set<UInt16> = []
    private var lastSession: UInt64 = 0

    init(seed: UInt64, interfaces: [InterfaceAddress], files: [String: String]) {
        engine = Engine(profile: dialect.wireProfile, random: SeededRandom(seed: seed))
        view.interfaceAddresses = interfaces
        view.files = files
        do { carryOut(try dialect.start(view)) } catch { startFailure = "\(error)" }
    }

    /// A command line; what it writes is in `output`.
    func type(_ line: String) -> SessionID {
        lastSession += 1
        let session = SessionID(lastSession)
        output[session] = ""
        let arguments = line.split(separator: " ").map(String.init)
        carryOut(dialect.accept(ClientRequest(arguments: arguments, workingDirectory: "/tmp"), from: session, view))
        return session
    }

    func tell(_ input: Input) {
        engine.setWallClock(secondsSince1970: view.wallClockMicroseconds / 1_000_000, at: view.now)
        perform(engine.handle(input, at: view.now))
    }

    private func perform(_ outputs: [Output]) {
        var failed: ChildSAID?
        for output in outputs {
            switch output {
            case .dataPlane(.install(let installation)) where dataPlaneRefusal != nil:
                failed = installation.child
                tell(.dataPlane(.installFailed(installation.child, reason: dataPlaneRefusal!)))
            case .dataPlane(.route(let route)) where dataPlaneRefusal != nil:
                tell(.dataPlane(.routeFailed(route.connection, reason: dataPlaneRefusal!)))
            // As the daemon does: what did not come about is not told.
            case .event(.routed) where dataPlaneRefusal != nil: break
            case .event(.childEstablished(let facts)) where facts.child == failed: break
            case .transmit(let datagram): outgoing.append(datagram)
            case .dataPlane(.install(let installation)):
                installed.append(installation)
                view.counted[installation.child] = ChildCounters()
            case .dataPlane(.remove(let child)): installed.removeAll { $0.child == child }
            case .dataPlane, .stream, .fetch: break
            case .wake(let instant): wake = instant
            case .event(let event):
                refresh()
                carryOut(dialect.render(event, view))
            }
        }
        refresh()
    }

    private func refresh() {
        view.connections = engine.connections
        view.ikeSAs = engine.ikeSAs
        view.childSAs = engine.childSAs
    }

    private func carryOut(_ effects: [DialectEffect]) {
        for effect in effects {
            switch effect {
            case .command(let command): tell(.command(command))
            case .write(let session, let text): if statuses[session] == nil { output[session, default: ""] += text }
            case .writeError(let session, let text): errors[session, default: ""] += text
            case .finish(let session, let status): if statuses[session] == nil { statuses[session] = status }
            case .log(let line): log.append(line)
            case .logFile: break
            case .listenStreams, .change, .run, .fail, .fetch, .writeFile, .wake: break
            case .listen(let ports, let then, let otherwise):
                let free = ports.filter { !takenPorts.contains($0) }
                view.listeningPorts = free.sorted()
                carryOut(free == ports ? then : otherwise)
            case .exit: hasExited = true
            }
        }
    }

    /// As after one ping: an 84-octet packet each way.
    func ping() {
        for child in view.childSAs {
            view.counted[child.child]?.inboundOctets += 84
            view.counted[child.child]?.outboundOctets += 84
        }
    }
}

/// west and east of libreswan's testbed.
final class TwoHosts {
    let west: SimulatedHost
    let east: SimulatedHost
    var isCut = false

    convenience init(configuration: String, westSecrets: String, eastSecrets: String) {
        func files(_ secrets: String) -> [String: String] {
            ["/etc/ipsec.conf": configuration, "/etc/ipsec.secrets": secrets]
        }
        self.init(westFiles: files(westSecrets), eastFiles: files(eastSecrets))
    }

    init(westFiles: [String: String], eastFiles: [String: String]) {
        west = SimulatedHost(
            seed: 1,
            interfaces: [
                interface("lo", "127.0.0.1"), interface("eth0", "192.0.1.254"), interface("eth1", "192.1.2.45"),
            ],
            files: westFiles)
        east = SimulatedHost(
            seed: 2,
            interfaces: [
                interface("lo", "127.0.0.1"), interface("eth0", "192.0.2.254"), interface("eth1", "192.1.2.23"),
            ],
            files: eastFiles)
    }

    /// Delivers until nothing is under way.
    func settle() {
        while !west.outgoing.isEmpty || !east.outgoing.isEmpty {
            for (from, to) in [(west, east), (east, west)] where !from.outgoing.isEmpty {
                let datagram = from.outgoing.removeFirst()
                guard !isCut else { continue }
                to.tell(
                    .datagram(
                        Datagram(local: datagram.remote, remote: datagram.local, octets: datagram.octets)))
            }
        }
    }

    /// Time passes, timers fire when they are due.
    func wait(_ duration: Duration) {
        let end = west.view.now + duration
        while let next = [west.wake, east.wake].compactMap({ $0 }).min(), next <= end {
            for host in [west, east] { host.view.now = max(host.view.now, next) }
            for host in [west, east] where host.wake.map({ $0 <= next }) ?? false { host.tell(.timer) }
            settle()
        }
        for host in [west, east] { host.view.now = end }
    }

    func run(_ line: String, on host: SimulatedHost) -> String {
        let session = host.type(line)
        settle()
        return host.output[session] ?? ""
    }
}

/// The rules of libreswan's sanitizer that matter here.
func sanitized(_ text: String) -> String {
    text.replacing(#/0x[0-9a-f]{8}/#, with: "0xESPESP").replacing(#/add_time=[0-9]+/#, with: "add_time=1234567890")
        .replacing(#/REKEY in [0-9]+s; REPLACE in [0-9]+s/#, with: "REKEY in XXs; REPLACE in XXs")
        .replacing(#/esp\.[0-9a-f]{2,8}@/#, with: "esp.ESPSPIi@")
}

enum WestEast {
    static let secrets = "@east @west : PSK \"ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890\"\n"

    static func configuration(_ more: String = "") -> String {
        """
        version 2.0

        config setup
        \tlogfile=/tmp/pluto.log
        \tlogtime=no
        \tplutodebug=all

        conn west-east
        \tleft=192.1.2.45
        \tleftid=@west
        \tleftsubnet=192.0.1.0/24
        \tright=192.1.2.23
        \trightid=@east
        \trightsubnet=192.0.2.0/24
        \tauthby=secret
        \tauto=ignore
        \(more)
        """
    }

    static func hosts(_ more: String = "", eastSecrets: String = secrets) -> TwoHosts {
        TwoHosts(configuration: configuration(more), westSecrets: secrets, eastSecrets: eastSecrets)
    }
}
