import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// A Child SA that both ends have agreed on, whichever exchange made it, on its way to the data plane.
extension Engine {
    /// - Parameters:
    ///   - role: this end's in the exchange that made the Child SA, which need not be that in the IKE SA.
    ///   - secret: of a key exchange of its own.
    func installChild(
        _ id: ChildSAID, _ ike: IKESA, _ connection: Connection, role: Role, suite: ESPSuite, inbound: ESPSPI,
        outbound: ESPSPI, localSelectors: [TrafficSelector], remoteSelectors: [TrafficSelector], ni: [UInt8],
        nr: [UInt8], secret: SecretBytes? = nil, replaces: ChildSAID? = nil
    ) {
        guard let keys = ike.keys, let prf = ike.suite?.prf,
            let childKeys = try? ChildKeys(suite: suite, prf: prf, skD: keys.skD, ni: ni, nr: nr, secret: secret)
        else { return }
        var initiator = ESPDirection(
            spi: role == .initiator ? outbound : inbound, encryptionKey: childKeys.initiatorEncryption,
            integrityKey: childKeys.initiatorIntegrity)
        var responder = ESPDirection(
            spi: role == .initiator ? inbound : outbound, encryptionKey: childKeys.responderEncryption,
            integrityKey: childKeys.responderIntegrity)
        if impairments.corruptESPKey {
            emit(.impaired(ike.id, "flipping the first octet of the outbound ESP key"))
            if role == .initiator {
                initiator.encryptionKey = initiator.encryptionKey.withFirstOctetFlipped
            } else {
                responder.encryptionKey = responder.encryptionKey.withFirstOctetFlipped
            }
        }
        let facts = ChildFacts(
            child: id, ike: ike.id, connection: connection.id, role: role, mode: connection.mode, suite: suite,
            inbound: inbound, outbound: outbound, localSelectors: localSelectors, remoteSelectors: remoteSelectors,
            encapsulation: encapsulation(of: ike), remote: ike.remote, established: now, replaces: replaces)
        childSAsByID[id] = ChildSA(facts: facts, attemptsBefore: records[connection.id]?.revivalAttempts ?? 0)
        childByInboundSPI[inbound] = id
        childrenByConnection[connection.id, default: []].insert(id)
        ike.children.append(id)
        records[connection.id]?.child = id
        records[connection.id]?.revivalAttempts = 0
        if connection.staysUpOnceUp { records[connection.id]?.staysUp = true }
        var installation = ChildInstallation(
            child: id, connection: connection.id,
            reqid: connection.effectiveReqid,
            mode: connection.mode, local: ike.local.address, remote: ike.remote.address,
            encapsulation: facts.encapsulation, suite: suite,
            inbound: role == .initiator ? responder : initiator,
            outbound: role == .initiator ? initiator : responder, localSelectors: localSelectors,
            remoteSelectors: remoteSelectors, replayWindow: connection.replayWindow, replaces: replaces)
        installation.installsPolicies = connection.installsPolicies
        installation.marks = connection.marks
        if connection.isTransportProxy, connection.mode == .transport, let here = localSelectors.first,
            let there = remoteSelectors.first
        {
            installation.local = here.addresses.first
            installation.remote = there.addresses.first
            installation.isTransportProxy = true
        }
        installation.sourceAddresses = connection.sourceAddresses + (ike.configuration?.addresses ?? [])
        installation.limits = limits(connection.lifetimes, role, id)
        outbox.append(.dataPlane(.install(installation)))
        armRekeying(id, role, connection)
        endRouteForRevival(connection.id)
        emit(.childEstablished(facts))
    }

    func encapsulation(of ike: IKESA) -> Encapsulation {
        if ike.isOverStream { return .tcp(localPort: ike.local.port, remotePort: ike.remote.port) }
        let policy = connection(of: ike)?.encapsulation ?? .automatic
        guard policy == .always || (policy == .automatic && ike.nat.isPresent) else { return .none }
        return .udp(localPort: ike.local.port, remotePort: ike.remote.port)
    }
}

extension SecretBytes {
    /// For an impairment: a key that is not the peer's.
    fileprivate var withFirstOctetFlipped: SecretBytes {
        var octets = exposed
        if !octets.isEmpty { octets[0] ^= 0xff }
        return SecretBytes(octets)
    }
}
