package import IKECrypto
package import IKEWire
package import NetAddress

/// Where an IKE SA stands, as its peer would see it.
package enum IKEState: Hashable, Sendable {
    case initSent, initResponded, intermediateSent, resumeSent, resumeResponded, authSent, established, deleting
}

/// What a request of ours asks for.
package enum RequestPurpose: Hashable, Sendable {
    case ikeSAInit
    case sessionResume
    /// RFC 9242.
    case intermediate
    /// The Child SA that it proposes, and its inbound SPI.
    case ikeAuth(child: ChildSAID, inbound: ESPSPI, encapsulated: Bool)
    /// An IKE_AUTH that proposes no Child SA: there is none (RFC 6023), or it was proposed before EAP began.
    case ikeAuthAlone
    /// CREATE_CHILD_SA: the Child SA that it proposes, and the one that it is to replace.
    case createChild(child: ChildSAID, inbound: ESPSPI, encapsulated: Bool, replacing: ChildSAID?)
    /// CREATE_CHILD_SA: the IKE SA that is to replace the one that carries the request.
    case rekeyIKE(IKESAID)
    case deleteIKE
    case deleteChildren([ChildSAID])
    case liveness
    /// MOBIKE: our path has changed; our other addresses have; whether the peer is where it says (RFC 4555 §3.5-3.7).
    case updateAddresses
    case announceAddresses
    case routability
    /// RFC 5685 §5.
    case redirect
}

/// Why an exchange or an SA came to nothing.
package enum FailureReason: Hashable, Sendable {
    /// The peer said so.
    case refused(NotifyType)
    /// We said so.
    case refusing(NotifyType)
    case timedOut
    case noSharedKey
    /// This end has no private key for what the connection says of it.
    case noPrivateKey
    /// None of the ways to sign that the connection allows is one that the peer takes and the key can do.
    case noSignatureMethod
    /// The peer sent no certificate, and no key of it is known.
    case noPeerCertificate
    /// It sent the URL of one (RFC 7296 §3.6), though it was not told that such are looked up.
    case certificateByURL
    case certificate(CertificateRefusal)
    /// The certificate is good, and says nothing of the identity that the peer claims.
    case identityNotInCertificate
    case authenticationMismatch
    case identificationMismatch
    case badSyntax(String)
    case dataPlane(String)
    case ppk(PPKFailure)
    case eap(EAPFailure)
    /// The responder does not say that it can do without a first Child SA, and we cannot do with one (RFC 6023 §3).
    case childlessUnsupported
}

/// Why an SA went away.
package enum DeletionReason: Hashable, Sendable {
    case operatorRequest
    /// A Child SA by itself, while nobody said that its connection should end.
    case childAlone
    /// The gateway sent us elsewhere (RFC 5685).
    case redirected
    case suspended
    case peerRequest
    case failed(FailureReason)
    case replaced
    case expired
    case shutdown
}

/// How a peer proved its identity.
package enum AuthenticationProof: Hashable, Sendable {
    case sharedKey
    case sessionResumption(ResumptionAuthentication)
    case null
    case signature(SignatureProof)
    case eap(EAPProof)
}

/// Why a ticket was not taken (RFC 5723 §4.3.2).
package enum TicketRefusal: Hashable, Sendable {
    /// Sealed with a key that is gone, or with none of ours.
    case unknownKey
    case altered
    case expired
    case reused
    /// It opens, and no connection of today would have issued it.
    case noConnection
    /// Session resumption is not in use here.
    case unsupported
}

/// Why a datagram was dropped without an answer.
package enum DropReason: Hashable, Sendable {
    case malformed(String)
    case unknownSPI
    case integrityFailure
    /// - Parameter expected: of a response, that of the request under way, or else of the next one.
    case unexpectedMessageID(UInt32, expected: UInt32)
    case unexpectedExchange
    /// The request that is at work and waits for what it names, once more.
    case requestWaits(messageID: UInt32)
    /// It would be answered in clear, and too many have been just now (RFC 7296 §2.4).
    case answeredSeldom
    /// As much as may be fetched at once for the peers at one address is under way (RFC 7296 §3.6).
    case fetchLimit
    /// A response to something other than what was asked.
    case unexpectedResponse(expected: ExchangeType)
    case unsupportedVersion
    case halfOpenLimit
    case noConnection
    /// An unprotected error in answer to our request, with what was missing.
    case unauthenticatedRefusal(NotifyType)
}

