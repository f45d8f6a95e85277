import DialectKit
import IKEModel
import IKEWire
import NetAddress

extension ConnectionSettings {
    /// - Parameter fips: whether algorithms that FIPS mode does not allow are refused.
    /// - Throws: the first value that cannot be read, with its file and line.
    package init(name: String, _ assignments: [Assignment], fips: Bool = false) throws(ConfigurationError) {
        self.init(name: name)
        self.fips = fips
        for assignment in assignments {
            if let (side, key) = ConfigurationKeys.side(of: assignment.key) {
                try setSide(side, key, assignment)
            } else {
                try setLifetime(assignment)
                try setBehaviour(assignment)
            }
        }
        // The Child SA's key exchange depends on pfs=, whichever of the two stands first.
        for assignment in assignments {
            switch ConfigurationKeys.canonical(assignment.key) {
            case "ike": ike = parse(.ike, assignment)
            case "esp": esp = parse(.esp, assignment)
            default: break
            }
        }
    }

    private mutating func parse(_ kind: AlgorithmParser.Kind, _ assignment: Assignment) -> [AlgorithmProposal]? {
        var parser = AlgorithmParser(kind, fips: fips, pfs: pfs, weak: allowsWeakAlgorithms)
        defer { weakAlgorithms += parser.weakAlgorithms.filter { !weakAlgorithms.contains($0) } }
        do throws(AlgorithmError) {
            return try parser.parse(assignment.value)
        } catch {
            if algorithmFailure == nil { algorithmFailure = error.description }
            return nil
        }
    }

    // MARK: Times and limits

    private mutating func setLifetime(_ assignment: Assignment) throws(ConfigurationError) {
        switch ConfigurationKeys.canonical(assignment.key) {
        case "ikelifetime": ikeLifetime = try assignment.lifetime()
        case "salifetime": childLifetime = try assignment.lifetime()
        case "rekeymargin": rekeyMargin = try assignment.duration()
        case "rekeyfuzz":
            guard let percent = ValueSyntax.percentage(assignment.value) else {
                throw assignment.malformed("a percentage")
            }
            rekeyFuzzPercent = percent
        case "ipsec-max-bytes": childOctets = try limit(assignment)
        case "ipsec-max-packets": childPackets = try limit(assignment)
        case "retransmit-interval": retransmitInterval = try assignment.duration(unit: .milliseconds(1))
        case "retransmit-timeout": retransmitTimeout = try assignment.duration()
        case "dpddelay": livenessDelay = try assignment.duration()
        case "replay-window":
            let window = try assignment.number()
            guard window == 0 || (1...4096).contains(window) else { throw assignment.malformed("0 up to 4096 packets") }
            replayWindow = window
        case "reqid":
            let number = try assignment.number()
            reqid = UInt32(number)
        case "mtu", "metric": if try assignment.number() != 0 { refuse(assignment) }
        case "priority": priority = try assignment.number()
        default: break
        }
    }

    private func limit(_ assignment: Assignment) throws(ConfigurationError) -> UInt64 {
        guard let count = ValueSyntax.count(assignment.value), count > 0, count <= 1 << 63 else {
            throw assignment.malformed("a number up to 2^63")
        }
        return count
    }

    // MARK: Behaviour

