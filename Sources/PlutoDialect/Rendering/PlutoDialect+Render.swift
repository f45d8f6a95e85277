import DataPlane
package import DialectKit
package import IKEModel
import IKEWire
import NetAddress

/// The engine's events as pluto's lines.
extension PlutoDialect {
    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeCreated(let ike, let connection, let role, let local, let remote, let resuming):
            return created(ike, connection, role, local: local, remote: remote, resuming: resuming, view)
        case .ikeAssigned(let ike, let connection):
            numbers.update(ike) { $0.connection = connection }
            if let remote = numbers.ikes[ike]?.remote { noteInstance(connection, remote.address) }
            return []
        case .messagePassed(let ike, let facts):
            noteIntermediate(ike, facts)
            return []
        case .reauthenticationDue, .spiReserved, .fragmentReceived, .signatureMade, .certificatesAttached,
            .responderProved,
            .certificatesExamined:
            return []
        case .requestSent, .requestReceived, .responseReceived, .responseSent, .responseRepeated:
            return renderMessage(event, view)
        case .suiteAgreed(let ike, let suite):
            numbers.update(ike) { $0.suite = suite }
            return debug("#\(number(ike)) agreed {\(AlgorithmNames.description(suite))}", view)
                + debug("#\(number(ike)) calculating skeyseed using prf=\(AlgorithmNames.name(suite.prf))", view)
        case .datagramSent(let ike, let exchange, let isResponse, let octets, let from, let to):
            return debug(
                "sending \(octets) bytes for \(Wording.occasion(exchange, isResponse: isResponse)) "
                    + "through \(interface(of: from.address, view)) "
                    + "from \(from) to \(to) using \(Wording.name(to.transport)) (for #\(number(ike)))", view)
        case .nonce(_, let octets, true):
            return debug("emitting \(octets) raw bytes of IKEv2 nonce into IKEv2 Nonce Payload", view)
        case .nonce(_, let octets, false):
            // Of the payload's fields the one that differs, with its generic header of 4 octets.
            let length = octets + 4
            return debug("***parse IKEv2 Nonce Payload:", view)
                + debug("   length: \(length) (\(Wording.hexadecimal(UInt16(length))))", view)
        case .proposalChosen(let ike, let child, let proposal, let offered):
            let text =
                "proposal \(ProposalText.chosen(proposal)) chosen from remote proposals "
                + ProposalText.offered(offered, matching: proposal.number)
            return log("\(child.flatMap { label($0) } ?? label(ike) ?? "?"): \(text)", view)
        case .proposalAccepted(_, _, let proposal):
            return debug(
                "remote accepted the proposal \(ProposalText.offered([proposal], matching: proposal.number))", view)
        case .ikeSAInitProcessed(let ike, let suite, let from):
            numbers.update(ike) { $0.processedFirstResponse = true }
            return tell(
                ike, Wording.processedIKESAInit(suite, from: from, next: nextExchange(ike)), view)
        case .intermediateProcessed(let ike, let suite, let from):
            return tell(ike, Wording.processedIntermediate(suite, from: from), view)
        case .ikeKeys: return []
        // Only of a profile that waits for lists.
        case .revocationListsWanted: return []
        case .natDetected(let ike, let local, let remote):
            return debug("#\(number(ike)) NAT detected: behind us \(local), behind the peer \(remote)", view)
        case .sharedKeyTooShort(let ike, let local, let octets, let prf, let refused):
            return tell(ike, Wording.shortKey(local, octets: octets, prf, refused: refused), view)
        case .ikeEstablished(let ike, let role, let peer, let proof):
            return tell(ike, Wording.establishedIKE(role, peer: peer, proof: proof), view)
        case .ikeFailed(let ike, let state, let reason): return failed(ike, state, reason, view)
        case .ikeDeleted(let ike, let state, let reason): return deleted(ike, state, reason, view)
        case .childCreated(let child, let ike, let connection):
            numbers.addChild(child, ike, connection)
            return []
        case .childEstablished(let facts): return established(facts, view)
        case .childRejected(let child, let ike, let reason): return rejected(child, ike, reason, view)
        case .childDeleted(let child, let ike, let connection, let reason):
            return deleted(child, ike, connection, reason, view)
        case .ikeRekeying, .ikeRekeyed, .ikeRekeyFailed, .childInitiating, .childQueued, .childLimited, .childSpent:
            return renderRekey(event, view)
        case .addressesLent, .configurationReceived: return renderConfiguration(event, view)
        case .redirected, .redirectScheduled, .redirectSkipped, .redirectLoop, .redirectTriggered, .redirectSent:
            return renderRedirect(event, view)
        case .ppkMixed(let ike, let role): return tell(ike, Wording.ppkMixed(role), view)
        case .ikeMoved, .addressUpdateConfirmed, .addressUpdateRefused, .localAddressLost:
            return renderMobility(event, view)
        case .ticketRequested, .ticketReceived, .ticketIssued, .ticketAccepted, .ticketRefused, .ticketNotIssued,
            .sessionResumed, .sessionResumptionRefused, .ticketUnusable, .ticketKeyRolled:
            return renderTicket(event, view)
        case .certificateFetched(let ike, let url, let failure):
            return tell(ike, Wording.certificateFetched(url, failure), view)
        case .retransmitted, .retransmissionSuppressed, .timedOut, .dropped, .livenessConfirmed, .keyExchangeRefused:
            return renderLoss(event, view)
        case .alreadyEstablished, .cannotInitiate, .terminating, .terminatingChildren, .nothingToTerminate,
            .revivalScheduled, .revivalSkipped, .revivalTriggered, .reviving, .streamFailed, .routed, .routeFailed,
            .unrouted, .acquired,
            .initiationFinished,
            .terminationFinished, .rekeyFinished:
            return renderConnection(event, view)
        // Nothing that pluto tells of.
        case .policyMigrated: return []
        case .streamLost(let ike): return tell(ike, Wording.streamLost, view)
        case .streamRestored(let ike, let local): return tell(ike, Wording.streamRestored(local), view)
        case .impaired(let ike, let what):
            guard let ike else { return log("IMPAIR: \(what)", view) }
            return tell(ike, "IMPAIR: \(what)", view)
        case .childImpaired(let child, let what): return tell(child, "IMPAIR: \(what)", view)
        case .inboundBlocked(let number, let from):
            return log("packet from \(from): IMPAIR: blocking inbound message \(number)", view)
        case .outboundBlocked(let number, let to):
            return log("packet to \(to): IMPAIR: blocking outbound message \(number)", view)
        }
    }

    /// What the next request of a fresh IKE SA is: the connection wants IKE_INTERMEDIATE, and the peer knows it.
    private func nextExchange(_ ike: IKESAID) -> ExchangeType {
        numbers.ikes[ike]?.agreedOnIntermediate ?? false ? .ikeIntermediate : .ikeAuth
    }

    private func interface(of address: IPAddress, _ view: any DaemonView) -> String {
        view.interfaceAddresses.first { $0.address == address }?.interface ?? "?"
    }

    // MARK: Labels

    func number(_ ike: IKESAID) -> UInt64 { numbers.ikes[ike]?.number ?? 0 }

    /// `"CONN"`, or `"CONN"[N] ADDRESS` for one peer of a connection that answers any.
    func label(_ connection: ConnectionID, at address: IPAddress?) -> String {
        // Read in its place: a copy of all that a connection has would cost more than the line.
        let index = position(of: connection)
        let name = index.map { connections[$0].name } ?? deleted[connection]?.name ?? "?"
        let own = index.map { connections[$0].instance } ?? deleted[connection]?.instance ?? ""
        if !own.isEmpty { return "\"\(name)\"\(own)" }
        guard let address, let instance = instances.instance(of: connection, at: address),
            index.map({ connections[$0].isInstantiated }) ?? deleted[connection]?.isInstantiated ?? false
        else { return "\"\(name)\"" }
        return "\"\(name)\"[\(instance.number)] \(address)"
    }

    /// `"CONN" #N`; nil for an IKE SA that is not known or has no connection yet.
    func label(_ ike: IKESAID) -> String? {
        guard let record = numbers.ikes[ike], let connection = record.connection else { return nil }
        return "\(label(connection, at: record.remote.address)) #\(record.number)"
    }

    func label(_ child: ChildSAID) -> String? {
        guard let record = numbers.children[child] else { return nil }
        let address = numbers.ikes[record.ike]?.remote.address
        return "\(label(record.connection, at: address)) #\(record.number)"
    }

    private func noteInstance(_ connection: ConnectionID, _ address: IPAddress) {
        guard let index = position(of: connection), connections[index].instance.isEmpty,
            connections[index].isInstantiated
        else { return }
        let inUse = { [numbers, connections] in
            Set(numbers.ikes.values.map(\.remote.address))
                // Those that an `up` with an address made.
                .union(
                    connections.compactMap {
                        if case .address(let host)? = $0.connection?.remote.host { host } else { nil }
                    })
        }
        _ = instances.add(connection, at: address, inUse: inUse) { newSerial() }
    }

    /// `$N` of the connection, or of its instance.
    func serial(_ connection: ConnectionID, at address: IPAddress?) -> UInt64 {
        address.flatMap { instances.instance(of: connection, at: $0)?.serial } ?? connection.number
    }

    /// A line of an IKE SA: to the log, and to the sessions that it concerns.
    func tell(_ ike: IKESAID, _ text: String, _ view: any DaemonView) -> [DialectEffect] {
        guard let record = numbers.ikes[ike] else { return log(text, view) }
        guard let connection = record.connection, let label = label(ike) else {
            return log("packet from \(record.remote): \(text)", view)
        }
        return tell("\(label): \(text)", connection, record.role, view)
    }

    func tell(_ child: ChildSAID, _ text: String, _ view: any DaemonView) -> [DialectEffect] {
        guard let record = numbers.children[child], let label = label(child) else { return log(text, view) }
        // Who asked for a Child SA in an exchange of its own need not be who began the IKE SA.
        let role = record.isAskedForHere ? Role.initiator : numbers.ikes[record.ike]?.role
        return tell("\(label): \(text)", record.connection, role, view)
    }

    /// To the log, to those who listen, and on to the end for those who wait for a first line only.
    private func tell(
        _ line: String, _ connection: ConnectionID, _ role: Role?, _ view: any DaemonView
    ) -> [DialectEffect] {
        var effects = tell(line, connection, role: role, view)
        if let gone = deleted[connection]?.listener { effects.append(.write(gone, line + "\n")) }
        if role != .responder {
            let done = attachments.finish(connection) { $0 == .up(asynchronous: true) }
            effects += done.map { .finish($0.session, status: 0) }
        }
        return effects
    }

    // MARK: IKE SAs

    private func created(
        _ ike: IKESAID, _ connection: ConnectionID?, _ role: Role, local: Endpoint, remote: Endpoint, resuming: Bool,
        _ view: any DaemonView
    ) -> [DialectEffect] {
        numbers.addIKE(ike, connection, role, local: local, remote: remote)
        if let connection { noteInstance(connection, remote.address) }
        // A resumption starts with the line of its request (seen in May 2025's transcripts).
        guard role == .initiator, !resuming else { return [] }
        return tell(ike, Wording.initiating(remote), view)
    }

    private func failed(
        _ ike: IKESAID, _ state: IKEState, _ reason: FailureReason, _ view: any DaemonView
    ) -> [DialectEffect] {
        let record = numbers.ikes[ike]
        var effects: [DialectEffect] = []
        let us = record?.connection.flatMap { bound($0)?.connection }.map { identity(of: $0.local) } ?? "?"
        if let text = Wording.failure(reason, us: us) { effects += tell(ike, text, view) }
        if record?.role == .responder, let record, let type = notification(of: reason) {
            let first = state == .initResponded && type != .authenticationFailed
            effects += tell(
                ike,
                Wording.responding(
                    first ? .ikeSAInit : .ikeAuth, id: first ? 0 : 1, to: record.remote, type, encrypted: !first), view)
        }
        let name = StateName.short(state, processed: record?.processedFirstResponse ?? false)
        if reason != .timedOut { effects += tell(ike, Wording.fatal(in: name), view) }
        return effects
    }

    /// What a responder told the peer of a failure.
    private func notification(of reason: FailureReason) -> NotifyType? {
        switch reason {
        case .refusing(let type): type
        case .ppk, .eap, .certificateByURL, .noSharedKey, .authenticationMismatch, .identificationMismatch,
            .noPrivateKey, .noSignatureMethod, .noPeerCertificate, .certificate, .identityNotInCertificate:
            .authenticationFailed
        case .badSyntax: .invalidSyntax
        case .refused, .timedOut, .dataPlane, .childlessUnsupported: nil
        }
    }

    private func deleted(
        _ ike: IKESAID, _ state: IKEState, _ reason: DeletionReason, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard let record = numbers.ikes[ike] else { return [] }
        var effects: [DialectEffect] = []
        if !record.deletionAnnounced {
            let human = StateName.human(state, processed: record.processedFirstResponse)
            effects += tell(ike, Wording.deleting(human), view)
        }
        if let connection = record.connection {
            // pluto lets go of an `up` when its IKE SA fails, though the connection be revived; not so when a ticket was
            // refused (both seen in May 2025's transcripts).
            if case .failed(let why) = reason, state != .established, why != .refused(.ticketNack) {
                effects += finishUp(connection, failed: true)
            }
            let done = attachments.finish(connection) { $0 == .deleteIKE(ike) }
            effects += done.map { .finish($0.session, status: 0) }
            if deleted[connection] != nil, numbers.ikes.filter({ $0.value.connection == connection }).count == 1 {
                deleted[connection] = nil
            }
        }
        numbers.remove(ike)
        return effects
    }

    func finishUp(_ connection: ConnectionID, failed: Bool) -> [DialectEffect] {
        let done = attachments.finish(connection, failed: failed) {
            if case .up = $0 { true } else { false }
        }
        return done.map { .finish($0.session, status: $0.failed ? 1 : 0) }
    }

    private func identity(of end: ConnectionEnd) -> String {
        if let identification = end.identification { return identification.plutoText }
        if case .address(let address) = end.host { return address.description }
        return "%any"
    }

    // MARK: Child SAs

    private func established(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        numbers.addChild(facts.child, facts.ike, facts.connection)
        noteNarrowed(facts)
        let pairs = SelectorText.pairs(facts)
        var effects: [DialectEffect] = []
        if pairs.count > 1 {
            effects += tell(
                facts.child,
                Wording.accepted(
                    local: facts.localSelectors.map { SelectorText.text($0) },
                    remote: facts.remoteSelectors.map { SelectorText.text($0) }), view)
        }
        effects += updownUp(facts, view)
        if hasUpdown(facts.connection) { standing[facts.child] = facts }
        let liveness =
            position(of: facts.connection).map { (connections[$0].connection?.livenessDelay ?? .zero) > .zero } ?? false
        return effects
            + tell(
                facts.child,
                Wording.establishedChild(
                    facts, ike: number(facts.ike), replaced: facts.replaces.flatMap { numbers.children[$0]?.number },
                    liveness: liveness, pairs: pairs), view)
    }

    private func rejected(
        _ child: ChildSAID, _ ike: IKESAID, _ reason: FailureReason, _ view: any DaemonView
    ) -> [DialectEffect] {
        numbers.reject(child)
        if case .dataPlane = reason, let connection = numbers.children[child]?.connection {
            attachments.markFailed(connection)
        }
        if numbers.children[child]?.isAskedForHere ?? false { return exchangeFailed(child, reason, view) }
        switch reason {
        case .refused(let type): return tell(child, Wording.childRejected(type), view)
        case .refusing(let type):
            // Only the initiator of the IKE SA, in IKE_AUTH, refuses without having been asked.
            guard let record = numbers.ikes[ike], let request = record.lastRequest else {
                return tell(child, "IKE_AUTH response refused: \(type.name)", view)
            }
            let line = Wording.responding(
                request.exchange, id: request.messageID, to: record.remote, type, encrypted: true)
            return tell(child, line, view)
        default: return tell(child, Wording.failure(reason, us: "") ?? "Child SA failed", view)
        }
    }

    private func deleted(
        _ child: ChildSAID, _ ike: IKESAID, _ connection: ConnectionID, _ reason: DeletionReason,
        _ view: any DaemonView
    ) -> [DialectEffect] {
        let counters = view.counters(of: child)
        var effects = tell(
            child,
            Wording.traffic(inbound: counters?.inboundOctets ?? 0, outbound: counters?.outboundOctets ?? 0), view)
        if let facts = standing.removeValue(forKey: child) { effects += updownDown(facts, view) }
        let done = attachments.finish(connection) { $0 == .deleteChild(child) }
        effects += done.map { .finish($0.session, status: 0) }
        numbers.remove(child)
        return effects
    }
}
