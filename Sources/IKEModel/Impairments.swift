/// Faults that a test asks an engine to commit. None by default.
package struct Impairments: Hashable, Sendable {
    /// Requests are sent once.
    package var suppressRetransmits = false
    /// The first due retransmission gives the exchange up instead.
    package var timeoutOnRetransmit = false
    /// A deleted IKE SA is not announced to the peer.
    package var sendNoDelete = false
    /// A connection that is to stay up is not revived.
    package var skipRevival = false
    /// An octet of each ticket is flipped before it is presented.
    package var corruptTicket = false
    /// Tickets are issued with this lifetime instead of the profile's.
    package var ticketLifetime: Duration?
    /// The first octet of each SK payload's ciphertext that comes in is flipped.
    package var corruptIncomingSK = false

    /// A response to IKE_AUTH says that it is one to INFORMATIONAL.
    package var misnameIKEAuthResponse = false
    /// Each protected message that comes in is taken a second time, as it came.
    package var replayEncrypted = false
    /// The first octet of each protected message's SK payload is altered, but not of one that is replayed.
    package var corruptEncrypted = false

    /// What TSi and TSr of a request say of the number of their selectors.
    package var initiatorSelectorCount: UInt8?
    package var responderSelectorCount: UInt8?
    /// What becomes of the key lengths in a proposal for an IKE SA, and for a Child SA.
    package var ikeKeyLength: KeyLengthFault?
    package var childKeyLength: KeyLengthFault?
    /// Whether a proposal for a Child SA without a key exchange says so, with the transform NONE.
    package var explicitNoKeyExchange: Bool?
    /// The Protocol ID in N(REKEY_SA), 3 if right (RFC 7296 §2.8).
    package var rekeyProtocolID: UInt8?
    /// Values that no RFC names are told when they are sent.
    package var tellsUnknownValues = false

    /// Messages that go out, or come in, are kept and can be repeated by their number, from 1.
    package var recordOutbound = false
    package var recordInbound = false
    /// They are kept and go no further.
    package var blockOutbound = false
    package var blockInbound = false

    /// The Key Length attribute of a cipher (RFC 7296 §3.3.5) other than it should be.
    package enum KeyLengthFault: Hashable, Sendable {
        case omitted
        case duplicated
        /// With a length of its own, which is zero.
        case empty
        /// In bits.
        case replaced(UInt16)
    }

    /// The key of the outbound ESP SA differs from the peer's in one octet.
    package var corruptESPKey = false

    package init() {}
}
