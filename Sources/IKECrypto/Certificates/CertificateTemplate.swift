/// What a certificate is to say (RFC 5280 §4.1), before it is signed.
package struct CertificateTemplate {
    package var subject: DistinguishedName
    package var publicKey: PublicKey
    /// In network order; at most 20 octets, the first of them below 0x80 and not zero (§4.1.2.2).
    package var serialNumber: [UInt8]
    /// Seconds since 1970.
    package var notBefore: Int64
    package var notAfter: Int64
    /// basicConstraints, and keyUsage for the signing of certificates and lists.
    package var isAuthority = false
    package var names: [Certificate.AlternativeName] = []
    /// The last octets of id-kp (§4.2.1.12): 1 serverAuth, 2 clientAuth.
    package var extendedUsages: [UInt8] = []
    /// URLs of cRLDistributionPoints (§4.2.1.13).
    package var listURLs: [String] = []

    package init(
        subject: DistinguishedName, publicKey: PublicKey, serialNumber: [UInt8], notBefore: Int64, notAfter: Int64
    ) {
        self.subject = subject
        self.publicKey = publicKey
        self.serialNumber = serialNumber
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Signed by an authority, or, without one, by the owner of the key.
    package func signed(by key: PrivateKey, issuer: Certificate?, digest: Digest = .sha256) throws(CryptoError)
        -> Certificate
    {
        let scheme = SignedStructure.scheme(key, digest)
        guard let identifier = scheme.algorithmIdentifier else { throw .unsupported("a signature without a name") }
        var parts: [[UInt8]] = [
            DER.element(0xa0, DER.unsigned([2])), DER.unsigned(serialNumber), identifier,
            (issuer?.subject ?? subject).der,
            DER.sequence([DER.time(notBefore), DER.time(notAfter)]), subject.der,
            publicKey.subjectPublicKeyInfo,
        ]
        let extensions = extensions(issuer)
        if !extensions.isEmpty { parts.append(DER.element(0xa3, DER.sequence(extensions))) }
        return try Certificate(der: SignedStructure.signed(DER.sequence(parts), by: key, scheme, identifier))
    }

    private func extensions(_ issuer: Certificate?) -> [[UInt8]] {
        var result: [[UInt8]] = []
        if isAuthority {
            result.append(
                SignedStructure.makeExtension(0x13, critical: true, DER.sequence([[0x01, 0x01, 0xff]])))
            // keyCertSign and cRLSign.
            result.append(SignedStructure.makeExtension(0x0f, critical: true, DER.element(DER.bitString, [1, 0x06])))
            result.append(
                SignedStructure.makeExtension(0x0e, critical: false, DER.element(DER.octetString, publicKey.bitsHash)))
        }
        if let issuer { result.append(SignedStructure.authorityKeyIdentifier(issuer)) }
        if !names.isEmpty {
            result.append(SignedStructure.makeExtension(0x11, critical: false, DER.sequence(names.map(Self.encoded))))
        }
        if !extendedUsages.isEmpty {
            let purposes = extendedUsages.map { DER.identifier([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, $0]) }
            result.append(SignedStructure.makeExtension(0x25, critical: false, DER.sequence(purposes)))
        }
        if !listURLs.isEmpty {
            let points = listURLs.map { url in
                DER.sequence([DER.element(0xa0, DER.element(0xa0, DER.element(0x86, Array(url.utf8))))])
            }
            result.append(SignedStructure.makeExtension(0x1f, critical: false, DER.sequence(points)))
        }
        return result
    }

    private static func encoded(_ name: Certificate.AlternativeName) -> [UInt8] {
        switch name {
        case .email(let octets): DER.element(0x81, octets)
        case .dns(let octets): DER.element(0x82, octets)
        case .address(let octets): DER.element(0x87, octets)
        case .directory(let name): DER.element(0xa4, name.der)
        }
    }
}

/// What a revocation list is to say (RFC 5280 §5.1), before it is signed.
package struct RevocationListTemplate {
    /// cRLNumber, in network order.
    package var number: [UInt8]
    /// Seconds since 1970.
    package var thisUpdate: Int64
    package var nextUpdate: Int64
    /// Serial numbers with when and why (a CRLReason).
    package var entries: [(serialNumber: [UInt8], date: Int64, reason: Int)]

    package init(
        number: [UInt8], thisUpdate: Int64, nextUpdate: Int64,
        entries: [(serialNumber: [UInt8], date: Int64, reason: Int)] = []
    ) {
        self.number = number
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.entries = entries
    }

    package func signed(by key: PrivateKey, issuer: Certificate, digest: Digest = .sha256) throws(CryptoError)
        -> RevocationList
    {
        let scheme = SignedStructure.scheme(key, digest)
        guard let identifier = scheme.algorithmIdentifier else { throw .unsupported("a signature without a name") }
        var parts: [[UInt8]] = [
            DER.unsigned([1]), identifier, issuer.subject.der, DER.time(thisUpdate),
            DER.time(nextUpdate),
        ]
        if !entries.isEmpty {
            parts.append(
                DER.sequence(
                    entries.map { entry in
                        var fields = [DER.unsigned(entry.serialNumber), DER.time(entry.date)]
                        if entry.reason != 0 {
                            let reason = DER.element(0x0a, [UInt8(truncatingIfNeeded: entry.reason)])
                            fields.append(DER.sequence([SignedStructure.makeExtension(0x15, critical: false, reason)]))
                        }
                        return DER.sequence(fields)
                    }))
        }
        let extensions = [
            SignedStructure.authorityKeyIdentifier(issuer),
            SignedStructure.makeExtension(0x14, critical: false, DER.unsigned(number)),
        ]
        parts.append(DER.element(0xa0, DER.sequence(extensions)))
        return try RevocationList(der: SignedStructure.signed(DER.sequence(parts), by: key, scheme, identifier))
    }
}

/// What certificates and lists have in common.
private enum SignedStructure {
    static func scheme(_ key: PrivateKey, _ digest: Digest) -> SignatureScheme {
        switch key.publicKey.kind {
        case .ed25519: .ed25519
        case .ed448: .ed448
        case .ecdsa: .ecdsa(digest)
        default: .rsaPKCS1(digest)
        }
    }

    static func signed(
        _ contents: [UInt8], by key: PrivateKey, _ scheme: SignatureScheme, _ identifier: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        DER.sequence([
            contents, identifier, DER.element(DER.bitString, [0] + (try key.sign(contents, by: scheme))),
        ])
    }

    /// One of id-ce (RFC 5280 §4.2.1).
    static func makeExtension(_ number: UInt8, critical: Bool, _ value: [UInt8]) -> [UInt8] {
        DER.sequence(
            [DER.identifier([0x55, 0x1d, number])] + (critical ? [[0x01, 0x01, 0xff]] : [])
                + [DER.element(DER.octetString, value)])
    }

    static func authorityKeyIdentifier(_ issuer: Certificate) -> [UInt8] {
        let identifier = issuer.subjectKeyIdentifier ?? issuer.publicKey.bitsHash
        return makeExtension(0x23, critical: false, DER.sequence([DER.element(0x80, identifier)]))
    }
}
