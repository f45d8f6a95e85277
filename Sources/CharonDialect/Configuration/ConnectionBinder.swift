import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// A connection of the configuration as this host sees it, and the engine's value for it.
struct BoundConnection {
    var definition: ConnectionDefinition
    /// Of the peer's configuration that it shares, which may bear another connection's name.
    var peer: String
    var connection: Connection

    var id: ConnectionID { connection.id }
    var name: String { definition.name }
}

/// Binds definitions to this host.
struct ConnectionBinder {
    var host: HostKnowledge
    var version = CharonVersion.v5_9_8
    /// By what configurations call them.
    var certificates: [String: Certificate] = [:]
    /// Whom there is an EAP secret for.
    var eapSecretOwners: Set<String> = []
    /// Certificates whose private keys this end has.
    var owned: [Certificate] = []
    /// swanctl.conf's, by their names.
    var pools: [String: AddressPool] = [:]
    /// `strictcrlpolicy=yes`.
    var requiresRevocationLists = false

    struct Failure: Error { var description: String }

    /// Which end is ours is found as charon finds it: where `right` is an address of this host, the ends change places.
    func oriented(_ definition: ConnectionDefinition) -> ConnectionDefinition {
        guard definition.origin == .stroke, let right = host.address(of: definition.remote.host), host.isOurs(right),
            !(host.address(of: definition.local.host).map(host.isOurs) ?? false)
        else { return definition }
        var swapped = definition
        swap(&swapped.local, &swapped.remote)
        return swapped
    }

    /// - Parameters:
    ///   - definition: with our end as `local`.
    ///   - peerNumber: what connections with the same peer configuration have in common.
    func bind(
        _ definition: ConnectionDefinition, id: ConnectionID, peerNumber: UInt64, reqid: UInt32
    ) throws(Failure) -> Connection {
        let remoteHost: HostAddress
        if isAny(definition.remote.host) {
            let family = host.address(of: definition.local.host)?.family ?? .v4
            remoteHost = .any(family)
        } else if let address = host.address(of: definition.remote.host) {
            remoteHost = .address(address)
        } else {
            throw Failure(description: "unable to resolve \(definition.remote.host)")
        }
        var local = ConnectionEnd(
            host: try localHost(definition, remoteHost), identification: nil,
            authentication: try authentication(definition, \.local))
        local.identification = identification(definition.local, local.host)
        var remote = ConnectionEnd(
            host: remoteHost, identification: nil, authentication: try authentication(definition, \.remote))
        remote.identification = definition.remote.identity.flatMap(IdentityText.parse)
        if let own = certificate(of: definition.remote), remote.identification.map({ !own.carries($0) }) ?? true {
            remote.identification = Identification(own.subject)
        } else if definition.remote.identity == nil, definition.origin == .stroke {
            remote.identification = identification(definition.remote, remoteHost)
        }
        local.selectors = selectors(definition.local, local.host)
        remote.selectors = selectors(definition.remote, remote.host)
        guard let ike = try? ProposalParser.ike(definition.ike), let esp = try? ProposalParser.esp(definition.esp)
        else {
            throw Failure(description: "invalid proposal")
        }
        var lifetimes = Lifetimes(
            ike: definition.ikeLifetime, child: definition.childLifetime, rekeyMargin: definition.rekeyMargin,
            fuzzPercent: definition.rekeyFuzzPercent, childOctets: definition.childOctets,
            childPackets: definition.childPackets)
        lifetimes.childRekeyMargin = definition.childRekeyMargin
        lifetimes.rekeyingIsSymmetric = true
        lifetimes.ikeLimitFollowsRekeying = true
        var connection = Connection(
            id: id, name: definition.name, local: local, remote: remote,
            mode: definition.mode == .tunnel ? .tunnel : .transport, ikeProposals: ike, espProposals: esp,
            lifetimes: lifetimes, retransmission: .charon,
            encapsulation: definition.forcesEncapsulation ? .always : .automatic,
            // Neither was known to the releases before (RFC 7383 is of 2014).
            fragmentation: definition.fragmentation && version == .v5_9_8, initialContact: version != .v4_2_9,
            narrowing: true,
            replayWindow: definition.replayWindow, livenessDelay: definition.livenessDelay, reqid: reqid,
            rekeys: definition.rekeys)
        connection.childless = definition.childless
        connection.peerConfiguration = peerNumber
        connection.reauthenticates = definition.reauthenticates
        connection.installsPolicies = definition.installsPolicies
        connection.marks = definition.marks
        // The releases before 5.5.2 had the mark on the inbound SA, too.
        if version != .v5_9_8, definition.marks.inbound != nil { connection.marks.marksInboundSA = true }
        connection.isTransportProxy = definition.mode == .transportProxy
        connection.configuration = try configuration(definition)
        return connection
    }

