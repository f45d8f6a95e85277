import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// One connection's block of `ipsec connectionstatus`.
struct ConnectionListing {
    let bound: BoundConnection
    let snapshot: ConnectionSnapshot?
    let dialect: PlutoDialect
    let view: any DaemonView

    private var settings: ConnectionSettings { bound.settings }

    var lines: [String] {
        let name = "\"\(bound.name)\":"
        return ["\(name) \(ends); \(routing); my_ip=\(sourceIP(bound.ours)); their_ip=\(sourceIP(bound.theirs));"]
            + details.map { "\(name)   \($0)" }
    }

    /// `unset`, or the inbound and the outbound one.
    private var marks: String {
        let marks = [settings.inboundMark, settings.outboundMark].map { $0 ?? PacketMark(value: 0, mask: 0) }
        guard marks.contains(where: { $0.value != 0 }) else { return "unset" }
        // The mask as printf's %#08x: eight characters, of which two are 0x, but for a 0.
        return marks.map { mark in
            let digits = String(mark.mask, radix: 16)
            let padded = String(repeating: "0", count: max((mark.mask == 0 ? 8 : 6) - digits.count, 0)) + digits
            return "\(mark.value)/\(mark.mask == 0 ? "" : "0x")\(padded)"
        }.joined(separator: ", ")
    }

    private var details: [String] {
        func yes(_ truth: Bool) -> String { truth ? "yes" : "no" }
        var result = [
            bound.connection.map {
                "host: oriented; local: \(address($0.local.host)); remote: \(address($0.remote.host));"
            }
                ?? "host: unoriented; left: \(settings.left.hostText); right: \(settings.right.hostText);",
            "my_updown=\(bound.ours.updown);",
            "xauth us:none, xauth them:none,  my_username=[any]; their_username=[any]",
            "our auth:\(authentication(bound.ours)), their auth:\(authentication(bound.theirs)), "
                + "our autheap:none, their autheap:none;",
            "modecfg info: us:\(modecfg(bound.ours)), them:\(modecfg(bound.theirs)), "
                + "modecfg policy:\(shown("modecfgpull", "no") == "yes" ? "pull" : "push"), "
                + "dns:\(list(settings.nameServers.map(\.description))), domains:\(list(settings.domains)), cat:unset;",
            "sec_label:unset;",
            "ike_life: \(seconds(settings.ikeLifetime)); ipsec_life: \(seconds(settings.childLifetime)); "
                + "ipsec_max_bytes: \(ByteCount.limit(settings.childOctets))B; "
                + "ipsec_max_packets: \(ByteCount.limit(settings.childPackets)); "
                + "replay_window: \(settings.replayWindow); rekey_margin: \(seconds(settings.rekeyMargin)); "
                + "rekey_fuzz: \(settings.rekeyFuzzPercent)%;",
            "iptfs: no; fragmentation: \(yes(settings.fragmentation)); "
                + "packet-size: \(shown("iptfs-packet-size", "0")); "
                + "max-queue-size: \(shown("iptfs-max-queue-size", "0")); drop-time: \(shown("iptfs-drop-time", "0")); "
                + "init-delay: \(shown("iptfs-init-delay", "0")); "
                + "reorder-window: \(shown("iptfs-reorder-window", "0"));",
            "retransmit-interval: \(settings.retransmitInterval.nanosecondCount / 1_000_000)ms; "
                + "retransmit-timeout: \(seconds(settings.retransmitTimeout)); iketcp:\(settings.enableTCP); "
                + "iketcp-port:\(settings.remoteTCPPort);",
            "initial-contact:\(yes(settings.initialContact)); cisco-unity:\(yes(settings.ciscoUnity)); "
                + "fake-strongswan:\(yes(settings.fakeStrongSwan)); send-vendorid:\(yes(settings.sendVendorID)); "
                + "send-no-esp-tfc:\(yes(settings.sendNoTFC));",
            "policy: \(policy);",
            "v2-auth-hash-policy: none;",
            "conn_prio: \(priorities); interface: \(bound.interface ?? ""); metric: 0; mtu: unset; "
                + "sa_prio:\(settings.priority.map { "\($0)" } ?? "auto"); sa_tfc:none;",
            "nflog-group: unset; mark: \(marks); vti-iface:unset; vti-routing:\(shown("vti-routing", "no")); "
                + "vti-shared:\(shown("vti-shared", "no")); nic-offload:no;",
            "our idtype: \(identity(bound.ours, ours: true).type); our id=\(identity(bound.ours, ours: true).text); "
                + "their idtype: \(identity(bound.theirs, ours: false).type); "
                + "their id=\(identity(bound.theirs, ours: false).text)",
            "sendca: \(settings.sendCA); our sendcert: \(bound.ours.sendCertificate); "
                + "their sendcert: \(bound.theirs.sendCertificate);",
            "liveness: \(settings.livenessDelay > .zero ? "active" : "passive"); "
                + "dpddelay:\(seconds(settings.livenessDelay)); retransmit-timeout:\(seconds(settings.retransmitTimeout))",
            "nat-traversal: encapsulation:\(encapsulation); "
                + "keepalive:\(settings.natKeepAlive ? seconds(dialect.setup.keepAlive) : "no")",
        ]
        if settings.sessionResumption { result.append("session resume ticket: \(ticket)") }
        result += ["routing: \(routing);\(owners)", "conn serial: $\(bound.id.number);"]
        if let ike = settings.ike {
            result.append("IKE algorithms: \(ike.map(\.description).joined(separator: ", "))")
        }
        if let suite = newestIKE?.suite { result.append("IKEv2 algorithm newest: \(AlgorithmNames.newest(suite))") }
        if let esp = settings.esp {
            result.append("ESP algorithms: \(esp.map(\.description).joined(separator: ", "))")
        }
        if let child = newestChild {
            let group = child.suite.keyExchange.map { AlgorithmNames.name($0) } ?? (settings.pfs ? "<Phase1>" : "<N/A>")
            result.append(
                "ESP algorithm newest: \(AlgorithmNames.description(child.suite)); pfsgroup=\(group)")
        }
        return result
    }

