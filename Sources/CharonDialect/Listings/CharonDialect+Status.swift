import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// `ipsec status` and `ipsec statusall`, in the form of the release that is spoken.
extension CharonDialect {
    /// Right-aligned to twelve, as charon's listings have their names.
    private func padded(_ name: String) -> String { String(repeating: " ", count: max(0, 12 - name.count)) + name }

    func statusText(isAll: Bool, name: String?, _ view: any DaemonView) -> String {
        var lines: [String] = []
        if isAll {
            lines += headLines(view)
            lines.append("Connections:")
            lines += connectionLines(name)
        }
        let routed = view.connections.filter { $0.routing == .routedOnDemand }.compactMap { bound($0.connection.id) }
        if version != .v4_2_9, !routed.isEmpty {
            lines.append("Routed Connections:")
            for bound in routed { lines += routedLines(bound) }
        }
        let shown = view.ikeSAs.filter { name == nil || bound($0.connection)?.peer == name }
        if version == .v4_2_9 {
            lines.append("Security Associations:")
        } else {
            let established = view.ikeSAs.filter { $0.established != nil }.count
            lines.append(
                "Security Associations (\(established) up, \(view.ikeSAs.count - established) connecting):")
        }
        if version == .v4_2_9 {
            // Traps are listed with the IKE SA that they belong to.
            if shown.isEmpty { for bound in routed { lines += routedLines(bound) } }
            if shown.isEmpty, routed.isEmpty { lines.append("  none") }
        } else if shown.isEmpty {
            lines.append("  none")
        }
        for snapshot in shown { lines += saLines(snapshot, isAll: isAll, view) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func headLines(_ view: any DaemonView) -> [String] {
        let uptime = (view.now - started).components.seconds
        let since = CalendarText(startedSeconds).text("%b %d %T %Y")
        let scheduled = view.ikeSAs.count + view.childSAs.count
        var lines: [String]
        if version == .v4_2_9 {
            lines = [
                "Performance:", "  uptime: \(TimeText.span(uptime)), since \(since)",
                "  worker threads: \(CharonVersion.workerThreads - 1) idle of \(CharonVersion.workerThreads), "
                    + "job queue load: 0, scheduled events: \(scheduled)",
            ]
        } else {
            let kernel = Self.line(in: "/proc/sys/kernel/osrelease", view) ?? "unknown"
            // Pages of this process: the whole data, and what of all is in memory.
            let pages = (Self.line(in: "/proc/self/statm", view) ?? "").split(separator: " ").compactMap { Int($0) }
            let data = (pages.count > 5 ? pages[5] : 0) * 4096
            let resident = min((pages.count > 2 ? max(0, pages[1] - pages[2]) : 0) * 4096, data)
            lines = [
                "Status of IKE charon daemon (strongSwan \(version.rawValue), Linux \(kernel), \(Self.machine)):",
                "  uptime: \(TimeText.span(uptime)), since \(since)",
                "  malloc: sbrk \(data), mmap 0, used \(resident), free \(data - resident)",
                "  worker threads: \(CharonVersion.workerThreads - 1) of \(CharonVersion.workerThreads) idle, 1/0/0/0 "
                    + "working, job queue: 0/0/0/0, scheduled: \(scheduled)",
            ]
        }
        lines.append("  loaded plugins: \(version.plugins)")
        lines += poolLines
        lines.append("Listening IP addresses:")
        for one in view.interfaceAddresses
        where one.interface != "lo" && !HostKnowledge.isLinkLocal(one.address) {
            lines.append("  \(one.address)")
        }
        return lines
    }

    // MARK: Connections

    private func connectionLines(_ name: String?) -> [String] {
        var lines: [String] = []
        for bound in connections where name == nil || bound.peer == name {
            if bound.peer == bound.name || connections.first(where: { $0.peer == bound.peer })?.id == bound.id {
                lines += peerLines(bound)
            }
            let local = selectorsText(bound.definition.local)
            let remote = selectorsText(bound.definition.remote)
            if version == .v4_2_9 {
                lines.append("\(padded(bound.name)):   \(local) === \(remote)")
            } else {
                let liveness =
                    bound.definition.livenessAction == "none" ? "" : ", dpdaction=\(bound.definition.livenessAction)"
                lines.append(
                    "\(padded(bound.name)):   child:  \(local) === \(remote) \(bound.definition.mode.rawValue)\(liveness)"
                )
            }
        }
        return lines
    }

    private func peerLines(_ bound: BoundConnection) -> [String] {
        let name = padded(bound.peer)
        let local = IdentityText.text(bound.connection.local.identification)
        let remote = IdentityText.text(bound.connection.remote.identification)
        if version == .v4_2_9 {
            var lines = ["\(name):  \(Self.endsText(bound.definition, bound.connection))"]
            if let own = certificate(bound.connection.local) {
                let theirs = bound.definition.remote.authorities.first.map { "\"\($0)\"" } ?? "%any"
                lines.append("\(name):    CAs: \"\(own.issuer.text)\"...\(theirs)")
            }
            let how = Self.authenticationText(bound.definition.local)
            return lines + ["\(name):   \(how)"]
        }
        let delay = bound.definition.livenessDelay
        let liveness = delay > .zero ? ", dpddelay=\(delay.components.seconds)s" : ""
        var lines = [
            "\(name):  \(bound.definition.local.host)...\(bound.definition.remote.host)  IKEv2\(liveness)",
            "\(name):   local:  [\(local)] uses \(Self.authenticationText(bound.definition.local))",
        ]
        if let own = certificate(bound.connection.local) {
            lines.append("\(name):    cert:  \"\(own.subject.text)\"")
        }
        lines.append(
            "\(name):   remote: \(remote == "%any" ? "" : "[\(remote)] ")uses "
                + Self.authenticationText(bound.definition.remote))
        for authority in bound.definition.remote.authorities { lines.append("\(name):    ca:    \"\(authority)\"") }
        if let theirs = certificate(bound.connection.remote) {
            lines.append("\(name):    cert:  \"\(theirs.subject.text)\"")
        }
        if case .signature(let policy) = bound.connection.remote.authentication, policy.requiresRevocationLists {
            lines.append("\(name):    crl:   status must be GOOD")
        }
        return lines
    }

    private func certificate(_ end: ConnectionEnd) -> Certificate? {
        switch end.authentication {
        case .signature(let policy): policy.certificate
        // The peer's side of it has this end's certificate, for its server.
        default: nil
        }
    }

    /// `public key authentication`, `EAP_MSCHAPV2 authentication with EAP identity '%any'`.
    static func authenticationText(_ end: EndDefinition) -> String {
        let identity = end.eapIdentity.map { " with EAP identity '\($0)'" } ?? ""
        switch end.authentication {
        case "psk": return "pre-shared key authentication"
        case "eap": return "EAP authentication\(identity)"
        case "eap-mschapv2": return "EAP_MSCHAPV2 authentication\(identity)"
        case "eap-tls": return "EAP_TLS authentication\(identity)"
        case "any": return "any authentication"
        default: return "public key authentication"
        }
    }

    func selectorsText(_ end: EndDefinition) -> String {
        let selectors = end.selectors.isEmpty ? [SelectorDefinition()] : end.selectors
        return selectors.map { selector in
            var selector = selector
            if selector.ipProtocol == 0 { selector.ipProtocol = end.ipProtocol }
            if selector.port == 0 { selector.port = end.port }
            return SelectorText.text(selector, version)
        }.joined(separator: " ")
    }

    private func routedLines(_ bound: BoundConnection) -> [String] {
        // Before 5.3 a CHILD_SA went by its reqid.
        let number = version == .v5_9_8 ? trapNumbers[bound.id] ?? 0 : Int(bound.connection.reqid)
        let name = padded(bound.name) + "{\(number)}"
        if version != .v5_9_8 {
            return [
                "\(name):  ROUTED, \(bound.definition.mode.rawValue)",
                "\(name):   \(SelectorText.list(bound.connection.local.selectors, version)) === "
                    + SelectorText.list(bound.connection.remote.selectors, version),
            ]
        }
        return [
            "\(name):  ROUTED, \(bound.definition.mode.rawValue), reqid \(bound.connection.reqid)",
            "\(name):   \(SelectorText.list(bound.connection.local.selectors, version)) === "
                + SelectorText.list(bound.connection.remote.selectors, version),
        ]
    }

    // MARK: Security associations

    private func saLines(_ snapshot: IKESnapshot, isAll: Bool, _ view: any DaemonView) -> [String] {
        guard let record = ikes[snapshot.ike] else { return [] }
        let peer = record.isNamed ? bound(snapshot.connection)?.peer ?? "(unnamed)" : "(unnamed)"
        let name = padded(peer) + "[\(record.number)]"
        guard let established = snapshot.established else {
            return ["\(name): CONNECTING, \(ends(snapshot.ike))"]
        }
        let age = version == .v4_2_9 ? "" : " \(TimeText.span((view.now - established).components.seconds)) ago"
        var lines = ["\(name): ESTABLISHED\(age), \(ends(snapshot.ike))"]
        if isAll, let identity = record.proof.eapIdentity {
            lines.append("\(name): Remote EAP identity: \(identity)")
        }
        if isAll {
            let reauthenticates = bound(snapshot.connection)?.definition.reauthenticates ?? false
            let how = reauthenticates ? "\(authenticationName(snapshot)) reauthentication" : "rekeying"
            let time = snapshot.rekeyTime.map {
                ", \(how) in \(TimeText.span(max(0, ($0 - view.now).components.seconds)))"
            }
            let mark = snapshot.role == .initiator ? ("*", "") : ("", "*")
            lines.append(
                "\(name): \(version == .v4_2_9 ? "IKE" : "IKEv2") SPIs: "
                    + "\(Self.hexadecimal(snapshot.initiatorSPI))_i\(mark.0) "
                    + "\(Self.hexadecimal(snapshot.responderSPI))_r\(mark.1)\(time ?? "")")
            if let suite = snapshot.suite { lines.append("\(name): IKE proposal: \(names.text(suite))") }
        }
        if version == .v4_2_9 {
            for routed in view.connections where routed.routing != .unrouted {
                guard let bound = bound(routed.connection.id), bound.peer == peer, traps.contains(bound.id) else {
                    continue
                }
                lines += routedLines(bound)
            }
        }
        for child in view.childSAs where snapshot.children.contains(child.child) {
            lines += childLines(child, isAll: isAll, view)
        }
        return lines
    }

    /// Connections whose trap stands, whether or not a tunnel does.
    private var traps: Set<ConnectionID> { Set(trapNumbers.keys) }

    private func authenticationName(_ snapshot: IKESnapshot) -> String {
        let text = bound(snapshot.connection).map { Self.authenticationText($0.definition.local) } ?? ""
        return text.hasSuffix(" authentication") ? String(text.dropLast(" authentication".count)) : "EAP"
    }

    private func childLines(_ child: ChildFacts, isAll: Bool, _ view: any DaemonView) -> [String] {
        guard let record = children[child.child], let bound = bound(child.connection) else { return [] }
        let number = version == .v5_9_8 ? record.number : Int(bound.connection.reqid)
        let name = padded(bound.name) + "{\(number)}"
        let reqid = version == .v5_9_8 ? " reqid \(bound.connection.reqid)," : ""
        let encapsulated = child.encapsulation == .none ? "ESP" : "ESP in UDP"
        let space = "  "
        var lines = [
            "\(name):\(space)INSTALLED, \(bound.definition.mode.rawValue),\(reqid) \(encapsulated) SPIs: "
                + "\(child.inbound)_i \(child.outbound)_o"
        ]
        if isAll { lines.append("\(name):\(space)\(names.text(child.suite)), \(usage(child, view))") }
        lines.append(
            "\(name):   \(SelectorText.list(child.localSelectors, version)) === "
                + SelectorText.list(child.remoteSelectors, version))
        return lines
    }

    private func usage(_ child: ChildFacts, _ view: any DaemonView) -> String {
        let rekeying =
            child.rekeyTime.map { "rekeying in \(TimeText.span(max(0, ($0 - view.now).components.seconds)))" }
            ?? "rekeying disabled"
        let counters = view.counters(of: child.child) ?? ChildCounters()
        let last = lastUse(of: child.child, view)
        if version == .v4_2_9 {
            func age(_ seconds: Int64?) -> String { seconds.map { "\($0)s" } ?? "no" }
            return "\(rekeying), last use: \(age(last.inbound))_i \(age(last.outbound))_o"
        }
        func direction(_ octets: UInt64, _ packets: UInt64, _ age: Int64?, _ letter: String) -> String {
            guard let age, packets > 0 else { return "\(octets) bytes_\(letter)" }
            return "\(octets) bytes_\(letter) (\(packets) pkt\(packets == 1 ? "" : "s"), \(age)s ago)"
        }
        return direction(counters.inboundOctets, counters.inboundPackets, last.inbound, "i") + ", "
            + direction(counters.outboundOctets, counters.outboundPackets, last.outbound, "o") + ", \(rekeying)"
    }

    /// Seconds since the last packet of each direction; nil: there was none.
    func lastUse(of child: ChildSAID, _ view: any DaemonView) -> (inbound: Int64?, outbound: Int64?) {
        var result: (inbound: Int64?, outbound: Int64?) = (nil, nil)
        for state in view.saStates where state.installation.child == child {
            let age = state.lastUsedSeconds.map { max(0, view.wallClockSeconds - $0) }
            if state.isInbound { result.inbound = age } else { result.outbound = age }
        }
        return result
    }

    static func hexadecimal(_ spi: IKESPI) -> String {
        let digits = String(spi.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
