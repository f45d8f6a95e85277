import IKEModel
import NetAddress

/// NAT keepalives: from behind a NAT something is sent often enough for its mapping to stay (RFC 3948 §4).
extension Engine {
    /// Twice an interval it is looked at whether something was sent, so that no pause is longer than the interval.
    func armKeepAlive(_ ike: IKESA) {
        // RFC 9329 §6.6: not over TCP.
        guard ike.nat.localBehindNAT, !ike.isOverStream, let connection = connection(of: ike),
            connection.natKeepAlive > .zero
        else {
            timers.cancel(.keepAlive(ike.id))
            return
        }
        if !timers.isSet(.keepAlive(ike.id)) {
            timers.set(.keepAlive(ike.id), at: now + Engine.tick(connection))
        }
    }

    private static func tick(_ connection: Connection) -> Duration {
        max(connection.natKeepAlive / 2, .milliseconds(1))
    }

    func keepAlive(_ ike: IKESA) {
        guard case .established = ike.phase, ike.nat.localBehindNAT, let connection = connection(of: ike),
            connection.natKeepAlive > .zero
        else { return }
        let tick = Engine.tick(connection)
        let quiet = now - ike.lastSent
        // Without a Child SA there is nobody who sends in between: the whole interval has passed, or it has not.
        if quiet >= (ike.children.isEmpty ? connection.natKeepAlive : tick) {
            if ike.children.isEmpty { ike.lastSent = now }
            outbox.append(.dataPlane(.keepAlive(local: ike.local, remote: ike.remote, children: ike.children)))
        }
        timers.set(.keepAlive(ike.id), at: now + tick)
    }
}
