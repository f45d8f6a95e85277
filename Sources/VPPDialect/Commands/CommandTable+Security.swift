import IKECrypto
import IKEModel
import NetAddress
import VPPForwarder

extension CommandTable {
    static let securityRows: [CommandRow] = [
        CommandRow(
            "ipsec sa",
            "ipsec sa [add|del] <id> spi <spi> esp crypto-alg <alg> crypto-key <key> [integ-alg <alg> integ-key <key>] "
                + "[tunnel-src <addr> tunnel-dst <addr>] [use-esn] [use-anti-replay]", association),
        CommandRow("ipsec spd", "ipsec spd [add|del] <id>") { (dialect, words, _) throws(CommandFailure) in
            let removes = words.take("del")
            guard removes || words.take("add") else { throw words.parseError }
            let id: UInt32 = try words.number()
            try words.finish()
            try change { () throws(ForwarderError) in
                if removes { try dialect.forwarder.removeDatabase(id) } else { try dialect.forwarder.addDatabase(id) }
            }
            return .nothing
        },
        CommandRow(
            "ipsec policy",
            "ipsec policy [add|del] spd <id> priority <n> inbound|outbound action bypass|discard|protect [sa <id>] ...",
            policy),
        CommandRow("set ipsec sa", "set ipsec sa <id> crypto-key <key> integ-key <key>") {
            (dialect, words, _) throws(CommandFailure) in
            let id: UInt32 = try words.number()
            var encryption: SecretBytes?
            var integrity: SecretBytes?
            while !words.isAtEnd {
                if words.take("crypto-key") {
                    encryption = SecretBytes(try words.octets())
                } else if words.take("integ-key") {
                    integrity = SecretBytes(try words.octets())
                } else {
                    throw words.parseError
                }
            }
            try change { () throws(ForwarderError) in
                try dialect.forwarder.setKeys(id, encryption: encryption, integrity: integrity)
            }
            return .nothing
        },
    ]

    private static let association: CommandRow.Action = { (dialect, words, _) throws(CommandFailure) in
        let removes = words.take("del")
        guard removes || words.take("add") else { throw words.parseError }
        let id: UInt32 = try words.number()
        if removes {
            try change { () throws(ForwarderError) in try dialect.forwarder.removeAssociation(id) }
            return .nothing
        }
        var spi: UInt32?
        var cipher: CipherChoice?
        var integrity = IntegrityAlgorithm.none
        var keys: (encryption: [UInt8], integrity: [UInt8]) = ([], [])
        var ends: (source: IPAddress?, destination: IPAddress?) = (nil, nil)
        var (usesESN, checksReplay) = (false, false)
        while !words.isAtEnd {
            if words.take("spi") {
                spi = try words.number()
            } else if words.take("crypto-alg") {
                cipher = try words.value { name in AlgorithmNames.ciphers.first { $0.name == name }?.choice }
            } else if words.take("crypto-key") {
                keys.encryption = try words.octets()
            } else if words.take("integ-alg") {
                integrity = try words.value { name in
                    AlgorithmNames.integrities.first { $0.name == name }?.algorithm
                }
            } else if words.take("integ-key") {
                keys.integrity = try words.octets()
            } else if words.take("tunnel-src") {
                ends.source = try words.address()
            } else if words.take("tunnel-dst") {
                ends.destination = try words.address()
            } else if words.take("use-esn") {
                usesESN = true
            } else if words.take("use-anti-replay") {
                checksReplay = true
            } else if words.take("ah") {
                // VPP 17.04 has the word and not the protocol.
                throw CommandFailure(text: "unsupported security protocol 'AH'")
            } else if !words.take("esp") {
                throw words.parseError
            }
        }
        guard let spi, let cipher else { throw words.parseError }
        var settings = ForwarderSA.Settings(
            id: id, spi: spi, encryption: cipher.algorithm, keyBits: cipher.keyBits, integrity: integrity,
            encryptionKey: SecretBytes(keys.encryption), integrityKey: SecretBytes(keys.integrity))
        switch ends {
        case (let source?, let destination?) where source.family == destination.family:
            settings.tunnel = .init(source: source, destination: destination)
        case (nil, nil): break
        default: throw words.parseError
        }
        settings.usesESN = usesESN
        settings.replayWindow = checksReplay ? VPPDialect.replayWindow : 0
        let complete = settings
        try change { () throws(ForwarderError) in
            try dialect.forwarder.addAssociation(try ForwarderSA(complete))
        }
        return .nothing
    }

    private static let policy: CommandRow.Action = { (dialect, words, _) throws(CommandFailure) in
        let removes = words.take("del")
        guard removes || words.take("add") else { throw words.parseError }
        var spd: UInt32?
        var priority: Int32 = 0
        var isOutbound = false
        var action: String?
        var association: UInt32?
        var ranges: (local: IPRange?, remote: IPRange?) = (nil, nil)
        var ports: (local: ClosedRange<UInt16>, remote: ClosedRange<UInt16>) = (0...65535, 0...65535)
        var ipProtocol: UInt8 = 0
        var onlyV6 = false
        while !words.isAtEnd {
            if words.take("spd") {
                spd = try words.number()
            } else if words.take("priority") {
                priority = try words.number()
            } else if words.take("inbound") {
                isOutbound = false
            } else if words.take("outbound") {
                isOutbound = true
            } else if words.take("action") {
                action = try words.value { ["bypass", "discard", "protect"].contains($0) ? $0 : nil }
            } else if words.take("sa") {
                association = try words.number()
            } else if words.take("protocol") {
                ipProtocol = try words.number()
            } else if words.take("local-ip-range") {
                ranges.local = try words.addressRange()
            } else if words.take("remote-ip-range") {
                ranges.remote = try words.addressRange()
            } else if words.take("local-port-range") {
                ports.local = try words.portRange()
            } else if words.take("remote-port-range") {
                ports.remote = try words.portRange()
            } else if words.take("ip6") {
                onlyV6 = true
            } else {
                throw words.parseError
            }
        }
        guard let spd, let action else { throw words.parseError }
        let what: SecurityPolicy.Action
        switch (action, association) {
        case ("protect", let id?): what = .protect(id)
        case ("protect", nil): throw CommandFailure(text: "missing sa id for protect action")
        case ("discard", _): what = .discard
        default: what = .bypass
        }
        // Without addresses it is for both families, as two policies.
        let named = ranges.local?.family ?? ranges.remote?.family
        let families: [AddressFamily] = named.map { [$0] } ?? (onlyV6 ? [.v6] : [.v4, .v6])
        for family in families {
            let all = IPRange(.unspecified(family), .greatest(family))!
            let (local, remote) = (ranges.local ?? all, ranges.remote ?? all)
            guard local.family == remote.family else { throw words.parseError }
            let policy = SecurityPolicy(
                isOutbound: isOutbound, priority: priority, action: what, local: local, remote: remote,
                ipProtocol: ipProtocol, localPorts: ports.local, remotePorts: ports.remote)
            try change { () throws(ForwarderError) in
                if removes {
                    try dialect.forwarder.removePolicy(policy, from: spd)
                } else {
                    try dialect.forwarder.addPolicy(policy, to: spd)
                }
            }
        }
        return .nothing
    }
}
