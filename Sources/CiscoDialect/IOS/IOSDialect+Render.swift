package import DialectKit
import IKECrypto
package import IKEModel
import IKEWire
import NetAddress

/// The engine's events as a router's debugging lines.
extension IOSDialect {
    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeCreated(let ike, let connection, let role, _, let remote, _):
            open(ike, IOSSession(role: role, connection: connection, remote: remote))
            return role == .initiator ? rows(IOSDebugTable.initiating, ike, 0, view) : []
        case .ikeAssigned(let ike, let connection):
            sessions[ike]?.connection = connection
            return []
        case .natDetected(let ike, let local, let remote):
            sessions[ike]?.localBehindNAT = local
            sessions[ike]?.remoteBehindNAT = remote
            return []
        case .messagePassed(let ike, let message):
            note(message, ike)
            return message.isSent ? sent(message, ike, view) : received(message, ike, view)
        case .keyExchangeRefused(let ike, let tried, let suggested, _):
            sessions[ike]?.groups = (tried.rawValue, suggested.rawValue)
            return rows(IOSDebugTable.initRefused, ike, 0, view)
        case .ikeSAInitProcessed(let ike, _, _):
            return rows(IOSDebugTable.initProcessed + IOSDebugTable.initDone, ike, 0, view)
        case .requestSent(let ike, let purpose, _): return waiting(ike, purpose, view)
        case .responseSent(let ike, let exchange, _): return answered(ike, exchange, view)
        case .ikeEstablished(let ike, let role, _, _):
            sessions[ike]?.isEstablished = true
            return rows(
                role == .initiator ? IOSDebugTable.peerVerified : IOSDebugTable.peerAccepted, ike, 1, view)
        case .ikeRekeyed(let new, let old, let role, _): return rekeyed(new, replacing: old, role, view)
        case .ikeRekeyFailed(_, let old, _):
            return exchangeFailed(old, sessions[old]?.lastRequestID ?? 0, view)
        case .childEstablished(let facts): return made(facts, view)
        case .childRejected(let child, let ike, _):
            // One that the peer asked for is no exchange of ours.
            guard let messageID = sessions[ike]?.asked.removeValue(forKey: child) else { return [] }
            return exchangeFailed(ike, messageID, view)
        case .childDeleted(let child, _, _, _):
            childNumbers[child] = nil
            return []
        case .ikeFailed(let ike, let state, _): return failed(ike, state, view)
        case .ikeDeleted(let ike, _, _): return close(ike, view)
        default: return []
        }
    }

    // MARK: IKE SAs

    private func open(_ ike: IKESAID, _ session: IOSSession) {
        lastSession += 1
        sessions[ike] = session
        sessions[ike]?.number = lastSession
    }

    private func close(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let session = sessions[ike] else { return [] }
        let effects = session.isEstablished ? rows(IOSDebugTable.freed, ike, session.lastMessageID, view) : []
        sessions[ike] = nil
        // The number of a negotiation that came to nothing is the next one's.
        if !session.isEstablished, session.number == lastSession { lastSession -= 1 }
        return effects
    }

    private func failed(_ ike: IKESAID, _ state: IKEState, _ view: any DaemonView) -> [DialectEffect] {
        switch state {
        // A responder's state is the same until IKE_AUTH is over.
        case .initResponded where (sessions[ike]?.lastMessageID ?? 0) > 0, .authSent:
            rows(IOSDebugTable.authFailed, ike, 1, view)
        case .initSent, .initResponded: rows(IOSDebugTable.initFailed, ike, 0, view)
        default: []
        }
    }

    private func rekeyed(
        _ new: IKESAID, replacing old: IKESAID, _ role: Role, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard let before = sessions[old] else { return [] }
        var session = IOSSession(role: role, connection: before.connection, remote: before.remote)
        session.isEstablished = true
        (session.ownWindow, session.peerWindow) = (before.ownWindow, before.peerWindow)
        (session.localBehindNAT, session.remoteBehindNAT) = (before.localBehindNAT, before.remoteBehindNAT)
        open(new, session)
        sessions[old]?.successor = lastSession
        return role == .initiator
            ? rows(IOSDebugTable.ikeRekeyed, old, before.lastRequestID, view)
            : rows(IOSDebugTable.ikeRekeyAccepted, old, before.request?.messageID ?? 0, view)
    }

    // MARK: Child SAs

    private func made(_ facts: ChildFacts, _ view: any DaemonView) -> [DialectEffect] {
        lastChild += 1
        childNumbers[facts.child] = lastChild
        guard let session = sessions[facts.ike] else { return [] }
        sessions[facts.ike]?.child = facts
        let hasGroup = facts.suite.keyExchange != nil
        if facts.role == .responder {
            guard let request = session.request, request.exchange == .createChildSA else { return [] }
            return rows(IOSDebugTable.childAccepted(group: hasGroup), facts.ike, request.messageID, view)
        }
        guard let messageID = sessions[facts.ike]?.asked.removeValue(forKey: facts.child) else {
            return rows(IOSDebugTable.initiatorDone, facts.ike, 1, view)
        }
        return rows(IOSDebugTable.childMade(group: hasGroup), facts.ike, messageID, view)
    }

    /// A CREATE_CHILD_SA of ours came to nothing.
    private func exchangeFailed(_ ike: IKESAID, _ messageID: UInt32, _ view: any DaemonView) -> [DialectEffect] {
        rows(IOSDebugTable.childFailed, ike, messageID, view)
    }

    // MARK: Behind a message of ours

    private func waiting(_ ike: IKESAID, _ purpose: RequestPurpose, _ view: any DaemonView) -> [DialectEffect] {
        let id = sessions[ike]?.lastRequestID ?? 0
        if case .createChild(let child, _, _, _) = purpose { sessions[ike]?.asked[child] = id }
        switch purpose {
        case .ikeAuth, .ikeAuthAlone: return rows(IOSDebugTable.authSent, ike, id, view)
        case .createChild, .rekeyIKE: return rows(IOSDebugTable.childSent, ike, id, view)
        case .deleteIKE, .deleteChildren, .liveness: return rows(IOSDebugTable.informationalSent, ike, id, view)
        default: return []
        }
    }

    private func answered(_ ike: IKESAID, _ exchange: ExchangeType, _ view: any DaemonView) -> [DialectEffect] {
        guard let session = sessions[ike], let request = session.request else { return [] }
        sessions[ike]?.request = nil
        let table: [IOSRow]
        switch exchange {
        case .ikeSAInit: table = IOSDebugTable.initSent
        case .ikeAuth: table = session.isEstablished ? IOSDebugTable.responderDone : []
        case .createChildSA where session.isRefusing: table = IOSDebugTable.childRefused
        case .createChildSA where request.payloads.proposes(.ike): table = IOSDebugTable.ikeRekeyAnswered
        case .createChildSA: table = IOSDebugTable.childAnswered
        case .informational:
            table =
                IOSDebugTable.informationalAnswered
                + (request.payloads.deletes == nil ? [] : IOSDebugTable.deleteAsked) + IOSDebugTable.informationalEnd
        default: table = []
        }
        return rows(table, ike, request.messageID, view)
    }

    // MARK: Lines

    /// `*Nov 11 19:30:34.811: `; the asterisk says that no time server has set the clock.
    func time(_ view: any DaemonView) -> String {
        let milliseconds = view.wallClockMicroseconds / 1000 % 1000
        let padding = String(repeating: "0", count: 3 - String(milliseconds).count)
        return "*\(CalendarText(view.wallClockSeconds).text("%b %e %T")).\(padding)\(milliseconds): "
    }

    func packetLines(_ lines: [String]) -> [DialectEffect] {
        debugging.contains(.packet) ? lines.map { .log($0) } : []
    }

    func internalLines(_ lines: [String], _ view: any DaemonView) -> [DialectEffect] {
        debugging.contains(.internal) ? lines.map { .log(time(view) + $0) } : []
    }

    func rows(
        _ rows: [IOSRow], _ ike: IKESAID, _ messageID: UInt32, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard debugging.contains(.internal), !rows.isEmpty else { return [] }
        if let snapshot = view.ikeSA(ike) {
            sessions[ike]?.initiatorSPI = snapshot.initiatorSPI.value
            sessions[ike]?.responderSPI = snapshot.responderSPI.value
        }
        guard let session = sessions[ike] else { return [] }
        // The role is that of an IKE SA's life, not that of the exchange.
        let lead =
            "SM Trace-> SA: I_SPI=\(Hexadecimal.upper(session.initiatorSPI, width: 16)) "
            + "R_SPI=\(Hexadecimal.upper(session.responderSPI, width: 16)) "
            + "(\(session.role == .initiator ? "I" : "R")) MsgID = \(Hexadecimal.upper(messageID, width: 8))"
        let number = "(SA ID = \(session.number)):"
        return internalLines(
            rows.map { row in
                switch row {
                case .trace(let state, let event): "IKEv2:\(number)\(lead) CurState: \(state) Event: \(event)"
                case .sa(let text): "IKEv2:\(number)\(filled(text, session, messageID))"
                case .plain(let text): "IKEv2:\(filled(text, session, messageID))"
                }
            }, view)
    }

    private func filled(_ text: String, _ session: IOSSession, _ messageID: UInt32) -> String {
        guard text.contains("{") else { return text }
        let tunnel =
            tunnel(session.connection)
            ?? tunnels.first { $0.connection.remote.host == .address(session.remote.address) }
        var facts = [
            "peer": "\(session.remote.address)", "proposal": tunnel?.proposalNames.first ?? "default",
            "profile": tunnel?.ikeProfile ?? "?", "session": "\(session.number)", "id": "\(messageID)",
            "acceptFrom": "\(messageID &+ 1)", "acceptTo": "\(messageID &+ session.ownWindow)",
            "sendFrom": "\(messageID &+ 1)", "sendTo": "\(messageID &+ session.peerWindow)",
            "remoteNAT": session.remoteBehindNAT ? "Remote address not matched" : "Remote address matched",
            "localNAT": session.localBehindNAT ? "Local address not matched" : "Local address matched",
            "NAT": session.remoteBehindNAT || session.localBehindNAT ? "NAT found" : "No NAT found",
        ]
        facts["platform"] = IOSPersona.platform(session.number)
        if let successor = session.successor {
            facts["newSession"] = "\(successor)"
            facts["newPlatform"] = IOSPersona.platform(successor)
        }
        if let groups = session.groups {
            facts["sentGroup"] = "\(groups.sent)"
            facts["wantedGroup"] = "\(groups.wanted)"
        }
        if let child = session.child {
            facts["inbound"] = Hexadecimal.upper(child.inbound.value, width: 8)
            facts.merge(IOSPersona.handles(of: childNumbers[child.child] ?? 0)) { $1 }
        }
        return facts.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
}
