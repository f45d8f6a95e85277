package import DialectKit
import IKEModel

/// What `ipsec` asks for.
extension CharonDialect {
    package func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        nextJob()
        let words = Array(request.arguments.dropFirst())
        if request.arguments.first == "swanctl" {
            return swanctl(words, session, workingDirectory: request.workingDirectory, view)
        }
        func done(_ effects: [DialectEffect] = []) -> [DialectEffect] { effects + [.finish(session, status: 0)] }
        func named(_ act: (String) -> [DialectEffect]) -> [DialectEffect] {
            guard let name = words.dropFirst().first else {
                return [
                    .writeError(session, "ipsec \(words[0]): the name of a connection is missing\n"),
                    .finish(session, status: 2),
                ]
            }
            return act(name)
        }
        switch words.first ?? "" {
        case "up": return named { up($0, session, view) }
        case "down": return named { down($0, session, view) }
        case "route": return named { route($0, session, view) }
        case "unroute": return named { unroute($0, session, view) }
        case "status": return done([.write(session, statusText(isAll: false, name: words.dropFirst().first, view))])
        case "statusall": return done([.write(session, statusText(isAll: true, name: words.dropFirst().first, view))])
        case "listcerts": return done([.write(session, certificatesText(.ends, view))])
        case "listcacerts": return done([.write(session, certificatesText(.authorities, view))])
        case "listcrls": return done([.write(session, certificatesText(.lists, view))])
        case "listalgs": return done([.write(session, algorithmsText())])
        case "listall": return done([.write(session, certificatesText(.all, view) + algorithmsText())])
        // Nothing of these kinds is ever kept here.
        case "listpubkeys", "listaacerts", "listocspcerts", "listacerts", "listgroups", "listcainfos", "listocsp",
            "listplugins":
            return done()
        case "leases":
            let text = leasesText(words.dropFirst().first, words.dropFirst(2).first)
            return done([.write(session, text)])
        case "rereadsecrets": return done(log("CFG", "rereading secrets", view) + loadSecrets(view))
        case "rereadcacerts": return done(rereadAuthorities(view))
        case "rereadcrls": return done(rereadLists(view))
        case "rereadaacerts", "rereadocspcerts", "rereadacerts", "purgeocsp":
            return [.writeError(session, "ipsec \(words[0]): nothing of this kind is ever kept here\n")] + done()
        case "purgecrls":
            credentials.fetched = CredentialStore.Part()
            return [.command(.setCredentials(credentials.credentials))] + done()
        case "purgecerts":
            credentials.forgetSeen()
            return done()
        case "purgeike":
            let idle = view.ikeSAs.filter { $0.established != nil && $0.children.isEmpty }
            return done(idle.map { .command(.deleteIKE($0.ike)) })
        case "rereadall":
            return done(
                log("CFG", "rereading secrets", view) + loadSecrets(view) + loadFolders("rereading", view)
                    + [.command(.setCredentials(credentials.credentials))])
        case "update": return done(loadStarter(view, isUpdate: true))
        case "reload":
            let old = connections.filter { $0.definition.origin == .stroke }
            return done(old.flatMap { remove($0.id) } + loadStarter(view, isUpdate: false))
        case "--shutdown":
            worker = 0
            return log("DMN", "SIGINT received, shutting down", view)
                + [.command(.shutdown), .finish(session, status: 0), .exit]
        default:
            return [
                .writeError(
                    session, "/usr/sbin/ipsec: unknown command `\(words.first ?? "")' (`ipsec --help' for list)\n"),
                .finish(session, status: 2),
            ]
        }
    }

    private func up(_ name: String, _ session: SessionID, _ view: any DaemonView) -> [DialectEffect] {
        let effects = log("CFG", "received stroke: initiate '\(name)'", view)
        guard let found = connections.first(where: { $0.name == name }) else {
            return effects + log("CFG", "no config named '\(name)'", view) + [
                .write(session, "no config named '\(name)'\n"), .finish(session, status: 0),
            ]
        }
        nextJob()
        sessions.add(.init(session: session, form: .stroke, purpose: .up(found.id)))
        return effects + [.command(.initiate(found.id, staysUp: false))]
    }

    /// `wiki`, `wiki[2]`, `[2]`: IKE SAs; `wiki{}`, `wiki{3}`, `{3}`: Child SAs.
    private func down(_ text: String, _ session: SessionID, _ view: any DaemonView) -> [DialectEffect] {
        let effects = log("CFG", "received stroke: terminate '\(text)'", view)
        nextJob()
        if text.hasSuffix("}"), let open = text.firstIndex(of: "{") {
            let name = String(text[..<open])
            let number = Int(text[text.index(after: open)...].dropLast())
            let found = children.filter { _, record in
                (name.isEmpty || bound(record.connection)?.name == name) && (number == nil || number == record.number)
                    && record.facts != nil
            }.keys.sorted()
            guard !found.isEmpty else {
                return effects + log("CFG", "no CHILD_SA named '\(text)' found", view) + [.finish(session, status: 0)]
            }
            return effects + terminate([], Set(found), session, .stroke)
        }
        var name = text
        var number: Int?
        if text.hasSuffix("]"), let open = text.firstIndex(of: "[") {
            name = String(text[..<open])
            number = Int(text[text.index(after: open)...].dropLast())
        }
        let found = ikes.filter { _, record in
            record.isNamed && (name.isEmpty || bound(record.connection)?.peer == name)
                && (number == nil || number == record.number)
        }.keys
        guard !found.isEmpty else {
            return effects + log("CFG", "no IKE_SA named '\(text)' found", view) + [.finish(session, status: 0)]
        }
        return effects + terminate(Set(found), [], session, .stroke)
    }

    func terminate(
        _ ending: Set<IKESAID>, _ closing: Set<ChildSAID>, _ session: SessionID, _ form: CommandSessions.Form
    ) -> [DialectEffect] {
        var entry = CommandSessions.Entry(session: session, form: form, purpose: .down(ending, closing))
        entry.ikes = ending.union(closing.compactMap { children[$0]?.ike })
        sessions.add(entry)
        return ending.sorted().map { .command(.deleteIKE($0)) } + closing.sorted().map { .command(.deleteChild($0)) }
    }

    private func route(_ name: String, _ session: SessionID, _ view: any DaemonView) -> [DialectEffect] {
        let effects = log("CFG", "received stroke: route '\(name)'", view)
        guard let found = connections.first(where: { $0.name == name }) else {
            return effects + [.write(session, "configuration '\(name)' not found\n"), .finish(session, status: 1)]
        }
        sessions.add(.init(session: session, form: .stroke, purpose: .route(found.id)))
        return effects + [.command(.route(found.id))]
    }

    private func unroute(_ name: String, _ session: SessionID, _ view: any DaemonView) -> [DialectEffect] {
        let effects = log("CFG", "received stroke: unroute '\(name)'", view)
        let isRouted = view.connections.contains { $0.connection.name == name && $0.routing != .unrouted }
        guard let found = connections.first(where: { $0.name == name }), isRouted else {
            return effects + [.write(session, "configuration '\(name)' not found\n"), .finish(session, status: 1)]
        }
        trapNumbers[found.id] = nil
        return effects + [
            .command(.unroute(found.id)), .write(session, "trap policy '\(name)' unrouted\n"),
            .finish(session, status: 0),
        ]
    }
}
