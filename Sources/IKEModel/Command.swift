package import NetAddress

/// What the operator (through a dialect) asks of an engine.
package enum Command: Sendable {
    case add(Connection)
    /// Its SAs are deleted, the peer told.
    case remove(ConnectionID)
    case setSecrets(PreSharedKeys)
    case setCredentials(Credentials)
    /// Establish it; with `staysUp` it is revived when its SAs end other than by the operator's will.
    case initiate(ConnectionID, staysUp: Bool)
    /// From here on what is begun is made ready and not sent; taken back, all of it is sent, in order.
    case gather(Bool)
    /// Delete its SAs, the peer told; it no longer stays up.
    case terminate(ConnectionID)
    /// Delete its IKE SA but keep its ticket for a resumption (RFC 5723).
    case suspend(ConnectionID)
    case deleteIKE(IKESAID)
    case deleteChild(ChildSAID)
    /// Replace an IKE SA, a Child SA by a new one (RFC 7296 §1.3.2, §1.3.3).
    case rekeyIKE(IKESAID)
    case rekeyChild(ChildSAID)
    /// Install policies that start the connection when a packet wants it.
    case route(ConnectionID)
    case unroute(ConnectionID)
    case setImpairments(Impairments)
    /// Half-open IKE SAs of responders: with so many, newcomers must show a cookie (RFC 7296 §2.6); with so many, none is
    /// taken on.
    case setHalfOpenLimits(cookieThreshold: Int, greatest: Int)
    /// Take a recorded message in, or send one out, though it be blocked: the number counts from 1.
    case drip(inbound: Bool, number: Int)
    /// Revive, now, a connection whose revival an impairment has put off.
    case triggerRevival(ConnectionID)
    /// A new key for tickets; the one before it still opens them (RFC 5723 §5).
    case rollTicketKey
    /// Every client that comes is sent to this gateway (RFC 5685 §3); nil: none.
    case setGlobalRedirect(IPAddress?)
    /// The clients of a connection are sent to this gateway, now (RFC 5685 §5).
    case redirect(ConnectionID, to: IPAddress)
    /// The client of one IKE SA.
    case redirectIKE(IKESAID, to: IPAddress)
    /// Revocation lists have been fetched, or not: what waited for them goes on.
    case continueAuthentication(IKESAID)
    /// Ask the peer for a sign of life now.
    case probe(IKESAID)
    /// Delete everything, the peers told once, without waiting for answers.
    case shutdown
}
