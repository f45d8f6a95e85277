import IKEWire

/// IKE SAs that belong together: one that took the place of another goes on with its conversation, and those that came one after
/// another between the same ends are repeated together.
extension Account {
    /// IKE SAs that are repeated beside the main one, at most: the last of them.
    static let repeatedLimit = 4

    /// The IKE SAs, each with those that replaced it (RFC 7296 §1.3.2). Who asked for what is said in the roles of the first.
    package var conversations: [IKESA] {
        var taken: Set<Int> = []
        var found: [IKESA] = []
        for index in sas.indices where taken.insert(index).inserted {
            var whole = sas[index]
            var place = 0
            while place < whole.exchanges.count {
                let exchange = whole.exchanges[place]
                place += 1
                guard exchange.replacesIKESA, let next = replacement(of: whole, by: exchange, behind: index, taken)
                else { continue }
                taken.insert(next)
                whole.goOn(with: sas[next], askedBy: exchange.requester)
            }
            found.append(whole)
        }
        return found
    }

    /// By the SPI in the request; where no input shows it, the next one between the same addresses whose beginning nobody saw, unless
    /// another begins between them first.
    private func replacement(of old: IKESA, by exchange: Exchange, behind index: Int, _ taken: Set<Int>) -> Int? {
        for place in sas.indices where place > index && !taken.contains(place) {
            let sa = sas[place]
            if let named = exchange.request?.replacementSPI, let spi = sa.initiatorSPI {
                if named == spi { return place }
            } else if sa.addresses.isEmpty || Set(sa.addresses.values).isSubset(of: old.addresses.values) {
                return sa.hasBeginning ? nil : place
            }
        }
        return nil
    }

    /// What a repetition has: the main conversation, and what came up before it between the same ends; where none failed, behind it,
    /// too.
    package var repeated: [IKESA] {
        let all = conversations
        guard let main = mainIndex(of: all) else { return [] }
        let others = all.indices.filter { index in
            let sa = all[index]
            return index != main && sa.hasBeginning && sa.isEstablished && sa.failure == nil
                && sa.addresses == all[main].addresses && (index < main || all[main].failure == nil)
        }
        guard all[main].hasBeginning else { return [all[main]] }
        return (others.suffix(Self.repeatedLimit) + [main]).sorted().map { all[$0] }
    }

    /// The one with a failure, else the one with most exchanges.
    private func mainIndex(of all: [IKESA]) -> Int? {
        all.firstIndex { $0.failure != nil }
            ?? all.indices.max { first, second in
                all[first].exchanges.count { !$0.isLiveness } < all[second].exchanges.count { !$0.isLiveness }
            }
    }

    /// How many conversations are not repeated.
    package var leftOut: Int { conversations.count - repeated.count }

    /// The conversation that the account is about.
    package var main: IKESA? {
        let all = conversations
        return mainIndex(of: all).map { all[$0] }
    }
}

extension Account.Exchange {
    /// Whether it made another IKE SA in the place of the one that it is of.
    fileprivate var replacesIKESA: Bool { isForIKESA && response != nil && refusals.isEmpty }

    /// Whether it is to make an IKE SA, and no Child SA: by its proposals, by what was chosen, else by its payloads, among which
    /// only a Child SA's has selectors (RFC 7296 §1.3).
    var isForIKESA: Bool {
        guard type == .createChildSA else { return false }
        if let proposal = request?.proposals.first ?? chosen { return proposal.protocolID == .ike }
        return request?.payloads.map { $0.contains("SA") && !$0.contains("TSi") } ?? false
    }
}

extension Account.IKESA {
    /// Whether the inputs have its first message.
    fileprivate var hasBeginning: Bool {
        exchanges.contains { ($0.type == .ikeSAInit || $0.type == .ikeSessionResume) && $0.request != nil }
    }

    fileprivate mutating func goOn(with successor: Account.IKESA, askedBy role: Account.Role) {
        exchanges += successor.exchanges.map { exchange in
            var exchange = exchange
            exchange.requester = exchange.requester == .initiator ? role : role.other
            return exchange
        }
    }

    /// Who ended it by the last that was said; nil: nobody did. The first Delete behind a replacement is of the one that was replaced.
    /// That of a Child SA ends no IKE SA; where the input doesn't show which it is, it is taken for the IKE SA's.
    package var ender: Account.Role? {
        func isDelete(_ exchange: Account.Exchange) -> Bool {
            exchange.type == .informational && exchange.request?.payloads?.contains("D") ?? false
                && exchange.request?.deletes ?? .ike == .ike
        }
        guard let last = exchanges.last, isDelete(last) else { return nil }
        let replaced = exchanges.lastIndex(where: \.replacesIKESA)
        guard exchanges[(replaced ?? 0)...].count(where: isDelete) > (replaced == nil ? 0 : 1) else { return nil }
        return last.requester
    }
}