    /// What is asked for, where our end has no address of its own for the tunnel, or given, where the peer's has none.
    private func configuration(_ definition: ConnectionDefinition) throws(Failure) -> ConfigurationPolicy {
        var policy = ConfigurationPolicy()
        policy.asksForAddressesFirst = true
        policy.nameServerFamilies = []
        for source in definition.local.nameServers {
            switch source {
            case .any(let family): policy.nameServerFamilies?.append(family)
            case .address(let address): policy.nameServerFamilies?.append(address.family)
            case .pool(let pool): throw Failure(description: "'\(pool.name)' is no name server")
            case .named(let name): throw Failure(description: "'%\(name)' is no name server")
            }
        }
        for source in definition.local.sourceAddresses {
            switch source {
            case .any(let family): policy.requestedFamilies.append(family)
            case .address(let address):
                policy.requestedFamilies.append(address.family)
                policy.wishedAddresses.append(address)
            case .pool(let pool): throw Failure(description: "'\(pool.name)' is no address to ask for")
            case .named(let name): throw Failure(description: "'%\(name)' is no address to ask for")
            }
        }
        if policy.isClient, !definition.remote.sourceAddresses.isEmpty {
            throw Failure(description: "an end that asks for an address gives none")
        }
        guard Set(policy.requestedFamilies).count == policy.requestedFamilies.count else {
            throw Failure(description: "more than one address of a family is not supported")
        }
        let given = try Self.pools(definition, pools)
        policy.pools = given.map(\.addresses)
        policy.grantsWishes = definition.remote.sourceAddresses.contains { if case .any = $0 { true } else { false } }
        policy.nameServers = given.flatMap(\.nameServers)
        for source in definition.remote.nameServers {
            guard case .address(let address) = source else {
                throw Failure(description: "a name server that a peer is told needs an address")
            }
            policy.nameServers.append(address)
        }
        return policy
    }

    /// What a connection's peers are given addresses of.
    static func pools(
        _ definition: ConnectionDefinition, _ named: [String: AddressPool]
    ) throws(Failure) -> [AddressPool] {
        var result: [AddressPool] = []
        for source in definition.remote.sourceAddresses {
            switch source {
            case .any: continue
            case .address(let address):
                if let pool = AddressPool(name: "\(address)", "\(address)") { result.append(pool) }
            case .pool(let pool): result.append(pool)
            case .named(let name):
                guard let pool = named[name] else { throw Failure(description: "pool '\(name)' not found") }
                result.append(pool)
            }
        }
        return result
    }

    private func isAny(_ text: String) -> Bool { ["%any", "%any4", "%any6", "0.0.0.0", "::", ""].contains(text) }

    private func localHost(_ definition: ConnectionDefinition, _ remote: HostAddress) throws(Failure) -> HostAddress {
        let text = definition.local.host
        if !isAny(text) && text != "%defaultroute" {
            guard let address = host.address(of: text) else { throw Failure(description: "unable to resolve \(text)") }
            return .address(address)
        }
        switch remote {
        case .address(let address):
            return host.localAddress(toReach: address).map { .address($0) } ?? .any(address.family)
        case .any(let family): return .any(family)
        }
    }

    /// An identity that the certificate does not carry gives way to its subject; what is not said is that, or the address.
    private func identification(_ end: EndDefinition, _ address: HostAddress) -> Identification? {
        let said = end.identity.flatMap(IdentityText.parse)
        if let own = certificate(of: end), said.map({ !own.carries($0) }) ?? true {
            return Identification(own.subject)
        }
        if end.identity != nil { return said }
        if case .address(let address) = address { return Identification(address: address) }
        return nil
    }

    func certificate(of end: EndDefinition) -> Certificate? { end.certificates.first.flatMap { certificates[$0] } }

    /// Our end's: the one that is named, else one that bears the end's identity and whose private key is here.
    private func ownCertificate(_ definition: ConnectionDefinition) -> Certificate? {
        let end = definition.local
        if !end.certificates.isEmpty { return certificate(of: end) }
        guard let identity = end.identity.flatMap(IdentityText.parse) else { return nil }
        return owned.first { $0.carries(identity) }
    }

    /// A line for each identity that gives way.
    func unconfirmedIdentities(_ definition: ConnectionDefinition) -> [String] {
        [definition.local, definition.remote].compactMap { end in
            guard let own = certificate(of: end), let text = end.identity, let said = IdentityText.parse(text),
                !own.carries(said)
            else { return nil }
            return "  id '\(IdentityText.text(said))' not confirmed by certificate, defaulting to '\(own.subject.text)'"
        }
    }

