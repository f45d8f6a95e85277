import IKEModel
import IKEWire

/// INITIAL_CONTACT: an end that has no other IKE SA with the peer says so (RFC 7296 §2.4).
extension Engine {
    /// Whether there is another IKE SA with the same peer (RFC 7296 §2.4: INITIAL_CONTACT says that there is none).
    func hasOther(than ike: IKESA, peer: Identification?) -> Bool {
        guard let peer else { return false }
        return index.ikes(with: peer).contains { $0 != ike.id && ikes[$0]?.established != nil }
    }

    /// It may be in either message of the first IKE_AUTH, and is about the IKE SAs between the same two identities
    /// (RFC 7296 §2.4).
    func heedInitialContact(_ ike: IKESA, _ connection: Connection, peer: Identification) {
        // RFC 7619 §2.3: an identity that was not proved says nothing of other IKE SAs.
        guard connection.remote.authentication != .null else { return }
        for id in index.ikes(with: peer).sorted() where id != ike.id {
            if let other = ikes[id], other.identification == ike.identification {
                discard(other, .replaced, successor: ike)
            }
        }
    }
}
