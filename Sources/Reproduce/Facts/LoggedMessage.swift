package import IKEWire
package import NetAddress

/// What a log says of one IKE message. What it doesn't say is nil: nothing here is guessed.
package struct LoggedMessage: Sendable {
    package enum Sighting: String, Sendable { case sent, received, captured }

    /// A notification that the message carried.
    package struct Notify: Hashable, Sendable {
        package var type: NotifyType
        /// nil where the log doesn't show it.
        package var data: [UInt8]?
        package init(_ type: NotifyType, data: [UInt8]? = nil) { (self.type, self.data) = (type, data) }
    }

    package var position: LogPosition
    package var exchange: ExchangeType
    package var isResponse: Bool
    package var messageID: UInt32?
    package var sighting: Sighting?
    /// Whether the original initiator of the IKE SA sent it (RFC 7296 §3.1, flag I).
    package var isFromInitiator: Bool?
    package var initiatorSPI: IKESPI?
    package var responderSPI: IKESPI?
    /// As the log writes them; a redacted one is no address. Without a port.
    package var source: String?
    package var destination: String?
    /// In the RFC's notation: `SA`, `Ni`, `N(REKEY_SA)`; nil where the inside is not shown.
    package var payloads: [String]?
    package var proposals: [LoggedProposal] = []
    /// Of a proposal for an IKE SA in CREATE_CHILD_SA: the SPI that its sender will have (RFC 7296 §1.3.2).
    package var replacementSPI: IKESPI?
    /// Of a Delete payload: what it ends (RFC 7296 §3.11).
    package var deletes: ProtocolID?
    /// Of the KE payload.
    package var group: UInt16?
    package var initiatorSelectors: [TrafficSelector] = []
    package var responderSelectors: [TrafficSelector] = []
    /// `@west`, `192.0.2.1`.
    package var initiatorID: String?
    package var responderID: String?
    package var notifies: [Notify] = []
    /// What the log says between this message and the next: reasons, choices.
    package var remarks: [Remark] = []
    /// Of the log's own way of telling IKE SAs apart, where it has no SPIs.
    package var session: String?

    package init(_ position: LogPosition, _ exchange: ExchangeType, isResponse: Bool, messageID: UInt32?) {
        self.position = position
        self.exchange = exchange
        self.isResponse = isResponse
        self.messageID = messageID
    }

    package func has(_ type: NotifyType) -> Bool { notifies.contains { $0.type == type } }

    /// The errors among its notifications (RFC 7296 §3.10.1).
    package var errors: [Notify] { notifies.filter { $0.type.isError } }

    /// `CREATE_CHILD_SA request 2`.
    package var title: String {
        "\(exchange) \(isResponse ? "response" : "request")" + (messageID.map { " \($0)" } ?? "")
    }
}

/// What an input says beside messages.
package struct Remark: Sendable {
    /// An end of a message.
    package enum End: Sendable { case sender, receiver }

    package enum Content: Sendable {
        /// The log's own side would have taken these.
        case ownProposals([LoggedProposal])
        /// The proposal that was chosen.
        case chosen(LoggedProposal)
        /// The log's own side wants another group: what came and what it prefers (0: none).
        case groupPreferred(sent: UInt16, own: UInt16)
        /// The log's own side would have taken these selectors: its own, the peer's.
        case ownSelectors(local: [String], remote: [String])
        /// A reason why something was refused, in the log's words.
        case reason(String)
        case ikeEstablished
        case childEstablished
        /// A question whether the peer is alive.
        case liveness
        /// How an end proves who it is, in the log's words: `pre-shared key`.
        case authentication(String)
        case retransmission
        /// Between this end of the message and where it was seen an address was translated (RFC 7296 §2.23): a sender was seen by the
        /// NAT's address, a receiver by its own. Who forces UDP encapsulation says the same as a sender behind a NAT: it is only as
        /// certain as its source makes it. `here` is the end's address where the remark was made, `beyond` the one that another
        /// sighting of the message has on the NAT's other side.
        case translated(End, here: String?, beyond: String? = nil, isCertain: Bool)
    }

    package var position: LogPosition
    package var content: Content

    package init(_ position: LogPosition, _ content: Content) { (self.position, self.content) = (position, content) }
}
