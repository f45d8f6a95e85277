import IKECrypto
import IKEModel
import NetAddress

/// What the running configuration of an ASA says, as far as tunnels are concerned.
struct ASASettings {
    struct Interface: Hashable {
        var name: String
        var address: IPAddress
    }

    /// One sequence number of a crypto map, complete enough to be a tunnel.
    struct MapEntry: Hashable {
        var map: String
        var sequence: Int
        var accessList: String
        var peer: IPAddress
        var interface: Interface
        var isNATTDisabled: Bool
    }

    /// A line of an access-list: what is protected on this side, and on the other.
    struct Protected: Hashable {
        var local: [IPPrefix]
        var remote: [IPPrefix]
    }

    let tree: ConfigurationTree
    /// What a line names that is not there, a sentence each.
    private(set) var faults: [String] = []

    init(_ tree: ConfigurationTree) {
        self.tree = tree
        for acl in tree.rests(of: "access-list") where acl.contains("object-group") {
            for name in [acl[acl.count - 3], acl[acl.count - 1]] where group(name).isEmpty {
                faults.append("access-list \(acl[0]): object-group \(name) has no networks")
            }
        }
    }

    var hostname: String { tree.rests(of: "hostname").first?.first ?? "ciscoasa" }
    var isLogging: Bool { tree.entry("logging", "enable") != nil }

    /// Interfaces by the names that `nameif` gives them.
    func interface(_ name: String) -> Interface? {
        for entry in tree.entries where entry.words.first == "interface" {
            guard entry.rest(of: "nameif") == [name],
                let address = entry.rest(of: "ip", "address")?.first.flatMap({ IPAddress($0) })
            else { continue }
            return Interface(name: name, address: address)
        }
        return nil
    }

    // MARK: Networks

    private static func prefix(_ words: [String]) -> IPPrefix? {
        guard words.count == 2, let address = IPAddress(words[0]), let mask = IPAddress(words[1]) else { return nil }
        let length = mask.octets.reduce(0) { $0 + $1.nonzeroBitCount }
        return IPPrefix(address, length: length)?.network
    }

    private func object(_ name: String) -> IPPrefix? {
        guard let entry = tree.entry("object", "network", name) else { return nil }
        if let host = entry.rest(of: "host")?.first.flatMap({ IPAddress($0) }) { return IPPrefix(host: host) }
        return entry.rest(of: "subnet").flatMap(Self.prefix)
    }

    private func group(_ name: String) -> [IPPrefix] {
        guard let entry = tree.entry("object-group", "network", name) else { return [] }
        return entry.children.compactMap { line in
            guard line.words.first == "network-object" else { return nil }
            if line.words.dropFirst().first == "object" { return line.words.last.flatMap(object) }
            return Self.prefix(Array(line.words.dropFirst()))
        }
    }

    func accessList(_ name: String) -> [Protected] {
        tree.rests(of: "access-list", name, "extended", "permit", "ip").compactMap { words in
            if words.first == "object-group" { return Protected(local: group(words[1]), remote: group(words[3])) }
            if words.first == "object" {
                guard let local = object(words[1]), let remote = object(words[3]) else { return nil }
                return Protected(local: [local], remote: [remote])
            }
            guard let local = Self.prefix(Array(words[0...1])), let remote = Self.prefix(Array(words[2...3])) else {
                return nil
            }
            return Protected(local: [local], remote: [remote])
        }.filter { !$0.local.isEmpty && !$0.remote.isEmpty }
    }

    // MARK: Crypto maps

    /// A crypto map does nothing until it is bound to an interface on which IKEv2 is enabled.
    var mapEntries: [MapEntry] {
        var result: [MapEntry] = []
        var seen: Set<[String]> = []
        for words in tree.rests(of: "crypto", "map") where words.count > 2 && Int(words[1]) != nil {
            guard seen.insert(Array(words[0...1])).inserted, let sequence = Int(words[1]) else { continue }
            let name = words[0]
            guard let acl = value(name, words[1], "match", "address"),
                let peer = value(name, words[1], "set", "peer").flatMap({ IPAddress($0) }),
                let bound = tree.rests(of: "crypto", "map", name, "interface").first?.first,
                tree.entry("crypto", "ikev2", "enable", bound) != nil, let interface = interface(bound)
            else { continue }
            result.append(
                MapEntry(
                    map: name, sequence: sequence, accessList: acl, peer: peer, interface: interface,
                    isNATTDisabled: tree.entry("crypto", "map", name, words[1], "set", "nat-t-disable") != nil))
        }
        return result.sorted { ($0.map, $0.sequence) < ($1.map, $1.sequence) }
    }

