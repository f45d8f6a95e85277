import IKEModel
import IKEWire
import NetAddress

/// Transport mode through a NAT (RFC 7296 §2.23.1). A selector there is one end's own address, and the two ends call it
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
