import IKEWire
import NetAddress

extension Account.Exchange {
    /// The ends whose addresses were translated on the way, with the message that shows it.
    var translated: [(role: Account.Role, message: LoggedMessage, end: Remark.End, isCertain: Bool)] {
        let sighted = [(request, requester), (response, requester.other)]
        return sighted.flatMap { message, sender -> [(Account.Role, LoggedMessage, Remark.End, Bool)] in
            guard let message else { return [] }
            return message.remarks.compactMap { remark in
                guard case .translated(let end, let isCertain) = remark.content else { return nil }
                return (end == .sender ? sender : sender.other, message, end, isCertain)
            }
        }
    }
}

extension Account.IKESA {
    /// A NAT in front of an end, as far as the inputs have it.
    package struct Translation: Sendable {
        /// The end's own address.
        package var inside: String?
        /// What its peer sees.
        package var outside: String?
        /// Whether an input says so that cannot mean forced UDP encapsulation, or the end calls itself by another address.
        package var isCertain = false
        package var position: LogPosition
    }

    package var translations: [Account.Role: Translation] {
        var found: [Account.Role: Translation] = [:]
        for (role, message, end, isCertain) in exchanges.flatMap(\.translated) {
            var translation = found[role] ?? Translation(position: message.position)
            // Where it was translated before it was seen, the packet has the NAT's address; where that is still to come, the end's.
            switch end {
            case .sender: translation.outside = translation.outside ?? message.source
            case .receiver: translation.inside = translation.inside ?? message.destination
            }
            translation.isCertain = translation.isCertain || isCertain
            if let named = identities[role], IPAddress(named) != nil, let outside = translation.outside {
                translation.isCertain = translation.isCertain || named != outside
            }
            found[role] = translation
        }
        return found
    }
}
