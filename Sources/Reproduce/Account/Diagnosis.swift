import IKEWire
import NetAddress

/// What an account shows, in sentences: where it failed, who refused what and why, and what nobody said. Made by rules over facts;
/// none of them knows any document.
package struct Diagnosis: Sendable {
    /// One sentence: the failure with its cause, or that there is none.
    package private(set) var headline = ""
    /// What supports it, each with its place.
    package private(set) var evidence: [String] = []
    /// What follows from it, or could mend it.
    package private(set) var consequences: [String] = []
    /// What the inputs don't say, and a reproduction has to choose.
    package private(set) var unknowns: [String] = []

    private let account: Account
    private let sa: Account.IKESA

    package init(_ account: Account) {
        self.account = account
        guard let sa = account.main else {
            self.sa = Account.IKESA()
            headline = "No IKE SA was found."
            return
        }
        self.sa = sa
        if let failure = sa.failure {
            explain(sa.exchanges[failure.index], failure.notify, by: failure.by)
        } else {
            success()
        }
        noteUnknowns()
    }

    private func name(_ role: Account.Role) -> String { account.name(of: role, sa) }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    // MARK: No failure

    private mutating func success() {
        let established = sa.isEstablished
        if let unanswered = sa.exchanges.first(where: \.isUnanswered) {
            headline = Self.capitalized(
                "\(name(unanswered.requester.other)) did not answer the \(unanswered.title) request of \(name(unanswered.requester)), which sent it again."
            )
            evidence.append("\(unanswered.position): the request")
            return
        }
        let reasons = sa.exchanges.flatMap(\.remarks).compactMap { remark in
            if case .reason(let text) = remark.content { (text, remark.position) } else { nil }
        }
        if let (text, position) = reasons.first, !established {
            headline = "No message refuses anything, but a log gives a reason for an end: \(text)."
            evidence.append("\(position)")
            return
        }
        let count = sa.exchanges.count { !$0.isLiveness }
        let again = sa.exchanges.filter { !$0.refusals.isEmpty }
        evidence += again.map {
            "\($0.position): \($0.title) was refused with \($0.refusals[0].type), and asked again as wanted"
        }
        headline =
            "No exchange failed: of \(count) exchanges "
            + (again.isEmpty ? "none was refused" : "\(again.count) was refused, and then asked again as wanted")
            + (established ? ", and the IKE SA was established." : "; whether it was established is not said.")
    }

    // MARK: Failures

    private mutating func explain(
        _ exchange: Account.Exchange, _ notify: LoggedMessage.Notify, by refuser: Account.Role
    ) {
        evidence.append("\(exchange.position): the \(exchange.type) request of \(name(exchange.requester))")
        if let response = exchange.response {
            evidence.append("\(response.position): the response with \(notify.type)")
        }
        for remark in exchange.remarks {
            switch remark.content {
            case .reason(let text): evidence.append("\(remark.position): \(text)")
            case .groupPreferred(let sent, let own):
                evidence.append(
                    "\(remark.position): the peer sent group \(sent), and this end prefers \(own == 0 ? "none (group 0)" : "group \(own)")"
                )
            default: break
            }
        }
        let what = purpose(of: exchange)
        let begin = Self.capitalized("\(name(refuser)) refused \(what) with \(notify.type)")
        switch notify.type {
        case .invalidKEPayload: wrongGroup(exchange, notify, refuser, begin)
        case .noProposalChosen: noProposal(exchange, refuser, begin)
        case .tsUnacceptable: selectors(exchange, refuser, begin)
        case .authenticationFailed: authentication(exchange, refuser, begin)
        default:
            headline = begin + ": " + (reason(exchange) ?? "why is not in what was read") + "."
        }
        if exchange.type == .createChildSA || exchange.type == .ikeAuth {
            let after = sa.exchanges.count { $0.isLiveness }
            let others = account.sas.filter { $0.initiatorSPI != sa.initiatorSPI }
                .flatMap(\.exchanges).count { $0.isLiveness }
            if after + others > 0 {
                consequences.append(
                    "Behind it there are only questions whether the peer is alive, \(after + others) of them: the IKE SA stays, and what it carried is not replaced."
                )
            }
        }
    }

    /// `the CREATE_CHILD_SA that was to replace a Child SA (message ID 2)`.
    private func purpose(of exchange: Account.Exchange) -> String {
        let id = exchange.messageID.map { " (message ID \($0))" } ?? ""
        guard exchange.type == .createChildSA, let request = exchange.request else { return "the \(exchange.title)" }
        if request.has(.rekeySA) { return "the CREATE_CHILD_SA rekey of a Child SA\(id)" }
        if request.proposals.first?.protocolID == .ike { return "the CREATE_CHILD_SA rekey of the IKE SA\(id)" }
        return "the CREATE_CHILD_SA for a new Child SA\(id)"
    }

    private func reason(_ exchange: Account.Exchange) -> String? {
        exchange.remarks.compactMap { if case .reason(let text) = $0.content { text } else { nil } }.first
    }

    private mutating func wrongGroup(
        _ exchange: Account.Exchange, _ notify: LoggedMessage.Notify, _ refuser: Account.Role, _ begin: String
    ) {
        let preferred = exchange.remarks.compactMap { remark -> UInt16? in
            if case .groupPreferred(_, let own) = remark.content { own } else { nil }
        }.first
        let wanted = notify.data.flatMap { $0.count == 2 ? UInt16($0[0]) << 8 | UInt16($0[1]) : nil } ?? preferred
        let sent = exchange.request?.group ?? exchange.request?.proposals.flatMap(\.groups).first
        let sentText = sent.map { "KE group \($0) (\(TransformWords.group($0)))" } ?? "a KE group that is not shown"
        guard let wanted else {
            headline = "\(begin): the request carried \(sentText), and which group it wants is not shown."
            return
        }
        guard wanted == 0 else {
            headline =
                "\(begin) \(wanted): the request carried \(sentText), and it wants \(TransformWords.group(wanted)); "
                + "the request was not repeated with that."
            return
        }
        let configuration = account.configuration(of: refuser, sa)
        let lacksPFS = configuration?.pfs == DeviceConfiguration.PFS.none
        let group = sent.map { "\($0)" } ?? "…"
        var text =
            "\(begin) 0: the request carried \(sentText), and its own proposal for this Child SA names no DH group"
        if let configuration, lacksPFS, let tunnel = configuration.tunnel {
            text += ": its `\(tunnel)` lacks `set pfs group\(group)`"
            if let at = configuration.tunnelPosition {
                evidence.append("\(at): `\(tunnel)`, without `set pfs`")
            }
            consequences.append(
                configuration.language == .asa
                    ? "To mend it: `\(tunnel) set pfs group\(group)`, or no PFS at the other end."
                    : "To mend it: `set pfs group\(group)` in `\(tunnel)`, or no PFS at the other end.")
        } else {
            text += ": it has no perfect forward secrecy"
            consequences.append(
                "To mend it: perfect forward secrecy with group \(group) there, or none at the other end.")
        }
        headline = text + "."
        if exchange.type == .createChildSA {
            consequences.append(
                "The first Child SA doesn't show it: the one of IKE_AUTH has no KE payload (RFC 7296 §1.2), so the tunnel comes up "
                    + "and fails when it is rekeyed.")
        }
        if case .group(let wish)? = account.configuration(of: refuser.other, sa)?.pfs,
            let other = account.configuration(of: refuser.other, sa)
        {
            evidence.append("\(other.position): the other end is configured for PFS with group \(wish)")
        }
    }

    private mutating func noProposal(_ exchange: Account.Exchange, _ refuser: Account.Role, _ begin: String) {
        let offered = exchange.request?.proposals ?? []
        if !offered.isEmpty {
            evidence.append("\(exchange.position): offered \(offered.map(\.description).joined(separator: ", "))")
        }
        if account.ownProposals(of: refuser, in: exchange, sa) == nil, let first = acceptedBefore(exchange) {
            evidence.append(
                "\(first.position): \(first.title) had accepted \(first.chosen.map(\.description) ?? "a suite")")
            headline =
                "\(begin): the suite was accepted in IKE_AUTH, where no group is negotiated (RFC 7296 §1.2), so what is left is the "
                + "key exchange group that the request carries: both ends differ in perfect forward secrecy."
            return
        }
        guard let (own, position) = account.ownProposals(of: refuser, in: exchange, sa), !own.isEmpty else {
            headline =
                begin
                + (offered.isEmpty
                    ? ": neither what was offered nor what it would have taken is in what was read."
                    : ": what it would have taken is not in what was read.")
            return
        }
        evidence.append("\(position): own proposals \(own.map(\.description).joined(separator: ", "))")
        guard !offered.isEmpty else {
            headline = "\(begin): it takes \(own[0]), and what was offered is not in what was read."
            return
        }
        let pairs = offered.flatMap { one in own.map { (one, $0, one.unmatched(in: $0)) } }
        guard let (theirs, ours, types) = pairs.min(by: { $0.2.count < $1.2.count }), !types.isEmpty else {
            headline = "\(begin): a proposal that was offered would fit, so the reason is another one."
            return
        }
        let differences = types.map { type in
            func list(_ proposal: LoggedProposal) -> String {
                let names = proposal.transforms(of: type).map(\.description)
                return names.isEmpty ? "none" : names.joined(separator: " or ")
            }
            return "\(Self.words[type] ?? "\(type)") (\(list(theirs)) offered, \(list(ours)) wanted)"
        }
        headline =
            "\(begin): no proposal that was offered is one of its own; the nearest two differ in \(differences.joined(separator: ", "))."
    }

    /// The exchange of IKE_AUTH in which a Child SA was accepted before one with a KE payload was refused.
    private func acceptedBefore(_ exchange: Account.Exchange) -> Account.Exchange? {
        guard exchange.type == .createChildSA, let request = exchange.request,
            request.group != nil || request.payloads?.contains("KE") ?? false,
            request.proposals.first?.protocolID != .ike, request.has(.rekeySA)
        else { return nil }
        return sa.exchanges.first { $0.type == .ikeAuth && $0.refusals.isEmpty && $0.chosen?.protocolID == .esp }
    }

    private static let words: [TransformType: String] = [
        .encryption: "encryption", .prf: "PRF", .integrity: "integrity", .keyExchange: "key exchange group",
        .extendedSequenceNumbers: "sequence numbers",
    ]

    private mutating func selectors(_ exchange: Account.Exchange, _ refuser: Account.Role, _ begin: String) {
        let offers = [exchange.request?.initiatorSelectors ?? [], exchange.request?.responderSelectors ?? []]
        let isHidden = offers.allSatisfy(\.isEmpty)
        let asked = offers.map { $0.map(\.description).joined(separator: " ") }.joined(separator: " === ")
        headline =
            begin
            + (isHidden
                ? ": its configuration has no Child SA with the networks that were asked for, which are not in what was read."
                : ": the request asked for \(asked) (TSi === TSr), and its own configuration has no Child SA with these networks.")
    }

    private mutating func authentication(_ exchange: Account.Exchange, _ refuser: Account.Role, _ begin: String) {
        let why = reason(exchange).map { ": \($0)" } ?? ", and why is not in what was read"
        let ids = [Account.Role.initiator, .responder].compactMap { role in
            sa.identities[role].map { "the \(role.rawValue) calls itself \($0)" }
        }
        headline = begin + why + (ids.isEmpty ? "" : "; " + ids.joined(separator: ", ")) + "."
    }

    // MARK: What nobody said

    private mutating func noteUnknowns() {
        if sa.exchanges.first.map({ $0.type != .ikeSAInit && $0.type != .ikeSessionResume }) ?? false {
            unknowns.append("how the IKE SA came to be: the inputs begin with \(sa.exchanges[0].title)")
        }
        for role in [Account.Role.initiator, .responder] {
            if let address = sa.addresses[role], IPAddress(address) == nil {
                unknowns.append("the \(role.rawValue)'s address: it is redacted (\(address))")
            } else if sa.addresses[role] == nil {
                unknowns.append("the \(role.rawValue)'s address")
            }
            if sa.identities[role] == nil { unknowns.append("the \(role.rawValue)'s identity") }
        }
        let all = sa.exchanges.flatMap { ($0.request?.proposals ?? []) + ($0.response?.proposals ?? []) }
        if all.contains(where: { $0.transforms.contains { $0.keyLength == .notShown } }) {
            unknowns.append("key lengths of encryption: these inputs don't show them")
        }
        let hidden = sa.exchanges.filter { $0.request?.payloads == nil && $0.type != .informational }
        for exchange in hidden where exchange.request != nil {
            unknowns.append("what the \(exchange.title) request held: it is not shown, or no key opens it")
        }
        if !sa.exchanges.contains(where: { $0.request?.proposals.contains { $0.protocolID == .ike } ?? false }) {
            unknowns.append("the IKE proposals that were offered")
        }
        if !sa.exchanges.contains(where: { $0.request?.proposals.contains { $0.protocolID == .esp } ?? false }) {
            unknowns.append("the ESP proposals that were offered")
        }
        if !sa.exchanges.contains(where: {
            !($0.request?.initiatorSelectors.isEmpty ?? true) || !($0.response?.initiatorSelectors.isEmpty ?? true)
        }) {
            unknowns.append("the traffic selectors")
        }
        unknowns.append("pre-shared keys and other secrets")
    }
}
