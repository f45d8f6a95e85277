import IKEWire
package import NetAddress

/// What both ends of a reproduction are, propose and accept: from the account where it says so, chosen and marked where it
/// doesn't.
package struct ReproductionPlan: Sendable {
    /// One end.
    package struct End: Sendable {
        package var address = IPAddress.unspecified(.v4)
        /// The address of the NAT in front of it; nil: there is none.
        package var outside: IPAddress?
        /// What its peer sees of it.
        package var seen: IPAddress { outside ?? address }
        /// Whether it says that a NAT is in front of it.
        package var forcesEncapsulation = false
        /// What its address stands for, where that is no address or not said.
        package var isAddressChosen = false
        package var identity: String?
        package var dialect = Dialect.libreswan
        package var ike: [LoggedProposal] = []
        /// With the groups of PFS.
        package var child: [LoggedProposal] = []
        package var network = IPPrefix(IPAddress.unspecified(.v4), length: 0)!
        /// What it takes the other end's network to be; the same as that end's own unless selectors were refused.
        package var peerNetwork = IPPrefix(IPAddress.unspecified(.v4), length: 0)!
        package var secret = ReproductionPlan.secret
    }

    /// Which of swand's dialects speaks for an end.
    package enum Dialect: String, Sendable {
        case libreswan = "libreswan's"
        case charon = "strongSwan's"
        case asa = "an ASA's"
        case ios = "a router's"
    }

    /// What is asked for after the tunnel has come up.
    package enum Action: Sendable, Hashable {
        case rekeyChild(Account.Role)
        case rekeyIKE(Account.Role)
        /// The IKE SA ends, and the next one comes up.
        case down(Account.Role)
        case up
    }

    package var ends: [Account.Role: End] = [:]
    package private(set) var actions: [Action] = []
    /// Whether the first Child SA is in transport mode (RFC 7296 §1.3.1).
    package private(set) var isTransport = false
    /// What was chosen because nobody said it; a sentence each.
    package private(set) var choices: [String] = []
    /// What cannot be done again here; a sentence each.
    package private(set) var limits: [String] = []

    static let secret = "a-key-of-this-reproduction-0123456789"
    private let account: Account
    private let sa: Account.IKESA
    /// The ends without a NAT.
    private var placed: [Account.Role: End] = [:]

    /// - Returns: nil where the account has no IKE SA.
    package init?(_ account: Account) {
        guard let sa = account.main else { return nil }
        (self.account, self.sa) = (account, sa)
        ends = [.initiator: End(), .responder: End()]
        placeEnds()
        choices += account.guesses
        placeTranslations()
        chooseSelectors()
        let gateway = self[.responder]
        if gateway.dialect == .asa,
            [gateway.address.family, gateway.network.family, gateway.peerNetwork.family].contains(.v6)
        {
            self[.responder].dialect = .libreswan
            limits.append("the ASA has IPv6; here it is swand in libreswan's dialect")
        }
        chooseIKE()
        chooseChild()
        chooseSecrets()
        chooseActions()
        isTransport = sa.exchanges.contains { $0.request?.has(.useTransportMode) ?? false }
        checkWords()
        noteDialects()
        limits += sa.exchanges.filter { $0.type == .ikeSessionResume || $0.type == .ikeIntermediate }
            .map { "\($0.title) is not asked for again" }
    }

    subscript(_ role: Account.Role) -> End {
        get { ends[role] ?? End() }
        set { ends[role] = newValue }
    }

    private var refusedExchange: (exchange: Account.Exchange, notify: LoggedMessage.Notify, by: Account.Role)? {
        sa.failure.map { (sa.exchanges[$0.index], $0.notify, $0.by) }
    }

    /// The exchange that fails with this notification of the responder's.
    private func refused(_ type: NotifyType) -> Account.Exchange? {
        refusedExchange.flatMap { $0.notify.type == type ? $0.exchange : nil }
    }

    // MARK: Addresses

    private mutating func placeEnds() {
        for (index, role) in [Account.Role.initiator, .responder].enumerated() {
            var end = self[role]
            if let address = sa.addresses[role].flatMap({ IPAddress($0) }) {
                end.address = address
            } else {
                // Not the one that the other end really has.
                let candidates = [index + 1, index + 3].compactMap { IPAddress("203.0.113.\($0)") }
                end.address = candidates.first { "\($0)" != sa.addresses[role.other] } ?? candidates[0]
                end.isAddressChosen = true
                choices.append(
                    "the \(role.rawValue)'s address: \(end.address) of RFC 5737"
                        + (sa.addresses[role].map { " in the place of \($0)" } ?? ""))
            }
            // It becomes a word of a configuration: what a stranger's capture says must not become lines of one.
            end.identity = sa.identities[role].flatMap { text in
                text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "@.-_:".contains($0)) } ? text : nil
            }
            if end.identity == nil {
                let other = sa.identities[role].map { ", in the place of \($0)" } ?? ""
                choices.append("the \(role.rawValue)'s identity: its address\(other)")
            }
            // What an ASA does with a group that it doesn't want is its own.
            let refusesByZero = refused(.invalidKEPayload).map { exchange in
                exchange.type == .createChildSA && refusedExchange?.by == role && wantsNoGroup(exchange)
            }
            let vendor = account.vendor(of: role, sa)
            if role == .responder && (vendor == .asa || refusesByZero ?? false) {
                end.dialect = .asa
            } else if vendor == .charon {
                end.dialect = .charon
            }
            if end.dialect == .asa, vendor != .asa {
                choices.append("the \(role.rawValue) is an ASA: what answers with group 0 is known of an ASA")
            }
            if role == .initiator, account.vendor(of: role, sa) == .asa {
                limits.append(
                    "the initiator was an ASA; swand initiates in libreswan's dialect, with the same proposals")
            }
            self[role] = end
        }
        if self[.initiator].address.family != self[.responder].address.family {
            self[.responder].address = IPAddress("203.0.113.2")!
            self[.initiator].address = IPAddress("203.0.113.1")!
            choices.append("both addresses: those of the account are of different families")
        }
        self.placed = ends
        // An ASA knows its peer by the address.
        if self[.responder].dialect == .asa {
            for role in [Account.Role.initiator, .responder] { self[role].identity = nil }
        }
    }

    /// Puts a NAT in front of an end that had one.
    private mutating func placeTranslations() {
        for role in [Account.Role.initiator, .responder] {
            guard let found = sa.translations[role] else { continue }
            if !found.isCertain, self[role].dialect == .libreswan || self[role].dialect == .charon {
                self[role].forcesEncapsulation = true
                choices.append(
                    "that the \(role.rawValue) forces UDP encapsulation (\(found.position)): one behind a NAT says the same"
                )
                continue
            }
            guard self[.initiator].address.family == .v4, self[.responder].address.family == .v4 else {
                limits.append("a NAT of IPv6 in front of the \(role.rawValue) is not put up")
                continue
            }
            choices.append(
                "a NAT in front of the \(role.rawValue) (\(found.position)): an end that forces UDP encapsulation says the same"
            )
            let (inside, outside) = (IPAddress(ofEnd: found.inside), IPAddress(ofEnd: found.outside))
            let named = IPAddress(ofEnd: self[role].identity)
            let own = inside ?? (named != outside ? named : nil) ?? Self.addressBehind(role)
            if inside == nil {
                choices.append(
                    "the \(role.rawValue)'s address behind its NAT: \(own)\(own == named ? ", which it calls itself" : "")"
                )
            }
            let taken = ends.values.flatMap { [$0.address, $0.seen] } + [own]
            let shown =
                outside ?? (10...15).compactMap { IPAddress("203.0.113.\($0)") }.first { !taken.contains($0) }!
            if outside == nil {
                choices.append("the address of the NAT in front of the \(role.rawValue): \(shown) of RFC 5737")
            }
            (self[role].address, self[role].outside) = (own, shown)
        }
        if hasTranslation { keepApart() }
    }

    /// An address behind a NAT, where none is known.
    private static func addressBehind(_ role: Account.Role) -> IPAddress {
        IPAddress("198.18.\(role == .initiator ? 65 : 66).2")!
    }

    /// Whether a NAT stands between both ends.
    package var hasTranslation: Bool { ends.values.contains { $0.outside != nil } }

    /// Two ends of one wire cannot have one address, and who has its peer's as its own sends nothing to it. Behind two NATs both may
    /// have the same.
    private mutating func keepApart() {
        if self[.initiator].seen == self[.responder].seen {
            limits.append("no NAT is put up: both ends would be seen by the address \(self[.initiator].seen)")
            for role in [Account.Role.initiator, .responder] where self[role].outside != nil {
                self[role].outside = nil
                self[role].address = placed[role]?.address ?? self[role].address
            }
            guard self[.initiator].address == self[.responder].address else { return }
            self[.initiator].address = Self.addressBehind(.initiator)
            choices.append("the initiator's address: \(self[.initiator].address), as the responder has its own")
        }
        for role in [Account.Role.initiator, .responder] where self[role].address == self[role.other].seen {
            self[role].address = Self.addressBehind(role)
            choices.append(
                "the \(role.rawValue)'s address behind its NAT: \(self[role].address), as its own is its peer's, too")
        }
    }

    private func wantsNoGroup(_ exchange: Account.Exchange) -> Bool {
        if let data = exchange.refusals.first?.data { return data == [0, 0] }
        return true
    }

    /// Proposals, groups, selectors and refusals are the same; other payloads are each daemon's own.
    private mutating func noteDialects() {
        let dialects: [InputKind: Dialect] = [
            .asa: .asa, .charon: .charon, .pluto: .libreswan, .ios: .ios,
        ]
        for role in [Account.Role.initiator, .responder] {
            let vendor = account.vendor(of: role, sa)
            if vendor.flatMap({ dialects[$0] }) == self[role].dialect { continue }
            let who = vendor.map { "is of \($0.rawValue)" } ?? "is not known"
            limits.append("the \(role.rawValue) \(who); here it is swand in \(self[role].dialect.rawValue) dialect")
        }
    }

    /// Vendors' configurations have no words for some algorithms.
    private mutating func checkWords() {
        for role in [Account.Role.initiator, .responder] where self[role].dialect == .charon {
            let all = self[role].ike.map { ProposalLine.charon($0) } + self[role].child.map { ProposalLine.charon($0) }
            if all.contains(nil) { self[role].dialect = .libreswan }
        }
        for role in [Account.Role.initiator, .responder]
        where account.vendor(of: role, sa) == .ios && self[role].dialect == .libreswan && isOneForIOS(role) {
            self[role].dialect = .ios
        }
    }

    /// A router's tunnel interface carries everything, asks for no rekey on command, has one transform set, and is known by its
    /// address.
    private func isOneForIOS(_ role: Account.Role) -> Bool {
        let end = self[role]
        return !hasTranslation && !end.forcesEncapsulation && end.network.length == 0 && end.network.family == .v4
            && end.peerNetwork.length == 0
            && end.identity.map { IPAddress($0) != nil } ?? true
            && !actions.contains { $0 == .rekeyChild(role) || $0 == .rekeyIKE(role) || $0 == .up }
            && end.child.count == 1 && ProposalLine.iosTransformSet(end.child[0]) != nil && end.ike.count == 1
            && ProposalLine.ios(end.ike[0]) != nil
    }

    // MARK: Selectors

    private mutating func chooseSelectors() {
        var known: [Account.Role: IPPrefix] = [:]
        for exchange in sa.exchanges {
            for message in [exchange.request, exchange.response].compactMap(\.self) {
                let pairs = [
                    (exchange.requester, message.initiatorSelectors),
                    (exchange.requester.other, message.responderSelectors),
                ]
                for (role, selectors) in pairs where known[role] == nil {
                    known[role] = selectors.first?.addresses.prefixes.first
                }
            }
        }
        let family = self[.initiator].address.family
        let standard: [Account.Role: String] =
            family == .v4
            ? [.initiator: "198.18.0.0/24", .responder: "198.18.1.0/24"]
            : [.initiator: "2001:db8:0:1::/64", .responder: "2001:db8:0:2::/64"]
        for role in [Account.Role.initiator, .responder] {
            if known[role] == nil, let prefix = IPPrefix(standard[role] ?? "") {
                known[role] = prefix
                choices.append("the \(role.rawValue)'s network: \(prefix)")
            }
        }
        for role in [Account.Role.initiator, .responder] {
            if let own = known[role] { self[role].network = own }
            if let other = known[role.other] { self[role].peerNetwork = other }
        }
        if refused(.tsUnacceptable) != nil, let refuser = refusedExchange?.by {
            // Its own are not in any log: others than those that were asked for.
            let (own, peer) =
                family == .v4 ? ("198.18.3.0/24", "198.18.2.0/24") : ("2001:db8:0:4::/64", "2001:db8:0:3::/64")
            self[refuser].network = IPPrefix(own)!
            self[refuser].peerNetwork = IPPrefix(peer)!
            choices.append("the networks that the \(refuser.rawValue) would take: \(own) === \(peer)")
        }
    }

    // MARK: Proposals

    /// Fills in key lengths that the input doesn't show: a configuration's, else 128 bits.
    private mutating func complete(_ proposals: [LoggedProposal]) -> [LoggedProposal] {
        let configured = account.inputs.flatMap(\.configurations).flatMap { $0.ike + $0.child }.flatMap(\.transforms)
        var chosen: Set<String> = []
        let result = proposals.map { proposal in
            var proposal = proposal
            var seen: Set<LoggedTransform> = []
            proposal.transforms = proposal.transforms.compactMap { transform in
                var transform = transform
                if transform.keyLength == .notShown {
                    let same = configured.first { $0.mayEqual(transform) && $0.keyLength != .notShown }
                    transform.keyLength = same?.keyLength ?? .bits(128)
                    chosen.insert(
                        "the key length of \(transform)" + (same == nil ? "" : ", which is the configuration's"))
                }
                return seen.insert(transform).inserted ? transform : nil
            }
            return proposal
        }
        for choice in chosen.sorted() where !choices.contains(choice) { choices.append(choice) }
        return result
    }

    private static let standardIKE = [
        LoggedProposal(
            .ike,
            [
                LoggedTransform(.encryption, 12, .bits(256)), LoggedTransform(.prf, 5), LoggedTransform(.integrity, 12),
                LoggedTransform(.keyExchange, 14),
            ])
    ]
    private static let otherIKE = [
        LoggedProposal(
            .ike,
            [
                LoggedTransform(.encryption, 20, .bits(256)), LoggedTransform(.prf, 7),
                LoggedTransform(.keyExchange, 21),
            ]),
        LoggedProposal(
            .ike,
            [LoggedTransform(.encryption, 28), LoggedTransform(.prf, 6), LoggedTransform(.keyExchange, 20)]),
    ]
    private static let standardESP = [
        LoggedProposal(
            .esp, [LoggedTransform(.encryption, 20, .bits(256)), LoggedTransform(.extendedSequenceNumbers, 0)])
    ]
    private static let otherESP = [
        LoggedProposal(
            .esp,
            [
                LoggedTransform(.encryption, 12, .bits(128)), LoggedTransform(.integrity, 14),
                LoggedTransform(.extendedSequenceNumbers, 0),
            ]),
        LoggedProposal(
            .esp, [LoggedTransform(.encryption, 28), LoggedTransform(.extendedSequenceNumbers, 0)]),
    ]

    private mutating func chooseIKE() {
        let inits = sa.exchanges.filter { $0.type == .ikeSAInit }
        let offered = inits.compactMap { $0.request?.proposals }.first { !$0.isEmpty }
        let chosen = inits.compactMap(\.chosen).first
        let configured = account.configuration(of: .initiator, sa)?.ike ?? []
        let own = account.configuration(of: .responder, sa)?.ike ?? []
        var ike = offered ?? (configured.isEmpty ? chosen.map { [$0] } ?? [] : configured)
        if ike.isEmpty, !own.isEmpty { ike = own }
        if ike.isEmpty {
            ike = Self.standardIKE
            choices.append("what the initiator offers for the IKE SA: \(ike[0])")
        }
        ike = complete(ike)
        if offered == nil, chosen != nil {
            choices.append("that the initiator offered for the IKE SA no more than what was chosen")
            // But for the group that it tried first.
            if let group = inits.first?.request?.group {
                for index in ike.indices where !ike[index].groups.contains(group) {
                    ike[index].transforms.append(LoggedTransform(.keyExchange, group))
                }
            }
        }
        // The group that goes first is the one of the KE payload (RFC 7296 §1.2).
        if let first = inits.first?.request?.group {
            for index in ike.indices {
                let groups = ike[index].transforms(of: .keyExchange)
                if let at = groups.firstIndex(where: { $0.id == first }), at > 0 {
                    ike[index].transforms.removeAll { $0.type == .keyExchange }
                    ike[index].transforms += [groups[at]] + groups[..<at] + groups[(at + 1)...]
                }
            }
        }
        self[.initiator].ike = ike
        if let exchange = refused(.noProposalChosen), exchange.type == .ikeSAInit {
            self[.responder].ike = refusing(exchange, ike, Self.otherIKE, "the IKE SA")
        } else if let chosen {
            self[.responder].ike = complete([chosen])
        } else {
            self[.responder].ike = own.isEmpty ? ike : complete(own)
        }
    }

    /// What an end would have taken: as it says, or something else than what was offered.
    private mutating func refusing(
        _ exchange: Account.Exchange, _ offered: [LoggedProposal], _ others: [LoggedProposal], _ what: String
    ) -> [LoggedProposal] {
        let refuser = exchange.requester.other
        if let (own, _) = account.ownProposals(of: refuser, in: exchange, sa) { return complete(own) }
        let other = others.first { other in offered.allSatisfy { !$0.unmatched(in: other).isEmpty } } ?? others[0]
        choices.append(
            "what the \(refuser.rawValue) would take for \(what): \(other), as it took nothing that was offered")
        return [other]
    }

    private mutating func chooseChild() {
        let children = sa.exchanges.filter {
            ($0.type == .ikeAuth || $0.type == .createChildSA)
                && !$0.isForIKESA
        }
        // A later request shows the groups that the one of IKE_AUTH hasn't (RFC 7296 §1.2).
        let rekey = children.last { $0.type == .createChildSA }
        let first = children.first { $0.type == .ikeAuth }
        let shown = [rekey, first].compactMap { $0?.request?.proposals }.first { !$0.isEmpty }
        let chosen = [first, rekey].compactMap { $0?.chosen }.first
        let asker = rekey?.requester ?? .initiator
        let configured = account.configuration(of: asker, sa)?.child ?? []
        var offer = shown ?? chosen.map { [$0] } ?? configured
        if shown == nil, chosen != nil { choices.append("that no more was offered for Child SAs than what was chosen") }
        if offer.isEmpty {
            offer = Self.standardESP
            choices.append("what is offered for Child SAs: \(offer[0])")
        }
        offer = complete(offer)
        var group = rekey?.request?.group
        if group == nil, refused(.invalidKEPayload)?.type == .createChildSA, offer.allSatisfy(\.groups.isEmpty) {
            group = self[.initiator].ike.flatMap(\.groups).first ?? 14
            choices.append("the KE group of the request that was refused for it: \(group ?? 0)")
        }
        if let group, offer.allSatisfy(\.groups.isEmpty) {
            for index in offer.indices { offer[index].transforms.append(LoggedTransform(.keyExchange, group)) }
        }
        self[asker].child = offer
        self[asker.other].child = offer
        if let exchange = refused(.noProposalChosen), exchange.type == .ikeAuth || exchange.type == .createChildSA,
            exchange.request?.proposals.first?.protocolID != .ike
        {
            let isKnown = account.ownProposals(of: asker.other, in: exchange, sa) != nil
            if exchange.type == .createChildSA, !isKnown, first?.chosen != nil {
                refuseGroup(offer, asker)
            } else {
                self[asker.other].child = refusing(exchange, offer, Self.otherESP, "Child SAs")
            }
        } else if refused(.invalidKEPayload)?.type == .createChildSA {
            for index in self[asker.other].child.indices {
                self[asker.other].child[index].transforms.removeAll { $0.type == .keyExchange }
            }
        }
    }

    /// A suite that was taken in IKE_AUTH and refused later: what is left is the group, which IKE_AUTH doesn't have
    /// (RFC 7296 §1.2).
    private mutating func refuseGroup(_ offer: [LoggedProposal], _ asker: Account.Role) {
        var offer = offer
        if offer.allSatisfy(\.groups.isEmpty) {
            for index in offer.indices { offer[index].transforms.append(LoggedTransform(.keyExchange, 19)) }
        }
        let asked = Set(offer.flatMap(\.groups))
        let other: UInt16 = [20, 14, 21].first { !asked.contains($0) } ?? 14
        self[asker].child = offer
        self[asker.other].child = offer.map { proposal in
            LoggedProposal(
                proposal.protocolID,
                proposal.transforms.filter { $0.type != .keyExchange } + [LoggedTransform(.keyExchange, other)])
        }
        choices.append(
            "the groups of both ends, which differ: the suite was taken in IKE_AUTH, where no group is negotiated")
    }

    // MARK: Secrets and actions

    private mutating func chooseSecrets() {
        choices.append("the pre-shared key")
        let methods = sa.exchanges.flatMap(\.remarks).compactMap { remark in
            if case .authentication(let how) = remark.content { how } else { nil }
        }
        if let other = methods.first(where: { !$0.contains("pre-shared key") }) {
            limits.append("the log has \(other); here both ends use a pre-shared key")
        }
        if refused(.authenticationFailed) != nil, let refuser = refusedExchange?.by {
            self[refuser].secret = "another-" + Self.secret
            choices.append(
                "that the keys of both ends differ: it is how the \(refuser.rawValue) comes to refuse the other")
        }
    }

    private mutating func chooseActions() {
        let all = account.repeated
        if account.leftOut > 0 { limits.append("other IKE SAs of the inputs, not done again: \(account.leftOut)") }
        for (index, sa) in all.enumerated() {
            chooseActions(of: sa)
            guard index < all.count - 1 else { break }
            if sa.ender == nil {
                limits.append("IKE SA \(index + 1) was not ended by what the inputs show; here the initiator does so")
            }
            actions += [.down(sa.ender ?? .initiator), .up]
        }
    }

    private mutating func chooseActions(of sa: Account.IKESA) {
        let end = sa.failure.map { $0.index + 1 } ?? sa.exchanges.count
        for exchange in sa.exchanges[..<end] where exchange.type == .createChildSA {
            if self[exchange.requester].dialect == .asa {
                limits.append("\(exchange.title) was asked for by the ASA, which does not do so on command")
                continue
            }
            let isIKE = exchange.isForIKESA
            if !isIKE, exchange.request?.has(.rekeySA) == false, exchange.request?.payloads != nil {
                limits.append("\(exchange.title) asked for a further Child SA; here the first one is replaced")
            }
            actions.append(isIKE ? .rekeyIKE(exchange.requester) : .rekeyChild(exchange.requester))
        }
    }
}
