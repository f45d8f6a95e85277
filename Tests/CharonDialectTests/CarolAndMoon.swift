import CharonDialect
import DataPlane
import DialectKit
import IKECrypto
import IKEEngine
import IKEModel
import NetAddress

/// A charon dialect and an engine with queues for a network, and a clock that a test turns.
final class SimulatedCharon {
    let view = FakeDaemonView()
    let dialect: CharonDialect
    let engine: Engine
    var outgoing: [Datagram] = []
    var wake: Instant?
    var log: [String] = []
    var output: [SessionID: String] = [:]
    var statuses: [SessionID: Int32] = [:]
    private var lastSession: UInt64 = 0
    /// What it wants fetched.
    var fetches: [FetchRequest] = []
    /// Files that it made; none where `isReadOnly`.
    var written: [String: [UInt8]] = [:]
    var isReadOnly = false
    private(set) var dialectWake: Instant?

    init(seed: UInt64, address: String, files: [String: String], version: CharonVersion = .v5_9_8) {
        dialect = CharonDialect(version: version)
        engine = Engine(profile: dialect.wireProfile, random: SeededRandom(seed: seed))
        view.interfaceAddresses = [interface("lo", "127.0.0.1"), interface("eth0", address)]
        engine.setWallClock(secondsSince1970: view.wallClockSeconds, at: view.now)
        view.files = files
        view.files["/proc/sys/kernel/osrelease"] = "6.18.44-fc-v669\n"
        view.files["/proc/sys/kernel/hostname"] = "carol\n"
        do { carryOut(try dialect.start(view)) } catch { log.append("start failed: \(error)") }
    }

    func type(_ line: String) -> SessionID {
        lastSession += 1
        let session = SessionID(lastSession)
        output[session] = ""
        let arguments = line.split(separator: " ").map(String.init)
        carryOut(dialect.accept(ClientRequest(arguments: arguments, workingDirectory: "/tmp"), from: session, view))
        return session
    }

    /// The first of the fetches comes to its end.
    func answerFetch(_ result: Result<[UInt8], FetchFailure>) {
        carryOut(dialect.fetched(fetches.removeFirst(), result, view))
    }

    func tell(_ input: Input) {
        for output in engine.handle(input, at: view.now) {
            switch output {
            case .transmit(let datagram): outgoing.append(datagram)
            case .dataPlane(.install(let installation)):
                view.counted[installation.child] = ChildCounters()
                for isInbound in [true, false] {
                    view.saStates.append(
                        SAState(
                            installation: installation, isInbound: isInbound, sequence: 0, replayBitmap: [],
                            lastUsedSeconds: nil))
                }
            case .dataPlane(.remove(let child)): view.saStates.removeAll { $0.installation.child == child }
            case .dataPlane: break
            case .stream, .fetch: break
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
            case .write(let session, let text), .writeError(let session, let text):
                if statuses[session] == nil { output[session, default: ""] += text }
            case .finish(let session, let status): if statuses[session] == nil { statuses[session] = status }
            case .log(let line): log.append(line)
            case .fetch(let request): fetches.append(request)
            case .writeFile(let path, let octets, let then, let otherwise):
                written[path] = isReadOnly ? nil : octets
                carryOut(isReadOnly ? otherwise : then)
            case .wake(let delay): dialectWake = view.now + delay
            case .logFile, .listen, .listenStreams, .change, .run, .fail, .exit: break
            }
        }
    }

    /// What the dialect wanted time for, where it is due.
    func wakeDialect() {
        guard let time = dialectWake, time <= view.now else { return }
        dialectWake = nil
        carryOut(dialect.woken(view))
    }

    /// The host's addresses are these from now on, beside the loopback's.
    func changeAddresses(_ addresses: [InterfaceAddress]) {
        view.interfaceAddresses = [interface("lo", "127.0.0.1")] + addresses
        carryOut(dialect.hostChanged(view))
    }

    /// As after pings: so many packets of 84 octets each way, the last one so long ago.
    func carry(packets: UInt64, secondsAgo: Int64) {
        for child in view.counted.keys {
            view.counted[child]?.inboundOctets += 84 * packets
            view.counted[child]?.outboundOctets += 84 * packets
            view.counted[child]?.inboundPackets += packets
            view.counted[child]?.outboundPackets += packets
        }
        for index in view.saStates.indices {
            view.saStates[index].lastUsedSeconds = view.wallClockSeconds - secondsAgo
        }
    }
}

/// carol and moon of strongSwan's testbed, with the configuration that the recorded consoles were made with.
final class CarolAndMoon {
    let carol: SimulatedCharon
    let moon: SimulatedCharon
    var isCut = false

