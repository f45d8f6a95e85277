import DialectKit
import IKECrypto
import IKEModel
import IKEWire

/// Connections and secrets, from files into the engine.
extension CharonDialect {
    // MARK: Secrets

    func loadSecrets(_ view: any DaemonView) -> [DialectEffect] {
        var effects = log("CFG", "loading secrets from '\(paths.secrets)'", view)
        let file = SecretsFile(parsing: paths.secrets, from: source(view))
        starterKeys = file.keys
        starterEAPSecrets = file.eapSecrets
        credentials.stroke.keys = []
        credentials.strokeContainers = CredentialStore.Part()
        for entry in file.entries {
            switch entry {
            case .shared(let key):
                effects += log(
                    "CFG",
                    version == .v4_2_9 ? "  loaded shared key for \(key.whom)" : "  loaded IKE secret for \(key.whom)",
                    view)
            case .eap(let key): effects += log("CFG", "  loaded EAP secret for \(key.whom)", view)
            case .privateKey(let name, let passphrase): effects += loadPrivateKey(name, passphrase, view)
            case .container(let name, let passphrase): effects += loadContainer(name, passphrase, view)
            case .complaint(let complaint): effects += log("CFG", complaint, view)
            }
        }
        return effects + [.command(.setSecrets(allKeys)), .command(.setCredentials(credentials.credentials))]
    }

    private var allKeys: PreSharedKeys {
        var keys = PreSharedKeys(
            (starterKeys + viciKeys.map(\.key)).map { key in
                PreSharedKeys.Entry(
                    indices: key.owners.map { IdentityText.parse($0).map { .identification($0) } ?? .any },
                    secret: key.secret)
            })
        keys.eapSecrets = (starterEAPSecrets + viciEAPSecrets.map(\.key)).map { key in
            EAPSecret(
                identities: key.owners.filter { $0 != "%any" }.map { IdentityText.parse($0)?.eapIdentity ?? [] },
                secret: key.secret)
        }
        return keys
    }

    // MARK: ipsec.conf

    /// Adds what the file has, and takes away what it has no more; what stays as it was keeps its SAs.
    func loadStarter(_ view: any DaemonView, isUpdate: Bool) -> [DialectEffect] {
        let file: StarterFile
        do throws(ConfigurationError) { file = try StarterFile(parsing: paths.starter, from: source(view)) } catch {
            // Where swanctl.conf alone is used there is none.
            if (try? view.readFile(paths.starter)) == nil { return [] }
            return log("CFG", "\(error)", view) + log("CFG", "invalid config file '\(paths.starter)'", view)
        }
        let read = StarterConnections(file)
        var effects = read.complaints.flatMap { log("CFG", $0, view) }
        levels = read.levels
        isStrict = read.requiresRevocationLists
        cachesLists = read.cachesLists
        if read.cachesLists { effects += log("CFG", "crl caching to \(paths.ipsecFolder)/crls enabled", view) }
        effects += loadSections(read.authorities, view)
        var binder = binder(view)
        let wanted = read.definitions.map(binder.oriented)
        for old in connections where old.definition.origin == .stroke && !wanted.contains(old.definition) {
            nextJob()
            effects += log("CFG", "received stroke: delete connection '\(old.name)'", view)
            effects += remove(old.id) + log("CFG", "deleted connection '\(old.name)'", view)
        }
        for definition in wanted where !connections.contains(where: { $0.definition == definition }) {
            nextJob()
            effects += log("CFG", "received stroke: add connection '\(definition.name)'", view)
            effects += addPools(of: definition, view)
            effects += lookingForEnds(definition, binder, view)
            effects += orientation(of: definition, binder, view)
            effects += loadCertificates(definition, view).effects
            binder.certificates = named
            let added = add(definition, binder, view)
            effects += added.effects
            guard let id = added.id else { continue }
            effects += begin(definition, id, view)
        }
        forgetPools()
        return effects
    }

    func binder(_ view: any DaemonView) -> ConnectionBinder {
        var binder = ConnectionBinder(host: HostKnowledge(view))
        binder.version = version
        binder.certificates = named
        binder.eapSecretOwners = Set((starterEAPSecrets + viciEAPSecrets.map(\.key)).flatMap(\.owners))
        binder.requiresRevocationLists = isStrict
        binder.owned = credentials.certificates.filter { credentials.hasPrivateKey(of: $0.publicKey) }
        binder.pools = addressBook.vici
        return binder
    }

    private func orientation(
        of definition: ConnectionDefinition, _ binder: ConnectionBinder, _ view: any DaemonView
    ) -> [DialectEffect] {
        let local = binder.host.address(of: definition.local.host)
        guard !(local.map(binder.host.isOurs) ?? false), version != .v5_9_8 else { return [] }
        return log("CFG", "left nor right host is our side, assuming left=local", view)
    }

