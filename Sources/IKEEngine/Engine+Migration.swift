import IKEModel
import NetAddress

/// Mobile IPv6: a daemon of its own moves policies and SAs, and key management follows (RFC 4877 §4, RFC 6275 §6.1.7's K bit).
extension Engine {
    /// The IKE SAs whose Child SAs a policy's reqid names go to the new ends, and so do the connections, for IKE SAs to come. The
    /// peer is told nothing: its own Mobile IPv6 daemon tells its key manager.
    func take(_ migration: PolicyMigration) {
        emit(.policyMigrated(migration))
        guard let ends = migration.keyManager else {
            leaveBehind(migration)
            return
        }
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

    /// Key management does not follow (RFC 6275 §10.3.1, §11.7.3: a K bit of 0): IKE SAs between other ends are discarded, without
    /// a word, as nobody is there any more; what asks for an SA next begins anew from the new ends. One that has begun there
    /// already stays.
    private func leaveBehind(_ migration: PolicyMigration) {
        let isOutbound = migration.direction == .outbound
        for step in migration.steps {
            let old = isOutbound ? (step.oldSource, step.oldDestination) : (step.oldDestination, step.oldSource)
            let new = isOutbound ? (step.newSource, step.newDestination) : (step.newDestination, step.newSource)
            let own = records.keys.sorted().filter { records[$0]!.connection.effectiveReqid == step.reqid }
            for id in own {
                if case .address = records[id]?.connection.local.host {
                    records[id]?.connection.local.host = .address(new.0)
                }
                if case .address = records[id]?.connection.remote.host {
                    records[id]?.connection.remote.host = .address(new.1)
                }
            }
            // Inbound comes behind outbound; then the data plane knows where both of a Child SA's states are.
            guard migration.direction == .inbound else { continue }
            // A template of transport mode has no ends. The ones that it is said to leave are those of IKE, which is over there.
            if step.mode == .transport, !step.oldSource.isUnspecified {
                for id in ikes.keys.sorted() {
                    guard let ike = ikes[id], serves(ike, own), (ike.local.address, ike.remote.address) == old else {
                        continue
                    }
                    discard(ike, .expired)
                }
                continue
            }
            guard old != new else { continue }
            // The node is at home: what ends the binding is still to come, by the Child SAs of before (§6.1.7: they survive
            // movements), and could not ask for new ones, as the home agent's answers go to the old place.
            if migration.source.addresses.contains(step.newSource),
                migration.destination.addresses.contains(step.newDestination)
            {
                continue
            }
            // An open template says nothing of the Child SAs of others, whose own migration comes behind it.
            let isOpen = step.oldSource.isUnspecified
            for id in ikes.keys.sorted() {
                guard let ike = ikes[id], serves(ike, own), (ike.local.address, ike.remote.address) != new,
                    !isOpen || ike.children.allSatisfy({ isChild($0, of: own) })
                else { continue }
                discard(ike, .expired)
            }
        }
    }

    private func serves(_ ike: IKESA, _ connections: [ConnectionID]) -> Bool {
        if let own = ike.connection, connections.contains(own) { return true }
        return ike.children.contains { isChild($0, of: connections) }
    }

    private func isChild(_ child: ChildSAID, of connections: [ConnectionID]) -> Bool {
        childSAsByID[child].map { connections.contains($0.facts.connection) } ?? false
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
            ike.outstanding = []
            ike.nextRequestID = 0
            emit(.ikeMoved(ike.id, from: old, to: new, byPeer: false))
            sendIKESAInit(ike, connection, offer)
            return
        }
        moveWithMessages(ike, local: local, remote: remote)
    }
}