    /// - Parameter faking: which ends pretend that there is a NAT, as kernel-libipsec did in the recordings.
    init(
        faking: Set<String> = ["moon"], version: CharonVersion = .v5_9_8,
        change: (inout [String: String], String) -> Void = { _, _ in }
    ) throws {
        func host(_ name: String, _ address: String, seed: UInt64) throws -> SimulatedCharon {
            var files: [String: String] = [:]
            for file in ["ipsec.conf", "ipsec.secrets", "strongswan.conf", "swanctl/swanctl.conf"] {
                files["/etc/" + file] = try SharedFolder.text("reference/strongswan/etc-\(name)/\(file)")
            }
            if faking.contains(name) {
                files["/etc/ipsec.conf"]?.replace("\tmobike=no\n", with: "\tmobike=no\n\tforceencaps=yes\n")
                files["/etc/swanctl/swanctl.conf"]?.replace("mobike = no\n", with: "mobike = no\n encap = yes\n")
            }
            change(&files, name)
            return SimulatedCharon(seed: seed, address: address, files: files, version: version)
        }
        carol = try host("carol", "192.168.0.100", seed: 1)
        moon = try host("moon", "192.168.0.1", seed: 2)
    }

    /// Two hosts with these files and nothing else.
    init(
        carol: [String: String], moon: [String: String], version: CharonVersion = .v5_9_8,
        addresses: (carol: String, moon: String) = ("192.168.0.100", "192.168.0.1")
    ) {
        self.carol = SimulatedCharon(seed: 1, address: addresses.carol, files: carol, version: version)
        self.moon = SimulatedCharon(seed: 2, address: addresses.moon, files: moon, version: version)
    }

    init(_ carol: SimulatedCharon, _ moon: SimulatedCharon) {
        self.carol = carol
        self.moon = moon
    }

    func settle() {
        while !carol.outgoing.isEmpty || !moon.outgoing.isEmpty {
            for (from, to) in [(carol, moon), (moon, carol)] where !from.outgoing.isEmpty {
                let datagram = from.outgoing.removeFirst()
                guard !isCut else { continue }
                to.tell(
                    .datagram(Datagram(local: datagram.remote, remote: datagram.local, octets: datagram.octets)))
            }
        }
    }

    func wait(_ duration: Duration) {
        let end = carol.view.now + duration
        while let next = [carol.wake, moon.wake].compactMap({ $0 }).min(), next <= end {
            for host in [carol, moon] { host.view.now = max(host.view.now, next) }
            for host in [carol, moon] where host.wake.map({ $0 <= next }) ?? false { host.tell(.timer) }
            settle()
        }
        for host in [carol, moon] { host.view.now = end }
    }

    func run(_ line: String, on host: SimulatedCharon) -> String {
        let session = host.type(line)
        settle()
        return host.output[session] ?? ""
    }
}

/// The recorded consoles of real strongSwans.
enum Recorded {
    /// What a command printed, the first one of its kind.
    static func output(_ file: String, _ command: String) throws -> String {
        let lines = try SharedFolder.text("reference/strongswan/" + file).split(separator: "\n")
        guard let start = lines.firstIndex(where: { $0 == "### " + command }) else { return "no such command" }
        let rest = lines[(start + 1)...].prefix { !$0.hasPrefix("### ") && !$0.hasPrefix("rc=") }
        return rest.map { $0 + "\n" }.joined()
    }

    /// What differs from run to run, and nothing else: SPIs, times, thread numbers.
    static func normalized(_ text: String) -> String {
        text.replacing(#/\b[0-9a-f]{16}(_[ir])/#) { "IKESPI\($0.1)" }
            .replacing(#/spi=[0-9a-f]{16}\b/#, with: "spi=IKESPI")
            .replacing(#/\b[0-9a-f]{8}(_[io])/#) { "ESPSPI\($0.1)" }
            .replacing(#/spi-(in|out)=[0-9a-f]{8}/#) { "spi-\($0.1)=ESPSPI" }
            .replacing(#/(    in |    out|SPI) [ ]?[0-9a-f]{8}/#) { "\($0.1) ESPSPI" }
            .replacing(#/(scheduling reauthentication in|scheduling rekeying in|maximum IKE_SA lifetime) [0-9]+s/#) {
                "\($0.1) Ns"
            }
            .replacing(#/(established|installed) [0-9]+s ago/#) { "\($0.1) Ns ago" }
            .replacing(#/(reauth|rekeying|expires) in [0-9]+s/#) { "\($0.1) in Ns" }
            .replacing(#/(established|reauth-time|rekey-time|life-time|install-time|use-in|use-out)=[0-9]+/#) {
                "\($0.1)=N"
            }
            .replacing(#/(ESTABLISHED|reauthentication in|rekeying in) [0-9]+ (second|minute|hour)s?/#) {
                "\($0.1) AGE"
            }
            .replacing(#/[0-9]+s ago\)/#, with: "Ns ago)").replacing(#/ +[0-9]+s ago\n/#, with: " Ns ago\n")
            .replacing(#/(^|\n)[0-9]{2}\[/#) { "\($0.1)NN[" }
    }
}
