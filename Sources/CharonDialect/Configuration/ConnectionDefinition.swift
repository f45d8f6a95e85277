package import IKEModel
package import NetAddress

/// One end of a connection as it is written.
package struct EndDefinition: Hashable, Sendable {
    /// `%any`, `%defaultroute`, an address or a name.
    package var host = "%any"
    package var identity: String?
    /// `psk`, `pubkey`, …
    package var authentication = "pubkey"
    package var certificates: [String] = []
    /// `ifasked`, `always`, `never`.
    package var certificateSending = CertificateSending.ifAsked
    /// Distinguished names of which one has to be in the peer's chain; `%same`: whoever signed our own certificate.
    package var authorities: [String] = []
    /// Who it is in EAP; `%any`, `%identity`: it is asked.
    package var eapIdentity: String?
    /// `revocation = strict`.
    package var requiresRevocationLists = false
    /// Empty: the end's own address, `dynamic`.
    package var selectors: [SelectorDefinition] = []
    package var ipProtocol: UInt8 = 0
    package var port: UInt16 = 0
    /// `sourceip=`, `vips`, `pools`.
    package var sourceAddresses: [SourceAddress] = []
    /// `dns=`: our end asks for name servers of these families, a peer's is told these.
    package var nameServers: [SourceAddress] = []
    /// Files of authorities of which one has to be in the peer's chain (swanctl's `cacerts`).
    package var authorityFiles: [String] = []

    /// Whether it protects something else than its own address with every protocol and port.
    var limitsSelectors: Bool {
        ipProtocol != 0 || port != 0 || selectors.contains { $0 != SelectorDefinition() }
    }
}

/// `10.1.0.0/24`, or the end's own address, with a protocol and a port.
package struct SelectorDefinition: Hashable, Sendable {
    /// nil: `dynamic`.
    package var prefix: IPPrefix?
    package var ipProtocol: UInt8 = 0
    package var port: UInt16 = 0
}

package enum StartAction: Hashable, Sendable { case ignore, add, route, start }

package enum ChildMode: String, Hashable, Sendable {
    case tunnel = "TUNNEL"
    case transport = "TRANSPORT"
    case transportProxy = "TRANSPORT_PROXY"
}

/// One CHILD_SA and the IKE SA that it wants, from ipsec.conf or from swanctl.conf.
package struct ConnectionDefinition: Hashable, Sendable {
    package enum Origin: Hashable, Sendable { case stroke, vici }

    package var origin: Origin
    /// The child's name, and the one of the IKE SA's configuration.
    package var name: String
    package var peer: String
    package var local = EndDefinition()
    package var remote = EndDefinition()
    package var ike = ""
    package var esp = ""
    package var start = StartAction.add
    package var mode = ChildMode.tunnel
    package var reauthenticates = true
    package var rekeys = true
    package var mobility = true
    package var childless = ChildlessPolicy.allow
    package var installsPolicies = true
    package var fragmentation = true
    package var forcesEncapsulation = false
    package var reqid: UInt32 = 0
    package var marks = PolicyMarks()
    package var ikeLifetime = Duration.seconds(10800)
    package var childLifetime = Duration.seconds(3600)
    package var rekeyMargin = Duration.seconds(540)
    package var childRekeyMargin = Duration.seconds(540)
    package var rekeyFuzzPercent = 100
    package var livenessDelay = Duration.zero
    package var livenessAction = "none"
    package var replayWindow = 32
    /// Octets and packets of one direction of a CHILD_SA.
    package var childOctets: UInt64 = 1 << 63
    package var childPackets: UInt64 = 1 << 63

    package init(origin: Origin, name: String, peer: String) {
        self.origin = origin
        self.name = name
        self.peer = peer
    }
}
