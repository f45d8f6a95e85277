import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// The initiator's IKE_AUTH exchanges with EAP in them (RFC 7296 §2.16).
final class EAPInitiation {
    let peer: EAPPeer
    /// The responder, once its first answer has been taken; without a proof where EAP alone is one (RFC 5998).
    var responder: (identification: Identification, proof: AuthenticationProof?)?
    /// Its first answer has INITIAL_CONTACT, which counts once both are authenticated (RFC 7296 §2.4).
    var isInitialContact = false
    /// Once EAP has succeeded: what the last two AUTH are made with.
    var masterSessionKey: SecretBytes?

    init(_ peer: EAPPeer) { self.peer = peer }
}

/// The responder's.
final class EAPExchange {
    let server: EAPServer
    let halfOpen: IKESA.HalfOpen
    /// The first IKE_AUTH request: what it asks for is answered in the end.
    let request: [Payload]
    let connection: Connection
    let peer: Identification
    let policy: EAPPolicy
    var masterSessionKey: SecretBytes?

    init(
        _ server: EAPServer, _ halfOpen: IKESA.HalfOpen, request: [Payload], _ connection: Connection,
        peer: Identification, _ policy: EAPPolicy
    ) {
        self.server = server
        self.halfOpen = halfOpen
        self.request = request
        self.connection = connection
        self.peer = peer
        self.policy = policy
    }
}

/// Authentication of the initiator by EAP, which takes further IKE_AUTH exchanges (RFC 7296 §2.16).
extension Engine {
    // MARK: Initiator

    /// What begins it; nil where the connection does without.
    func beginEAP(_ connection: Connection, _ ike: IKESA) throws(EAPFailure) -> EAPInitiation? {
        guard case .eap(let policy) = connection.local.authentication else { return nil }
        if case .eap = connection.remote.authentication, !policy.method.standsAlone { throw .serverNotProved }
        let identity =
            policy.identity ?? connection.localIdentification(address: ike.local.address).eapIdentity
        let method: any EAPPeerMethod
        switch policy.method {
        case .mschapV2:
            guard let secret = secrets.eapSecret(of: identity) else { throw .noSecret(identity) }
            guard MSCHAPv2.isSupported else {
                throw .unsupported("OpenSSL's legacy provider, which has MD4, is missing")
            }
            method = EAPMSCHAPv2Peer(
                identity: identity, secret: secret, challenge: random.octets(MSCHAPv2.challengeLength))
        case .tls:
            method = EAPTLSPeer(try tlsSession(.client, policy, peer: connection.remote.identification))
        }
        return EAPInitiation(EAPPeer(method, identity: identity))
    }

    /// N(EAP_ONLY_AUTHENTICATION), where the responder may do without a certificate (RFC 5998 §3).
    func eapOnlyOffer(_ connection: Connection) -> [Payload] {
        guard case .eap = connection.remote.authentication else { return [] }
        return [.notify(NotifyPayload(type: .eapOnlyAuthentication))]
    }

