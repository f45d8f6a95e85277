import DialectKit
import IKECrypto

/// Certificates, lists and keys as they lie in files: PEM, or DER as it is.
struct CredentialFiles {
    let source: ConfigurationSource

    /// Files of one folder that are read.
    private static let limit = 4096

    struct Failure: Error {
        var description: String
        /// It is encrypted, and not with what was given.
        var isPassphrase = false
    }

    /// All of a folder, each with its path, in the order of their names.
    func paths(in folder: String) -> [String] { Array(source.glob(folder + "/*").prefix(Self.limit)) }

    func certificate(_ path: String) throws(Failure) -> Certificate {
        let octets = try contents(path, label: "CERTIFICATE")
        do throws(CryptoError) { return try Certificate(der: octets.exposed) } catch {
            throw Failure(description: "\(error)")
        }
    }

    func list(_ path: String) throws(Failure) -> RevocationList {
        let octets = try contents(path, label: "X509 CRL")
        do throws(CryptoError) { return try RevocationList(der: octets.exposed) } catch {
            throw Failure(description: "\(error)")
        }
    }

    /// One that may vouch for others (RFC 5280 §4.2.1.9).
    func authority(_ path: String) throws(Failure) -> Certificate {
        let certificate = try certificate(path)
        guard certificate.isAuthority else {
            throw Failure(description: "ca certificate lacks CA basic constraint, rejected")
        }
        return certificate
    }

    /// PKCS #1, SEC 1 or PKCS #8, as it is or encrypted.
    func privateKey(_ path: String, _ passphrase: SecretBytes? = nil) throws(Failure) -> PrivateKey {
        let octets = try octets(path)
        do throws(CryptoError) {
            return try PrivateKey(file: octets, passphrase: passphrase)
        } catch .integrity {
            throw Failure(description: "  invalid passphrase", isPassphrase: true)
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    func container(_ path: String, _ passphrase: SecretBytes) throws(Failure) -> PKCS12 {
        let octets = try octets(path)
        do throws(CryptoError) {
            return try PKCS12(octets, password: String(decoding: passphrase.exposed, as: UTF8.self))
        } catch .integrity {
            throw Failure(description: "  MAC verification of PKCS#12 container failed", isPassphrase: true)
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private func octets(_ path: String) throws(Failure) -> [UInt8] {
        do throws(FileFailure) { return try source.readFile(path) } catch {
            throw Failure(description: "  opening '\(path)' failed: \(error)")
        }
    }

    /// The first section whose label ends so; a file without any is DER.
    private func contents(_ path: String, label: String) throws(Failure) -> SecretBytes {
        let octets = try octets(path)
        do throws(CryptoError) {
            let sections = try PEM.sections(of: octets)
            if let found = sections.first(where: { $0.label.hasSuffix(label) }) { return found.contents }
            guard sections.isEmpty else { throw CryptoError.malformed("no \(label) in '\(path)'") }
        } catch {
            throw Failure(description: "\(error)")
        }
        return SecretBytes(octets)
    }
}

extension PKCS12 {
    var authorities: [Certificate] { members.filter(\.isAuthority) }
    var ends: [Certificate] { members.filter { !$0.isAuthority } }
    private var members: [Certificate] { others + (certificate.map { [$0] } ?? []) }
}

extension PublicKey {
    /// `RSA`, `ECDSA`, …
    var charonName: String {
        switch kind {
        case .rsa: "RSA"
        case .ecdsa: "ECDSA"
        case .ed25519: "ED25519"
        case .ed448: "ED448"
        case .other: "any"
        }
    }
}
