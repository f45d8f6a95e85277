/// How a certificate is encoded (RFC 7296 §3.6).
package struct CertificateEncoding: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let pkcs7 = CertificateEncoding(1)
    package static let x509Signature = CertificateEncoding(4)
    package static let crl = CertificateEncoding(7)
    package static let hashAndURL = CertificateEncoding(12)
    package static let hashAndURLBundle = CertificateEncoding(13)
    /// RFC 4806.
    package static let ocspContent = CertificateEncoding(14)
    /// RFC 7670.
    package static let rawPublicKey = CertificateEncoding(15)

    package static let names: [UInt8: String] = [
        1: "PKCS #7 wrapped X.509 certificate", 2: "PGP Certificate", 3: "DNS Signed Key",
        4: "X.509 Certificate - Signature", 6: "Kerberos Token", 7: "Certificate Revocation List (CRL)",
        8: "Authority Revocation List (ARL)", 9: "SPKI Certificate", 10: "X.509 Certificate - Attribute",
        11: "Raw RSA Key", 12: "Hash and URL of X.509 certificate", 13: "Hash and URL of X.509 bundle",
        14: "OCSP Content", 15: "Raw Public Key",
    ]
}

/// The Certificate payload (RFC 7296 §3.6).
package struct CertificatePayload: Hashable, Sendable {
    package var encoding: CertificateEncoding
    package var data: [UInt8]

    package init(encoding: CertificateEncoding, data: [UInt8]) {
        self.encoding = encoding
        self.data = data
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        encoding = CertificateEncoding(try reader.uint8("Certificate Encoding"))
        data = reader.rest()
    }

    func write(to writer: inout WireWriter) {
        writer.write(encoding.rawValue)
        writer.write(data)
    }
}

/// The Certificate Request payload (RFC 7296 §3.7).
package struct CertificateRequestPayload: Hashable, Sendable {
    package var encoding: CertificateEncoding
    /// For X.509: SHA-1 hashes of trust anchors' SubjectPublicKeyInfo, 20 octets each, one behind the other.
    package var authority: [UInt8]

    package init(encoding: CertificateEncoding, authority: [UInt8]) {
        self.encoding = encoding
        self.authority = authority
    }

    /// The 20-octet hashes; nil where the encoding has none, or the field is not a whole number of them.
    package var authorityHashes: [[UInt8]]? {
        guard [.x509Signature, .hashAndURL, .hashAndURLBundle].contains(encoding), authority.count % 20 == 0
        else { return nil }
        return stride(from: 0, to: authority.count, by: 20).map { Array(authority[$0..<$0 + 20]) }
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        encoding = CertificateEncoding(try reader.uint8("Certificate Encoding"))
        authority = reader.rest()
    }

    func write(to writer: inout WireWriter) {
        writer.write(encoding.rawValue)
        writer.write(authority)
    }
}