/// The Child SA of `childEstablished` and of a status listing.
package struct ChildFacts: Hashable, Sendable {
    package var child: ChildSAID
    package var ike: IKESAID
    package var connection: ConnectionID
    /// Whether this end proposed it.
    package var role: Role
    package var mode: ESPMode
    package var suite: ESPSuite
    package var inbound: ESPSPI
    package var outbound: ESPSPI
    package var localSelectors: [TrafficSelector]
    package var remoteSelectors: [TrafficSelector]
    package var encapsulation: Encapsulation
    package var remote: Endpoint
    package var established: Instant
    /// The Child SA whose place it took (RFC 7296 §1.3.3).
    package var replaces: ChildSAID?
    /// When it will be replaced, and when it ends; as far as a listing of today knows.
    package var rekeyTime: Instant?
    package var expires: Instant?

    package init(
        child: ChildSAID, ike: IKESAID, connection: ConnectionID, role: Role, mode: ESPMode, suite: ESPSuite,
        inbound: ESPSPI, outbound: ESPSPI, localSelectors: [TrafficSelector], remoteSelectors: [TrafficSelector],
        encapsulation: Encapsulation, remote: Endpoint, established: Instant, replaces: ChildSAID? = nil
    ) {
        self.child = child
        self.ike = ike
        self.connection = connection
        self.role = role
        self.mode = mode
        self.suite = suite
        self.inbound = inbound
        self.outbound = outbound
        self.localSelectors = localSelectors
        self.remoteSelectors = remoteSelectors
        self.encapsulation = encapsulation
        self.remote = remote
        self.established = established
        self.replaces = replaces
    }
}

