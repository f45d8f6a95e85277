/// Which octets a resumed IKE SA's AUTH covers: two readings of RFC 5723 §4.3.3 exist.
package enum ResumptionAuthentication: Hashable, Sendable {
    /// `prf(SK_px, message | nonce | prf(SK_px, ID))`: RFC 5723 §4.3.3 with RFC 7296 §2.15.
    case messageNonceIdentity
    /// `prf(SK_px, message)`: libreswan's.
    case messageOnly
}

/// What differs on the wire from vendor to vendor, as a value that the dialect supplies and the engine reads.
package struct WireProfile: Hashable, Sendable {
    package var vendorIDs: [[UInt8]]
    /// The whole IP packet that a fragment of a message may fill, in octets (RFC 7383 §2.5.1).
    package var fragmentPacketOctetsV4: Int
    package var fragmentPacketOctetsV6: Int
    /// Octets of a nonce of ours: 16...256 (RFC 7296 §3.9).
    package var nonceOctets: Int
    package var resumptionAuthentication: ResumptionAuthentication
    /// Whether IKE_SESSION_RESUME has NAT detection payloads (RFC 5723 §4.3.2: SHOULD); libreswan's has not.
    package var detectsNATInResumption: Bool
    /// Whether IDr is sent in the initiator's IKE_AUTH (RFC 7296 §1.2).
    package var sendsResponderIdentification: Bool
    /// Whether a responder whose connection allows it says that it can do without a first Child SA (RFC 6023 §3).
    package var announcesChildless: Bool
    /// Whether the peer is told this host's other addresses (RFC 4555 §3.4: MAY).
    package var announcesAddresses = true
    /// Whether an initiator that speaks MOBIKE goes to port 4500 with IKE_AUTH though there is no NAT (RFC 4555 §3.3: MUST).
    package var floatsForMobility = true
    /// How long a ticket may live (RFC 5723 §6.2), beside the IKE SA's own lifetime.
    package var ticketLifetime: Duration
    /// How often a new key seals tickets.
    package var ticketKeyInterval: Duration
    /// Half-open IKE SAs as responder beyond which a cookie is asked for (RFC 7296 §2.6).
    package var cookieThreshold: Int
    /// Half-open IKE SAs beyond which IKE_SA_INIT is dropped.
    package var halfOpenLimit: Int
    /// Requests of the peer's that are taken and kept apart at once: 1...16. More than one is announced by SET_WINDOW_SIZE in IKE_AUTH
    /// and CREATE_CHILD_SA (RFC 7296 §2.3). What the peer announces is used whatever this is.
    package var requestWindow: UInt32 = 1
    /// nil: the payloads that the protocol needs, in this engine's order.
    package var layout: MessageLayout?
    /// Whether an error that anybody could have sent ends an IKE_SA_INIT exchange at once; RFC 7296 §2.21.1 lets a daemon
    /// choose, and to wait for a better answer is safer.
    package var believesUnprotectedErrors = false
    /// Whether `MessageFacts` has the octets of each datagram, for a console that dumps them.
    package var tellsOctets = false
    /// Whether a responder without a group of its own answers a Child SA that comes with one by INVALID_KE_PAYLOAD and
    /// group 0, in the place of NO_PROPOSAL_CHOSEN (RFC 7296 §1.3, §2.7).
    package var refusesKeyExchangeByGroupZero = false
    /// Whether the refusal of a Child SA has ESP for its Protocol ID though it names no SPI (RFC 7296 §3.10: zero).
    package var namesProtocolInRefusals = false
    /// Whether a responder takes its SPI of a Child SA as soon as the selectors fit, before proposals are looked at.
    package var reservesSPIBeforeChoice = false
    /// Whether an IKE SA is replaced with the first group of its proposals, and not with the one that it was made with
    /// (RFC 7296 §1.3.2 leaves it to the initiator).
    package var rekeysIKEWithFirstGroup = false
    /// Whether a Child SA that has carried all that it may stays, carrying nothing more; otherwise it is deleted.
    package var keepsSpentChildren = false
    /// Whether IKE_AUTH waits for revocation lists that a good chain says where to fetch; somebody must answer then.
    package var waitsForRevocationLists = false

    package init(
        vendorIDs: [[UInt8]] = [], fragmentPacketOctetsV4: Int = 576, fragmentPacketOctetsV6: Int = 1280,
        nonceOctets: Int = 32, resumptionAuthentication: ResumptionAuthentication = .messageNonceIdentity,
        detectsNATInResumption: Bool = true, sendsResponderIdentification: Bool = true,
        announcesChildless: Bool = false,
        ticketLifetime: Duration = .seconds(3600), ticketKeyInterval: Duration = .seconds(3600),
        cookieThreshold: Int = 1000, halfOpenLimit: Int = 50000
    ) {
        self.vendorIDs = vendorIDs
        self.fragmentPacketOctetsV4 = fragmentPacketOctetsV4
        self.fragmentPacketOctetsV6 = fragmentPacketOctetsV6
        self.nonceOctets = nonceOctets
        self.resumptionAuthentication = resumptionAuthentication
        self.detectsNATInResumption = detectsNATInResumption
        self.sendsResponderIdentification = sendsResponderIdentification
        self.announcesChildless = announcesChildless
        self.ticketLifetime = ticketLifetime
        self.ticketKeyInterval = ticketKeyInterval
        self.cookieThreshold = cookieThreshold
        self.halfOpenLimit = halfOpenLimit
    }
}