    // MARK: Pieces

    /// What was written for a key that only this listing knows.
    private func shown(_ key: String, _ unset: String) -> String { settings.shown[key] ?? unset }

    private func list(_ words: [String]) -> String { words.isEmpty ? "unset" : words.joined(separator: ", ") }

    private func modecfg(_ side: SideSettings) -> String {
        side.isConfigurationServer ? "server" : side.isConfigurationClient ? "client" : "none"
    }

    private func seconds(_ duration: Duration) -> String { "\(duration.components.seconds)s" }

    private var newestIKE: IKESnapshot? {
        snapshot?.ike.flatMap { id in view.ikeSAs.first { $0.ike == id } }
    }

    private var newestChild: ChildFacts? {
        snapshot?.child.flatMap { id in view.childSAs.first { $0.child == id } }
    }

    private var routing: String {
        switch snapshot?.routing ?? .unrouted {
        case .unrouted: "unrouted"
        case .routedOnDemand: "routed-ondemand"
        case .routedTunnel: "routed-tunnel"
        }
    }

    private var owners: String {
        var text = ""
        if let child = snapshot?.child, let number = dialect.numbers.children[child]?.number {
            text += " owner: Child SA #\(number);"
        }
        if let ike = snapshot?.ike, let number = dialect.numbers.ikes[ike]?.number {
            text += " established IKE SA: #\(number);"
        }
        if let child = snapshot?.child, let number = dialect.numbers.children[child]?.number {
            text += " established Child SA: #\(number);"
        }
        return text
    }

    /// `none`, or `length: B bytes; expires-in: Ns;`.
    private var ticket: String {
        // One that has expired is thrown away when it is wanted; until then it is none, too.
        guard let ticket = snapshot?.ticket, ticket.expires > view.now else { return "none" }
        let left = (ticket.expires - view.now).components.seconds
        return "length: \(ticket.octets) bytes; expires-in: \(left)s;"
    }

    private var encapsulation: String {
        switch settings.encapsulation {
        case .automatic: "auto"
        case .always: "yes"
        case .never: "no"
        }
    }

    /// `192.0.1.0/24===192.1.2.45[@west]...192.1.2.23[@east]===192.0.2.0/24`.
    private var ends: String {
        let ours = client(bound.ours)
        let theirs = client(bound.theirs)
        return (ours.isEmpty ? "" : ours + "===") + host(bound.ours, ours: true) + "..."
            + host(bound.theirs, ours: false) + (theirs.isEmpty ? "" : "===" + theirs)
    }