    /// What `auto=` or `start_action` asks for.
    func begin(_ definition: ConnectionDefinition, _ id: ConnectionID, _ view: any DaemonView) -> [DialectEffect] {
        switch definition.start {
        case .ignore, .add: return []
        case .route:
            let line = definition.origin == .stroke ? "received stroke: route '\(definition.name)'" : nil
            return (line.map { log("CFG", $0, view) } ?? []) + [.command(.route(id))]
        case .start:
            let line = definition.origin == .stroke ? "received stroke: initiate '\(definition.name)'" : nil
            return (line.map { log("CFG", $0, view) } ?? []) + [.command(.initiate(id, staysUp: false))]
        }
    }

    func remove(_ id: ConnectionID) -> [DialectEffect] {
        connections.removeAll { $0.id == id }
        trapNumbers[id] = nil
        return [.command(.remove(id))]
    }

    /// Binds a definition and hands it to the engine. One whose peer is configured as another's joins that configuration.
    func add(
        _ definition: ConnectionDefinition, _ binder: ConnectionBinder, _ view: any DaemonView
    ) -> (id: ConnectionID?, effects: [DialectEffect], failure: String) {
        lastConnection += 1
        let id = ConnectionID(lastConnection)
        let shared = connections.first { other in
            definition.origin == .stroke
                ? other.definition.origin == .stroke && Self.sharesPeer(other.definition, definition)
                : other.definition.origin == .vici && other.definition.peer == definition.peer
        }
        var effects: [DialectEffect] = []
        let connection: Connection
        effects += binder.unconfirmedIdentities(definition).flatMap { log("CFG", $0, view) }
        do throws(ConnectionBinder.Failure) {
            let reqid = reqid(of: definition)
            connection = try binder.bind(
                definition, id: id, peerNumber: shared?.connection.peerConfiguration ?? id.number, reqid: reqid)
        } catch {
            let failure = error.description
            return (
                nil, effects + log("CFG", "adding connection '\(definition.name)' failed: \(failure)", view), failure
            )
        }
        let peer = shared?.peer ?? definition.peer
        connections.append(BoundConnection(definition: definition, peer: peer, connection: connection))
        effects.append(.command(.add(connection)))
        guard definition.origin == .stroke else { return (id, effects, "") }
        if shared == nil {
            let ends = version == .v4_2_9 ? ": \(Self.endsText(definition, connection))" : ""
            effects += log("CFG", "added configuration '\(definition.name)'\(ends)", view)
        } else {
            effects += log("CFG", "added child to existing configuration '\(peer)'", view)
        }
        return (id, effects, "")
    }

    static func endsText(_ definition: ConnectionDefinition, _ connection: Connection) -> String {
        "\(definition.local.host)[\(IdentityText.text(connection.local.identification))]..."
            + "\(definition.remote.host)[\(IdentityText.text(connection.remote.identification))]"
    }

    /// The same IKE SA would do for both.
    private static func sharesPeer(_ one: ConnectionDefinition, _ other: ConnectionDefinition) -> Bool {
        func peer(_ definition: ConnectionDefinition) -> ConnectionDefinition {
            var reduced = definition
            reduced.name = ""
            reduced.peer = ""
            reduced.esp = ""
            reduced.start = .add
            reduced.mode = .tunnel
            reduced.reqid = 0
            reduced.installsPolicies = true
            reduced.childLifetime = .zero
            reduced.childRekeyMargin = .zero
            reduced.replayWindow = 0
            reduced.childOctets = 0
            reduced.childPackets = 0
            for end in [\ConnectionDefinition.local, \ConnectionDefinition.remote] {
                reduced[keyPath: end].selectors = []
                reduced[keyPath: end].ipProtocol = 0
                reduced[keyPath: end].port = 0
            }
            return reduced
        }
        return peer(one) == peer(other)
    }

    /// As configured; the same for the same traffic; else the next one, from 1.
    private func reqid(of definition: ConnectionDefinition) -> UInt32 {
        if definition.reqid != 0 { return definition.reqid }
        // What is lent is another's each time.
        let isOwn = !definition.local.sourceAddresses.isEmpty || !definition.remote.sourceAddresses.isEmpty
        let same =
            isOwn
            ? nil
            : connections.first {
                $0.definition.local.selectors == definition.local.selectors
                    && $0.definition.remote.selectors == definition.remote.selectors
                    && $0.definition.local.ipProtocol == definition.local.ipProtocol
                    && $0.definition.remote.host == definition.remote.host && $0.definition.mode == definition.mode
            }
        if let same { return same.connection.reqid }
        lastReqid += 1
        return lastReqid
    }

    // MARK: swanctl.conf

