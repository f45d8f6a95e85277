import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// A tunnel interface of a router and all that its configuration leads to.
struct IOSTunnel: DeviceTunnel, Hashable {
    /// `Tunnel0`.
    var interface: String
    var sourceInterface: String
    var ikeProfile: String
    /// The proposals that its policy names, `default` where there is no policy.
    var proposalNames: [String]
    var ikeLifetimeSeconds: Int
    /// Of each Child SA: what it may carry, in units of 1024 octets.
    var childKilobytes: Int
    /// Seconds between signs of life, and between attempts; nil: none are asked for.
    var deadPeerDelay: Int?
    var deadPeerRetry: Int
    var transformSet: String
    var connection: Connection
}

/// What the running configuration of a router says.
struct IOSSettings {
    let tree: ConfigurationTree

    init(_ tree: ConfigurationTree) { self.tree = tree }

    var hostname: String { tree.rests(of: "hostname").first?.first ?? "Router" }

    /// Of an interface.
    func address(_ interface: String) -> IPAddress? {
        tree.entry("interface", interface)?.rest(of: "ip", "address")?.first.flatMap { IPAddress($0) }
    }

    /// One for each interface with a source, a destination and a protection that can be followed to its end.
    func tunnels(id: (String) -> ConnectionID) -> [IOSTunnel] {
        tree.entries.filter { $0.words.first == "interface" }.compactMap { entry in
            guard let source = entry.rest(of: "tunnel", "source")?.first,
                entry.rest(of: "tunnel", "mode") == ["ipsec", "ipv4"],
                let remote = entry.rest(of: "tunnel", "destination")?.first.flatMap({ IPAddress($0) }),
                let protection = entry.rest(of: "tunnel", "protection", "ipsec", "profile")?.first,
                let local = address(source), let profile = tree.entry("crypto", "ipsec", "profile", protection),
                let set = profile.rest(of: "set", "transform-set")?.first,
                let ike = profile.rest(of: "set", "ikev2-profile")?.first,
                let ikeProfile = tree.entry("crypto", "ikev2", "profile", ike),
                var esp = espProposal(set)
            else { return nil }
            if let group = profile.rest(of: "set", "pfs")?.first.flatMap(AlgorithmWords.group) {
                esp.keyExchange = [group]
            }
            let names = policyProposals
            let ikeLife = ikeProfile.rest(of: "lifetime")?.first.flatMap { Int($0) } ?? 86400
            let childLife =
                profile.rest(of: "set", "security-association", "lifetime", "seconds")?.first.flatMap { Int($0) }
                ?? 3600
            let kilobytes =
                profile.rest(of: "set", "security-association", "lifetime", "kilobytes")?.first.flatMap { Int($0) }
                ?? Self.standardKilobytes
            let detection = ikeProfile.rest(of: "dpd")?.prefix(2).compactMap { Int($0) } ?? []
            var lifetimes = Lifetimes(
                ike: .seconds(ikeLife), child: .seconds(childLife), rekeyMargin: Self.rekeyMargin, fuzzPercent: 0,
                childOctets: UInt64(kilobytes) * 1024)
            lifetimes.childRekeyMargin = Self.childRekeyMargin
            let connection = Connection(
                id: id(entry.words[1]), name: entry.words[1], local: Self.end(local), remote: Self.end(remote),
                ikeProposals: names.compactMap(ikeProposal), espProposals: [esp],
                lifetimes: lifetimes,
                encapsulation: .automatic, fragmentation: false, initialContact: true, replayWindow: 64,
                livenessDelay: detection.first.map { .seconds($0) } ?? .zero)
            return IOSTunnel(
                interface: entry.words[1], sourceInterface: source, ikeProfile: ike, proposalNames: names,
                ikeLifetimeSeconds: ikeLife, childKilobytes: kilobytes, deadPeerDelay: detection.first,
                deadPeerRetry: detection.last ?? 0, transformSet: set, connection: connection)
        }
    }

    /// A log of IOS 15.1 shows an IKE SA of 120 s replaced after 61 s.
    private static let rekeyMargin = Duration.seconds(59)
    /// Of IOS: a Child SA is replaced 30 s before its end.
    private static let childRekeyMargin = Duration.seconds(30)
    /// Of IOS, where nothing is configured.
    private static let standardKilobytes = 4_608_000

