import Glibc
import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress

/// Initiators: one engine for each handshake, all behind one socket.
final class Load {
    /// What becomes of an IKE SA whose Child SA stands.
    enum Use: String {
        /// Deleted, the responder told.
        case delete
        /// Forgotten here; the responder keeps it.
        case keep
        /// Kept at both ends, for `exercise`.
        case live
    }

    private struct Attempt {
        var engine: Engine
        /// When the first message was sent.
        var start: Int64
        var isDone = false
    }

    private let connection: Connection
    private let secrets: PreSharedKeys
    private let local: Endpoint
    private let use: Use
    private let socket: Int32
    private var attempts: [UInt64: Attempt] = [:]
    private var started = 0
    /// How often timers are looked at.
    private static let timerNanoseconds: Int64 = 200_000_000
    private var nextTimers: Int64 = 0
    private var buffer = [UInt8](repeating: 0, count: 65536)
    /// Nanoseconds from the first message to the Child SA.
    private(set) var latencies: [Int64] = []
    private(set) var failures = 0
    /// Where established IKE SAs are kept, each engine with one of them, and the engine of each initiator's SPI.
    private(set) var living: [Engine] = []
    private var owners: [UInt64: Int] = [:]
    /// Engines whose last word on an `exercise` is awaited.
    private var awaited: Set<Int> = []
    private var isOver: (Event) -> Bool = { _ in false }

    init(local: String, remote: String, use: Use, group: KeyExchangeMethod, secret: [UInt8]) {
        let parts = local.split(separator: ":").map(String.init)
        self.local = Endpoint(IPAddress(parts[0])!, port: UInt16(parts[1])!)
        self.use = use
        secrets = PreSharedKeys([PreSharedKeys.Entry(indices: [], secret: SecretBytes(secret))])
        func end(_ address: String, _ name: String, _ net: String, port: UInt16) -> ConnectionEnd {
            ConnectionEnd(
                host: .address(IPAddress(address)!), port: port,
                identification: Identification(type: .fqdn, data: Array(name.utf8)),
                selectors: [TrafficSelector(IPPrefix(net)!)])
        }
        connection = Connection(
            id: ConnectionID(1), name: "load", local: end(parts[0], "load", "10.0.1.0/24", port: self.local.port),
            remote: end(remote, "east", "10.0.2.0/24", port: 500),
            ikeProposals: [
                IKEProposal(
                    encryption: [CipherChoice(.aesGCM16, keyBits: 256)], prf: [.hmacSHA2_256], integrity: [],
                    keyExchange: [group])
            ],
            espProposals: [
                ESPProposal(
                    encryption: [CipherChoice(.aesGCM16, keyBits: 256)], integrity: [],
                    extendedSequenceNumbers: [false])
            ], rekeys: false)
        socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = Load.socketAddress(self.local)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(bound == 0, "bind \(local): errno \(errno)")
        var size: Int32 = 4 << 20
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, 4)
        var timeout = timeval(tv_sec: 0, tv_usec: Int(Self.timerNanoseconds / 1000))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    func run(count: Int, concurrency: Int) {
        latencies = []
        started = 0
        while started < min(concurrency, count) { begin() }
        while !attempts.isEmpty {
            receive()
            while started < count, attempts.count < concurrency { begin() }
        }
    }

    private func begin() {
        started += 1
        let engine = Engine(profile: WireProfile(), random: SystemRandom())
        for command in [.setSecrets(secrets), .add(connection), .initiate(ConnectionID(1), staysUp: false)] as [Command]
        {
            for output in engine.handle(.command(command), at: Instant(nanoseconds: Clock.now())) {
                if case .transmit(let datagram) = output {
                    attempts[spi(datagram.octets)] = Attempt(engine: engine, start: Clock.now())
                    send(datagram)
                }
            }
        }
    }

