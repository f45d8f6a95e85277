import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// IKE_AUTH on both sides, with the first Child SA (RFC 7296 §1.2, §2.15).
extension Engine {
    // MARK: Initiator

    func sendIKEAuth(_ ike: IKESA, _ connection: Connection, _ exchanged: IKESA.HalfOpen) {
        sendIKEAuth(
            ike, connection, initiatorNonce: exchanged.initiatorNonce, responderNonce: exchanged.responderNonce,
            request: exchanged.request, response: exchanged.response, resuming: nil)
    }

    func sendIKEAuth(
        _ ike: IKESA, _ connection: Connection, initiatorNonce: [UInt8], responderNonce: [UInt8], request: [UInt8],
        response: [UInt8], resuming: HeldTicket?
    ) {
        guard let keys = ike.keys, let suite = ike.suite else { return }
        let identification = resuming?.local ?? connection.localIdentification(address: ike.local.address)
        let authentication: [Payload]
        let eap: EAPInitiation?
        do throws(EAPFailure) { eap = resuming == nil ? try beginEAP(connection, ike) : nil } catch {
            fail(ike, .eap(error))
            return
        }
        var ppk: [Payload] = []
        func proof() throws(CryptoError) -> (AuthenticationMethod, [UInt8])? {
            try prove(
                connection, ike, identification: identification, message: request, peerNonce: responderNonce,
                peer: connection.remote.identification)
        }
        do {
            if eap != nil {
                guard !lacksPPK(connection, ike) else {
                    fail(ike, .ppk(.noneForPeer))
                    return
                }
            } else if resuming == nil {
                switch try mixPPK(connection, ike, withoutPPK: { () throws(CryptoError) in try proof()?.1 }) {
                case .success(let payloads): ppk = payloads
                case .failure(let refusal):
                    fail(ike, refusal.reason)
                    return
                }
            }
            if resuming != nil {
                let octets = try AuthenticationOctets.resumed(
                    profile.resumptionAuthentication, message: request, peerNonce: responderNonce,
                    identification: identification, prf: suite.prf, skP: keys.skPi)
                authentication = [.authentication(AuthenticationPayload(method: .sharedKeyMIC, data: octets))]
            } else if eap != nil {
                authentication = eapOnlyOffer(connection)
            } else {
                guard let proof = try proof() else {
                    fail(ike, missingProof(connection, ike))
                    return
                }
                authentication = [.authentication(AuthenticationPayload(method: proof.0, data: proof.1))]
            }
        } catch {
            fail(ike, .badSyntax(String(describing: error)))
            return
        }
        guard resuming != nil || !lacksChildless(ike, connection) else {
            fail(ike, .childlessUnsupported)
            return
        }
        let child = beginsChildless(ike, connection) ? nil : firstChild(ike, connection)
        var payloads: [Payload] = [.identificationInitiator(identification)]
        if resuming == nil {
            payloads +=
                certificates(connection, ike) + lookupOffer([connection], ike) + certificateRequest([connection])
        }
        if profile.sendsResponderIdentification, let peer = resuming?.peer ?? connection.remote.identification {
            payloads.append(.identificationResponder(peer))
        }
        payloads += authentication
        // RFC 5723 §4.1: the request for a (new) ticket.
        if connection.sessionResumption {
            payloads.append(.notify(NotifyPayload(type: .ticketRequest)))
            emit(.ticketRequested(ike.id))
        }
        if connection.initialContact, !hasOther(than: ike, peer: connection.remote.identification) {
            payloads.append(.notify(NotifyPayload(type: .initialContact)))
        }
        payloads += configurationRequest(connection)
        if let child { payloads += childPayloads(child, ike, connection) }
        payloads += mobilityOffer(connection, ike) + ppk
        ike.phase = .authSent(
            IKESA.AuthenticationOffer(
                initiatorNonce: initiatorNonce, responderNonce: responderNonce, request: request, response: response,
                identification: identification, resuming: resuming, askedForTicket: connection.sessionResumption,
                child: child, eap: eap))
        if let child { emit(.childCreated(child.child, ike.id, connection.id)) }
        self.request(ike, .ikeAuth, purpose(child, ike), payloads)
    }

    private func firstChild(_ ike: IKESA, _ connection: Connection) -> ChildOffer {
        ChildOffer(
            child: ChildSAID(nextNumber()), spi: newESPSPI(),
            localSelectors: localSelectors(connection, ike), remoteSelectors: remoteSelectors(connection, ike))
    }