    private func client(_ side: SideSettings) -> String {
        if side.subnets.isEmpty {
            return side.ipProtocol == 0 ? "" : protoport(side)
        }
        return side.subnets.map { $0.description + (side.ipProtocol == 0 ? "" : "/" + protoport(side)) }
            .joined(separator: ",")
    }

    private func protoport(_ side: SideSettings) -> String {
        let selector = TrafficSelector(
            IPPrefix(host: .unspecified(.v4)), ipProtocol: side.ipProtocol, port: side.protocolPort)
        return String(SelectorText.text(selector).dropFirst("0.0.0.0/32/".count))
    }

    private func host(_ side: SideSettings, ours: Bool) -> String {
        let end = ours ? bound.connection?.local : bound.connection?.remote
        let text = end.map { address($0.host) } ?? side.hostText
        guard let identification = side.identification, identification.plutoText != text else { return text }
        return "\(text)[\(identification.plutoText)]"
    }

    private func address(_ host: HostAddress) -> String {
        switch host {
        case .address(let address): "\(address)"
        case .any: "%any"
        }
    }

    private func sourceIP(_ side: SideSettings) -> String {
        side.sourceAddresses.isEmpty ? "unset" : side.sourceAddresses.joined(separator: ",")
    }

    private func identity(_ side: SideSettings, ours: Bool) -> (type: String, text: String) {
        let end = ours ? bound.connection?.local : bound.connection?.remote
        if let identification = side.identification { return (identification.plutoTypeName, identification.plutoText) }
        if case .address(let address)? = end?.host {
            return (address.family == .v4 ? "IPV4_ADDR" : "IPV6_ADDR", "\(address)")
        }
        return ("%none", "(none)")
    }

    private func authentication(_ side: SideSettings) -> String {
        let methods = settings.authenticationWords(of: side)
        return methods.contains("secret")
            ? "secret" : methods.contains("null") ? "null" : methods.joined(separator: "+")
    }

    private var policy: String {
        var words = ["IKEv2"]
        let methods = settings.authenticationWords(of: bound.ours)
        if methods.contains("null") {
            words.append("AUTH_NULL")
        } else if let signatures = SignatureMethods.parse(methods) {
            words += SignatureMethods.policyWords(signatures)
        } else {
            words.append("PSK")
        }
        words.append("ENCRYPT")
        words.append(settings.mode == .tunnel ? "TUNNEL" : "TRANSPORT")
        if settings.pfs { words.append("PFS") }
        if !settings.rekey { words.append("DONT_REKEY") }
        // On demand it was routed when it was loaded; kept up it has been asked for.
        if snapshot?.routing == .routedOnDemand { words.append("ROUTE") }
        if snapshot?.staysUp ?? false { words.append("UP") }
        if settings.narrowing { words.append("IKEV2_ALLOW_NARROWING") }
        if settings.mobike { words.append("MOBIKE") }
        if settings.fragmentation { words.append("IKE_FRAG_ALLOW") }
        if settings.ppk != .never { words.append("PPK_ALLOW") }
        if settings.ppk == .insist { words.append("PPK_INSIST") }
        if settings.extendedSequenceNumbers.contains(false) { words.append("ESN_NO") }
        if settings.extendedSequenceNumbers.contains(true) { words.append("ESN_YES") }
        if settings.sessionResumption { words.append("RESUME") }
        return words.joined(separator: "+")
    }

    /// How specific the ends are: our client's prefix length, theirs, whether protocol and port are said.
    private var priorities: String {
        func length(_ side: SideSettings, _ host: HostAddress?) -> Int {
            if let first = side.subnets.first { return first.length }
            if case .address(let address)? = host { return address.family.bitCount }
            return 0
        }
        var ports = 0
        for side in [bound.ours, bound.theirs] {
            if side.ipProtocol != 0 { ports += 1 }
            if side.protocolPort != 0 { ports += 1 }
        }
        let ours = length(bound.ours, bound.connection?.local.host)
        let theirs = length(bound.theirs, bound.connection?.remote.host)
        return "\(ours),\(theirs),\(ports)"
    }
}
