import COpenSSL

/// Why a certificate proves nothing.
package enum CertificateRefusal: Error, Hashable, Sendable {
    case notYetValid
    case expired
    case revoked
    /// No list of the issuer that is fresh, and one is asked for.
    case noRevocationList
    /// No way leads to an authority that is trusted.
    case unknownAuthority
    /// The authority is trusted, and not the one that was asked for.
    case otherAuthority
    /// keyUsage does not allow signatures.
    case unfitForSigning
    /// libcrypto's word.
    case invalid(String)
}

/// What certificates are held against; a value, so that a verification depends on nothing else.
package struct TrustStore: Sendable {
    /// Authorities that are trusted for themselves.
    package var anchors: [Certificate]
    /// Authorities that help to build a chain and are not trusted for themselves.
    package var intermediates: [Certificate]
    package var revocationLists: [RevocationList]
    /// Whether a certificate without a fresh revocation list of its issuer is refused.
    package var requiresRevocationLists: Bool
    /// Where an authority's lists are beside where certificates say, by the hash of its key (`PublicKey.authorityHash`).
    package var listPlaces: [[UInt8]: [String]] = [:]

    /// The URLs of an authority's lists: those that a configuration gives, then those in the certificate (RFC 5280 §4.2.1.13); each once.
    package func listURLs(of certificate: Certificate, issuedBy issuer: Certificate) -> [String] {
        var urls: [String] = []
        let places = listPlaces[issuer.publicKey.authorityHash] ?? []
        for url in places + certificate.listURLs where !urls.contains(url) { urls.append(url) }
        return urls
    }

    package init(
        anchors: [Certificate] = [], intermediates: [Certificate] = [], revocationLists: [RevocationList] = [],
        requiresRevocationLists: Bool = false
    ) {
        self.anchors = anchors
        self.intermediates = intermediates
        self.revocationLists = revocationLists
        self.requiresRevocationLists = requiresRevocationLists
    }

    /// Certificates of a chain, the anchor counted.
    private static let depthLimit: Int32 = 8

    /// The chain from a certificate to an anchor, both included (RFC 5280 §6), none of which is revoked.
    ///
    /// - Parameters: as of `path`.
    package func chain(
        of certificate: Certificate, helpers: [Certificate], time: Int64, authorities: [DistinguishedName] = []
    ) throws(CertificateRefusal) -> [Certificate] {
        let path = try path(of: certificate, helpers: helpers, time: time, authorities: authorities)
        if let refusal = path.refusal(requiringLists: requiresRevocationLists) { throw refusal }
        return path.certificates
    }

    /// The chain from a certificate to an anchor (RFC 5280 §6), with what is known of the revocation of each.
    ///
    /// - Parameters:
    ///   - helpers: what the peer sent beside it; at most 16 of them are looked at.
    ///   - time: seconds since 1970.
    ///   - authorities: one of these has to be in the chain above the certificate; empty: any will do.
    package func path(
        of certificate: Certificate, helpers: [Certificate], time: Int64, authorities: [DistinguishedName] = []
    ) throws(CertificateRefusal) -> CertificatePath {
        guard certificate.maySign else { throw .unfitForSigning }
        let found = try build(certificate, helpers: Array(helpers.prefix(16)), time: time)
        guard
            authorities.isEmpty
                || found.dropFirst().contains(where: { issuer in authorities.contains { $0.admits(issuer.subject) } })
        else { throw .otherAuthority }
        return CertificatePath(
            certificates: found, checks: zip(found, found.dropFirst()).map { check($0, issuedBy: $1, time: time) })
    }

    private func build(
        _ certificate: Certificate, helpers: [Certificate], time: Int64
    ) throws(CertificateRefusal) -> [Certificate] {
        defer { ERR_clear_error() }
        guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(),
            let untrusted = swan_certificates_new()
        else { throw .invalid("out of memory") }
        defer {
            X509_STORE_CTX_free(context)
            X509_STORE_free(store)
            swan_certificates_free(untrusted)
        }
        for anchor in anchors { X509_STORE_add_cert(store, anchor.pointer) }
        for helper in helpers + intermediates where !helper.isSelfIssued {
            _ = swan_certificates_push(untrusted, helper.pointer)
        }
        guard X509_STORE_CTX_init(context, store, certificate.pointer, untrusted) == 1,
            let parameters = X509_STORE_CTX_get0_param(context)
        else { throw .invalid("X509_STORE_CTX_init") }
        X509_VERIFY_PARAM_set_time(parameters, Int(time))
        X509_VERIFY_PARAM_set_depth(parameters, TrustStore.depthLimit)
        // An anchor need not be self-signed: whoever put it there trusts it.
        X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        // 80 bits: no MD5 and no SHA-1 in signatures, no RSA below 1024 bits.
        X509_VERIFY_PARAM_set_auth_level(parameters, 1)
        guard X509_verify_cert(context) == 1 else {
            throw TrustStore.refusal(X509_STORE_CTX_get_error(context))
        }
        guard let chain = X509_STORE_CTX_get0_chain(context) else { throw .invalid("no chain") }
        var result: [Certificate] = []
        for index in 0..<swan_certificates_count(chain) {
            guard let member = swan_certificates_at(chain, index), X509_up_ref(member) == 1,
                let read = try? Certificate(owning: member)
            else { throw .invalid("a certificate of the chain") }
            result.append(read)
        }
        // A certificate that is itself an anchor has no issuer above it: it is trusted for itself.
        return result
    }

    private static func refusal(_ code: Int32) -> CertificateRefusal {
        switch code {
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            .unknownAuthority
        default: .invalid(X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "error \(code)")
        }
    }

    /// A certificate against its issuer's lists. A list that is out of date still revokes; it is no longer a proof that
    /// nothing was revoked since.
    private func check(_ certificate: Certificate, issuedBy issuer: Certificate, time: Int64) -> RevocationCheck {
        var check = RevocationCheck(certificate: certificate, issuer: issuer, list: nil, status: .unknown)
        let lists = revocationLists.filter { $0.issuer == certificate.issuer && $0.isSigned(by: issuer.publicKey) }
        for list in lists {
            guard let entry = list.entry(of: certificate) else { continue }
            check.list = list
            check.status = .revoked(at: entry.date, reason: entry.reason)
            return check
        }
        check.list = lists.max { $0.thisUpdate < $1.thisUpdate }
        if let fresh = lists.filter({ $0.isFresh(at: time) }).max(by: { $0.thisUpdate < $1.thisUpdate }) {
            check.list = fresh
            check.status = .good
        }
        return check
    }
}

/// How the revocation of one certificate stands (RFC 5280 §6.3).
package struct RevocationCheck: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
        case good
        /// Seconds since 1970; a CRLReason (RFC 5280 §5.3.1), 0: unspecified.
        case revoked(at: Int64, reason: Int)
        /// There is no list, or none that is not out of date.
        case unknown
    }

    package var certificate: Certificate
    package var issuer: Certificate
    /// The issuer's list that was looked at; nil: there is none.
    package var list: RevocationList?
    package var status: Status
}

/// A chain from a certificate to an anchor, both included, and what is known of the revocation of all but the anchor.
package struct CertificatePath: Hashable, Sendable {
    package var certificates: [Certificate]
    /// In the same order, the anchor left out.
    package var checks: [RevocationCheck]

    package init(certificates: [Certificate], checks: [RevocationCheck]) {
        self.certificates = certificates
        self.checks = checks
    }

    /// Why it proves nothing; nil where it does.
    package func refusal(requiringLists: Bool) -> CertificateRefusal? {
        for check in checks {
            switch check.status {
            case .good: continue
            case .revoked: return .revoked
            case .unknown: if requiringLists { return .noRevocationList }
            }
        }
        return nil
    }
}
