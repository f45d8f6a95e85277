import DialectKit
import IKEModel
import NetAddress

/// What `swanctl` asks for.
extension CharonDialect {
    /// `--child net`, `--child=net`, `-c net`.
    private struct Options {
        private let words: [String]

        init(_ words: [String]) { self.words = words }

        func value(_ names: String...) -> String? {
            for (index, word) in words.enumerated() {
                if names.contains(word), index + 1 < words.count { return words[index + 1] }
                for name in names where word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
            }
            return nil
        }

        func has(_ names: String...) -> Bool { words.contains(where: names.contains) }
    }

    func swanctl(
        _ words: [String], _ session: SessionID, workingDirectory: String, _ view: any DaemonView
    ) -> [DialectEffect] {
        let options = Options(Array(words.dropFirst()))
        func done(_ text: String) -> [DialectEffect] {
            (text.isEmpty ? [] : [.write(session, text)]) + [.finish(session, status: 0)]
        }
        switch words.first ?? "" {
        case "--load-all", "-q", "--load-conns", "-c", "--load-creds", "-s", "--load-authorities", "-b", "--load-pools",
            "-a":
            var path = options.value("--file", "-f") ?? paths.swanctl
            if !path.hasPrefix("/") { path = workingDirectory + "/" + path }
            return load(words[0], path, session, view)
        case "--initiate", "-i":
            return initiate(options.value("--child", "-c"), options.value("--ike", "-i"), session)
        case "--terminate", "-t":
            return terminate(
                child: options.value("--child", "-c"), ike: options.value("--ike", "-i"),
                childNumber: options.value("--child-id", "-C"), ikeNumber: options.value("--ike-id", "-I"), session)
        case "--rekey", "-R":
            return rekey(
                child: options.value("--child", "-c"), ike: options.value("--ike", "-i"), session, view)
        case "--install", "-p", "--uninstall", "-u": return install(words[0], options.value("--child", "-c"), session)
        case "--list-sas", "-l":
            return done(
                options.has("--raw", "-r")
                    ? rawSAs(view, isPretty: false)
                    : options.has("--pretty", "-P") ? rawSAs(view, isPretty: true) : listSAs(view))
        case "--list-conns", "-L": return done(listConnections(view))
        case "--list-pols", "-P": return done(listPolicies(view))
        case "--list-pools", "-A":
            return done(poolsText(name: options.value("--name", "-n"), withLeases: options.has("--leases", "-l")))
        case "--flush-certs", "-f":
            let type = options.value("--type", "-t") ?? "any"
            if ["any", "x509_crl"].contains(type) { credentials.fetched = CredentialStore.Part() }
            if ["any", "x509"].contains(type) { credentials.forgetSeen() }
            return [.command(.setCredentials(credentials.credentials))] + done("")
        case "--reload-settings", "-r": return reloadSettings(session, view)
        case "--list-algs", "-g": return done(swanctlAlgorithmsText())
        case "--monitor-sa", "-m":
            let form: CommandSessions.MonitorForm =
                options.has("--raw", "-r") ? .raw : options.has("--pretty", "-P") ? .pretty : .text
            sessions.add(.init(session: session, form: .vici, purpose: .monitor(form)))
            return []
        case "--list-authorities", "-B": return done(authoritiesText())
        case "--list-certs", "-x":
            var kinds = CertificateKinds.all
            switch (options.value("--type", "-t"), options.value("--flag", "-f")) {
            case ("x509_crl", _): kinds = .lists
            case ("x509", "ca"): kinds = .authorities
            case ("x509", "none"): kinds = .ends
            case ("x509", _): kinds = [.ends, .authorities]
            case (nil, _), ("any", _): break
            default: kinds = []
            }
            return done(
                certificatesText(
                    kinds, subject: options.value("--subject", "-s"), asPEM: options.has("--pem", "-p"), view))
        case "--counters", "-C":
            return counters(options, session)
        case "--redirect", "-d": return redirect(options, session)
        case "--stats", "-S": return done(statistics(view))
        case "--version", "-v":
            if options.has("--daemon", "-d") { return done(daemonVersion(view)) }
            return done("strongSwan swanctl \(version.rawValue)\n")
        case "--log", "-T":
            sessions.add(.init(session: session, form: .vici, purpose: .trace))
            return []
        default:
            return [
                .writeError(
                    session, "swanctl: unrecognized option '\(words.first ?? "")'\nError: invalid operation\n"),
                .finish(session, status: 1),
            ]
        }
    }

