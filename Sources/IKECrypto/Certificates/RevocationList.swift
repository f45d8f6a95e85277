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

    package init(der octets: [UInt8]) throws(CryptoError) {
        let made = octets.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            return d2i_X509_CRL(nil, &start, buffer.count)
        }
        guard let made else { throw .drained("d2i_X509_CRL") }
        do throws(CryptoError) {
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

    /// Whether an authority's key made it.
    func isSigned(by key: PublicKey) -> Bool {
        defer { ERR_clear_error() }
        return X509_CRL_verify(pointer, key.pointer) == 1
    }

    func names(_ certificate: Certificate) -> Bool {
        var entry: OpaquePointer?
        // 2: an entry that takes an earlier one back (removeFromCRL).
        return X509_CRL_get0_by_cert(pointer, &entry, certificate.pointer) == 1
    }
}

extension RevocationList: Hashable {
    package static func == (left: RevocationList, right: RevocationList) -> Bool { left.der == right.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
