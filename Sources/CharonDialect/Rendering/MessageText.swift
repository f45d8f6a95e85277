import IKEModel
import IKEWire
import LineGrammars
import NetAddress

/// Messages as charon lists them: `IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]`.
enum MessageText {
    static func text(_ facts: MessageFacts) -> String {
        let list = facts.payloads.map { name($0, isResponse: facts.isResponse) + " " }.joined()
        return "\(head(facts)) [ \(list)]"
    }

    /// `IKE_AUTH request 1`.
    static func head(_ facts: MessageFacts) -> String {
        "\(facts.exchange) \(facts.isResponse ? "response" : "request") \(facts.messageID)"
    }

    /// `192.168.0.100[500]`.
    static func text(_ endpoint: Endpoint) -> String { "\(endpoint.address)[\(endpoint.port)]" }

    static func name(_ payload: Payload, isResponse: Bool) -> String {
        switch payload {
        case .nonce: "No"
        case .notify(let notify): "N(\(CharonWords.notifies[notify.type.rawValue] ?? "\(notify.type.rawValue)"))"
        case .delete: "D"
        case .vendorID: "V"
        case .eap(let octets): (try? EAPMessage(parsing: octets)).map(name) ?? "EAP"
        case .configuration(let payload): name(payload, isResponse: isResponse)
        default: payload.shortName
        }
    }

    /// `CPRQ(ADDR DNS)`.
    private static func name(_ payload: ConfigurationPayload, isResponse: Bool) -> String {
        let kinds: [ConfigurationType: String] = [.request: "RQ", .reply: "RP", .set: "S", .acknowledge: "A"]
        let attributes = payload.attributes.map { CharonWords.attributes[$0.type.rawValue] ?? "\($0.type.rawValue)" }
        return "CP\(kinds[payload.type] ?? "")" + (attributes.isEmpty ? "" : "(\(attributes.joined(separator: " ")))")
    }

    /// `EAP/REQ/MSCHAPV2`, `EAP/SUCC`.
    private static func name(_ message: EAPMessage) -> String {
        let types: [EAPType: String] = [
            .identity: "ID", .notification: "NOT", .nak: "NAK", .tls: "TLS", .mschapV2: "MSCHAPV2",
        ]
        let type = message.type.map { types[$0] ?? "\($0.rawValue)" } ?? ""
        switch message.code {
        case .request: return "EAP/REQ/\(type)"
        case .response: return "EAP/RES/\(type)"
        case .success: return "EAP/SUCC"
        default: return "EAP/FAIL"
        }
    }
}