    private func childPayloads(_ child: ChildOffer, _ ike: IKESA, _ connection: Connection) -> [Payload] {
        let proposals = impaired(
            ProposalNegotiation.wire(connection.espProposals, spi: child.spi, withKeyExchange: false),
            of: .firstChild(ike.id))
        return [.securityAssociation(proposals)]
            + (connection.mode == .transport ? [.notify(NotifyPayload(type: .useTransportMode))] : [])
            + selectorPayloads(child.localSelectors, child.remoteSelectors, ike)
    }

    private func purpose(_ child: ChildOffer?, _ ike: IKESA) -> RequestPurpose {
        guard let child else { return .ikeAuthAlone }
        return .ikeAuth(child: child.child, inbound: child.spi, encapsulated: encapsulation(of: ike) != .none)
    }

    func takeIKEAuthResponse(_ payloads: [Payload], _ ike: IKESA, _ offer: IKESA.AuthenticationOffer) {
        if let eap = offer.eap {
            takeEAPResponse(payloads, ike, offer, eap)
            return
        }
        if let connection = connection(of: ike), let reason = settlePPK(payloads, ike, connection) {
            disown(ike, reason)
            return
        }
        guard let connection = connection(of: ike), let keys = ike.keys, let suite = ike.suite else { return }
        guard let peer = payloads.identificationResponder, let proof = payloads.authentication else {
            if let error = payloads.errorNotify {
                fail(ike, .refused(error.type))
            } else {
                fail(ike, .badSyntax("IKE_AUTH response without IDr, AUTH"))
            }
            return
        }
        let expected = offer.resuming?.peer ?? connection.remote.identification
        guard expected == nil || expected?.admits(peer) ?? false else {
            disown(ike, .identificationMismatch)
            return
        }
        // With a PPK the keys have been mixed by now, and are not to be mixed again.
        ike.mayPark = connection.ppk == .never
        let verdict = verify(
            proof, connection, ike, keys: keys, prf: suite.prf, identification: peer, message: offer.response,
            peerNonce: offer.initiatorNonce, isResumption: offer.resuming != nil, certificates: payloads.certificates)
        ike.mayPark = false
        switch verdict {
        case .failure(let refusal) where refusal.isWaiting: ike.parked = payloads
        case .failure(let refusal):
            disown(ike, refusal.reason)
            return
        case .success(let proof):
            conclude(
                payloads, ike, connection, offer, peer: peer, proof: proof,
                isInitialContact: payloads.notify(.initialContact) != nil)
        }
    }

    /// The responder has proved who it is: what else the last answer of IKE_AUTH holds.
    /// - Parameter isInitialContact: whether the first answer has INITIAL_CONTACT.
    func conclude(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ offer: IKESA.AuthenticationOffer,
        peer: Identification, proof: AuthenticationProof, isInitialContact: Bool
    ) {
        ike.identification = offer.identification
        establish(ike, connection, peer: peer, proof: proof)
        if isInitialContact { heedInitialContact(ike, connection, peer: peer) }
        if let target = redirectTarget(payloads, connection) {
            follow(target, ike, connection, .ikeAuth, child: offer.child?.child)
            return
        }
        noteMobility(payloads, ike, connection)
        takeTicket(payloads, ike, connection, offer, peer: peer)
        if let child = offer.child {
            takeChildAnswer(payloads, ike, connection, offer, child)
        } else {
            startFirstChild(payloads, ike, connection)
        }
        startQueued(behind: ike)
    }

    /// The responder believes that the IKE SA stands and we do not: it is told (RFC 7296 §2.21.2).
    func disown(_ ike: IKESA, _ reason: FailureReason) {
        emit(.ikeFailed(ike.id, ike.state, reason))
        deleteAtOnce(ike, .failed(reason))
    }

