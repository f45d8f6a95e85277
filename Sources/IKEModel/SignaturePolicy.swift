package import IKECrypto

/// A way in which AUTH is made with a key pair (RFC 7296 §3.8).
package enum SignatureMethod: Hashable, Sendable {
    /// Method 14 (RFC 7427 §3).
    case digitalSignature(SignatureScheme)
    /// Method 1: RSASSA-PKCS1-v1_5; made with SHA-1, taken with SHA-2 as well (RFC 7296 §3.8).
    case rsa
    /// Methods 9, 10, 11: a curve of 256, 384 or 521 bits with its hash (RFC 4754).
    case ecdsa(bits: Int)
}

/// When a certificate is sent (RFC 7296 §3.6).
package enum CertificateSending: Hashable, Sendable {
    case never
    /// Where a Certificate Request came.
    case ifAsked
    case always
}

/// How one end proves its identity with a key pair, and what proves that the key is its own.
package struct SignaturePolicy: Hashable, Sendable {
    /// Best first: made at this end, taken from the peer.
    package var methods: [SignatureMethod]
    /// This end's, or the peer's where it is known before.
    package var certificate: Certificate?
    /// A raw public key: this end's, or the peer's, which then needs no certificate.
    package var publicKey: PublicKey?
    /// One of these has to be in the peer's chain of authorities; empty: any that is trusted.
    package var authorities: [DistinguishedName]
    package var sending: CertificateSending
    /// Whether the authorities between this end's certificate and the trust anchor are sent with it.
    package var sendsIntermediates: Bool
    /// Whether the peer's identity has to be one that its certificate carries (RFC 4945 §3.1).
    package var requiresIdentityInCertificate: Bool
    /// Whether each certificate of the peer's needs a fresh revocation list of its issuer, beside what the trust store asks.
    package var requiresRevocationLists = false
    /// Whether the peer's certificate is fetched where it sends its URL (RFC 7296 §3.6).
    package var looksUpURLs = false
    /// Where this end's certificate stands, or a bundle of it and the authorities that are sent with it: printable ASCII. They are said to
    /// a peer that looks URLs up.
    package var certificateURL: [UInt8]?
    package var bundleURL: [UInt8]?

    package init(
        methods: [SignatureMethod] = SignaturePolicy.standardMethods, certificate: Certificate? = nil,
        publicKey: PublicKey? = nil, authorities: [DistinguishedName] = [], sending: CertificateSending = .always,
        sendsIntermediates: Bool = true, requiresIdentityInCertificate: Bool = true
    ) {
        self.methods = methods
        self.certificate = certificate
        self.publicKey = publicKey
        self.authorities = authorities
        self.sending = sending
        self.sendsIntermediates = sendsIntermediates
        self.requiresIdentityInCertificate = requiresIdentityInCertificate
    }

    /// Whatever is not weak, and the classic methods for peers without RFC 7427.
    package static let standardMethods: [SignatureMethod] =
        [Digest.sha512, .sha384, .sha256].flatMap {
            [
                SignatureMethod.digitalSignature(.rsaPSS($0)), .digitalSignature(.ecdsa($0)),
                .digitalSignature(.rsaPKCS1($0)),
            ]
        } + [
            .digitalSignature(.ed25519), .digitalSignature(.ed448), .rsa, .ecdsa(bits: 256), .ecdsa(bits: 384),
            .ecdsa(bits: 521),
        ]

    /// The key that this end signs with, or that the peer is known to have.
    package var knownKey: PublicKey? { publicKey ?? certificate?.publicKey }
}

/// How a peer proved its identity with a key pair.
package struct SignatureProof: Hashable, Sendable {
    package var method: SignatureMethod
    /// With the hash that method 1 turned out to have.
    package var scheme: SignatureScheme
    package var keyBits: Int
    package var keyKind: PublicKey.Kind
    /// The peer's certificate and whoever signed it; nil for a key that was known before.
    package var subject: DistinguishedName?
    package var issuer: DistinguishedName?

    package init(
        method: SignatureMethod, scheme: SignatureScheme, keyBits: Int, keyKind: PublicKey.Kind,
        subject: DistinguishedName?, issuer: DistinguishedName?
    ) {
        self.method = method
        self.scheme = scheme
        self.keyBits = keyBits
        self.keyKind = keyKind
        self.subject = subject
        self.issuer = issuer
    }
}

/// The private keys of a daemon, and what it trusts.
package struct Credentials: Sendable {
    package var trust: TrustStore
    private var privateKeys: [PublicKey: PrivateKey]

    package init(privateKeys: [PrivateKey] = [], trust: TrustStore = TrustStore()) {
        self.trust = trust
        self.privateKeys = Dictionary(privateKeys.map { ($0.publicKey, $0) }) { first, _ in first }
    }

    package func privateKey(of publicKey: PublicKey) -> PrivateKey? { privateKeys[publicKey] }
}
