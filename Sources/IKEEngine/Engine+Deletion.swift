import IKEModel
import IKEWire

/// The ends of SAs: agreed with the peer, or alone (RFC 7296 §1.4.1, §2.21).
extension Engine {
    /// An error that ends an IKE SA that is not established, or whose messages make no sense any more.
    func fail(_ ike: IKESA, _ reason: FailureReason) {
        emit(.ikeFailed(ike.id, ike.state, reason))
        discard(ike, .failed(reason))
    }

    /// Tells the peer, and ends the IKE SA when it has answered.
    func deleteWithPeer(_ ike: IKESA, _ reason: DeletionReason) {
        ike.phase = .deleting(reason)
        ike.waiting = []
        timers.cancel(.liveness(ike.id))
        request(ike, .informational, .deleteIKE, [.delete(DeletePayload(protocolID: .ike, spis: []))])
    }

    /// Tells the peer once where it can know the IKE SA to stand, and ends it now.
    ///
    /// Departs from RFC 7296 §2.3 because nothing is waited for: the Delete goes out also where the window is full. A peer that
    /// has answered what is in it, and whose answers were lost, takes it; another one ignores it.
    func deleteAtOnce(_ ike: IKESA, _ reason: DeletionReason) {
        let mayStand =
            switch ike.phase {
            case .established, .deleting, .authSent: true
            case .initSent, .intermediateSent, .resumeSent, .awaitingAuth, .awaitingEAP: false
            }
        let farewell = Payload.delete(DeletePayload(protocolID: .ike, spis: []))
        if mayStand, !impairments.sendNoDelete, let keys = ike.keys,
            let datagrams = try? ike.seal(
                exchange: .informational, messageID: ike.nextRequestID, isResponse: false,
                payloads: [farewell], keys: keys, profile: profile,
                random: &random)
        {
            tellSent(ike, .informational, isResponse: false, messageID: ike.nextRequestID, [farewell], datagrams)
            transmit(datagrams)
        }
        discard(ike, reason)
    }

