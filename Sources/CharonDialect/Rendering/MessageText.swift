import IKEModel
import IKEWire
import LineGrammars
import NetAddress

/// Messages as charon lists them: `IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]`.
enum MessageText {
    static func text(_ facts: MessageFacts) -> String {
        let list = facts.payloads.map { name($0, isResponse: facts.isResponse) + " " }.joined()
        return "\(facts.exchange) \(facts.isResponse ? "response" : "request") \(facts.messageID) [ \(list)]"
    }

    /// `192.168.0.100[500]`.
    static func text(_ endpoint: Endpoint) -> String { "\(endpoint.address)[\(endpoint.port)]" }

    static func name(_ payload: Payload, isResponse: Bool) -> String {
        switch payload {
        case .nonce: "No"
        case .notify(let notify): "N(\(CharonWords.notifies[notify.type.rawValue] ?? "\(notify.type.rawValue)"))"
        case .delete: "D"
        case .vendorID: "V"
        case .configuration: isResponse ? "CPRP" : "CPRQ"
        default: payload.shortName
        }
    }
}
