import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// CREATE_CHILD_SA in pluto's lines.
extension PlutoDialect {
    func renderRekey(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeRekeying(let new, let old, let connection):
            number(new, like: old, connection, .initiator)
            return tell(new, Wording.initiatingRekey(ofIKE: number(old)), view)
        case .ikeRekeyed(let new, let old, let role, let suite):
            if numbers.ikes[new] == nil { number(new, like: old, numbers.ikes[old]?.connection, role) }
            numbers.replace(old, by: new)
            numbers.update(new) { $0.suite = suite }
            return tell(new, Wording.rekeyedIKE(role, old: number(old), suite), view)
        case .ikeRekeyFailed(let new, _, let reason):
            defer { numbers.remove(new) }
            if case .refused(let type) = reason { return tell(new, Wording.exchangeFailed(type), view) }
            return Wording.failure(reason, us: "").map { tell(new, $0, view) } ?? []
        case .childInitiating(let child, let ike, let connection, let old):
            numbers.askFor(child)
            if let owner = numbers.ikes[ike]?.connection, owner != connection {
                attachments.witness(owner, by: connection)
            }
            let replaced = old.flatMap { numbers.children[$0]?.number }
            return tell(child, Wording.initiatingChild(using: number(ike), replacing: replaced), view)
        case .childQueued(let connection, let ike):
            let owner = label(ike) ?? "#\(number(ike))"
            let remote = numbers.ikes[ike]?.remote.address
            if let first = numbers.ikes[ike]?.connection { attachments.witness(first, by: connection) }
            let text = Wording.childQueued(behind: owner, peer: remote.map { "\($0)" } ?? "?")
            return tell("\(label(connection, at: nil)): \(text)", connection, view)
        case .childLimited(let child, let isOctets, let hard, let soft):
            let number = numbers.children[child]?.number ?? 0
            return debug("#\(number) \(Wording.childLimited(isOctets: isOctets, hard: hard, soft: soft))", view)
        case .childSpent(let child):
            let number = numbers.children[child]?.number ?? 0
            return debug("#\(number) has carried all that it may, and is kept", view)
        default: return []
        }
    }

    private func number(_ new: IKESAID, like old: IKESAID, _ connection: ConnectionID?, _ role: Role) {
        guard let record = numbers.ikes[old] else { return }
        numbers.addIKE(new, connection, role, local: record.local, remote: record.remote)
    }

    func sentCreateChild(
        _ child: ChildSAID, _ ike: IKESAID, to remote: Endpoint, inbound: ESPSPI, encapsulated: Bool,
        replacing old: ChildSAID?,
        _ view: any DaemonView
    ) -> [DialectEffect] {
        let replaced = old.flatMap { numbers.children[$0]?.number }
        return tell(
            child,
            Wording.sentCreateChild(
                to: remote, using: number(ike), replacing: replaced, inbound: inbound, encapsulated: encapsulated), view
        )
    }

    func exchangeFailed(_ child: ChildSAID, _ reason: FailureReason, _ view: any DaemonView) -> [DialectEffect] {
        if case .refused(let type) = reason { return tell(child, Wording.exchangeFailed(type), view) }
        if case .refusing(let type) = reason {
            return tell(child, "CREATE_CHILD_SA response refused: \(type.name)", view)
        }
        return Wording.failure(reason, us: "").map { tell(child, $0, view) } ?? []
    }
}