    /// Takes an IKE SA and its Child SAs away, without a word to the peer. A connection that is to stay up is revived.
    ///
    /// - Parameter successor: what the peer has made in its place. It brings a Child SA for its own connection; those of
    ///   others are gone by the peer's will.
    func discard(_ ike: IKESA, _ reason: DeletionReason, successor: IKESA? = nil) {
        let state: IKEState = if case .deleting = ike.phase { .established } else { ike.state }
        let isCurrent = ike.connection.map { records[$0]?.ike == ike.id } ?? false
        collidingIKESA(with: ike)?.rekey?.collision?.end = reason
        ike.unfile()
        ikes[ike.id] = nil
        ikeByLocalSPI[ike.localSPI.value] = nil
        halfOpenIKEs.remove(ike.id)
        releaseLeases(of: ike)
        if let request = ike.lastRequest, let response = ike.requests.last, request.messageID == response.messageID {
            lastAnswers.keep(.init(ike: ike.id, datagrams: response.datagrams), to: request.hash, at: now)
        }
        forgetInitialRequest(of: ike)
        for timer in [
            TimerKey.retransmission(ike.id), .halfOpen(ike.id), .liveness(ike.id), .expiry(ike.id), .ikeRekey(ike.id),
            .keepAlive(ike.id),
            .streamReopening(ike.id),
        ] {
            timers.cancel(timer)
        }
        let hadOwnChild = ike.children.contains { childSAsByID[$0]?.facts.connection == ike.connection }
        func ownReason(_ connection: ConnectionID?) -> DeletionReason {
            successor.map { $0.connection != connection } ?? false ? .peerRequest : reason
        }
        for id in ike.children {
            // One that was being deleted by itself is no part of what the operator ends or suspends.
            let isAlone = (reason == .suspended || reason == .operatorRequest) && ike.closing.contains(id)
            if successor != nil { shieldUntilSuccession(of: id) }
            removeChild(id, ike, isAlone ? .childAlone : ownReason(childSAsByID[id]?.facts.connection))
        }
        let unborn = ike.negotiations.sorted { $0.key < $1.key }.filter { $0.value.replaces == nil }
        for (id, negotiation) in unborn {
            let reason = ownReason(negotiation.connection)
            guard isUnwanted(reason, for: negotiation.connection) else { continue }
            scheduleRevival(negotiation.connection, ike, child: id, reason: reason)
        }
        let wasAttempt = ike.role == .initiator && ike.established == nil
        if let connection = ike.connection {
            // Of several attempts the last that fails counts: a revival may have been joined to it.
            let wasLast = wasAttempt && records[connection]?.child == nil && !isAttempting(connection)
            if isCurrent || wasLast, !hadOwnChild, isUnwanted(reason, for: connection) {
                var child: ChildSAID?
                if case .authSent(let offer) = ike.phase { child = offer.child?.child }
                scheduleRevival(connection, ike, child: child, reason: reason)
            }
        }
        if isCurrent, let connection = ike.connection {
            records[connection]?.ike = index.ikes(of: connection).last { ikes[$0]?.established != nil }
        }
        emit(.ikeDeleted(ike.id, state, reason))
        releaseStream(ike)
        abandonQueued(behind: ike)
        let wasAwaited = finishEnding(.ike(ike.id))
        for (_, negotiation) in unborn
        where records[negotiation.connection]?.revivalReason == nil && !isAttempting(negotiation.connection) {
            finishInitiation(negotiation.connection, succeeded: false)
        }
        if let connection = ike.connection, let rekey = ike.rekey {
            emit(.ikeRekeyFailed(rekey.id, replacing: ike.id, .timedOut))
            emit(.rekeyFinished(connection, succeeded: false))
        }
        guard let connection = ike.connection else { return }
        if case .replaced = reason, ike.established != nil { emit(.rekeyFinished(connection, succeeded: true)) }
        // Of two that came up at once the one which the connection does not use may be the one that was asked for.
        if isCurrent || wasAttempt, records[connection]?.revivalReason == nil, !isAttempting(connection) {
            finishInitiation(connection, succeeded: records[connection]?.child != nil)
        }
        guard isCurrent, !wasAwaited else { return }
        if case .operatorRequest = reason { emit(.terminationFinished(connection)) }
        if case .suspended = reason { emit(.terminationFinished(connection)) }
    }

    /// Between a Child SA that is gone and the one that the peer is about to make in its place no packet of a connection that is
    /// to stay up goes out in clear, nor where none is made.
    private func shieldUntilSuccession(of id: ChildSAID) {
        guard let connection = childSAsByID[id]?.facts.connection, records[connection]?.staysUp == true,
            !hasChildSA(of: connection, besides: id)
        else { return }
        routeForRevival(connection)
    }

    /// An SA has gone. - Returns: whether a `terminate` or `suspend` waited for it.
    private func finishEnding(_ sa: EndingSA) -> Bool {
        let waiting = (endsAwaited.removeValue(forKey: sa) ?? []).filter { records[$0]?.ending.contains(sa) ?? false }
            .sorted()
        for id in waiting {
            records[id]?.ending.remove(sa)
            if records[id]?.ending.isEmpty ?? false { emit(.terminationFinished(id)) }
        }
        return !waiting.isEmpty
    }

    /// A Child SA has gone while its IKE SA stays.
    func removeChild(_ id: ChildSAID, _ ike: IKESA, _ reason: DeletionReason, isInstalled: Bool = true) {
        guard let child = childSAsByID[id] else { return }
        let connection = child.facts.connection
        let isCurrent = records[connection]?.child == id
        if isCurrent, isUnwanted(reason, for: connection) {
            scheduleRevival(connection, ike, child: id, reason: reason)
            routeForRevival(connection)
        }
        takeChildAway(id, ike, reason, isInstalled: isInstalled)
    }

    /// The data plane could not install it; peer and operator have been told that it stands, or are about to be.
    func childNotInstalled(_ id: ChildSAID, reason: String) {
        guard let child = childSAsByID[id], let ike = ikes[child.facts.ike] else { return }
        emit(.childRejected(id, ike.id, .dataPlane(reason)))
        // It never stood, so that the attempts before it count on.
        records[child.facts.connection]?.revivalAttempts = child.attemptsBefore
        deleteChildrenWithPeer([id], ike)
        removeChild(id, ike, .failed(.dataPlane(reason)), isInstalled: false)
    }

