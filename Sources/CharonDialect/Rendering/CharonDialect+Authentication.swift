import DialectKit
import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// What charon says of certificates, signatures and EAP.
extension CharonDialect {
    /// What an IKE SA's log has yet to say, or has said, of who proves what.
    struct ProofRecord {
        /// Hashes of authorities whose certificates the peer asked for, still to be told.
        var asked: [[UInt8]] = []
        var signature: SignatureMethod?
        /// What goes with our AUTH.
        var attached: [Certificate] = []
        var hasToldOwn = false
        /// The peer's first certificate, and what kind of key its AUTH was made with.
        var certificate: Certificate?
        var peerKeyName = "RSA"
        /// The peer's AUTH is made with a shared key, whatever certificates it sent.
        var isSharedKey = false
        /// What was said while lists were fetched, by the certificate that they are for.
        var fetching: [Certificate: [(group: String, text: String)]] = [:]
        /// The Child SA that the coming request asks for.
        var starting: ChildSAID?
        var eapType: EAPType?
        /// Who the peer is in EAP.
        var eapIdentity: String?
        var fragments: (messageID: UInt32, isResponse: Bool, numbers: Set<UInt16>)?
    }

    private func requestedAuthorities(_ facts: MessageFacts) -> [[UInt8]] {
        facts.payloads.flatMap { payload -> [[UInt8]] in
            if case .certificateRequest(let request) = payload { request.authorityHashes ?? [] } else { [] }
        }
    }

    private func certificates(_ facts: MessageFacts) -> [Certificate] {
        facts.payloads.compactMap { payload in
            guard case .certificate(let sent) = payload, sent.encoding == .x509Signature else { return nil }
            return try? Certificate(der: sent.data)
        }
    }

    private func proof(_ facts: MessageFacts) -> AuthenticationPayload? {
        for case .authentication(let proof) in facts.payloads { return proof }
        return nil
    }

    private func eap(_ facts: MessageFacts) -> EAPMessage? {
        for case .eap(let octets) in facts.payloads { return try? EAPMessage(parsing: octets) }
        return nil
    }

    // MARK: Messages on their way out

    /// What is said before a message of ours is generated.
    func beforeGenerating(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        if facts.exchange == .ikeAuth, !facts.isResponse { effects += askedAuthorities(ike, view) }
        for hash in requestedAuthorities(facts) {
            let name = credentials.authority(hash: hash)?.subject.text ?? "?"
            effects += tell("IKE", "sending cert request for \"\(name)\"", ike, view)
        }
        if facts.exchange == .createChildSA, let child = ikes[ike]?.proof.starting, !facts.isResponse {
            ikes[ike]?.proof.starting = nil
            return effects + reservingSPI(facts, child, ike, view)
        }
        guard facts.exchange == .ikeAuth else { return effects }
        effects += eapOut(facts, ike, view)
        if let proof = proof(facts), !facts.isResponse || ikes[ike]?.proof.hasToldOwn == false {
            let isAfterEAP = !facts.isResponse && proof.method == .sharedKeyMIC && facts.payloads.count == 1
            effects += isAfterEAP ? ownProof("EAP", ike, view) : myself(ike, view)
        }
        if let child = ikes[ike]?.proof.starting, !facts.isResponse {
            ikes[ike]?.proof.starting = nil
            let establishing = tell("IKE", "establishing CHILD_SA \(name(child))", ike, view)
            let proxy = proxying(bound(children[child]?.connection), facts.local.address, facts.remote.address)
                .flatMap { tell("CHD", $0, ike, view) }
            effects += version == .v4_2_9 ? establishing + proxy : proxy + establishing
            effects += reservingSPI(facts, child, ike, view)
        }
        return effects
    }

    /// How this end proves who it is, and what it shows for it.
    func myself(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let record = ikes[ike] else { return [] }
        ikes[ike]?.proof.hasToldOwn = true
        guard let signature = record.proof.signature else { return ownProof("pre-shared key", ike, view) }
        var effects = ownProof("\(CharonSignatures.name(signature)) successful", ike, view)
        for (index, certificate) in record.proof.attached.enumerated() {
            let kind = index == 0 ? "end entity" : "issuer"
            effects += tell("IKE", "sending \(kind) cert \"\(certificate.subject.text)\"", ike, view)
        }
        return effects
    }