    private mutating func setBehaviour(_ assignment: Assignment) throws(ConfigurationError) {
        let value = assignment.value.lowercased()
        switch ConfigurationKeys.canonical(assignment.key) {
        case "auto":
            let word = try assignment.oneOf(["ignore", "add", "route", "ondemand", "start", "up", "keep"])
            start = word == "route" ? .ondemand : word == "up" ? .start : Start(rawValue: word) ?? .ignore
        case "connalias": aliases = ValueSyntax.list(assignment.value)
        case "authby": authentication = ValueSyntax.list(value)
        case "type":
            switch try assignment.oneOf(["tunnel", "transport", "passthrough", "drop", "reject"]) {
            case "tunnel": mode = .tunnel
            case "transport": mode = .transport
            default: unsupported.append("type=\(value)")
            }
        case "pfs": pfs = try assignment.truth()
        case "weak-algorithms": allowsWeakAlgorithms = try assignment.truth()
        case "rekey": rekey = try assignment.truth()
        case "esn":
            switch try assignment.oneOf(["yes", "no", "either"]) {
            case "yes": extendedSequenceNumbers = [true]
            case "no": extendedSequenceNumbers = [false]
            default: extendedSequenceNumbers = [true, false]
            }
        case "fragmentation": fragmentation = value == "force" ? true : try assignment.truth()
        case "encapsulation":
            let word = try assignment.oneOf(["auto", "yes", "no"])
            encapsulation = word == "yes" ? .always : word == "no" ? .never : .automatic
        case "nat-keepalive": natKeepAlive = try assignment.truth()
        case "initial-contact": initialContact = try assignment.truth()
        case "narrowing": narrowing = try assignment.truth()
        case "session-resumption": sessionResumption = try assignment.truth()
        case "mobike": mobike = try assignment.truth()
        case "compress", "reauth", "sha2-truncbug", "decap-dscp", "nopmtudisc":
            if try assignment.truth() { refuse(assignment) }
        case "encap-dscp": if try !assignment.truth() { refuse(assignment) }
        case "iptfs", "nic-offload", "tfc":
            if !["no", "0", "auto"].contains(value) { refuse(assignment) }
        case "nflog-group": refuse(assignment)
        case "iptfs-packet-size", "iptfs-max-queue-size", "iptfs-drop-time", "iptfs-init-delay",
            "iptfs-reorder-window":
            shown[assignment.key] = assignment.value
        case "modecfgdns":
            nameServers = try ValueSyntax.list(assignment.value).map { (text) throws(ConfigurationError) in
                guard let address = IPAddress(text) else { throw assignment.malformed("addresses of name servers") }
                return address
            }
        case "modecfgdomains": domains = ValueSyntax.list(assignment.value)
        case "modecfgpull", "vti-routing", "vti-shared": shown[assignment.key] = try assignment.truth() ? "yes" : "no"
        case "send-vendorid": sendVendorID = try assignment.truth()
        case "send-esp-tfc-padding-not-supported": sendNoTFC = try assignment.truth()
        case "fake-strongswan": fakeStrongSwan = try assignment.truth()
        case "cisco-unity": ciscoUnity = try assignment.truth()
        case "require-id-on-certificate": requiresIdentityInCertificate = try assignment.truth()
        case "sendca": sendCA = try assignment.oneOf(["none", "issuer", "all"])
        case "keyexchange", "ikev2": try setKeyExchange(assignment)
        case "enable-tcp":
            enableTCP = try assignment.oneOf(["yes", "no", "fallback"])
        case "tcp-remoteport":
            guard let port = UInt16(value), port > 0 else { throw assignment.malformed("a port") }
            remoteTCPPort = port
        case "ppk":
            switch try assignment.oneOf(["no", "never", "yes", "propose", "permit", "insist"]) {
            case "no", "never": ppk = .never
            case "insist": ppk = .insist
            default: ppk = .propose
            }
        case "eap_identity": eapIdentity = assignment.value
        case "hash-and-url": looksUpCertificates = try assignment.truth()
        case "intermediate": intermediate = try assignment.truth()
        case "childless":
            switch try assignment.oneOf(["allow", "prefer", "force", "never"]) {
            case "prefer": childless = .prefer
            case "force": childless = .force
            case "never": childless = .never
            default: childless = .allow
            }
        case "accept-redirect": acceptsRedirects = try assignment.truth()
        case "send-redirect": sendsRedirects = try assignment.truth()
        case "redirect-to":
            guard let address = IPAddress(assignment.value) else { throw assignment.malformed("an address") }
            redirectTarget = address
        case "ppk-ids": ppkNames = ValueSyntax.list(assignment.value)
        case "ipsec-interface" where value != "no", "vti-interface", "ah", "sec-label": refuse(assignment)
        case "mark", "mark-in", "mark-out":
            // pluto's own choice of one for each instance.
            guard value != "-1" else { return refuse(assignment) }
            guard let read = PacketMark(value) else { throw assignment.malformed("a mark: NUMBER or NUMBER/MASK") }
            let mark = read.isAny ? nil : read
            if assignment.key != "mark-out" { inboundMark = mark }
            if assignment.key != "mark-in" { outboundMark = mark }
        default: break
        }
    }