    private func authentication(
        _ definition: ConnectionDefinition, _ side: KeyPath<ConnectionDefinition, EndDefinition>
    ) throws(Failure) -> AuthenticationPolicy {
        let end = definition[keyPath: side]
        let isLocal = side == \ConnectionDefinition.local
        var method = end.authentication
        // Whatever the peer can do: EAP for both where this end has nothing else to ask of it (RFC 5998).
        if method == "any" { method = !isLocal && definition.local.authentication == "eap-tls" ? "eap-tls" : "pubkey" }
        if method == "eap" {
            let hasSecret = eapSecretOwners.contains(end.eapIdentity ?? end.identity ?? "")
            method = hasSecret || end.certificates.isEmpty ? "eap-mschapv2" : "eap-tls"
        }
        switch method {
        case "psk":
            if !isLocal, !end.authorities.isEmpty || !end.authorityFiles.isEmpty || !end.certificates.isEmpty {
                throw Failure(description: "a peer with a shared key has no certificate or authority")
            }
            return .sharedKey
        case "eap-mschapv2", "eap-tls":
            var policy = EAPPolicy(
                method == "eap-tls" ? .tls : .mschapV2, certificates: try signatures(definition, side))
            // What this end's server shows of itself.
            if !isLocal { policy.certificates.certificate = ownCertificate(definition) }
            // At either end it is the peer's certificate that these policies are for. A server that proves itself within IKE has its
            // authorities there, and another one may answer in EAP.
            if isLocal, definition.remote.authentication != "pubkey" {
                policy.certificates.authorities = try authorities(of: definition.remote, definition)
            }
            policy.certificates.requiresRevocationLists =
                requiresRevocationLists || definition.remote.requiresRevocationLists
            if let identity = end.eapIdentity {
                policy.asksForIdentity = !isLocal
                if identity != "%any", identity != "%identity" { policy.identity = Array(identity.utf8) }
            }
            return .eap(policy)
        case "pubkey": return .signature(try signatures(definition, side))
        default: throw Failure(description: "authentication '\(method)' is not supported")
        }
    }

    private func signatures(
        _ definition: ConnectionDefinition, _ side: KeyPath<ConnectionDefinition, EndDefinition>
    ) throws(Failure) -> SignaturePolicy {
        let end = definition[keyPath: side]
        let isLocal = side == \ConnectionDefinition.local
        let own = isLocal ? ownCertificate(definition) : certificate(of: end)
        // Without it the peer might be anybody who is trusted.
        if !isLocal, own == nil, let name = end.certificates.first {
            throw Failure(description: "the peer's certificate '\(name)' could not be loaded")
        }
        var policy = SignaturePolicy(
            methods: isLocal ? CharonSignatures.made(by: own?.publicKey, version) : CharonSignatures.taken(version),
            certificate: own)
        policy.sending = definition.local.certificateSending
        policy.requiresRevocationLists = !isLocal && (requiresRevocationLists || end.requiresRevocationLists)
        if !isLocal { policy.authorities = try authorities(of: end, definition) }
        return policy
    }

    /// In one of which the chain of a peer's certificate must end; none: any that is trusted.
    private func authorities(
        of end: EndDefinition, _ definition: ConnectionDefinition
    ) throws(Failure) -> [DistinguishedName] {
        var result: [DistinguishedName] = []
        for text in end.authorities {
            let name = text == "%same" ? ownCertificate(definition)?.issuer : DistinguishedName(text: text)
            guard let name else {
                throw Failure(description: "the authority '\(text)' that the peer needs is not known")
            }
            result.append(name)
        }
        for name in end.authorityFiles {
            guard let authority = certificates["x509ca/" + name] else {
                throw Failure(description: "the authority '\(name)' that the peer needs could not be loaded")
            }
            result.append(authority.subject)
        }
        return result
    }

    private func selectors(_ end: EndDefinition, _ host: HostAddress) -> [TrafficSelector] {
        let wanted = end.selectors.isEmpty && end.ipProtocol != 0 ? [SelectorDefinition()] : end.selectors
        return wanted.compactMap { selector in
            let ipProtocol = selector.ipProtocol == 0 ? end.ipProtocol : selector.ipProtocol
            let port = selector.port == 0 ? end.port : selector.port
            if let prefix = selector.prefix { return TrafficSelector(prefix, ipProtocol: ipProtocol, port: port) }
            guard case .address(let own) = host else { return nil }
            return TrafficSelector(IPPrefix(host: own), ipProtocol: ipProtocol, port: port)
        }
    }
}
