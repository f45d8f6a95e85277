import IKEWire
import NetAddress

/// The report: what was found, in plain text.
package struct AccountText {
    private let account: Account
    private let diagnosis: Diagnosis

    package init(_ account: Account, _ diagnosis: Diagnosis) { (self.account, self.diagnosis) = (account, diagnosis) }

    /// Line by line, from the inputs to what nobody said.
    package var lines: [String] {
        var lines = account.inputs.map { "read \($0.file): \($0.kind.rawValue), \($0.messages.count) messages" }
        for sa in account.sas { lines += section(sa) }
        let configurations = account.inputs.flatMap(\.configurations)
        if !configurations.isEmpty { lines.append("") }
        for configuration in configurations { lines += text(configuration) }
        lines += ["", "diagnosis: " + diagnosis.headline]
        lines += diagnosis.evidence.map { "  \($0)" }
        lines += diagnosis.consequences.map { "  \($0)" }
        lines += ["", "not known:"] + diagnosis.unknowns.map { "  \($0)" }
        lines += account.inputs.flatMap(\.gaps).map { "  \($0)" }
        return lines
    }

    private func section(_ sa: Account.IKESA) -> [String] {
        func party(_ role: Account.Role) -> String {
            (sa.addresses[role] ?? "?") + (sa.identities[role].map { " (\($0))" } ?? "")
        }
        let spis = [sa.initiatorSPI, sa.responderSPI].map { $0.map(\.description) ?? "?" }.joined(separator: " / ")
        var lines = ["", "IKE SA \(spis): initiator \(party(.initiator)), responder \(party(.responder))"]
        var questions = 0
        for exchange in sa.exchanges {
            if exchange.isLiveness {
                questions += 1
                continue
            }
            lines.append("  \(exchange.title), asked by the \(exchange.requester.rawValue)")
            lines += message(exchange.request, "request") + message(exchange.response, "response")
        }
        if questions > 0 { lines.append("  INFORMATIONAL without payloads: \(questions)") }
        return lines
    }

    private func message(_ message: LoggedMessage?, _ name: String) -> [String] {
        guard let message else { return ["    \(name): not in the inputs"] }
        let list = message.payloads.map { "{\($0.joined(separator: ","))}" } ?? "not opened"
        var lines = ["    \(name) \(list)  \(message.position)"]
        for proposal in message.proposals { lines.append("      proposes \(proposal)") }
        if let group = message.group { lines.append("      KE group \(group) (\(TransformWords.group(group)))") }
        if !message.initiatorSelectors.isEmpty || !message.responderSelectors.isEmpty {
            func text(_ selectors: [TrafficSelector]) -> String { selectors.map(\.description).joined(separator: " ") }
            lines.append(
                "      selectors \(text(message.initiatorSelectors)) === \(text(message.responderSelectors))")
        }
        for notify in message.errors {
            let data = notify.data.map { $0.isEmpty ? "" : " " + LogText.hexadecimal($0) } ?? ""
            lines.append("      refuses: \(notify.type)\(data)")
        }
        for remark in message.remarks {
            switch remark.content {
            case .ownProposals(let own):
                lines.append("      would take \(own.map(\.description).joined(separator: ", "))  \(remark.position)")
            case .chosen(let proposal): lines.append("      chosen \(proposal)  \(remark.position)")
            case .reason(let text): lines.append("      \(text)  \(remark.position)")
            case .groupPreferred(let sent, let own):
                lines.append("      group \(sent) came, group \(own) is preferred  \(remark.position)")
            case .translated(let end, _, let beyond, let isCertain):
                let who = end == .sender ? "sender" : "receiver"
                lines.append(
                    "      the \(who) is behind a NAT"
                        + (isCertain || beyond != nil ? "" : ", or forces UDP encapsulation") + "  \(remark.position)")
            case .ownSelectors, .ikeEstablished, .childEstablished, .liveness, .authentication, .retransmission: break
            }
        }
        return lines
    }

    private func text(_ configuration: DeviceConfiguration) -> [String] {
        var lines = ["configuration, \(configuration.language.rawValue), from \(configuration.position)"]
        lines += configuration.ike.map { "  \($0)" }
        lines += configuration.child.map { "  \($0)" }
        switch configuration.pfs {
        case .group(let group)?: lines.append("  PFS with group \(group)")
        case DeviceConfiguration.PFS.none?: lines.append("  no PFS")
        case nil: break
        }
        return lines
    }
}
