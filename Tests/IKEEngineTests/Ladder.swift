import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress

/// Two engines and the wire between them, on a clock that only moves when it is told to. A test reads as a ladder:
/// what west was asked, what went over the wire, what either end reported.
final class Ladder {
    static let westAddress = IPAddress("192.1.2.45")!
    static let eastAddress = IPAddress("192.1.2.23")!
    static let secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890"

    final class End {
        let name: String
        let engine: Engine
        var events: [Event] = []
        /// Where they are by now.
        var installs: [ChildInstallation] = []
        var removed: [ChildSAID] = []
        var routes: [RouteInstallation] = []
        /// Where the Child SAs were moved to, and the keepalives that were asked for.
        var moves: [ChildMove] = []
        var keepAlives: [(at: Instant, local: Endpoint, remote: Endpoint)] = []
        var wake: Instant?

        init(_ name: String, profile: WireProfile, seed: UInt64) {
            self.name = name
            engine = Engine(profile: profile, random: SeededRandom(seed: seed))
        }

        /// The Child SAs that the data plane still has.
        var standing: [ChildInstallation] { installs.filter { !removed.contains($0.child) } }
    }

    struct Sent {
        var from: String
        var datagram: Datagram
        var header: IKEHeader { try! Message(parsing: datagram.octets).header }
        /// `IKE_AUTH request 1`.
        var name: String {
            "\(header.exchangeType.name) \(header.isResponse ? "response" : "request") \(header.messageID)"
        }
    }

    let west: End
    let east: End
    var now = Instant.zero
    /// Any other address is west's.
    var eastAddresses: Set<IPAddress> = [Ladder.eastAddress]
    /// Everything that was put on the wire, lost or not.
    var wire: [Sent] = []
    /// What becomes of a datagram: itself, several, none. The number counts from 0.
    var link: (Sent, Int) -> [Datagram] = { sent, _ in [sent.datagram] }
    private var inFlight: [Datagram] = []
    /// TCP connections that were asked for, by where they go; and those left, by where they came from.
    var opened: [Endpoint] = []
    var closed: [Endpoint] = []
    private var reports: [(End, Input)] = []
    /// What was asked of the web, and what it has.
    var asked: [FetchRequest] = []
    var web: [String: [UInt8]] = [:]
    /// Whether the test itself reports what comes of it.
    var isWebSilent = false
    /// What becomes of the nth TCP connection, which counts from 1: by itself it is opened from port 40000 + n.
    var stream: (StreamPurpose, IPAddress, Endpoint, Int) -> StreamReport = { purpose, local, remote, number in
        .opened(purpose, local: Endpoint(local, port: 40000 + UInt16(number), transport: .tcp), remote: remote)
    }

    init(
        westProfile: WireProfile = WireProfile(), eastProfile: WireProfile = WireProfile(), seed: UInt64 = 1,
        change: (inout Connection, _ isWest: Bool) -> Void = { _, _ in }, eastSecret: String = Ladder.secret
    ) {
        west = End("west", profile: westProfile, seed: seed)
        east = End("east", profile: eastProfile, seed: seed &+ 1000)
        for (end, isWest) in [(west, true), (east, false)] {
            var connection = Ladder.connection(isWest: isWest)
            change(&connection, isWest)
            let secret = isWest ? Ladder.secret : eastSecret
            tell(
                end,
                .setSecrets(
                    PreSharedKeys([PreSharedKeys.Entry(indices: [], secret: SecretBytes(Array(secret.utf8)))])))
            tell(end, .add(connection))
        }
    }

    static func connection(isWest: Bool) -> Connection {
        let west = ConnectionEnd(
            host: .address(westAddress), identification: Identification(type: .fqdn, data: Array("west".utf8)),
            selectors: [TrafficSelector(IPPrefix("192.0.1.0/24")!)])
        let east = ConnectionEnd(
            host: .address(eastAddress), identification: Identification(type: .fqdn, data: Array("east".utf8)),
            selectors: [TrafficSelector(IPPrefix("192.0.2.0/24")!)])
        return Connection(
            id: ConnectionID(1), name: "west-east", local: isWest ? west : east, remote: isWest ? east : west,
            ikeProposals: [
                IKEProposal(
                    encryption: [CipherChoice(.aesGCM16, keyBits: 256), CipherChoice(.aesGCM16, keyBits: 128)],
                    prf: [.hmacSHA2_512, .hmacSHA2_256], integrity: [],
                    keyExchange: [.ecp256, .curve25519, .modp2048]),
                IKEProposal(
                    encryption: [CipherChoice(.aesCBC, keyBits: 256)], prf: [.hmacSHA2_256],
                    integrity: [.hmacSHA2_256_128], keyExchange: [.ecp256, .modp2048]),
            ],
            espProposals: [
                ESPProposal(encryption: [CipherChoice(.aesGCM16, keyBits: 256)], integrity: []),
                ESPProposal(
                    encryption: [CipherChoice(.aesCBC, keyBits: 128)], integrity: [.hmacSHA2_256_128]),
            ])
    }

