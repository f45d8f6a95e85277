import DataPlane
import DialectKit
import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import VPPDialect
import VPPForwarder

/// A VPP without sockets: dialect, engine and forwarder, with a clock that a test turns.
final class SimulatedVPP: DaemonView {
    let forwarder = Forwarder()
    let dialect: VPPDialect
    let engine: Engine
    var files: [String: [UInt8]] = [:]
    /// What is made of each connection before the engine hears of it.
    var change: (inout Connection) -> Void = { _ in }
    private(set) var sent: [Datagram] = []
    private(set) var exported: ExportedIKEKeys?
    private var lastSession: UInt64 = 0

    /// - Parameter vendorIDs: what VPP itself has none of.
    init(seed: UInt64, vendorIDs: [[UInt8]] = []) {
        dialect = VPPDialect(forwarder: forwarder)
        var profile = dialect.wireProfile
        profile.vendorIDs = vendorIDs
        engine = Engine(profile: profile, random: SeededRandom(seed: seed))
        engine.exportsKeys = true
        forwarder.takeOver = { _, _ in .success(MACAddress(octets: [2, 0, 0, 0, 0, UInt8(seed)])!) }
    }

    @discardableResult
    func type(_ line: String) -> String {
        lastSession += 1
        let request = ClientRequest(arguments: ["vppctl", line], workingDirectory: "/")
        return carryOut(dialect.accept(request, from: SessionID(lastSession), self))
    }

    /// Line by line. - Returns: what was printed.
    @discardableResult
    func type(lines: String) -> String { lines.split(separator: "\n").map { type(String($0)) }.joined() }

    func tell(_ input: Input) {
        for output in engine.handle(input, at: now) {
            switch output {
            case .transmit(let datagram):
                sent.append(datagram)
                forwarder.send(datagram, at: now)
            case .dataPlane(.install(let child)):
                do throws(ForwarderError) { try forwarder.install(child) } catch {
                    tell(.dataPlane(.installFailed(child.child, reason: "\(error)")))
                }
            case .dataPlane(.remove(let child)): forwarder.remove(child)
            case .dataPlane(.move(let move)): forwarder.follow(move)
            case .event(let event):
                if case .ikeKeys(_, let keys) = event { exported = keys }
                carryOut(dialect.render(event, self))
            case .dataPlane, .stream, .fetch, .wake: break
            }
        }
    }

    @discardableResult
    private func carryOut(_ effects: [DialectEffect]) -> String {
        var text = ""
        for effect in effects {
            switch effect {
            case .command(.add(var connection)):
                change(&connection)
                tell(.command(.add(connection)))
            case .command(let command): tell(.command(command))
            case .write(_, let part): text += part
            default: break
            }
        }
        return text
    }

    // MARK: What a dialect may look at

    var now = Instant.zero
    var wallClockMicroseconds: Int64 { 1_795_220_359_856_000 }
    var processID: Int32 { 1 }
    var connections: [ConnectionSnapshot] { engine.connections }
    var ikeSAs: [IKESnapshot] { engine.ikeSAs }
    var childSAs: [ChildFacts] { engine.childSAs }
    var dataPlaneName: String { "vpp" }
    func counters(of child: ChildSAID) -> ChildCounters? { nil }
    var saStates: [SAState] { [] }
    var policyStates: [PolicyState] { [] }
    var interfaceAddresses: [InterfaceAddress] { [] }
    var listeningPorts: [UInt16] { [] }
    func readFile(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let octets = files[path] else { throw .missing }
        return octets
    }
    func glob(_ pattern: String) -> [String] { [] }
}

/// The page's use case 2: a responder 192.168.4.1 before 192.168.3.0/24 and an initiator 192.168.4.2 before 192.168.5.0/24.
final class VPPPair {
    let responder = SimulatedVPP(seed: 1)
    let initiator: SimulatedVPP
    /// Protocols of the IP packets on the wire.
    private(set) var protocols: [UInt8] = []

    /// What an initiator is told; by the responder alone what its profile needs.
    struct Setup {
        var ike = "aes-cbc 256 ike-integ-alg sha1-96 ike-dh ecp-256"
        var esp = "aes-cbc 256 esp-integ-alg sha1-96"
        /// Behind `auth`, at both ends.
        var authentication = "shared-key-mic string Vpp123"
        /// The initiator's identity, and the responder's.
        var identities = ("fqdn vpp.home", "fqdn roadwarrior.vpn.example.com")
        /// Behind the addresses of a selector.
        var ports = "port-range 0 - 65535 protocol 0"
        var further = ""
    }

