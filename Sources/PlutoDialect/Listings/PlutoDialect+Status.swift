import DataPlane
import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// `ipsec status` and its parts.
extension PlutoDialect {
    /// An empty line, which in pluto's listings has one space.
    private static let blank = " "

    func statusLines(_ view: any DaemonView) -> [String] {
        let blank = PlutoDialect.blank
        var lines = ["using kernel interface: \(view.dataPlaneName)", blank]
        for address in listenedAddresses(view) {
            // The NAT port stands first, as in pluto's list.
            for port in view.listeningPorts.reversed() {
                lines.append("interface \(InterfaceListing.text(address, port: port))")
            }
        }
        lines += [
            blank, "fips mode=\(fips ? "enabled" : "disabled");", "SElinux=disabled", "seccomp=OFF", blank,
            "config setup options:", blank,
        ]
        lines += setupLines()
        lines += [
            blank, "nat-traversal: keep-alive=\(setup.keepAlive.components.seconds), nat-ikeport=4500",
            "virtual-private (%priv):",
        ]
        lines += virtualPrivateLines()
        lines += [blank, "Kernel algorithms supported:", blank] + PlutoPersona.kernelAlgorithms
        lines += [blank, "IKE algorithms supported:", blank] + PlutoPersona.ikeAlgorithms
        lines += [blank, PlutoPersona.databaseCounters, blank]
        lines += connectionStatusLines(view, name: nil)
        lines += [blank] + briefStatusLines(view) + [blank]
        let states = stateLines(view)
        if !states.isEmpty { lines += states + [blank] }
        return lines + ["Bare Shunt list:", blank]
    }

    private func setupLines() -> [String] {
        func yes(_ truth: Bool) -> String { truth ? "yes" : "no" }
        func value(_ key: String, _ unset: String) -> String { setup.values[key] ?? unset }
        let log = setup.logFile.map { "logfile='\($0)'" } ?? "logfile='<unset>'"
        return [
            "configdir=\(paths.configurationFolder), configfile=\(paths.configuration), secrets=\(paths.secrets), "
                + "ipsecdir=\(paths.ipsecFolder)",
            "sbindir=\(paths.sbin), libexecdir=\(paths.libexec)",
            "nhelpers=\(setup.helperThreads), uniqueids=\(yes(setup.uniqueIDs)), "
                + "dnssec-enable=\(yes(setup.dnssecEnable)), shuntlifetime=\(seconds(setup.shuntLifetime)), "
                + "expire-lifetime=\(seconds(setup.expireLifetime))",
            "\(log), logappend=\(yes(setup.logAppend)), logip=\(yes(setup.logIP)), audit-log=\(yes(setup.auditLog))",
            "ddos-cookies-threshold=\(setup.cookieThreshold), ddos-max-halfopen=\(setup.halfOpenLimit), "
                + "ddos-mode=\(setup.ddosMode), ikev1-policy=\(setup.ikev1Policy)",
            "ikebuf=\(value("ike-socket-bufsize", "0")), msg_errqueue=\(value("ike-socket-errqueue", "yes")), "
                + "crl-strict=\(value("crl-strict", "no")), crlcheckinterval=\(value("crlcheckinterval", "0")), "
                + "listen=<any>, nflog-all=\(value("nflog-all", "0"))",
            "ocsp-enable=\(value("ocsp-enable", "no")), ocsp-strict=\(value("ocsp-strict", "no")), "
                + "ocsp-timeout=\(value("ocsp-timeout", "2"))",
            "ocsp-uri=\(value("ocsp-uri", "<unset>")), ocsp-trust-name=\(value("ocsp-trustname", "<unset>"))",
            "ocsp-cache-size=\(value("ocsp-cache-size", "1000")), "
                + "ocsp-cache-min-age=\(value("ocsp-cache-min-age", "3600")), "
                + "ocsp-cache-max-age=\(value("ocsp-cache-max-age", "86400")), "
                + "ocsp-method=\(value("ocsp-method", "get"))",
            "global-redirect=\(setup.globalRedirect), global-redirect-to=\(setup.globalRedirectTo ?? "<unset>")",
            "debug \(setup.debug.isEmpty ? "none" : setup.debug.joined(separator: "+"))",
        ]
    }

