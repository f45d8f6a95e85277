import IKEModel
import NetAddress

/// Mobile IPv6: a daemon of its own moves policies and SAs, and key management follows (RFC 4877 §4, RFC 6275 §6.1.7's K bit).
extension Engine {
    /// The IKE SAs whose Child SAs a policy's reqid names go to the new ends, and so do the connections, for IKE SAs to come. The
    /// peer is told nothing: its own Mobile IPv6 daemon tells its key manager.
    func take(_ migration: PolicyMigration) {
        emit(.policyMigrated(migration))
        guard let ends = migration.keyManager else { return }
        let reqids = Set(migration.steps.map(\.reqid))
        let moved = records.keys.sorted().filter { id in
            reqids.contains(records[id]!.connection.effectiveReqid)
        }
        for id in moved {
            records[id]?.connection.local.host = .address(ends.local)
            // Whoever answers anybody goes on to.
            if case .address = records[id]?.connection.remote.host {
                records[id]?.connection.remote.host = .address(ends.remote)
            }
        }
        for id in ikes.keys.sorted() {
            guard let ike = ikes[id], serves(ike, moved) else { continue }
            migrate(ike, to: ends)
        }
    }

    private func serves(_ ike: IKESA, _ connections: [ConnectionID]) -> Bool {
        if let own = ike.connection, connections.contains(own) { return true }
        return ike.children.contains { child in
            childSAsByID[child].map { connections.contains($0.facts.connection) } ?? false
        }
    }

    private func migrate(_ ike: IKESA, to ends: PolicyMigration.KeyManager) {
        let local = Endpoint(ends.local, port: ike.local.port, transport: ike.local.transport)
        let remote = Endpoint(ends.remote, port: ike.remote.port, transport: ike.remote.transport)
        let old = IKEPath(local: ike.local, remote: ike.remote)
        let new = IKEPath(local: local, remote: remote)
        guard new != old else { return }
        if case .initSent(let offer) = ike.phase, let connection = connection(of: ike) {
            // Its NAT_DETECTION notifications are of the old ends (RFC 7296 §2.23): it is made anew.
            (ike.local, ike.remote) = (local, remote)
            ike.pending = nil
            ike.nextRequestID = 0
            emit(.ikeMoved(ike.id, from: old, to: new, byPeer: false))
            sendIKESAInit(ike, connection, offer)
            return
        }
        moveWithMessages(ike, local: local, remote: remote)
    }
}
