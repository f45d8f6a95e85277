import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// An IKE SA from its first message to its end.
///
/// What is needed in one phase only lives in that phase's value: it cannot be asked for in another.
final class IKESA {
    let id: IKESAID
    let role: Role
    /// Whether this end began the first of a series of IKE SAs, whoever has rekeyed since (RFC 4555 §2, RFC 5685 §5).
    var isOfOriginalInitiator: Bool
    var connection: ConnectionID? { didSet { index?.move(id, from: oldValue, to: connection) } }
    var local: Endpoint
    var remote: Endpoint
    /// When it was last moved between them.
    var endsSince: Instant
    let initiatorSPI: IKESPI
    var responderSPI: IKESPI
    var phase: Phase
    /// Set while the responder would know a repetition of the first request by it.
    var initialRequest: Engine.InitialRequest?

    var fragmentationNegotiated = false
    /// Of IKE_AUTH: the peer's message, which waits for revocation lists; they are asked for once.
    var parked: [Payload]?
    var mayPark = false
    var hasParked = false
    /// The hashes that the peer takes in signatures; nil: it has not said that it knows RFC 7427.
    var peerSignatureHashes: [SignatureHashAlgorithm]?
    /// Whether the peer has asked for a certificate (RFC 7296 §3.7).
    var isAskedForCertificate = false
    /// HTTP_CERT_LOOKUP_SUPPORTED: this end has said it, the peer has (RFC 7296 §3.6).
    var looksUpCertificates = false
    var peerLooksUpCertificates = false
    /// The IKE_AUTH message that waits for its certificates.
    var lookup: CertificateLookup? {
        get { waitingLookup?.value }
        set { waitingLookup = newValue.map { LookupBox(value: $0) } }
    }
    private var waitingLookup: LookupBox?
    var nat = NATStatus()
    var suite: IKESuite?
    var keys: IKEKeys?
    /// Both ends said USE_PPK in IKE_SA_INIT (RFC 8784); at last, whether one is in the keys.
    var usesPPK = false
    /// Set by the initiator until it is known whether the responder has mixed its PPK in.
    var keysWithoutPPK: IKEKeys?
    /// By which this end has proved itself; nil until the IKE SA stands.
    var identification: Identification?
    var peer: Identification? { didSet { index?.move(id, from: oldValue, to: peer) } }
    var established: Instant? { didSet { noteBusy() } }
    var expires: Instant?
    var rekeyTime: Instant?
    /// Notifications in the peer's IKE_SA_INIT that the profile echoes.
    var announced: Set<NotifyType> = []
    var lastHeard: Instant
    var lastSent: Instant
    /// Both ends said INTERMEDIATE_EXCHANGE_SUPPORTED, and what came of it (RFC 9242); nil: not both did.
    var intermediate: IntermediateAuthentication?
    /// The responder's CHILDLESS_IKEV2_SUPPORTED (RFC 6023 §3).
    var peerSupportsChildless = false
    /// RFC 5685 §3: it has said so.
    var peerSupportsRedirect = false
    /// nil: one of the ends does not speak MOBIKE.
    var mobility: Mobility?
    /// Established ones; newest last.
    var children: [ChildSAID] = []

    /// Addresses that the peer was lent; as a gateway.
    var leases: [IPAddress] = []
    /// What this end was given; as a client.
    var configuration: InternalConfiguration?

    /// CREATE_CHILD_SA exchanges of ours that are not answered, by the Child SA that they propose.
    var negotiations: [ChildSAID: ChildNegotiation] = [:] { didSet { noteBusy() } }
    /// SPIs that the peer has deleted while an answer of it was on its way to us that may bring them.
    var deletedEarly: Set<[UInt8]> = []
    /// Our wish to replace this IKE SA, until it is answered.
    var rekey: IKERekey?
    /// What the peer has put in its place (RFC 7296 §1.3.2); it should be deleted soon.
    var replacement: IKESAID?
    /// What it was made in the place of, by either end.
    var predecessor: IKESAID?
    /// Connections whose Child SAs wait for this IKE SA to stand.
    var queue: [ConnectionID] = [] { didSet { noteBusy() } }
    /// Child SAs for which our Delete is on its way.
    var closing: Set<ChildSAID> = []

