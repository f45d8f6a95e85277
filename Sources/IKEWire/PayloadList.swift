extension Payload {
    /// The RFC's notation: `SA`, `KE`, `IDi`, `N`; `Ni` for a nonce in either direction.
    package var shortName: String { type.name }

    /// As `shortName`, but with what a notification says, and `Nr` for the nonce of a response.
    package func listName(isResponse: Bool) -> String {
        switch self {
        case .notify(let notify): notify.description
        case .nonce: isResponse ? "Nr" : "Ni"
        default: shortName
        }
    }

    /// `IDi,AUTH,SA,TSi,TSr,N(TICKET_REQUEST)`.
    package static func list(_ payloads: [Payload], isResponse: Bool, separator: String = ",") -> String {
        payloads.map { $0.listName(isResponse: isResponse) }.joined(separator: separator)
    }
}

extension Message {
    /// The payloads as libreswan lists them: `SA,KE,Ni,N(COOKIE)`, `SK{IDi,AUTH,SA,TSi,TSr,N(TICKET_REQUEST)}`.
    ///
    /// - Parameter inner: What the Encrypted payload held; nil where it was not decrypted: `SK{...}`, `SKF(2/3){...}`.
    package func payloadList(inner: [Payload]? = nil) -> String {
        let isResponse = header.isResponse
        var parts = payloads.map { $0.listName(isResponse: isResponse) }
        if let protected {
            let inside = inner.map { Payload.list($0, isResponse: isResponse) } ?? "..."
            switch protected.kind {
            case .encrypted: parts.append("SK{\(inside)}")
            // Payloads come from all fragments together, so that none of them can be meant alone.
            case .fragment(let number, let total):
                parts.append(inner == nil ? "SKF(\(number)/\(total)){\(inside)}" : "SK{\(inside)}")
            }
        }
        return parts.joined(separator: ",")
    }
}
