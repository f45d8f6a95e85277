import DialectKit
import IKEModel
import IKEWire

/// `swanctl --monitor-sa`: IKE SAs and CHILD_SAs as they come up and go down. Tasks, which strongSwan lists with them, have no
/// counterpart.
extension CharonDialect {
    /// What is told before an event's own lines: an SA that goes is listed while it is still there.
    func monitored(_ event: Event, _ view: any DaemonView) -> (before: [DialectEffect], isTold: Bool) {
        guard !sessions.monitors.isEmpty else { return ([], false) }
        switch event {
        case .messagePassed(let ike, let facts) where Self.endsIKE(facts):
            guard ikes[ike]?.isEstablished == true, ikes[ike]?.isToldDown == false else { return ([], false) }
            ikes[ike]?.isToldDown = true
            return (told("ike", ike, nil, isUp: false, view) + told("child", ike, .all, isUp: false, view), true)
        case .childDeleted(let child, let ike, _, .childAlone):
            return (told("child", ike, .one(child), isUp: false, view, isIKEsEnd: false), true)
        default: return ([], false)
        }
    }

    private static func endsIKE(_ facts: MessageFacts) -> Bool {
        facts.exchange == .informational && !facts.isResponse
            && facts.payloads.contains {
                if case .delete(let payload) = $0 { payload.protocolID == .ike } else { false }
            }
    }

    /// Which CHILD_SAs an event is about.
    enum MonitoredChildren {
        case all
        case one(ChildSAID)
    }

    /// What is told behind an event's own lines: an SA that has come has its number then.
    func monitored(after event: Event, _ isTold: Bool, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeEstablished(let ike, _, _, _): ikes[ike]?.snapshot = view.ikeSA(ike)
        case .ikeRekeyed(let ike, let old, _, _):
            ikes[ike]?.snapshot = view.ikeSA(ike)
            // The end of one that was replaced is no end.
            ikes[old]?.isToldDown = true
        default: break
        }
        guard !sessions.monitors.isEmpty, !isTold else { return [] }
        switch event {
        case .ikeEstablished(let ike, _, _, _): return told("ike", ike, nil, isUp: true, view)
        // One that takes another's place is a replacement, and is not told.
        case .childEstablished(let facts) where facts.replaces == nil:
            return told("child", facts.ike, .one(facts.child), isUp: true, view)
        default: return []
        }
    }

    private func told(
        _ kind: String, _ ike: IKESAID, _ children: MonitoredChildren?, isUp: Bool, _ view: any DaemonView,
        isIKEsEnd: Bool = true
    ) -> [DialectEffect] {
        guard let record = ikes[ike], let snapshot = view.ikeSA(ike) ?? record.snapshot else { return [] }
        let shown = self.children.filter { id, child in
            switch children {
            case nil: false
            case .all: child.ike == ike
            case .one(let one): id == one
            }
        }.sorted { $0.key < $1.key }.compactMap(\.value.facts)
        if kind == "child", shown.isEmpty { return [] }
        let state = isUp || !isIKEsEnd ? nil : "DELETING"
        return sessions.monitors.map { session, form in
            guard form != .text else {
                // A listing of an IKE SA alone is left out.
                guard kind == "child" else { return .write(session, "") }
                let lines = listed(snapshot, record, shown, state: state, view)
                return .write(session, lines.map { $0 + "\n" }.joined())
            }
            var message = ViciMessage()
            if isUp { message.add("up", "yes") }
            message.section(peerName(record)) {
                fill(&$0, snapshot, record, kind == "child" ? shown : nil, state: state, view)
            }
            return .write(session, "\(kind)-updown event " + (form == .pretty ? message.pretty : message.raw) + "\n")
        }
    }
}