    private func takeChildAway(_ id: ChildSAID, _ ike: IKESA, _ reason: DeletionReason, isInstalled: Bool) {
        guard let child = childSAsByID.removeValue(forKey: id) else { return }
        childByInboundSPI[child.facts.inbound] = nil
        let connection = child.facts.connection
        childrenByConnection[connection]?.remove(id)
        if childrenByConnection[connection]?.isEmpty ?? false { childrenByConnection[connection] = nil }
        ike.children.removeAll { $0 == id }
        ike.closing.remove(id)
        timers.cancel(.childRekey(id))
        timers.cancel(.childExpiry(id))
        if records[connection]?.child == id {
            // Of two that replaced each other the newer one may be the one that goes.
            records[connection]?.child = childrenByConnection[connection]?.max()
        }
        if isInstalled { outbox.append(.dataPlane(.remove(id))) }
        emit(.childDeleted(id, ike.id, connection, reason))
        _ = finishEnding(.child(id))
    }

    func deleteChildrenWithPeer(_ children: [ChildSAID], _ ike: IKESA) {
        let children = children.filter { !ike.closing.contains($0) }
        ike.closing.formUnion(children)
        let spis = children.compactMap { childSAsByID[$0]?.facts.inbound.octets }
        guard !spis.isEmpty else { return }
        request(
            ike, .informational, .deleteChildren(children), [.delete(DeletePayload(protocolID: .esp, spis: spis))])
    }

    /// Takes Child SAs out of the Deletes that wait for their turn.
    func withdrawDelete(of children: [ChildSAID], _ ike: IKESA) {
        guard !children.isEmpty else { return }
        ike.waiting = ike.waiting.compactMap { queued in
            let before = queued.purpose.deletedChildren
            let left = before.filter { !children.contains($0) }
            guard left.count < before.count else { return queued }
            guard !left.isEmpty else { return nil }
            let spis = left.compactMap { childSAsByID[$0]?.facts.inbound.octets }
            return QueuedRequest(
                exchange: queued.exchange, purpose: .deleteChildren(left),
                payloads: [.delete(DeletePayload(protocolID: .esp, spis: spis))])
        }
    }

    /// What the peer has made of our proposal is of no use here: it is told to take it away (RFC 7296 §1.3.1).
    func deleteUnusable(_ offer: ChildOffer, _ ike: IKESA) {
        request(
            ike, .informational, .deleteChildren([offer.child]),
            [.delete(DeletePayload(protocolID: .esp, spis: [offer.spi.octets]))])
    }

    func finishDeletion(of children: [ChildSAID], _ ike: IKESA) {
        for id in children {
            guard let connection = childSAsByID[id]?.facts.connection else { continue }
            // One that shares its connection with another was replaced by it, or was to replace it; but not by one that is
            // on its way out itself, as in an IKE SA whose end the peer has not heard of yet.
            let isReplaced = (childrenByConnection[connection] ?? []).contains { other in
                other != id && childSAsByID[other].map { !isLeaving($0) } ?? false
            }
            let isAwaited = records[connection]?.ending.contains(.child(id)) ?? false
            removeChild(id, ike, isReplaced ? .replaced : .childAlone)
            if isAwaited { continue }
            emit(isReplaced ? .rekeyFinished(connection, succeeded: true) : .terminationFinished(connection))
        }
    }

    /// Whether the peer was told to take the Child SA away, alone or with its IKE SA.
    private func isLeaving(_ child: ChildSA) -> Bool {
        guard let ike = ikes[child.facts.ike] else { return true }
        if case .deleting = ike.phase { return true }
        return ike.closing.contains(child.facts.child)
    }

    /// The IKE SA has lived as long as it may.
    func expire(_ ike: IKESA) {
        guard case .established = ike.phase else { return }
        deleteAtOnce(ike, .expired)
    }
}

extension RequestPurpose {
    /// Those that a Delete is about; none of another request.
    var deletedChildren: [ChildSAID] {
        if case .deleteChildren(let children) = self { children } else { [] }
    }
}