    private func takeChildAnswer(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ offer: IKESA.AuthenticationOffer,
        _ child: ChildOffer
    ) {
        func reject(_ reason: FailureReason) {
            emit(.childRejected(child.child, ike.id, reason))
            if case .refusing = reason { deleteUnusable(child, ike) }
            endedUnwanted(connection.id, ike, child: child.child, reason: .failed(reason))
        }
        if let error = payloads.errorNotify {
            // RFC 7296 §3.10.1: known or not, it says that there is no Child SA. Who has made one all the same takes it away.
            if payloads.securityAssociation != nil { deleteUnusable(child, ike) }
            reject(.refused(error.type))
            return
        }
        guard let answer = payloads.securityAssociation, let theirTSi = payloads.trafficSelectorsInitiator,
            let theirTSr = payloads.trafficSelectorsResponder
        else {
            reject(.badSyntax("IKE_AUTH response without SA, TSi, TSr"))
            return
        }
        guard
            let agreed = ProposalNegotiation.accept(
                answer: answer, offered: connection.espProposals, withKeyExchange: false)
        else {
            reject(.refusing(.noProposalChosen))
            return
        }
        emit(.proposalAccepted(ike.id, child.child, answer[0]))
        guard takeConfiguration(payloads, ike, connection, child.child) else {
            reject(.refusing(.failedCPRequired))
            return
        }
        let offeredLocal =
            connection.configuration.isClient ? localSelectors(connection, ike) : child.localSelectors
        guard TrafficSelectorNarrowing.isWithin(theirTSi, offered: offeredLocal),
            TrafficSelectorNarrowing.isWithin(theirTSr, offered: child.remoteSelectors)
        else {
            reject(.refusing(.tsUnacceptable))
            return
        }
        let mode: ESPMode =
            connection.mode == .transport && payloads.notify(.useTransportMode) != nil ? .transport : .tunnel
        guard mode == connection.mode else {
            reject(.refusing(.noProposalChosen))
            return
        }
        installChild(
            child.child, ike, connection, role: .initiator, suite: agreed.suite, inbound: child.spi,
            outbound: agreed.spi, localSelectors: theirTSi, remoteSelectors: theirTSr, ni: offer.initiatorNonce,
            nr: offer.responderNonce)
        finishInitiation(connection.id, succeeded: true)
    }

    // MARK: Responder

    func answerIKEAuth(_ payloads: [Payload], _ ike: IKESA, _ halfOpen: IKESA.HalfOpen) {
        guard let keys = ike.keys, let suite = ike.suite else { return }
        noteCertificateWishes(payloads, ike)
        func refuse(_ type: NotifyType, _ reason: FailureReason) { refuseIKEAuth(ike, type, reason) }
        guard isPathUnaltered(payloads, ike) else {
            refuse(.unexpectedNATDetected, .refusing(.unexpectedNATDetected))
            return
        }
        if let peer = payloads.identificationInitiator, payloads.authentication == nil,
            answerWithEAP(payloads, ike, halfOpen, peer: peer)
        {
            return
        }
        guard let peer = payloads.identificationInitiator, let proof = payloads.authentication else {
            refuse(.invalidSyntax, .badSyntax("IKE_AUTH request without IDi, AUTH"))
            return
        }
        if let session = halfOpen.session, session.client != peer {
            // RFC 5723 §5: the identity is the ticket's.
            refuse(.authenticationFailed, .identificationMismatch)
            return
        }
        if let session = halfOpen.session, vault.isUsed(serial: session.serial) {
            // Two resumptions with one ticket were under way at once: the first to get here has it (RFC 5723 §5).
            refuse(.authenticationFailed, .refusing(.authenticationFailed))
            return
        }
        guard
            let connection = selectConnection(
                ike, peer: peer, ourselves: payloads.identificationResponder, proof: proof, session: halfOpen.session,
                tsi: payloads.trafficSelectorsInitiator, tsr: payloads.trafficSelectorsResponder,
                mode: payloads.wantedMode)
        else {
            refuse(.authenticationFailed, .identificationMismatch)
            return
        }
        assign(ike, to: connection)
        var claim = proof
        if halfOpen.session == nil {
            switch answerPPK(proof, payloads, ike, connection, peer: peer) {
            case .success(let other): claim = other
            case .failure(let refusal):
                refuse(.authenticationFailed, refusal.reason)
                return
            }
        }
        ike.mayPark = connection.ppk == .never
        let verdict = verify(
            claim, connection, ike, keys: ike.keys ?? keys, prf: suite.prf, identification: peer,
            message: halfOpen.request,
            peerNonce: halfOpen.responderNonce, isResumption: halfOpen.session != nil,
            certificates: payloads.certificates)
        ike.mayPark = false
        let accepted: AuthenticationProof
        switch verdict {
        case .failure(let refusal) where refusal.isWaiting:
            ike.parked = payloads
            return
        case .failure(let refusal):
            refuse(.authenticationFailed, refusal.reason)
            return
        case .success(let proof): accepted = proof
        }
        guard payloads.securityAssociation != nil || permitsChildless(connection) else {
            // RFC 6023 §3: who has not said that it can do without takes it for what it was in RFC 7296.
            refuse(.invalidSyntax, .badSyntax("IKE_AUTH request without SA, TSi, TSr"))
            return
        }
        let identification =
            halfOpen.session?.gateway ?? connection.localIdentification(address: ike.local.address)
        let ours: (method: AuthenticationMethod, octets: [UInt8])
        do {
            if case .sessionResumption(let reading) = accepted {
                // In the reading that the initiator has shown to have.
                ours = (
                    .sharedKeyMIC,
                    try AuthenticationOctets.resumed(
                        reading, message: halfOpen.response, peerNonce: halfOpen.initiatorNonce,
                        identification: identification, prf: suite.prf, skP: keys.skPr)
                )
            } else if let proof = try prove(
                connection, ike, identification: identification, message: halfOpen.response,
                peerNonce: halfOpen.initiatorNonce, peer: peer)
            {
                ours = proof
            } else {
                refuse(.authenticationFailed, missingProof(connection, ike))
                return
            }
        } catch {
            refuse(.authenticationFailed, .badSyntax(String(describing: error)))
            return
        }
        concludeResponse(
            payloads, ike, connection, halfOpen, peer: peer, proof: accepted,
            before: [.identificationResponder(identification)]
                + (halfOpen.session == nil ? certificates(connection, ike) : [])
                + [.authentication(AuthenticationPayload(method: ours.method, data: ours.octets))],
            gateway: identification)
    }