    func ownProof(_ how: String, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let record = ikes[ike] else { return [] }
        return tell(
            "IKE", "authentication of '\(IdentityText.text(localIdentity(record)))' (myself) with \(how)", ike, view)
    }

    // MARK: Messages on their way in

    /// The most authorities that are remembered of one peer's requests.
    private static let askedLimit = 1024

    /// What is said of a message as soon as it has been parsed.
    func afterParsing(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard facts.exchange == .ikeSAInit || facts.exchange == .ikeAuth else { return [] }
        // A peer may ask for what it likes, message after message.
        let room = Self.askedLimit - (ikes[ike]?.proof.asked.count ?? 0)
        ikes[ike]?.proof.asked += requestedAuthorities(facts).prefix(max(0, room))
        guard facts.exchange == .ikeAuth else { return [] }
        var effects = facts.isResponse ? [] : askedAuthorities(ike, view)
        for (index, certificate) in certificates(facts).enumerated() {
            if index == 0 { ikes[ike]?.proof.certificate = certificate }
            let kind = certificate.isAuthority ? "issuer" : "end entity"
            effects += tell("IKE", "received \(kind) cert \"\(certificate.subject.text)\"", ike, view)
        }
        if let proof = proof(facts) {
            ikes[ike]?.proof.peerKeyName = Self.keyName(proof)
            ikes[ike]?.proof.isSharedKey = proof.method == .sharedKeyMIC
        }
        return effects + eapIn(facts, ike, view)
    }

    private static func keyName(_ proof: AuthenticationPayload) -> String {
        switch proof.method {
        case .ecdsa256, .ecdsa384, .ecdsa521: return "ECDSA"
        case .digitalSignature:
            let data = try? DigitalSignatureData(parsing: proof.data)
            switch data.flatMap({ try? SignatureScheme(algorithmIdentifier: $0.algorithmIdentifier) }) {
            case .ecdsa: return "ECDSA"
            case .ed25519: return "ED25519"
            case .ed448: return "ED448"
            default: return "RSA"
            }
        default: return "RSA"
        }
    }

    private func askedAuthorities(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let asked = ikes[ike]?.proof.asked ?? []
        ikes[ike]?.proof.asked = []
        var effects: [DialectEffect] = []
        var unknown = 0
        for hash in asked {
            guard let authority = credentials.authority(hash: hash) else {
                unknown += 1
                continue
            }
            effects += tell("IKE", "received cert request for \"\(authority.subject.text)\"", ike, view)
        }
        if unknown > 0 { effects += tell("IKE", "received \(unknown) cert requests for an unknown ca", ike, view) }
        return effects
    }

    /// A fragment: the whole message's lines come when it is there.
    func fragment(_ facts: FragmentFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        nextJob()
        let direction = facts.isResponse ? "response" : "request"
        var seen = ikes[ike]?.proof.fragments
        if seen?.messageID != facts.messageID || seen?.isResponse != facts.isResponse {
            seen = (facts.messageID, facts.isResponse, [])
        }
        seen?.numbers.insert(facts.number)
        ikes[ike]?.proof.fragments = seen
        var effects = receiving(facts.local, facts.remote, facts.datagramOctets, ike, view)
        effects += tell(
            "ENC", "parsed \(facts.exchange) \(direction) \(facts.messageID) [ EF(\(facts.number)/\(facts.total)) ]",
            ike, view)
        lastFragment = (facts.number, facts.total)
        guard (seen?.numbers.count ?? 0) < Int(facts.total) else { return effects }
        return effects
            + tell(
                "ENC", "received fragment #\(facts.number) of \(facts.total), waiting for complete IKE message", ike,
                view)
    }

    func reassembled(_ octets: Int, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        ikes[ike]?.proof.fragments = nil
        return tell(
            "ENC",
            "received fragment #\(lastFragment.number) of \(lastFragment.total), reassembled fragmented IKE message "
                + "(\(octets) bytes)", ike, view)
    }

    // MARK: Chains

