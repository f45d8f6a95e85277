import IKEModel

/// Connections that are to stay up: started anew when their SAs end other than by the operator's will.
extension Engine {
    /// Waits grow by this much from attempt to attempt, the first does not wait.
    private static let revivalStep = Duration.seconds(5)
    private static let revivalLongest = Duration.seconds(300)
    /// A peer that deletes each Child SA as soon as it stands is not answered at the speed of a round trip: after so many
    /// in a row that stood for less than this, waits grow all the same.
    private static let shortLife = Duration.seconds(10)
    private static let shortLivesAtOnce = 3

    /// Whether an end is one that a connection which stays up does not accept.
    func isUnwanted(_ reason: DeletionReason, for connection: ConnectionID) -> Bool {
        guard records[connection]?.staysUp == true else { return false }
        switch reason {
        case .operatorRequest, .suspended, .shutdown, .replaced, .redirected: return false
        case .peerRequest, .failed, .expired, .childAlone: return true
        }
    }

    /// A Child SA was refused while its IKE SA stands.
    func endedUnwanted(_ connection: ConnectionID, _ ike: IKESA, child: ChildSAID, reason: DeletionReason) {
        if isUnwanted(reason, for: connection) {
            scheduleRevival(connection, ike, child: child, reason: reason)
        }
        if records[connection]?.revivalReason == nil { finishInitiation(connection, succeeded: false) }
    }

    /// - Parameter wait: how long at least.
    func scheduleRevival(
        _ connection: ConnectionID, _ ike: IKESA, child: ChildSAID?, reason: DeletionReason,
        after wait: Duration = .zero
    ) {
        guard var record = records[connection], record.revivalReason == nil else { return }
        record.revivalAttempts += 1
        // Where we were sent there was nobody: back to the gateway that is configured.
        record.redirection = nil
        record.longestWait = wait
        if let stood = child.flatMap({ childSAsByID[$0] }) {
            record.shortLives = now - stood.facts.established < Engine.shortLife ? record.shortLives + 1 : 0
        }
        let steps = max(record.revivalAttempts - 1, record.shortLives - Engine.shortLivesAtOnce)
        let delay = max(wait, min(Engine.revivalStep * max(steps, 0), Engine.revivalLongest))
        emit(.revivalScheduled(connection, ike.id, child, attempt: record.revivalAttempts, delay: delay))
        if impairments.skipRevival {
            record.postponedRevival = reason
            emit(.revivalSkipped(connection, ike.id, child))
        } else {
            record.revivalReason = reason
            timers.set(.revival(connection), at: now + delay)
        }
        records[connection] = record
    }

    func triggerRevival(_ connection: ConnectionID) {
        guard let reason = records[connection]?.postponedRevival, let attempt = records[connection]?.revivalAttempts
        else {
            emit(.initiationFinished(connection, succeeded: false))
            return
        }
        records[connection]?.postponedRevival = nil
        if let redirection = records[connection]?.redirection {
            emit(
                .redirectTriggered(
                    connection, attempt: redirection.attempt, from: redirection.from, to: redirection.to))
        } else {
            let wait = records[connection]?.longestWait ?? .zero
            let next = max(wait, min(Engine.revivalStep * attempt, Engine.revivalLongest))
            emit(.revivalTriggered(connection, reason, attempt: attempt, next: next))
        }
        records[connection]?.revivalReason = reason
        records[connection]?.isInitiating = true
        revive(connection)
    }

    func revive(_ connection: ConnectionID) {
        guard let reason = records[connection]?.revivalReason else { return }
        records[connection]?.revivalReason = nil
        if records[connection]?.redirection == nil { emit(.reviving(connection, reason)) }
        let wasInitiating = records[connection]?.isInitiating ?? false
        initiate(connection, staysUp: true)
        // Where nobody waits for it, nobody is told.
        if !wasInitiating { records[connection]?.isInitiating = false }
    }

    /// An attempt failed before it had an IKE SA to tell of.
    func reviveLater(_ connection: ConnectionID, _ reason: DeletionReason) {
        guard var record = records[connection], record.revivalReason == nil else { return }
        record.revivalAttempts += 1
        if impairments.skipRevival {
            record.postponedRevival = reason
        } else {
            record.revivalReason = reason
            let delay = min(Engine.revivalStep * record.revivalAttempts, Engine.revivalLongest)
            timers.set(.revival(connection), at: now + delay)
        }
        records[connection] = record
    }

    /// Traffic of a Child SA that went unasked for does not go out in clear while another is awaited; it asks for one.
    func routeForRevival(_ connection: ConnectionID) {
        guard records[connection]?.isRouted == false else { return }
        route(connection)
        if records[connection]?.isRouted == true { records[connection]?.isRoutedForRevival = true }
    }

    func endRouteForRevival(_ connection: ConnectionID) {
        guard records[connection]?.isRoutedForRevival == true else { return }
        records[connection]?.isRoutedForRevival = false
        unroute(connection)
    }

    func stopReviving(_ connection: ConnectionID) {
        records[connection]?.staysUp = false
        records[connection]?.redirection = nil
        records[connection]?.shortLives = 0
        records[connection]?.revivalReason = nil
        records[connection]?.postponedRevival = nil
        endRouteForRevival(connection)
        timers.cancel(.revival(connection))
    }
}
