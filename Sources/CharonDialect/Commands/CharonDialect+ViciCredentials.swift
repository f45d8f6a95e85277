import DialectKit
import IKECrypto
import IKEModel

/// `swanctl --load-creds`, `--load-authorities`: the folders beside swanctl.conf, and its `secrets` and `authorities`.
extension CharonDialect {
    private static let certificateFolders = ["x509", "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl"]
    private static let keyFolders = ["private", "rsa", "ecdsa", "bliss", "pkcs8"]

    func loadViciCredentials(
        _ tree: SettingsTree, _ session: SessionID, _ view: any DaemonView
    ) -> (effects: [DialectEffect], succeeded: Bool) {
        let files = CredentialFiles(source: source(view))
        credentials.vici = CredentialStore.Part()
        credentials.vici.authorities = viciAuthorities.map(\.certificate)
        var effects: [DialectEffect] = []
        var succeeded = true
        func load(_ path: String, _ act: () throws(CredentialFiles.Failure) -> String) {
            do throws(CredentialFiles.Failure) {
                let what = try act()
                effects.append(.write(session, "loaded \(what) from '\(path)'\n"))
            } catch {
                effects.append(.writeError(session, "loading '\(path)' failed: \(error.description)\n"))
                succeeded = false
            }
        }
        for folder in Self.certificateFolders {
            for path in files.paths(in: "\(paths.swanctlFolder)/\(folder)") {
                load(path) { () throws(CredentialFiles.Failure) in
                    nextJob()
                    if folder == "x509crl" {
                        let list = try files.list(path)
                        let verdict = credentials.add(list, to: \.vici)
                        effects += log("CFG", "loaded certificate '\(list.issuer.text)'", view)
                        if let verdict { effects += log("LIB", verdict, view) }
                        return "certificate"
                    }
                    let certificate = try files.certificate(path)
                    if folder == "x509ca" {
                        credentials.vici.authorities.append(certificate)
                    } else {
                        credentials.vici.certificates.append(certificate)
                    }
                    effects += log("CFG", "loaded certificate '\(certificate.subject.text)'", view)
                    return "certificate"
                }
            }
        }
        for folder in Self.keyFolders {
            for path in files.paths(in: "\(paths.swanctlFolder)/\(folder)") {
                load(path) { () throws(CredentialFiles.Failure) in
                    nextJob()
                    let key = try files.privateKey(path)
                    credentials.vici.keys.append(key)
                    effects += log("CFG", "loaded \(key.publicKey.charonName) private key", view)
                    return "\(key.publicKey.charonName) key"
                }
            }
        }
        let secrets = loadViciSecrets(tree, session, view)
        return (
            effects + secrets.effects + [.command(.setCredentials(credentials.credentials))],
            succeeded && secrets.succeeded
        )
    }

    /// `authorities { strongswan { cacert = strongswanCert.pem } }`.
    func loadViciAuthorities(
        _ tree: SettingsTree, _ session: SessionID, _ view: any DaemonView
    ) -> (effects: [DialectEffect], succeeded: Bool) {
        let files = CredentialFiles(source: source(view))
        let sections = tree.section(named: "authorities")?.sections ?? []
        let gone = viciAuthorities.filter { old in !sections.contains { $0.name == old.name } }
        var effects: [DialectEffect] = []
        var loaded: [ViciAuthority] = []
        for (name, section) in sections {
            let file = section.text("cacert") ?? section.text("file") ?? ""
            let path = file.hasPrefix("/") ? file : "\(paths.swanctlFolder)/x509ca/\(file)"
            do throws(CredentialFiles.Failure) {
                let certificate = try files.certificate(path)
                loaded.append(
                    ViciAuthority(
                        name: name, certificate: certificate,
                        listURLs: section.text("crl_uris").map(ValueSyntax.list) ?? []))
                effects += log("CFG", "added vici authority \(name)", view)
                effects.append(.write(session, "loaded authority '\(name)'\n"))
            } catch {
                effects.append(
                    .writeError(session, "loading authority '\(name)' failed: CA certificate missing: \(path)\n"))
            }
        }
        let old = viciAuthorities
        viciAuthorities = loaded
        credentials.vici.authorities.removeAll { certificate in old.contains { $0.certificate == certificate } }
        credentials.vici.authorities += loaded.map(\.certificate)
        if sections.isEmpty {
            effects.append(.write(session, "no authorities found, \(gone.count) unloaded\n"))
        } else if loaded.count == sections.count {
            effects.append(
                .write(session, "successfully loaded \(loaded.count) authorities, \(gone.count) unloaded\n"))
        } else {
            effects.append(
                .writeError(
                    session,
                    "loaded \(loaded.count) of \(sections.count) authorities, \(sections.count - loaded.count) failed "
                        + "to load, \(gone.count) unloaded\n"))
        }
        return (
            effects + [.command(.setCredentials(credentials.credentials))], loaded.count == sections.count
        )
    }

    /// `swanctl --list-authorities`.
    func authoritiesText() -> String {
        viciAuthorities.map { authority in
            "\(authority.name):\n  cacert: \(authority.certificate.subject.text)\n"
                + (authority.listURLs.isEmpty ? "" : "  crl_uris: \(authority.listURLs.joined(separator: " "))\n")
        }.joined()
    }

    /// A section of swanctl.conf's `authorities`.
    struct ViciAuthority {
        var name: String
        var certificate: Certificate
        var listURLs: [String]
    }
}
