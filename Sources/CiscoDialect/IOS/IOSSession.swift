import IKEModel
import NetAddress

/// An IKE SA as the console counts it, and what is under way in it.
struct IOSSession {
    var number = 0
    var role: Role
    var connection: ConnectionID?
    var remote: Endpoint
    var isEstablished = false
    var initiatorSPI: UInt64 = 0
    var responderSPI: UInt64 = 0
    var localBehindNAT = false
    var remoteBehindNAT = false
    /// What either end has announced (RFC 7296 §2.3).
    var ownWindow: UInt32 = 1
    var peerWindow: UInt32 = 1
    /// The peer's request, until it is answered, and whether the answer is an error.
    var request: MessageFacts?
    var isRefusing = false
    /// Of the last message, and of our last request.
    var lastMessageID: UInt32 = 0
    var lastRequestID: UInt32 = 0
    /// Child SAs that requests of ours propose, with the message IDs: several at once where the peer's window has room.
    var asked: [ChildSAID: UInt32] = [:]
    /// The group of our last request's KE payload.
    var sentGroup: UInt16?
    /// The group that came, or that we tried, and the one that its receiver wants.
    var groups: (sent: UInt16, wanted: UInt16)?
    /// The number of the IKE SA that took its place.
    var successor: Int?
    /// The newest Child SA.
    var child: ChildFacts?

    init(role: Role, connection: ConnectionID?, remote: Endpoint) {
        self.role = role
        self.connection = connection
        self.remote = remote
    }
}

/// What a router shows of its own insides and this program has no counterpart of: numbers that one part of it knows another's
/// objects by. They follow the number of the IKE SA or of the Child SA, so that two never look alike; each is shown when
/// that SA comes true.
enum IOSPersona {
    static func platform(_ session: Int) -> String { "\(59 + session)" }

    /// Of the first Child SA: handle 80000002, session 8. KMI messages 8 and 12 are about any.
    static func handles(of child: Int) -> [String: String] {
        [
            "handle": Hexadecimal.upper(0x8000_0001 + child, width: 8), "ipsecSession": "\(7 + child)",
            "increase": "8", "ready": "12",
        ]
    }

    /// Of a listing's `CE id` and `Session-id`.
    static func entry(_ session: Int) -> (connectionEntry: Int, sessionID: Int) { (1002 + session, session) }

    /// Of an SA of a pair: the initiator's outbound one has the odd number of the two, the responder's inbound one.
    static func connection(_ child: Int, isInbound: Bool, _ role: Role) -> Int {
        2 * child - ((role == .initiator) == isInbound ? 0 : 1)
    }

    /// Of a listing's `sibling_flags`.
    static let siblingFlags = "80000040"
}
