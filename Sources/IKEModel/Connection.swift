package import IKEWire
package import NetAddress

/// How one end proves who it is in IKE_AUTH (RFC 7296 §2.15).
package enum AuthenticationPolicy: Hashable, Sendable {
    case sharedKey
    /// RFC 7619.
    case null
    /// With a key pair: RFC 7427, or the classic methods.
    case signature(SignaturePolicy)
    /// RFC 7296 §2.16.
    case eap(EAPPolicy)

    /// What a ticket remembers of it.
    package enum Kind: UInt8, Hashable, Sendable { case sharedKey, null, signature, eap }

    package var kind: Kind {
        switch self {
        case .sharedKey: .sharedKey
        case .null: .null
        case .signature: .signature
        case .eap: .eap
        }
    }
}

/// Where a peer can be reached.
package enum HostAddress: Hashable, Sendable {
    case address(IPAddress)
    /// Any peer: such a connection answers and does not initiate.
    case any(AddressFamily)
}

/// One end of a connection.
package struct ConnectionEnd: Hashable, Sendable {
    package var host: HostAddress
    /// The UDP port of IKE; 500 unless configured.
    package var port: UInt16
    /// nil: any identity is taken (remote), the address is sent (local).
    package var identification: Identification?
    package var authentication: AuthenticationPolicy
    /// What the end protects; empty: its own address.
    package var selectors: [TrafficSelector]

    package init(
        host: HostAddress, port: UInt16 = 500, identification: Identification? = nil,
        authentication: AuthenticationPolicy = .sharedKey, selectors: [TrafficSelector] = []
    ) {
        self.host = host
        self.port = port
        self.identification = identification
        self.authentication = authentication
        self.selectors = selectors
    }
}

/// Tunnel or transport mode (RFC 4301 §4.1).
package enum ESPMode: Hashable, Sendable {
    case tunnel
    case transport
}

/// Whether ESP goes in UDP (RFC 3948).
package enum EncapsulationPolicy: Hashable, Sendable {
    /// Where a NAT was detected.
    case automatic
    case always
    case never
}

/// What an initiator sends IKE over (RFC 9329 §5). A responder answers over what it was asked by.
package enum TransportPolicy: Hashable, Sendable {
    case udp
    case tcp
    /// UDP, and TCP once nothing came of that (RFC 9329 §5.1).
    case udpThenTCP
}

/// When an unanswered request is sent again (RFC 7296 §2.1, §2.4): after `interval`, then twice that, and so on.
package struct RetransmissionSchedule: Hashable, Sendable {
    package var interval: Duration
    /// The request is given up this long after it was first sent.
    package var timeout: Duration
    /// Each wait in hundredths of the one before it; nil: the second is as long as the first, and then they double.
    package var growthPercent: Int?

    package init(interval: Duration = .milliseconds(500), timeout: Duration = .seconds(60)) {
        self.interval = interval
        self.timeout = timeout
    }
}

/// Whether IKE SAs come up without a first Child SA, which then has a CREATE_CHILD_SA exchange of its own (RFC 6023).
package enum ChildlessPolicy: Hashable, Sendable {
    /// As responder alone: such a peer is taken. As initiator the first Child SA comes with IKE_AUTH.
    case allow
    /// As initiator, too, where the responder says that it can do without.
    case prefer
    /// At both ends: an IKE SA whose IKE_AUTH brings a Child SA is none.
    case force
    case never
}

/// How long SAs live and when they are replaced (RFC 7296 §2.8).
package struct Lifetimes: Hashable, Sendable {
    package var ike: Duration
    package var child: Duration
    /// Rekeying begins this long before the end, and earlier by up to `fuzzPercent` of the margin.
    package var rekeyMargin: Duration
    package var fuzzPercent: Int
    package var childOctets: UInt64
    package var childPackets: UInt64
    /// Whether both ends begin to replace at the same age; otherwise the one that did not make the SA waits longer.
    package var rekeyingIsSymmetric = false
    /// For Child SAs; nil: `rekeyMargin`.
    package var childRekeyMargin: Duration?
    /// Whether an IKE SA ends `rekeyMargin` behind the time at which it was to be replaced, and not at `ike`.
    package var ikeLimitFollowsRekeying = false

    package init(
        ike: Duration = .seconds(28800), child: Duration = .seconds(28800), rekeyMargin: Duration = .seconds(540),
        fuzzPercent: Int = 100, childOctets: UInt64 = 1 << 63, childPackets: UInt64 = 1 << 63
    ) {
        self.ike = ike
        self.child = child
        self.rekeyMargin = rekeyMargin
        self.fuzzPercent = fuzzPercent
        self.childOctets = childOctets
        self.childPackets = childPackets
    }
}

