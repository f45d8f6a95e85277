import IKEWire
import NetAddress

extension Account.Exchange {
    /// What a remark says of an end whose address was translated on the way.
    struct Translated {
        var role: Account.Role
        /// The end's own address, and what its peer sees.
        var inside: String?
        var outside: String?
        var isCertain: Bool
        var position: LogPosition
    }

    /// The ends whose addresses were translated on the way.
    var translated: [Translated] {
        [(request, requester), (response, requester.other)].flatMap { message, sender in
            message?.translated(from: sender) ?? []
        }
    }
}

extension LoggedMessage {
    /// - Parameter sender: who sent it.
    func translated(from sender: Account.Role) -> [Account.Exchange.Translated] {
        remarks.compactMap { remark in
            guard case .translated(let end, let here, let beyond, let isCertain) = remark.content else { return nil }
            // Where a sender was translated before it was seen, the packet has the NAT's address; where a receiver's address is still
            // to be, the NAT's, and behind that its own. Two addresses are more than forced encapsulation.
            let isSender = end == .sender
            return Account.Exchange.Translated(
                role: isSender ? sender : sender.other, inside: isSender ? beyond : here,
                outside: isSender ? here : beyond, isCertain: isCertain || beyond != nil, position: position)
        }
    }

    /// Fills in what another sighting, with these addresses, shows of the NAT that a remark tells of.
    mutating func learnTranslation(source: String?, destination: String?) {
        for index in remarks.indices {
            guard case .translated(let end, let here?, nil, let isCertain) = remarks[index].content,
                let beyond = end == .sender ? source : destination, beyond != here
            else { continue }
            remarks[index].content = .translated(end, here: here, beyond: beyond, isCertain: isCertain)
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
        for one in exchanges.flatMap(\.translated) {
            var translation = found[one.role] ?? Translation(position: one.position)
            translation.outside = translation.outside ?? one.outside
            translation.inside = translation.inside ?? one.inside
            translation.isCertain = translation.isCertain || one.isCertain
            if let named = IPAddress(ofEnd: identities[one.role]), let outside = translation.outside {
                translation.isCertain = translation.isCertain || "\(named)" != outside
            }
            found[one.role] = translation
        }
        return found
    }
}

extension IPAddress {
    /// One that an end behind a NAT may have, of IPv4 and unicast: who calls itself by one of IPv6, by the unspecified one or by that of
    /// the loopback says nothing of where it is. nil for everything else.
    init?(ofEnd text: String?) {
        guard let text, let address = IPAddress(text), address.family == .v4 else { return nil }
        let first = address.value >> 24
        guard first != 0, first != 127, first < 224 else { return nil }
        self = address
    }
}
