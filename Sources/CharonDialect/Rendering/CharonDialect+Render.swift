package import DialectKit
package import IKEModel
import IKEWire
import NetAddress

/// The engine's events as charon's lines.
extension CharonDialect {
    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        counters.note(
            event,
            of: Self.owner(of: event).flatMap { ikes[$0] }.flatMap { $0.isNamed ? bound($0.connection)?.peer : nil })
        let monitored = monitored(event, view)
        return monitored.before + rendered(event, view) + self.monitored(after: event, monitored.isTold, view)
    }

    /// Whose messages and replacements are counted.
    private static func owner(of event: Event) -> IKESAID? {
        switch event {
        case .messagePassed(let ike, _), .ikeRekeyed(let ike, _, _, _): ike
        case .childEstablished(let facts): facts.ike
        default: nil
        }
    }

    private func rendered(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        // Each has its lines at `messagePassed`.
        case .requestSent, .requestReceived, .responseReceived, .responseSent, .datagramSent, .nonce: return []
        default: break
        }
        if let rendered = renderWaiting(event, view) { return rendered }
        guard let ike = Self.subject(of: event), let waiting = held[ike] else { return lines(event, view) }
        // What is refused is told before the answer that refuses it; anything else comes behind that answer.
        held[ike] = nil
        switch event {
        case .ikeFailed, .childRejected: return lines(event, view) + waiting
        default: return waiting + lines(event, view)
        }
    }

    private static func subject(of event: Event) -> IKESAID? {
        switch event {
        case .messagePassed(let ike, _), .ikeFailed(let ike, _, _), .ikeDeleted(let ike, _, _),
            .childRejected(_, let ike, _), .childCreated(_, let ike, _):
            ike
        default: nil
        }
    }

    func lines(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeCreated(let ike, let connection, let role, let local, let remote, _):
            lastIKENumber += 1
            ikes[ike] = IKERecord(
                number: lastIKENumber, role: role, connection: connection, local: local, remote: remote,
                isNamed: role == .initiator)
            sessions.bind(ike, to: connection)
            return role == .initiator
                ? tell("IKE", "initiating IKE_SA \(name(ike)) to \(remote.address)", ike, view) : []
        case .ikeAssigned(let ike, let connection):
            ikes[ike]?.connection = connection
            return []
        case .messagePassed(let ike, let facts): return passed(facts, ike, view)
        case .fragmentReceived(let ike, let facts): return fragment(facts, ike, view)
        case .signatureMade(let ike, let method, _):
            ikes[ike]?.proof.signature = method
            return []
        case .certificatesAttached(let ike, let certificates):
            ikes[ike]?.proof.attached = certificates
            return []
        case .revocationListsWanted(let ike, let path): return searchLists(path, ike, view)
        case .certificatesExamined(let ike, let path): return examined(path, ike, view)
        case .responderProved(let ike, let peer, let proof):
            return authenticated(peer, proof, ike, view) + eapRequested(ike, view)
        case .proposalChosen(let ike, _, let proposal, _), .proposalAccepted(let ike, _, let proposal):
            return version.tellsProposals
                ? tell("CFG", "selected proposal: \(names.text(proposal))", ike, view) : []
        case .natDetected(let ike, let local, let remote):
            ikes[ike]?.localBehindNAT = local
            ikes[ike]?.remoteBehindNAT = remote
            return (local ? tell("IKE", "local host is behind NAT, sending keep alives", ike, view) : [])
                + (remote ? tell("IKE", "remote host is behind NAT", ike, view) : [])
        case .keyExchangeRefused(let ike, let tried, let suggested, _):
            return tell(
                "IKE", "peer didn't accept DH group \(names.group(tried)), it requested \(names.group(suggested))", ike,
                view)
        case .addressesLent(let ike, let addresses): return lent(addresses, ike, view)
        case .configurationReceived(_, let ike, let given): return received(given, ike, view)
        case .ikeEstablished(let ike, let role, let peer, let proof): return established(ike, role, peer, proof, view)
        case .ikeFailed(let ike, let state, let reason): return failed(ike, state, reason, view)
        case .ikeDeleted(let ike, _, let reason): return deleted(ike, reason, view)
        case .ikeRekeying(let new, let old, _): return rekeying(new, replacing: old, view)
        case .ikeRekeyed(let new, let old, let role, _): return rekeyed(new, replacing: old, role, view)
        case .ikeRekeyFailed(let new, let old, let reason):
            ikes[new] = nil
            return refusal(reason).map {
                tell("IKE", "received \($0) notify, IKE_SA \(name(old)) not rekeyed", old, view)
            }
                ?? []
        case .reauthenticationDue(let ike, let wanted):
            nextJob()
            reauthenticating[ike] = wanted
            return tell("IKE", "reauthenticating IKE_SA \(name(ike))", ike, view) + [.command(.deleteIKE(ike))]
        case .childCreated(let child, let ike, let connection): return created(child, ike, connection, view)
        case .childInitiating(let child, let ike, let connection, let old):
            sessions.bind(ike, to: connection)
            let reqid = bound(connection)?.connection.reqid ?? 0
            ikes[ike]?.proof.starting = child
            return tell(
                "IKE", "establishing CHILD_SA \(name(child))" + (old == nil ? "" : " reqid \(reqid)"), ike, view)
        case .childEstablished(let facts): return established(facts, view)
        case .childRejected(let child, let ike, let reason): return rejected(child, ike, reason, view)
        case .childDeleted(let child, let ike, _, let reason): return deleted(child, ike, reason, view)
        case .retransmitted(let ike, _, _, let attempt, _):
            nextJob()
            guard let request = ikes[ike]?.lastRequest else { return [] }
            return tell("IKE", "retransmit \(attempt) of request with message ID \(request.messageID)", ike, view)
                + sending(request, ike, view)
        case .timedOut(let ike, let state, _, let retransmissions):
            let what =
                state == .established || state == .deleting
                ? "" : "establishing IKE_SA failed, peer not responding"
            return tell("IKE", "giving up after \(retransmissions) retransmits", ike, view)
                + (what.isEmpty ? [] : tell("IKE", what, ike, view))
        case .responseRepeated(let ike, _):
            nextJob()
            return tell(
                "IKE", "received retransmit of request with ID \(lastAnswered(ike)), retransmitting response", ike, view
            )
        case .dropped(.noConnection, _, let from, _, _):
            nextJob()
            return log("IKE", "no IKE config found for ...\(from.address), sending NO_PROPOSAL_CHOSEN", view)
        case .dropped(let reason, let ike, let from, _, _): return dropped(reason, ike, from, view)
        default: return renderConnection(event, view)
        }
    }

    private func lastAnswered(_ ike: IKESAID) -> UInt32 { answered[ike] ?? 0 }

    // MARK: Messages

    private func passed(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        ikes[ike]?.local = facts.local
        ikes[ike]?.remote = facts.remote
        guard facts.isSent else { return received(facts, ike, view) }
        var effects: [DialectEffect] = []
        if !facts.isResponse {
            ikes[ike]?.lastRequest = facts
            effects += deletionsAsked(facts, ike, view)
        } else {
            answered[ike] = facts.messageID
        }
        effects += beforeGenerating(facts, ike, view)
        var lines = tell("ENC", "generating \(MessageText.text(facts))", ike, view)
        if let whole = facts.wholeOctets {
            let count = facts.datagramOctets.count
            lines += tell("ENC", "splitting IKE message (\(whole) bytes) into \(count) fragments", ike, view)
            for number in 1...count {
                lines += tell("ENC", "generating \(MessageText.head(facts)) [ EF(\(number)/\(count)) ]", ike, view)
            }
        }
        lines += sending(facts, ike, view)
        let refuses = facts.payloads.contains {
            if case .notify(let notify) = $0 { notify.type.isError } else { false }
        }
        let isAlone = facts.payloads.allSatisfy {
            if case .notify = $0 { true } else if case .eap = $0 { true } else { false }
        }
        if facts.isResponse, refuses, isAlone {
            held[ike] = lines
            return effects
        }
        return effects + lines
    }

    private func sending(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        facts.datagramOctets.flatMap { octets in
            tell(
                "NET",
                "sending packet: from \(MessageText.text(facts.local)) to \(MessageText.text(facts.remote))"
                    + size(octets), ike, view)
        }
    }

    private func size(_ octets: Int) -> String { version.saysSizes ? " (\(octets) bytes)" : "" }

    private func received(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect]
        if let whole = facts.wholeOctets {
            effects = reassembled(whole, ike, view)
        } else {
            nextJob()
            effects = facts.datagramOctets.flatMap { receiving(facts.local, facts.remote, $0, ike, view) }
        }
        effects += tell("ENC", "parsed \(MessageText.text(facts))", ike, view)
        noteAddressRequest(facts, ike)
        effects += afterParsing(facts, ike, view)
        switch (facts.exchange, facts.isResponse) {
        case (.ikeSAInit, false):
            effects += tell("IKE", "\(facts.remote.address) is initiating an IKE_SA", ike, view)
        case (.ikeAuth, false):
            var ours: Identification?
            var theirs: Identification?
            for payload in facts.payloads {
                if case .identificationResponder(let id) = payload { ours = id }
                if case .identificationInitiator(let id) = payload { theirs = id }
            }
            // EAP takes further exchanges.
            guard theirs != nil else { break }
            ikes[ike]?.peer = theirs
            effects += tell(
                "CFG",
                "looking for peer configs matching \(facts.local.address)[\(IdentityText.text(ours))]..."
                    + "\(facts.remote.address)[\(IdentityText.text(theirs))]", ike, view)
        case (.informational, _): effects += deletionsHeard(facts, ike, view)
        default: break
        }
        return effects
    }

    func receiving(
        _ local: Endpoint, _ remote: Endpoint, _ octets: Int, _ ike: IKESAID, _ view: any DaemonView
    ) -> [DialectEffect] {
        tell(
            "NET", "received packet: from \(MessageText.text(remote)) to \(MessageText.text(local))" + size(octets),
            ike,
            view)
    }

    // MARK: IKE SAs

    func selected(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard ikes[ike]?.isNamed == false else { return [] }
        ikes[ike]?.isNamed = true
        return tell("CFG", "selected peer config '\(bound(ikes[ike]?.connection)?.peer ?? "?")'", ike, view)
    }

    private func established(
        _ ike: IKESAID, _ role: Role, _ peer: Identification, _ proof: AuthenticationProof, _ view: any DaemonView
    ) -> [DialectEffect] {
        ikes[ike]?.peer = peer
        ikes[ike]?.isEstablished = true
        var effects = selected(ike, view)
        var isEAP = if case .eap = proof { true } else { false }
        // The last AUTH of a responder is made with what EAP agreed on, whatever it proved itself by before.
        if role == .initiator, case .eap = bound(ikes[ike]?.connection)?.connection.local.authentication {
            isEAP = true
        }
        if isEAP {
            effects += tell("IKE", "authentication of '\(IdentityText.text(peer))' with EAP successful", ike, view)
            if role == .responder { effects += ownProof("EAP", ike, view) }
        } else {
            effects += authenticated(peer, proof, ike, view)
            if role == .responder { effects += myself(ike, view) }
        }
        let end =
            version == .v4_2_9
            ? scheduling(ike, view) + announced(ike, view) : announced(ike, view) + scheduling(ike, view)
        guard waitsForAddresses(ike) else { return effects + end }
        postponed[ike] = end
        return effects
    }

    private func authenticated(
        _ peer: Identification, _ proof: AuthenticationProof, _ ike: IKESAID, _ view: any DaemonView
    ) -> [DialectEffect] {
        var how = "pre-shared key"
        if case .signature(let signature) = proof { how = CharonSignatures.name(signature.method) }
        return tell("IKE", "authentication of '\(IdentityText.text(peer))' with \(how) successful", ike, view)
    }

    private func announced(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        tell("IKE", "IKE_SA \(name(ike)) established between \(ends(ike))", ike, view)
    }

    /// When it will be replaced, and when it ends at the latest.
    func scheduling(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let snapshot = view.ikeSA(ike), let established = snapshot.established else {
            return []
        }
        var effects: [DialectEffect] = []
        if let time = snapshot.rekeyTime {
            let how = bound(ikes[ike]?.connection)?.definition.reauthenticates == true ? "reauthentication" : "rekeying"
            effects += tell("IKE", "scheduling \(how) in \((time - established).components.seconds)s", ike, view)
        }
        if let end = snapshot.expires {
            effects += tell("IKE", "maximum IKE_SA lifetime \((end - established).components.seconds)s", ike, view)
        }
        return effects
    }

    private func refusal(_ reason: FailureReason) -> String? {
        if case .refused(let type) = reason { type.name } else { nil }
    }

    private func failed(
        _ ike: IKESAID, _ state: IKEState, _ reason: FailureReason, _ view: any DaemonView
    ) -> [DialectEffect] {
        let peer = IdentityText.text(ikes[ike]?.peer ?? bound(ikes[ike]?.connection)?.connection.remote.identification)
        let ours = ikes[ike].map { IdentityText.text(localIdentity($0)) } ?? "%any"
        switch reason {
        case .refused(let type): return tell("IKE", "received \(type.name) notify error", ike, view)
        case .refusing(.noProposalChosen):
            let configured = connections.filter { $0.id == ikes[ike]?.connection }.flatMap(\.connection.ikeProposals)
            return tell("CFG", "configured proposals: " + configured.map(names.text).joined(separator: ", "), ike, view)
                + tell("IKE", "received proposals unacceptable", ike, view)
        case .refusing(.invalidKEPayload): return tell("IKE", "DH group unacceptable, requesting another", ike, view)
        case .refusing: return []
        case .timedOut: return []
        case .noSharedKey:
            return (state == .initResponded ? selected(ike, view) : [])
                + tell("IKE", "no shared key found for '\(ours)' - '\(peer)'", ike, view)
        case .authenticationMismatch
        where ikes[ike]?.proof.certificate != nil && ikes[ike]?.proof.isSharedKey == false:
            return tell("IKE", "signature validation failed, looking for another key", ike, view)
                + untrusted(reason, peer, ike, view)
        case .authenticationMismatch:
            return selected(ike, view)
                + tell("IKE", "tried 1 shared key for '\(ours)' - '\(peer)', but MAC mismatched", ike, view)
        case .identificationMismatch: return tell("CFG", "no matching peer config found", ike, view)
        case .badSyntax(let what): return tell("ENC", "could not decrypt or parse payloads: \(what)", ike, view)
        case .dataPlane(let what): return tell("KNL", what, ike, view)
        case .noPrivateKey, .noSignatureMethod: return tell("IKE", "no private key found for '\(ours)'", ike, view)
        case .noPeerCertificate, .certificateByURL, .certificate, .identityNotInCertificate:
            return untrusted(reason, peer, ike, view)
        case .eap(let reason): return eapFailed(reason, peer, ike, view)
        case .ppk: return []
        case .childlessUnsupported: return tell("IKE", "peer does not support childless IKE_SA initiation", ike, view)
        }
    }

    private func deleted(_ ike: IKESAID, _ reason: DeletionReason, _ view: any DaemonView) -> [DialectEffect] {
        defer {
            ikes[ike] = nil
            answered[ike] = nil
            held[ike] = nil
            pendingEAP[ike] = nil
            listSearches[ike] = nil
        }
        var effects: [DialectEffect] = []
        switch reason {
        case .operatorRequest, .suspended, .expired: effects += tell("IKE", "IKE_SA deleted", ike, view)
        case .replaced where ikes[ike]?.isEstablished == true: effects += tell("IKE", "IKE_SA deleted", ike, view)
        default: break
        }
        effects += released(ike, view)
        let number = ikes[ike]?.number ?? 0
        for entry in sessions.awaiting(ike, nil) where entry.form == .stroke {
            effects.append(.write(entry.session, "IKE_SA [\(number)] closed successfully\n"))
        }
        effects += finishDown(sessions.settle(ike, nil))
        if let wanted = reauthenticating.removeValue(forKey: ike) {
            effects += wanted.map { .command(.initiate($0, staysUp: false)) }
        }
        return effects
    }

    private func rekeying(_ new: IKESAID, replacing old: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let record = ikes[old] else { return [] }
        nextJob()
        lastIKENumber += 1
        var successor = record
        successor.number = lastIKENumber
        successor.role = .initiator
        successor.isEstablished = false
        ikes[new] = successor
        return tell("IKE", "initiating IKE_SA \(name(new)) to \(record.remote.address)", old, view)
    }

    private func rekeyed(
        _ new: IKESAID, replacing old: IKESAID, _ role: Role, _ view: any DaemonView
    ) -> [DialectEffect] {
        if ikes[new] == nil, let record = ikes[old] {
            lastIKENumber += 1
            var successor = record
            successor.number = lastIKENumber
            ikes[new] = successor
        }
        let lent = ikes[old]?.lent ?? []
        ikes[new]?.lent = lent
        ikes[old]?.lent = []
        ikes[new]?.role = role
        ikes[new]?.isEstablished = true
        for id in children.keys where children[id]?.ike == old { children[id]?.ike = new }
        return scheduling(new, view)
            + tell("IKE", "IKE_SA \(name(new)) rekeyed between \(ends(new))", new, view)
    }

    private func dropped(
        _ reason: DropReason, _ ike: IKESAID?, _ from: Endpoint, _ view: any DaemonView
    ) -> [DialectEffect] {
        nextJob()
        switch reason {
        case .malformed(let what):
            return log("NET", "received invalid packet from \(MessageText.text(from)): \(what)", view)
        case .integrityFailure: return log("ENC", "verifying encrypted payload integrity failed", ike: ike, view)
        case .unexpectedMessageID(let id, let expected):
            return log("IKE", "received message ID \(id), expected \(expected), ignored", ike: ike, view)
        case .requestWaits(let id):
            return log("MGR", "ignoring request with ID \(id), already processing", view)
        case .unsupportedVersion: return log("NET", "received unsupported IKE version from \(from.address)", view)
        case .halfOpenLimit:
            return log("NET", "ignoring IKE_SA setup from \(from.address), half-open IKE_SA limit reached", view)
        default: return []
        }
    }

    // MARK: Child SAs

    private func created(
        _ child: ChildSAID, _ ike: IKESAID, _ connection: ConnectionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        lastChildNumber += 1
        children[child] = ChildRecord(number: lastChildNumber, ike: ike, connection: connection)
        guard let record = ikes[ike], record.role == .initiator, !record.isEstablished else { return [] }
        ikes[ike]?.proof.starting = child
        return []
    }

    private func established(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        children[facts.child]?.facts = facts
        let text =
            "CHILD_SA \(name(facts.child)) established with SPIs \(facts.inbound)_i \(facts.outbound)_o and TS "
            + "\(SelectorText.list(facts.localSelectors, version)) === "
            + SelectorText.list(facts.remoteSelectors, version)
        let added = addingSAs(facts, view)
        guard facts.replaces != nil, version == .v5_9_8 else { return added + tell("IKE", text, facts.ike, view) }
        return added + tell("IKE", "inbound " + text, facts.ike, view)
            + tell("IKE", "outbound " + text, facts.ike, view)
    }

    private func rejected(
        _ child: ChildSAID, _ ike: IKESAID, _ reason: FailureReason, _ view: any DaemonView
    ) -> [DialectEffect] {
        defer { children[child] = nil }
        let isInitiator =
            ikes[ike]?.lastRequest.map { request in
                request.exchange == .createChildSA || request.exchange == .ikeAuth
            } ?? false
        let kept = isInitiator ? tell("IKE", "failed to establish CHILD_SA, keeping IKE_SA", ike, view) : []
        let connection = bound(children[child]?.connection)?.connection
        switch reason {
        case .refused(let type): return tell("IKE", "received \(type.name) notify, no CHILD_SA built", ike, view) + kept
        case .refusing(.noProposalChosen):
            let configured = connection?.espProposals.map(names.text).joined(separator: ", ") ?? ""
            return tell("CFG", "configured proposals: \(configured)", ike, view)
                + tell("IKE", "no acceptable proposal found", ike, view) + kept
        case .refusing(.tsUnacceptable):
            return tell("IKE", "traffic selectors unacceptable", ike, view) + kept
        case .dataPlane(let what):
            return tell("KNL", what, ike, view)
                + tell("IKE", "unable to install inbound and outbound IPsec SA (SAD) in kernel", ike, view) + kept
        default: return kept
        }
    }

    private func deleted(
        _ child: ChildSAID, _ ike: IKESAID, _ reason: DeletionReason, _ view: any DaemonView
    ) -> [DialectEffect] {
        let number = children[child]?.number ?? 0
        defer { children[child] = nil }
        var effects: [DialectEffect] = []
        switch reason {
        case .childAlone: effects += tell("IKE", "CHILD_SA closed", ike, view)
        case .replaced where ikes[ike]?.lastRequest?.exchange == .informational:
            effects += tell("IKE", "CHILD_SA closed", ike, view)
        default: break
        }
        for entry in sessions.awaiting(nil, child) where entry.form == .stroke {
            effects.append(.write(entry.session, "CHILD_SA {\(number)} closed successfully\n"))
        }
        return effects + finishDown(sessions.settle(nil, child))
    }

    private func finishDown(_ entries: [CommandSessions.Entry]) -> [DialectEffect] {
        entries.flatMap { entry in
            (entry.form == .vici ? [.write(entry.session, "terminate completed successfully\n")] : [])
                + [.finish(entry.session, status: 0)]
        }
    }
}
