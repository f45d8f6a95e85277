import DataPlane
import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// `swanctl --list-…`.
extension CharonDialect {
    func listSAs(_ view: any DaemonView) -> String {
        var lines: [String] = []
        for snapshot in view.ikeSAs {
            guard let record = ikes[snapshot.ike] else { continue }
            let children = view.childSAs.filter { snapshot.children.contains($0.child) }
            lines += listed(snapshot, record, children, state: nil, view)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// An IKE SA and these of its CHILD_SAs.
    /// - Parameter state: nil: what it is in.
    func listed(
        _ snapshot: IKESnapshot, _ record: IKERecord, _ children: [ChildFacts], state: String?, _ view: any DaemonView
    ) -> [String] {
        ikeLines(snapshot, record, state: state, view) + children.flatMap { childLines($0, view) }
    }

    func peerName(_ record: IKERecord) -> String {
        record.isNamed ? bound(record.connection)?.peer ?? "(unnamed)" : "(unnamed)"
    }

    private func ikeLines(
        _ snapshot: IKESnapshot, _ record: IKERecord, state: String?, _ view: any DaemonView
    ) -> [String] {
        let mark = snapshot.role == .initiator ? ("*", "") : ("", "*")
        let isEnding = state != nil
        let state =
            state
            ?? (snapshot.established == nil ? "CONNECTING" : snapshot.state == .deleting ? "DELETING" : "ESTABLISHED")
        let remote = snapshot.peer ?? bound(record.connection)?.connection.remote.identification
        var lines = [
            "\(peerName(record)): #\(record.number), \(state), IKEv2, \(Self.hexadecimal(snapshot.initiatorSPI))_i\(mark.0) "
                + "\(Self.hexadecimal(snapshot.responderSPI))_r\(mark.1)",
            "  local  '\(IdentityText.text(localIdentity(record)))' @ \(MessageText.text(snapshot.local))"
                + bracketed(virtualAddresses(snapshot, ofLocal: true)),
            "  remote '\(IdentityText.text(remote))' @ \(MessageText.text(snapshot.remote))"
                + bracketed(virtualAddresses(snapshot, ofLocal: false)),
        ]
        if let suite = snapshot.suite {
            let cipher = Self.hyphenated(suite.cipher)
            let integrity = suite.integrity == .none ? [] : [AlgorithmNames.name(suite.integrity)]
            lines.append(
                "  "
                    + ([cipher] + integrity + [AlgorithmNames.name(suite.prf), AlgorithmNames.name(suite.keyExchange)])
                    .joined(separator: "/"))
        }
        if let established = snapshot.established, !isEnding {
            let how = bound(record.connection)?.definition.reauthenticates == true ? "reauth" : "rekeying"
            let time = snapshot.rekeyTime.map { ", \(how) in \(seconds($0 - view.now))s" } ?? ""
            lines.append("  established \(seconds(view.now - established))s ago\(time)")
        }
        return lines
    }

    private func bracketed(_ addresses: [String]) -> String {
        addresses.isEmpty ? "" : " [\(addresses.joined(separator: " "))]"
    }

    private func childLines(_ child: ChildFacts, _ view: any DaemonView) -> [String] {
        guard let record = children[child.child], let bound = bound(child.connection) else { return [] }
        let mode = bound.definition.mode.rawValue + (child.encapsulation == .none ? "" : "-in-UDP")
        let suite =
            ([Self.hyphenated(child.suite.cipher)]
            + (child.suite.integrity == .none ? [] : [AlgorithmNames.name(child.suite.integrity)])
            + (child.suite.keyExchange.map { [AlgorithmNames.name($0)] } ?? [])
            + (child.suite.extendedSequenceNumbers ? ["ESN"] : [])).joined(separator: "/")
        let rekeying = child.rekeyTime.map { ", rekeying in \(seconds($0 - view.now))s" } ?? ""
        let end = child.expires.map { ", expires in \(seconds($0 - view.now))s" } ?? ""
        let counters = view.counters(of: child.child) ?? ChildCounters()
        let last = lastUse(of: child.child, view)
        return [
            "  \(bound.name): #\(record.number), reqid \(bound.connection.reqid), INSTALLED, \(mode), ESP:\(suite)",
            "    installed \(seconds(view.now - child.established))s ago\(rekeying)\(end)",
            "    in  \(child.inbound)," + Self.usage(counters.inboundOctets, counters.inboundPackets, last.inbound),
            "    out \(child.outbound)," + Self.usage(counters.outboundOctets, counters.outboundPackets, last.outbound),
            "    local  \(SelectorText.list(child.localSelectors, version))",
            "    remote \(SelectorText.list(child.remoteSelectors, version))",
        ]
    }

    private static func usage(_ octets: UInt64, _ packets: UInt64, _ age: Int64?) -> String {
        func padded(_ number: some BinaryInteger, _ width: Int) -> String {
            let text = "\(number)"
            return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let text = " \(padded(octets, 6)) bytes, \(padded(packets, 5)) packets"
        guard let age, packets > 0 else { return text }
        return text + ", \(padded(age, 5))s ago"
    }

    /// swanctl's own: `AES_CBC-256`.
    private static func hyphenated(_ cipher: CipherChoice) -> String {
        AlgorithmNames.name(cipher.algorithm) + (cipher.keyBits == 0 ? "" : "-\(cipher.keyBits)")
    }

    private func seconds(_ duration: Duration) -> Int64 { max(0, duration.components.seconds) }

    // MARK: Raw

    func rawSAs(_ view: any DaemonView, isPretty: Bool) -> String {
        var text = ""
        for snapshot in view.ikeSAs {
            guard let record = ikes[snapshot.ike] else { continue }
            var reply = ViciMessage()
            let children = view.childSAs.filter { snapshot.children.contains($0.child) }
            reply.section(peerName(record)) { fill(&$0, snapshot, record, children, state: nil, view) }
            text += "list-sa event " + (isPretty ? reply.pretty : reply.raw) + "\n"
        }
        return text + "list-sas reply " + (isPretty ? ViciMessage().pretty : ViciMessage().raw) + "\n"
    }

    /// - Parameters:
    ///   - shown: its CHILD_SAs; nil: they are left out.
    ///   - state: nil: what it is in.
    func fill(
        _ message: inout ViciMessage, _ snapshot: IKESnapshot, _ record: IKERecord, _ shown: [ChildFacts]?,
        state: String?, _ view: any DaemonView
    ) {
        message.add("uniqueid", "\(record.number)")
        message.add("version", "2")
        message.add("state", state ?? (snapshot.established == nil ? "CONNECTING" : "ESTABLISHED"))
        message.add("local-host", "\(snapshot.local.address)")
        message.add("local-port", "\(snapshot.local.port)")
        message.add("local-id", IdentityText.text(localIdentity(record)))
        message.add("remote-host", "\(snapshot.remote.address)")
        message.add("remote-port", "\(snapshot.remote.port)")
        message.add("remote-id", IdentityText.text(snapshot.peer))
        if snapshot.role == .initiator { message.add("initiator", "yes") }
        message.add("initiator-spi", Self.hexadecimal(snapshot.initiatorSPI))
        message.add("responder-spi", Self.hexadecimal(snapshot.responderSPI))
        if record.localBehindNAT { message.add("nat-local", "yes") }
        if record.remoteBehindNAT { message.add("nat-remote", "yes") }
        if record.localBehindNAT || record.remoteBehindNAT { message.add("nat-any", "yes") }
        if let suite = snapshot.suite {
            message.add("encr-alg", AlgorithmNames.name(suite.cipher.algorithm))
            if suite.cipher.keyBits != 0 { message.add("encr-keysize", "\(suite.cipher.keyBits)") }
            if suite.integrity != .none { message.add("integ-alg", AlgorithmNames.name(suite.integrity)) }
            message.add("prf-alg", AlgorithmNames.name(suite.prf))
            message.add("dh-group", AlgorithmNames.name(suite.keyExchange))
        }
        if let established = snapshot.established, state == nil {
            message.add("established", "\(seconds(view.now - established))")
        }
        if let time = snapshot.rekeyTime, state == nil {
            let key = bound(record.connection)?.definition.reauthenticates == true ? "reauth-time" : "rekey-time"
            message.add(key, "\(seconds(time - view.now))")
        }
        for (key, isLocal) in [("local-vips", true), ("remote-vips", false)] {
            let addresses = virtualAddresses(snapshot, ofLocal: isLocal)
            if !addresses.isEmpty { message.list(key, addresses) }
        }
        guard let shown else { return }
        message.section("child-sas") { children in
            for child in shown {
                guard let record = self.children[child.child], let bound = bound(child.connection) else { continue }
                children.section("\(bound.name)-\(record.number)") { fill(&$0, child, record.number, bound, view) }
            }
        }
    }

    private func fill(
        _ message: inout ViciMessage, _ child: ChildFacts, _ number: Int, _ bound: BoundConnection,
        _ view: any DaemonView
    ) {
        let counters = view.counters(of: child.child) ?? ChildCounters()
        let last = lastUse(of: child.child, view)
        message.add("name", bound.name)
        message.add("uniqueid", "\(number)")
        message.add("reqid", "\(bound.connection.reqid)")
        message.add("state", "INSTALLED")
        message.add("mode", bound.definition.mode.rawValue)
        message.add("protocol", "ESP")
        if child.encapsulation != .none { message.add("encap", "yes") }
        message.add("spi-in", "\(child.inbound)")
        message.add("spi-out", "\(child.outbound)")
        message.add("encr-alg", AlgorithmNames.name(child.suite.cipher.algorithm))
        if child.suite.cipher.keyBits != 0 { message.add("encr-keysize", "\(child.suite.cipher.keyBits)") }
        if child.suite.integrity != .none { message.add("integ-alg", AlgorithmNames.name(child.suite.integrity)) }
        if let group = child.suite.keyExchange { message.add("dh-group", AlgorithmNames.name(group)) }
        if child.suite.extendedSequenceNumbers { message.add("esn", "1") }
        message.add("bytes-in", "\(counters.inboundOctets)")
        message.add("packets-in", "\(counters.inboundPackets)")
        if let age = last.inbound, counters.inboundPackets > 0 { message.add("use-in", "\(age)") }
        message.add("bytes-out", "\(counters.outboundOctets)")
        message.add("packets-out", "\(counters.outboundPackets)")
        if let age = last.outbound, counters.outboundPackets > 0 { message.add("use-out", "\(age)") }
        if let time = child.rekeyTime { message.add("rekey-time", "\(seconds(time - view.now))") }
        if let end = child.expires { message.add("life-time", "\(seconds(end - view.now))") }
        message.add("install-time", "\(seconds(view.now - child.established))")
        message.list("local-ts", child.localSelectors.map { SelectorText.text($0, version) })
        message.list("remote-ts", child.remoteSelectors.map { SelectorText.text($0, version) })
    }

    // MARK: Connections, policies, statistics

    func listConnections(_ view: any DaemonView) -> String {
        var lines: [String] = []
        var peers: [String] = []
        for bound in connections where !peers.contains(bound.peer) {
            peers.append(bound.peer)
            let definition = bound.definition
            let rekeyTime = definition.ikeLifetime - definition.rekeyMargin
            let times =
                !definition.rekeys
                ? "no rekeying"
                : definition.reauthenticates
                    ? "reauthentication every \(seconds(rekeyTime))s"
                    : "no reauthentication, rekeying every \(seconds(rekeyTime))s"
            let liveness =
                definition.livenessDelay > .zero ? ", dpd delay \(seconds(definition.livenessDelay))s" : ""
            lines.append("\(bound.peer): IKEv2, \(times)\(liveness)")
            lines.append("  local:  \(definition.local.host)")
            lines.append("  remote: \(definition.remote.host)")
            for (side, end) in [("local", bound.connection.local), ("remote", bound.connection.remote)] {
                let described = side == "local" ? definition.local : definition.remote
                lines.append("  \(side) \(Self.listedAuthentication(described)) authentication:")
                if let identification = end.identification {
                    lines.append("    id: \(IdentityText.text(identification))")
                }
                if let identity = described.eapIdentity { lines.append("    eap_id: \(identity)") }
                if case .signature(let policy) = end.authentication {
                    lines += policy.certificate.map { ["    certs: \($0.subject.text)"] } ?? []
                    lines += policy.authorities.map { "    cacerts: \($0.text)" }
                }
            }
            for child in connections where child.peer == bound.peer {
                let life = child.definition.childLifetime - child.definition.childRekeyMargin
                lines.append("  \(child.name): \(child.definition.mode.rawValue), rekeying every \(seconds(life))s")
                lines.append("    local:  \(selectorsText(child.definition.local))")
                lines.append("    remote: \(selectorsText(child.definition.remote))")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// `public key`, `EAP_TLS`.
    private static func listedAuthentication(_ end: EndDefinition) -> String {
        switch end.authentication {
        case "psk": "pre-shared key"
        case "eap": "EAP"
        case "eap-mschapv2": "EAP_MSCHAPV2"
        case "eap-tls": "EAP_TLS"
        case "any": "any"
        default: "public key"
        }
    }

    func listPolicies(_ view: any DaemonView) -> String {
        var lines: [String] = []
        for snapshot in view.connections where snapshot.routing == .routedOnDemand {
            guard let bound = bound(snapshot.connection.id) else { continue }
            lines.append("\(bound.peer)/\(bound.name), \(bound.definition.mode.rawValue)")
            lines.append("  local:  \(SelectorText.list(bound.connection.local.selectors, version))")
            lines.append("  remote: \(SelectorText.list(bound.connection.remote.selectors, version))")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    func statistics(_ view: any DaemonView) -> String {
        let halfOpen = view.ikeSAs.filter { $0.established == nil }.count
        let since = CalendarText(startedSeconds).text("%b %d %T %Y")
        return """
            uptime: \(TimeText.span((view.now - started).components.seconds)), since \(since)
            worker threads: \(CharonVersion.workerThreads) total, \(CharonVersion.workerThreads - 1) idle, working: 1/0/0/0
            job queues: 0/0/0/0
            jobs scheduled: \(view.ikeSAs.count + view.childSAs.count)
            IKE_SAs: \(view.ikeSAs.count) total, \(halfOpen) half-open
            loaded plugins: \(version.plugins)

            """
    }

    func daemonVersion(_ view: any DaemonView) -> String {
        let kernel = Self.line(in: "/proc/sys/kernel/osrelease", view) ?? "unknown"
        return "strongSwan \(version.rawValue) charon (Linux, \(kernel), \(Self.machine))\n"
    }
}
