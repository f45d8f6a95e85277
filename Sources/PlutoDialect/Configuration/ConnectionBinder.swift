import DialectKit
import IKECrypto
package import IKEModel
import IKEWire
import NetAddress

/// A connection of the configuration as this host sees it: which side is ours, and the engine's value for it.
package struct BoundConnection: Sendable {
    /// With `/AxB` behind it where the configuration's connection is one of several.
    package var name: String
    /// `[1] 192.1.2.23` where it was made of one that answers any peer; empty otherwise.
    package var instance = ""
    /// Names for several connections at once: the configuration's name, and what `connalias=` says.
    package var aliases: [String]
    package var settings: ConnectionSettings
    package var id: ConnectionID
    /// Our side; nil where neither side's address is ours: the connection is known and cannot be used.
    package var ourSide: Side?
    /// The interface with our address.
    package var interface: String?
    /// nil where `ourSide` is.
    package var connection: Connection?

    package var ours: SideSettings { settings[ourSide ?? .left] }
    package var theirs: SideSettings { settings[(ourSide ?? .left).other] }
    package var isTemplate: Bool { connection.map { if case .any = $0.remote.host { true } else { false } } ?? false }
    /// Whether what becomes of it depends on the peer: each peer then has an instance of its own.
    package var isInstantiated: Bool { isTemplate || settings.narrowing || connection?.configuration.isClient ?? false }
    package var usesSeveralPools: Bool {
        settings.left.addressPools.count > 1 || settings.right.addressPools.count > 1
    }
    package var usesSeveralSubnets: Bool { settings.left.subnets.count > 1 || settings.right.subnets.count > 1 }
}