    private func receive() {
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let received = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(socket, &buffer, buffer.count, 0, $0, &length)
            }
        }
        let now = Clock.now()
        if received <= 0 || now >= nextTimers {
            nextTimers = now + Self.timerNanoseconds
            // Something may be lost: whoever is due sends again, or gives up. Not only when all wait: with a responder that forgets
            // half-open IKE SAs after a while the one that waits for the others to end would be too late.
            for key in attempts.keys.sorted() { feed(key, .timer) }
            for index in awaited.sorted() { feed(living: index, .timer) }
        }
        guard received > 0 else { return }
        let port = UInt16(bigEndian: from.sin_port)
        let octets = Array(buffer[(port == 4500 ? 4 : 0)..<received])
        guard octets.count >= 28 else { return }
        let remote = Endpoint(connectionRemote, port: port)
        let input = Input.datagram(Datagram(local: local, remote: remote, octets: octets))
        if let index = owners[spi(octets)] { feed(living: index, input) } else { feed(spi(octets), input) }
    }

    // MARK: What lives

    /// Has every living engine do something, `concurrency` of them at once, until each has said that it is done.
    /// - Returns: how many have, within the engines' own time for retransmission.
    func exercise(
        concurrency: Int, until isOver: @escaping (Event) -> Bool, _ command: (Engine) -> Command?
    ) -> (done: Int, seconds: Double) {
        let start = Clock.now()
        self.isOver = isOver
        done = 0
        var next = 0
        while next < living.count || !awaited.isEmpty {
            while next < living.count, awaited.count < concurrency {
                if let command = command(living[next]) {
                    awaited.insert(next)
                    feed(living: next, .command(command))
                }
                next += 1
            }
            if !awaited.isEmpty { receive() }
        }
        return (done, Double(Clock.now() - start) / 1e9)
    }

    private var done = 0

    private func feed(living index: Int, _ input: Input) {
        let engine = living[index]
        for output in engine.handle(input, at: Instant(nanoseconds: Clock.now())) {
            switch output {
            case .transmit(let datagram): send(datagram)
            case .event(let event):
                if isOver(event), awaited.remove(index) != nil { done += 1 }
            default: break
            }
        }
        for ike in engine.ikeSAs { owners[ike.initiatorSPI.value] = index }
        if engine.ikeSAs.isEmpty { awaited.remove(index) }
    }

    private var connectionRemote: IPAddress {
        if case .address(let address) = connection.remote.host { address } else { .unspecified(.v4) }
    }

    private func feed(_ key: UInt64, _ input: Input) {
        guard var attempt = attempts[key] else { return }
        let now = Clock.now()
        var outputs = attempt.engine.handle(input, at: Instant(nanoseconds: now))
        var index = 0
        while index < outputs.count {
            switch outputs[index] {
            case .transmit(let datagram): send(datagram)
            case .event(.childEstablished):
                latencies.append(now - attempt.start)
                attempt.isDone = true
                if use == .delete {
                    outputs += attempt.engine.handle(
                        .command(.terminate(ConnectionID(1))), at: Instant(nanoseconds: now))
                }
            default: break
            }
            index += 1
        }
        let isOver = attempt.isDone && use != .delete || attempt.engine.ikeSAs.isEmpty
        if isOver, !attempt.isDone { failures += 1 }
        if isOver, attempt.isDone, use == .live {
            owners[key] = living.count
            living.append(attempt.engine)
        }
        attempts[key] = isOver ? nil : attempt
    }

    private func send(_ datagram: Datagram) {
        var address = Load.socketAddress(datagram.remote)
        let octets = (datagram.remote.port == 4500 ? [0, 0, 0, 0] : []) + datagram.octets
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, octets, octets.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func spi(_ octets: [UInt8]) -> UInt64 { octets[0..<8].reduce(0) { $0 << 8 | UInt64($1) } }

    private static func socketAddress(_ endpoint: Endpoint) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = endpoint.address.octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }.bigEndian
        return address
    }
}
