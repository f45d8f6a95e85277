import IKECrypto
import IKEModel
import IKEWire

/// AUTH by signature, with certificates or with keys that are known before (RFC 7296 §2.15, §3.6-3.8, RFC 7427, RFC 8420).
extension Engine {
    // MARK: What is said of it before IKE_AUTH

    /// SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4), where one of the connections takes signatures of method 14 from its peer.
    func signatureHashNotify(_ connections: [Connection]) -> [Payload] {
        var hashes: [SignatureHashAlgorithm] = []
        for connection in connections {
            var policies: [SignaturePolicy] = []
            if case .signature(let policy) = connection.remote.authentication { policies.append(policy) }
            // Who signs that way himself has to say so, or the peer will not.
            if policies.isEmpty, case .signature(let policy) = connection.local.authentication {
                policies.append(policy)
            }
            for case .digitalSignature(let scheme) in policies.flatMap(\.methods) {
                if !hashes.contains(scheme.hashNumber) { hashes.append(scheme.hashNumber) }
            }
        }
        guard !hashes.isEmpty else { return [] }
        return [.notify(.signatureHashAlgorithms(hashes.sorted { $0.rawValue < $1.rawValue }))]
    }

    func noteSignatureHashes(_ payloads: [Payload], _ ike: IKESA) {
        ike.peerSignatureHashes = payloads.notify(.signatureHashAlgorithms).flatMap {
            try? $0.signatureHashAlgorithms()
        }
        noteCertificateWishes(payloads, ike)
    }

    /// Whether the peer wants a certificate, and may have it by its URL.
    func noteCertificateWishes(_ payloads: [Payload], _ ike: IKESA) {
        if payloads.hasCertificateRequest { ike.isAskedForCertificate = true }
        if payloads.notify(.httpCertLookupSupported) != nil { ike.peerLooksUpCertificates = true }
    }

    /// The trust anchors by whose certificates the peer of one of the connections may prove its identity.
    func certificateRequest(_ connections: [Connection]) -> [Payload] {
        var hashes: [[UInt8]] = []
        for connection in connections {
            guard case .signature(let policy) = connection.remote.authentication, policy.knownKey == nil else {
                continue
            }
            for anchor in credentials.trust.anchors where anchor.isAuthority {
                // An authority that is asked for may be one below the anchor.
                let isWanted =
                    policy.authorities.isEmpty || policy.authorities.contains { $0.admits(anchor.subject) }
                    || !credentials.trust.anchors.contains { other in
                        policy.authorities.contains { $0.admits(other.subject) }
                    }
                let hash = anchor.publicKey.authorityHash
                if isWanted, !hashes.contains(hash), hashes.count < Engine.authorityLimit { hashes.append(hash) }
            }
        }
        guard !hashes.isEmpty else { return [] }
        return [
            .certificateRequest(
                CertificateRequestPayload(encoding: .x509Signature, authority: hashes.flatMap { $0 }))
        ]
    }

    /// Authorities that one request names.
    private static let authorityLimit = 64
    /// Certificates that are sent, and of a peer's those that are looked at.
    private static let certificateLimit = 16

    /// CERT: this end's first (RFC 7296 §3.6), then the authorities up to the anchor, which the peer has.
    func certificates(_ connection: Connection, _ ike: IKESA) -> [Payload] {
        guard case .signature(let policy) = connection.local.authentication, let own = policy.certificate,
            policy.sending == .always || (policy.sending == .ifAsked && ike.isAskedForCertificate)
        else { return [] }
        let sent = policy.sendsIntermediates ? chain(of: own) : [own]
        emit(.certificatesAttached(ike.id, sent))
        let whole = sent.map { Payload.certificate(CertificatePayload(encoding: .x509Signature, data: $0.der)) }
        guard ike.peerLooksUpCertificates else { return whole }
        if let url = policy.bundleURL {
            return [CertificateReference.payload(CertificateReference.bundle(sent), at: url, isBundle: true)]
        }
        guard let url = policy.certificateURL else { return whole }
        return [CertificateReference.payload(own.der, at: url, isBundle: false)] + whole.dropFirst()
    }

    /// A certificate and the authorities up to the anchor.
    func chain(of own: Certificate) -> [Certificate] {
        var chain = [own]
        while let last = chain.last, !last.isSelfIssued,
            chain.count < Engine.certificateLimit,
            let next = credentials.trust.intermediates.first(where: {
                $0.subject == last.issuer && $0.isAuthority && !$0.isSelfIssued && !chain.contains($0)
            })
        {
            chain.append(next)
        }
        return chain
    }