/// Facts that an engine reports, in the order in which they came true. No text: a dialect turns them into lines.
package enum Event: Hashable, Sendable {
    // IKE SAs
    /// An IKE SA exists from here on: initiator's before its first request, responder's before its first answer.
    case ikeCreated(IKESAID, ConnectionID?, Role, local: Endpoint, remote: Endpoint, resuming: Bool)
    /// The responder found whose IKE SA it is, or changed its mind.
    case ikeAssigned(IKESAID, ConnectionID)
    case requestSent(IKESAID, RequestPurpose, to: Endpoint)
    /// Before `responseSent`: what came in.
    case requestReceived(IKESAID, ExchangeType, messageID: UInt32, from: Endpoint, payloads: [String])
    case responseReceived(IKESAID, ExchangeType, from: Endpoint, payloads: [String], fragments: Int)
    case responseSent(IKESAID, ExchangeType, to: Endpoint)
    /// Of a message of an IKE SA, or of one of its fragments, octets of UDP payload without a non-ESP marker.
    case datagramSent(IKESAID, ExchangeType, isResponse: Bool, octets: Int, from: Endpoint, to: Endpoint)
    /// A nonce of ours, or of the peer's, in octets (RFC 7296 §3.9).
    case nonce(IKESAID, octets: Int, isOurs: Bool)
    /// Before what comes of it, for one that came in; before it leaves, for one of ours.
    case messagePassed(IKESAID, MessageFacts)
    /// A fragment came in; behind the last one of a message comes `messagePassed`.
    case fragmentReceived(IKESAID, FragmentFacts)
    /// AUTH of this end was made with its private key.
    case signatureMade(IKESAID, SignatureMethod, SignatureScheme)
    /// What goes with it, this end's own first.
    case certificatesAttached(IKESAID, [Certificate])
    /// The responder has proved who it is, before EAP proves who the initiator is.
    case responderProved(IKESAID, Identification, AuthenticationProof)
    /// A certificate that the peer named by its URL has come; or why there is none of it.
    case certificateFetched(IKESAID, url: String, CertificateFetchFailure?)
    /// The peer's certificate leads to an anchor: this way, and so much is known of revocation, before it is judged.
    case certificatesExamined(IKESAID, CertificatePath)
    case suiteAgreed(IKESAID, IKESuite)
    /// The responder's choice among what the peer offered: for a Child SA where one is named.
    case proposalChosen(IKESAID, ChildSAID?, Proposal, offered: [Proposal])
    /// The peer's choice.
    case proposalAccepted(IKESAID, ChildSAID?, Proposal)
    case ikeSAInitProcessed(IKESAID, IKESuite, from: Endpoint)
    /// An IKE_INTERMEDIATE exchange of ours is over (RFC 9242).
    case intermediateProcessed(IKESAID, IKESuite, from: Endpoint)
    /// Only from an engine that was asked for keys; for a dialect whose consoles show them, and no other.
    case ikeKeys(IKESAID, ExportedIKEKeys)
    /// INVALID_KE_PAYLOAD: IKE_SA_INIT is sent anew with the group that the peer wants (RFC 7296 §1.2).
    case keyExchangeRefused(IKESAID, tried: KeyExchangeMethod, suggested: KeyExchangeMethod, from: Endpoint)
    case natDetected(IKESAID, localBehindNAT: Bool, remoteBehindNAT: Bool)
    /// A shared key that was used, or refused for it, has fewer octets than half the PRF's output.
    case sharedKeyTooShort(IKESAID, local: Identification, octets: Int, PRFAlgorithm, refused: Bool)
    case ikeEstablished(IKESAID, Role, peer: Identification, proof: AuthenticationProof)
    /// An error that ends the IKE SA, in the state in which it was met.
    case ikeFailed(IKESAID, IKEState, FailureReason)
    case ikeDeleted(IKESAID, IKEState, DeletionReason)
    /// This end wants to replace an IKE SA; the first is the new one, which exists from here on as a number.
    case ikeRekeying(IKESAID, replacing: IKESAID, ConnectionID?)
    /// The new IKE SA stands and has the Child SAs of the old one; the role is that in the new one.
    case ikeRekeyed(IKESAID, replacing: IKESAID, Role, IKESuite)
    /// The IKE SA was not replaced.
    case ikeRekeyFailed(IKESAID, replacing: IKESAID, FailureReason)
    /// It is time for another IKE SA, and the connection wants its peer authenticated anew (RFC 7296 §2.8.3): to delete this
    /// one and to initiate these is the dialect's.
    case reauthenticationDue(IKESAID, [ConnectionID])

    // Child SAs
    /// A Child SA was proposed; it exists from here on, as a number.
    case childCreated(ChildSAID, IKESAID, ConnectionID)
    /// A responder has an inbound SPI for a Child SA whose selectors fit (`WireProfile.reservesSPIBeforeChoice`).
    case spiReserved(ChildSAID, IKESAID, ESPSPI)
    /// This end asks for a Child SA in an exchange of its own, after `childCreated`.
    case childInitiating(ChildSAID, IKESAID, ConnectionID, replacing: ChildSAID?)
    case childEstablished(ChildFacts)
    /// A Child SA will be replaced when it has carried `soft`, and carries no more than `hard`: octets, or packets.
    case childLimited(ChildSAID, isOctets: Bool, hard: UInt64, soft: UInt64)
    /// A Child SA has carried all that it may, and stays (`WireProfile.keepsSpentChildren`).
    case childSpent(ChildSAID)
    /// A Child SA for a connection waits for an IKE SA that another connection with the same peer is making.
    case childQueued(ConnectionID, behind: IKESAID)
    /// The peer or we refused it; the IKE SA stays.
    case childRejected(ChildSAID, IKESAID, FailureReason)
    case childDeleted(ChildSAID, IKESAID, ConnectionID, DeletionReason)

    // Configuration payloads
    /// A gateway's: the peer has these from here on, for as long as the IKE SA or what replaces it stands.
    case addressesLent(IKESAID, [IPAddress])
    /// A client's; without a Child SA where none came with it.
    case configurationReceived(ChildSAID?, IKESAID, InternalConfiguration)

    /// A certificate's revocation cannot be told without lists that its chain says where to fetch. What goes on is put off until
    /// `Command.continueAuthentication` (`WireProfile.waitsForRevocationLists`).
    case revocationListsWanted(IKESAID, CertificatePath)

    /// A post-quantum pre-shared key is in the keys that AUTH is made with from here on (RFC 8784).
    case ppkMixed(IKESAID, Role)

    // Redirection (RFC 5685)
    /// A gateway sends us elsewhere, in this exchange.
    case redirected(IKESAID, ExchangeType, to: IPAddress)
    case redirectScheduled(ConnectionID, IKESAID, ChildSAID?, attempt: Int, to: IPAddress)
    case redirectSkipped(ConnectionID, IKESAID, ChildSAID?)
    /// Too often within a short time: we do not go.
    case redirectLoop(IKESAID, ExchangeType)
    /// The operator wants what an impairment has put off.
    case redirectTriggered(ConnectionID, attempt: Int, from: IPAddress, to: IPAddress)
    /// We sent a client elsewhere; the IKE SA is nil where there is none.
    case redirectSent(IKESAID?, to: IPAddress, Endpoint)

    // Mobility
    /// An IKE SA and its Child SAs go another way: because this end's address changed, or since the peer decided so.
    case ikeMoved(IKESAID, from: IKEPath, to: IKEPath, byPeer: Bool)
    /// The peer has followed.
    case addressUpdateConfirmed(IKESAID, IKEPath)
    case addressUpdateRefused(IKESAID, NotifyType)
    /// This end's address is gone, and no other leads to the peer.
    case localAddressLost(IKESAID, IPAddress)

    // Session resumption
    case ticketRequested(IKESAID)
    /// Octets; seconds from now.
    case ticketReceived(IKESAID, octets: Int, lifetimeSeconds: UInt32)
    case ticketIssued(IKESAID, keyNumber: UInt32, octets: Int, lifetimeSeconds: UInt32)
    /// The responder's side of an IKE_SESSION_RESUME.
    case ticketAccepted(IKESAID, keyNumber: UInt32)
    case ticketRefused(TicketRefusal, from: Endpoint)
    /// The peer does not issue tickets (N(TICKET_NACK) in IKE_AUTH), or said nothing.
    case ticketNotIssued(IKESAID, refused: Bool)
    case sessionResumed(IKESAID)
    case sessionResumptionRefused(IKESAID)
    /// A ticket was at hand and was not used.
    case ticketUnusable(ConnectionID, TicketRefusal)
    case ticketKeyRolled(number: UInt32)

    // Retransmission and loss
    case retransmitted(IKESAID, IKEState, ExchangeType, attempt: Int, next: Duration)
    case retransmissionSuppressed(IKESAID, IKEState)
    case timedOut(IKESAID, IKEState, after: Duration, retransmissions: Int)
    case dropped(DropReason, IKESAID?, from: Endpoint, ExchangeType?, payloads: [String])
    case responseRepeated(IKESAID, ExchangeType)
    case livenessConfirmed(IKESAID)

    // Connections
    /// The operator asked for it while nothing was there to be done.
    case alreadyEstablished(ConnectionID, ChildSAID)
    case cannotInitiate(ConnectionID, HostAddress)
    case terminating(ConnectionID, IKESAID, [ChildSAID])
    /// Child SAs alone, because others use the IKE SA.
    case terminatingChildren(ConnectionID, IKESAID, [ChildSAID])
    case nothingToTerminate(ConnectionID)
    case revivalScheduled(ConnectionID, IKESAID, ChildSAID?, attempt: Int, delay: Duration)
    case revivalSkipped(ConnectionID, IKESAID, ChildSAID?)
    /// The operator wants the revival that an impairment has put off; `next` is how long the one after it would wait.
    case revivalTriggered(ConnectionID, DeletionReason, attempt: Int, next: Duration)
    case reviving(ConnectionID, DeletionReason)
    /// There is no TCP connection to the peer, and so no IKE SA (RFC 9329 §6.1).
    case streamFailed(ConnectionID, to: Endpoint, StreamFailure)
    /// The TCP connection of an IKE SA was lost; what is said of the SA still holds (RFC 9329 §6.1).
    case streamLost(IKESAID)
    /// The IKE SA has a TCP connection again, from this end.
    case streamRestored(IKESAID, local: Endpoint)
    case routed(ConnectionID)
    case routeFailed(ConnectionID, reason: String)
    case unrouted(ConnectionID)
    case acquired(ConnectionID, AcquiringPacket)
    /// Before what comes of it.
    case policyMigrated(PolicyMigration)
    /// The last word on an `initiate`: established, or given up for now.
    case initiationFinished(ConnectionID, succeeded: Bool)
    /// The last word on a `terminate` or `suspend`.
    case terminationFinished(ConnectionID)
    /// The last word on a `rekeyIKE` or `rekeyChild`.
    case rekeyFinished(ConnectionID, succeeded: Bool)

    /// A fault was committed on purpose.
    case impaired(IKESAID?, String)
    case childImpaired(ChildSAID, String)
    /// A message came in and goes no further until it is asked for.
    case inboundBlocked(number: Int, from: Endpoint)
    case outboundBlocked(number: Int, to: Endpoint)
}