    private mutating func refuse(_ assignment: Assignment) {
        unsupported.append("\(assignment.key)=\(assignment.value)")
    }

    private mutating func setKeyExchange(_ assignment: Assignment) throws(ConfigurationError) {
        switch assignment.value.lowercased() {
        case "ike", "ikev2", "yes", "insist", "propose", "permit": break
        case "ikev1", "no", "never": refuse(assignment)
        default: throw assignment.malformed("ikev2")
        }
    }

    // MARK: One side

    private mutating func setSide(_ side: Side, _ key: String, _ assignment: Assignment) throws(ConfigurationError) {
        let value = assignment.value
        switch key {
        case "":
            self[side].hostText = value
            self[side].host = try ConnectionSettings.host(assignment)
        case "id":
            if value == "%none" { return }
            if value == "%fromcert" {
                self[side].isIdentifiedByCertificate = true
                return
            }
            if value == "%any" {
                self[side].acceptsAnyIdentification = true
                return
            }
            guard let identification = Identification(plutoText: value) else {
                throw assignment.malformed("an identity such as @name, user@host, an address or C=CA, CN=name")
            }
            self[side].identification = identification
        case "subnet":
            self[side].subnets = try ConnectionSettings.subnets(assignment, side: self[side])
        case "subnets": self[side].subnetAlternatives = try ConnectionSettings.subnets(assignment, side: self[side])
        case "protoport":
            guard let (number, port) = ConnectionSettings.protoport(value) else {
                throw assignment.malformed("PROTOCOL/PORT such as tcp/22, 17/%any, icmp")
            }
            self[side].ipProtocol = number
            self[side].protocolPort = port
        case "ikeport":
            guard let port = UInt16(value), port > 0 else { throw assignment.malformed("a port") }
            self[side].ikePort = port
        case "sourceip": self[side].sourceAddresses = ValueSyntax.list(value)
        case "nexthop": self[side].nexthop = value
        case "updown":
            self[side].updown = value.isEmpty || value == "%disabled" ? "unset" : value
        case "username", "cat": refuse(assignment)
        case "autheap":
            switch try assignment.oneOf(["none", "tls", "mschapv2"]) {
            case "tls": self[side].eapMethod = .tls
            case "mschapv2": self[side].eapMethod = .mschapV2
            default: self[side].eapMethod = nil
            }
        case "auth" where value == "eap-tls": self[side].eapMethod = .tls
        case "auth" where value == "eap-mschapv2": self[side].eapMethod = .mschapV2
        case "auth", "authby": self[side].authentication = value.lowercased()
        case "sendcert":
            self[side].sendCertificate = try assignment.oneOf([
                "always", "alwayssend", "yes", "sendifasked", "ifasked", "never", "no",
            ])
        case "cert": self[side].certificate = value
        case "certurl": self[side].certificateURL = try assignment.httpURL()
        case "certbundleurl": self[side].bundleURL = try assignment.httpURL()
        case "ckaid": self[side].keyID = value.lowercased()
        case "ca": self[side].authority = value
        case "rsasigkey", "ecdsakey", "eddsakey", "pubkey":
            // `%cert` and its like: the key comes in a certificate.
            if value.isEmpty || value.hasPrefix("%") { return }
            guard let publicKey = PublicKeyText.parse(value) else { throw assignment.malformed("0s and Base64") }
            self[side].publicKey = publicKey
        case "interface-ip", "vti":
            refuse(assignment)
        case "addresspool": self[side].addressPools = try ConnectionSettings.pools(assignment)
        case "modecfgclient": self[side].isConfigurationClient = try assignment.truth()
        case "modecfgserver": self[side].isConfigurationServer = try assignment.truth()
        case "xauthclient", "xauthserver":
            if try assignment.truth() { refuse(assignment) }
        default: break
        }
    }