/// Binds the configuration's connections to this host.
package struct ConnectionBinder {
    package var host: HostBinding
    package var keys: KeyStoreContents
    /// How often something is sent from behind a NAT (`keep-alive=` of `config setup`).
    package var keepAlive: Duration

    package init(
        host: HostBinding, keys: KeyStoreContents = KeyStoreContents(), keepAlive: Duration = .seconds(20)
    ) {
        self.host = host
        self.keys = keys
        self.keepAlive = keepAlive
    }

    /// Why a connection cannot be added.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        package var description: String
    }

    /// One connection, or several where `leftsubnets=` or `rightsubnets=` say so.
    package func bind(_ settings: ConnectionSettings, newID: () -> ConnectionID) throws(Failure) -> [BoundConnection] {
        if let failure = settings.algorithmFailure { throw Failure(description: failure) }
        if let first = settings.unsupported.first { throw Failure(description: "\(first) is not supported") }
        for side in [Side.left, .right] where settings[side].host == .unset {
            throw Failure(description: "\(side.rawValue)= is missing")
        }
        var result: [BoundConnection] = []
        for (name, settings) in expanded(settings) {
            let id = newID()
            var bound = BoundConnection(
                name: name, aliases: settings.aliases + (name == settings.name ? [] : [settings.name]),
                settings: settings, id: id)
            if let (side, local, remote) = try orient(settings) {
                bound.ourSide = side
                if case .address(let address) = local { bound.interface = host.interface(of: address) }
                bound.connection = try connection(bound, local: local, remote: remote)
            }
            result.append(bound)
        }
        return result
    }

    /// `NAME/AxB`, where A and B count from 1, or are 0 where a side has no alternatives.
    private func expanded(_ settings: ConnectionSettings) -> [(String, ConnectionSettings)] {
        let lefts = settings.left.subnetAlternatives
        let rights = settings.right.subnetAlternatives
        guard !lefts.isEmpty || !rights.isEmpty else { return [(settings.name, settings)] }
        var result: [(String, ConnectionSettings)] = []
        for left in 0..<max(lefts.count, 1) {
            for right in 0..<max(rights.count, 1) {
                var one = settings
                if !lefts.isEmpty { one.left.subnets = [lefts[left]] }
                if !rights.isEmpty { one.right.subnets = [rights[right]] }
                let suffix = "/\(lefts.isEmpty ? 0 : left + 1)x\(rights.isEmpty ? 0 : right + 1)"
                result.append((settings.name + suffix, one))
            }
        }
        return result
    }

    // MARK: Orientation

    /// Which side is ours, and where both are; nil where neither is ours.
    private func orient(
        _ settings: ConnectionSettings
    ) throws(Failure) -> (side: Side, local: HostAddress, remote: HostAddress)? {
        let family = family(of: settings)
        let left = try address(settings.left, family: family)
        let right = try address(settings.right, family: family)
        func isOurs(_ address: HostAddress) -> Bool {
            if case .address(let value) = address { host.interface(of: value) != nil } else { false }
        }
        // `%defaultroute` means this host, whatever the other side says.
        let leftIsOurs = isOurs(left) || settings.left.host == .defaultRoute
        let rightIsOurs = isOurs(right) || settings.right.host == .defaultRoute
        switch (leftIsOurs, rightIsOurs) {
        case (true, false): return (.left, left, right)
        case (false, true): return (.right, right, left)
        case (false, false): return nil
        case (true, true):
            if settings.left.host == .defaultRoute { return (.left, left, right) }
            if settings.right.host == .defaultRoute { return (.right, right, left) }
            throw Failure(
                description: "both left=\(settings.left.hostText) and right=\(settings.right.hostText) are ours")
        }
    }

    private func family(of settings: ConnectionSettings) -> AddressFamily {
        for side in [settings.left, settings.right] {
            switch side.host {
            case .address(let address): return address.family
            case .name(let name): if let address = host.address(named: name, family: nil) { return address.family }
            default: if side.hostText == "%any6" || side.hostText == "::" { return .v6 }
            }
        }
        return .v4
    }

    private func address(_ side: SideSettings, family: AddressFamily) throws(Failure) -> HostAddress {
        switch side.host {
        case .address(let address):
            guard address.family == family else {
                throw Failure(description: "left= and right= are of different address families")
            }
            return .address(address)
        case .any: return .any(family)
        case .defaultRoute: return host.defaultRouteAddress(family).map { .address($0) } ?? .any(family)
        case .name(let name):
            guard let address = host.address(named: name, family: family) else {
                throw Failure(description: "failed to convert '\(name)' at load time: not found in /etc/hosts")
            }
            return .address(address)
        case .group(let text): throw Failure(description: "'\(text)' is not supported")
        case .unset: throw Failure(description: "an end has no address")
        }
    }

    // MARK: The engine's value

    private func connection(
        _ bound: BoundConnection, local: HostAddress, remote: HostAddress
    ) throws(Failure) -> Connection {
        let settings = bound.settings
        let ourIKEPort = bound.ours.ikePort
        // A peer behind a port of its own is spoken to where NATs are expected, on 4500 (RFC 3948).
        let theirIKEPort = bound.theirs.ikePort ?? (ourIKEPort.map { $0 == 500 } ?? true ? 500 : 4500)
        let ourCertificate = try certificate(bound.ours, of: bound.ourSide ?? .left)
        let theirCertificate = try certificate(bound.theirs, of: (bound.ourSide ?? .left).other)
        let local = ConnectionEnd(
            host: local, port: ourIKEPort ?? 500,
            identification: bound.ours.identification ?? ourCertificate.map { Identification($0.subject) },
            authentication: try authentication(settings, bound.ours, ourCertificate, ours: true),
            selectors: selectors(bound.ours, local))
        let remote = ConnectionEnd(
            host: remote, port: theirIKEPort,
            identification: identification(of: bound.theirs, theirCertificate, at: remote),
            authentication: try authentication(settings, bound.theirs, theirCertificate, ours: false),
            selectors: selectors(bound.theirs, remote))
        // `none` said in esp= means just that.
        let withoutGroup = settings.esp?.contains { $0.keyExchange.contains(.none) } ?? false
        let esp = settings.esp ?? DefaultProposals.esp(fips: settings.fips)
        var connection = Connection(
            id: bound.id, name: bound.name, local: local, remote: remote, mode: settings.mode,
            ikeProposals: (settings.ike ?? DefaultProposals.ike(fips: settings.fips)).map(\.ike),
            espProposals: esp.map { $0.esp(extendedSequenceNumbers: settings.extendedSequenceNumbers) },
            lifetimes: Lifetimes(
                ike: settings.ikeLifetime, child: settings.childLifetime, rekeyMargin: settings.rekeyMargin,
                fuzzPercent: settings.rekeyFuzzPercent, childOctets: settings.childOctets,
                childPackets: settings.childPackets),
            retransmission: RetransmissionSchedule(
                interval: settings.retransmitInterval, timeout: settings.retransmitTimeout),
            encapsulation: settings.encapsulation, fragmentation: settings.fragmentation,
            sessionResumption: settings.sessionResumption, initialContact: settings.initialContact,
            narrowing: settings.narrowing, replayWindow: settings.replayWindow,
            livenessDelay: settings.livenessDelay, reqid: settings.reqid,
            perfectForwardSecrecy: settings.pfs && !withoutGroup,
            rekeys: settings.rekey)
        connection.sourceAddresses = try bound.ours.sourceAddresses.map { text throws(Failure) in
            guard let address = IPAddress(text) else {
                throw Failure(description: "\(text) is no address for sourceip=")
            }
            return address
        }
        connection.configuration = configuration(bound, remote.host)
        connection.mobility = settings.mobike
        connection.marks.inbound = settings.inboundMark
        connection.marks.outbound = settings.outboundMark
        connection.acceptsRedirects = settings.acceptsRedirects
        connection.redirectTarget = settings.sendsRedirects ? settings.redirectTarget : nil
        connection.ppk = settings.ppk
        connection.intermediate = settings.intermediate
        connection.childless = settings.childless
        connection.ppkNames = settings.ppkNames.map { Array($0.utf8) }
        connection.natKeepAlive = settings.natKeepAlive ? keepAlive : .zero
        connection.transport =
            switch settings.enableTCP {
            case "yes": .tcp
            case "fallback": .udpThenTCP
            default: .udp
            }
        connection.remoteTCPPort = settings.remoteTCPPort
        connection.keepsAcquiringPackets = false
        connection.staysUpOnceUp = settings.start == .keep
        return connection
    }

    /// A client asks for addresses of the families of what it wants to reach.
    private func configuration(_ bound: BoundConnection, _ remote: HostAddress) -> ConfigurationPolicy {
        var policy = ConfigurationPolicy()
        if bound.ours.isConfigurationClient || !bound.ours.addressPools.isEmpty {
            let wanted = bound.theirs.subnets.isEmpty ? [remote.family] : bound.theirs.subnets.map(\.family)
            policy.requestedFamilies = [.v4, .v6].filter { wanted.contains($0) }
            return policy
        }
        policy.pools = bound.theirs.addressPools
        policy.nameServers = bound.settings.nameServers
        policy.domains = bound.settings.domains
        return policy
    }

    /// A peer at a known address is expected to name itself by it where nothing else is said; any other may be anybody.
    private func identification(
        of side: SideSettings, _ certificate: Certificate?, at address: HostAddress
    ) -> Identification? {
        if let identification = side.identification { return identification }
        if let certificate { return Identification(certificate.subject) }
        // Whatever its certificate carries.
        if side.isIdentifiedByCertificate { return nil }
        if side.acceptsAnyIdentification { return nil }
        if case .address(let address) = address { return Identification(address: address) }
        return nil
    }

    private func authentication(
        _ settings: ConnectionSettings, _ side: SideSettings, _ certificate: Certificate?, ours: Bool
    ) throws(Failure) -> AuthenticationPolicy {
        if let method = side.eapMethod { return .eap(try eap(method, settings, side, certificate, ours: ours)) }
        let methods = settings.authenticationWords(of: side)
        if methods.contains("eaponly") { throw Failure(description: "auth=eaponly needs autheap=tls") }
        if methods.contains("secret") || methods.contains("psk") { return .sharedKey }
        if methods.contains("null") { return .null }
        guard let signatures = SignatureMethods.parse(methods) else {
            throw Failure(description: "authby=\(methods.joined(separator: ",")) is not supported")
        }
        var policy = SignaturePolicy(methods: signatures, certificate: certificate)
        policy.publicKey = certificate == nil ? try publicKey(side) : nil
        policy.requiresIdentityInCertificate = settings.requiresIdentityInCertificate
        policy.sendsIntermediates = settings.sendCA != "none"
        policy.looksUpURLs = !ours && settings.looksUpCertificates
        if ours {
            policy.certificateURL = side.certificateURL.map { Array($0.utf8) }
            policy.bundleURL = side.bundleURL.map { Array($0.utf8) }
        }
        switch side.sendCertificate {
        case "never", "no": policy.sending = .never
        case "sendifasked", "ifasked": policy.sending = .ifAsked
        default: policy.sending = .always
        }
        if !ours, let text = side.authority { policy.authorities = try authorities(text, settings) }
        return .signature(policy)
    }

    /// `eap_identity=` is whom the side says to be, or has to be; an asking server asks for it.
    private func eap(
        _ method: EAPPolicy.Method, _ settings: ConnectionSettings, _ side: SideSettings, _ certificate: Certificate?,
        ours: Bool
    ) throws(Failure) -> EAPPolicy {
        var policy = EAPPolicy(method, certificates: SignaturePolicy(certificate: certificate))
        policy.certificates.requiresIdentityInCertificate = settings.requiresIdentityInCertificate
        if method == .tls, ours == false, certificate == nil {
            // What this end's server, or client, shows of itself.
            let own = settings.left == side ? settings.right : settings.left
            policy.certificates.certificate = try self.certificate(own, of: settings.left == side ? .right : .left)
        }
        if !ours, let text = side.authority { policy.certificates.authorities = try authorities(text, settings) }
        if let identity = settings.eapIdentity {
            policy.asksForIdentity = !ours
            if identity != "%identity", identity != "%any" { policy.identity = Array(identity.utf8) }
        }
        return policy
    }

    private func certificate(_ side: SideSettings, of name: Side) throws(Failure) -> Certificate? {
        guard let nickname = side.certificate else { return nil }
        guard let certificate = keys.certificate(named: nickname) else {
            throw Failure(description: "\(name.rawValue) certificate '\(nickname)' not found in the key store")
        }
        return certificate
    }

    /// What `rsasigkey=` says, or the key in the store that `ckaid=` names.
    private func publicKey(_ side: SideSettings) throws(Failure) -> PublicKey? {
        if let key = side.publicKey { return key }
        guard let keyID = side.keyID else { return nil }
        guard let key = keys.privateKey(keyID: keyID) else {
            throw Failure(description: "private key matching CKAID '\(keyID)' not found in the key store")
        }
        return key.publicKey
    }

    /// `%same`: whoever signed our own certificate.
    private func authorities(
        _ text: String, _ settings: ConnectionSettings
    ) throws(Failure) -> [DistinguishedName] {
        if text == "%any" { return [] }
        if text == "%same" {
            for side in [settings.left, settings.right] {
                if let own = side.certificate.flatMap({ keys.certificate(named: $0) }) { return [own.issuer] }
            }
            return []
        }
        guard let name = DistinguishedName(text: text) else {
            throw Failure(description: "'\(text)' is no distinguished name of an authority")
        }
        return [name]
    }

    private func selectors(_ side: SideSettings, _ address: HostAddress) -> [TrafficSelector] {
        if !side.subnets.isEmpty {
            return side.subnets.map { TrafficSelector($0, ipProtocol: side.ipProtocol, port: side.protocolPort) }
        }
        guard side.ipProtocol != 0, case .address(let own) = address else { return [] }
        return [TrafficSelector(IPPrefix(host: own), ipProtocol: side.ipProtocol, port: side.protocolPort)]
    }
}

extension HostAddress {
    fileprivate var family: AddressFamily {
        switch self {
        case .address(let address): address.family
        case .any(let family): family
        }
    }
}

extension ConnectionSettings {
    /// The words that say how a side proves itself: its own, the connection's, or pluto's defaults.
    func authenticationWords(of side: SideSettings) -> [String] {
        let words = side.authentication.map { ValueSyntax.list($0) } ?? authentication
        return words.isEmpty ? SignatureMethods.standard : words
    }
}
