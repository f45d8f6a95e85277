import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// MOBIKE in pluto's lines.
extension PlutoDialect {
    func renderMobility(_ event: Event, _ view: any DaemonView) -> [DialectEffect] {
        switch event {
        case .ikeMoved(let ike, let old, let new, let byPeer):
            var effects: [DialectEffect] = []
            if new.local != old.local {
                effects += tell(ike, Wording.moved("local", old.local, new.local), view)
            }
            if new.remote != old.remote {
                effects += tell(ike, Wording.moved("remote", old.remote, new.remote), view)
                follow(ike, from: old.remote, to: new.remote)
            }
            return effects + (byPeer ? tell(ike, Wording.movedByRequest, view) : [])
        case .addressUpdateConfirmed(let ike, _): return tell(ike, Wording.movedByResponse, view)
        case .addressUpdateRefused(let ike, let type):
            return tell(ike, "MOBIKE response: address update refused with \(type.name)", view)
        case .localAddressLost(let ike, let address):
            return tell(ike, "MOBIKE no address is left in the place of \(address); waiting for one", view)
        default: return []
        }
    }

    /// An instance goes with its peer.
    private func follow(_ ike: IKESAID, from old: Endpoint, to new: Endpoint) {
        numbers.update(ike) { $0.remote = new }
        guard let connection = numbers.ikes[ike]?.connection else { return }
        instances.move(connection, from: old.address, to: new.address)
    }
}

extension Wording {
    // As pluto has it, with two spaces before.
    static func moved(_ end: String, _ old: Endpoint, _ new: Endpoint) -> String {
        " success MOBIKE update \(end) address \(old) -> \(new)"
    }
    static let movedByRequest = "MOBIKE request: updating IPsec SA by request"
    static let movedByResponse = "MOBIKE response: updating IPsec SA"

    static func mobility(_ purpose: RequestPurpose) -> String {
        switch purpose {
        case .updateAddresses: "address update"
        case .announceAddresses: "additional addresses"
        default: "return routability"
        }
    }
}
