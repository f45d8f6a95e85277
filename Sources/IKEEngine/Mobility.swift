import IKEModel
import NetAddress

/// What MOBIKE adds to an IKE SA whose ends both speak it (RFC 4555).
struct Mobility {
    /// Who began the first of a series of IKE SAs decides on its addresses, whoever rekeys (RFC 4555 §2).
    let decides: Bool
    /// Where the peer can be reached beside its present address (§3.4): hints, at most `peerAddressLimit`.
    var peerAddresses: [IPAddress] = []
    /// Those that were tried since the peer was heard last.
    var triedPeers: Set<IPAddress> = []
    /// Our addresses as the peer knows them, without the one in use.
    var announced: [IPAddress] = []
    /// The path changed after the last UPDATE_SA_ADDRESSES was sent (the "pending_update" flag of §3.5).
    var isUpdatePending = false
    /// This end's address is gone, and no other leads to the peer.
    var isStranded = false
    /// The peer moved: it is to be seen whether it gets what is sent there.
    var isRoutabilityWanted = false
    /// Of the request under way.
    var cookie2: [UInt8]?
    /// How the peer last saw us: hashes of its NAT_DETECTION_DESTINATION_IP (§3.8).
    var seenAs: [[UInt8]] = []

    static let peerAddressLimit = 16
}