    private func virtualPrivateLines() -> [String] {
        var allowed: [String] = []
        var excluded: [String] = []
        for entry in setup.virtualPrivate {
            let text = entry.hasPrefix("%v4:") || entry.hasPrefix("%v6:") ? String(entry.dropFirst(4)) : entry
            if text.hasPrefix("!") { excluded.append(String(text.dropFirst())) } else { allowed.append(text) }
        }
        var lines: [String] = []
        if !allowed.isEmpty { lines.append("- allowed subnets: \(allowed.joined(separator: ", "))") }
        if !excluded.isEmpty { lines.append("- excluded subnets: \(excluded.joined(separator: ", "))") }
        return lines
    }

    func seconds(_ duration: Duration) -> String { "\(duration.components.seconds)s" }

    func briefStatusLines(_ view: any DaemonView) -> [String] {
        let ikes = view.ikeSAs
        let established = ikes.filter { $0.established != nil }
        let anonymous = established.filter { $0.peer?.type == .null }.count
        let children = view.childSAs
        let anonymousChildren = children.filter { child in
            ikes.first { $0.ike == child.ike }?.peer?.type == .null
        }.count
        let halfOpen = ikes.filter { $0.role == .responder && $0.established == nil }.count
        let open = ikes.count - established.count - halfOpen
        let limits = setup.halfOpenLimits
        return [
            "State Information: DDoS cookies \(halfOpen >= limits.cookies ? "REQUIRED" : "not required"), "
                + "\(halfOpen >= limits.greatest ? "NOT ACCEPTING" : "Accepting") new IKE connections",
            "IKE SAs: total(\(ikes.count)), half-open(\(halfOpen)), open(\(open)), "
                + "authenticated(\(established.count - anonymous)), anonymous(\(anonymous))",
            "IPsec SAs: total(\(children.count)), authenticated(\(children.count - anonymousChildren)), "
                + "anonymous(\(anonymousChildren))",
        ]
    }

    /// `Connection list:`, each connection's block, the totals; one connection's block where a name is given.
    func connectionStatusLines(_ view: any DaemonView, name: String?) -> [String] {
        let wanted = name.map { connections(named: $0) } ?? connections
        let snapshots = Dictionary(view.connections.map { ($0.connection.id, $0) }) { first, _ in first }
        var lines = name == nil ? ["Connection list:", PlutoDialect.blank] : []
        for bound in wanted.sorted(by: { ($0.name, $0.id) < ($1.name, $1.id) }) {
            lines += ConnectionListing(bound: bound, snapshot: snapshots[bound.id], dialect: self, view: view).lines
        }
        guard name == nil else { return lines }
        if !wanted.isEmpty { lines.append(PlutoDialect.blank) }
        let active = snapshots.values.filter { $0.child != nil }.count
        lines.append("Total IPsec connections: loaded \(connections.count), active \(active)")
        return lines
    }

    /// `#2: "west-east", type=ESP, add_time=…, inBytes=84, outBytes=84, maxBytes=2^63B, id='@east'`, by connection.
    func trafficLines(_ view: any DaemonView, name: String?) -> [String] {
        let wanted = name.map { Set(connections(named: $0).map(\.id)) }
        let children = view.childSAs.filter { wanted?.contains($0.connection) ?? true }
        let ikes = Dictionary(view.ikeSAs.map { ($0.ike, $0) }) { first, _ in first }
        return children.compactMap { child -> (key: (String, UInt64), line: String)? in
            guard let record = numbers.children[child.child] else { return nil }
            let name = label(child.connection, at: child.remote.address)
            let counters = view.counters(of: child.child)
            let age = (view.now - child.established).components.seconds
            let limit = bound(child.connection)?.settings.childOctets ?? 1 << 63
            let peer = ikes[child.ike]?.peer?.plutoText ?? "?"
            let line =
                "#\(record.number): \(name), type=ESP, add_time=\(view.wallClockSeconds - age), "
                + "inBytes=\(counters?.inboundOctets ?? 0), outBytes=\(counters?.outboundOctets ?? 0), "
                + "maxBytes=\(ByteCount.limit(limit))B, id='\(peer)'\(lease(ikes[child.ike]))"
            return ((name, record.number), line)
        }.sorted { $0.key < $1.key }.map(\.line)
    }