    /// The next message ID of a request of ours (RFC 7296 §2.2).
    var nextRequestID: UInt32 = 0
    /// Our requests that wait for their responses, oldest first: as many as the peer keeps apart (RFC 7296 §2.3).
    var outstanding: [PendingRequest] = []
    /// The requests that the peer keeps apart: one until it says more.
    private(set) var peerWindow: UInt32 = 1
    /// Requests that wait for their turn.
    var waiting: [QueuedRequest] = []
    /// Where the request that is being answered came from and to: its answer goes back the same way (RFC 7296 §2.11).
    var requestEnds: (local: Endpoint, remote: Endpoint)?
    /// The last request by its hash (see `LastAnswers`).
    var lastRequest: (messageID: UInt32, hash: [UInt8])?
    /// The message ID of the request that is being answered.
    var answering: UInt32 = 0
    /// The peer's requests, and the answers to be repeated.
    var requests = RequestWindow()
    /// Of the peer's UPDATE_SA_ADDRESSES: an older one changes nothing (RFC 4555 §3.5).
    var newestAddressUpdate: UInt32?
    /// Of any request of the peer's about addresses: an older list of them changes nothing (RFC 4555 §3.6).
    var newestAddressRequest: UInt32?
    /// Messages whose fragments have not all come, by message ID.
    var requestReassembly: [UInt32: FragmentReassembly] = [:]
    var responseReassembly: [UInt32: FragmentReassembly] = [:]
    /// Whether this end opens the TCP connection, which it does for the IKE SA's replacements too (RFC 9329 §1.2).
    var originatesStream = false
    /// Whether a TCP connection is being opened, or waited for, in the place of one that was lost.
    var isStreamLost = false
    /// TCP connections since the peer was heard last.
    var streamReopenings = 0
    /// Where it is filed, while it can be found.
    private var index: IKESAIndex?
    private var isFiledBusy = false
    /// Counts the initialization vectors of AEAD ciphers: never used twice with a key (RFC 5282 §3.1).
    var vectorCounter: UInt64

    init(
        id: IKESAID, role: Role, connection: ConnectionID?, local: Endpoint, remote: Endpoint, initiatorSPI: IKESPI,
        responderSPI: IKESPI, phase: Phase, vectorStart: UInt64, now: Instant
    ) {
        self.id = id
        self.role = role
        isOfOriginalInitiator = role == .initiator
        self.connection = connection
        self.local = local
        self.remote = remote
        self.initiatorSPI = initiatorSPI
        self.responderSPI = responderSPI
        self.phase = phase
        vectorCounter = vectorStart
        endsSince = now
        lastHeard = now
        lastSent = now
    }

    /// SET_WINDOW_SIZE: there is no way to make it smaller (RFC 7296 §2.3).
    func noteWindow(_ payloads: [Payload]) {
        guard let size = payloads.notify(.setWindowSize)?.windowSize else { return }
        peerWindow = max(peerWindow, min(size, Engine.requestLimit))
    }

    /// Whether a connection may be coming up in it, by a wish of this end.
    var isBusy: Bool { !negotiations.isEmpty || !queue.isEmpty || role == .initiator && established == nil }

    private func noteBusy() {
        guard let index, isBusy != isFiledBusy else { return }
        isFiledBusy.toggle()
        index.set(id, busy: isFiledBusy)
    }

    func file(in index: IKESAIndex) {
        self.index = index
        index.move(id, from: nil, to: connection)
        index.move(id, from: nil, to: peer)
        noteBusy()
    }

    /// Found no more.
    func unfile() {
        index?.move(id, from: connection, to: nil)
        index?.move(id, from: peer, to: nil)
        index?.set(id, busy: false)
        index = nil
    }

