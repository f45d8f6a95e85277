package import IKECrypto
package import IKEWire
import NetAddress

/// How one end proves who it is by EAP (RFC 7296 §2.16).
///
/// Of this end it says what the peer's EAP server is answered with; of the other, what this end's server asks for. An end
/// that is an EAP server and has such a policy for itself proves its identity by EAP alone, too (RFC 5998).
package struct EAPPolicy: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        /// With a secret of the identity (`PreSharedKeys.eapSecrets`).
        case mschapV2
        /// With a certificate, and against one (RFC 5216, RFC 9190).
        case tls

        package var type: EAPType { self == .tls ? .tls : .mschapV2 }
        /// Whether the peer may do without another proof of who the server is (RFC 5998 §4).
        package var standsAlone: Bool { self == .tls }
    }

    package var method: Method
    /// Who it is in EAP; nil: who it is in IKE. Of the other end, with `asksForIdentity`: anybody.
    package var identity: [UInt8]?
    /// Whether this end's server asks who the other is (RFC 3748 §5.1).
    package var asksForIdentity = false
    /// For EAP-TLS: this end's certificate; of the other end, whose are taken.
    package var certificates: SignaturePolicy

    package init(_ method: Method, certificates: SignaturePolicy = SignaturePolicy()) {
        self.method = method
        self.certificates = certificates
    }
}

/// The secret of somebody whom EAP asks for it.
package struct EAPSecret: Sendable {
    /// Empty: whoever asks.
    package var identities: [[UInt8]]
    /// A password in UTF-8.
    package var secret: SecretBytes

    package init(identities: [[UInt8]], secret: SecretBytes) {
        self.identities = identities
        self.secret = secret
    }
}

extension PreSharedKeys {
    /// The first that names the identity, else the first for everybody.
    package func eapSecret(of identity: [UInt8]) -> SecretBytes? {
        (eapSecrets.first { $0.identities.contains(identity) } ?? eapSecrets.first { $0.identities.isEmpty })?.secret
    }
}

/// How a peer proved its identity by EAP.
package struct EAPProof: Hashable, Sendable {
    package var method: EAPPolicy.Method
    package var identity: [UInt8]

    package init(method: EAPPolicy.Method, identity: [UInt8]) {
        self.method = method
        self.identity = identity
    }
}

/// Why EAP came to nothing.
package enum EAPFailure: Error, Hashable, Sendable {
    /// EAP Failure: the peer's server said so.
    case refusedByPeer
    /// The peer does not have the secret.
    case wrongResponse
    /// The server does not have it.
    case wrongServerResponse
    /// There is no secret for this identity.
    case noSecret([UInt8])
    /// The peer says to be somebody else in EAP than it may.
    case identityMismatch([UInt8])
    /// The peer wants another method (RFC 3748 §5.3.1).
    case methodRefused
    /// The server was to prove who it is by EAP alone, and its method cannot (RFC 5998 §4), or the peer did not ask for it.
    case serverNotProved
    /// A message that does not belong where it came.
    case unexpected(String)
    /// OpenSSL lacks something.
    case unsupported(String)
    case certificate(CertificateRefusal)
    case noCertificate
    case tls(String)
}

extension Identification {
    /// As the answer to an EAP-Request of type Identity: the text of a name, of an address or of a distinguished name.
    package var eapIdentity: [UInt8] {
        switch type {
        case .ipv4Address, .ipv6Address: IPAddress(octets: data[...]).map { Array($0.description.utf8) } ?? data
        default: distinguishedName.map { Array($0.text.utf8) } ?? data
        }
    }
}