    func refuseIKEAuth(_ ike: IKESA, _ type: NotifyType, _ reason: FailureReason, with payloads: [Payload] = []) {
        respond(ike, .ikeAuth, payloads + [.notify(NotifyPayload(type: type))])
        emit(.ikeFailed(ike.id, ike.state, reason))
        discard(ike, .failed(reason))
    }

    func assign(_ ike: IKESA, to connection: Connection) {
        guard ike.connection != connection.id else { return }
        ike.connection = connection.id
        emit(.ikeAssigned(ike.id, connection.id))
    }

    /// The initiator has proved who it is: what it asks for beside that.
    /// - Parameters:
    ///   - payloads: the request's; with EAP, the first one's.
    ///   - first: our identity and its proof, which come first.
    func concludeResponse(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ halfOpen: IKESA.HalfOpen,
        peer: Identification, proof: AuthenticationProof, before first: [Payload], gateway: Identification
    ) {
        ike.identification = gateway
        establish(ike, connection, peer: peer, proof: proof)
        if let session = halfOpen.session { retire(session, resumedAs: ike) }
        if payloads.notify(.initialContact) != nil { heedInitialContact(ike, connection, peer: peer) }
        var answer = ticketPayloads(for: payloads, ike, connection, gateway: gateway) + first
        if let redirection = redirectAnswer(ike, connection) {
            respond(ike, .ikeAuth, answer + redirection)
            return
        }
        answer += answerChild(payloads, ike, connection, halfOpen)
        if halfOpen.session == nil { answer += ppkAnswer(ike) }
        noteMobility(payloads, ike, connection)
        if ike.mobility != nil { answer += mobilityOffer(connection, ike) }
        respond(ike, .ikeAuth, answer)
    }

