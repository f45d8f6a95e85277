import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// Small pieces of an ASA's lines.
enum ASAText {
    static let dump = PayloadDump(style: .init(noExtendedSequenceNumbers: "Don't use ESN", showsOctets: true))

    static func end(_ endpoint: Endpoint) -> String { "\(endpoint.address):\(endpoint.port)" }

    /// `[CREATE_CHILD_SA] [51.0.0.1]:500->[80.0.0.1]:500 InitSPI=0x… RespSPI=0x… MID=00000002`.
    static func path(_ message: MessageFacts, from: Endpoint, to: Endpoint, _ facts: ASADebugFacts) -> String {
        "[\(message.exchange)] [\(from.address)]:\(from.port)->[\(to.address)]:\(to.port) "
            + "InitSPI=0x\((facts.values["initiator"] ?? "").lowercased()) "
            + "RespSPI=0x\((facts.values["responder"] ?? "").lowercased()) "
            + "MID=\(Hexadecimal.upper(message.messageID, width: 8).lowercased())"
    }

    /// Of the header's flags field (RFC 7296 §3.1): who began the IKE SA, and whether it is an answer.
    static func flags(_ message: MessageFacts, _ facts: ASADebugFacts) -> String {
        let isOurs = facts.association.hasSuffix("(I)")
        let role = message.isSent == isOurs ? "INITIATOR" : "RESPONDER"
        return role + (message.isResponse ? " MSG-RESPONSE" : "")
    }

    /// The toolkit's state in which a message is encrypted.
    static func state(_ message: MessageFacts) -> String {
        switch (message.exchange, message.isResponse) {
        case (.createChildSA, true): "CHILD_R_IPSEC"
        case (.createChildSA, false): "CHILD_I_IPSEC"
        case (.informational, true): "INFO_R"
        case (.informational, false): "INFO_I_BLD_INFO"
        case (.ikeAuth, true): "R_BLD_AUTH"
        default: "I_BLD_AUTH"
        }
    }

    /// What goes into a message of ours: each line behind the session's number; a notification's data behind it.
    static func sentDump(_ payloads: [Payload], session: String) -> [String] {
        payloads.indices.flatMap { index -> [String] in
            let behind = index + 1 < payloads.count ? Array(payloads[(index + 1)...].prefix(1)) : []
            // With its follower, so that its Next Payload field is the true one.
            let own = dump.lines([payloads[index]] + behind) { _ in nil }
            let count = dump.lines([payloads[index]]) { _ in nil }.count
            var lines = own.prefix(count).map { "\(session) \($0)" }
            if let first = lines.first, let space = first.range(ofFirst: " Next payload:") {
                lines[0] = "\(first[..<space])\(session)\(first[space...])"
            }
            guard case .notify(let notify) = payloads[index], !notify.data.isEmpty else { return lines }
            return lines + [session] + Hexadecimal.lines(notify.data).map { "\(session) \($0)" }
        }
    }

    /// `Sep 19 17:35:29`, UTC.
    static func time(_ secondsSince1970: Int64) -> String {
        CalendarText(secondsSince1970).text("%b %e %T")
    }
}

extension String {
    /// Where a text first stands.
    fileprivate func range(ofFirst text: String) -> String.Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}

/// What an ASA shows of its own insides and this program has no counterpart of: memory addresses and handles. They follow
/// the SPI, so that two never look alike.
enum ASAPersona {
    static func places(of spi: ESPSPI) -> [String: String] {
        [
            "pointer": "00007f53" + Hexadecimal.upper(spi.value, width: 8).lowercased(),
            "block": Hexadecimal.upper(0x5500_0000 | spi.value & 0xffffff, width: 8),
            "session": Hexadecimal.upper(spi.value & 0xffff_f000, width: 8),
            "interface": "00000007",
        ]
    }
}
