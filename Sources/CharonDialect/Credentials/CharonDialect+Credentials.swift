import DialectKit
import IKECrypto
import IKEModel

/// Certificates, lists and keys of ipsec.d and ipsec.secrets.
extension CharonDialect {
    private func files(_ view: any DaemonView) -> CredentialFiles { CredentialFiles(source: source(view)) }

    /// Everything of ipsec.d, with a line each.
    /// - Parameter verb: `loading` at the start, `rereading` at an operator's command.
    func loadFolders(_ verb: String, _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        for (what, folder) in [
            ("ca certificates", "cacerts"), ("aa certificates", "aacerts"), ("ocsp signer certificates", "ocspcerts"),
            ("attribute certificates", "acerts"), ("crls", "crls"),
        ] {
            effects += log("CFG", "\(verb) \(what) from '\(paths.ipsecFolder)/\(folder)'", view)
            if folder == "cacerts" { effects += loadAuthorities(view) }
            if folder == "crls" { effects += loadLists(view) }
        }
        return effects
    }

    func rereadAuthorities(_ view: any DaemonView) -> [DialectEffect] {
        log("CFG", "rereading ca certificates from '\(paths.ipsecFolder)/cacerts'", view) + loadAuthorities(view)
            + [.command(.setCredentials(credentials.credentials))]
    }

    func rereadLists(_ view: any DaemonView) -> [DialectEffect] {
        log("CFG", "rereading crls from '\(paths.ipsecFolder)/crls'", view) + loadLists(view)
            + [.command(.setCredentials(credentials.credentials))]
    }

    private func loadAuthorities(_ view: any DaemonView) -> [DialectEffect] {
        credentials.stroke.authorities = sectionAuthorities
        var effects: [DialectEffect] = []
        for path in files(view).paths(in: paths.ipsecFolder + "/cacerts") {
            do throws(CredentialFiles.Failure) {
                let certificate = try files(view).certificate(path)
                guard certificate.isAuthority else {
                    effects += discarding(certificate, path, view)
                    continue
                }
                credentials.stroke.authorities.append(certificate)
                effects += loaded("ca certificate", certificate, path, view)
            } catch {
                effects += log("LIB", error.description, view)
                effects += log("CFG", "  loading ca certificate from '\(path)' failed", view)
            }
        }
        return effects
    }

    /// Whoever is no authority vouches for nobody.
    private func discarding(_ certificate: Certificate, _ path: String, _ view: any DaemonView) -> [DialectEffect] {
        log("CFG", "  ca certificate \"\(certificate.subject.text)\" lacks ca basic constraint, discarded", view)
            + (version == .v4_2_9 ? [] : log("CFG", "  loading ca certificate from '\(path)' failed", view))
    }

    private func loaded(
        _ what: String, _ certificate: Certificate, _ path: String, _ view: any DaemonView
    ) -> [DialectEffect] {
        version == .v4_2_9
            ? log("LIB", "  loaded certificate file '\(path)'", view)
            : log("CFG", "  loaded \(what) \"\(certificate.subject.text)\" from '\(path)'", view)
    }

    private func loadLists(_ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        for path in files(view).paths(in: paths.ipsecFolder + "/crls") {
            do throws(CredentialFiles.Failure) {
                let verdict = credentials.add(try files(view).list(path), to: \.stroke)
                effects +=
                    version == .v4_2_9
                    ? log("LIB", "  loaded crl file '\(path)'", view)
                    : log("CFG", "  loaded crl from '\(path)'", view)
                if let verdict { effects += log("LIB", verdict, view) }
            } catch {
                effects += log("LIB", error.description, view)
                effects += log("CFG", "  loading crl from '\(path)' failed", view)
            }
        }
        return effects
    }

    private func privatePath(_ name: String) -> String {
        name.hasPrefix("/") ? name : "\(paths.ipsecFolder)/private/\(name)"
    }

    /// A PKCS #12 file of ipsec.secrets: authorities, certificates and a key (RFC 7292).
    func loadContainer(_ name: String, _ passphrase: SecretBytes, _ view: any DaemonView) -> [DialectEffect] {
        let path = privatePath(name)
        do throws(CredentialFiles.Failure) {
            let container = try files(view).container(path, passphrase)
            credentials.add(container, to: \.strokeContainers)
            return container.authorities.flatMap { loaded("ca certificate", $0, path, view) }
                + container.ends.flatMap { loaded("certificate", $0, path, view) }
                + (container.privateKey.map {
                    log("CFG", "  loaded \($0.publicKey.charonName) private key from '\(path)'", view)
                } ?? [])
        } catch {
            return log(error.isPassphrase ? "ASN" : "LIB", error.description, view)
                + log("CFG", "  loading credentials from '\(path)' failed", view)
        }
    }

