import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import VPPForwarder

extension CommandTable {
    static let profileRows: [CommandRow] = [
        CommandRow(
            "ikev2 profile",
            """
            ikev2 profile [add|del] <id>
            ikev2 profile set <id> auth [rsa-sig|shared-key-mic] [cert-file|string|hex] <data>
            ikev2 profile set <id> id <local|remote> <type> <data>
            ikev2 profile set <id> udp-encap
            ikev2 profile set <id> traffic-selector <local|remote> ip-range <start-addr> - <end-addr> \
            port-range <start-port> - <end-port> protocol <protocol-number>
            ikev2 profile set <id> responder <interface> <addr>
            ikev2 profile set <id> ike-crypto-alg <crypto alg> <key size> ike-integ-alg <integ alg> ike-dh <dh type>
            ikev2 profile set <id> esp-crypto-alg <crypto alg> <key size> [esp-integ-alg <integ alg>]
            ikev2 profile set <id> sa-lifetime <seconds> <jitter> <handover> <max bytes>
            ikev2 profile set <id> disable natt
            """
        ) { (dialect, words, view) throws(CommandFailure) in
            if words.take("add") {
                let name = try words.word()
                guard dialect.profile(name) == nil else {
                    throw CommandFailure(text: "policy \(name) already exists")
                }
                dialect.profiles.append(IKEProfile(name: name))
                return .nothing
            }
            if words.take("del") {
                let name = try words.word()
                guard let index = dialect.profile(name) else {
                    throw CommandFailure(text: "policy \(name) does not exists")
                }
                let old = dialect.profiles.remove(at: index)
                return CommandAnswer(effects: old.connection.map { [.command(.remove($0.id))] } ?? [])
            }
            guard words.take("set") else { throw words.parseError }
            let name = try words.word()
            guard let index = dialect.profile(name) else { throw CommandFailure(text: "unknown profile \(name)") }
            try set(&words, index, dialect, view)
            return CommandAnswer(effects: dialect.tellEngine(index, view))
        },
        CommandRow("set ikev2 local key", "set ikev2 local key <file>") { (dialect, words, view) throws(CommandFailure) in
            let path = try words.word()
            guard let octets = try? view.readFile(path),
                let section = try? PEM.sections(of: octets).first(where: { $0.label.hasSuffix("PRIVATE KEY") }),
                let key = try? PrivateKey(der: section.contents)
            else { throw CommandFailure(text: "load key '\(path)' failed") }
            dialect.key = key
            return CommandAnswer(
                effects: [.command(.setCredentials(Credentials(privateKeys: [key])))]
                    + dialect.profiles.indices.flatMap { dialect.tellEngine($0, view) })
        },
        CommandRow(
            "ikev2 initiate",
            """
            ikev2 initiate sa-init <profile id>
            ikev2 initiate del-child-sa <child sa ispi>
            ikev2 initiate del-sa <sa ispi>
            ikev2 initiate rekey-child-sa <child sa ispi>
            """
        ) { (dialect, words, view) throws(CommandFailure) in
            if words.take("sa-init") {
                let name = try words.word()
                guard let index = dialect.profile(name) else { throw CommandFailure(text: "unknown profile \(name)") }
                let told = dialect.tellEngine(index, view)
                guard let connection = dialect.profiles[index].connection, dialect.profiles[index].responder != nil
                else { throw CommandFailure(text: "responder not set for profile \(name)") }
                return CommandAnswer(effects: told + [.command(.initiate(connection.id, staysUp: false))])
            }
            if words.take("del-sa") {
                let spi = try words.value { UInt64($0, radix: 16) }
                let found = view.ikeSAs.first { $0.initiatorSPI.value == spi }
                guard let found else { throw CommandFailure(text: "IKE SA not found") }
                return CommandAnswer(effects: [.command(.deleteIKE(found.ike))])
            }
            let isRekey = words.take("rekey-child-sa")
            guard isRekey || words.take("del-child-sa") else { throw words.parseError }
            let spi = try words.value { UInt32($0, radix: 16) }
            let found = view.childSAs.first { ($0.role == .initiator ? $0.inbound : $0.outbound).value == spi }
            guard let found else { throw CommandFailure(text: "Child SA not found") }
            return CommandAnswer(effects: [.command(isRekey ? .rekeyChild(found.child) : .deleteChild(found.child))])
        },
    ]

    // MARK: ikev2 profile set

