package import DialectKit
package import IKEModel
import IKEWire
import NetAddress

/// The engine's events as an ASA's debugging lines and syslog.
extension ASADialect {
    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeCreated(let ike, let connection, let role, _, _, _):
            lastSession += 1
            sessions[ike] = ASASession(number: lastSession, role: role, connection: connection)
            return role == .initiator ? steps(IOSDebugTable.initiating, ike, 0, view) : []
        case .ikeAssigned(let ike, let connection):
            sessions[ike]?.connection = connection
            return []
        case .ikeRekeyed(let new, let old, let role, _):
            let connection = sessions[old]?.connection
            if sessions[new] == nil {
                lastSession += 1
                sessions[new] = ASASession(number: lastSession, role: role, connection: connection)
            }
            logins[new] = logins[old]
            return role == .initiator
                ? steps(IOSDebugTable.ikeRekeyed, old, sessions[old]?.lastRequestID ?? 0, view)
                : steps(IOSDebugTable.ikeRekeyAccepted, old, sessions[old]?.request?.messageID ?? 0, view)
        case .keyExchangeRefused(let ike, _, _, _): return steps(IOSDebugTable.initRefused, ike, 0, view)
        case .ikeSAInitProcessed(let ike, _, _):
            return steps(IOSDebugTable.initProcessed + IOSDebugTable.initDone, ike, 0, view)
        case .requestSent(let ike, let purpose, _): return waiting(ike, purpose, view)
        case .ikeRekeyFailed(_, let old, _):
            return exchangeFailed(old, sessions[old]?.lastRequestID ?? 0, view)
        case .messagePassed(let ike, let facts):
            return facts.isSent ? sent(facts, ike, view) : received(facts, ike, view)
        case .responseSent(let ike, _, _): return answered(ike, view)
        case .ikeEstablished(let ike, let role, _, _):
            logins[ike] = view.wallClockSeconds
            return role == .responder
                ? rows(ASADebugTable.established, ike, view) : steps(IOSDebugTable.peerVerified, ike, 1, view)
        case .spiReserved(_, let ike, let spi):
            sessions[ike]?.reserved = spi
            return rows(ASADebugTable.reserved, ike, view)
        case .childEstablished(let facts):
            sessions[facts.ike]?.child = facts
            return rows(ASADebugTable.installed, facts.ike, view) + made(facts, view)
        case .childRejected(let child, let ike, let reason):
            sessions[ike]?.refusal = reason
            // One that the peer asked for is no exchange of ours.
            guard let messageID = sessions[ike]?.asked.removeValue(forKey: child) else { return [] }
            return exchangeFailed(ike, messageID, view)
        case .childDeleted(let child, let ike, _, _):
            guard sessions[ike]?.child?.child == child else { return [] }
            let lines = rows(ASADebugTable.removed, ike, view)
            sessions[ike]?.child = nil
            return lines
        case .ikeDeleted(let ike, _, _):
            sessions[ike] = nil
            logins[ike] = nil
            return []
        default: return []
        }
    }

    // MARK: Lines

    func facts(_ ike: IKESAID, _ messageID: UInt32, _ view: any DaemonView) -> ASADebugFacts {
        let session = sessions[ike]
        let snapshot = view.ikeSAs.first { $0.ike == ike }
        let role = (snapshot?.role ?? session?.role) == .initiator ? "I" : "R"
        let initiator = Hexadecimal.upper(snapshot?.initiatorSPI.value ?? 0, width: 16)
        let responder = Hexadecimal.upper(snapshot?.responderSPI.value ?? 0, width: 16)
        var facts = ASADebugFacts(
            session: session?.number ?? 0, association: "I_SPI=\(initiator) R_SPI=\(responder) (\(role))",
            messageID: messageID)
        let entry = tunnel(session?.connection)?.entry
        facts.values = [
            "map": entry?.map ?? "?", "sequence": "\(entry?.sequence ?? 0)", "initiator": initiator,
            "responder": responder,
        ]
        if let spi = session?.child?.inbound ?? session?.reserved {
            facts.values["inbound"] = Hexadecimal.upper(spi.value, width: 8)
        }
        if let spi = session?.reserved {
            facts.values["inbound"] = Hexadecimal.upper(spi.value, width: 8)
            facts.values.merge(ASAPersona.places(of: spi)) { $1 }
        }
        if let spi = session?.child?.outbound {
            facts.values["outbound"] = Hexadecimal.upper(spi.value, width: 8)
        }
        if let spi = session?.request?.payloads.rekeyedSPI { facts.values["replaced"] = spi }
        return facts
    }

    private func rows(_ rows: [ASARow], _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard !debugging.isEmpty else { return [] }
        return show(facts(ike, sessions[ike]?.request?.messageID ?? 0, view).lines(rows))
    }

    func show(_ lines: [ASADebugFacts.Line]) -> [DialectEffect] {
        lines.filter { $0.level <= debugging[$0.channel] ?? 0 }.map { .log($0.text) }
    }

    private func protocolLines(_ texts: [String]) -> [DialectEffect] {
        show(texts.map { ASADebugFacts.Line(channel: .ikev2Protocol, level: 5, text: $0) })
    }

    // MARK: Messages that come in

    private func received(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        if !message.isResponse {
            sessions[ike]?.request = message
            sessions[ike]?.refusal = nil
            sessions[ike]?.reserved = nil
        }
        guard !debugging.isEmpty else { return [] }
        let facts = facts(ike, message.messageID, view)
        var effects = arrival(message, facts, view) + packet(message, facts, isSent: false)
        effects += protocolLines(
            ASAText.dump.lines(message.payloads) { payload in
                guard case .notify(let notify) = payload else { return "" }
                return "IKEv2-PROTO-5: Parse Notify Payload: \(PayloadDump.name(notify.type)) "
            })
        guard !message.isResponse else { return effects + answerSteps(message, ike, view) }
        switch message.exchange {
        case .ikeSAInit: effects += show(facts.lines(ASADebugTable.initReceived))
        case .ikeAuth: effects += show(facts.lines(ASADebugTable.authReceived))
        case .createChildSA:
            effects += show(facts.lines(ASADebugTable.childReceived))
            if message.payloads.proposes(.ike) {
                return effects + steps(IOSDebugTable.ikeRekeyReceived, ike, message.messageID, view)
            }
            if message.payloads.rekeyedSPI != nil { effects += show(facts.lines(ASADebugTable.rekeyBegins)) }
            effects += show(facts.lines(ASADebugTable.childProcessed))
        case .informational:
            effects += show(facts.lines(ASADebugTable.informationalReceived))
            if message.payloads.isEmpty { effects += show(facts.lines(ASADebugTable.lifeAsked)) }
        default: break
        }
        return effects
    }

    /// Up to where the message itself is shown.
    private func arrival(
        _ message: MessageFacts, _ facts: ASADebugFacts, _ view: any DaemonView
    ) -> [DialectEffect] {
        let ends = (local: ASAText.end(message.local), remote: ASAText.end(message.remote))
        let time = ASAText.time(view.wallClockSeconds)
        var lines = [
            ASADebugFacts.Line(
                channel: .isakmp, level: 1,
                text: "\(time) [IKEv1]IKE Receiver: Packet received on \(ends.local) from \(ends.remote)"),
            ASADebugFacts.Line(channel: .ikev2Platform, level: 4, text: "IKEv2 Recv RAW packet dump"),
        ]
        lines += message.datagrams.flatMap(Hexadecimal.dump).map {
            ASADebugFacts.Line(channel: .ikev2Platform, level: 4, text: $0)
        }
        lines += facts.lines([
            .barePlat(3, "RECV PKT \(ASAText.path(message, from: message.remote, to: message.local, facts))")
        ])
        if !message.isResponse, message.messageID > 0 {
            let id = message.messageID
            lines += facts.lines([
                .proto(5, "Request has mess_id \(id); expected \(id) through \(id)"),
                .plain(.ikev2Protocol, "(\(facts.session)):"),
            ])
        }
        return show(lines)
    }

    /// The header of a message, and that it was decrypted.
    private func packet(_ message: MessageFacts, _ facts: ASADebugFacts, isSent: Bool) -> [DialectEffect] {
        let session = "(\(facts.session)):"
        let way = isSent ? "Sending" : "Received"
        let words = isSent ? ("To", "From") : ("From", "To")
        let octets = message.datagramOctets.reduce(0, +)
        let isProtected = message.exchange != .ikeSAInit
        let first = isProtected ? "ENCR" : message.payloads.first.map(PayloadDump.name) ?? "NONE"
        var texts = [
            "IKEv2-PROTO-2: \(session) \(way) Packet [\(words.0) \(ASAText.end(message.remote))/\(words.1) "
                + "\(ASAText.end(message.local))/VRF i0:f0]",
            "\(session) Initiator SPI : \(facts.values["initiator"] ?? "") - Responder SPI : "
                + "\(facts.values["responder"] ?? "") Message id: \(message.messageID)",
            "\(session) IKEv2 \(message.exchange) Exchange \(message.isResponse ? "RESPONSE" : "REQUEST")"
                + "IKEv2-PROTO-3: \(session) Next payload: \(first), version: 2.0 \(session) Exchange type: "
                + "\(message.exchange), flags: \(ASAText.flags(message, facts)) \(session) Message id: "
                + "\(message.messageID), length: \(octets)\(session)",
            "Payload contents:",
        ]
        if isProtected, !isSent {
            let inside = Message.encodePayloads(message.payloads).octets.count
            texts += [
                "IKEv2-PROTO-1: decrypt queued\(session)",
                "\(session) Decrypted packet:\(session) Data: \(octets) bytes",
                "IKEv2-PROTO-1: Asynchronous request queued", "IKEv2-PROTO-1:",
            ]
            return protocolLines(texts) + show(facts.lines([.plat(2, "Decrypt success status returned via ipc 1")]))
                + protocolLines(["\(session) REAL Decrypted packet:\(session) Data: \(inside) bytes"])
        }
        if isProtected {
            // Behind the IKE header (RFC 7296 §3.1: 28 octets) the Encrypted payload and its own header of 4.
            let inner = message.payloads.first.map(PayloadDump.name) ?? "NONE"
            texts += [
                "\(session) ENCR\(session) Next payload: \(inner), reserved: 0x0, length: \(octets - 28)",
                "\(session) Encrypted data: \(octets - 32) bytes", session,
            ]
        }
        return protocolLines(texts)
    }

    // MARK: Messages that leave

    private func sent(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        if !message.isResponse { sessions[ike]?.lastRequestID = message.messageID }
        guard !debugging.isEmpty else { return [] }
        var facts = facts(ike, message.messageID, view)
        let state = ASAText.state(message)
        var effects = message.isResponse ? [] : requestSteps(message, ike, view)
        switch message.exchange {
        case .informational where message.isResponse && message.payloads.isEmpty:
            effects += show(facts.lines(ASADebugTable.acknowledging))
        case .ikeSAInit: break
        default: effects += construction(message, ike, &facts)
        }
        if message.exchange != .ikeSAInit {
            effects += show(facts.lines(ASADebugTable.encrypting(state)))
            if message.exchange == .informational, message.isResponse, sessions[ike]?.kept != nil {
                effects += show(facts.lines(ASADebugTable.keptContext))
            }
            effects += show(facts.lines(ASADebugTable.encrypted(state)))
        }
        effects += protocolLines(["(\(facts.session)):"]) + packet(message, facts, isSent: true)
        if message.exchange == .ikeSAInit {
            effects += protocolLines(ASAText.dump.lines(message.payloads) { _ in nil })
        }
        return effects
            + show(
                facts.lines([
                    .plat(3, "SENT PKT \(ASAText.path(message, from: message.local, to: message.remote, facts))")
                ]))
    }

    /// What is put into a message before it is encrypted.
    private func construction(
        _ message: MessageFacts, _ ike: IKESAID, _ facts: inout ASADebugFacts
    ) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        let session = "(\(facts.session)):"
        if let refused = message.payloads.wantedGroup, let sent = sessions[ike]?.request?.payloads.keyExchangeGroup {
            facts.values["sentGroup"] = "\(sent)"
            facts.values["ownGroup"] = "\(refused)"
            effects += show(facts.lines(ASADebugTable.wrongGroup))
        }
        var lead = ""
        for case .notify(let notify) in message.payloads {
            lead += "IKEv2-PROTO-5: Construct Notify Payload: \(PayloadDump.name(notify.type))"
        }
        effects += protocolLines([
            "\(lead)IKEv2-PROTO-2: \(session) Building packet for encryption.", session, "Payload contents:",
        ])
        return effects + protocolLines(ASAText.sentDump(message.payloads, session: session))
    }

    /// An answer has left.
    private func answered(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let request = sessions[ike]?.request else { return [] }
        let facts = facts(ike, request.messageID, view)
        var effects: [DialectEffect] = []
        switch request.exchange {
        case .ikeSAInit: effects += show(facts.lines(ASADebugTable.initAnswered))
        // One that refuses the peer has no session.
        case .ikeAuth where logins[ike] == nil: effects += steps(IOSDebugTable.authFailed, ike, request.messageID, view)
        case .ikeAuth: effects += show(facts.lines(ASADebugTable.authAnswered))
        case .createChildSA:
            if sessions[ike]?.refusal != nil {
                effects += show(facts.lines(ASADebugTable.childFailed))
                if sessions[ike]?.reserved != nil { effects += show(facts.lines(ASADebugTable.embryonicDead)) }
                effects += aborted(request)
            } else {
                effects += show(facts.lines(ASADebugTable.childMade))
                sessions[ike]?.kept = request.messageID
            }
        case .informational:
            effects += show(facts.lines(ASADebugTable.informationalAnswered))
            if let kept = sessions[ike]?.kept {
                var before = facts
                before.messageID = kept
                effects += show(before.lines(ASADebugTable.contextFreed))
            }
            sessions[ike]?.kept = request.messageID
        default: break
        }
        sessions[ike]?.request = nil
        sessions[ike]?.reserved = nil
        return effects
    }

    /// Syslog 750003, in whose words an ASA reports a rekey that it has refused.
    private func aborted(_ request: MessageFacts) -> [DialectEffect] {
        record(
            syslog: "%ASA-4-750003: Local:\(ASAText.end(request.local)) Remote:\(ASAText.end(request.remote)) "
                + "Username:\(request.remote.address) IKEv2 Negotiation aborted due to ERROR: "
                + "Detected unsupported failover version")
    }
}
