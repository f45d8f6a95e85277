import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// Messages as a router shows them, and the lines before and behind each.
extension IOSDialect {
    /// What a message says of the IKE SA that carries it.
    func note(_ message: MessageFacts, _ ike: IKESAID) {
        guard sessions[ike] != nil else { return }
        // RFC 7296 §3.1: the two SPIs are the first 16 octets; before its first answer a responder has none.
        if let octets = message.datagrams.first, octets.count >= 16 {
            func spi(_ start: Int) -> UInt64 { octets[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
            sessions[ike]?.initiatorSPI = spi(0)
            if spi(8) != 0 { sessions[ike]?.responderSPI = spi(8) }
        }
        sessions[ike]?.lastMessageID = message.messageID
        if let window = message.payloads.windowSize {
            if message.isSent { sessions[ike]?.ownWindow = window } else { sessions[ike]?.peerWindow = window }
        }
        switch (message.isSent, message.isResponse) {
        case (true, false):
            sessions[ike]?.lastRequestID = message.messageID
            sessions[ike]?.sentGroup = message.payloads.keyExchangeGroup
        case (false, false): sessions[ike]?.request = message
        case (true, true):
            sessions[ike]?.isRefusing = message.payloads.isRefusal
            if let wanted = message.payloads.wantedGroup,
                let sent = sessions[ike]?.request?.payloads.keyExchangeGroup
            {
                sessions[ike]?.groups = (sent, wanted)
            }
        case (false, true):
            sessions[ike]?.groups = nil
            if let wanted = message.payloads.wantedGroup, let sent = sessions[ike]?.sentGroup {
                sessions[ike]?.groups = (sent, wanted)
            }
        }
    }

    // MARK: One that came in

    func received(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let isFirst = message.exchange == .ikeSAInit && !message.isResponse
        var effects = rows(isFirst ? IOSDebugTable.admitted : IOSDebugTable.dispatched, ike, 0, view)
        let id = message.messageID
        if message.exchange != .ikeSAInit, !message.isResponse {
            let last = id &+ (sessions[ike]?.ownWindow ?? 1) - 1
            effects += rows([.sa("Request has mess_id \(id); expected \(id) through \(last)")], ike, id, view)
        }
        effects += header(message, ike, view) + dump(message.payloads, isReceived: true, view)
        let table: [IOSRow]
        switch (message.exchange, message.isResponse) {
        case (.ikeSAInit, false): table = IOSDebugTable.initReceived
        case (.ikeSAInit, true): table = IOSDebugTable.initAnswered
        case (.ikeAuth, false): table = IOSDebugTable.authReceived
        case (.ikeAuth, true): table = IOSDebugTable.authAnswered
        case (.createChildSA, false):
            table = IOSDebugTable.childReceived + Self.wish(message.payloads)
        case (.createChildSA, true): table = IOSDebugTable.childAnswerReceived
        case (.informational, false):
            table =
                IOSDebugTable.informationalReceived + (message.payloads.isEmpty ? IOSDebugTable.lifeAsked : [])
        case (.informational, true): table = IOSDebugTable.acknowledged
        default: table = []
        }
        return effects + rows(table, ike, id, view)
    }

    /// What a CREATE_CHILD_SA is for.
    private static func wish(_ payloads: [Payload]) -> [IOSRow] {
        if payloads.proposes(.ike) { return IOSDebugTable.ikeRekeyReceived }
        return payloads.isRekey ? IOSDebugTable.childRekeyReceived : IOSDebugTable.childNewReceived
    }

    // MARK: One that leaves

    func sent(_ message: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects = rows(construction(message, ike), ike, message.messageID, view)
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
        return effects + packetLines(["ENCR Next payload: \(inner), reserved: 0x0, length: \(octets - 28)"])
    }

    /// What goes before it.
    private func construction(_ message: MessageFacts, _ ike: IKESAID) -> [IOSRow] {
        let payloads = message.payloads
        switch (message.exchange, message.isResponse) {
        case (.ikeSAInit, true):
            if !payloads.isRefusal { return IOSDebugTable.initAccepted }
            return payloads.wantedGroup == nil ? [] : IOSDebugTable.wrongGroup("R_INIT")
        case (.createChildSA, true) where payloads.wantedGroup != nil:
            let isIKE = sessions[ike]?.request?.payloads.proposes(.ike) ?? false
            return IOSDebugTable.wrongGroup(isIKE ? "CHILD_R_IKE" : "CHILD_R_IPSEC")
        case (.createChildSA, false) where sessions[ike]?.groups != nil: return IOSDebugTable.again
        case (.createChildSA, false) where payloads.proposes(.ike): return IOSDebugTable.ikeRekeying
        case (.createChildSA, false):
            return IOSDebugTable.childInitiating(
                isRekey: payloads.isRekey, group: payloads.keyExchangeGroup != nil)
        case (.informational, true): return IOSDebugTable.acknowledging
        case (.informational, false) where payloads.isEmpty: return IOSDebugTable.askingForLife
        case (.informational, false):
            return payloads.deletes.map { $0 == .ike ? IOSDebugTable.deleting : IOSDebugTable.deletingChild } ?? []
        default: return []
        }
    }

    // MARK: Both

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
            Self.dump.lines(payloads, stamp: time) { payload in
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
}
