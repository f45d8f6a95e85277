import Daemon
import DataPlane
import DialectKit
import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import LinuxSystem
import NetAddress
import Testing

/// Two daemons with real engines on one loop, at 127.0.0.2 and 127.0.0.3, each on a free port of its own.
private final class Pair {
    final class End {
        let engine: Engine
        let dataPlane = RecordingDataPlane()
        let dialect = ScriptedDialect()
        let sockets: IKESockets
        let daemon: Daemon
        var events: [Event] = []
        let address: IPAddress
        var port: UInt16 { sockets.ports[0] }

        init(_ address: String, loop: EventLoop, seed: UInt64) throws {
            self.address = IPAddress(address)!
            engine = Engine(profile: WireProfile(), random: SeededRandom(seed: seed))
            sockets = IKESockets(loop: loop, mark: nil)
            daemon = Daemon(
                .init(
                    loop: loop, engine: engine, dataPlane: dataPlane, dialect: dialect, sockets: sockets,
                    log: LogFile()))
            dialect.onRender = { [unowned self] in
                events.append($0)
                return []
            }
            try daemon.start()
        }

        var installed: ChildInstallation? {
            for case .install(let installation) in dataPlane.changes { return installation }
            return nil
        }
    }

    let loop: EventLoop
    let west: End
    let east: End

    init(eastSecret: String = "secret") throws {
        loop = try EventLoop()
        west = try End("127.0.0.2", loop: loop, seed: 1)
        east = try End("127.0.0.3", loop: loop, seed: 2)
        for (end, other, name, peer, secret) in [
            (west, east, "west", "east", "secret"), (east, west, "east", "west", eastSecret),
        ] {
            func side(_ end: End, _ name: String, _ network: String) -> ConnectionEnd {
                ConnectionEnd(
                    host: .address(end.address), port: end.port,
                    identification: Identification(type: .fqdn, data: Array(name.utf8)),
                    selectors: [TrafficSelector(IPPrefix(network)!)])
            }
            let networks = ["west": "192.0.1.0/24", "east": "192.0.2.0/24"]
            let connection = Connection(
                id: ConnectionID(1), name: "west-east", local: side(end, name, networks[name]!),
                remote: side(other, peer, networks[peer]!),
                ikeProposals: [
                    IKEProposal(
                        encryption: [CipherChoice(.aesGCM16, keyBits: 256)], prf: [.hmacSHA2_512], integrity: [],
                        keyExchange: [.ecp256])
                ],
                espProposals: [
                    ESPProposal(encryption: [CipherChoice(.aesGCM16, keyBits: 256)], integrity: [])
                ],
                retransmission: RetransmissionSchedule(interval: .milliseconds(50), timeout: .milliseconds(200)))
            let entry = PreSharedKeys.Entry(indices: [], secret: SecretBytes(Array(secret.utf8)))
            end.daemon.feed(.command(.setSecrets(PreSharedKeys([entry]))))
            end.daemon.feed(.command(.add(connection)))
        }
    }

    func finished() -> Bool? {
        for case .initiationFinished(_, let succeeded) in west.events { return succeeded }
        return nil
    }
}

@Suite struct EstablishmentTests {
    @Test func `two daemons bring a tunnel up over real sockets, and their keys match`() throws {
        let pair = try Pair()
        pair.west.daemon.feed(.command(.initiate(ConnectionID(1), staysUp: false)))
        #expect(try pair.loop.turn { pair.finished() != nil && pair.east.installed != nil })
        #expect(pair.finished() == true)
        let west = try #require(pair.west.installed)
        let east = try #require(pair.east.installed)
        #expect(west.outbound.spi == east.inbound.spi)
        #expect(west.inbound.spi == east.outbound.spi)
        #expect(west.outbound.encryptionKey.exposed == east.inbound.encryptionKey.exposed)
        #expect(west.inbound.encryptionKey.exposed == east.outbound.encryptionKey.exposed)
        #expect(west.local == pair.west.address && west.remote == pair.east.address)

        pair.west.daemon.terminate()
        #expect(try pair.loop.turn { pair.east.engine.ikeSAs.isEmpty })
        #expect(pair.west.engine.ikeSAs.isEmpty)
    }

    @Test func `another key on the other side is refused`() throws {
        let pair = try Pair(eastSecret: "another")
        pair.west.daemon.feed(.command(.initiate(ConnectionID(1), staysUp: false)))
        #expect(try pair.loop.turn { pair.finished() != nil })
        #expect(pair.finished() == false)
        #expect(pair.west.installed == nil && pair.east.installed == nil)
    }

    @Test func `nobody at the other end is given up after the timeout, by the loop's timer`() throws {
        let pair = try Pair()
        pair.east.sockets.shutdown()
        let start = MonotonicClock.now
        pair.west.daemon.feed(.command(.initiate(ConnectionID(1), staysUp: false)))
        #expect(try pair.loop.turn { pair.finished() != nil })
        #expect(pair.finished() == false)
        #expect(MonotonicClock.now - start >= .milliseconds(200))
        #expect(pair.west.events.contains { if case .retransmitted = $0 { true } else { false } })
    }
}
