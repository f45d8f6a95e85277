import IKECrypto
package import IKEEngine
package import IKEModel
import IKEWire
package import NetAddress

package enum EndName: String, Hashable, Sendable, CaseIterable {
    case west, east

    package var other: EndName { self == .west ? .east : .west }
    package var address: IPAddress { self == .west ? IPAddress("192.1.2.45")! : IPAddress("192.1.2.23")! }
}

/// What the two ends are configured to do.
package struct SimulationSettings: Hashable, Sendable {
    /// West's first group is not east's: INVALID_KE_PAYLOAD.
    package var groupsDiffer = false
    /// East asks every newcomer for a cookie.
    package var asksForCookie = false
    /// Whole IP packets in octets beyond which messages are fragmented.
    package var packetOctets = 1280
    package var sessionResumption = false
    package var perfectForwardSecrecy = false
    /// The first Child SA has an exchange of its own (RFC 6023).
    package var isChildless = false
    /// IKE_INTERMEDIATE goes before IKE_AUTH (RFC 9242).
    package var usesIntermediate = false
    /// Child SAs are of transport mode: of the two ends' own addresses.
    package var isTransport = false
    /// Both speak MOBIKE (RFC 4555); west may be anywhere, and begins.
    package var usesMobility = false
    /// West is behind a NAT, whose mapping may change, and begins.
    package var hasNAT = false
    /// West proves who it is by EAP-MSCHAPv2, and can be no responder then.
    package var usesEAP = false
    /// Requests that both ends keep apart (RFC 7296 §2.3).
    package var requestWindow: UInt32 = 1
    package var livenessDelay = Duration.seconds(60)
    package var lifetimes = Lifetimes()
    package var retransmission = RetransmissionSchedule(interval: .milliseconds(500), timeout: .seconds(20))

    package init() {}
}

/// One engine with its data plane; what it does is noted, and done again where it is asked to be a new one.
package final class SimulatedEnd {
    package let name: EndName
    package let settings: SimulationSettings
    package private(set) var engine: Engine
    package private(set) var plane = SimulatedDataPlane()
    private let seed: UInt64
    private var restarts: UInt64 = 0
    /// Where it is by now.
    package internal(set) var address: IPAddress
    var wake: Instant?
    /// What its packets must not go in clear for: connections that were up here and are to stay so.
    var shielded: Set<ConnectionID> = []

    package static let connections = [ConnectionID(1), ConnectionID(2)]

    init(_ name: EndName, settings: SimulationSettings, seed: UInt64) {
        self.name = name
        self.settings = settings
        self.seed = seed
        address = name.address
        engine = SimulatedEnd.makeEngine(name, settings, seed: seed)
    }

    /// It starts anew and knows nothing of what was.
    func restart() {
        restarts += 1
        engine = SimulatedEnd.makeEngine(name, settings, seed: seed &+ restarts &* 0x1000)
        plane = SimulatedDataPlane()
        wake = nil
        shielded = []
    }

    private static func makeEngine(_ name: EndName, _ settings: SimulationSettings, seed: UInt64) -> Engine {
        var profile = WireProfile(
            fragmentPacketOctetsV4: settings.packetOctets,
            cookieThreshold: settings.asksForCookie && name == .east ? 0 : 1000)
        profile.requestWindow = settings.requestWindow
        return Engine(profile: profile, random: SeededRandom(seed: seed &* 2 &+ (name == .west ? 0 : 1)))
    }

    /// The secret and two connections between the same two ends, for different networks.
    func configuration() -> [Command] {
        let secret = SecretBytes(Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890".utf8))
        var keys = PreSharedKeys([PreSharedKeys.Entry(indices: [], secret: secret)])
        if settings.usesEAP { keys.eapSecrets = [EAPSecret(identities: [], secret: secret)] }
        return [.setSecrets(keys)] + SimulatedEnd.connections.map { .add(connection($0)) }
    }

    private func connection(_ id: ConnectionID) -> Connection {
        func end(_ end: EndName) -> ConnectionEnd {
            let isAnywhere = end == .west && name == .east && (settings.usesMobility || settings.hasNAT)
            return ConnectionEnd(
                host: isAnywhere ? .any(.v4) : .address(end == name ? address : end.address),
                identification: Identification(type: .fqdn, data: Array(end.rawValue.utf8)),
                selectors: settings.isTransport
                    ? []
                    : [TrafficSelector(IPPrefix("192.0.\(id.number * 10 + (end == .west ? 1 : 2)).0/24")!)])
        }
        let groups: [KeyExchangeMethod] =
            !settings.groupsDiffer
            ? [.curve25519] : name == .west ? [.ecp256, .curve25519] : [.curve25519]
        var connection = Connection(
            id: id, name: "net-\(id.number)", local: end(name), remote: end(name.other),
            ikeProposals: [
                IKEProposal(
                    encryption: [CipherChoice(.aesGCM16, keyBits: 256)], prf: [.hmacSHA2_256], integrity: [],
                    keyExchange: groups)
            ],
            espProposals: [ESPProposal(encryption: [CipherChoice(.aesGCM16, keyBits: 256)], integrity: [])],
            lifetimes: settings.lifetimes, retransmission: settings.retransmission,
            sessionResumption: settings.sessionResumption, livenessDelay: settings.livenessDelay,
            perfectForwardSecrecy: settings.perfectForwardSecrecy)
        connection.intermediate = settings.usesIntermediate
        connection.mobility = settings.usesMobility
        if settings.isTransport { connection.mode = .transport }
        if settings.isChildless { connection.childless = .force }
        if settings.usesEAP {
            let policy = AuthenticationPolicy.eap(EAPPolicy(.mschapV2))
            if name == .west {
                connection.local.authentication = policy
            } else {
                connection.remote.authentication = policy
            }
        }
        return connection
    }
}
