import IKEModel

/// An established Child SA, both directions.
struct ChildSA {
    var facts: ChildFacts
    /// The attempts to revive its connection that came before it.
    var attemptsBefore = 0
}

/// A connection and what has become of it.
struct ConnectionRecord {
    var connection: Connection
    /// Revived when its SAs end other than by the operator's will.
    var staysUp = false
    var isRouted = false
    /// Routed for no longer than its revival takes.
    var isRoutedForRevival = false
    /// An `initiate` that has had no last word.
    var isInitiating = false
    /// The SAs whose end a `terminate` or `suspend` waits for.
    var ending: Set<EndingSA> = []
    var ticket: HeldTicket?
    /// The newest ones.
    var ike: IKESAID?
    var child: ChildSAID?
    var revivalAttempts = 0
    /// A TCP connection for a new IKE SA is being opened.
    var isOpeningStream = false
    /// With `udpThenTCP`: the last attempt over UDP came to nothing.
    var prefersTCP = false
    /// Where a gateway has sent it: the next attempt goes there.
    var redirection: Redirection?
    /// A revival that was put off would have waited for at least this long.
    var longestWait = Duration.zero
    /// Why it would have been revived if an impairment had not put it off.
    var postponedRevival: DeletionReason?
    /// Child SAs in a row that ended soon after they had come up.
    var shortLives = 0
    /// Why it is to be revived, from the decision to the deed.
    var revivalReason: DeletionReason?
}

enum EndingSA: Hashable {
    case ike(IKESAID)
    case child(ChildSAID)
}