    // MARK: Our AUTH

    /// nil where there is no private key, or no way to sign that both ends know.
    func sign(
        _ octets: [UInt8], _ policy: SignaturePolicy, _ ike: IKESA
    ) throws(CryptoError) -> (AuthenticationMethod, [UInt8])? {
        guard let key = policy.knownKey, let secret = credentials.privateKey(of: key),
            let method = signatureMethod(policy, key, ike)
        else { return nil }
        func made(_ scheme: SignatureScheme) { emit(.signatureMade(ike.id, method, scheme)) }
        switch method {
        case .digitalSignature(let scheme):
            guard let identifier = scheme.algorithmIdentifier else { return nil }
            let signature = try secret.sign(octets, by: scheme)
            made(scheme)
            return (
                .digitalSignature,
                DigitalSignatureData(algorithmIdentifier: identifier, signature: signature).octets
            )
        case .rsa:
            let signature = try secret.sign(octets, by: .rsaPKCS1(.sha1))
            made(.rsaPKCS1(.sha1))
            return (.rsaDigitalSignature, signature)
        case .ecdsa(let bits):
            guard let (number, digest) = SignatureMethod.classicECDSA(bits) else { return nil }
            let signature = try secret.sign(octets, by: .ecdsa(digest))
            made(.ecdsa(digest))
            return (number, try ECDSASignature.concatenated(der: signature, bits: bits))
        }
    }

    /// The best way that the key can do and, by its SIGNATURE_HASH_ALGORITHMS, the peer takes; without these a classic one
    /// (RFC 7427 §4).
    private func signatureMethod(_ policy: SignaturePolicy, _ key: PublicKey, _ ike: IKESA) -> SignatureMethod? {
        policy.methods.first { method in
            switch method {
            case .digitalSignature(let scheme):
                key.fits(scheme) && (ike.peerSignatureHashes?.contains(scheme.hashNumber) ?? false)
            case .rsa: key.kind == .rsa && ike.peerSignatureHashes == nil
            case .ecdsa(let bits): key.kind == .ecdsa(bits) && ike.peerSignatureHashes == nil
            }
        }
            // A peer that knows RFC 7427 and none of our hashes for this key may still take the classic way.
            ?? policy.methods.first { method in
                switch method {
                case .digitalSignature: false
                case .rsa: key.kind == .rsa
                case .ecdsa(let bits): key.kind == .ecdsa(bits)
                }
            }
    }

    /// Why this end cannot prove who it is.
    func missingProof(_ connection: Connection, _ ike: IKESA) -> FailureReason {
        guard case .signature(let policy) = connection.local.authentication else { return .noSharedKey }
        guard let key = policy.knownKey, credentials.privateKey(of: key) != nil else { return .noPrivateKey }
        return .noSignatureMethod
    }

    // MARK: The peer's AUTH

    /// Whether the peer's AUTH is right: one of the ways that the connection takes, by a key that is known to be the peer's
    /// or that a good certificate says to be.
    func verifySignature(
        _ proof: AuthenticationPayload, of octets: [UInt8], by identification: Identification,
        _ policy: SignaturePolicy, _ ike: IKESA, certificates: [CertificatePayload]
    ) -> Result<SignatureProof, Refusal> {
        func refuse(_ reason: FailureReason) -> Result<SignatureProof, Refusal> { .failure(Refusal(reason: reason)) }
        guard AuthenticationPolicy.signature(policy).takes(proof.method) else { return refuse(.authenticationMismatch) }
        let candidate: (key: PublicKey, certificate: Certificate?)
        if let known = policy.knownKey {
            candidate = (known, nil)
        } else {
            let usable = certificates.prefix(Engine.certificateLimit).filter {
                [.x509Signature, .hashAndURL, .hashAndURLBundle].contains($0.encoding)
            }
            // RFC 7296 §3.6: the first has the key.
            guard usable.first?.encoding == .x509Signature else {
                return refuse(usable.isEmpty ? .noPeerCertificate : .certificateByURL)
            }
            let sent = usable.filter { $0.encoding == .x509Signature }.map { try? Certificate(der: $0.data) }
            guard let first = sent.first else { return refuse(.noPeerCertificate) }
            guard let certificate = first else { return refuse(.certificate(.invalid("malformed certificate"))) }
            do throws(CertificateRefusal) {
                let path = try credentials.trust.path(
                    of: certificate, helpers: sent.dropFirst().compactMap { $0 }, time: wallClock,
                    authorities: policy.authorities)
                // Nothing is fetched for a peer that has not shown to have the certificate's key.
                if verified(proof, octets, certificate.publicKey, policy) != nil, wantsLists(path, ike) {
                    emit(.revocationListsWanted(ike.id, path))
                    return .failure(Refusal(reason: .certificate(.noRevocationList), isWaiting: true))
                }
                emit(.certificatesExamined(ike.id, path))
                let isStrict = policy.requiresRevocationLists || credentials.trust.requiresRevocationLists
                if let refusal = path.refusal(requiringLists: isStrict) { throw refusal }
            } catch {
                return refuse(.certificate(error))
            }
            guard !policy.requiresIdentityInCertificate || certificate.carries(identification) else {
                return refuse(.identityNotInCertificate)
            }
            candidate = (certificate.publicKey, certificate)
        }
        guard let (method, scheme) = verified(proof, octets, candidate.key, policy) else {
            return refuse(.authenticationMismatch)
        }
        return .success(
            SignatureProof(
                method: method, scheme: scheme, keyBits: candidate.key.bits, keyKind: candidate.key.kind,
                subject: candidate.certificate?.subject, issuer: candidate.certificate?.issuer))
    }