    /// Indirect where a phase has much to keep: an established IKE SA has no room for it.
    enum Phase {
        indirect case initSent(InitiatorOffer)
        indirect case resumeSent(ResumptionOffer)
        /// The responder has answered IKE_SA_INIT or IKE_SESSION_RESUME.
        indirect case awaitingAuth(HalfOpen)
        /// IKE_INTERMEDIATE is under way; then IKE_AUTH is (RFC 9242 §3.2).
        indirect case intermediateSent(HalfOpen)
        indirect case authSent(AuthenticationOffer)
        /// The responder has begun EAP.
        indirect case awaitingEAP(EAPExchange)
        case established
        /// Our Delete is on its way.
        case deleting(DeletionReason)
    }

    /// The initiator's side of IKE_SA_INIT.
    struct InitiatorOffer {
        var keyExchange: KeyExchange
        var nonce: [UInt8]
        var cookies = CookiesTaken()
        /// The whole message as sent: AUTH covers it.
        var message: [UInt8]
        /// Groups that the peer has asked for by INVALID_KE_PAYLOAD: none twice (RFC 7296 §1.2).
        var groupsTried: Set<KeyExchangeMethod>
    }

    /// The initiator's side of IKE_SESSION_RESUME.
    struct ResumptionOffer {
        var ticket: HeldTicket
        var nonce: [UInt8]
        var cookies = CookiesTaken()
        var message: [UInt8]
    }

    /// Between the answer to the first request and IKE_AUTH: the responder, and the initiator with IKE_INTERMEDIATE.
    struct HalfOpen {
        var initiatorNonce: [UInt8]
        var responderNonce: [UInt8]
        var request: [UInt8]
        var response: [UInt8]
        /// Set where the IKE SA is a resumption.
        var session: TicketContents?
    }

    /// The initiator between IKE_AUTH and its answer.
    struct AuthenticationOffer {
        var initiatorNonce: [UInt8]
        var responderNonce: [UInt8]
        var request: [UInt8]
        var response: [UInt8]
        var identification: Identification
        var resuming: HeldTicket?
        var askedForTicket: Bool
        /// nil: none comes with IKE_AUTH (RFC 6023).
        var child: ChildOffer?
        /// nil: this end proves itself without EAP.
        var eap: EAPInitiation?
    }

    /// The SPI by which messages to us name this IKE SA.
    var localSPI: IKESPI { role == .initiator ? initiatorSPI : responderSPI }

    var state: IKEState {
        switch phase {
        case .initSent: .initSent
        case .resumeSent: .resumeSent
        case .awaitingAuth(let halfOpen): halfOpen.session == nil ? .initResponded : .resumeResponded
        case .intermediateSent: .intermediateSent
        case .authSent: .authSent
        case .awaitingEAP: .initResponded
        case .established: .established
        case .deleting: .deleting
        }
    }
}

/// Most IKE SAs never have one.
private final class LookupBox {
    let value: CertificateLookup
    init(value: CertificateLookup) { self.value = value }
}

/// The cookies that a responder has asked for in answer to one first request (RFC 7296 §2.6).
struct CookiesTaken {
    /// A responder whose secret has changed asks again; who only ever asks is not worth a fourth request.
    private static let limit = 3

    private(set) var newest: [UInt8]?
    private var count = 0

    /// - Parameter cookie: 1...64 octets. - Returns: false where it is no reason to ask anew.
    mutating func take(_ cookie: [UInt8]) -> Bool {
        guard (1...64).contains(cookie.count), cookie != newest, count < CookiesTaken.limit else { return false }
        newest = cookie
        count += 1
        return true
    }
}

/// A Child SA that was proposed and not yet answered.
struct ChildOffer {
    var child: ChildSAID
    var spi: ESPSPI
    var localSelectors: [TrafficSelector]
    var remoteSelectors: [TrafficSelector]
}

/// A request on its way (RFC 7296 §2.1).
struct PendingRequest {
    var messageID: UInt32
    var exchange: ExchangeType
    var purpose: RequestPurpose
    /// More than one where it was fragmented.
    var datagrams: [Datagram]
    var firstSent: Instant
    var wait: Duration
    /// When it is sent again, or given up.
    var due: Instant
    var retransmissions = 0
}

/// A request that waits for the one before it to be answered.
struct QueuedRequest {
    var exchange: ExchangeType
    var purpose: RequestPurpose
    var payloads: [Payload]
}
