import DialectKit
import IKECrypto
import IKEModel
import NetAddress

/// A `ca` section of ipsec.conf.
package struct StarterAuthority: Hashable, Sendable {
    package var name: String
    /// Its file, relative to ipsec.d/cacerts.
    package var certificate: String
    /// Where its lists are: `crluri`, which is also called `crluri1`, and `crluri2`.
    package var listURLs: [String] = []
}

/// ipsec.conf's connections, and what is wrong with those that are none.
package struct StarterConnections {
    package private(set) var definitions: [ConnectionDefinition] = []
    /// charon's own lines about what it cannot read, each with its place.
    package private(set) var complaints: [String] = []
    /// Names that no release of strongSwan knows, or values that mean nothing, make an error each; a connection with one is
    /// left out.
    package private(set) var errorCount = 0

    package private(set) var authorities: [StarterAuthority] = []
    /// `strictcrlpolicy=yes`: a certificate without a good revocation list proves nothing.
    package private(set) var requiresRevocationLists = false
    /// `cachecrls=yes`, or, as the releases with pluto had it, an interval at which lists are looked at.
    package private(set) var cachesLists = false
    /// `charondebug="knl 2, ike 1"`: levels by group.
    package private(set) var levels: [String: Int] = [:]
    /// `charonstart=no`.
    package private(set) var startsCharon = true

    private static let authorityKeys: Set<String> = [
        "auto", "cacert", "crluri", "crluri1", "crluri2", "ocspuri", "ocspuri1", "ocspuri2", "certuribase", "ldaphost",
        "ldapbase", "also",
    ]
    private static let setupKeys: Set<String> = [
        "crlcheckinterval", "plutostart", "charonstart", "charondebug", "strictcrlpolicy", "cachecrls", "uniqueids",
        "nat_traversal", "plutodebug", "interfaces", "klipsdebug", "virtual_private", "overridemtu", "dumpdir", "dpd",
        "keep_alive", "prepluto", "postpluto", "pkcs11module", "pkcs11initargs", "eapdir", "packetdefault",
    ]

    package init(_ file: StarterFile) {
        for section in file.sections where section.kind == "config" {
            for one in section.assignments where !Self.setupKeys.contains(one.key) {
                complain(one, "# unknown keyword '\(one.key)'")
            }
            for one in section.assignments { setUp(one) }
        }
        for section in file.sections where section.kind == "ca" && section.name != "%default" {
            for one in section.assignments where !Self.authorityKeys.contains(one.key) {
                complain(one, "# unknown keyword '\(one.key)'")
            }
            func value(_ key: String) -> String? { section.assignments.last { $0.key == key }?.value }
            guard let certificate = value("cacert"), ["add", "route", "start"].contains(value("auto") ?? "") else {
                continue
            }
            let urls = [value("crluri") ?? value("crluri1"), value("crluri2")].compactMap { $0 }
            authorities.append(StarterAuthority(name: section.name, certificate: certificate, listURLs: urls))
        }
        for name in file.connectionNames {
            let assignments: [StarterFile.Assignment]
            do throws(ConfigurationError) { assignments = try file.assignments(of: name) } catch {
                complaints.append("\(error)")
                errorCount += 1
                continue
            }
            let before = errorCount
            var definition = ConnectionDefinition(origin: .stroke, name: name, peer: name)
            definition.start = .ignore
            for one in assignments { set(one, &definition) }
            refuseSelectorsBesideAddresses(assignments, definition)
            if errorCount > before {
                let count = errorCount - before
                complaints.append("# ignored conn '\(name)' due to \(count) parsing error\(count == 1 ? "" : "s")")
            } else if definition.start != .ignore {
                definitions.append(definition)
            }
        }
        if errorCount > 0 {
            complaints.append("### \(errorCount) parsing error\(errorCount == 1 ? "" : "s") (0 fatal) ###")
        }
    }

    private mutating func setUp(_ one: StarterFile.Assignment) {
        switch one.key {
        case "strictcrlpolicy":
            // `ifuri`: where a certificate says where its list is; no list is fetched here.
            guard one.value != "ifuri" else { return }
            guard let isStrict = ValueSyntax.boolean(one.value) else {
                return complain(one, "# bad value: \(one.key)=\(one.value)")
            }
            requiresRevocationLists = isStrict
        case "cachecrls": cachesLists = cachesLists || ValueSyntax.boolean(one.value) ?? false
        case "crlcheckinterval": cachesLists = cachesLists || ValueSyntax.duration(one.value) ?? .zero > .zero
        case "charonstart": startsCharon = ValueSyntax.boolean(one.value) ?? true
        case "charondebug":
            for part in one.value.split(separator: ",") {
                let words = part.split { $0 == " " || $0 == "\t" }
                if words.count == 2, let level = Int(words[1]) { levels[words[0].lowercased()] = level }
            }
        default: break
        }
    }

    private mutating func complain(_ one: StarterFile.Assignment, _ reason: String) {
        complaints.append("\(one.file):\(one.line): \(reason)")
        errorCount += 1
    }

    private mutating func set(_ one: StarterFile.Assignment, _ definition: inout ConnectionDefinition) {
        if one.key.hasPrefix("left") || one.key.hasPrefix("right") {
            let isLeft = one.key.hasPrefix("left")
            let key = String(one.key.dropFirst(isLeft ? 4 : 5))
            if let values = Self.onlyOfEnd[key] {
                if !values.contains(one.value) { complain(one, "# not supported: \(one.key)=\(one.value)") }
                return
            }
            let isGood = setEnd(key, one.value, isLeft ? \.local : \.remote, &definition)
            if isGood == nil { complain(one, "# unknown keyword '\(one.key)'") }
            if isGood == false { complain(one, "# bad value: \(one.key)=\(one.value)") }
            return
        }
        guard Self.known.contains(one.key) else { return complain(one, "# unknown keyword '\(one.key)'") }
        if let values = Self.only[one.key], !values.contains(one.value) {
            return complain(one, "# not supported: \(one.key)=\(one.value)")
        }
        if !setGeneral(one, &definition) { complain(one, "# bad value: \(one.key)=\(one.value)") }
    }

    /// An end with addresses of a pool protects these and nothing else: a network beside them would be heeded by nobody.
    private mutating func refuseSelectorsBesideAddresses(
        _ assignments: [StarterFile.Assignment], _ definition: ConnectionDefinition
    ) {
        for (side, end) in [("left", definition.local), ("right", definition.remote)]
        where !end.sourceAddresses.isEmpty && end.limitsSelectors {
            let keys = [side + "subnet", side + "protoport"]
            guard let one = assignments.last(where: { keys.contains($0.key) }) else { continue }
            complain(one, "# \(one.key) beside \(side)sourceip is not supported")
        }
    }

    /// What is obeyed with these values alone, because nothing else is done; any other is refused.
    private static let only: [String: Set<String>] = [
        "ah": [], "auth": ["esp"], "closeaction": ["none"], "compress": ["no"], "inactivity": ["0", "0s"],
        "marginbytes": ["0"], "marginpackets": ["0"], "mediation": ["no"],
        "modeconfig": ["pull"], "sha256_96": ["no"], "tfc": ["0"],
    ]
    /// As `only`, of an end.
    private static let onlyOfEnd: [String: Set<String>] = [
        "allowany": ["no"], "auth2": [], "ca2": [], "cert2": [], "certpolicy": [], "groups": [], "groups2": [],
        "id2": [], "ikeport": ["500"], "natip": [], "rsasigkey": ["%cert"], "sigkey": ["%cert"], "subnetwithin": [],
    ]

    /// Keys that mean nothing here are read and let be: what they ask for is what is done, or is not done by anybody.
    private static let known: Set<String> = [
        "keyexchange", "authby", "auto", "ike", "esp", "ikelifetime", "lifetime", "keylife", "margintime",
        "rekeymargin",
        "rekeyfuzz", "keyingtries", "rekey", "reauth", "mobike", "installpolicy", "type", "dpdaction", "dpddelay",
        "dpdtimeout", "fragmentation", "forceencaps", "reqid", "replay_window", "compress", "aggressive", "closeaction",
        "auth", "pfs", "inactivity", "modeconfig", "xauth", "tfc", "mark", "mark_in", "mark_out", "eap_identity",
        "lifebytes", "lifepackets", "marginbytes", "marginpackets", "sha256_96", "mediation", "pfsgroup", "ah",
    ]

    /// - Returns: whether the value means something.
    private func setGeneral(_ one: StarterFile.Assignment, _ definition: inout ConnectionDefinition) -> Bool {
        func boolean(_ path: WritableKeyPath<ConnectionDefinition, Bool>) -> Bool {
            guard let value = ValueSyntax.boolean(one.value) else { return false }
            definition[keyPath: path] = value
            return true
        }
        func duration(_ paths: WritableKeyPath<ConnectionDefinition, Duration>...) -> Bool {
            guard let value = ValueSyntax.duration(one.value) else { return false }
            for path in paths { definition[keyPath: path] = value }
            return true
        }
        switch one.key {
        case "keyexchange": return ["ike", "ikev2"].contains(one.value)
        case "authby":
            guard ["secret", "psk", "rsasig", "pubkey", "rsa"].contains(one.value) else { return false }
            let method = one.value == "secret" || one.value == "psk" ? "psk" : "pubkey"
            definition.local.authentication = method
            definition.remote.authentication = method
        case "auto":
            switch one.value {
            case "add": definition.start = .add
            case "route": definition.start = .route
            case "start": definition.start = .start
            case "ignore": definition.start = .ignore
            default: return false
            }
        case "ike":
            guard (try? ProposalParser.ike(one.value)) != nil else { return false }
            definition.ike = one.value
        case "esp":
            guard (try? ProposalParser.esp(one.value)) != nil else { return false }
            definition.esp = one.value
        case "ikelifetime": return duration(\.ikeLifetime)
        case "lifetime", "keylife": return duration(\.childLifetime)
        case "margintime", "rekeymargin": return duration(\.rekeyMargin, \.childRekeyMargin)
        case "rekeyfuzz":
            guard let percent = ValueSyntax.percent(one.value) else { return false }
            definition.rekeyFuzzPercent = percent
        case "lifebytes", "lifepackets":
            guard let count = UInt64(one.value) else { return false }
            let path = one.key == "lifebytes" ? \ConnectionDefinition.childOctets : \.childPackets
            definition[keyPath: path] = count == 0 ? 1 << 63 : count
        case "rekey": return boolean(\.rekeys)
        case "reauth": return boolean(\.reauthenticates)
        case "mobike": return boolean(\.mobility)
        case "installpolicy": return boolean(\.installsPolicies)
        case "forceencaps": return boolean(\.forcesEncapsulation)
        case "fragmentation":
            if one.value == "force" || one.value == "accept" { return true }
            return boolean(\.fragmentation)
        case "type":
            switch one.value {
            case "tunnel": definition.mode = .tunnel
            case "transport": definition.mode = .transport
            case "transport_proxy": definition.mode = .transportProxy
            default: return false
            }
        case "eap_identity":
            definition.local.eapIdentity = one.value
            definition.remote.eapIdentity = one.value
        case "dpddelay": return duration(\.livenessDelay)
        case "dpdaction":
            guard ["none", "clear", "hold", "restart"].contains(one.value) else { return false }
            definition.livenessAction = one.value
        case "reqid":
            guard let number = UInt32(one.value), number > 0 else { return false }
            definition.reqid = number
        case "mark", "mark_in", "mark_out":
            guard let read = PacketMark(one.value) else { return false }
            let mark = read.isAny ? nil : read
            if one.key != "mark_out" { definition.marks.inbound = mark }
            if one.key != "mark_in" { definition.marks.outbound = mark }
            definition.marks.marksOutboundSA = definition.marks.outbound != nil
        case "replay_window":
            guard let window = Int(one.value), window == 0 || (32...4096).contains(window) else { return false }
            definition.replayWindow = window
        default: break
        }
        return true
    }

    /// - Returns: nil for a key that nobody knows, else whether the value means something.
    private func setEnd(
        _ key: String, _ value: String, _ end: WritableKeyPath<ConnectionDefinition, EndDefinition>,
        _ definition: inout ConnectionDefinition
    ) -> Bool? {
        switch key {
        case "": definition[keyPath: end].host = value
        case "id": definition[keyPath: end].identity = value
        case "auth":
            guard let method = EndDefinition.authentication(value) else { return false }
            definition[keyPath: end].authentication = method
        case "sendcert":
            guard let sending = CertificateSending(charon: value) else { return false }
            definition[keyPath: end].certificateSending = sending
        case "ca":
            guard ["%any", "%same"].contains(value) || DistinguishedName(text: value) != nil else { return false }
            definition[keyPath: end].authorities = value == "%any" ? [] : [value]
        case "cert": definition[keyPath: end].certificates = ValueSyntax.list(value)
        case "subnet":
            var selectors: [SelectorDefinition] = []
            for text in ValueSyntax.list(value) {
                guard let selector = SelectorDefinition(text) else { return false }
                selectors.append(selector)
            }
            definition[keyPath: end].selectors = selectors
        case "protoport":
            guard let (ipProtocol, port) = SelectorDefinition.protocolAndPort(value) else { return false }
            definition[keyPath: end].ipProtocol = ipProtocol
            definition[keyPath: end].port = port
        case "sourceip", "dns":
            let list = ValueSyntax.list(value)
            let addresses = list.compactMap(SourceAddress.init)
            guard addresses.count == list.count else { return false }
            if key == "sourceip" {
                definition[keyPath: end].sourceAddresses = addresses
            } else {
                definition[keyPath: end].nameServers = addresses
            }
        case "nexthop", "updown", "hostaccess", "firewall": break
        default: return nil
        }
        return true
    }
}