    /// `--counters [--name NAME|--all] [--reset] [--raw|--pretty]`.
    private func counters(_ options: Options, _ session: SessionID) -> [DialectEffect] {
        let name = options.value("--name", "-n")
        let selection: ExchangeCounters.Selection =
            options.has("--all", "-a") ? .each : name.map { .connection($0) } ?? .global
        func fail(_ verb: String) -> [DialectEffect] {
            [
                .writeError(session, "\(verb)-counters failed: no counters found for this connection\n"),
                .finish(session, status: 1),
            ]
        }
        if options.has("--reset", "-R") {
            guard counters.reset(selection) else { return fail("reset") }
            return [.write(session, "reset-counters completed successfully\n"), .finish(session, status: 0)]
        }
        guard let message = counters.message(selection), let text = counters.text(selection) else { return fail("get") }
        let isRaw = options.has("--raw", "-r")
        let shown =
            isRaw || options.has("--pretty", "-P")
            ? "counters reply " + (isRaw ? message.raw : message.pretty) + "\n" : text
        return [.write(session, shown), .finish(session, status: 0)]
    }

    /// strongswan.conf is read again: where the log goes and what it looks like. All else of it counts at the start alone.
    private func reloadSettings(_ session: SessionID, _ view: any DaemonView) -> [DialectEffect] {
        let settings: SettingsTree
        do throws(ConfigurationError) { settings = try SettingsTree(parsing: paths.settings, from: source(view)) } catch
        {
            return [
                .writeError(session, "reload-settings failed: \(error)\n"), .finish(session, status: 1),
            ]
        }
        logging = LogSettings(settings, otherwise: paths.log)
        return [.logFile(logging.path, append: true), .finish(session, status: 0)]
    }

    private func load(
        _ what: String, _ path: String, _ session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        let tree: SettingsTree
        do throws(ConfigurationError) { tree = try SettingsTree(parsing: path, from: source(view)) } catch {
            return [.writeError(session, "\(error)\n"), .finish(session, status: 2)]
        }
        let isAll = what == "--load-all" || what == "-q"
        var effects: [DialectEffect] = []
        var succeeded = true
        if isAll || what == "--load-creds" || what == "-s" {
            let loaded = loadViciCredentials(tree, session, view)
            effects += loaded.effects
            succeeded = loaded.succeeded
        }
        if isAll || what == "--load-authorities" || what == "-b" {
            let loaded = loadViciAuthorities(tree, session, view)
            effects += loaded.effects
            succeeded = succeeded && loaded.succeeded
        }
        if isAll || what == "--load-pools" || what == "-a" {
            let loaded = loadViciPools(tree, session, view) {
                isAll ? loadViciConnections(tree, session, view) : ([], true)
            }
            effects += loaded.effects
            succeeded = succeeded && loaded.succeeded
        }
        if what == "--load-conns" || what == "-c" {
            let loaded = loadViciConnections(tree, session, view)
            effects += loaded.effects
            succeeded = succeeded && loaded.succeeded
        }
        return effects + [.finish(session, status: succeeded ? 0 : 1)]
    }