    /// The way from the peer's certificate to an anchor, and how each certificate's revocation stands.
    func examined(_ path: CertificatePath, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let subject = path.certificates.first else { return [] }
        credentials.note(subject)
        var effects = selected(ike, view)
        func say(_ text: String) { effects += tell("CFG", text, ike, view) }
        say("  using certificate \"\(subject.subject.text)\"")
        for issuer in path.certificates.dropFirst() {
            say(
                "  using \(issuer == path.certificates.last ? "trusted ca" : "untrusted intermediate") certificate "
                    + "\"\(issuer.subject.text)\"")
        }
        let end = "  reached self-signed root ca with a path length of \(max(0, path.certificates.count - 2))"
        if version == .v5_9_8 { say(end) }
        for check in path.checks {
            let fetching = ikes[ike]?.proof.fetching[check.certificate] ?? []
            say("checking certificate status of \"\(check.certificate.subject.text)\"")
            for line in fetching { effects += tell(line.group, line.text, ike, view) }
            for line in Self.validity(of: check) { say(line) }
            for line in Self.verdict(of: check, isFetched: !fetching.isEmpty) { say(line) }
            if !fetching.isEmpty, let list = check.list, check.status != .unknown { effects += keep(list, ike, view) }
        }
        if version == .v5_1_2 { say(end) }
        return effects
    }

    /// Of the list.
    private static func validity(of check: RevocationCheck) -> [String] {
        guard let list = check.list else { return [] }
        let until = list.nextUpdate.map { CalendarText($0).text("%b %d %T %Y") } ?? "?"
        return [
            "  using trusted certificate \"\(check.issuer.subject.text)\"",
            "  crl correctly signed by \"\(check.issuer.subject.text)\"",
            "  crl is \(check.status == .unknown ? "stale: since" : "valid: until") \(until)",
        ]
    }

    /// - Parameter isFetched: its list is new, and not one that was kept.
    private static func verdict(of check: RevocationCheck, isFetched: Bool) -> [String] {
        guard check.list != nil else { return ["certificate status is not available"] }
        let cached = isFetched ? [] : ["  using cached crl"]
        switch check.status {
        case .good: return cached + ["certificate status is good"]
        case .unknown: return ["certificate status is unknown, crl is stale"]
        case .revoked(let date, let reason):
            let date = CalendarText(date).text("%b %d %T UTC %Y")
            return ["certificate was revoked on \(date), reason: \(reasonName(reason))"] + cached
        }
    }

    /// CRLReason (RFC 5280 §5.3.1).
    static func reasonName(_ reason: Int) -> String {
        let names = [
            0: "unspecified", 1: "key compromise", 2: "ca compromise", 3: "affiliation changed", 4: "superseded",
            5: "cessation of operation", 6: "certificate hold", 8: "remove from crl",
        ]
        return names[reason] ?? "(\(reason))"
    }

    /// Why a certificate, or the lack of one, ends an IKE SA.
    func untrusted(_ reason: FailureReason, _ peer: String, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        var effects = selected(ike, view)
        let record = ikes[ike]?.proof ?? ProofRecord()
        let subject = record.certificate?.subject.text ?? ""
        func constraint(_ what: String) -> [DialectEffect] {
            let peer = bound(ikes[ike]?.connection)?.peer ?? "?"
            return effects + tell("CFG", "constraint check failed: \(what)", ike, view)
                + tell("CFG", "selected peer config '\(peer)' unacceptable: constraint checking failed", ike, view)
                + tell("CFG", "no alternative config found", ike, view)
        }
        switch reason {
        case .certificate(.noRevocationList):
            return constraint("RULE_CRL_VALIDATION is SKIPPED, but requires at least GOOD")
        case .certificate(.otherAuthority):
            var authorities: [DistinguishedName] = []
            if case .signature(let policy) = bound(ikes[ike]?.connection)?.connection.remote.authentication {
                authorities = policy.authorities
            }
            return constraint("peer not authenticated by CA '\(authorities.map(\.text).joined(separator: "', '"))'")
        case .certificate(.unknownAuthority):
            effects += tell("CFG", "  using certificate \"\(subject)\"", ike, view)
            effects += tell("CFG", "no issuer certificate found for \"\(subject)\"", ike, view)
            effects += tell("CFG", "  issuer is \"\(record.certificate?.issuer.text ?? "")\"", ike, view)
        case .certificate(.expired), .certificate(.notYetValid):
            func time(_ seconds: Int64?) -> String { CalendarText(seconds ?? 0).text("%b %d %T %Y") }
            effects += tell("CFG", "  using certificate \"\(subject)\"", ike, view)
            effects += tell(
                "CFG",
                "subject certificate invalid (valid from \(time(record.certificate?.notBefore)) to "
                    + "\(time(record.certificate?.notAfter)))", ike, view)
        default: break
        }
        return effects + tell("IKE", "no trusted \(record.peerKeyName) public key found for '\(peer)'", ike, view)
    }