    /// `any` to `any`: what goes through a tunnel interface is for routes to say.
    private static func end(_ address: IPAddress) -> ConnectionEnd {
        let any = IPPrefix(.unspecified(.v4), length: 0)!
        return ConnectionEnd(
            host: .address(address), identification: Identification(address: address),
            selectors: [TrafficSelector(any)])
    }

    private var policyProposals: [String] {
        let policies = tree.entries.filter { $0.words.starts(with: ["crypto", "ikev2", "policy"]) }
        let names = policies.flatMap { policy in
            policy.children.filter { $0.words.first == "proposal" }.compactMap { $0.words.last }
        }
        return names.isEmpty ? ["default"] : names
    }

    private func ikeProposal(_ name: String) -> IKEProposal? {
        guard let entry = tree.entry("crypto", "ikev2", "proposal", name) else {
            return name == "default" ? Self.standardProposal : nil
        }
        let hashes = entry.rest(of: "integrity") ?? ["sha1"]
        return IKEProposal(
            encryption: (entry.rest(of: "encryption") ?? []).compactMap(AlgorithmWords.cipher),
            prf: hashes.compactMap(AlgorithmWords.prf), integrity: hashes.compactMap(AlgorithmWords.integrity),
            keyExchange: (entry.rest(of: "group") ?? []).compactMap(AlgorithmWords.group))
    }

    /// Of IOS 15.1, as its rekeying request shows it: the best first.
    static let standardProposal = IKEProposal(
        encryption: [256, 192, 128].map { CipherChoice(.aesCBC, keyBits: $0) },
        prf: [.hmacSHA2_512, .hmacSHA2_384, .hmacSHA2_256, .hmacSHA1, .hmacMD5],
        integrity: [.hmacSHA2_512_256, .hmacSHA2_384_192, .hmacSHA2_256_128, .hmacSHA1_96, .hmacMD5_96],
        keyExchange: [.modp1536, .modp1024])

    /// `esp-3des esp-sha-hmac`.
    private func espProposal(_ name: String) -> ESPProposal? {
        guard let words = tree.rests(of: "crypto", "ipsec", "transform-set", name).first else { return nil }
        var cipher: CipherChoice?
        var hash: IntegrityAlgorithm?
        for word in words {
            switch word {
            case "esp-3des": cipher = CipherChoice(.tripleDES)
            case "esp-aes": cipher = CipherChoice(.aesCBC, keyBits: 128)
            case "esp-null": cipher = CipherChoice(.null)
            case "esp-sha-hmac": hash = .hmacSHA1_96
            case "esp-md5-hmac": hash = .hmacMD5_96
            case "esp-sha256-hmac": hash = .hmacSHA2_256_128
            default: if let bits = Int(word), cipher?.algorithm == .aesCBC { cipher?.keyBits = bits }
            }
        }
        return cipher.map {
            ESPProposal(encryption: [$0], integrity: hash.map { [$0] } ?? [], extendedSequenceNumbers: [false])
        }
    }

    /// The keys of all keyrings: a peer's line opens its part, its address says whose it is. The local key is what this router proves
    /// itself by, the remote one what the peer does; where one is missing, the other one serves for both.
    var keys: PreSharedKeys {
        PreSharedKeys(
            tree.entries.filter { $0.words.starts(with: ["crypto", "ikev2", "keyring"]) }.flatMap { ring in
                ring.children.split(omittingEmptySubsequences: true) { $0.words.first == "peer" }.compactMap { lines in
                    func key(_ whose: String) -> SecretBytes? {
                        lines.first { $0.words.starts(with: ["pre-shared-key", whose]) }
                            .map { SecretBytes(Array($0.words[2].utf8)) }
                    }
                    guard
                        let peer = lines.first(where: { $0.words.first == "address" }).flatMap({
                            IPAddress($0.words[1])
                        }),
                        let secret = key("local") ?? key("remote")
                    else { return nil }
                    return PreSharedKeys.Entry(
                        indices: [.identification(Identification(address: peer))], secret: secret,
                        peerSecret: key("remote"))
                }
            })
    }
}