    /// SA, TSi, TSr of the first Child SA, or the notify that refuses it; the IKE SA stands either way (RFC 7296 §1.2).
    private func answerChild(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ halfOpen: IKESA.HalfOpen
    ) -> [Payload] {
        guard let offered = payloads.securityAssociation else { return answerChildless(payloads, ike, connection) }
        let child = ChildSAID(nextNumber())
        emit(.childCreated(child, ike.id, connection.id))
        func reject(_ type: NotifyType) -> [Payload] {
            emit(.childRejected(child, ike.id, .refusing(type)))
            return [.notify(NotifyPayload(type: type))]
        }
        guard connection.childless != .force || halfOpen.session != nil else { return reject(.noAdditionalSAs) }
        guard let tsi = payloads.trafficSelectorsInitiator, let tsr = payloads.trafficSelectorsResponder else {
            return reject(.tsUnacceptable)
        }
        guard
            let chosen = ProposalNegotiation.choose(
                from: offered, accepting: connection.espProposals, withKeyExchange: false)
        else { return reject(.noProposalChosen) }
        emit(
            .proposalChosen(
                ike.id, child,
                ProposalNegotiation.answer(chosen.suite, number: chosen.number, spi: chosen.spi, to: offered),
                offered: offered))
        let configuration: [Payload]
        switch answerConfiguration(payloads, ike, connection) {
        case .success(let payloads): configuration = payloads
        case .failure(let refusal):
            if case .refusing(let type) = refusal.reason { return reject(type) }
            return reject(.internalAddressFailure)
        }
        guard let remoteSelectors = narrowRemote(tsi, connection, ike),
            let localSelectors = TrafficSelectorNarrowing.narrow(
                offered: tsr, configured: localSelectors(connection, ike), narrowing: connection.narrowing)
        else { return reject(.tsUnacceptable) }
        guard permitsMode(payloads, connection) else { return reject(.noProposalChosen) }
        let spi = newESPSPI()
        installChild(
            child, ike, connection, role: .responder, suite: chosen.suite, inbound: spi, outbound: chosen.spi,
            localSelectors: localSelectors, remoteSelectors: remoteSelectors, ni: halfOpen.initiatorNonce,
            nr: halfOpen.responderNonce)
        var answer: [Payload] =
            configuration + [
                .securityAssociation([
                    ProposalNegotiation.answer(chosen.suite, number: chosen.number, spi: spi, to: offered)
                ])
            ]
        if connection.mode == .transport { answer.append(.notify(NotifyPayload(type: .useTransportMode))) }
        return answer + [.trafficSelectorsInitiator(remoteSelectors), .trafficSelectorsResponder(localSelectors)]
    }

    /// The connection that the identities mean: the one that IKE_SA_INIT was answered with where it fits, and of those
    /// that fit one whose selectors do too.
    func selectConnection(
        _ ike: IKESA, peer: Identification, ourselves: Identification?, proof: AuthenticationPayload?,
        session: TicketContents?, tsi: [TrafficSelector]?,
        tsr: [TrafficSelector]?, mode: ESPMode
    ) -> Connection? {
        let fitting = connections(local: ike.local.address, remote: ike.remote.address).filter { connection in
            let theirs = connection.remote.identification
            let ours = connection.localIdentification(address: ike.local.address)
            return (theirs?.admits(peer) ?? true) && (ourselves?.admits(ours) ?? true)
                && (session.map(connection.admits) ?? true)
                // An identity must not lead to a connection that would not have taken what IKE_SA_INIT agreed on.
                && (ike.suite.map(connection.admits) ?? false)
        }
        // Of several for the same identities, one that takes the way in which the peer proves its own.
        let proven = fitting.filter { session != nil || $0.remote.authentication.takes(proof?.method) }
        let able = proven.isEmpty ? fitting : proven
        // Who is named goes before anybody; of equals the one that IKE_SA_INIT was answered with.
        let named = able.filter { $0.remote.identification == peer }
        let ranked = named + able.filter { $0.remote.identification != peer }
        let first = (named.isEmpty ? able : named).filter { $0.id == ike.connection }
        let ordered = first + ranked.filter { one in !first.contains { $0.id == one.id } }
        guard let tsi, let tsr else { return ordered.first }
        let selected = ordered.filter { connection in
            couldProtect(tsi, connection, ike)
                && TrafficSelectorNarrowing.narrow(
                    offered: tsr, configured: localSelectors(connection, ike), narrowing: connection.narrowing) != nil
        }
        return selected.first { $0.mode == mode } ?? selected.first ?? ordered.first
    }

    // MARK: Proofs of identity

    struct Refusal: Error {
        var reason: FailureReason
        /// It is none yet: revocation lists are to be fetched.
        var isWaiting = false
    }

    /// Our AUTH; nil where there is no key for the two identities.
    func prove(
        _ connection: Connection, _ ike: IKESA, identification: Identification, message: [UInt8], peerNonce: [UInt8],
        peer: Identification?
    ) throws(CryptoError) -> (AuthenticationMethod, [UInt8])? {
        guard let keys = ike.keys, let suite = ike.suite else { return nil }
        let skP = keys.skP(ike.role)
        let signed = try AuthenticationOctets.signed(
            message: message, peerNonce: peerNonce, identification: identification, prf: suite.prf, skP: skP,
            intermediate: ike.intermediate)
        let secret: SecretBytes
        switch connection.local.authentication {
        case .sharedKey:
            guard let key = sharedKey(of: .thisEnd, ike, suite.prf, local: identification, remote: peer) else {
                return nil
            }
            secret = key
        // RFC 7619 §2.1: SK_px stands in for the shared secret.
        case .null: secret = skP
        case .signature(let policy): return try sign(signed, policy, ike)
        // It has no AUTH before EAP is over.
        case .eap: return nil
        }
        return (
            connection.local.authentication == .null ? .null : .sharedKeyMIC,
            try AuthenticationOctets.sharedKey(secret, prf: suite.prf, signed: signed)
        )
    }

