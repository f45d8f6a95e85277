import COpenSSL

/// One TLS connection without a socket (TLS 1.2 and 1.3), as EAP-TLS carries it: octets go in and come out.
///
/// Its random octets are libssl's own, and so is the order in which it does things; the time that certificates are judged
/// by is the caller's, in `judge`. Not Sendable: one owner at a time.
package final class TLSSession {
    package enum Role: Sendable { case client, server }
    package enum Version: Hashable, Sendable { case tls12, tls13 }
    package enum Progress: Hashable, Sendable {
        case underWay
        /// Both ends have finished, and `export` has keys.
        case established
        /// With libssl's reasons; what is left to send is an alert.
        case failed(String)
    }

    private let context: OpaquePointer
    private let session: OpaquePointer
    /// The session owns both.
    private let input: OpaquePointer
    private let output: OpaquePointer
    private let judge: ([Certificate]) -> CertificateRefusal?
    package let role: Role
    package private(set) var progress = Progress.underWay
    /// Why the peer's certificate was refused.
    package private(set) var refusal: CertificateRefusal?
    /// The peer's certificate that was taken.
    package private(set) var peerCertificate: Certificate?

    /// Octets that are waited for in one read.
    private static let readOctets = 4096

    /// - Parameters:
    ///   - chain: this end's certificate and the authorities that are sent with it.
    ///   - authorities: whose certificates a server asks for.
    ///   - judge: of the peer's certificates, its own first; nil takes them.
    /// - Throws: `openSSL` for a certificate and a key that do not belong together or are too weak for libssl.
    package init(
        _ role: Role, chain: [Certificate], key: PrivateKey, authorities: [Certificate] = [],
        versions: ClosedRange<Int> = 2...3, judge: @escaping ([Certificate]) -> CertificateRefusal?
    ) throws(CryptoError) {
        guard let context = SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method()) else {
            throw .drained("SSL_CTX_new")
        }
        guard let own = chain.first,
            let session = TLSSession.configure(context, own, chain, key, authorities, versions),
            let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem())
        else {
            SSL_CTX_free(context)
            throw .drained("a TLS session")
        }
        SSL_set_bio(session, input, output)
        if role == .client { SSL_set_connect_state(session) } else { SSL_set_accept_state(session) }
        (self.context, self.session, self.input, self.output) = (context, session, input, output)
        self.role = role
        self.judge = judge
        SSL_CTX_set_cert_verify_callback(
            context, { store, owner in TLSSession.verify(store, owner) }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        SSL_free(session)
        SSL_CTX_free(context)
    }

    private static func configure(
        _ context: OpaquePointer, _ own: Certificate, _ chain: [Certificate], _ key: PrivateKey,
        _ authorities: [Certificate], _ versions: ClosedRange<Int>
    ) -> OpaquePointer? {
        guard
            swan_tls_versions(context, Int32(versions.lowerBound), Int32(versions.upperBound)) == 1,
            SSL_CTX_use_certificate(context, own.pointer) == 1, SSL_CTX_use_PrivateKey(context, key.pointer) == 1,
            SSL_CTX_check_private_key(context) == 1
        else { return nil }
        for certificate in chain.dropFirst() where swan_tls_add_chain(context, certificate.pointer) != 1 { return nil }
        for authority in authorities { SSL_CTX_add_client_CA(context, authority.pointer) }
        // A session is not taken up again: neither tickets nor a cache.
        swan_tls_forget_sessions(context)
        swan_tls_never_renegotiate(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        return SSL_new(context)
    }

    /// In the middle of `proceed`, while `self` is held by its caller.
    private static func verify(_ store: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) -> Int32 {
        guard let store, let owner else { return 0 }
        let session = Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
        var certificates: [Certificate] = []
        if let first = X509_STORE_CTX_get0_cert(store), X509_up_ref(first) == 1,
            let read = try? Certificate(owning: first)
        {
            certificates.append(read)
        }
        if let others = X509_STORE_CTX_get0_untrusted(store) {
            for index in 0..<min(swan_certificates_count(others), 16) {
                guard let other = swan_certificates_at(others, index), X509_up_ref(other) == 1,
                    let read = try? Certificate(owning: other), !certificates.contains(read)
                else { continue }
                certificates.append(read)
            }
        }
        session.refusal = certificates.isEmpty ? .invalid("malformed certificate") : session.judge(certificates)
        if let refusal = session.refusal {
            // What the alert says.
            X509_STORE_CTX_set_error(store, refusal.verifyError)
            return 0
        }
        session.peerCertificate = certificates[0]
        return 1
    }

    // MARK: Octets

    /// Octets of the peer; they count once `proceed` is called.
    package func take(_ octets: [UInt8]) { _ = BIO_write(input, octets, Int32(octets.count)) }

    /// Goes as far as it can; returns what is to be sent: possibly nothing.
    package func proceed() -> [UInt8] {
        if case .underWay = progress {
            let result = SSL_do_handshake(session)
            if result == 1 {
                progress = .established
            } else if SSL_get_error(session, result) != SSL_ERROR_WANT_READ {
                progress = .failed(String(describing: CryptoError.drained("the TLS handshake")))
            }
            ERR_clear_error()
        }
        return pending()
    }

    private func pending() -> [UInt8] {
        var result: [UInt8] = []
        while BIO_ctrl_pending(output) > 0 {
            var part = [UInt8](repeating: 0, count: TLSSession.readOctets)
            let count = BIO_read(output, &part, Int32(part.count))
            guard count > 0 else { break }
            result += part.prefix(Int(count))
        }
        return result
    }

    /// Application data in records, ready to be sent.
    package func seal(_ octets: [UInt8]) -> [UInt8] {
        if SSL_write(session, octets, Int32(octets.count)) <= 0 { ERR_clear_error() }
        return pending()
    }

    /// The application data that has come in.
    package func open() -> [UInt8] {
        var part = [UInt8](repeating: 0, count: TLSSession.readOctets)
        let count = SSL_read(session, &part, Int32(part.count))
        ERR_clear_error()
        return count > 0 ? Array(part.prefix(Int(count))) : []
    }

    // MARK: Keys

    package var version: Version { SSL_version(session) == TLS1_3_VERSION ? .tls13 : .tls12 }

    /// RFC 5705 and RFC 8446 §7.5; without a context where there is none.
    package func export(label: String, context: [UInt8]?, count: Int) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: count) { (out) throws(CryptoError) in
            let result = SSL_export_keying_material(
                session, out.baseAddress?.assumingMemoryBound(to: UInt8.self), out.count, label, label.utf8.count,
                context ?? [], context?.count ?? 0, context == nil ? 0 : 1)
            try CryptoError.check(result, "SSL_export_keying_material")
        }
    }
}

extension CertificateRefusal {
    fileprivate var verifyError: Int32 {
        switch self {
        case .notYetValid: X509_V_ERR_CERT_NOT_YET_VALID
        case .expired: X509_V_ERR_CERT_HAS_EXPIRED
        case .revoked: X509_V_ERR_CERT_REVOKED
        case .noRevocationList: X509_V_ERR_UNABLE_TO_GET_CRL
        case .unknownAuthority, .otherAuthority: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
        case .unfitForSigning: X509_V_ERR_INVALID_PURPOSE
        case .invalid: X509_V_ERR_APPLICATION_VERIFICATION
        }
    }
}