    /// Whether a chain that is good but for that says where lists are to be had which are not here; once for each IKE SA.
    private func wantsLists(_ path: CertificatePath, _ ike: IKESA) -> Bool {
        guard profile.waitsForRevocationLists, ike.mayPark, !ike.hasParked,
            path.checks.contains(where: {
                $0.status == .unknown && !credentials.trust.listURLs(of: $0.certificate, issuedBy: $0.issuer).isEmpty
            })
        else { return false }
        ike.hasParked = true
        return true
    }

    private func verified(
        _ proof: AuthenticationPayload, _ octets: [UInt8], _ key: PublicKey, _ policy: SignaturePolicy
    ) -> (SignatureMethod, SignatureScheme)? {
        switch proof.method {
        case .digitalSignature:
            guard let data = try? DigitalSignatureData(parsing: proof.data),
                let scheme = try? SignatureScheme(algorithmIdentifier: data.algorithmIdentifier),
                policy.methods.contains(.digitalSignature(scheme)),
                key.verifies(data.signature, of: octets, by: scheme)
            else { return nil }
            return (.digitalSignature(scheme), scheme)
        case .rsaDigitalSignature:
            guard policy.methods.contains(.rsa) else { return nil }
            for digest in [Digest.sha1, .sha256, .sha384, .sha512] {
                if key.verifies(proof.data, of: octets, by: .rsaPKCS1(digest)) { return (.rsa, .rsaPKCS1(digest)) }
            }
            return nil
        default:
            for bits in [256, 384, 521] {
                guard let (number, digest) = SignatureMethod.classicECDSA(bits), number == proof.method else {
                    continue
                }
                guard policy.methods.contains(.ecdsa(bits: bits)), key.kind == .ecdsa(bits),
                    let signature = try? ECDSASignature.der(concatenated: proof.data, bits: bits),
                    key.verifies(signature, of: octets, by: .ecdsa(digest))
                else { return nil }
                return (.ecdsa(bits: bits), .ecdsa(digest))
            }
            return nil
        }
    }
}

extension SignatureScheme {
    /// Its number in SIGNATURE_HASH_ALGORITHMS (RFC 7427 §7, RFC 8420 §2).
    var hashNumber: SignatureHashAlgorithm {
        switch digest {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        case nil, .md5: .identity
        }
    }
}

extension SignatureMethod {
    /// Methods 9, 10 and 11 with their hashes (RFC 4754 §3).
    static func classicECDSA(_ bits: Int) -> (AuthenticationMethod, Digest)? {
        switch bits {
        case 256: (.ecdsa256, .sha256)
        case 384: (.ecdsa384, .sha384)
        case 521: (.ecdsa521, .sha512)
        default: nil
        }
    }
}

extension AuthenticationPolicy {
    /// Whether AUTH of such a method may be what it asks for.
    ///
    /// nil: there is no AUTH, since EAP is to be begun.
    func takes(_ method: AuthenticationMethod?) -> Bool {
        guard let method else { return if case .eap = self { true } else { false } }
        return switch self {
        case .sharedKey: method == .sharedKeyMIC
        case .null: method == .null
        // AUTH stands in a later message, and has the MSK for a key.
        case .eap: false
        case .signature:
            [.digitalSignature, .rsaDigitalSignature, .ecdsa256, .ecdsa384, .ecdsa521].contains(method)
        }
    }
}
