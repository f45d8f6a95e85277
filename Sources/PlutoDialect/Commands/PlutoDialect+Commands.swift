package import DialectKit
import IKEModel
import IKEWire
import NetAddress

/// What sessions ask for.
extension PlutoDialect {
    package func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        let parsed: PlutoRequest.Parsed
        do throws(PlutoRequest.UsageError) {
            parsed = try PlutoRequest.parse(request.arguments)
        } catch {
            return [.writeError(session, error.message + "\n"), .finish(session, status: error.status)]
        }
        portsAsked = []
        var file = parsed.configurationFile ?? paths.configuration
        if !file.hasPrefix("/") { file = request.workingDirectory + "/" + file }
        var effects: [DialectEffect] = []
        var status: Int32 = 0
        for one in parsed.requests {
            let outcome = carryOut(one, session, configurationFile: file, view)
            effects += outcome.effects
            switch outcome.end {
            case .now(let end): status = max(status, end)
            // What waits finishes the session itself; requests after it would come too late.
            case .later: return effects
            }
        }
        return effects + [.finish(session, status: status)]
    }

    enum End {
        case now(Int32)
        case later
    }
    typealias Outcome = (effects: [DialectEffect], end: End)

    /// The exit status for a name that means nothing (pluto's RC_UNKNOWN_NAME).
    private static let unknownName: Int32 = 21

    private func carryOut(
        _ request: PlutoRequest, _ session: SessionID, configurationFile: String, _ view: any DaemonView
    ) -> Outcome {
        switch request {
        case .add(let names): return add(names, session, configurationFile: configurationFile, view)
        case .up(let name, let asynchronous, let remoteHost):
            if let remoteHost { return up(name, remoteHost, asynchronous: asynchronous, session, view) }
            return up(name, asynchronous: asynchronous, session, view)
        case .down(let name, _):
            return end(name, .down, session, view) { .command(.terminate($0)) }
        case .suspend(let name):
            return end(name, .suspend, session, view) { .command(.suspend($0)) }
        case .delete(let name): return delete(name, session, view)
        case .route(let name): return end(name, .route, session, view) { .command(.route($0)) }
        case .unroute(let name): return each(name, session) { [.command(.unroute($0.id))] }
        case .rekeyIKE(let name, let asynchronous):
            return rekey(name, "IKE SA", asynchronous: asynchronous, session, view) { snapshot in
                snapshot.ike.map { .rekeyIKE($0) }
            }
        case .rekeyChild(let name, let asynchronous):
            return rekey(name, "Child SA", asynchronous: asynchronous, session, view) { snapshot in
                snapshot.child.map { .rekeyChild($0) }
            }
        case .deleteState(let number): return deleteState(number, session, view)
        case .status: return listing(statusLines(view), session)
        case .briefStatus: return listing(briefStatusLines(view), session)
        case .connectionStatus(let name?) where connections(named: name).isEmpty: return unknown(name, session)
        case .connectionStatus(let name): return listing(connectionStatusLines(view, name: name), session)
        case .trafficStatus(let name?) where connections(named: name).isEmpty: return unknown(name, session)
        case .trafficStatus(let name): return listing(trafficLines(view, name: name), session)
        case .showStates: return listing(stateLines(view), session)
        case .shuntStatus: return listing(["Bare Shunt list:", " "], session)
        case .processStatus: return listing(["process \(view.processID)"], session)
        case .impair(let names): return impair(names, session)
        case .listen: return (log("listening for IKE messages", view) + [.listen(ports: listening)], .now(0))
        case .rereadSecrets: return (loadSecrets(view, session: session), .now(0))
        case .debug(let words):
            setup.debug = words.contains("none") ? [] : setup.debug + words
            return ([], .now(0))
        case .shutdown(let leaveState):
            let line = leaveState ? "Pluto is shutting down (leaving state)" : "Pluto is shutting down"
            let farewell: [DialectEffect] = log("shutting down", view) + [.write(session, line + "\n")]
            return (
                farewell + (leaveState ? [] : [.command(.shutdown)]) + [.finish(session, status: 0), .exit], .later
            )
        case .kernelState:
            return listing(
                KernelListing.states(
                    view.saStates, reserved: view.reservedSPIs, acquires: view.acquireStates), session)
        case .kernelPolicy: return listing(KernelListing.policies(view.policyStates), session)
        }
    }

    private func listing(_ lines: [String], _ session: SessionID) -> Outcome {
        (lines.isEmpty ? [] : [.write(session, lines.joined(separator: "\n") + "\n")], .now(0))
    }

    private func unknown(_ name: String, _ session: SessionID) -> Outcome {
        // pluto's own line, with the apostrophe that it has at its end.
        ([.write(session, "no connection or alias named \"\(name)\"'\n")], .now(PlutoDialect.unknownName))
    }

    private func each(
        _ name: String, _ session: SessionID, _ effects: (BoundConnection) -> [DialectEffect]
    ) -> Outcome {
        let found = connections(named: name)
        guard !found.isEmpty else { return unknown(name, session) }
        return (found.filter { $0.connection != nil }.flatMap(effects), .now(0))
    }

    // MARK: Adding

    private func add(
        _ names: [String], _ session: SessionID, configurationFile: String, _ view: any DaemonView
    ) -> Outcome {
        var effects: [DialectEffect] = []
        var status: Int32 = 0
        effects += loadKeys(view)
        do throws(ConfigurationError) {
            let file = try ConfigurationFile(parsing: configurationFile, from: source(view))
            let resolver = ConnectionResolver(file)
            for name in names {
                let wanted = try matching(name, resolver)
                if wanted.isEmpty {
                    effects.append(.writeError(session, "conn '\(name)': not found (tried aliases)\n"))
                    status = PlutoDialect.unknownName
                }
                for settings in wanted {
                    let added = add(settings, session: session, view)
                    effects += added.effects
                    if !added.succeeded { status = 1 }
                }
            }
        } catch {
            effects.append(.writeError(session, "cannot load config '\(configurationFile)': \(error)\n"))
            return (effects, .now(3))
        }
        return (effects, .now(status))
    }

    private func matching(_ name: String, _ resolver: ConnectionResolver) throws(ConfigurationError)
        -> [ConnectionSettings]
    {
        if let assignments = try resolver.assignments(of: name) {
            return [try ConnectionSettings(name: name, assignments, fips: fips)]
        }
        var result: [ConnectionSettings] = []
        for other in resolver.names {
            guard let assignments = try resolver.assignments(of: other),
                let alias = assignments.first(where: { $0.key == "connalias" }),
                ValueSyntax.list(alias.value).contains(name)
            else { continue }
            result.append(try ConnectionSettings(name: other, assignments, fips: fips))
        }
        return result
    }

    /// Binds it to this host and hands it to the engine; one of that name that is there already goes first.
    func add(
        _ settings: ConnectionSettings, session: SessionID?, _ view: any DaemonView
    ) -> (effects: [DialectEffect], succeeded: Bool) {
        func say(_ line: String) -> [DialectEffect] {
            log(line, view) + (session.map { [.write($0, line + "\n")] } ?? [])
        }
        let new: [BoundConnection]
        do throws(ConnectionBinder.Failure) {
            let binder = ConnectionBinder(host: binding(view), keys: keys, keepAlive: setup.keepAlive)
            new = try binder.bind(settings) { newSerial() }
        } catch {
            return (say("\"\(settings.name)\": failed to add connection: \(error)"), false)
        }
        var effects: [DialectEffect] = []
        let old = connections.filter { $0.name == settings.name || new.map(\.name).contains($0.name) }
        for bound in old { effects += deletion(bound, listener: session, view) }
        for bound in new {
            connections.append(bound)
            if !bound.settings.weakAlgorithms.isEmpty {
                let names = bound.settings.weakAlgorithms.joined(separator: ", ")
                effects += say("\"\(bound.name)\": WARNING: weak algorithms are proposed: \(names)")
            }
            // pluto looks at pools first and stops there.
            let several = bound.usesSeveralPools ? "addresspools" : bound.usesSeveralSubnets ? "subnets" : nil
            if let several { effects += say("\"\(bound.name)\": connection is using multiple \(several)") }
            if let port = bound.connection?.local.port, !view.listeningPorts.contains(port),
                !portsAsked.contains(port), let interface = bound.interface,
                case .address(let address)? = bound.connection?.local.host
            {
                portsAsked.insert(port)
                if !listening.contains(port) { listening.append(port) }
                let text = InterfaceListing.text(InterfaceAddress(interface: interface, address: address), port: port)
                effects.append(
                    .listen(
                        ports: listening, then: say("\"\(bound.name)\": adding interface \(text) (NAT fixed)"),
                        otherwise: say("\"\(bound.name)\": cannot listen on UDP port \(port), which others use")))
            }
            if let connection = bound.connection {
                effects.append(.command(.add(connection)))
                effects += say("\"\(bound.name)\": added IKEv2 connection")
            } else {
                let left = settings.left.hostText
                let right = settings.right.hostText
                effects += say(
                    "\"\(bound.name)\": added unoriented IKEv2 connection "
                        + "(neither left=\(left) nor right=\(right) match an interface)")
            }
        }
        return (effects, true)
    }

    // MARK: Up, down, away

    private func up(_ name: String, asynchronous: Bool, _ session: SessionID, _ view: any DaemonView) -> Outcome {
        let found = connections(named: name)
        guard let first = found.first else { return unknown(name, session) }
        let usable = found.filter { $0.connection != nil }
        guard !usable.isEmpty else {
            let line = "\"\(first.name)\": we cannot identify ourselves with either end of this connection"
            return (log(line, view) + [.write(session, line + "\n")], .now(1))
        }
        attachments.add(
            Attachments.Attachment(
                session: session, purpose: .up(asynchronous: asynchronous), connections: Set(usable.map(\.id))))
        let commands = usable.map { DialectEffect.command(.initiate($0.id, staysUp: true)) }
        guard first.name != name else { return (commands, .later) }
        let head = "initiating all connections with alias \"\(name)\"\n"
        let tail = "initiating \(usable.count) connection\(usable.count == 1 ? "" : "s")\n"
        // pluto says of all that they are begun before it sends the first message.
        return (
            [.write(session, head), .command(.gather(true))] + commands
                + [.write(session, tail), .command(.gather(false))], .later
        )
    }

    /// A connection that answers any peer, brought up with this one: an instance of it is made, which is a connection
    /// of its own from then on.
    private func up(
        _ name: String, _ remoteHost: IPAddress, asynchronous: Bool, _ session: SessionID, _ view: any DaemonView
    ) -> Outcome {
        let found = connections(named: name)
        guard let template = found.first(where: { $0.isTemplate }), var connection = template.connection else {
            guard let first = found.first else { return unknown(name, session) }
            let line = "\"\(first.name)\": remote IP is not %any, which --remote-host needs"
            return (log(line, view) + [.write(session, line + "\n")], .now(1))
        }
        guard case .any(let family) = connection.remote.host, family == remoteHost.family else {
            let line = "\"\(template.name)\": \(remoteHost) is of another address family"
            return (log(line, view) + [.write(session, line + "\n")], .now(1))
        }
        let record = instances.add(template.id, at: remoteHost) { newSerial() }
        let id = ConnectionID(record.serial)
        var effects: [DialectEffect] = []
        if bound(id) == nil {
            connection.id = id
            connection.remote.host = .address(remoteHost)
            connection.reqid = template.settings.reqid
            var instance = template
            instance.id = id
            instance.connection = connection
            instance.instance = "[\(record.number)] \(remoteHost)"
            connections.append(instance)
            let line = "\(label(id, at: nil)): instantiated connection with remote IP set to \(remoteHost)"
            effects += log(line, view) + [.command(.add(connection)), .write(session, line + "\n")]
        }
        attachments.add(
            Attachments.Attachment(session: session, purpose: .up(asynchronous: asynchronous), connections: [id]))
        return (effects + [.command(.initiate(id, staysUp: true))], .later)
    }

    private func end(
        _ name: String, _ purpose: Attachments.Purpose, _ session: SessionID, _ view: any DaemonView,
        _ command: (ConnectionID) -> DialectEffect
    ) -> Outcome {
        let found = connections(named: name)
        guard !found.isEmpty else { return unknown(name, session) }
        let usable = found.filter { $0.connection != nil }
        guard !usable.isEmpty else { return ([], .now(0)) }
        attachments.add(
            Attachments.Attachment(session: session, purpose: purpose, connections: Set(usable.map(\.id))))
        return (usable.map { command($0.id) }, .later)
    }

    private func delete(_ name: String, _ session: SessionID, _ view: any DaemonView) -> Outcome {
        let found = connections(named: name)
        guard !found.isEmpty else { return unknown(name, session) }
        return (found.flatMap { deletion($0, listener: session, view) }, .now(0))
    }

    /// Takes a connection away; what it had is told in pluto's order, which names the IKE SA before its Child SAs.
    private func deletion(_ bound: BoundConnection, listener: SessionID?, _ view: any DaemonView) -> [DialectEffect] {
        connections.removeAll { $0.id == bound.id }
        // Only SAs that are still there have an end to be told.
        if numbers.ikes.contains(where: { $0.value.connection == bound.id }) {
            deleted[bound.id] = Deleted(
                name: bound.name, listener: listener, isInstantiated: bound.isInstantiated, instance: bound.instance)
        }
        guard bound.connection != nil else { return [] }
        var effects: [DialectEffect] = []
        func say(_ line: String) {
            effects += log(line, view)
            if let listener { effects.append(.write(listener, line + "\n")) }
        }
        let established = view.ikeSAs.filter { $0.connection == bound.id && $0.established != nil }
        if !established.isEmpty { say("\"\(bound.name)\": \(Wording.terminatingSAs)") }
        for ike in established {
            guard let label = label(ike.ike) else { continue }
            say("\(label): \(Wording.deletingAndNotifying)")
            if impairments.sendNoDelete {
                say("\(label): IMPAIR: impair-send-no-delete set - not sending Delete/Notify")
            }
            numbers.update(ike.ike) { $0.deletionAnnounced = true }
        }
        effects.append(.command(.remove(bound.id)))
        return effects
    }

    private func deleteState(_ number: UInt64, _ session: SessionID, _ view: any DaemonView) -> Outcome {
        if let child = numbers.child(numbered: number), let record = numbers.children[child],
            view.childSAs.contains(where: { $0.child == child })
        {
            attachments.add(
                Attachments.Attachment(
                    session: session, purpose: .deleteChild(child), connections: [record.connection]))
            return ([.command(.deleteChild(child))], .later)
        }
        if let ike = numbers.ike(numbered: number), let record = numbers.ikes[ike], let connection = record.connection,
            view.ikeSAs.contains(where: { $0.ike == ike })
        {
            attachments.add(
                Attachments.Attachment(session: session, purpose: .deleteIKE(ike), connections: [connection]))
            return ([.command(.deleteIKE(ike))], .later)
        }
        return ([.write(session, "no state #\(number) to delete\n")], .now(PlutoDialect.unknownName))
    }

    /// Asks for replacements of what the connections have; the session sees them through unless it is asynchronous.
    private func rekey(
        _ name: String, _ what: String, asynchronous: Bool, _ session: SessionID, _ view: any DaemonView,
        _ command: (ConnectionSnapshot) -> Command?
    ) -> Outcome {
        let found = connections(named: name)
        guard !found.isEmpty else { return unknown(name, session) }
        var effects: [DialectEffect] = []
        var asked: Set<ConnectionID> = []
        // pluto goes through them from the newest on, and begins all before it sends.
        for bound in found.reversed() {
            if let wanted = view.connections.first(where: { $0.connection.id == bound.id }).flatMap(command) {
                effects.append(.command(wanted))
                asked.insert(bound.id)
            } else {
                let line = "\"\(bound.name)\": connection does not have an established \(what)"
                effects += log(line, view) + [.write(session, line + "\n")]
            }
        }
        if found.count > 1 { effects = [.command(.gather(true))] + effects + [.command(.gather(false))] }
        guard !asked.isEmpty else { return (effects, .now(1)) }
        if asynchronous { return (effects, .now(0)) }
        attachments.add(Attachments.Attachment(session: session, purpose: .rekey, connections: asked))
        return (effects, .later)
    }

    // MARK: Faults and secrets

    private func impair(_ names: [String], _ session: SessionID) -> Outcome {
        var changed = impairments
        var effects: [DialectEffect] = []
        var triggers: [String] = []
        var revivals: [UInt64] = []
        var drips: [(inbound: Bool, number: Int)] = []
        for name in names {
            do throws(ImpairmentName.Unknown) {
                let impairment = try ImpairmentName(name)
                impairment.apply(to: &changed)
                if case .trigger(let event) = impairment { triggers.append(event) }
                if case .triggerRevival(let serial) = impairment { revivals.append(serial) }
                if case .drip(let inbound, let number) = impairment { drips.append((inbound, number)) }
            } catch {
                return ([.writeError(session, error.message + "\n")], .now(1))
            }
        }
        if changed != impairments {
            for line in blockingLines(changed) { effects.append(.write(session, "IMPAIR: \(line)\n")) }
            impairments = changed
            effects.append(.command(.setImpairments(changed)))
        }
        for (inbound, number) in drips {
            let what = "processing \(inbound ? "inbound" : "outbound") drip packet \(number)"
            effects.append(.write(session, "IMPAIR: start \(what)\n"))
            effects.append(.command(.drip(inbound: inbound, number: number)))
            effects.append(.write(session, "IMPAIR: stop \(what)\n"))
        }
        for event in triggers {
            ticketKeyListener = session
            effects.append(.write(session, "IMPAIR: injecting timer event \(event)\n"))
            effects.append(.command(.rollTicketKey))
        }
        guard !revivals.isEmpty else { return (effects, .now(0)) }
        return triggerRevivals(revivals, session, effects)
    }

    /// Sees revivals through that an impairment has put off.
    private func triggerRevivals(
        _ serials: [UInt64], _ session: SessionID, _ effects: [DialectEffect]
    ) -> Outcome {
        let found = serials.map { ConnectionID($0) }.filter { bound($0)?.connection != nil }
        guard found.count == serials.count else {
            return (effects + [.writeError(session, "whack error: no connection with such a serial number\n")], .now(1))
        }
        attachments.add(
            Attachments.Attachment(session: session, purpose: .up(asynchronous: false), connections: Set(found)))
        return (effects + found.map { .command(.triggerRevival($0)) }, .later)
    }

    /// What pluto says of messages that are to be held back, or no longer.
    private func blockingLines(_ new: Impairments) -> [String] {
        func lines(_ name: String, _ old: Bool, _ new: Bool) -> [String] {
            guard old != new else { return [] }
            let change = "block all \(name) messages: \(old ? "yes" : "no") -> \(new ? "yes" : "no")"
            return new ? ["recording all \(name) messages", change] : [change]
        }
        return lines("inbound", impairments.blockInbound, new.blockInbound)
            + lines("outbound", impairments.blockOutbound, new.blockOutbound)
    }

    /// Reads the key store, as it is now; the engine is told where it is another than before.
    private func loadKeys(_ view: any DaemonView) -> [DialectEffect] {
        var store = KeyStore()
        if let folder = setup.values["nssdir"], !folder.isEmpty { store.folder = folder }
        let found = KeyStoreContents(
            store: store, ipsecFolder: setup.values["ipsecdir"] ?? paths.ipsecFolder,
            readFile: { (path) throws(FileFailure) in try view.readFile(path) }, glob: { view.glob($0) })
        let lines = found.problems.filter { !keys.problems.contains($0) }.flatMap {
            log("key store: \($0)", view)
        }
        defer { keys = found }
        guard found.fingerprint != keys.fingerprint else { return lines }
        let strict = setup.values["crl-strict"].flatMap { ValueSyntax.truth($0) } ?? false
        return lines + [.command(.setCredentials(found.credentials(requiringRevocationLists: strict)))]
    }

    /// Reads ipsec.secrets; a mistake in it is told, and the keys that were there stay.
    func loadSecrets(_ view: any DaemonView, session: SessionID?) -> [DialectEffect] {
        func say(_ line: String) -> [DialectEffect] {
            log(line, view) + (session.map { [.write($0, line + "\n")] } ?? [])
        }
        do throws(ConfigurationError) {
            let file = try SecretsFile(parsing: paths.secrets, from: source(view))
            var keys = file.keys
            keys.refusesShortKeys = fips
            return file.files.flatMap { say("loading secrets from \"\($0)\"") } + [.command(.setSecrets(keys))]
                + loadKeys(view)
        } catch {
            return say("\"\(error.file)\" line \(error.line): \(error.message)")
        }
    }
}