    // MARK: EAP

    private static func name(_ type: EAPType?) -> String {
        switch type {
        case .identity: "EAP_IDENTITY"
        case .notification: "EAP_NOTIFICATION"
        case .nak: "EAP_NAK"
        case .tls: "EAP_TLS"
        case .mschapV2: "EAP_MSCHAPV2"
        default: "EAP_\(type?.rawValue ?? 0)"
        }
    }

    private func hexadecimal(_ octet: UInt8) -> String { (octet < 16 ? "0x0" : "0x") + String(octet, radix: 16) }

    private func text(_ octets: some Sequence<UInt8>) -> String {
        String(decoding: octets.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private func eapOut(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let message = eap(facts) else { return [] }
        switch (message.code, message.type) {
        case (.request, _) where message.type != ikes[ike]?.proof.eapType:
            ikes[ike]?.proof.eapType = message.type
            return selected(ike, view)
                + tell(
                    "IKE", "initiating \(Self.name(message.type)) method (id \(hexadecimal(message.identifier)))", ike,
                    view
                )
        case (.response, .identity):
            return tell(
                "IKE",
                "server requested EAP_IDENTITY (id \(hexadecimal(message.identifier))), sending '\(text(message.data))'",
                ike, view)
        case (.success, _): return eapSucceeded(ike, view)
        default: return []
        }
    }

    private func eapIn(_ facts: MessageFacts, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard let message = eap(facts) else { return [] }
        switch (message.code, message.type) {
        case (.response, .identity):
            ikes[ike]?.proof.eapIdentity = text(message.data)
            return tell("IKE", "received EAP identity '\(text(message.data))'", ike, view)
        case (.request, .identity): return []
        case (.request, _) where message.type != ikes[ike]?.proof.eapType:
            ikes[ike]?.proof.eapType = message.type
            let what = "server requested \(Self.name(message.type)) authentication"
            pendingEAP[ike] = "\(what) (id \(hexadecimal(message.identifier)))"
            // Behind what the responder's own proof is told by.
            return proof(facts) == nil ? eapRequested(ike, view) : []
        case (.request, .mschapV2) where message.data.first == 3:
            // Success (RFC 2759 §6, draft-kamath-pppext-eap-mschapv2 §2.3): `S=… M=…`.
            let words = text(message.data.dropFirst(4))
            let said = words.firstRange(of: "M=").map { String(words[$0.upperBound...]) } ?? ""
            return tell("IKE", "EAP-MS-CHAPv2 succeeded: '\(said)'", ike, view)
        case (.success, _): return eapSucceeded(ike, view)
        case (.failure, _): return tell("IKE", "received EAP_FAILURE, EAP authentication failed", ike, view)
        default: return []
        }
    }

    func eapRequested(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        pendingEAP.removeValue(forKey: ike).map { tell("IKE", $0, ike, view) } ?? []
    }

    private func eapSucceeded(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        tell("IKE", "EAP method \(Self.name(ikes[ike]?.proof.eapType)) succeeded, MSK established", ike, view)
    }

    /// Why EAP came to nothing, as far as no EAP message has said it.
    func eapFailed(_ reason: EAPFailure, _ peer: String, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let method = Self.name(ikes[ike]?.proof.eapType)
        switch reason {
        case .refusedByPeer: return []
        case .wrongResponse, .identityMismatch, .certificate, .tls, .noCertificate, .methodRefused:
            return tell(
                "IKE", "EAP method \(method) failed for peer \(ikes[ike]?.proof.eapIdentity ?? peer)", ike, view)
        case .noSecret(let identity):
            // The server, by its identity in IKE, and then the peer, by the one in EAP.
            let isServer = ikes[ike]?.role == .responder
            let server = isServer ? ikes[ike].map { IdentityText.text(localIdentity($0)) } ?? "%any" : peer
            return tell("IKE", "no EAP key found for hosts '\(server)' - '\(text(identity))'", ike, view)
        case .wrongServerResponse: return tell("IKE", "EAP-MS-CHAPv2 verification failed", ike, view)
        case .serverNotProved:
            return tell("IKE", "server authentication by EAP only is not possible with this method", ike, view)
        case .unexpected(let what), .unsupported(let what): return tell("IKE", "EAP failed: \(what)", ike, view)
        }
    }
}
