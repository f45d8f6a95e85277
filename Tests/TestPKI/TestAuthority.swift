package import IKECrypto

/// A certification authority of a test: what it signs is made here, octet by octet, and read by the code under test.
package final class TestAuthority {
    package let key: PrivateKey
    package let certificate: Certificate
    private var lastSerial: UInt8 = 1

    /// Seconds since 1970: 2026-01-01, and the validity of what is made where nothing else is said, ten years around it.
    package static let now: Int64 = 1_767_225_600
    package static let validity = (now - 5 * 31_557_600)...(now + 5 * 31_557_600)

    /// A root where nobody signs it.
    package init(
        _ name: String, key: PrivateKey, signedBy issuer: TestAuthority? = nil,
        validity: ClosedRange<Int64> = TestAuthority.validity
    ) throws {
        self.key = key
        let template = Template(
            subject: DistinguishedName(text: name)!, publicKey: key.publicKey, validity: validity, isAuthority: true)
        certificate =
            try issuer.map { try $0.issue(template) }
            ?? template.signed(serial: 1, issuer: template.subject, by: key)
    }

    /// What goes into a certificate.
    package struct Template {
        package var subject: DistinguishedName
        package var publicKey: PublicKey
        package var validity = TestAuthority.validity
        package var isAuthority = false
        /// GeneralNames with their tags: `[(0x82, "west.example")]`.
        package var names: [(tag: UInt8, value: [UInt8])] = []
        /// The octet of a keyUsage extension: 0x80 is digitalSignature, 0x20 keyEncipherment; nil: none.
        package var keyUsage: UInt8?
        /// URLs of cRLDistributionPoints, a point for each.
        package var listURLs: [String] = []
        /// Octets of an extension that nobody knows, to make a certificate big.
        package var padding = 0

        package init(
            subject: DistinguishedName, publicKey: PublicKey, validity: ClosedRange<Int64> = TestAuthority.validity,
            isAuthority: Bool = false
        ) {
            self.subject = subject
            self.publicKey = publicKey
            self.validity = validity
            self.isAuthority = isAuthority
        }

        func signed(serial: UInt8, issuer: DistinguishedName, by key: PrivateKey) throws -> Certificate {
            let scheme = TestAuthority.scheme(key)
            let identifier = scheme.algorithmIdentifier!
            var extensions: [[UInt8]] = []
            func add(_ identifier: [UInt8], critical: Bool, _ value: [UInt8]) {
                extensions.append(
                    DER.sequence(
                        [DER.identifier(identifier)] + (critical ? [[0x01, 0x01, 0xff]] : [])
                            + [DER.element(DER.octetString, value)]))
            }
            // The keys' names, by which other implementations find authorities and their lists.
            add([0x55, 0x1d, 0x0e], critical: false, DER.element(DER.octetString, publicKey.authorityHash))
            add([0x55, 0x1d, 0x23], critical: false, TestAuthority.keyName(key.publicKey))
            if isAuthority { add([0x55, 0x1d, 0x13], critical: true, DER.sequence([[0x01, 0x01, 0xff]])) }
            if let keyUsage {
                add([0x55, 0x1d, 0x0f], critical: true, DER.element(DER.bitString, [0, keyUsage]))
            }
            if !names.isEmpty {
                add([0x55, 0x1d, 0x11], critical: false, DER.sequence(names.map { DER.element($0.tag, $0.value) }))
            }
            if !listURLs.isEmpty {
                let points = listURLs.map { url in
                    DER.sequence([DER.element(0xa0, DER.element(0xa0, DER.element(0x86, Array(url.utf8))))])
                }
                add([0x55, 0x1d, 0x1f], critical: false, DER.sequence(points))
            }
            if padding > 0 { add([0x2a, 0x03, 0x04], critical: false, [UInt8](repeating: 0x55, count: padding)) }
            var parts: [[UInt8]] = [
                DER.element(0xa0, DER.unsigned([2])), DER.unsigned([serial]), identifier, issuer.der,
                DER.sequence([DER.time(validity.lowerBound), DER.time(validity.upperBound)]),
                subject.der, publicKey.subjectPublicKeyInfo,
            ]
            if !extensions.isEmpty { parts.append(DER.element(0xa3, DER.sequence(extensions))) }
            return try Certificate(der: TestAuthority.sign(DER.sequence(parts), by: key))
        }
    }

    package func issue(_ template: Template) throws -> Certificate {
        lastSerial += 1
        return try template.signed(serial: lastSerial, issuer: certificate.subject, by: key)
    }

    /// A revocation list with the certificates in it.
    /// - Parameters:
    ///   - extensions: of the list, beside its authorityKeyIdentifier; each a whole Extension (RFC 5280 §4.1).
    ///   - entryExtensions: of each entry.
    package func revoke(
        _ certificates: [Certificate], from thisUpdate: Int64 = TestAuthority.now - 3600,
        until nextUpdate: Int64 = TestAuthority.now + 3600, extensions: [[UInt8]] = [],
        entryExtensions: [[UInt8]] = []
    ) throws -> RevocationList {
        var parts: [[UInt8]] = [
            DER.unsigned([1]), TestAuthority.scheme(key).algorithmIdentifier!, certificate.subject.der,
            DER.time(thisUpdate), DER.time(nextUpdate),
        ]
        if !certificates.isEmpty {
            parts.append(
                DER.sequence(
                    certificates.map {
                        DER.sequence(
                            [DER.unsigned($0.serialNumber), DER.time(thisUpdate)]
                                + (entryExtensions.isEmpty ? [] : [DER.sequence(entryExtensions)]))
                    }))
        }
        parts.append(
            DER.element(
                0xa0,
                DER.sequence(
                    [
                        DER.sequence([
                            DER.identifier([0x55, 0x1d, 0x23]),
                            DER.element(DER.octetString, TestAuthority.keyName(key.publicKey)),
                        ])
                    ] + extensions)))
        return try RevocationList(der: TestAuthority.sign(DER.sequence(parts), by: key))
    }

    /// AuthorityKeyIdentifier.
    static func keyName(_ key: PublicKey) -> [UInt8] { DER.sequence([DER.element(0x80, key.authorityHash)]) }

    private static func scheme(_ key: PrivateKey) -> SignatureScheme {
        switch key.publicKey.kind {
        case .rsa: .rsaPKCS1(.sha256)
        case .ed25519: .ed25519
        default: .ecdsa(.sha256)
        }
    }

    private static func sign(_ contents: [UInt8], by key: PrivateKey) throws -> [UInt8] {
        let scheme = scheme(key)
        return DER.sequence([
            contents, scheme.algorithmIdentifier!,
            DER.element(DER.bitString, [0] + (try key.sign(contents, by: scheme))),
        ])
    }
}