    func takeEAPResponse(
        _ payloads: [Payload], _ ike: IKESA, _ offer: IKESA.AuthenticationOffer, _ eap: EAPInitiation
    ) {
        guard let connection = connection(of: ike) else { return }
        if eap.responder == nil, payloads.eap != nil {
            do throws(Refusal) { eap.responder = try responder(payloads, ike, connection, offer) } catch {
                disown(ike, error.reason)
                return
            }
            eap.isInitialContact = payloads.notify(.initialContact) != nil
            if let responder = eap.responder, let proof = responder.proof {
                emit(.responderProved(ike.id, responder.identification, proof))
            }
        }
        if let responder = eap.responder, let key = eap.masterSessionKey {
            if let reason = settlePPK(payloads, ike, connection) {
                disown(ike, reason)
            } else {
                finishEAP(
                    payloads, ike, connection, offer, responder, key, isInitialContact: eap.isInitialContact)
            }
            return
        }
        guard let message = payloads.eap else {
            fail(ike, payloads.errorNotify.map { .refused($0.type) } ?? .badSyntax("IKE_AUTH response without EAP"))
            return
        }
        do throws(EAPFailure) {
            switch try eap.peer.take(message) {
            case .respond(let octets): request(ike, .ikeAuth, .ikeAuthAlone, [.eap(octets)])
            case .succeeded(let key):
                eap.masterSessionKey = key
                do throws(CryptoError) {
                    func proof() throws(CryptoError) -> AuthenticationPayload {
                        try eapProof(
                            key, ike, ike.role, message: offer.request, nonce: offer.responderNonce,
                            offer.identification)
                    }
                    switch try mixPPK(
                        connection, ike, withoutPPK: { () throws(CryptoError) in try proof().data })
                    {
                    case .success(let ppk):
                        request(ike, .ikeAuth, .ikeAuthAlone, [.authentication(try proof())] + ppk)
                    case .failure(let refusal): disown(ike, refusal.reason)
                    }
                } catch {
                    fail(ike, .authenticationMismatch)
                }
            }
        } catch {
            // Who has said Failure has nothing left to be told.
            if let last = try? EAPMessage(parsing: message), last.code == .failure {
                fail(ike, .eap(error))
            } else {
                disown(ike, .eap(error))
            }
        }
    }

    /// The responder's own proof comes before EAP begins, where the connection asks for one.
    private func responder(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ offer: IKESA.AuthenticationOffer
    ) throws(Refusal) -> (identification: Identification, proof: AuthenticationProof?) {
        guard let peer = payloads.identificationResponder, let keys = ike.keys, let suite = ike.suite else {
            throw Refusal(reason: .badSyntax("IKE_AUTH response without IDr"))
        }
        guard connection.remote.identification?.admits(peer) ?? true else {
            throw Refusal(reason: .identificationMismatch)
        }
        if case .eap = connection.remote.authentication { return (peer, nil) }
        guard let proof = payloads.authentication else {
            throw Refusal(reason: .badSyntax("IKE_AUTH response without AUTH"))
        }
        let verdict = verify(
            proof, connection, ike, keys: keys, prf: suite.prf, identification: peer, message: offer.response,
            peerNonce: offer.initiatorNonce, isResumption: false, certificates: payloads.certificates)
        return (peer, try verdict.get())
    }

    private func finishEAP(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ offer: IKESA.AuthenticationOffer,
        _ responder: (identification: Identification, proof: AuthenticationProof?), _ key: SecretBytes,
        isInitialContact: Bool
    ) {
        guard let theirs = payloads.authentication else {
            fail(ike, payloads.errorNotify.map { .refused($0.type) } ?? .badSyntax("IKE_AUTH response without AUTH"))
            return
        }
        guard case .eap(let policy) = connection.local.authentication,
            let expected = try? eapProof(
                key, ike, .responder, message: offer.response, nonce: offer.initiatorNonce, responder.identification),
            theirs.method == .sharedKeyMIC, constantTimeEquals(theirs.data, expected.data)
        else {
            disown(ike, .authenticationMismatch)
            return
        }
        let proof =
            responder.proof
            ?? .eap(EAPProof(method: policy.method, identity: responder.identification.eapIdentity))
        conclude(
            payloads, ike, connection, offer, peer: responder.identification, proof: proof,
            isInitialContact: isInitialContact)
    }

    // MARK: Responder

