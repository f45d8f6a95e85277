import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import VPPForwarder

/// An `ikev2 profile`.
struct IKEProfile {
    enum Authentication {
        /// The octets, and the word that they were given by.
        case sharedKey([UInt8], text: String)
        /// The peer's certificate; its name, authorities and dates are not looked at.
        case signature(Certificate, path: String)

        var text: String {
            switch self {
            case .sharedKey(_, let text): "shared-key-mic auth data \(text)"
            case .signature(_, let path): "rsa-sig auth data \(path)"
            }
        }
    }

    struct Identity {
        /// VPP's word for the type, and the data as it was given.
        var type: String
        var text: String
        var value: Identification

        /// Those of the types that VPP knows. nil: the type is known and the data is no good, or it is none.
        init?(type: String, text: String) {
            let found: (IdentificationType, [UInt8]?)
            switch type {
            case "ip4-addr": found = (.ipv4Address, IPAddress(text).flatMap { $0.family == .v4 ? $0.octets : nil })
            case "ip6-addr": found = (.ipv6Address, IPAddress(text).flatMap { $0.family == .v6 ? $0.octets : nil })
            case "fqdn": found = (.fqdn, Array(text.utf8))
            case "rfc822": found = (.rfc822Address, Array(text.utf8))
            case "key-id": found = (.keyID, CommandWords.octets(text))
            default: return nil
            }
            guard let data = found.1 else { return nil }
            self.type = type
            self.text = text
            value = Identification(type: found.0, data: data)
        }

        static func text(_ identification: Identification) -> String {
            switch identification.type {
            case .fqdn: "fqdn " + String(decoding: identification.data, as: UTF8.self)
            case .rfc822Address: "rfc822 " + String(decoding: identification.data, as: UTF8.self)
            case .ipv4Address: "ip4-addr " + (IPAddress(octets: identification.data)?.description ?? "")
            case .ipv6Address: "ip6-addr " + (IPAddress(octets: identification.data)?.description ?? "")
            case .keyID: "key-id 0x" + Columns.hex(identification.data)
            default: "\(identification.type.rawValue) 0x" + Columns.hex(identification.data)
            }
        }
    }

    struct Algorithms {
        var cipher: CipherChoice
        var integrity: IntegrityAlgorithm
        var group: KeyExchangeMethod?
    }

    let name: String
    var authentication: Authentication?
    var local: Identity?
    var remote: Identity?
    var localSelector: TrafficSelector?
    var remoteSelector: TrafficSelector?
    var responder: (interface: Int, name: String, address: IPAddress)?
    var ike: Algorithms?
    var esp: Algorithms?
    /// Seconds; 0: SAs are never replaced. `jitter` percent, `handover` seconds, `greatestOctets` of one SA.
    var lifetime: (seconds: UInt64, jitter: Int, handover: UInt64, greatestOctets: UInt64)?
    var encapsulates = false
    var detectsNAT = true
    /// The engine's, as it was told of it last; nil while it lacks something.
    var connection: Connection?

    init(name: String) { self.name = name }

    /// As `show ikev2 profile` has it.
    var text: String {
        var text = "profile \(name)\n"
        if let authentication { text += "  auth-method \(authentication.text)\n" }
        if let local { text += "  local id-type \(local.type) data \(local.text)\n" }
        if let remote { text += "  remote id-type \(remote.type) data \(remote.text)\n" }
        for (end, selector) in [("local", localSelector), ("remote", remoteSelector)] {
            guard let selector else { continue }
            text += "  \(end) traffic-selector addr \(selector.addresses.first) - \(selector.addresses.last) port "
            text += "\(selector.startPort) - \(selector.endPort) protocol \(selector.ipProtocol)\n"
        }
        if let responder { text += "  responder \(responder.name) \(responder.address) \n" }
        if encapsulates { text += "  udp-encap\n" }
        if !detectsNAT { text += "  NAT-T disabled\n" }
        if let ike {
            text += "  ike-crypto-alg \(Self.text(ike)) ike-integ-alg \(AlgorithmNames.name(transform: ike.integrity))"
            text += " ike-dh \(ike.group.map(AlgorithmNames.name) ?? "none")\n"
        }
        if let esp {
            text += "  esp-crypto-alg \(Self.text(esp)) esp-integ-alg "
            text += AlgorithmNames.name(transform: esp.integrity) + "\n"
        }
        if let lifetime {
            text += "  lifetime \(lifetime.seconds) jitter \(lifetime.jitter) handover \(lifetime.handover)"
            text += " maxdata \(lifetime.greatestOctets)\n"
        }
        return text
    }

    private static func text(_ algorithms: Algorithms) -> String {
        let cipher = algorithms.cipher
        let name = AlgorithmNames.transforms.first { $0.algorithm == cipher.algorithm }?.name ?? "?"
        return cipher.keyBits == 0 ? name : "\(name) \(cipher.keyBits)"
    }
}
