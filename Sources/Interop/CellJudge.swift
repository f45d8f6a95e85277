import IKEWire
import Scenario

/// One thing that was looked at, and what was seen.
package struct CellCheck: Codable, Sendable, Equatable {
    package let name: String
    package let isGood: Bool
    package let text: String
}

/// What a cell comes to.
package enum CellVerdict: String, Codable, Sendable { case green, red, unsupported }

/// Judges a cell by its traffic and consoles, by what was decoded from the wire, and by what both daemons say that they
/// have. Every check can fail by itself, and names what it saw.
package struct CellJudge {
    private let test: InteropCase
    private let evidence: CellEvidence
    private var checks: [CellCheck] = []

    package static func judge(_ test: InteropCase, _ evidence: CellEvidence) -> [CellCheck] {
        var judge = CellJudge(test, evidence)
        judge.lookAtRun()
        switch test.expectation {
        case .tunnel(let ike, let esp): judge.lookForTunnel(ike: ike, esp: esp)
        case .refused(let notify): judge.lookForRefusal(notify)
        case .noTunnel: judge.lookForNoESP()
        case .unsupported: break
        }
        return judge.checks
    }

    private init(_ test: InteropCase, _ evidence: CellEvidence) {
        self.test = test
        self.evidence = evidence
    }

    private var title: String { test.peer.title }

    private mutating func check(_ name: String, _ isGood: Bool, _ text: String) {
        checks.append(CellCheck(name: name, isGood: isGood, text: text))
    }

    private mutating func compare(_ name: String, _ values: [(of: String, value: String?)]) {
        let known = Set(values.map { $0.value ?? "?" })
        check(
            name, known.count == 1 && known != ["?"],
            known.count == 1
                ? "\(values.map(\.of).joined(separator: ", ")): \(known.first ?? "?")"
                : values.map { "\($0.of): \($0.value ?? "nothing")" }.joined(separator: "; "))
    }

    /// Commands printed what they must (pings among them), and post-mortem and decoding found nothing.
    private mutating func lookAtRun() {
        let result = evidence.result
        check(
            "run", result.verdict == .passed,
            result.verdict == .passed ? "every command as expected, every message decoded" : result.reason)
    }

    // MARK: A tunnel

    private mutating func lookForTunnel(ike: String?, esp: String?) {
        guard let peer = evidence.peer else { return check("\(title)'s view", false, "it was not asked") }
        guard let ours = evidence.child else {
            return check("swand's view", false, "its log has no Child SA")
        }
        // Of two IKE SAs, as after a rekey, the one that holds the Child SA. Of two Child SAs the one that swand made last; one
        // that the other calls otherwise is found out below.
        guard let sa = peer.ikes.first(where: { !$0.children.isEmpty }),
            let theirs = sa.children.first(where: { $0.inbound == ours.outbound }) ?? sa.children.first
        else { return check("\(title)'s view", false, "it lists no installed Child SA") }
        check("IKE SA", sa.isEstablished, "\(title): \(sa.state)")
        lookAtAlgorithms(sa, theirs, ours, ike: ike, esp: esp)
        compare("SPI to swand", [(title, theirs.outbound), ("swand", ours.inbound)])
        compare("SPI to \(title)", [(title, theirs.inbound), ("swand", ours.outbound)])
        let counts = (evidence.espCount(ours.inbound), evidence.espCount(ours.outbound))
        check(
            "ESP on the link", counts.0 > 0 && counts.1 > 0,
            "\(counts.1) packets to \(title), \(counts.0) to swand under these SPIs")
        compare(
            "swand's selectors",
            [(title, theirs.remoteSelectors), ("swand", outside(ours.localSelectors, of: .swand))])
        compare(
            "\(title)'s selectors",
            [(title, outside(theirs.localSelectors, of: .peer)), ("swand", ours.remoteSelectors)])
        let spis = (sa.initiatorSPI, sa.responderSPI)
        let seen = evidence.datagrams.contains {
            $0.isProtected && $0.plaintext != nil && "\($0.message.header.initiatorSPI)" == spis.0
                && "\($0.message.header.responderSPI)" == spis.1
        }
        // A freshly rekeyed IKE SA may not have spoken yet: then its SPIs stand in the proposals that made it.
        check(
            "IKE SPIs", seen || isProposed(spis.0) && isProposed(spis.1),
            "\(title)'s \(spis.0) and \(spis.1) \(seen ? "opened" : "proposed") on the link")
    }

    /// What an end says of itself, as others see it: in transport mode the selectors are addresses outside of the tunnel.
    private func outside(_ selectors: String?, of side: InteropSide) -> String? {
        guard test.isTransport, case .before(side) = test.nat else { return selectors }
        // An end behind a NAT that calls itself otherwise has not seen its own address.
        return selectors == "\(InteropCell.insideNAT)/32" ? "\(InteropCell.outsideNAT)/32" : "not \(selectors ?? "?")"
    }

    private func isProposed(_ spi: String) -> Bool {
        // In IKE_SA_INIT a proposal has no SPI (RFC 7296 §3.3.1), which must not be the one that nobody has read.
        guard spi.count == 16 else { return false }
        return (evidence.proposals(of: .ike, isResponse: false) + evidence.proposals(of: .ike, isResponse: true))
            .contains {
                $0.proposals.contains { proposal in
                    proposal.spi.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == spi
                }
            }
    }

    private mutating func lookAtAlgorithms(
        _ sa: PeerSAs.IKE, _ theirs: ChildView, _ ours: ChildView, ike: String?, esp: String?
    ) {
        let wireIKE = evidence.proposals(of: .ike, isResponse: true).last?.proposals.first.map { ProposalName.name($0) }
        let wireESP = evidence.proposals(of: .esp, isResponse: true).last?.proposals.first.map { ProposalName.name($0) }
        compare(
            "IKE algorithms",
            [(title, sa.algorithms), ("the link", wireIKE)] + (ike.map { [("the case", $0)] } ?? []))
        compare(
            "ESP algorithms",
            [
                (title, theirs.algorithms), ("swand", ours.algorithms), ("the link", wireESP),
            ] + (esp.map { [("the case", $0)] } ?? []))
    }

    // MARK: A refusal

    private mutating func lookForRefusal(_ notify: String) {
        let seen = evidence.notifies
        check(
            "refusal on the link", seen.contains(notify),
            seen.contains(notify) ? notify : "no \(notify), but \(seen.sorted().joined(separator: ", "))")
        lookForNoESP()
    }

    private mutating func lookForNoESP() {
        check("no ESP", evidence.espTotal == 0, "\(evidence.espTotal) packets of ESP")
    }
}
