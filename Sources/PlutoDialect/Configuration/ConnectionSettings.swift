package import IKECrypto
package import IKEModel
package import IKEWire
package import NetAddress

/// How a side's address is given.
package enum HostSetting: Hashable, Sendable {
    case address(IPAddress)
    /// `%any`, `%any6`; the family is that of the other side where it says none.
    case any
    case defaultRoute
    /// To be looked up in /etc/hosts.
    case name(String)
    /// `%opportunistic`, `%opportunisticgroup`, `%group`.
    case group(String)
    case unset
}

/// What a connection says of one side.
package struct SideSettings: Hashable, Sendable {
    package var host = HostSetting.unset
    /// As written.
    package var hostText = ""
    package var identification: Identification?
    /// `id=%any`: whoever proves to be somebody.
    package var acceptsAnyIdentification = false
    package var subnets: [IPPrefix] = []
    /// Several connections in one: each of these with each of the other side's.
    package var subnetAlternatives: [IPPrefix] = []
    /// Protocol and port of `protoport`.
    package var ipProtocol: UInt8 = 0
    package var protocolPort: UInt16 = 0
    package var ikePort: UInt16?
    package var sourceAddresses: [String] = []
    /// What this side's addresses inside the tunnel are taken from, by the other side.
    package var addressPools: [IPRange] = []
    package var isConfigurationClient = false
    package var isConfigurationServer = false
    package var nexthop = ""
    package var updown = "ipsec _updown"
    package var authentication: String?
    /// `autheap=`: how the side proves itself by EAP.
    package var eapMethod: EAPPolicy.Method?
    package var sendCertificate = "always"
    /// The nickname of a certificate in the key store.
    package var certificate: String?
    /// `certurl=`, `certbundleurl=`: where it is fetched from.
    package var certificateURL: String?
    package var bundleURL: String?
    /// The name of a private key in the key store, in hexadecimal.
    package var keyID: String?
    /// `rsasigkey=` and its like.
    package var publicKey: PublicKey?
    /// A distinguished name, or `%same`: whose certificates are taken.
    package var authority: String?
    /// `id=%fromcert`.
    package var isIdentifiedByCertificate = false
}

/// A `conn` with everything that `also=` and `%default` bring, read into types, not yet bound to this host.
package struct ConnectionSettings: Hashable, Sendable {
    package enum Start: String, Hashable, Sendable { case ignore, add, ondemand, start, keep }

    package var name: String
    /// Names under which it can be asked for beside its own.
    package var aliases: [String] = []
    package var left = SideSettings()
    package var right = SideSettings()
    package var start = Start.ignore
    package var authentication: [String] = []
    package var mode = ESPMode.tunnel
    /// nil: pluto's defaults.
    package var ike: [AlgorithmProposal]?
    package var esp: [AlgorithmProposal]?
    /// The `ike=` and `esp=` that were refused, in pluto's words: the connection cannot be added.
    package var algorithmFailure: String?
    package var pfs = true
    /// Whether broken algorithms may be named, and those that were.
    package var allowsWeakAlgorithms = false
    package var weakAlgorithms: [String] = []
    /// Algorithms and defaults are those of FIPS mode.
    package var fips = false
    package var extendedSequenceNumbers: [Bool] = [true, false]
    package var ikeLifetime = Duration.seconds(28800)
    package var childLifetime = Duration.seconds(28800)
    package var rekeyMargin = Duration.seconds(540)
    package var rekeyFuzzPercent = 100
    package var childOctets: UInt64 = 1 << 63
    package var childPackets: UInt64 = 1 << 63
    package var rekey = true
    package var retransmitInterval = Duration.milliseconds(500)
    package var retransmitTimeout = Duration.seconds(60)
    package var replayWindow = 128
    package var fragmentation = true
    package var encapsulation = EncapsulationPolicy.automatic
    package var natKeepAlive = true
    package var initialContact = false
    package var narrowing = false
    package var sessionResumption = false
    package var livenessDelay = Duration.zero
    package var mobike = false
    package var sendVendorID = false
    package var sendNoTFC = false
    package var fakeStrongSwan = false
    package var ciscoUnity = false
    package var reqid: UInt32 = 0
    /// `mark=`, `mark-in=`, `mark-out=`: of the policies.
    package var inboundMark: PacketMark?
    package var outboundMark: PacketMark?
    package var enableTCP = "no"
    package var remoteTCPPort: UInt16 = 4500
    package var priority: Int?
    package var sendCA = "all"
    /// Whether a peer's identity has to be one that its certificate carries.
    package var requiresIdentityInCertificate = true
    package var ppk = PPKPolicy.never
    /// `hash-and-url=`.
    package var looksUpCertificates = false
    package var ppkNames: [String] = []
    /// Who the side that is authenticated by EAP says to be; `%identity` and `%any`: whoever it is.
    package var eapIdentity: String?
    package var intermediate = false
    package var childless = ChildlessPolicy.allow
    package var acceptsRedirects = false
    package var sendsRedirects = false
    package var redirectTarget: IPAddress?
    package var nameServers: [IPAddress] = []
    package var domains: [String] = []
    /// As written: what a listing shows and nothing here goes by.
    package var shown: [String: String] = [:]
    /// What it wants and this daemon cannot do: the connection cannot be added.
    package var unsupported: [String] = []

    package init(name: String) { self.name = name }

    subscript(side: Side) -> SideSettings {
        get { side == .left ? left : right }
        set { if side == .left { left = newValue } else { right = newValue } }
    }

    package var authenticatesByNull: Bool { authentication == ["null"] }
}
