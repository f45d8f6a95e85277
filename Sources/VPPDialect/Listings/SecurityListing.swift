import IKECrypto
import IKEModel
import NetAddress
import VPPForwarder

/// `show ipsec`.
struct SecurityListing {
    let forwarder: Forwarder

    var all: String { associations(nil) + databases + (forwarder.tunnels.isEmpty ? "" : "tunnel interfaces\n" + tunnels) }

    // MARK: SAs

    private func keys(_ settings: ForwarderSA.Settings) -> (cipher: String, integrity: String) {
        let choice = CipherChoice(settings.encryption, keyBits: settings.keyBits)
        let key = Columns.hex(settings.encryptionKey.exposed)
        let integrity = Columns.hex(settings.integrityKey.exposed)
        func joined(_ name: String, _ key: String, _ word: String) -> String {
            key.isEmpty ? name : name + word + key
        }
        return (
            joined(AlgorithmNames.name(choice), key, " key "),
            joined(AlgorithmNames.name(settings.integrity), integrity, " key ")
        )
    }

    func associations(_ id: UInt32?) -> String {
        forwarder.associations.values.filter { id == nil || $0.settings.id == id }
            .sorted { $0.settings.id < $1.settings.id }.map { association in
                let settings = association.settings
                let names = keys(settings)
                var text = "sa \(settings.id) spi \(settings.spi) mode \(settings.tunnel == nil ? "transport" : "tunnel")"
                text += " protocol esp\n"
                text += "  crypto alg \(names.cipher) integrity alg \(names.integrity)\n"
                if let tunnel = settings.tunnel { text += "  tunnel src \(tunnel.source) dst \(tunnel.destination)\n" }
                return text
            }.joined()
    }

    // MARK: Policies

    var databases: String {
        forwarder.databases.values.sorted { $0.id < $1.id }.map { database in
            func list(_ isOutbound: Bool, _ family: AddressFamily, _ isWanted: (SecurityPolicy) -> Bool) -> String {
                database.policies.filter {
                    $0.isOutbound == isOutbound && $0.local.family == family && isWanted($0)
                }.map(text).joined()
            }
            func isProtect(_ policy: SecurityPolicy) -> Bool {
                if case .protect = policy.action { true } else { false }
            }
            // Inbound, those that protect are kept apart, and first.
            return "spd \(database.id)\n outbound policies\n" + list(true, .v4) { _ in true } + list(true, .v6) { _ in true }
                + " inbound policies\n"
                + [AddressFamily.v4, .v6].map { list(false, $0, isProtect) + list(false, $0) { !isProtect($0) } }.joined()
        }.joined()
    }

    private func text(_ policy: SecurityPolicy) -> String {
        let action =
            switch policy.action {
            case .bypass: "bypass"
            case .discard: "discard"
            case .protect: "protect"
            }
        var text = "  priority \(policy.priority) action \(action) protocol \(Self.name(of: policy.ipProtocol))"
        if case .protect(let id) = policy.action { text += " sa \(id)" }
        // VPP's own spelling, in IPv4's half of the listing only.
        let remote = policy.local.family == .v4 ? "remte" : "remote"
        for (end, range, ports) in [("local", policy.local, policy.localPorts), (remote, policy.remote, policy.remotePorts)] {
            text += "\n   \(end) addr range \(range.first) - \(range.last)"
            text += " port range \(ports.lowerBound) - \(ports.upperBound)"
        }
        return text + "\n   packets \(policy.packets) bytes \(policy.octets)\n"
    }

    private static func name(of ipProtocol: UInt8) -> String {
        switch ipProtocol {
        case 0: "any"
        case 1: "ICMP"
        case 6: "TCP"
        case 17: "UDP"
        case 50: "IPSEC_ESP"
        case 51: "IPSEC_AH"
        case 58: "ICMP6"
        default: "unknown \(ipProtocol)"
        }
    }

    // MARK: Tunnel interfaces

    var tunnels: String {
        forwarder.tunnels.map { tunnel in
            guard let heard = tunnel.inbound.first?.association else { return "" }
            let sent = tunnel.outbound
            func halves(_ number: UInt64, _ prefix: String) -> String {
                "\(prefix) \(number & 0xffff_ffff) \(prefix)-hi \(number >> 32)"
            }
            func flags(_ association: ForwarderSA) -> String {
                "esn \(association.settings.usesESN ? 1 : 0) anti-replay \(association.settings.replayWindow > 0 ? 1 : 0)"
            }
            func lines(_ association: ForwarderSA, _ end: String) -> String {
                let settings = association.settings
                let choice = CipherChoice(settings.encryption, keyBits: settings.keyBits)
                var text = "   \(end)-spi \(settings.spi) \(end)-ip "
                text += (settings.tunnel.map { "\($0.source)" } ?? "") + "\n"
                text += "   \(end)-crypto \(AlgorithmNames.name(choice)) \(Columns.hex(settings.encryptionKey.exposed))\n"
                text += "   \(end)-integrity \(AlgorithmNames.name(settings.integrity))"
                return text + " \(Columns.hex(settings.integrityKey.exposed))\n"
            }
            let window = heard.window.map { $0 ? "1" : "0" }.joined()
            return "  \(tunnel.interface.name) seq\n   \(halves(sent.sequence, "seq")) \(flags(sent))\n"
                + lines(sent, "local") + "   \(halves(heard.highest, "last-seq")) \(flags(heard)) window \(window)\n"
                + lines(heard, "remote")
        }.joined()
    }
}
