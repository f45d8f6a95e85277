import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Where a client has been sent, and how often within one period (RFC 5685 §7).
struct Redirection {
    var attempt: Int
    var from: IPAddress
    var to: IPAddress
    var firstAt: Instant

    /// MAX_REDIRECTS within REDIRECT_LOOP_DETECT_PERIOD.
    static let greatestCount = 5
    static let period = Duration.seconds(300)
}

/// Gateways that send their clients to others (RFC 5685).
extension Engine {
    // MARK: Gateway

    /// A gateway that takes nobody sends those away that can be sent, without keeping anything of them (RFC 5685 §3).
    /// - Returns: whether it is such a gateway for such a client; so many at once that not all are answered come again.
    func redirects(_ message: Message, _ datagram: Datagram, nonce: [UInt8]) -> Bool {
        guard let target = globalRedirect, message.payloads.supportsRedirect else { return false }
        if answerSeldom(message, datagram, .redirect(to: .address(target), nonce: nonce)) {
            emit(.redirectSent(nil, to: target, datagram.remote))
        } else {
            drop(.answeredSeldom, nil, datagram, message)
        }
        return true
    }

    /// N(REDIRECT) in the place of a Child SA, for a client that has proved who it is (RFC 5685 §6).
    func redirectAnswer(_ ike: IKESA, _ connection: Connection) -> [Payload]? {
        guard let target = connection.redirectTarget, ike.peerSupportsRedirect else { return nil }
        emit(.redirectSent(ike.id, to: target, ike.remote))
        return [.notify(.redirect(to: .address(target)))]
    }

    /// The clients of a connection go elsewhere, in the middle of a session (RFC 5685 §5).
    func redirect(_ id: ConnectionID, to target: IPAddress) {
        for ike in ikeSAs(of: id) { redirect(ike, to: target) }
    }

    /// The client of one IKE SA, where it knows how to go.
    func redirect(_ ike: IKESA, to target: IPAddress) {
        guard !ike.isOfOriginalInitiator, ike.peerSupportsRedirect, case .established = ike.phase else { return }
        emit(.redirectSent(ike.id, to: target, ike.remote))
        request(ike, .informational, .redirect, [.notify(.redirect(to: .address(target)))])
    }

    // MARK: Client

    /// N(REDIRECT_SUPPORTED), or where we came from if we were sent (RFC 5685 §3).
    func redirectOffer(_ connection: Connection, _ ike: IKESA) -> [Payload] {
        guard connection.acceptsRedirects else { return [] }
        var payloads: [Payload] = [.notify(NotifyPayload(type: .redirectSupported))]
        if let redirection = records[connection.id]?.redirection, redirection.to == ike.remote.address {
            payloads.append(.notify(.redirectedFrom(.address(redirection.from))))
        }
        return payloads
    }

    /// The gateway of a REDIRECT where we follow such; a name is not looked up.
    func redirectTarget(_ payloads: [Payload], _ connection: Connection, nonce: [UInt8] = []) -> IPAddress? {
        guard connection.acceptsRedirects, let notify = payloads.notify(.redirect),
            let (gateway, theirNonce) = try? notify.redirection(), theirNonce == nonce,
            case .address(let target) = gateway
        else { return nil }
        return target
    }

    /// Leaves the gateway for another one, unless this happens too often (RFC 5685 §7).
    func follow(
        _ target: IPAddress, _ ike: IKESA, _ connection: Connection, _ exchange: ExchangeType, child: ChildSAID?
    ) {
        let id = connection.id
        var redirection = records[id]?.redirection ?? Redirection(attempt: 0, from: target, to: target, firstAt: now)
        if now - redirection.firstAt > Redirection.period { redirection.attempt = 0 }
        if redirection.attempt == 0 { redirection.firstAt = now }
        guard redirection.attempt < Redirection.greatestCount else {
            emit(.redirectLoop(ike.id, exchange))
            records[id]?.redirection = nil
            if records[id]?.staysUp == true {
                scheduleRevival(id, ike, child: child, reason: .redirected, after: Redirection.period)
            }
            deleteAtOnce(ike, .redirected)
            return
        }
        redirection.attempt += 1
        redirection.from = ike.remote.address
        redirection.to = target
        emit(.redirected(ike.id, exchange, to: target))
        records[id]?.redirection = redirection
        emit(.redirectScheduled(id, ike.id, child, attempt: redirection.attempt, to: target))
        if impairments.skipRevival {
            records[id]?.postponedRevival = .redirected
            emit(.redirectSkipped(id, ike.id, child))
        } else {
            records[id]?.revivalReason = .redirected
            timers.set(.revival(id), at: now)
        }
        deleteAtOnce(ike, .redirected)
    }
}

extension [Payload] {
    /// RFC 5685 §3: who comes from another gateway need not say it again.
    var supportsRedirect: Bool { notify(.redirectSupported) != nil || notify(.redirectedFrom) != nil }
}
