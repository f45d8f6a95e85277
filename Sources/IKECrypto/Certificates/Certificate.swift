import COpenSSL

/// An X.509 certificate (RFC 5280), read once; equal to another with the same octets.
///
/// Unchecked Sendable as `PublicKey`.
package final class Certificate: @unchecked Sendable {
    /// A name of subjectAltName (RFC 5280 §4.2.1.6) that an IKE identity can be.
    package enum AlternativeName: Hashable, Sendable {
        case dns([UInt8])
        case email([UInt8])
        /// 4 or 16 octets.
        case address([UInt8])
        case directory(DistinguishedName)
    }

    let pointer: OpaquePointer
    package let der: [UInt8]
    package let subject: DistinguishedName
    package let issuer: DistinguishedName
    package let publicKey: PublicKey
    package let alternativeNames: [AlternativeName]
    /// Seconds since 1970: the first and the last moment of its validity.
    package let notBefore: Int64
    package let notAfter: Int64
    /// Whether it may sign certificates (basicConstraints, RFC 5280 §4.2.1.9).
    package let isAuthority: Bool
    /// In network order, without a leading zero.
    package let serialNumber: [UInt8]

    /// Names beyond which a certificate is refused.
    private static let nameLimit = 256

    /// - Throws: `malformed`, `openSSL` for what is no certificate, or has octets behind it.
    package convenience init(der octets: [UInt8]) throws(CryptoError) {
        let made = octets.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            guard let made = d2i_X509(nil, &start, buffer.count) else { return nil }
            guard start == buffer.baseAddress.map({ $0 + buffer.count }) else {
                X509_free(made)
                return nil
            }
            return made
        }
        guard let made else { throw .drained("d2i_X509") }
        try self.init(owning: made)
    }

    /// Takes the ownership of an X509.
    init(owning made: OpaquePointer) throws(CryptoError) {
        let parts: Parts
        do throws(CryptoError) { parts = try Parts(made) } catch {
            X509_free(made)
            throw error
        }
        pointer = made
        der = parts.der
        subject = parts.subject
        issuer = parts.issuer
        publicKey = parts.publicKey
        alternativeNames = parts.alternativeNames
        notBefore = parts.notBefore
        notAfter = parts.notAfter
        isAuthority = parts.isAuthority
        serialNumber = parts.serialNumber
    }

    deinit { X509_free(pointer) }

    /// Whether it may prove an identity in IKE: no keyUsage, or one with digitalSignature or nonRepudiation (RFC 4945
    /// §5.1.3.2).
    package var maySign: Bool {
        let usage = X509_get_key_usage(pointer)
        return usage == UInt32.max || usage & UInt32(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION) != 0
    }

    package var isSelfIssued: Bool { subject == issuer }

    /// Whether it may sign revocation lists (keyUsage cRLSign, RFC 5280 §4.2.1.3).
    package var maySignLists: Bool {
        let usage = X509_get_key_usage(pointer)
        return usage != UInt32.max && usage & UInt32(KU_CRL_SIGN) != 0
    }

    /// URLs of cRLDistributionPoints (RFC 5280 §4.2.1.13), in their order, at most sixteen; what cannot be read has none.
    package var listURLs: [String] {
        let index = X509_get_ext_by_NID(pointer, NID_crl_distribution_points, -1)
        guard index >= 0, let found = X509_get_ext(pointer, index), let data = X509_EXTENSION_get_data(found) else {
            return []
        }
        return (try? Certificate.listURLs(Certificate.octets(of: UnsafePointer(data)))) ?? []
    }

    private static func listURLs(_ octets: [UInt8]) throws(CryptoError) -> [String] {
        var outer = DERReader(octets)
        var points = try outer.next("cRLDistributionPoints").expect(DER.sequence, "CRLDistributionPoints")
        var result: [String] = []
        while !points.isAtEnd, result.count < 16 {
            var point = try points.next("a DistributionPoint").expect(DER.sequence, "DistributionPoint")
            // [0] distributionPoint, in it [0] fullName: GeneralNames.
            guard !point.isAtEnd, let name = try? point.next(0xa0, "distributionPoint"),
                var names = try? name.expect(0xa0, "distributionPoint"),
                let full = try? names.next(0xa0, "fullName"), var general = try? full.expect(0xa0, "fullName")
            else { continue }
            while !general.isAtEnd, result.count < 16 {
                let one = try general.next("a GeneralName")
                if one.tag == 0x86 { result.append(String(decoding: one.content, as: UTF8.self)) }
            }
        }
        return result
    }

    /// subjectKeyIdentifier and the key identifier of authorityKeyIdentifier (RFC 5280 §4.2.1.1, §4.2.1.2).
    package var subjectKeyIdentifier: [UInt8]? {
        X509_get0_subject_key_id(pointer).map { Certificate.octets(of: UnsafePointer($0)) }
    }
    package var authorityKeyIdentifier: [UInt8]? {
        X509_get0_authority_key_id(pointer).map { Certificate.octets(of: UnsafePointer($0)) }
    }

    private struct Parts {
        let der: [UInt8]
        let subject: DistinguishedName
        let issuer: DistinguishedName
        let publicKey: PublicKey
        let alternativeNames: [AlternativeName]
        let notBefore: Int64
        let notAfter: Int64
        let isAuthority: Bool
        let serialNumber: [UInt8]

        init(_ certificate: OpaquePointer) throws(CryptoError) {
            der = try Certificate.encoded { i2d_X509(certificate, $0) }
            subject = try DistinguishedName(
                der: Certificate.encoded { i2d_X509_NAME(X509_get_subject_name(certificate), $0) })
            issuer = try DistinguishedName(
                der: Certificate.encoded { i2d_X509_NAME(X509_get_issuer_name(certificate), $0) })
            guard let key = X509_get_pubkey(certificate) else { throw .drained("X509_get_pubkey") }
            publicKey = try PublicKey(owning: key)
            notBefore = try Certificate.seconds(X509_get0_notBefore(certificate))
            notAfter = try Certificate.seconds(X509_get0_notAfter(certificate))
            isAuthority = X509_check_ca(certificate) == 1
            serialNumber = Certificate.octets(of: UnsafePointer(X509_get0_serialNumber(certificate)))
            alternativeNames = try Certificate.alternativeNames(certificate)
            ERR_clear_error()
        }
    }

    private static func alternativeNames(_ certificate: OpaquePointer) throws(CryptoError) -> [AlternativeName] {
        let index = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
        guard index >= 0, let found = X509_get_ext(certificate, index),
            let data = X509_EXTENSION_get_data(found)
        else { return [] }
        var outer = DERReader(octets(of: UnsafePointer(data)))
        var names = try outer.next("subjectAltName").expect(DER.sequence, "GeneralNames")
        var result: [AlternativeName] = []
        while !names.isAtEnd {
            let name = try names.next("a GeneralName")
            guard result.count < nameLimit else { throw .malformed("a certificate of too many names") }
            switch name.tag {
            case 0x81: result.append(.email(Array(name.content)))
            case 0x82: result.append(.dns(Array(name.content)))
            case 0x87: result.append(.address(Array(name.content)))
            case 0xa4: result.append(.directory(try DistinguishedName(der: Array(name.content))))
            default: break
            }
        }
        return result
    }

    // MARK: Pieces

    /// The octets that an i2d function writes.
    static func encoded(
        _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> Int32
    ) throws(CryptoError) -> [UInt8] {
        var out: UnsafeMutablePointer<UInt8>?
        let count = write(&out)
        guard count > 0, let out else { throw .drained("i2d") }
        defer { CRYPTO_free(out, #file, Int32(#line)) }
        return Array(UnsafeBufferPointer(start: out, count: Int(count)))
    }

    static func octets(of string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string, let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string))))
    }

    /// Seconds since 1970.
    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(CryptoError) -> Int64 {
        guard let time, let epoch = ASN1_TIME_set(nil, 0) else { throw .malformed("a certificate without a time") }
        defer { ASN1_STRING_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        try CryptoError.check(ASN1_TIME_diff(&days, &seconds, epoch, time), "ASN1_TIME_diff")
        return Int64(days) * 86400 + Int64(seconds)
    }
}

extension Certificate: Hashable {
    package static func == (left: Certificate, right: Certificate) -> Bool { left.der == right.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
