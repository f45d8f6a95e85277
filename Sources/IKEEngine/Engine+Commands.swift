import IKEModel
import IKEWire
import NetAddress

/// What the operator asks for.
extension Engine {
    func carryOut(_ command: Command) {
        switch command {
        case .add(let connection): add(connection)
        case .remove(let id): remove(id)
        case .setSecrets(let secrets): self.secrets = secrets
        case .setCredentials(let credentials): self.credentials = credentials
        case .initiate(let id, let staysUp): initiate(id, staysUp: staysUp)
        case .terminate(let id): terminate(id)
        case .suspend(let id): suspend(id)
        case .deleteIKE(let id): if let ike = ikes[id] { end(ike, .operatorRequest) }
        case .deleteChild(let id):
            if let child = childSAsByID[id], let ike = ikes[child.facts.ike] { deleteChildrenWithPeer([id], ike) }
        case .rekeyIKE(let id): rekeyIKE(id)
        case .rekeyChild(let id): rekeyChild(id)
        case .route(let id): route(id)
        case .unroute(let id): unroute(id)
        case .setImpairments(let impairments): self.impairments = impairments
        case .setHalfOpenLimits(let threshold, let greatest):
            profile.cookieThreshold = threshold
            profile.halfOpenLimit = greatest
        case .setGlobalRedirect(let target): globalRedirect = target
        case .redirect(let id, let target): redirect(id, to: target)
        case .redirectIKE(let id, let target): if let ike = ikes[id] { redirect(ike, to: target) }
        case .drip(let inbound, let number): drip(inbound: inbound, number: number)
        case .gather(let isGathering): gather(isGathering)
        case .triggerRevival(let id): triggerRevival(id)
        case .rollTicketKey: rollTicketKey()
        case .continueAuthentication(let id): if let ike = ikes[id] { continueAuthentication(ike) }
        case .probe(let id): if let ike = ikes[id], case .established = ike.phase { probe(ike) }
        case .shutdown: for id in ikes.keys.sorted() { if let ike = ikes[id] { deleteAtOnce(ike, .shutdown) } }
        }
    }

    func take(_ report: DataPlaneReport) {
        switch report {
        case .acquire(let id, let packet):
            guard let record = records[id] else { return }
            emit(.acquired(id, packet))
            initiate(id, staysUp: record.staysUp)
        case .expired(let id, let hard):
            if hard {
                if profile.keepsSpentChildren { emit(.childSpent(id)) } else { expireChild(id) }
            } else if let child = childSAsByID[id], records[child.facts.connection]?.connection.rekeys ?? false {
                // Not at once: the answer to the packet that reached the limit still goes by the old one.
                timers.set(.childRekey(id), at: now + Engine.softLimitGrace)
            }
        case .failed(let id, let reason):
            guard let child = childSAsByID[id], let ike = ikes[child.facts.ike] else { return }
            deleteChildrenWithPeer([id], ike)
            removeChild(id, ike, .failed(.dataPlane(reason)))
        case .installFailed(let id, let reason): childNotInstalled(id, reason: reason)
        case .routeFailed(let id, let reason):
            guard records[id]?.isRouted == true else { return }
            records[id]?.isRouted = false
            emit(.routeFailed(id, reason: reason))
        case .migrated(let migration): take(migration)
        case .mappingChanged(let id, let remote):
            guard let child = childSAsByID[id], let ike = ikes[child.facts.ike] else { return }
            followPackets(of: ike, from: remote)
        }
    }

    /// A connection under a number that is taken replaces the one before it.
    private func add(_ connection: Connection) {
        if records[connection.id] != nil { remove(connection.id) }
        records[connection.id] = ConnectionRecord(connection: connection)
        if connection.sessionResumption { armTicketKey() }
    }

    func armTicketKey() {
        if !timers.isSet(.ticketKey) { timers.set(.ticketKey, at: now + profile.ticketKeyInterval) }
    }

    private func remove(_ id: ConnectionID) {
        guard records[id] != nil else { return }
        records[id]?.staysUp = false
        for ike in ikes.values.sorted(by: { $0.id < $1.id }) { remove(id, from: ike) }
        unroute(id)
        timers.cancel(.revival(id))
        records[id] = nil
    }

