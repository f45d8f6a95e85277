import CaptureFile
import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Recordings
import Testing

/// Our engine in the place of one of two real plutos: it draws the random octets that the recorded one drew, so that
/// what the other one really sent, its proofs and its ciphertexts, is meant for it.
@Suite(.enabled(if: Recording.exists("libreswan/resume.pcap"), "\(Recording.absent)"))
struct RecordedPlutoTests {
    /// Answers a draw of a certain size with what stands ready for that size, in turn; then with a seeded stream.
    private final class Script: RandomSource {
        var ready: [Int: [[UInt8]]] = [:]
        private var rest = SeededRandom(seed: 5)

        func octets(_ count: Int) -> [UInt8] {
            if var queue = ready[count], !queue.isEmpty {
                defer { ready[count] = queue }
                return queue.removeFirst()
            }
            return rest.octets(count)
        }

        /// What makes the next IKE SA the recorded one: SPI, nonce, private key (drawn as d - 1 with 8 octets in front).
        func prepare(spi: [UInt8], nonce: [UInt8], privateKey: [UInt8]?) {
            ready[8] = [spi]
            ready[32] = [nonce]
            guard var key = privateKey else { return }
            var index = key.count - 1
            while key[index] == 0 {
                key[index] = 0xff
                index -= 1
            }
            key[index] -= 1
            ready[40] = [[UInt8](repeating: 0, count: 8) + key]
        }
    }

    private let log: KeyLog
    private let frames: [Int: [UInt8]]
    private let west = Endpoint(Ladder.westAddress, port: 500)
    private let east = Endpoint(Ladder.eastAddress, port: 500)

    init() throws {
        log = KeyLog(try Recording.text("libreswan/keys.txt"))
        frames = Dictionary(uniqueKeysWithValues: try Recording.resume.datagrams().map { ($0.frame, $0.octets) })
    }

    /// One end of the recording, played by our engine.
    private final class Player {
        let script = Script()
        let engine: Engine
        var events: [Event] = []
        var sent: [[UInt8]] = []
        var installs: [ChildInstallation] = []

        init(isWest: Bool, secret: [UInt8]) {
            engine = Engine(
                profile: WireProfile(
                    resumptionAuthentication: .messageOnly, detectsNATInResumption: false, announcesChildless: true),
                random: script)
            var connection = Ladder.connection(isWest: isWest)
            connection.sessionResumption = true
            take(.command(.setSecrets(PreSharedKeys([.init(indices: [], secret: SecretBytes(secret))]))))
            take(.command(.add(connection)))
        }

        func take(_ input: Input) {
            for output in engine.handle(input, at: .zero) {
                switch output {
                case .transmit(let datagram): sent.append(datagram.octets)
                case .event(let event): events.append(event)
                case .dataPlane(.install(let installation)): installs.append(installation)
                default: break
                }
            }
        }
    }

    @Test func `pluto's answers establish, suspend, resume, are refused and establish anew`() throws {
        let player = Player(isWest: true, secret: log[""]["psk"])
        func receive(_ numbers: ClosedRange<Int>) throws {
            for number in numbers {
                guard let octets = frames[number] else { continue }
                player.take(.datagram(Datagram(local: west, remote: east, octets: octets)))
            }
        }
        func up(_ title: String, _ first: Int, _ rest: ClosedRange<Int>) throws {
            let sa = log[title]
            player.script.prepare(
                spi: sa["SPIi"], nonce: sa["Ni"], privateKey: sa.has("dh_private_i") ? sa["dh_private_i"] : nil)
            player.take(.command(.initiate(ConnectionID(1), staysUp: true)))
            try receive(first...first)
            try receive(rest)
            let install = try #require(player.installs.last)
            #expect(install.outbound.encryptionKey.exposed == sa["child_spi_i2r.key"])
            #expect(install.inbound.encryptionKey.exposed == sa["child_spi_r2i.key"])
            #expect(install.outbound.spi.octets == Array(sa["child_spi_i2r"]))
        }
        func suspend(_ response: Int) throws {
            player.take(.command(.suspend(ConnectionID(1))))
            try receive(response...response)
            #expect(player.engine.ikeSAs.isEmpty)
        }

        try up("IKE SA 1", 2, 4...6)
        #expect(
            player.events.contains {
                if case .responseReceived(_, .ikeAuth, _, _, 3) = $0 { true } else { false }
            })
        #expect(
            player.events.contains {
                if case .ticketReceived(_, octets: 856, lifetimeSeconds: 3600) = $0 { true } else { false }
            })
        try suspend(10)

        player.events = []
        try up("IKE SA 2", 12, 14...14)
        // The request is pluto's own, octet for octet: its nonce, its SPI, its ticket.
        #expect(player.sent.contains(frames[11]!))
        #expect(
            player.events.contains {
                if case .ikeEstablished(_, .initiator, _, .sessionResumption(.messageOnly)) = $0 { true } else { false }
            })
        try suspend(18)

        // The third attempt is refused; the SPI is that of frame 19.
        player.events = []
        player.script.prepare(
            spi: Array(frames[19]![0..<8]), nonce: Array(frames[19]![32..<64]), privateKey: nil)
        let sa = log["IKE SA 4"]
        player.take(.command(.initiate(ConnectionID(1), staysUp: true)))
        #expect(player.sent.last == frames[19])
        player.script.prepare(spi: sa["SPIi"], nonce: sa["Ni"], privateKey: sa["dh_private_i"])
        try receive(20...20)
        #expect(player.events.contains { if case .sessionResumptionRefused = $0 { true } else { false } })
        #expect(player.events.contains { if case .reviving = $0 { true } else { false } })
        try receive(22...22)
        try receive(24...26)
        #expect(player.installs.last?.outbound.encryptionKey.exposed == sa["child_spi_i2r.key"])
        #expect(player.engine.ikeSAs.map(\.state) == [.established])
    }

    @Test(arguments: [0, 1])
    func `pluto's requests are answered, and not with another shared key`(_ wrong: UInt8) throws {
        var secret = log[""]["psk"]
        secret[0] ^= wrong
        let player = Player(isWest: false, secret: secret)
        let sa = log["IKE SA 1"]
        player.script.prepare(spi: sa["SPIr"], nonce: sa["Nr"], privateKey: sa["dh_private_r"])
        for number in [1, 3] {
            player.take(.datagram(Datagram(local: east, remote: west, octets: frames[number]!)))
        }
        guard wrong == 0 else {
            #expect(player.installs.isEmpty)
            #expect(
                player.events.contains {
                    if case .ikeFailed(_, _, .authenticationMismatch) = $0 { true } else { false }
                })
            return
        }
        // What pluto's own responder answered.
        #expect(player.sent.first == frames[2])
        let install = try #require(player.installs.last)
        #expect(install.outbound.encryptionKey.exposed == sa["child_spi_r2i.key"])
        #expect(install.inbound.encryptionKey.exposed == sa["child_spi_i2r.key"])
        player.take(.datagram(Datagram(local: east, remote: west, octets: frames[9]!)))
        #expect(player.engine.ikeSAs.isEmpty)
    }
}