/// A connection as configured: two ends, what they offer each other, how they behave. A value; the engine keeps a copy.
package struct Connection: Hashable, Sendable {
    package var id: ConnectionID
    package var name: String
    package var local: ConnectionEnd
    package var remote: ConnectionEnd
    package var mode: ESPMode
    package var ikeProposals: [IKEProposal]
    package var espProposals: [ESPProposal]
    package var lifetimes: Lifetimes
    package var retransmission: RetransmissionSchedule
    package var encapsulation: EncapsulationPolicy
    /// RFC 7383.
    package var fragmentation: Bool
    /// RFC 5723: ask for tickets and use them; issue them as responder.
    package var sessionResumption: Bool
    package var initialContact: Bool
    package var narrowing: Bool
    /// Packets: 0 (no check), 32...4096 (RFC 4303 §3.4.3).
    package var replayWindow: Int
    /// Idle time after which the peer is asked for a sign of life (RFC 7296 §2.4); zero: never.
    package var livenessDelay: Duration
    /// What the data plane files the Child SAs under; 0: the engine chooses (16384 + 4 × the connection's number).
    package var reqid: UInt32
    /// Whether a CREATE_CHILD_SA exchange whose proposals name no group uses the IKE SA's (RFC 7296 §1.3.1).
    package var perfectForwardSecrecy: Bool
    /// Whether this end replaces SAs before their lifetimes end (RFC 7296 §2.8).
    package var rekeys: Bool
    /// Whether it is to stay up once it is up, whichever end brought it up.
    package var staysUpOnceUp = false
    /// Whether packets that ask for a Child SA are kept until it is there; else they are dropped, as Linux does.
    package var keepsAcquiringPackets = true
    package var transport = TransportPolicy.udp
    /// The port that the peer takes TCP connections on (RFC 9329 §2).
    package var remoteTCPPort: UInt16 = 4500
    /// Addresses that this host takes for packets of its own through the tunnel; at most one a family is used.
    package var sourceAddresses: [IPAddress] = []
    package var configuration = ConfigurationPolicy()
    package var childless = ChildlessPolicy.allow
    /// Whether IKE_INTERMEDIATE goes before IKE_AUTH where the peer knows it (RFC 9242).
    package var intermediate = false
    /// RFC 5685: as client, whether it goes where a gateway sends it; as gateway, where clients are sent.
    package var acceptsRedirects = false
    package var redirectTarget: IPAddress?
    /// RFC 8784, and the names of the keys that it may be, best first; none: any for the peer.
    package var ppk = PPKPolicy.never
    package var ppkNames: [[UInt8]] = []
    /// RFC 4555: its SAs may move to other addresses.
    package var mobility = false
    /// From behind a NAT something is sent at least this often (RFC 3948 §4); zero: nothing is sent for that.
    package var natKeepAlive = Duration.seconds(20)
    /// Connections share an IKE SA only with those of the same number.
    package var peerConfiguration: UInt64 = 0
    /// Whether its IKE SA is replaced by a new one made from the start, and not by CREATE_CHILD_SA (RFC 7296 §2.8.3).
    package var reauthenticates = false
    /// Whether its policies are made with its SAs; else they are somebody else's, a Mobile IPv6 daemon's, which lead to the SAs
    /// by `reqid`, ask for them, and move them.
    package var installsPolicies = true
    /// Transport mode whose packets have the selectors' addresses, and not those that IKE speaks from: a mobile node's home
    /// address, while IKE runs from its care-of address (RFC 4877 §4.3).
    package var isTransportProxy = false
    package var marks = PolicyMarks()

    package init(
        id: ConnectionID, name: String, local: ConnectionEnd, remote: ConnectionEnd, mode: ESPMode = .tunnel,
        ikeProposals: [IKEProposal], espProposals: [ESPProposal], lifetimes: Lifetimes = Lifetimes(),
        retransmission: RetransmissionSchedule = RetransmissionSchedule(),
        encapsulation: EncapsulationPolicy = .automatic, fragmentation: Bool = true, sessionResumption: Bool = false,
        initialContact: Bool = false, narrowing: Bool = false, replayWindow: Int = 128,
        livenessDelay: Duration = .zero, reqid: UInt32 = 0, perfectForwardSecrecy: Bool = false, rekeys: Bool = true
    ) {
        self.id = id
        self.name = name
        self.local = local
        self.remote = remote
        self.mode = mode
        self.ikeProposals = ikeProposals
        self.espProposals = espProposals
        self.lifetimes = lifetimes
        self.retransmission = retransmission
        self.encapsulation = encapsulation
        self.fragmentation = fragmentation
        self.sessionResumption = sessionResumption
        self.initialContact = initialContact
        self.narrowing = narrowing
        self.replayWindow = replayWindow
        self.livenessDelay = livenessDelay
        self.reqid = reqid
        self.perfectForwardSecrecy = perfectForwardSecrecy
        self.rekeys = rekeys
    }
}
