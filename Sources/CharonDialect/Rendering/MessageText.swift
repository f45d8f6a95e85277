import IKEModel
import IKEWire
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
        case .notify(let notify): "N(\(notifies[notify.type.rawValue] ?? "\(notify.type.rawValue)"))"
        case .delete: "D"
        case .vendorID: "V"
        case .eap(let octets): (try? EAPMessage(parsing: octets)).map(name) ?? "EAP"
        case .configuration: isResponse ? "CPRP" : "CPRQ"
        default: payload.shortName
        }
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

    private static let notifies: [UInt16: String] = [
        1: "CRIT", 4: "INVAL_IKE_SPI", 5: "INVAL_MAJOR", 7: "INVAL_SYN", 9: "INVAL_MID", 11: "INVAL_SPI", 14: "NO_PROP",
        17: "INVAL_KE", 24: "AUTH_FAILED", 34: "SINGLE_PAIR", 35: "NO_ADD_SAS", 36: "INT_ADDR_FAIL", 37: "FAIL_CP_REQ",
        38: "TS_UNACCEPT", 39: "INVAL_SEL", 40: "UNACCEPT_ADDR", 41: "UNEXPECT_NAT", 43: "TEMP_FAIL",
        44: "NO_CHILD_SA", 16384: "INIT_CONTACT", 16385: "SET_WINSIZE", 16386: "ADD_TS_POSS", 16387: "IPCOMP_SUPP",
        16388: "NATD_S_IP", 16389: "NATD_D_IP", 16390: "COOKIE", 16391: "USE_TRANSP", 16392: "HTTP_CERT_LOOK",
        16393: "REKEY_SA", 16394: "ESP_TFC_PAD_N", 16395: "NON_FIRST_FRAG", 16396: "MOBIKE_SUP",
        16397: "ADD_4_ADDR", 16398: "ADD_6_ADDR", 16399: "NO_ADD_ADDR", 16400: "UPD_SA_ADDR", 16401: "COOKIE2",
        16402: "NO_NATS", 16403: "AUTH_LFT", 16404: "MULT_AUTH", 16405: "AUTH_FOLLOWS", 16406: "REDIR_SUP",
        16407: "REDIR", 16408: "REDIR_FROM", 16409: "TKT_LFT", 16410: "TKT_REQ", 16411: "TKT_ACK", 16412: "TKT_NACK",
        16413: "TKT", 16417: "EAP_ONLY", 16418: "CHDLESS_SUP", 16420: "MSG_ID_SYN_SUP", 16430: "FRAG_SUP",
        16431: "HASH_ALG", 16435: "USE_PPK", 16436: "PPK_ID", 16437: "NO_PPK",
    ]
}