    private func remove(_ id: ConnectionID, from ike: IKESA) {
        let own = children(of: id, in: ike)
        guard let other = ike.children.first(where: { !own.contains($0) }) else {
            if ike.connection == id || !own.isEmpty { deleteAtOnce(ike, .operatorRequest) }
            return
        }
        // Others need the IKE SA.
        deleteChildrenWithPeer(own, ike)
        for child in own { removeChild(child, ike, .operatorRequest) }
        guard ike.connection == id, let heir = childSAsByID[other]?.facts.connection else { return }
        ike.connection = heir
        records[heir]?.ike = ike.id
        emit(.ikeAssigned(ike.id, heir))
    }

    func initiate(_ id: ConnectionID, staysUp: Bool) {
        guard let record = records[id] else { return }
        let connection = record.connection
        if staysUp { records[id]?.staysUp = true }
        if let child = record.child, stands(child) {
            emit(.alreadyEstablished(id, child))
            records[id]?.isInitiating = true
            finishInitiation(id, succeeded: true)
            return
        }
        records[id]?.isInitiating = true
        // One attempt at a time: this one is joined to it.
        setUnwanted(id, false)
        if isAttempting(id) { return }
        guard case .address(let local) = connection.local.host, case .address(var remote) = connection.remote.host
        else {
            emit(.cannotInitiate(id, connection.remote.host))
            finishInitiation(id, succeeded: false)
            return
        }
        if let redirection = record.redirection, redirection.to.family == local.family { remote = redirection.to }
        if let ike = sharedIKESA(for: connection) {
            startChild(connection, ike, replacing: nil)
            return
        }
        if let ike = negotiatingIKESA(for: connection) {
            ike.queue.append(id)
            emit(.childQueued(id, behind: ike.id))
            return
        }
        if connection.sessionResumption, let ticket = record.ticket {
            if ticket.expires > now {
                startSessionResume(connection, ticket, local: local, remote: remote)
                return
            }
            records[id]?.ticket = nil
            emit(.ticketUnusable(id, .expired))
        }
        startIKESAInit(connection, local: local, remote: remote)
    }

    /// Whether the Child SA is there and nobody of this end is about to take it away.
    private func stands(_ id: ChildSAID) -> Bool {
        guard let child = childSAsByID[id], let ike = ikes[child.facts.ike], case .established = ike.phase else {
            return false
        }
        return !ike.closing.contains(id)
    }

    /// Whether an exchange of ours is under way that is to bring the connection up.
    func isAttempting(_ id: ConnectionID) -> Bool {
        records[id]?.isOpeningStream ?? false
            || index.busy.contains {
                guard let ike = ikes[$0] else { return false }
                // What is asked for in an IKE SA that ends comes to nothing.
                if case .deleting = ike.phase { return false }
                return ike.connection == id && ike.role == .initiator && ike.established == nil
                    || ike.negotiations.values.contains { $0.connection == id && $0.replaces == nil }
                    || ike.queue.contains(id)
            }
    }

    /// The last word on an `initiate`, where there is one that waits for it.
    func finishInitiation(_ id: ConnectionID, succeeded: Bool) {
        guard records[id]?.isInitiating == true else { return }
        records[id]?.isInitiating = false
        if !succeeded { renewTrap(id) }
        emit(.initiationFinished(id, succeeded: succeeded))
    }

    private func terminate(_ id: ConnectionID) {
        guard records[id] != nil else { return }
        stopReviving(id)
        forgetStream(of: id)
        // RFC 5723 §6.2: a ticket ends with the IKE SA that the client deletes.
        records[id]?.ticket = nil
        if !close(id, .operatorRequest) {
            emit(.nothingToTerminate(id))
            emit(.terminationFinished(id))
        }
    }

    /// Ends what a connection has: its Child SAs, and the IKE SAs that carry no other's. - Returns: false where it has none.
    private func close(_ id: ConnectionID, _ reason: DeletionReason) -> Bool {
        let ending = ikes.values.filter {
            !children(of: id, in: $0).isEmpty || $0.connection == id && !isShared($0, beyond: id)
        }.sorted { $0.id < $1.id }
        // All are known before the first of them ends.
        for ike in ending {
            let own = children(of: id, in: ike)
            let awaited: [EndingSA] = isShared(ike, beyond: id) ? own.map { .child($0) } : [.ike(ike.id)]
            records[id]?.ending.formUnion(awaited)
            for sa in awaited { endsAwaited[sa, default: []].insert(id) }
        }
        setUnwanted(id, true)
        for ike in ending {
            let own = children(of: id, in: ike)
            if isShared(ike, beyond: id) {
                // Others need the IKE SA.
                emit(.terminatingChildren(id, ike.id, own))
                deleteChildrenWithPeer(own, ike)
                continue
            }
            if ike.established != nil, reason == .operatorRequest { emit(.terminating(id, ike.id, ike.children)) }
            end(ike, reason)
        }
        return !ending.isEmpty
    }

