import IKEWire

/// What the account knows of an end beside its messages.
extension Account {
    /// Whose log it is where one of the inputs is: an ASA, a router, charon, pluto; nil for an end that only its peer tells of.
    package func vendor(of role: Role, _ sa: IKESA) -> InputKind? {
        sa.logs[role].flatMap { $0 == .capture ? nil : $0 }
    }

    /// The configuration of an end, where a document shows it.
    package func configuration(of role: Role, _ sa: IKESA) -> DeviceConfiguration? {
        let all = inputs.flatMap(\.configurations)
        if let address = sa.addresses[role], let found = all.first(where: { $0.address == address }) { return found }
        let own = sa.logs[role]
        if own == .asa, let found = all.first(where: { $0.language == .asa }) { return found }
        if own == nil, sa.logs[role.other] == .asa { return all.first { $0.language == .azure } }
        if let peer = sa.addresses[role.other] { return all.first { $0.peer == peer } }
        return nil
    }

    /// The proposals that an end would have taken for an exchange, with the place that says so.
    package func ownProposals(of role: Role, in exchange: Exchange, _ sa: IKESA) -> ([LoggedProposal], LogPosition)? {
        let isIKE = exchange.request?.proposals.first.map { $0.protocolID == .ike } ?? (exchange.type == .ikeSAInit)
        for remark in exchange.remarks where exchange.requester != role {
            if case .ownProposals(let proposals) = remark.content,
                proposals.first.map({ ($0.protocolID == .ike) == isIKE }) ?? false
            {
                return (proposals, remark.position)
            }
        }
        guard let configuration = configuration(of: role, sa) else { return nil }
        var proposals = isIKE ? configuration.ike : configuration.child
        if !isIKE, case .group(let group)? = configuration.pfs {
            for index in proposals.indices where proposals[index].groups.isEmpty {
                proposals[index].transforms.append(LoggedTransform(.keyExchange, group))
            }
        }
        return proposals.isEmpty ? nil : (proposals, configuration.position)
    }

    /// An end's name in a sentence: `the ASA at 80.x.y.z`, `charon at 192.0.2.1`, `the peer at 51.a.b.c`.
    package func name(of role: Role, _ sa: IKESA) -> String {
        let kind =
            switch vendor(of: role, sa) {
            case .asa: "the ASA"
            case .ios: "the router"
            case .charon: "charon"
            case .pluto: "pluto"
            default: "the \(role.rawValue)"
            }
        return kind + (sa.addresses[role].map { " at \($0)" } ?? "")
    }
}