    /// A private key of ipsec.secrets.
    func loadPrivateKey(
        _ name: String, _ passphrase: SecretBytes?, _ view: any DaemonView
    ) -> [DialectEffect] {
        let path = privatePath(name)
        do throws(CredentialFiles.Failure) {
            let key = try files(view).privateKey(path, passphrase)
            credentials.stroke.keys.append(key)
            return version == .v4_2_9
                ? log("CFG", "  loaded private key file '\(path)'", view)
                : log("CFG", "  loaded \(key.publicKey.charonName) private key from '\(path)'", view)
        } catch {
            return log(error.isPassphrase ? "ASN" : "LIB", error.description, view)
                + log("CFG", "  loading private key from '\(path)' failed", view)
        }
    }

    /// The certificates of `leftcert=` and `rightcert=`, which lie in ipsec.d/certs; those of swanctl in x509.
    /// Authorities that the peer needs lie in x509ca, and are trusted like any there.
    /// - Returns: `failure`: what swanctl says of the first that cannot be loaded.
    func loadCertificates(
        _ definition: ConnectionDefinition, _ view: any DaemonView
    ) -> (effects: [DialectEffect], failure: String?) {
        let folder = definition.origin == .stroke ? paths.ipsecFolder + "/certs" : paths.swanctlFolder + "/x509"
        var effects: [DialectEffect] = []
        var failure: String?
        for name in definition.local.certificates + definition.remote.certificates {
            let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
            do throws(CredentialFiles.Failure) {
                let certificate = try files(view).certificate(path)
                named[name] = certificate
                if definition.origin == .vici {
                    credentials.vici.certificates.append(certificate)
                } else {
                    credentials.stroke.certificates.append(certificate)
                    effects += loaded("certificate", certificate, version == .v4_2_9 ? path : name, view)
                }
            } catch {
                named[name] = nil
                effects += log("LIB", error.description, view)
                effects += log("CFG", "  loading certificate from '\(name)' failed", view)
                failure = failure ?? "loading certs certificate '\(path)' failed: \(error.description)"
            }
        }
        for name in definition.remote.authorityFiles {
            let path = name.hasPrefix("/") ? name : "\(paths.swanctlFolder)/x509ca/\(name)"
            do throws(CredentialFiles.Failure) {
                let certificate = try files(view).authority(path)
                named["x509ca/" + name] = certificate
                credentials.required.authorities.append(certificate)
            } catch {
                named["x509ca/" + name] = nil
                failure = failure ?? "loading cacerts certificate '\(path)' failed: \(error.description)"
            }
        }
        return (effects + [.command(.setCredentials(credentials.credentials))], failure)
    }

    /// `ca NAME` sections of ipsec.conf: their `cacert=` is an authority like those of ipsec.d/cacerts.
    func loadSections(_ authorities: [StarterAuthority], _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        credentials.stroke.authorities.removeAll(where: sectionAuthorities.contains)
        sectionAuthorities = []
        credentials.stroke.listPlaces = [:]
        for authority in authorities {
            effects += log("CFG", "received stroke: add ca '\(authority.name)'", view)
            let path =
                authority.certificate.hasPrefix("/")
                ? authority.certificate : "\(paths.ipsecFolder)/cacerts/\(authority.certificate)"
            do throws(CredentialFiles.Failure) {
                let certificate = try files(view).certificate(path)
                guard certificate.isAuthority else {
                    effects += discarding(certificate, authority.certificate, view)
                    continue
                }
                sectionAuthorities.append(certificate)
                if !authority.listURLs.isEmpty {
                    credentials.stroke.listPlaces[certificate.publicKey.authorityHash, default: []] +=
                        authority.listURLs
                }
                if !credentials.stroke.authorities.contains(certificate) {
                    credentials.stroke.authorities.append(certificate)
                }
                effects += loaded("ca certificate", certificate, authority.certificate, view)
                effects += log("CFG", "added ca '\(authority.name)'", view)
            } catch {
                effects += log("LIB", error.description, view)
                effects += log("CFG", "  loading ca certificate from '\(authority.certificate)' failed", view)
            }
        }
        return effects
    }
}