    private static func set(
        _ words: inout CommandWords, _ index: Int, _ dialect: VPPDialect, _ view: any DaemonView
    ) throws(CommandFailure) {
        var profile = dialect.profiles[index]
        if words.take("auth") {
            profile.authentication = try authentication(&words, view)
        } else if words.take("id") {
            let isLocal = words.take("local")
            guard isLocal || words.take("remote") else { throw words.parseError }
            let type = try words.word()
            if type == "der-asn1-dn" { throw CommandFailure(text: "unsupported identity type \(type)") }
            let text = try words.word()
            guard let identity = IKEProfile.Identity(type: type, text: text) else { throw words.parseError }
            if isLocal { profile.local = identity } else { profile.remote = identity }
        } else if words.take("traffic-selector") {
            let isLocal = words.take("local")
            guard isLocal || words.take("remote"), words.take("ip-range") else { throw words.parseError }
            let addresses = try words.addressRange()
            guard words.take("port-range") else { throw words.parseError }
            let ports = try words.portRange()
            guard words.take("protocol") else { throw words.parseError }
            let selector = TrafficSelector(
                addresses, ipProtocol: try words.number(), startPort: ports.lowerBound, endPort: ports.upperBound)
            if isLocal { profile.localSelector = selector } else { profile.remoteSelector = selector }
        } else if words.take("responder") {
            let interface = try words.interface(dialect)
            profile.responder = (interface.index, interface.name, try words.address())
        } else if words.take("ike-crypto-alg") {
            profile.ike = try algorithms(&words, "ike")
        } else if words.take("esp-crypto-alg") {
            profile.esp = try algorithms(&words, "esp")
        } else if words.take("sa-lifetime") {
            profile.lifetime = (
                try words.number(UInt64.self), try words.number(Int.self), try words.number(UInt64.self),
                try words.number(UInt64.self)
            )
        } else if words.take("udp-encap") {
            profile.encapsulates = true
        } else if words.take("disable") {
            guard words.take("natt") else { throw words.parseError }
            profile.detectsNAT = false
        } else {
            throw words.parseError
        }
        guard words.isAtEnd else { throw words.parseError }
        dialect.profiles[index] = profile
    }

    private static func authentication(
        _ words: inout CommandWords, _ view: any DaemonView
    ) throws(CommandFailure) -> IKEProfile.Authentication {
        if words.take("shared-key-mic") {
            if words.take("string") {
                let text = try words.word()
                return .sharedKey(Array(text.utf8), text: text)
            }
            guard words.take("hex") else { throw words.parseError }
            let octets = try words.octets()
            return .sharedKey(octets, text: "0x" + Columns.hex(octets))
        }
        guard words.take("rsa-sig"), words.take("cert-file") else { throw words.parseError }
        let path = try words.word()
        guard let octets = try? view.readFile(path),
            let section = try? PEM.sections(of: octets).first(where: { $0.label == "CERTIFICATE" }),
            let certificate = try? Certificate(der: section.contents.exposed)
        else { throw CommandFailure(text: "load cert '\(path)' failed") }
        return .signature(certificate, path: path)
    }

    /// `aes-cbc 256 ike-integ-alg sha1-96 ike-dh modp-2048`, behind the first keyword.
    private static func algorithms(
        _ words: inout CommandWords, _ kind: String
    ) throws(CommandFailure) -> IKEProfile.Algorithms {
        let algorithm = try words.value { name in
            AlgorithmNames.transforms.first { $0.name == name }?.algorithm
        }
        var cipher = CipherChoice(algorithm)
        if algorithm.takesKeyLength {
            cipher.keyBits = try words.value { Int($0).flatMap { algorithm.allowedKeyBits.contains($0) ? $0 : nil } }
        }
        var result = IKEProfile.Algorithms(cipher: cipher, integrity: .none, group: nil)
        if words.take("\(kind)-integ-alg") {
            result.integrity = try words.value { name in
                AlgorithmNames.integrityTransforms.first { $0.name == name }?.algorithm
            }
        }
        if words.take("\(kind)-dh") {
            result.group = try words.value { name in AlgorithmNames.groups.first { $0.name == name }?.method }
        }
        if kind == "ike" && algorithm == .aesCTR {
            throw CommandFailure(text: "AES-CTR is not supported for IKE SAs")
        }
        if algorithm.isAEAD != (result.integrity == .none) {
            throw CommandFailure(text: "invalid cipher + integrity algorithm")
        }
        return result
    }
}