extension SelectorDefinition {
    /// `10.1.0.0/16`, `dynamic`, `%dynamic`, each with `[tcp/80]` behind it.
    init?(_ text: String) {
        var address = text[...]
        var limits: Substring?
        if text.hasSuffix("]"), let open = text.firstIndex(of: "[") {
            limits = text[text.index(after: open)...].dropLast()
            address = text[..<open]
        }
        self.init()
        if address != "dynamic" && address != "%dynamic" {
            guard let prefix = IPPrefix(String(address)) else { return nil }
            self.prefix = prefix.network
        }
        if let limits {
            guard let (ipProtocol, port) = SelectorDefinition.protocolAndPort(String(limits)) else { return nil }
            self.ipProtocol = ipProtocol
            self.port = port
        }
    }

    /// `tcp/80`, `135/0`, `udp/%any`, `icmp`; a port of 0 is any.
    static func protocolAndPort(_ text: String) -> (UInt8, UInt16)? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let number = UInt8(parts[0]) ?? (parts[0] == "%any" ? 0 : SelectorText.number(ofProtocol: parts[0]))
        guard let number else { return nil }
        guard parts.count == 2, parts[1] != "%any" else { return (number, 0) }
        guard let port = UInt16(parts[1]) ?? SelectorText.number(ofService: parts[1]) else { return nil }
        return (number, port)
    }
}

extension EndDefinition {
    /// `psk`, `pubkey`, `eap`, `eap-mschapv2`, `eap-tls`, `any` of what `leftauth=` and `auth =` may be; the kinds of keys are
    /// `pubkey`. nil: not known, or with constraints (`rsa-4096-sha512`, `ike:…`), which nobody here would obey.
    static func authentication(_ text: String) -> String? {
        if ["psk", "any", "eap", "eap-mschapv2", "eap-tls"].contains(text) { return text }
        return ["pubkey", "rsa", "ecdsa", "ed25519", "ed448"].contains(text) ? "pubkey" : nil
    }

    var eapMethod: EAPPolicy.Method? {
        switch authentication {
        case "eap-mschapv2": .mschapV2
        case "eap-tls": .tls
        default: nil
        }
    }
}

extension CertificateSending {
    init?(charon text: String) {
        switch text {
        case "always", "yes": self = .always
        case "never", "no": self = .never
        case "ifasked": self = .ifAsked
        default: return nil
        }
    }
}
