package import IKEWire
package import NetAddress

/// One exchange of an account, as far as a repetition can be held against it: nil and empty are what isn't known.
package struct ExpectedStep: Sendable {
    package var type: ExchangeType
    package var requester: Account.Role
    package var offered: [LoggedProposal]
    package var group: UInt16?
    package var initiatorSelectors: [TrafficSelector]
    package var responderSelectors: [TrafficSelector]
    /// What was chosen of the offers; nil where it was refused, or isn't known.
    package var chosen: LoggedProposal?
    /// nil where the response isn't known, or can't be opened.
    package var refusals: [LoggedMessage.Notify]?
    /// The request was sent again, and no response came.
    package var isUnanswered: Bool

    /// The ends behind a NAT, as this exchange shows; none where it shows none.
    package var translated: Set<Account.Role>
    /// The ends of whose NAT a capture between both would know: whoever asks, and who answers with NAT detection. The request's hash of
    /// its destination fits there, in front of the responder's NAT, and a refusal has no hashes (RFC 7296 §2.23).
    package var detectable: Set<Account.Role>

    /// The payloads of request and response; nil where they aren't shown. They are told, not judged: each daemon has its own.
    package var payloads: (request: [String]?, response: [String]?)

    init(_ exchange: Account.Exchange) {
        type = exchange.type
        requester = exchange.requester
        offered = exchange.request?.proposals ?? []
        group = exchange.request?.group
        initiatorSelectors = exchange.request?.initiatorSelectors ?? []
        responderSelectors = exchange.request?.responderSelectors ?? []
        chosen = exchange.chosen
        payloads = (exchange.request?.payloads, exchange.response?.payloads)
        let isOpen =
            exchange.response.map { $0.payloads != nil || !$0.notifies.isEmpty || !$0.remarks.isEmpty } ?? false
        refusals = isOpen ? exchange.refusals : nil
        isUnanswered = exchange.isUnanswered
        translated = Set(exchange.translated.map(\.role))
        let isAnsweredSo = exchange.response?.has(.natDetectionSourceIP) ?? false
        detectable = isAnsweredSo ? [requester, requester.other] : [requester]
    }

    /// The exchanges of an IKE SA up to the one that fails; without signs of life and deletions.
    package static func steps(_ sa: Account.IKESA) -> [ExpectedStep] {
        let end = sa.failure.map { $0.index + 1 } ?? sa.exchanges.count
        return sa.exchanges[..<end].filter { $0.type != .informational || !($0.request?.errors.isEmpty ?? true) }
            .map { ExpectedStep($0) }
    }

    /// Those of all IKE SAs that are done again.
    package static func steps(_ account: Account) -> [ExpectedStep] { account.repeated.flatMap { steps($0) } }

    /// How it ends: `INVALID_KE_PAYLOAD 0000`, `accepted`.
    package var outcome: String {
        if isUnanswered { return "no answer" }
        guard let refusals else { return "not known" }
        if refusals.isEmpty { return "accepted" }
        return refusals.map { notify in
            "\(notify.type)" + (notify.data.map { $0.isEmpty ? "" : " " + LogText.hexadecimal($0) } ?? "")
        }.joined(separator: ", ")
    }

    /// A flow mapping.
    var yaml: String {
        var parts = ["exchange: \(type)", "asked-by: \(requester.rawValue)"]
        if !offered.isEmpty { parts.append("offered: [\(offered.map { "\"\($0)\"" }.joined(separator: ", "))]") }
        if let group { parts.append("group: \(group)") }
        if !translated.isEmpty {
            parts.append("behind-nat: [\(translated.map(\.rawValue).sorted().joined(separator: ", "))]")
        }
        if !initiatorSelectors.isEmpty { parts.append("initiator-selectors: [\(Self.list(initiatorSelectors))]") }
        if !responderSelectors.isEmpty { parts.append("responder-selectors: [\(Self.list(responderSelectors))]") }
        return "{" + (parts + ["ends: \"\(outcome)\""]).joined(separator: ", ") + "}"
    }

    private static func list(_ selectors: [TrafficSelector]) -> String {
        selectors.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    /// In what a repetition's exchange differs from this one; empty where in nothing that is known here.
    package func differences(from run: ExpectedStep) -> [String] {
        var found: [String] = []
        if type != run.type { return ["the exchange is \(run.type), and was \(type)"] }
        if requester != run.requester {
            found.append("asked by the \(run.requester.rawValue), and was by the \(requester.rawValue)")
        }
        if !offered.isEmpty, !Self.same(offered, run.offered) {
            let lists = [run.offered, offered].map { $0.map(\.description).joined(separator: ", ") }
            found.append("offers \(lists[0]), and was \(lists[1])")
        }
        if let group, group != run.group {
            found.append("KE group \(run.group.map { "\($0)" } ?? "none"), and was \(group)")
        }
        if let chosen, let other = run.chosen, !Self.same([chosen], [other]) {
            found.append("chosen \(other), and was \(chosen)")
        }
        let isOtherThere =
            !initiatorSelectors.isEmpty && Set(initiatorSelectors) != Set(run.initiatorSelectors)
            || !responderSelectors.isEmpty && Set(responderSelectors) != Set(run.responderSelectors)
        if isOtherThere {
            found.append(
                "selectors \(run.initiatorSelectors) === \(run.responderSelectors), and were \(initiatorSelectors) === "
                    + "\(responderSelectors)")
        }
        if !translated.isEmpty, translated.subtracting(hiddenTranslations(in: run)) != run.translated {
            let lists = [run.translated, translated].map { roles in
                roles.isEmpty ? "none" : roles.map { "the \($0.rawValue)" }.sorted().joined(separator: " and ")
            }
            found.append("behind a NAT: \(lists[0]), and was \(lists[1])")
        }
        if isUnanswered, !run.isUnanswered { found.append("is answered, and was not") }
        if let refusals {
            let other = run.refusals ?? []
            let isSame =
                refusals.map(\.type) == other.map(\.type)
                && zip(refusals, other).allSatisfy { $0.data == nil || $1.data == nil || $0.data == $1.data }
            if !isSame || run.refusals == nil { found.append("ends with \(run.outcome), and ended with \(outcome)") }
        }
        return found
    }

    /// The ends whose NAT a repetition's exchange cannot show, so that it isn't held against it.
    package func hiddenTranslations(in run: ExpectedStep) -> Set<Account.Role> {
        translated.subtracting(run.translated).subtracting(run.detectable)
    }

    /// Whether a repetition's messages have the same payloads in the same order; nil where the inputs show none.
    package func hasPayloads(of run: ExpectedStep) -> Bool? {
        let pairs = [(payloads.request, run.payloads.request), (payloads.response, run.payloads.response)]
        let known = pairs.filter { $0.0 != nil }
        return known.isEmpty ? nil : known.allSatisfy { $0.0 == $0.1 }
    }

    /// Whether two offers may be the same: proposal by proposal, in whichever order transforms of different types stand.
    static func same(_ one: [LoggedProposal], _ other: [LoggedProposal]) -> Bool {
        func list(_ proposal: LoggedProposal) -> [LoggedTransform] {
            proposal.transforms.filter { !(($0.type == .keyExchange || $0.type == .integrity) && $0.id == 0) }
                .sorted { ($0.type.rawValue, $0.id) < ($1.type.rawValue, $1.id) }
        }
        return one.count == other.count
            && zip(one, other).allSatisfy { left, right in
                let (left, right) = (list(left), list(right))
                return left.count == right.count && zip(left, right).allSatisfy { $0.mayEqual($1) }
            }
    }
}
