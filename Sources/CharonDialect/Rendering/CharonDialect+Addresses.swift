import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// Configuration payloads in charon's lines: they come before the IKE SA is said to stand, though the engine settles them
/// with the first Child SA.
extension CharonDialect {
    /// Events of an IKE SA that waits for its addresses; nil where it does not wait.
    func renderWaiting(_ event: Event, _ view: any DaemonView) -> [DialectEffect]? {
        guard let ike = Self.waiter(event), let waiting = postponed[ike] else { return nil }
        switch event {
        case .proposalChosen, .proposalAccepted, .childCreated:
            postponed[ike] = waiting + lines(event, view)
            return []
        case .addressesLent, .configurationReceived:
            postponed[ike] = nil
            return lines(event, view) + waiting
        case .childRejected(_, _, let reason):
            postponed[ike] = nil
            return refusedAddresses(reason, ike, view) + waiting + lines(event, view)
        default:
            postponed[ike] = nil
            return waiting + lines(event, view)
        }
    }

    private static func waiter(_ event: Event) -> IKESAID? {
        switch event {
        case .proposalChosen(let ike, _, _, _), .proposalAccepted(let ike, _, _), .childCreated(_, let ike, _),
            .addressesLent(let ike, _), .configurationReceived(_, let ike, _), .childRejected(_, let ike, _),
            .messagePassed(let ike, _), .ikeDeleted(let ike, _, _), .ikeFailed(let ike, _, _):
            ike
        case .childEstablished(let facts): facts.ike
        default: nil
        }
    }

    /// Whether the lines of an IKE SA's establishment wait for addresses.
    func waitsForAddresses(_ ike: IKESAID) -> Bool {
        let configuration = bound(ikes[ike]?.connection)?.connection.configuration
        return (configuration?.isClient ?? false) || (configuration?.isGateway ?? false)
    }

    /// What the peer asks for, remembered until it is given something.
    func noteAddressRequest(_ facts: MessageFacts, _ ike: IKESAID) {
        guard facts.exchange == .ikeAuth, !facts.isResponse, !facts.isSent else { return }
        for case .configuration(let payload) in facts.payloads where payload.type == .request {
            ikes[ike]?.requested = payload.attributes.compactMap { attribute in
                switch attribute.type {
                case .internalIPv4Address: IPAddress(octets: attribute.value[...]) ?? .unspecified(.v4)
                case .internalIPv6Address: IPAddress(octets: attribute.value.prefix(16)) ?? .unspecified(.v6)
                default: nil
                }
            }
        }
    }

    /// `%any`, `%any6`, `10.3.7.9`.
    private static func wish(_ address: IPAddress) -> String {
        guard address == .unspecified(address.family) else { return "\(address)" }
        return address.family == .v4 ? "%any" : "%any6"
    }

    /// A gateway's side.
    func lent(_ addresses: [IPAddress], _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let identity = IdentityText.text(ikes[ike]?.peer)
        let pools =
            bound(ikes[ike]?.connection).flatMap { try? ConnectionBinder.pools($0.definition, addressBook.vici) } ?? []
        ikes[ike]?.lent = addresses
        var effects: [DialectEffect] = []
        for wanted in ikes[ike]?.requested ?? [] {
            effects += tell("IKE", "peer requested virtual IP \(Self.wish(wanted))", ike, view)
            guard let address = addresses.first(where: { $0.family == wanted.family }) else {
                effects += tell(
                    "IKE", "no virtual IP found for \(Self.wish(wanted)) requested by '\(identity)'", ike, view)
                continue
            }
            if let line = addressBook.lend(address, to: identity, from: pools) {
                effects += tell("CFG", line, ike, view)
            }
            effects += tell("IKE", "assigning virtual IP \(address) to peer '\(identity)'", ike, view)
        }
        return effects
    }

    /// A client's side. Name servers are nobody's here.
    func received(_ given: InternalConfiguration, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        given.nameServers.flatMap { server in
            tell("CFG", "handling INTERNAL_IP\(server.family.rawValue)_DNS attribute failed", ike, view)
        }
            + given.addresses.flatMap { tell("IKE", "installing new virtual IP \($0)", ike, view) }
    }

    private func refusedAddresses(_ reason: FailureReason, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard ikes[ike]?.role == .responder else { return [] }
        switch reason {
        case .refusing(.failedCPRequired):
            return tell("IKE", "expected a virtual IP request, sending FAILED_CP_REQUIRED", ike, view)
        case .refusing(.internalAddressFailure):
            return lent([], ike, view)
                + tell("IKE", "no virtual IP found, sending INTERNAL_ADDRESS_FAILURE", ike, view)
        default: return []
        }
    }

    /// The addresses of an IKE SA that ends are free, and remembered for who had them.
    func released(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        (ikes[ike]?.lent ?? []).flatMap { address -> [DialectEffect] in
            // One that took this one's place, whichever end made it, has it still.
            guard !view.ikeSAs.contains(where: { $0.ike != ike && $0.leases.contains(address) }),
                let identity = addressBook.release(address)
            else { return [] }
            return log("CFG", "lease \(address) by '\(identity)' went offline", ike: ike, view)
        }
    }

    /// ` [10.3.0.65]`, at the end that has them.
    func virtualAddresses(_ snapshot: IKESnapshot, ofLocal: Bool) -> [String] {
        let isClient = bound(snapshot.connection)?.connection.configuration.isClient ?? false
        return isClient == ofLocal ? snapshot.leases.map(\.description) : []
    }
}