    private func value(_ words: String...) -> String? {
        tree.entries.first { $0.words.starts(with: ["crypto", "map"] + words) }
            .flatMap { $0.words.count > words.count + 2 ? $0.words[words.count + 2] : nil }
    }

    /// The group of `set pfs`; nil: none.
    func perfectForwardSecrecy(_ entry: MapEntry) -> KeyExchangeMethod? {
        value(entry.map, "\(entry.sequence)", "set", "pfs").flatMap(AlgorithmWords.group)
    }

    /// Of Child SAs: the map's, or that of all, or 8 hours and 4,608,000 kilobytes.
    func lifetimes(_ entry: MapEntry) -> (seconds: Int, kilobytes: Int) {
        func number(_ unit: String, _ standard: Int) -> Int {
            value(entry.map, "\(entry.sequence)", "set", "security-association", "lifetime", unit).flatMap { Int($0) }
                ?? tree.rests(of: "crypto", "ipsec", "security-association", "lifetime", unit).first?.first
                .flatMap { Int($0) } ?? standard
        }
        return (number("seconds", 28800), number("kilobytes", 4_608_000))
    }

    func espProposals(_ entry: MapEntry) -> [ESPProposal] {
        let group = perfectForwardSecrecy(entry)
        guard let name = value(entry.map, "\(entry.sequence)", "set", "ikev2", "ipsec-proposal"),
            let proposal = tree.entry("crypto", "ipsec", "ikev2", "ipsec-proposal", name)
        else { return [] }
        let ciphers = (proposal.rest(of: "protocol", "esp", "encryption") ?? []).compactMap(AlgorithmWords.cipher)
        let hashes = (proposal.rest(of: "protocol", "esp", "integrity") ?? ["sha-1"])
            .compactMap(AlgorithmWords.integrity)
        return [ciphers.filter { $0.algorithm.isAEAD }, ciphers.filter { !$0.algorithm.isAEAD }]
            .filter { !$0.isEmpty }.map {
                ESPProposal(
                    encryption: $0, integrity: $0[0].algorithm.isAEAD ? [] : hashes.filter { $0 != .none },
                    keyExchange: group.map { [$0] } ?? [], extendedSequenceNumbers: [false])
            }
    }

    // MARK: IKE

    /// The policies, the lowest number first, and the shortest of their lifetimes.
    var ikePolicies: (proposals: [IKEProposal], lifetimeSeconds: Int) {
        let policies = tree.entries.filter { $0.words.starts(with: ["crypto", "ikev2", "policy"]) }
            .sorted { Int($0.words[3]) ?? 0 < Int($1.words[3]) ?? 0 }
        let proposals = policies.flatMap { policy -> [IKEProposal] in
            func list<Value>(_ word: String, _ standard: [String], _ parse: (String) -> Value?) -> [Value] {
                (policy.rest(of: word) ?? standard).compactMap(parse)
            }
            let ciphers = list("encryption", ["3des"], AlgorithmWords.cipher)
            let hashes = list("integrity", ["sha"], AlgorithmWords.integrity).filter { $0 != .none }
            return [ciphers.filter { $0.algorithm.isAEAD }, ciphers.filter { !$0.algorithm.isAEAD }]
                .filter { !$0.isEmpty }.map {
                    IKEProposal(
                        encryption: $0, prf: list("prf", ["sha"], AlgorithmWords.prf),
                        integrity: $0[0].algorithm.isAEAD ? [] : hashes,
                        keyExchange: list("group", ["2"], AlgorithmWords.group))
                }
        }
        let lifetimes = policies.compactMap { $0.rest(of: "lifetime", "seconds")?.first.flatMap { Int($0) } }
        return (proposals, lifetimes.min() ?? 86400)
    }

    /// The keys for a peer, by which this end proves itself and by which the peer does: those of the tunnel-group of its name, else
    /// the map's; where one is missing, the other one serves for both.
    func preSharedKeys(_ entry: MapEntry) -> (own: String, peer: String)? {
        let group = tree.entry("tunnel-group", "\(entry.peer)", "ipsec-attributes")
        func key(_ direction: String) -> String? { group?.rest(of: "ikev2", direction, "pre-shared-key")?.first }
        let (own, peer) = (key("local-authentication"), key("remote-authentication"))
        let either = own ?? peer ?? value(entry.map, "\(entry.sequence)", "set", "ikev2", "pre-shared-key")
        return either.map { (own ?? $0, peer ?? $0) }
    }

    /// Idle seconds after which a peer is asked for a sign of life; nil: never.
    func keepAlive(_ entry: MapEntry) -> Int? {
        tree.entry("tunnel-group", "\(entry.peer)", "ipsec-attributes")?
            .rest(of: "isakmp", "keepalive", "threshold")?.first.flatMap { Int($0) }
    }
}