    /// An IKE_AUTH request without AUTH: its sender wants to be authenticated by EAP.
    /// - Returns: false where no connection does that.
    func answerWithEAP(
        _ payloads: [Payload], _ ike: IKESA, _ halfOpen: IKESA.HalfOpen, peer: Identification
    ) -> Bool {
        guard halfOpen.session == nil,
            let connection = selectConnection(
                ike, peer: peer, ourselves: payloads.identificationResponder, proof: nil, session: nil,
                tsi: payloads.trafficSelectorsInitiator, tsr: payloads.trafficSelectorsResponder,
                mode: payloads.wantedMode),
            case .eap(let policy) = connection.remote.authentication
        else { return false }
        assign(ike, to: connection)
        guard ike.usesPPK || connection.ppk != .insist else {
            refuseIKEAuth(ike, .authenticationFailed, .ppk(.unsupportedByPeer))
            return true
        }
        let identification = connection.localIdentification(address: ike.local.address)
        var answer: [Payload] = [.identificationResponder(identification)]
        do throws(EAPFailure) {
            switch connection.local.authentication {
            case .eap:
                guard policy.method.standsAlone, payloads.notify(.eapOnlyAuthentication) != nil else {
                    throw .serverNotProved
                }
            default:
                guard
                    let ours = try? prove(
                        connection, ike, identification: identification, message: halfOpen.response,
                        peerNonce: halfOpen.initiatorNonce, peer: peer)
                else {
                    refuseIKEAuth(ike, .authenticationFailed, missingProof(connection, ike))
                    return true
                }
                answer += certificates(connection, ike)
                answer.append(.authentication(AuthenticationPayload(method: ours.0, data: ours.1)))
            }
            let server = EAPServer(policy, identity: peer.eapIdentity, identifier: random.octets(1)[0]) {
                (identity) throws(EAPFailure) in try self.eapServerMethod(policy, identity, peer: peer)
            }
            answer.append(.eap(try server.begin()))
            ike.phase = .awaitingEAP(
                EAPExchange(server, halfOpen, request: payloads, connection, peer: peer, policy))
        } catch {
            refuseIKEAuth(ike, .authenticationFailed, .eap(error))
            return true
        }
        respond(ike, .ikeAuth, answer)
        return true
    }

    private func eapServerMethod(
        _ policy: EAPPolicy, _ identity: [UInt8], peer: Identification
    ) throws(EAPFailure) -> any EAPServerMethod {
        switch policy.method {
        case .mschapV2:
            guard let secret = secrets.eapSecret(of: identity) else { throw .noSecret(identity) }
            guard MSCHAPv2.isSupported else {
                throw .unsupported("OpenSSL's legacy provider, which has MD4, is missing")
            }
            return EAPMSCHAPv2Server(
                identity: identity, secret: secret, challenge: random.octets(MSCHAPv2.challengeLength),
                name: Array("swand".utf8), number: random.octets(1)[0])
        case .tls: return EAPTLSServer(try tlsSession(.server, policy, peer: peer))
        }
    }

    func answerEAP(_ payloads: [Payload], _ ike: IKESA, _ exchange: EAPExchange) {
        if let key = exchange.masterSessionKey {
            answerAfterEAP(payloads, ike, exchange, key)
            return
        }
        guard let message = payloads.eap else {
            refuseIKEAuth(ike, .invalidSyntax, .badSyntax("IKE_AUTH request without EAP"))
            return
        }
        do throws(EAPFailure) {
            switch try exchange.server.take(message) {
            case .request(let octets): respond(ike, .ikeAuth, [.eap(octets)])
            case .succeeded(let octets, let key):
                exchange.masterSessionKey = key
                respond(ike, .ikeAuth, [.eap(octets)])
            }
        } catch {
            refuseIKEAuth(ike, .authenticationFailed, .eap(error), with: [.eap(exchange.server.failure)])
        }
    }

    /// A peer that gives up in the middle says so in an exchange of its own (RFC 7296 §2.21.2).
    func answerFarewell(_ payloads: [Payload], _ ike: IKESA) {
        respond(ike, .informational, [])
        if let error = payloads.errorNotify {
            fail(ike, .refused(error.type))
        } else if !payloads.deletes.isEmpty {
            discard(ike, .peerRequest)
        }
    }

