import IKEModel
import IKEWire
import NetAddress

/// Transport mode through a NAT (RFC 7296 §2.23.1), and between ends that move. A selector there is one end's own address, and the two ends call it
/// by different names: each says it as it sees it, and the other reads its own in that place.
extension Engine {
    /// A message of the peer's about a Child SA in transport mode with the addresses that this end sees. What is compared,
    /// installed and answered is in these; ESP that comes in has its checksums computed anew (RFC 3948 §3.1.2), so that the
    /// peer's are needed no more.
    func withOwnAddresses(_ payloads: [Payload], isResponse: Bool, _ ike: IKESA) -> [Payload] {
        // RFC 4877 §4.3: a mobile node's home address is no address of IKE's.
        guard ike.nat.isPresent, payloads.wantedMode == .transport,
            !(connection(of: ike)?.isTransportProxy ?? false)
        else { return payloads }
        // Who answers is the responder: TSi are this end's in an answer.
        return payloads.map { payload in
            switch payload {
            case .trafficSelectorsInitiator(let selectors):
                .trafficSelectorsInitiator(substituted(selectors, areOurs: isResponse, ike))
            case .trafficSelectorsResponder(let selectors):
                .trafficSelectorsResponder(substituted(selectors, areOurs: !isResponse, ike))
            default: payload
            }
        }
    }

    /// Selectors of exactly one address, which transport mode has, with that of the end as it is seen from here; others stay,
    /// and will fit nothing.
    private func substituted(_ selectors: [TrafficSelector], areOurs: Bool, _ ike: IKESA) -> [TrafficSelector] {
        let isHidden = areOurs ? ike.nat.localBehindNAT : ike.nat.remoteBehindNAT
        let seen = IPPrefix(host: areOurs ? ike.local.address : ike.remote.address).range
        guard isHidden, let named = selectors.first?.addresses, named.first == named.last, named.family == seen.family,
            selectors.allSatisfy({ $0.addresses == named })
        else { return selectors }
        return selectors.map { selector in
            var selector = selector
            selector.addresses = seen
            return selector
        }
    }
}

// MARK: Ends that move

/// Transport mode's selectors are its ends' addresses, and no packet has the old ones once an end has moved: by a NAT's new
/// mapping (RFC 7296 §2.23), or by MOBIKE. RFC 4555 §1.2 leaves transport mode out; but both ends know both addresses, and each makes the
/// same of them, as strongSwan does.
extension Engine {
    /// The selectors of a Child SA after its ends have moved; nil where they stay.
    func followingSelectors(of facts: ChildFacts, from old: IKEEnds, to new: IKEEnds) -> ChildMove.SelectorLists? {
        let before = ChildMove.SelectorLists(local: facts.localSelectors, remote: facts.remoteSelectors)
        guard facts.mode == .transport, !(records[facts.connection]?.connection.isTransportProxy ?? false) else {
            return nil
        }
        let after = before.moved(from: old, to: new)
        return after == before ? nil : after
    }

    /// Selectors of a negotiation of ours as they are called by now: the ends may have moved since it was begun.
    func current(
        _ selectors: ChildMove.SelectorLists, of negotiation: ChildNegotiation, _ ike: IKESA
    ) -> ChildMove.SelectorLists {
        guard let connection = records[negotiation.connection]?.connection, connection.mode == .transport,
            !connection.isTransportProxy
        else { return selectors }
        return selectors.moved(from: negotiation.ends, to: ike.ends)
    }

    /// A proposal that is still to be sent is about the new ends; one that was sent stays as it is.
    func followInQueue(_ ike: IKESA) {
        for index in ike.waiting.indices {
            guard case .createChild(let child, _, _, _) = ike.waiting[index].purpose,
                let negotiation = ike.negotiations[child], negotiation.ends != ike.ends
            else { continue }
            renewOffer(of: child, ike)
            guard let offer = ike.negotiations[child]?.offer else { continue }
            ike.waiting[index].payloads = ike.waiting[index].payloads.map { payload in
                switch payload {
                case .trafficSelectorsInitiator: .trafficSelectorsInitiator(offer.localSelectors)
                case .trafficSelectorsResponder: .trafficSelectorsResponder(offer.remoteSelectors)
                default: payload
                }
            }
        }
    }

    /// Before an offer is sent (again).
    func renewOffer(of child: ChildSAID, _ ike: IKESA) {
        guard var negotiation = ike.negotiations[child] else { return }
        let offer = negotiation.offer
        let selectors = current(.init(local: offer.localSelectors, remote: offer.remoteSelectors), of: negotiation, ike)
        negotiation.offer.localSelectors = selectors.local
        negotiation.offer.remoteSelectors = selectors.remote
        negotiation.ends = ike.ends
        ike.negotiations[child] = negotiation
    }
}

/// The addresses that an IKE SA is spoken between.
struct IKEEnds: Hashable {
    var local: IPAddress
    var remote: IPAddress
}

extension IKESA {
    var ends: IKEEnds { IKEEnds(local: local.address, remote: remote.address) }
}

extension ChildMove.SelectorLists {
    fileprivate func moved(from old: IKEEnds, to new: IKEEnds) -> Self {
        Self(
            local: local.map { $0.moved(from: old.local, to: new.local) },
            remote: remote.map { $0.moved(from: old.remote, to: new.remote) })
    }
}

extension TrafficSelector {
    /// One of exactly this address, with another; others stay.
    fileprivate func moved(from old: IPAddress, to new: IPAddress) -> TrafficSelector {
        guard addresses == IPPrefix(host: old).range, old.family == new.family else { return self }
        var moved = self
        moved.addresses = IPPrefix(host: new).range
        return moved
    }
}