    private static func host(_ assignment: Assignment) throws(ConfigurationError) -> HostSetting {
        switch assignment.value {
        case "": throw assignment.malformed("an address, a name, %any or %defaultroute")
        case "%any", "%any4", "%any6", "0.0.0.0", "::": return .any
        case "%defaultroute": return .defaultRoute
        case let value where value.hasPrefix("%"):
            guard ["%opportunistic", "%opportunisticgroup", "%group", "%null"].contains(value) else {
                throw assignment.malformed("an address, a name, %any or %defaultroute")
            }
            return .group(value)
        case let value:
            if let address = IPAddress(value) { return .address(address) }
            let isName = value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
            // An address gone wrong (`192.0.2.256`, `2001:db8::/64`) is no host name.
            guard isName, value.contains(where: { $0.isLetter }) else {
                throw assignment.malformed("an address, a name, %any or %defaultroute")
            }
            return .name(value)
        }
    }

    private static func subnets(_ assignment: Assignment, side: SideSettings) throws(ConfigurationError) -> [IPPrefix] {
        var result: [IPPrefix] = []
        for part in ValueSyntax.list(assignment.value) {
            if part.hasPrefix("vhost:") || part.hasPrefix("vnet:") || part == "%dynamic" { continue }
            // `0/0` is an old way to say everything.
            guard let prefix = IPPrefix(part == "0/0" ? "0.0.0.0/0" : part) else {
                throw assignment.malformed("a subnet such as 192.0.2.0/24")
            }
            guard prefix == prefix.network else {
                throw assignment.error(
                    "bad value '\(part)' of '\(assignment.key)': the host identifier must be zero, "
                        + "as in \(prefix.network)")
            }
            result.append(prefix)
            guard result.count <= 256 else { throw assignment.error("more than 256 subnets in '\(assignment.key)'") }
        }
        return result
    }

    /// `192.0.3.10-192.0.3.19`, `192.3.1.0/24,2001:db8:0:3:1::/97`.
    private static func pools(_ assignment: Assignment) throws(ConfigurationError) -> [IPRange] {
        var result: [IPRange] = []
        for part in ValueSyntax.list(assignment.value) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let pool =
                ends.count == 2
                ? IPAddress(ends[0]).flatMap { first in IPAddress(ends[1]).flatMap { IPRange(first, $0) } }
                : IPPrefix(part).flatMap { $0 == $0.network ? $0.range : nil }
            guard let pool else {
                throw assignment.malformed("pools such as 192.0.2.10-192.0.2.99 or 2001:db8::/97")
            }
            guard !result.contains(where: { $0.intersection(pool) != nil }) else {
                throw assignment.error("the pools of '\(assignment.key)' overlap")
            }
            result.append(pool)
            guard result.count <= 16 else { throw assignment.error("more than 16 pools in '\(assignment.key)'") }
        }
        return result
    }

    private static func protoport(_ text: String) -> (UInt8, UInt16)? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let names: [String: UInt8] = [
            "icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ipv6-icmp": 58, "icmpv6": 58, "ospf": 89,
            "sctp": 132,
            "%any": 0,
        ]
        guard let number = names[parts[0].lowercased()] ?? UInt8(parts[0]) else { return nil }
        guard parts.count == 2, parts[1] != "%any", parts[1] != "0" else { return (number, 0) }
        guard let port = UInt16(parts[1]) else { return nil }
        return (number, port)
    }
}