    /// The two AUTH that bind EAP to this IKE SA, and what the first request asked for (RFC 7296 §2.16).
    private func answerAfterEAP(_ payloads: [Payload], _ ike: IKESA, _ exchange: EAPExchange, _ key: SecretBytes) {
        let halfOpen = exchange.halfOpen
        let identification = exchange.connection.localIdentification(address: ike.local.address)
        guard let proof = payloads.authentication else {
            refuseIKEAuth(ike, .invalidSyntax, .badSyntax("IKE_AUTH request without AUTH"))
            return
        }
        let claim: AuthenticationPayload
        switch answerPPK(proof, payloads, ike, exchange.connection, peer: exchange.peer) {
        case .success(let other): claim = other
        case .failure(let refusal):
            refuseIKEAuth(ike, .authenticationFailed, refusal.reason)
            return
        }
        guard
            let expected = try? eapProof(
                key, ike, .initiator, message: halfOpen.request, nonce: halfOpen.responderNonce, exchange.peer),
            let ours = try? eapProof(
                key, ike, .responder, message: halfOpen.response, nonce: halfOpen.initiatorNonce, identification),
            claim.method == .sharedKeyMIC, constantTimeEquals(claim.data, expected.data)
        else {
            refuseIKEAuth(ike, .authenticationFailed, .authenticationMismatch)
            return
        }
        concludeResponse(
            exchange.request, ike, exchange.connection, halfOpen, peer: exchange.peer,
            proof: .eap(EAPProof(method: exchange.policy.method, identity: exchange.server.identity)),
            before: [.authentication(ours)], gateway: identification)
    }

    // MARK: Both

    /// AUTH of one end, with the MSK in the place of a shared key (RFC 7296 §2.15, §2.16).
    private func eapProof(
        _ key: SecretBytes, _ ike: IKESA, _ sender: Role, message: [UInt8], nonce: [UInt8],
        _ identification: Identification
    ) throws(CryptoError) -> AuthenticationPayload {
        guard let keys = ike.keys, let suite = ike.suite else { throw .unsupported("AUTH without keys") }
        let signed = try AuthenticationOctets.signed(
            message: message, peerNonce: nonce, identification: identification, prf: suite.prf,
            skP: keys.skP(sender), intermediate: ike.intermediate)
        return AuthenticationPayload(
            method: .sharedKeyMIC, data: try AuthenticationOctets.sharedKey(key, prf: suite.prf, signed: signed))
    }

    /// A TLS session with this end's certificate that takes certificates of the peer as IKE itself does; of whom it is,
    /// where that is known.
    private func tlsSession(
        _ role: TLSSession.Role, _ policy: EAPPolicy, peer: Identification?
    ) throws(EAPFailure) -> TLSSession {
        guard let own = policy.certificates.certificate, let key = credentials.privateKey(of: own.publicKey) else {
            throw .noCertificate
        }
        let (trust, time, policy) = (credentials.trust, wallClock, policy.certificates)
        do throws(CryptoError) {
            return try TLSSession(
                role, chain: chain(of: own), key: key, authorities: trust.anchors.filter(\.isAuthority)
            ) { sent in
                do throws(CertificateRefusal) {
                    let path = try trust.path(
                        of: sent[0], helpers: Array(sent.dropFirst()), time: time, authorities: policy.authorities)
                    let isStrict = policy.requiresRevocationLists || trust.requiresRevocationLists
                    if let refusal = path.refusal(requiringLists: isStrict) { throw refusal }
                } catch { return error }
                if let peer, policy.requiresIdentityInCertificate, !sent[0].carries(peer) {
                    return .invalid("the peer's identity is not one that it carries")
                }
                return nil
            }
        } catch { throw .tls(String(describing: error)) }
    }
}

extension [Payload] {
    /// The EAP message (RFC 7296 §3.16).
    var eap: [UInt8]? {
        for case .eap(let octets) in self { return octets }
        return nil
    }
}