    /// What becomes of Child SAs for which the peer has been asked and has not answered.
    private func setUnwanted(_ id: ConnectionID, _ isUnwanted: Bool) {
        for ike in ikes.values {
            for child in ike.negotiations.keys where ike.negotiations[child]?.connection == id {
                ike.negotiations[child]?.isUnwanted = isUnwanted
            }
        }
    }

    /// Whether an IKE SA carries Child SAs of other connections, or is about to: those that are being closed need it no
    /// more. One that the peer has made in place of an IKE SA that we replace as well may get what that one carries.
    private func isShared(_ ike: IKESA, beyond id: ConnectionID) -> Bool {
        let own = children(of: id, in: ike)
        return ike.children.contains { !own.contains($0) && !ike.closing.contains($0) }
            || ike.negotiations.values.contains { $0.connection != id && $0.replaces == nil }
            || collidingIKESA(with: ike).map { isShared($0, beyond: id) } ?? false
    }

    private func children(of id: ConnectionID, in ike: IKESA) -> [ChildSAID] {
        ike.children.filter { childSAsByID[$0]?.facts.connection == id }
    }

    /// Departs from RFC 5723 §6.2 (a client that deletes the IKE SA deletes the ticket), because suspending is just that:
    /// libreswan's does the same, and gateways take the ticket.
    private func suspend(_ id: ConnectionID) {
        guard records[id] != nil else { return }
        stopReviving(id)
        forgetStream(of: id)
        if !close(id, .suspended) { emit(.terminationFinished(id)) }
    }

    private func end(_ ike: IKESA, _ reason: DeletionReason) {
        if case .deleting = ike.phase { return }
        if ike.established == nil {
            // The peer may have established it already, and its answer be on its way.
            deleteAtOnce(ike, reason)
        } else if impairments.sendNoDelete {
            emit(.impaired(ike.id, "impair-send-no-delete set - not sending Delete/Notify"))
            discard(ike, reason)
        } else {
            deleteWithPeer(ike, reason)
        }
    }

    func ikeSAs(of id: ConnectionID) -> [IKESA] {
        index.ikes(of: id).compactMap { ikes[$0] }
    }

    func route(_ id: ConnectionID) {
        guard let connection = records[id]?.connection else { return }
        guard let route = route(of: connection) else {
            emit(.routeFailed(id, reason: "the address of this end is not known"))
            return
        }
        records[id]?.isRouted = true
        outbox.append(.dataPlane(.route(route)))
        emit(.routed(id))
    }

    /// Nothing came of what a packet asked for: the next one asks again.
    private func renewTrap(_ id: ConnectionID) {
        if records[id]?.child == nil { renewRoute(id) }
    }

    /// What is routed for a connection that has changed.
    func renewRoute(_ id: ConnectionID) {
        guard let record = records[id], record.isRouted, let route = route(of: record.connection) else { return }
        outbox.append(.dataPlane(.route(route)))
    }

    private func route(of connection: Connection) -> RouteInstallation? {
        guard case .address(let local) = connection.local.host else { return nil }
        let remote: IPAddress =
            if case .address(let address) = connection.remote.host { address } else { .unspecified(local.family) }
        var route = RouteInstallation(
            connection: connection.id, reqid: connection.effectiveReqid, mode: connection.mode, local: local,
            remote: remote,
            localSelectors: connection.localSelectors(address: local),
            remoteSelectors: connection.remoteSelectors(address: remote))
        route.sourceAddresses = connection.sourceAddresses
        route.keepsPackets = connection.keepsAcquiringPackets
        route.installsPolicies = connection.installsPolicies
        route.marks = connection.marks
        return route
    }

    func unroute(_ id: ConnectionID) {
        guard records[id]?.isRouted == true else { return }
        records[id]?.isRouted = false
        outbox.append(.dataPlane(.unroute(id)))
        emit(.unrouted(id))
    }
}

extension Connection {
    /// As configured, else one that no other connection has.
    var effectiveReqid: UInt32 { reqid != 0 ? reqid : 16384 + 4 * UInt32(truncatingIfNeeded: id.number) }
}