    /// Whether the peer's AUTH is right, and how it was made.
    func verify(
        _ proof: AuthenticationPayload, _ connection: Connection, _ ike: IKESA, keys: IKEKeys, prf: PRFAlgorithm,
        identification: Identification, message: [UInt8], peerNonce: [UInt8], isResumption: Bool,
        certificates: [CertificatePayload]
    ) -> Result<AuthenticationProof, Refusal> {
        let skP = keys.skP(ike.role == .initiator ? .responder : .initiator)
        let mismatch = Result<AuthenticationProof, Refusal>.failure(Refusal(reason: .authenticationMismatch))
        do throws(CryptoError) {
            if isResumption {
                guard proof.method == .sharedKeyMIC else { return mismatch }
                for reading in [ResumptionAuthentication.messageNonceIdentity, .messageOnly] {
                    let expected = try AuthenticationOctets.resumed(
                        reading, message: message, peerNonce: peerNonce, identification: identification, prf: prf,
                        skP: skP)
                    if constantTimeEquals(expected, proof.data) { return .success(.sessionResumption(reading)) }
                }
                return mismatch
            }
            let signed = try AuthenticationOctets.signed(
                message: message, peerNonce: peerNonce, identification: identification, prf: prf, skP: skP,
                intermediate: ike.intermediate)
            let secret: SecretBytes
            switch connection.remote.authentication {
            case .signature(let policy):
                return verifySignature(
                    proof, of: signed, by: identification, policy, ike, certificates: certificates
                ).map { .signature($0) }
            case .sharedKey:
                guard proof.method == .sharedKeyMIC else { return mismatch }
                let ours = connection.localIdentification(address: ike.local.address)
                guard let key = sharedKey(of: .peer, ike, prf, local: ours, remote: identification) else {
                    return .failure(Refusal(reason: .noSharedKey))
                }
                secret = key
            case .null:
                guard proof.method == .null else { return mismatch }
                secret = skP
            case .eap: return mismatch
            }
            let expected = try AuthenticationOctets.sharedKey(secret, prf: prf, signed: signed)
            guard constantTimeEquals(expected, proof.data) else { return mismatch }
            return .success(connection.remote.authentication == .null ? .null : .sharedKey)
        } catch {
            return mismatch
        }
    }

    /// The key for two identities; one that is too short for the PRF is told, or refused where that is asked for.
    private func sharedKey(
        of prover: PreSharedKeys.Prover, _ ike: IKESA, _ prf: PRFAlgorithm, local: Identification,
        remote: Identification?
    ) -> SecretBytes? {
        guard
            let key = secrets.key(
                of: prover, local: local, remote: remote, localAddress: ike.local.address,
                remoteAddress: ike.remote.address)
        else { return nil }
        guard key.count < PreSharedKeys.minimumOctets(for: prf) else { return key }
        let refused = secrets.refusesShortKeys
        emit(.sharedKeyTooShort(ike.id, local: local, octets: key.count, prf, refused: refused))
        return refused ? nil : key
    }

    // MARK: Both

    /// The IKE SA is authenticated: its clocks start.
    private func establish(_ ike: IKESA, _ connection: Connection, peer: Identification, proof: AuthenticationProof) {
        timers.cancel(.halfOpen(ike.id))
        halfOpenIKEs.remove(ike.id)
        forgetInitialRequest(of: ike)
        ike.phase = .established
        ike.peer = peer
        ike.established = now
        ike.expires = now + connection.lifetimes.ike
        timers.set(.expiry(ike.id), at: now + connection.lifetimes.ike)
        armRekeying(ike, connection)
        records[connection.id]?.ike = ike.id
        armLiveness(ike, connection)
        armKeepAlive(ike)
        emit(.ikeEstablished(ike.id, ike.role, peer: peer, proof: proof))
    }
}