    // MARK: Steps

    func tell(_ end: End, _ command: Command) { perform(end.engine.handle(.command(command), at: now), by: end) }
    func report(_ end: End, _ report: DataPlaneReport) {
        perform(end.engine.handle(.dataPlane(report), at: now), by: end)
    }
    func report(_ end: End, _ report: HostReport) { perform(end.engine.handle(.host(report), at: now), by: end) }
    func report(_ end: End, _ report: StreamReport) {
        reports.append((end, .stream(report)))
        settle()
    }
    /// What the web answers.
    func report(on request: FetchRequest) -> FetchReport {
        FetchReport(
            number: request.number, octets: web[request.url], reason: web[request.url] == nil ? "not there" : "")
    }
    func report(_ end: End, _ report: FetchReport) {
        reports.append((end, .fetched(report)))
        settle()
    }
    func inject(_ datagram: Datagram) {
        inFlight.append(datagram)
        settle()
    }

    /// West establishes the connection and all that follows at this moment happens.
    func up(staysUp: Bool = true) {
        tell(west, .initiate(ConnectionID(1), staysUp: staysUp))
        settle()
    }

    /// Delivers until the wire is empty. The clock stands.
    func settle() {
        var steps = 0
        while !inFlight.isEmpty || !reports.isEmpty, steps < 10_000 {
            steps += 1
            if !reports.isEmpty {
                let (end, report) = reports.removeFirst()
                perform(end.engine.handle(report, at: now), by: end)
                continue
            }
            let datagram = inFlight.removeFirst()
            let end = eastAddresses.contains(datagram.local.address) ? east : west
            perform(end.engine.handle(.datagram(datagram), at: now), by: end)
        }
    }

    /// Lets time pass, from one due time to the next.
    func pass(_ duration: Duration) {
        let end = now + duration
        while let next = [west.wake, east.wake].compactMap({ $0 }).min(), next <= end {
            now = max(now, next)
            for side in [west, east] { perform(side.engine.handle(.timer, at: now), by: side) }
            settle()
        }
        now = end
    }

    private func perform(_ outputs: [Output], by end: End) {
        for output in outputs {
            switch output {
            case .transmit(let datagram):
                let sent = Sent(from: end.name, datagram: datagram)
                wire.append(sent)
                for delivered in link(sent, wire.count - 1) {
                    inFlight.append(
                        Datagram(local: delivered.remote, remote: delivered.local, octets: delivered.octets))
                }
            case .dataPlane(.install(let installation)): end.installs.append(installation)
            case .dataPlane(.remove(let child)): end.removed.append(child)
            case .dataPlane(.move(let move)):
                end.moves.append(move)
                for index in end.installs.indices where end.installs[index].child == move.child {
                    end.installs[index].follow(move)
                }
            case .dataPlane(.route(let route)): end.routes.append(route)
            case .dataPlane(.keepAlive(let local, let remote, _)): end.keepAlives.append((now, local, remote))
            case .dataPlane: break
            case .stream(.open(let purpose, let local, let remote, _)):
                opened.append(remote)
                reports.append((end, .stream(stream(purpose, local, remote, opened.count))))
            case .stream(.close(let local, _)): closed.append(local)
            case .fetch(let request):
                asked.append(request)
                guard !isWebSilent else { continue }
                reports.append((end, .fetched(report(on: request))))
            case .wake(let instant): end.wake = instant
            case .event(let event): end.events.append(event)
            }
        }
    }
}

extension Ladder.End {
    var isEstablished: Bool { engine.ikeSAs.contains { $0.state == .established } }
    func has(_ matches: (Event) -> Bool) -> Bool { events.contains(where: matches) }

    /// The names of the events' cases, in order; without what is told of single payloads and datagrams.
    var story: [String] {
        events.map { event in String(String(describing: event).prefix { $0 != "(" }) }
            .filter { !["datagramSent", "nonce", "messagePassed"].contains($0) }
    }
}
