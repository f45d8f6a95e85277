import DialectKit
import IKEModel
import IKEWire

/// Redirection (RFC 5685) in pluto's lines.
extension PlutoDialect {
    func renderRedirect(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .redirected(let ike, let exchange, let target):
            return tell(ike, "\(exchange.name) response redirects to new gateway \(target)", view)
        case .redirectScheduled(let connection, let ike, let child, let attempt, let target):
            revivalOfChild[connection] = child != nil
            let text = "scheduling redirect \(attempt) to \(target)"
            return child.map { tell($0, text, view) } ?? tell(ike, text, view)
        case .redirectSkipped(_, let ike, let child):
            let text = "IMPAIR: redirect: skip scheduling redirect event"
            return child.map { tell($0, text, view) } ?? tell(ike, text, view)
        case .redirectLoop(let ike, let exchange):
            return tell(ike, "\(exchange.name) redirect exceeds limit; assuming redirect loop", view)
        case .redirectTriggered(let connection, let attempt, let from, let to):
            let cause = revivalCause(connection, .redirected)
            let text = "IMPAIR: dispatch REVIVAL; redirect attempt \(attempt) from \(from) to \(to); \(cause)"
            return tell("\(label(connection, at: nil)): \(text)", connection, view)
        case .redirectSent(let ike?, let target, _): return tell(ike, "redirecting the peer to \(target)", view)
        case .redirectSent(nil, let target, let remote):
            return log("packet from \(remote): redirecting to \(target)", view)
        default: return []
        }
    }
}
