import IKEModel

/// The peer's requests of one IKE SA by their message IDs: which of them may come, and the answers that are kept
/// (RFC 7296 §2.1-2.3). Its size is what this end has told the peer to keep apart; 1 until an IKE SA stands.
struct RequestWindow {
    /// An answer, to be repeated octet for octet.
    struct Answer {
        var messageID: UInt32
        var datagrams: [Datagram]
    }

    /// What a request is by its message ID.
    enum Standing {
        case fresh
        case answered(Answer)
        /// Its answer is forgotten, or it comes too early.
        case outside
    }

    /// The lowest message ID that is not answered.
    private(set) var expected: UInt32 = 0
    /// The newest answer.
    private(set) var last: Answer?
    /// The answers before it that are still kept: none with a size of 1.
    private var earlier: [Answer] = []

    init(expected: UInt32 = 0) { self.expected = expected }

    /// One past the greatest message ID that was answered.
    private var end: UInt32 {
        earlier.reduce(max(expected, last.map { $0.messageID &+ 1 } ?? 0)) { max($0, $1.messageID &+ 1) }
    }

    func answer(to messageID: UInt32) -> Answer? {
        last?.messageID == messageID ? last : earlier.first { $0.messageID == messageID }
    }

    func standing(of messageID: UInt32, size: UInt32) -> Standing {
        if let answer = answer(to: messageID) { return .answered(answer) }
        return messageID >= expected && messageID - expected < size ? .fresh : .outside
    }

    /// Whether a request that was sent later has been answered already.
    func isOvertaken(_ messageID: UInt32) -> Bool { messageID &+ 1 < end }

    /// Keeps an answer, and of those before it as many as the peer may still ask for again: it has sent a request only when it
    /// had the answers to all up to `size` before it.
    mutating func keep(_ answer: Answer, size: UInt32) {
        if size > 1, let last { earlier.append(last) }
        last = answer
        let end = end
        earlier.removeAll { end - $0.messageID > size }
        while self.answer(to: expected) != nil { expected &+= 1 }
    }
}

extension Engine {
    /// Requests of ours that wait for their responses at once, whatever more a peer can keep apart.
    static let requestLimit: UInt32 = 16

    /// How many requests of the peer's are taken before the first of them is answered: "always one until the initial exchanges
    /// complete" (RFC 7296 §2.3).
    func ownWindow(_ ike: IKESA) -> UInt32 {
        switch ike.phase {
        case .established, .deleting: max(profile.requestWindow, 1)
        default: 1
        }
    }

    /// Whether a request of ours may go now, as far as those go that wait for their responses (RFC 7296 §2.3).
    func mayGo(_ purpose: RequestPurpose, _ ike: IKESA) -> Bool {
        guard let oldest = ike.outstanding.first else { return true }
        guard case .established = ike.phase, ike.mobility?.isUpdatePending != true, purpose.standsBesideOthers,
            ike.outstanding.allSatisfy(\.purpose.standsBesideOthers),
            // "it MUST wait until it has received responses to all requests up through request X-N"
            ike.nextRequestID &- oldest.messageID < ike.peerWindow
        else { return false }
        // What replaces a Child SA names it: its Delete must not come first.
        if case .deleteChildren(let children) = purpose {
            return !ike.negotiations.values.contains { $0.replaces.map(children.contains) ?? false }
        }
        return true
    }
}

extension RequestPurpose {
    /// Whether it means the same in whatever order it and others of its kind arrive. What changes the IKE SA itself or its addresses, ends
    /// it or makes it, goes alone (RFC 7296 §2.25.2, RFC 4555 §3.5).
    fileprivate var standsBesideOthers: Bool {
        switch self {
        case .createChild, .deleteChildren, .liveness: true
        case .ikeSAInit, .sessionResume, .intermediate, .ikeAuth, .ikeAuthAlone, .rekeyIKE, .deleteIKE,
            .updateAddresses,
            .announceAddresses, .routability, .redirect:
            false
        }
    }
}
