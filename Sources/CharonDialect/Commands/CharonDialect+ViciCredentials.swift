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
        credentials.vici.listPlaces = Self.listPlaces(viciAuthorities)
        var effects: [DialectEffect] = []
        var succeeded = true
        let secrets = tree.section(named: "secrets")?.sections ?? []
        /// `private-x { file = key.pem, secret = … }`, the file relative to the folder of its kind.
        func passphrase(of path: String, _ kind: String) -> SecretBytes? {
            let found = secrets.first { name, section in
                let file = section.text("file") ?? ""
                return name.hasPrefix(kind)
                    && path == (file.hasPrefix("/") ? file : "\(paths.swanctlFolder)/\(kind)/\(file)")
            }
            return found?.section.text("secret").flatMap(SecretsFile.secret).map { SecretBytes($0) }
        }
        func load(_ path: String, _ act: () throws(CredentialFiles.Failure) -> String) {
            do throws(CredentialFiles.Failure) {
                let what = try act()
                effects.append(.write(session, "loaded \(what) from '\(path)'\n"))
            } catch {
                if error.isPassphrase, let file = path.split(separator: "/").last {
                    effects.append(
                        .writeError(session, "configured decryption secret for '\(file)' missing or invalid\n"))
                }
                effects.append(.writeError(session, "loading '\(path)' failed: \(error.description.trimmed)\n"))
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
                    effects += log("CFG", "loaded certificate '\(certificate.subject.text)'", view)
                    if folder == "x509ca" {
                        guard certificate.isAuthority else {
                            effects += log("CFG", "  ca certificate lacks CA basic constraint, rejected", view)
                            throw CredentialFiles.Failure(
                                description: "ca certificate lacks CA basic constraint, rejected")
                        }
                        credentials.vici.authorities.append(certificate)
                    } else {
                        credentials.vici.certificates.append(certificate)
                    }
                    return "certificate"
                }
            }
        }
        for folder in Self.keyFolders {
            for path in files.paths(in: "\(paths.swanctlFolder)/\(folder)") {
                load(path) { () throws(CredentialFiles.Failure) in
                    nextJob()
                    let key = try files.privateKey(path, passphrase(of: path, folder))
                    credentials.vici.keys.append(key)
                    effects += log("CFG", "loaded \(key.publicKey.charonName) private key", view)
                    return "\(key.publicKey.charonName) key"
                }
            }
        }
        for path in files.paths(in: "\(paths.swanctlFolder)/pkcs12") {
            do throws(CredentialFiles.Failure) {
                nextJob()
                let container = try files.container(path, passphrase(of: path, "pkcs12") ?? SecretBytes([]))
                credentials.add(container, to: \.vici)
                let certificates = container.authorities + container.ends
                for certificate in certificates {
                    effects += log("CFG", "loaded certificate '\(certificate.subject.text)'", view)
                    effects.append(.write(session, "loaded certificate from '\(path)'\n"))
                }
                if let key = container.privateKey {
                    effects += log("CFG", "loaded \(key.publicKey.charonName) private key", view)
                    effects.append(.write(session, "loaded \(key.publicKey.charonName) key from '\(path)'\n"))
                }
            } catch {
                effects.append(.writeError(session, "loading '\(path)' failed: \(error.description.trimmed)\n"))
                succeeded = false
            }
        }
        let shared = loadViciSecrets(tree, session, view)
        return (
            effects + shared.effects + [.command(.setCredentials(credentials.credentials))],
            succeeded && shared.succeeded
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
                let certificate = try files.authority(path)
                loaded.append(
                    ViciAuthority(
                        name: name, certificate: certificate,
                        listURLs: section.text("crl_uris").map(ValueSyntax.list) ?? []))
                effects += log("CFG", "added vici authority \(name)", view)
                effects.append(.write(session, "loaded authority '\(name)'\n"))
            } catch {
                effects.append(
                    .writeError(session, "loading authority '\(name)' failed: \(path): \(error.description.trimmed)\n"))
            }
        }
        let old = viciAuthorities
        viciAuthorities = loaded
        credentials.vici.authorities.removeAll { certificate in old.contains { $0.certificate == certificate } }
        credentials.vici.authorities += loaded.map(\.certificate)
        credentials.vici.listPlaces = Self.listPlaces(loaded)
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

    private static func listPlaces(_ authorities: [ViciAuthority]) -> [[UInt8]: [String]] {
        Dictionary(
            authorities.filter { !$0.listURLs.isEmpty }.map { ($0.certificate.publicKey.authorityHash, $0.listURLs) },
            uniquingKeysWith: +)
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