    /// `secrets { ike-1 { id-a = … secret = … } }`.
    func loadViciSecrets(
        _ tree: SettingsTree, _ session: SessionID, _ view: any DaemonView
    ) -> (effects: [DialectEffect], succeeded: Bool) {
        var effects: [DialectEffect] = []
        var succeeded = true
        viciKeys = []
        viciEAPSecrets = []
        for (name, section) in tree.section(named: "secrets")?.sections ?? [] {
            let kind =
                name.hasPrefix("ike") ? "ike" : name.hasPrefix("eap") ? "eap" : name.hasPrefix("ntlm") ? "ntlm" : ""
            // Passphrases of keys (`private`, `rsa`, …) are looked at when these are loaded.
            guard kind == "ike" || kind == "eap" else { continue }
            guard let text = section.text("secret"),
                let octets = SecretsFile.secret(text.hasPrefix("0x") || text.hasPrefix("0s") ? text : "\"\(text)\"")
            else {
                effects.append(
                    .writeError(session, "loading \(kind) secret '\(name)' failed: shared key data missing\n"))
                succeeded = false
                continue
            }
            let owners = section.values.filter { $0.key == "id" || $0.key.hasPrefix("id-") || $0.key.hasPrefix("id") }
                .map(\.value.text)
            let key = SecretsFile.SharedKey(owners: owners, secret: SecretBytes(octets))
            if kind == "ike" { viciKeys.append((name, key)) } else { viciEAPSecrets.append((name, key)) }
            nextJob()
            let whom = (owners.isEmpty ? ["%any"] : owners).map { "'\($0)'" }.joined(separator: ", ")
            effects += log("CFG", "loaded \(kind.uppercased()) shared key with id '\(name)' for: \(whom)", view)
            effects.append(.write(session, "loaded \(kind) secret '\(name)'\n"))
        }
        return (effects + [.command(.setSecrets(allKeys))], succeeded)
    }

    /// `swanctl --load-conns`.
    func loadViciConnections(
        _ tree: SettingsTree, _ session: SessionID, _ view: any DaemonView
    ) -> (effects: [DialectEffect], succeeded: Bool) {
        var effects: [DialectEffect] = []
        var failures: [String] = []
        var loaded = 0
        let binder = binder(view)
        let sections = tree.section(named: "connections")?.sections ?? []
        let gone = Set(connections.filter { $0.definition.origin == .vici }.map(\.definition.peer))
            .subtracting(sections.map(\.name))
        for name in gone.sorted() {
            for old in connections where old.definition.origin == .vici && old.definition.peer == name {
                effects += remove(old.id)
            }
            effects += log("CFG", "removed vici connection: \(name)", view)
        }
        for (name, section) in sections {
            nextJob()
            let one = loadViciConnection(section, name, binder, view)
            effects += one.effects
            if let failure = one.failure {
                failures.append(failure)
                effects.append(.writeError(session, "loading connection '\(name)' failed: \(failure)\n"))
            } else {
                loaded += 1
                effects.append(.write(session, "loaded connection '\(name)'\n"))
            }
        }
        credentials.required.authorities = connections.flatMap(\.definition.remote.authorityFiles)
            .compactMap { named["x509ca/" + $0] }
        effects.append(.command(.setCredentials(credentials.credentials)))
        if failures.isEmpty {
            effects.append(
                .write(session, "successfully loaded \(loaded) connections, \(gone.count) unloaded\n"))
        } else {
            effects.append(
                .writeError(
                    session,
                    "loaded \(loaded) of \(loaded + failures.count) connections, \(failures.count) failed to load, "
                        + "\(gone.count) unloaded\n"))
        }
        return (effects, failures.isEmpty)
    }

    private func loadViciConnection(
        _ section: SettingsTree, _ name: String, _ binder: ConnectionBinder, _ view: any DaemonView
    ) -> (effects: [DialectEffect], failure: String?) {
        let definitions: [ConnectionDefinition]
        do throws(ConfigurationError) {
            definitions = try SwanctlConnections.definitions(of: section, named: name)
        } catch { return ([], error.description) }
        let old = connections.filter { $0.definition.origin == .vici && $0.definition.peer == name }
        if !old.isEmpty, old.map(\.definition) == definitions { return ([], nil) }
        // What is there stays until it is known that the new one can take its place.
        var effects: [DialectEffect] = []
        for definition in definitions {
            let loaded = loadCertificates(definition, view)
            effects += loaded.effects
            if let failure = loaded.failure { return (effects, failure) }
        }
        var binder = binder
        binder.certificates = named
        for definition in definitions {
            do throws(ConnectionBinder.Failure) {
                _ = try binder.bind(definition, id: ConnectionID(0), peerNumber: 0, reqid: 1)
            } catch { return (effects, error.description) }
        }
        effects += old.flatMap { remove($0.id) }
        let before = connections
        for definition in definitions {
            let added = add(definition, binder, view)
            guard let id = added.id else {
                for other in connections where !before.contains(where: { $0.id == other.id }) {
                    effects.append(.command(.remove(other.id)))
                }
                connections = before
                return (effects + added.effects, added.failure)
            }
            effects += added.effects + begin(definition, id, view)
        }
        effects += log("CFG", "\(old.isEmpty ? "added" : "updated") vici connection: \(name)", view)
        return (effects, nil)
    }
}
