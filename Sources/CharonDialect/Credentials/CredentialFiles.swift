import DialectKit
import IKECrypto

/// Certificates, lists and keys as they lie in files: PEM, or DER as it is.
struct CredentialFiles {
    let source: ConfigurationSource

    /// Files of one folder that are read.
    private static let limit = 4096

    struct Failure: Error { var description: String }

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

    func privateKey(_ path: String) throws(Failure) -> PrivateKey {
        let octets = try contents(path, label: "PRIVATE KEY")
        do throws(CryptoError) { return try PrivateKey(der: octets) } catch {
            throw Failure(description: "\(error)")
        }
    }

    /// The first section whose label ends so; a file without any is DER.
    private func contents(_ path: String, label: String) throws(Failure) -> SecretBytes {
        let octets: [UInt8]
        do throws(FileFailure) { octets = try source.readFile(path) } catch {
            throw Failure(description: "opening '\(path)' failed: \(error)")
        }
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
