import DialectKit
import IKEModel
import NetAddress

/// Configuration payloads in pluto's lines.
extension PlutoDialect {
    func renderConfiguration(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .addressesLent(let ike, let addresses):
            return debug("#\(number(ike)) lent \(addresses.map(\.description).joined(separator: ", "))", view)
        case .configurationReceived(let child, let ike, let given):
            let addresses = given.addresses.map { "received INTERNAL_IP\($0.family.rawValue)_ADDRESS \($0)" }
            let servers = given.nameServers.map { "received INTERNAL_IP\($0.family.rawValue)_DNS \($0)" }
            let domains = given.domains.map { "received INTERNAL_DNS_DOMAIN \($0)" }
            return (addresses + servers + domains).flatMap { line in
                child.map { tell($0, line, view) } ?? tell(ike, line, view)
            }
        default: return []
        }
    }

    /// A Child SA that a peer made with a connection that narrows has an instance of its own, which takes the place of that
    /// of its IKE SA.
    func noteNarrowed(_ facts: ChildFacts) {
        guard let bound = bound(facts.connection), bound.isTemplate, bound.settings.narrowing, facts.role == .responder,
            facts.replaces == nil, instances.instance(of: facts.connection, at: facts.remote.address) != nil
        else { return }
        instances.renew(facts.connection, at: facts.remote.address) { newSerial() }
    }
}
