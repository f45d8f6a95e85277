package import IKECrypto
package import NetAddress

/// How the ESP packets of a Child SA travel.
package enum Encapsulation: Hashable, Sendable {
    /// IP protocol 50.
    case none
    /// UDP (RFC 3948).
    case udp(localPort: UInt16, remotePort: UInt16)
    /// The TCP connection between these ports, which carries the IKE SA too (RFC 9329).
    case tcp(localPort: UInt16, remotePort: UInt16)
}

/// The keys of one direction of a Child SA.
package struct ESPDirection: Sendable {
    package var spi: ESPSPI
    /// With an AEAD's salt behind it.
    package var encryptionKey: SecretBytes
    /// Empty with an AEAD cipher.
    package var integrityKey: SecretBytes

    package init(spi: ESPSPI, encryptionKey: SecretBytes, integrityKey: SecretBytes) {
        self.spi = spi
        self.encryptionKey = encryptionKey
        self.integrityKey = integrityKey
    }
}

/// How much each direction of a Child SA may carry (RFC 4301 §4.4.2.1): from `soft` on it should be replaced, which is
/// reported once; beyond `hard` it carries nothing.
package struct CarryLimits: Hashable, Sendable {
    package var softOctets = UInt64.max
    package var hardOctets = UInt64.max
    package var softPackets = UInt64.max
    package var hardPackets = UInt64.max
    package init() {}
}

/// A Child SA as the data plane installs it: both directions and their policies.
package struct ChildInstallation: Sendable {
    package var child: ChildSAID
    package var connection: ConnectionID
    package var reqid: UInt32
    package var mode: ESPMode
    package var local: IPAddress
    package var remote: IPAddress
    package var encapsulation: Encapsulation
    package var suite: ESPSuite
    package var inbound: ESPDirection
    package var outbound: ESPDirection
    package var localSelectors: [TrafficSelector]
    package var remoteSelectors: [TrafficSelector]
    /// Packets; see `Connection.replayWindow`.
    package var replayWindow: Int
    /// The Child SA whose outbound place this one takes; its inbound SA stays until it is removed (RFC 7296 §2.8).
    package var replaces: ChildSAID?
    /// See `Connection.sourceAddresses`: the host has them for as long as it has the Child SA.
    package var sourceAddresses: [IPAddress] = []
    package var limits = CarryLimits()
    /// See `Connection.installsPolicies`.
    package var installsPolicies = true
    /// `local` and `remote` are the packets' own ends, and not those of IKE: see `Connection.isTransportProxy`.
    package var isTransportProxy = false
    package var marks = PolicyMarks()

    package init(
        child: ChildSAID, connection: ConnectionID, reqid: UInt32, mode: ESPMode, local: IPAddress, remote: IPAddress,
        encapsulation: Encapsulation, suite: ESPSuite, inbound: ESPDirection, outbound: ESPDirection,
        localSelectors: [TrafficSelector], remoteSelectors: [TrafficSelector], replayWindow: Int,
        replaces: ChildSAID? = nil
    ) {
        self.child = child
        self.connection = connection
        self.reqid = reqid
        self.mode = mode
        self.local = local
        self.remote = remote
        self.encapsulation = encapsulation
        self.suite = suite
        self.inbound = inbound
        self.outbound = outbound
        self.localSelectors = localSelectors
        self.remoteSelectors = remoteSelectors
        self.replayWindow = replayWindow
        self.replaces = replaces
    }
}

/// The new ends of a Child SA that stands: keys, sequence numbers, windows and counts go on.
package struct ChildMove: Hashable, Sendable {
    package var child: ChildSAID
    package var local: IPAddress
    package var remote: IPAddress
    package var encapsulation: Encapsulation
    /// What it protects from now on; nil: what it did. Transport mode's selectors are its ends, and go with them.
    package var selectors: SelectorLists?

    package struct SelectorLists: Hashable, Sendable {
        package var local: [TrafficSelector]
        package var remote: [TrafficSelector]

        package init(local: [TrafficSelector], remote: [TrafficSelector]) {
            self.local = local
            self.remote = remote
        }
    }

    package init(
        _ child: ChildSAID, local: IPAddress, remote: IPAddress, encapsulation: Encapsulation,
        selectors: SelectorLists? = nil
    ) {
        self.child = child
        self.local = local
        self.remote = remote
        self.encapsulation = encapsulation
        self.selectors = selectors
    }
}

extension ChildInstallation {
    /// What is installed where it has moved.
    package mutating func follow(_ move: ChildMove) {
        local = move.local
        remote = move.remote
        encapsulation = move.encapsulation
        guard let selectors = move.selectors else { return }
        localSelectors = selectors.local
        remoteSelectors = selectors.remote
    }
}

/// Policies of a connection without a Child SA: a packet that meets them is held back and reported as `acquire`.
package struct RouteInstallation: Hashable, Sendable {
    package var connection: ConnectionID
    package var reqid: UInt32
    package var mode: ESPMode
    package var local: IPAddress
    package var remote: IPAddress
    package var localSelectors: [TrafficSelector]
    package var remoteSelectors: [TrafficSelector]
    package var sourceAddresses: [IPAddress] = []
    /// See `Connection.keepsAcquiringPackets`.
    package var keepsPackets = true
    /// See `Connection.installsPolicies`; without them the `reqid` says which policies of others ask for the connection.
    package var installsPolicies = true
    package var marks = PolicyMarks()

    package init(
        connection: ConnectionID, reqid: UInt32, mode: ESPMode, local: IPAddress, remote: IPAddress,
        localSelectors: [TrafficSelector], remoteSelectors: [TrafficSelector]
    ) {
        self.connection = connection
        self.reqid = reqid
        self.mode = mode
        self.local = local
        self.remote = remote
        self.localSelectors = localSelectors
        self.remoteSelectors = remoteSelectors
    }
}

/// What the engine asks of the data plane. Carried out at once and in order.
package enum KernelChange: Sendable {
    case install(ChildInstallation)
    /// Both directions; the policies too where no other Child SA of the connection holds them.
    case remove(ChildSAID)
    case route(RouteInstallation)
    case unroute(ConnectionID)
    /// The ends of an SA moved (NAT mapping, RFC 4555).
    case move(ChildMove)
    /// Half of the keepalive interval has passed without an IKE message. A NAT keepalive goes out where these Child SAs have
    /// sent nothing for the whole of it (RFC 3948 §4); where there are none, at once.
    case keepAlive(local: Endpoint, remote: Endpoint, children: [ChildSAID])
}
