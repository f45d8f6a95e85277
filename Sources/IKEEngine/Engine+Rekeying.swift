import IKECrypto
import IKEModel
import IKEWire

/// When SAs are replaced, and what happens to those that are not (RFC 7296 §2.8).
extension Engine {
    /// Until a replacement that met TEMPORARY_FAILURE is tried again (RFC 7296 §2.25 leaves the time open).
    static let rekeyRetry = Duration.seconds(10)

    /// From the report of a soft limit to the replacement.
    static let softLimitGrace = Duration.milliseconds(10)

    /// A lifetime less the margin, and less up to `fuzzPercent` of the margin again, so that two ends with the same
    /// configuration do not begin at once. Where the margin leaves nothing: half of the lifetime. The end that did not
    /// make the SA waits for half the margin more: as a rule the other one has replaced it by then.
    private func timeToRekey(
        _ lifetime: Duration, _ lifetimes: Lifetimes, _ role: Role, margin rekeyMargin: Duration
    ) -> Duration {
        let share = Int(random.octets(1)[0]) * max(lifetimes.fuzzPercent, 0) / 255
        let whole = rekeyMargin + rekeyMargin * share / 100
        let margin = role == .initiator || lifetimes.rekeyingIsSymmetric ? whole : rekeyMargin / 2
        return margin < lifetime ? lifetime - margin : lifetime / 2
    }

    func armRekeying(_ ike: IKESA, _ connection: Connection) {
        guard connection.rekeys else { return }
        let time =
            now
            + timeToRekey(
                connection.lifetimes.ike, connection.lifetimes, ike.role, margin: connection.lifetimes.rekeyMargin)
        ike.rekeyTime = time
        timers.set(.ikeRekey(ike.id), at: time)
        guard connection.lifetimes.ikeLimitFollowsRekeying else { return }
        let end = time + connection.lifetimes.rekeyMargin
        ike.expires = end
        timers.set(.expiry(ike.id), at: end)
    }

    /// The time has come to replace an IKE SA, in the way that its connection wants.
    func replaceWhenDue(_ id: IKESAID) {
        guard let ike = ikes[id], case .established = ike.phase, let connection = connection(of: ike),
            connection.reauthenticates
        else { return rekeyIKE(id) }
        let wanted = ike.children.compactMap { childSAsByID[$0]?.facts.connection }
        emit(.reauthenticationDue(id, Set(wanted.isEmpty ? [connection.id] : wanted).sorted()))
    }

    func armRekeying(_ child: ChildSAID, _ role: Role, _ connection: Connection) {
        let end = now + connection.lifetimes.child
        timers.set(.childExpiry(child), at: end)
        childSAsByID[child]?.facts.expires = end
        guard connection.rekeys else { return }
        let time =
            now
            + timeToRekey(
                connection.lifetimes.child, connection.lifetimes, role,
                margin: connection.lifetimes.childRekeyMargin ?? connection.lifetimes.rekeyMargin)
        timers.set(.childRekey(child), at: time)
        childSAsByID[child]?.facts.rekeyTime = time
    }

    func rekeyChild(_ id: ChildSAID) {
        guard let child = childSAsByID[id], let ike = ikes[child.facts.ike], case .established = ike.phase,
            let connection = records[child.facts.connection]?.connection, !ike.closing.contains(id),
            !ike.negotiations.values.contains(where: { $0.replaces == id })
        else { return }
        // The Child SA moves to the new IKE SA first (RFC 7296 §2.25.2).
        guard ike.rekey == nil else {
            timers.set(.childRekey(id), at: now + Engine.rekeyRetry)
            return
        }
        startChild(connection, ike, replacing: child)
    }

    /// A Child SA has lived as long as it may.
    func expireChild(_ id: ChildSAID) {
        guard let child = childSAsByID[id], let ike = ikes[child.facts.ike] else { return }
        if case .established = ike.phase, !ike.closing.contains(id) { deleteChildrenWithPeer([id], ike) }
        removeChild(id, ike, .expired)
    }
}