    /// The peers of these IKE SAs are sent to another gateway (RFC 5685 §5).
    private func redirect(_ options: Options, _ session: SessionID) -> [DialectEffect] {
        func fail(_ what: String) -> [DialectEffect] {
            [.writeError(session, "redirect failed: \(what)\n"), .finish(session, status: 1)]
        }
        guard let text = options.value("--gateway", "-g") else { return fail("missing target gateway") }
        guard let gateway = IPAddress(text) else { return fail("invalid gateway") }
        let name = options.value("--ike", "-i")
        let (numberText, hosts) = (options.value("--ike-id", "-I"), options.value("--peer-ip", "-p"))
        let number = numberText.flatMap { Int($0) }
        let prefix = hosts.flatMap { IPPrefix($0) ?? IPAddress($0).map { IPPrefix(host: $0) } }
        let identity = options.value("--peer-id", "-d")
        // One that cannot be read must not become one that means all.
        if numberText != nil && number == nil { return fail("invalid ike-id") }
        if hosts != nil && prefix == nil { return fail("invalid peer-ip") }
        guard [name, numberText, hosts, identity].contains(where: { $0 != nil }) else {
            return fail("missing redirect selector")
        }
        let found = ikes.filter { _, record in
            record.isEstablished && name.map { bound(record.connection)?.peer == $0 } ?? true
                && number.map { record.number == $0 } ?? true
                && prefix.map { $0.contains(record.remote.address) } ?? true
                && identity.map { IdentityText.text(record.peer) == $0 } ?? true
        }
        guard !found.isEmpty else { return fail("no matching SAs to redirect found") }
        return found.keys.sorted().map { .command(.redirectIKE($0, to: gateway)) } + [
            .write(session, "redirect completed successfully\n"), .finish(session, status: 0),
        ]
    }

    private func initiate(_ child: String?, _ ike: String?, _ session: SessionID) -> [DialectEffect] {
        let found = connections.first {
            (child == nil || $0.name == child) && (ike == nil || $0.peer == ike) && (child ?? ike) != nil
        }
        guard let found else {
            let what =
                child.map { "CHILD_SA config '\($0)' not found" } ?? ike.map { "IKE_SA config '\($0)' not found" }
                ?? "missing configuration name"
            return [.writeError(session, "initiate failed: \(what)\n"), .finish(session, status: 1)]
        }
        sessions.add(.init(session: session, form: .vici, purpose: .up(found.id)))
        return [.command(.initiate(found.id, staysUp: false))]
    }

    private func terminate(
        child: String?, ike: String?, childNumber: String?, ikeNumber: String?, _ session: SessionID
    ) -> [DialectEffect] {
        let closing = children.filter { _, record in
            guard record.facts != nil else { return false }
            return child.map { bound(record.connection)?.name == $0 } ?? false
                || childNumber.flatMap { Int($0) } == record.number
        }.keys
        let ending = ikes.filter { _, record in
            guard record.isNamed else { return false }
            return ike.map { bound(record.connection)?.peer == $0 } ?? false
                || ikeNumber.flatMap { Int($0) } == record.number
        }.keys
        guard !closing.isEmpty || !ending.isEmpty else {
            let isMissing = (child ?? ike ?? childNumber ?? ikeNumber) == nil
            let what = isMissing ? "missing terminate selector" : "no matching SAs to terminate found"
            return [.writeError(session, "terminate failed: \(what)\n"), .finish(session, status: 1)]
        }
        return terminate(Set(ending), Set(closing), session, .vici)
    }

    private func rekey(
        child: String?, ike: String?, _ session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        let snapshot = view.connections.first { snapshot in
            guard let bound = bound(snapshot.connection.id) else { return false }
            return child.map { bound.name == $0 && snapshot.child != nil } ?? false
                || ike.map { bound.peer == $0 && snapshot.ike != nil } ?? false
        }
        guard let snapshot else {
            return [
                .writeError(session, "rekey failed: no matching SAs to rekey found\n"), .finish(session, status: 1),
            ]
        }
        sessions.add(.init(session: session, form: .vici, purpose: .rekey(snapshot.connection.id)))
        if child != nil, let id = snapshot.child { return [.command(.rekeyChild(id))] }
        return snapshot.ike.map { [.command(.rekeyIKE($0))] } ?? []
    }

    private func install(_ what: String, _ child: String?, _ session: SessionID) -> [DialectEffect] {
        let verb = what == "--install" || what == "-p" ? "install" : "uninstall"
        guard let found = connections.first(where: { $0.name == child }) else {
            return [
                .writeError(session, "\(verb) failed: configuration name not found\n"), .finish(session, status: 1),
            ]
        }
        return [
            .command(verb == "install" ? .route(found.id) : .unroute(found.id)),
            .write(session, "\(verb) completed successfully\n"), .finish(session, status: 0),
        ]
    }
}