    /// `, lease=192.0.3.10/32`: what the client of the tunnel has from its gateway.
    private func lease(_ ike: IKESnapshot?) -> String {
        guard let leases = ike?.leases, !leases.isEmpty else { return "" }
        return ", lease=" + leases.map { IPPrefix(host: $0).description }.joined(separator: ",")
    }

    // MARK: States

    /// IKE and Child SAs with their times, and each Child SA's SPIs and traffic; by number.
    func stateLines(_ view: any DaemonView) -> [String] {
        let snapshots = Dictionary(view.connections.map { ($0.connection.id, $0) }) { first, _ in first }
        var lines: [(number: UInt64, text: [String])] = []
        for ike in view.ikeSAs {
            guard let record = numbers.ikes[ike.ike], let label = label(ike.ike) else { continue }
            let newest = ike.connection.map { snapshots[$0]?.ike == ike.ike } ?? false
            lines.append((record.number, [stateLine(ike, label, newest: newest, view)]))
        }
        for child in view.childSAs {
            guard let record = numbers.children[child.child], let label = label(child.child) else { continue }
            let newest = snapshots[child.connection]?.child == child.child
            lines.append((record.number, childLines(child, label, newest: newest, view)))
        }
        return lines.sorted { $0.number < $1.number }.flatMap(\.text)
    }

    private func stateLine(
        _ ike: IKESnapshot, _ label: String, newest: Bool, _ view: any DaemonView
    ) -> String {
        let processed = numbers.ikes[ike.ike]?.processedFirstResponse ?? false
        let short = StateName.short(ike.state, processed: processed && ike.established == nil)
        let human = StateName.human(ike.state, processed: processed && ike.established == nil)
        var parts = "\(stateHead(label, port: ike.remote.port)) \(short) (\(human));"
        if let established = ike.established, let lifetimes = lifetimes(of: ike.connection) {
            parts += times(since: established, life: lifetimes.ike, margin: lifetimes.rekeyMargin, view)
        }
        if newest { parts += " newest;" }
        return parts + " idle;"
    }

    private func childLines(
        _ child: ChildFacts, _ label: String, newest: Bool, _ view: any DaemonView
    ) -> [String] {
        var head = "\(stateHead(label, port: child.remote.port)) ESTABLISHED_CHILD_SA (established Child SA);"
        if let lifetimes = lifetimes(of: child.connection) {
            head += times(since: child.established, life: lifetimes.child, margin: lifetimes.rekeyMargin, view)
        }
        if newest { head += " newest; eroute owner;" }
        head += " IKE SA #\(number(child.ike)); idle;"
        let counters = view.counters(of: child.child)
        let limit = bound(child.connection)?.settings.childOctets ?? 1 << 63
        let us = view.ikeSA(child.ike)?.local.address
        let local = us.map { "\($0)" } ?? "?"
        let hash = label.lastIndex(of: "#").map { String(label[$0...]) } ?? ""
        let name = label.lastIndex(of: "#").map { String(label[..<label.index(before: $0)]) } ?? label
        let traffic =
            "Traffic: ESPin=\(ByteCount.text(counters?.inboundOctets ?? 0)) "
            + "ESPout=\(ByteCount.text(counters?.outboundOctets ?? 0)) ESPmax=\(ByteCount.limit(limit))B "
        return [
            head,
            "\(hash): \(name) esp.\(hex(child.outbound))@\(child.remote.address) esp.\(hex(child.inbound))@\(local) "
                + "tun.0@\(child.remote.address) tun.0@\(local) \(traffic)",
        ]
    }

    private func hex(_ spi: ESPSPI) -> String { String(spi.value, radix: 16) }

    /// From `"CONN" #N` to `#N: "CONN":PORT`.
    private func stateHead(_ label: String, port: UInt16) -> String {
        guard let hash = label.lastIndex(of: "#") else { return label }
        return "\(label[hash...]): \(label[..<label.index(before: hash)]):\(port)"
    }

    private func lifetimes(of connection: ConnectionID?) -> Lifetimes? {
        connection.flatMap { bound($0)?.connection?.lifetimes }
    }

    /// When it will be rekeyed at the latest, and when it ends.
    private func times(since: Instant, life: Duration, margin: Duration, _ view: any DaemonView) -> String {
        let end = since + life
        let rekey = max((end - view.now - margin).components.seconds, 0)
        return " REKEY in \(rekey)s; REPLACE in \(max((end - view.now).components.seconds, 0))s;"
    }
}