    init(vendorIDs: [[UInt8]] = []) {
        initiator = SimulatedVPP(seed: 2, vendorIDs: vendorIDs)
        for (host, other) in [(responder, initiator), (initiator, responder)] {
            host.forwarder.transmit = { [unowned self] _, frame in
                if frame[12...13] == [8, 0] { protocols.append(frame[23]) }
                other.forwarder.receive(frame, on: 1, at: .zero)
            }
        }
        for (host, wan, lan) in [(responder, 1, 3), (initiator, 2, 5)] {
            host.type(
                lines: """
                    create host-interface name wan
                    set interface state host-wan up
                    set interface ip address host-wan 192.168.4.\(wan)/24
                    create loopback interface
                    set interface state loop0 up
                    set interface ip address loop0 192.168.\(lan).1/24
                    """)
        }
    }

    /// Profiles on both. - Returns: what the two said; empty where all is well.
    func configure(_ setup: Setup) -> String {
        func profile(_ isInitiator: Bool) -> String {
            let nets = isInitiator ? (5, 3) : (3, 5)
            let (own, peer) =
                isInitiator ? setup.identities : (setup.identities.1, setup.identities.0)
            return """
                ikev2 profile add pr1
                ikev2 profile set pr1 auth \(setup.authentication)
                ikev2 profile set pr1 id local \(own)
                ikev2 profile set pr1 id remote \(peer)
                ikev2 profile set pr1 traffic-selector local ip-range 192.168.\(nets.0).0 - 192.168.\(nets.0).255 \(setup.ports)
                ikev2 profile set pr1 traffic-selector remote ip-range 192.168.\(nets.1).0 - 192.168.\(nets.1).255 \(setup.ports)
                """
        }
        return responder.type(lines: profile(false)) + initiator.type(lines: profile(true))
            + initiator.type(
                lines: """
                    ikev2 profile set pr1 responder host-wan 192.168.4.1
                    ikev2 profile set pr1 ike-crypto-alg \(setup.ike)
                    ikev2 profile set pr1 esp-crypto-alg \(setup.esp)
                    ikev2 profile set pr1 sa-lifetime 3600 10 5 0
                    \(setup.further)
                    """)
    }

    /// A command at the initiator, and all that comes of it at both ends.
    @discardableResult
    func run(_ line: String) -> String {
        let text = initiator.type(line)
        settle()
        return text
    }

    func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for host in [responder, initiator] {
                for datagram in host.forwarder.takeDatagrams() {
                    isQuiet = false
                    host.tell(.datagram(datagram))
                }
            }
        }
    }

    /// Whether an echo request from the responder's network comes back from the initiator's, as ESP and not otherwise.
    func pings() -> Bool {
        for (host, net) in [(responder, 5), (initiator, 3)] {
            _ = host.type(
                lines: """
                    set interface state ipsec0 up
                    ip route add 192.168.\(net).0/24 via ipsec0
                    """)
        }
        protocols = []
        _ = responder.forwarder.startEcho(
            to: IPAddress("192.168.5.1")!, from: IPAddress("192.168.3.1")!, count: 1, at: .zero)
        let came = responder.forwarder.takeEchoReports().last?.kind == .finished(sent: 1, received: 1)
        return came && protocols == [50, 50]
    }

    /// What each IKE message held, in the order in which each end sent them: the initiator's, then the responder's.
    func messages() throws -> [(message: Message, inner: [Payload])] {
        try (initiator.sent + responder.sent).map { datagram in
            let message = try Message(parsing: datagram.octets)
            guard let protected = message.protected, let keys = initiator.exported else { return (message, []) }
            let isInitiator = message.header.isInitiator
            let protection = try PacketProtection(
                encryption: keys.cipher.algorithm, keyBits: keys.cipher.keyBits == 0 ? nil : keys.cipher.keyBits,
                integrity: keys.integrity, encryptionKey: isInitiator ? keys.skEi : keys.skEr,
                integrityKey: isInitiator ? keys.skAi : keys.skAr)
            let padded = try protection.open(header: protected.prefix, body: protected.body)
            let plaintext = padded.dropLast(Int(padded.last ?? 0) + 1)
            return (message, try Message.parsePayloads(first: protected.innerFirst, plaintext))
        }
    }
}
