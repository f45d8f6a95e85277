package import DialectKit
package import IKEModel
import IKEWire
import NetAddress

/// The engine's events as a router's debugging lines.
extension IOSDialect {
    package func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeCreated(let ike, let connection, let role, _, let remote, _):
            lastSession += 1
            sessions[ike] = IOSSession(number: lastSession, role: role, connection: connection, remote: remote)
            return role == .initiator ? rows(IOSDebugTable.initiating, ike, 0, view) : []
        case .ikeAssigned(let ike, let connection):
            sessions[ike]?.connection = connection
            return []
        case .ikeRekeyed(let new, let old, let role, _):
            guard let before = sessions[old] else { return [] }
            if sessions[new] == nil {
                lastSession += 1
                sessions[new] = IOSSession(
                    number: lastSession, role: role, connection: before.connection, remote: before.remote)
            }
            return []
        case .natDetected(let ike, let local, let remote):
            sessions[ike]?.localBehindNAT = local
            sessions[ike]?.remoteBehindNAT = remote
            return []
        case .messagePassed(let ike, let message):
            return message.isSent ? sent(message, ike, view) : received(message, ike, view)
        case .responseSent(let ike, let exchange, _):
            switch exchange {
            case .ikeSAInit: return rows(IOSDebugTable.initSent, ike, 0, view)
            case .ikeAuth: return rows(IOSDebugTable.responderDone, ike, 1, view)
            default: return []
            }
        case .ikeEstablished(let ike, let role, _, _):
            return rows(
                role == .initiator ? IOSDebugTable.peerVerified : IOSDebugTable.peerAccepted, ike, 1, view)
        case .childEstablished(let facts) where facts.role == .initiator && facts.replaces == nil:
            return rows(IOSDebugTable.initiatorDone, facts.ike, 1, view)
        case .ikeDeleted(let ike, _, _):
            sessions[ike] = nil
            return []
        default: return []
        }
    }

    // MARK: Messages

    private func received(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let isFirst = message.exchange == .ikeSAInit && !message.isResponse
        var effects = rows(isFirst ? IOSDebugTable.admitted : IOSDebugTable.dispatched, ike, 0, view)
        if message.exchange != .ikeSAInit, !message.isResponse {
            let id = message.messageID
            effects += rows([.sa("Request has mess_id \(id); expected \(id) through \(id)")], ike, id, view)
        }
        effects += header(message, ike, view) + dump(message.payloads, isReceived: true, view)
        switch (message.exchange, message.isResponse) {
        case (.ikeSAInit, false): effects += rows(IOSDebugTable.initReceived, ike, 0, view)
        case (.ikeSAInit, true):
            effects += rows(IOSDebugTable.initAnswered + IOSDebugTable.initDone, ike, 0, view)
        case (.ikeAuth, false): effects += rows(IOSDebugTable.authReceived, ike, 1, view)
        case (.ikeAuth, true): effects += rows(IOSDebugTable.authAnswered, ike, 1, view)
        default: break
        }
        return effects
    }

    private func sent(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        for payload in message.payloads {
            switch payload {
            case .vendorID(let octets):
                effects += internalLines(["IKEv2:Construct Vendor Specific Payload: \(Self.vendor(octets))"], view)
            case .notify(let notify):
                effects += internalLines(
                    ["IKEv2:Construct Notify Payload: \(PayloadDump.name(notify.type))"], view)
            default: break
            }
        }
        guard message.exchange != .ikeSAInit else {
            return effects + header(message, ike, view) + dump(message.payloads, isReceived: false, view)
        }
        // An answer to IKE_AUTH is shown closed.
        if !(message.exchange == .ikeAuth && message.isResponse) {
            effects += packetLines(["Payload contents:"]) + dump(message.payloads, isReceived: false, view)
        }
        effects += header(message, ike, view)
        let inner = message.payloads.first.map(PayloadDump.name) ?? "NONE"
        let octets = message.datagramOctets.reduce(0, +)
        // Behind the IKE header of 28 octets (RFC 7296 §3.1).
        effects += packetLines(["ENCR Next payload: \(inner), reserved: 0x0, length: \(octets - 28)"])
        if message.exchange == .ikeAuth, !message.isResponse {
            effects += rows(IOSDebugTable.authSent, ike, 1, view)
        }
        return effects
    }

    private func header(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let isProtected = message.exchange != .ikeSAInit
        let first = isProtected ? "ENCR" : message.payloads.first.map(PayloadDump.name) ?? "NONE"
        let session = sessions[ike]
        let sender = message.isSent == (session?.role == .initiator) ? "INITIATOR" : "RESPONDER"
        let octets = message.datagramOctets.reduce(0, +)
        // A router has no number for an IKE SA before it has looked at its first message.
        let isNew = message.exchange == .ikeSAInit && !message.isSent && !message.isResponse
        let lead = isNew ? "" : "(SA ID = \(session?.number ?? 0)):"
        return packetLines([
            "\(time(view))IKEv2:\(lead)Next payload: \(first), version: 2.0 Exchange type: \(message.exchange), "
                + "flags: \(sender)\(message.isResponse ? " MSG-RESPONSE" : "") Message id: \(message.messageID), "
                + "length: \(octets)",
            "Payload contents:",
        ])
    }

    private static let dump = PayloadDump(style: .init(noExtendedSequenceNumbers: "Do not use ESN", showsOctets: false))

    private func dump(_ payloads: [Payload], isReceived: Bool, _ view: any DaemonView) -> [DialectEffect] {
        let time = time(view)
        return packetLines(
            Self.dump.lines(payloads) { payload in
                guard isReceived else { return nil }
                return switch payload {
                case .vendorID(let octets): "\(time)IKEv2:Parse Vendor Specific Payload: \(Self.parsedVendor(octets)) "
                case .notify(let notify):
                    "\(time)IKEv2:Parse Notify Payload: \(PayloadDump.name(notify.type)) "
                default: ""
                }
            })
    }

    /// By what it sends of its own.
    private static func vendor(_ octets: [UInt8]) -> String {
        switch octets {
        case Array("CISCO-DELETE-REASON".utf8): "DELETE-REASON"
        case WireProfile.granite: "CISCO-GRANITE"
        default: "(CUSTOM)"
        }
    }

    private static func parsedVendor(_ octets: [UInt8]) -> String {
        octets == Array("CISCO-DELETE-REASON".utf8) ? "CISCO-DELETE-REASON" : "(CUSTOM)"
    }

    // MARK: Lines

    /// `*Nov 11 19:30:34.811: `; the asterisk says that no time server has set the clock.
    private func time(_ view: any DaemonView) -> String {
        let milliseconds = view.wallClockMicroseconds / 1000 % 1000
        let padding = String(repeating: "0", count: 3 - String(milliseconds).count)
        return "*\(CalendarText(view.wallClockSeconds).text("%b %e %T")).\(padding)\(milliseconds): "
    }

    private func packetLines(_ lines: [String]) -> [DialectEffect] {
        debugging.contains(.packet) ? lines.map { .log($0) } : []
    }

    private func internalLines(_ lines: [String], _ view: any DaemonView) -> [DialectEffect] {
        debugging.contains(.internal) ? lines.map { .log(time(view) + $0) } : []
    }

    private func rows(
        _ rows: [IOSRow], _ ike: IKESAID, _ messageID: UInt32, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard debugging.contains(.internal), let session = sessions[ike] else { return [] }
        let snapshot = view.ikeSAs.first { $0.ike == ike }
        let initiator = Hexadecimal.upper(snapshot?.initiatorSPI.value ?? 0, width: 16)
        let responder = Hexadecimal.upper(snapshot?.responderSPI.value ?? 0, width: 16)
        let lead =
            "SM Trace-> SA: I_SPI=\(initiator) R_SPI=\(responder) (\(session.role == .initiator ? "I" : "R")) "
            + "MsgID = \(Hexadecimal.upper(messageID, width: 8))"
        let number = "(SA ID = \(session.number)):"
        return internalLines(
            rows.map { row in
                switch row {
                case .trace(let state, let event): "IKEv2:\(number)\(lead) CurState: \(state) Event: \(event)"
                case .sa(let text): "IKEv2:\(number)\(filled(text, session))"
                case .plain(let text): "IKEv2:\(filled(text, session))"
                }
            }, view)
    }

    private func filled(_ text: String, _ session: IOSSession) -> String {
        guard text.contains("{") else { return text }
        let tunnel =
            tunnel(session.connection)
            ?? tunnels.first { $0.connection.remote.host == .address(session.remote.address) }
        let facts = [
            "peer": "\(session.remote.address)", "proposal": tunnel?.proposalNames.first ?? "default",
            "profile": tunnel?.ikeProfile ?? "?", "session": "\(session.number)", "choice": "\(session.number + 1)",
            "platform": "\(59 + session.number)",
            "remoteNAT": session.remoteBehindNAT ? "Remote address not matched" : "Remote address matched",
            "localNAT": session.localBehindNAT ? "Local address not matched" : "Local address matched",
            "NAT": session.remoteBehindNAT || session.localBehindNAT ? "NAT found" : "No NAT found",
        ]
        return facts.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
}
