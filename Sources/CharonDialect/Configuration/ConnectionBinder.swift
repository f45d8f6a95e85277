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
            authentication: try authentication(definition.local, "local"))
        local.identification = identification(definition.local, local.host)
        var remote = ConnectionEnd(
            host: remoteHost, identification: nil, authentication: try authentication(definition.remote, "remote"))
        remote.identification = definition.remote.identity.flatMap(IdentityText.parse)
        if definition.remote.identity == nil, definition.origin == .stroke {
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
            fuzzPercent: definition.rekeyFuzzPercent)
        lifetimes.childRekeyMargin = definition.childRekeyMargin
        lifetimes.rekeyingIsSymmetric = true
        lifetimes.ikeLimitFollowsRekeying = true
        var connection = Connection(
            id: id, name: definition.name, local: local, remote: remote,
            mode: definition.mode == .tunnel ? .tunnel : .transport, ikeProposals: ike, espProposals: esp,
            lifetimes: lifetimes, retransmission: .charon,
            encapsulation: definition.forcesEncapsulation ? .always : .automatic,
            fragmentation: definition.fragmentation, initialContact: true, narrowing: true,
            replayWindow: definition.replayWindow, livenessDelay: definition.livenessDelay, reqid: reqid,
            rekeys: definition.rekeys)
        connection.childless = definition.childless
        connection.peerConfiguration = peerNumber
        connection.reauthenticates = definition.reauthenticates
        connection.installsPolicies = definition.installsPolicies
        connection.isTransportProxy = definition.mode == .transportProxy
        return connection
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

    /// What is not said is the address.
    private func identification(_ end: EndDefinition, _ address: HostAddress) -> Identification? {
        if let identity = end.identity { return IdentityText.parse(identity) }
        if case .address(let address) = address { return Identification(address: address) }
        return nil
    }

    private func authentication(_ end: EndDefinition, _ side: String) throws(Failure) -> AuthenticationPolicy {
        guard end.authentication == "psk" else {
            let what = end.certificates.first.map { "certificate '\($0)'" } ?? "public key authentication"
            throw Failure(description: "\(what) (\(side)) is not supported yet, use a pre-shared key")
        }
        return .sharedKey
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
