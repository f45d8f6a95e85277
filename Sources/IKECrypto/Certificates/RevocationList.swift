import COpenSSL

/// A certificate revocation list (RFC 5280 §5).
///
/// Unchecked Sendable as `PublicKey`.
package final class RevocationList: @unchecked Sendable {
    private let pointer: OpaquePointer
    package let der: [UInt8]
    package let issuer: DistinguishedName
    /// Seconds since 1970.
    package let thisUpdate: Int64
    /// When a newer one will be there; nil: not said.
    package let nextUpdate: Int64?

    /// - Throws: `.unsupported`: a critical extension, of the list or of an entry, that is not understood here: such a list may
    ///   not be used (RFC 5280 §5.2, §5.3). So are those of a part of the certificates (issuingDistributionPoint), of what
    ///   changed (deltaCRLIndicator), and of others' certificates (certificateIssuer).
    package init(der octets: [UInt8]) throws(CryptoError) {
        let made = octets.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            return d2i_X509_CRL(nil, &start, buffer.count)
        }
        guard let made else { throw .drained("d2i_X509_CRL") }
        do throws(CryptoError) {
            try RevocationList.refuseUnknownExtensions(made)
            issuer = try DistinguishedName(der: Certificate.encoded { i2d_X509_NAME(X509_CRL_get_issuer(made), $0) })
            thisUpdate = try Certificate.seconds(X509_CRL_get0_lastUpdate(made))
            nextUpdate = try X509_CRL_get0_nextUpdate(made).map { (time) throws(CryptoError) in
                try Certificate.seconds(time)
            }
        } catch {
            X509_CRL_free(made)
            throw error
        }
        pointer = made
        der = octets
    }

    deinit { X509_CRL_free(pointer) }

    private static func refuseUnknownExtensions(_ list: OpaquePointer) throws(CryptoError) {
        for index in 0..<max(0, X509_CRL_get_ext_count(list)) {
            try refuse(X509_CRL_get_ext(list, index), unless: [NID_crl_number, NID_authority_key_identifier])
        }
        guard let entries = X509_CRL_get_REVOKED(list) else { return }
        for number in 0..<swan_revoked_count(entries) {
            guard let entry = swan_revoked_at(entries, number) else { continue }
            for index in 0..<max(0, X509_REVOKED_get_ext_count(entry)) {
                try refuse(X509_REVOKED_get_ext(entry, index), unless: [NID_crl_reason])
            }
        }
    }

    private static func refuse(_ found: OpaquePointer?, unless known: [Int32]) throws(CryptoError) {
        guard let found, X509_EXTENSION_get_critical(found) == 1 else { return }
        let number = OBJ_obj2nid(X509_EXTENSION_get_object(found))
        guard !known.contains(number) else { return }
        let name = number == NID_undef ? nil : OBJ_nid2sn(number).map { String(cString: $0) }
        throw .unsupported("a revocation list with the critical extension \(name ?? "of a kind that is not known")")
    }

    /// Whether an authority's key made it.
    package func isSigned(by key: PublicKey) -> Bool {
        defer { ERR_clear_error() }
        return X509_CRL_verify(pointer, key.pointer) == 1
    }

    func isFresh(at time: Int64) -> Bool { thisUpdate <= time && nextUpdate.map { $0 >= time } ?? true }

    /// When (seconds since 1970) and why (a CRLReason, RFC 5280 §5.3.1) a certificate was revoked; nil: it was not.
    func entry(of certificate: Certificate) -> Entry? {
        var entry: OpaquePointer?
        // 2: an entry that takes an earlier one back (removeFromCRL).
        guard X509_CRL_get0_by_cert(pointer, &entry, certificate.pointer) == 1, let entry else { return nil }
        return Entry(entry)
    }

    /// One revoked certificate.
    package struct Entry: Hashable, Sendable {
        /// In network order, without a leading zero.
        package let serialNumber: [UInt8]
        package let date: Int64
        package let reason: Int

        init(_ pointer: OpaquePointer) {
            serialNumber = Certificate.octets(of: UnsafePointer(X509_REVOKED_get0_serialNumber(pointer)))
            date = (try? Certificate.seconds(X509_REVOKED_get0_revocationDate(pointer))) ?? 0
            let found = X509_REVOKED_get_ext_d2i(pointer, NID_crl_reason, nil, nil)
            if let found {
                let value = found.assumingMemoryBound(to: ASN1_ENUMERATED.self)
                reason = max(0, ASN1_ENUMERATED_get(value))
                ASN1_STRING_free(value)
            } else {
                reason = 0
            }
            ERR_clear_error()
        }
    }

    /// All that are revoked, in the order of the list; at most 65536 of them.
    package var entries: [Entry] {
        guard let all = X509_CRL_get_REVOKED(pointer) else { return [] }
        return (0..<min(swan_revoked_count(all), 65536)).compactMap { swan_revoked_at(all, $0).map(Entry.init) }
    }

    /// cRLNumber (RFC 5280 §5.2.3) in network order, without a leading zero; nil: it has none.
    package var number: [UInt8]? {
        defer { ERR_clear_error() }
        guard let found = X509_CRL_get_ext_d2i(pointer, NID_crl_number, nil, nil) else { return nil }
        let value = found.assumingMemoryBound(to: ASN1_INTEGER.self)
        defer { ASN1_STRING_free(value) }
        return Certificate.octets(of: UnsafePointer(value))
    }

    /// The key identifier of authorityKeyIdentifier (RFC 5280 §5.2.1).
    package var authorityKeyIdentifier: [UInt8]? {
        defer { ERR_clear_error() }
        guard let found = X509_CRL_get_ext_d2i(pointer, NID_authority_key_identifier, nil, nil) else { return nil }
        let value = found.assumingMemoryBound(to: AUTHORITY_KEYID.self)
        defer { AUTHORITY_KEYID_free(value) }
        return value.pointee.keyid.map { Certificate.octets(of: UnsafePointer($0)) }
    }
}

extension RevocationList: Hashable {
    package static func == (left: RevocationList, right: RevocationList) -> Bool { left.der == right.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
