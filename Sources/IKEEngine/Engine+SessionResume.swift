import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// IKE_SESSION_RESUME and the tickets around it, both sides (RFC 5723).
extension Engine {
    // MARK: Initiator

    func startSessionResume(_ connection: Connection, _ ticket: HeldTicket, local: IPAddress, remote: IPAddress) {
        guard let ends = ends(of: connection, local: local, remote: remote) else { return }
        startSessionResume(connection, ticket, local: ends.local, remote: ends.remote)
    }

    func startSessionResume(_ connection: Connection, _ ticket: HeldTicket, local: Endpoint, remote: Endpoint) {
        let offer = IKESA.ResumptionOffer(
            ticket: ticket, nonce: random.octets(profile.nonceOctets), message: [])
        let ike = createIKESA(
            .initiator, connection.id, local: local, remote: remote, initiatorSPI: newIKESPI(), responderSPI: .zero,
            phase: .resumeSent(offer))
        records[connection.id]?.ike = ike.id
        emit(.ikeCreated(ike.id, connection.id, .initiator, local: ike.local, remote: ike.remote, resuming: true))
        sendSessionResume(ike, offer)
    }

    /// HDR, [N(COOKIE),] Ni, N(TICKET_OPAQUE) [,N+] (RFC 5723 §4.3.1).
    private func sendSessionResume(_ ike: IKESA, _ offer: IKESA.ResumptionOffer) {
        var ticket = offer.ticket.ticket
        if impairments.corruptTicket, let last = ticket.indices.last {
            ticket[last] ^= 0xff
            emit(.impaired(ike.id, "corrupting the session resume ticket's last byte"))
        }
        var payloads: [Payload] = []
        if let cookie = offer.cookies.newest { payloads.append(.notify(NotifyPayload(type: .cookie, data: cookie))) }
        payloads += [.nonce(offer.nonce), .notify(NotifyPayload(type: .ticketOpaque, data: ticket))]
        if profile.detectsNATInResumption {
            payloads += NATDetection.notifies(
                spiI: ike.initiatorSPI, spiR: .zero, local: ike.local, remote: ike.remote,
                faked: connection(of: ike)?.encapsulation == .always)
        }
        let message = Message(
            header: ike.header(exchange: .ikeSessionResume, messageID: 0, isResponse: false), payloads: payloads)
        var offer = offer
        offer.message = message.encoded()
        ike.phase = .resumeSent(offer)
        send(ike, .ikeSessionResume, .sessionResume, messageID: 0, [ike.datagram(offer.message)])
    }

    func takeSessionResumeResponse(
        _ message: Message, _ datagram: Datagram, _ ike: IKESA, _ offer: IKESA.ResumptionOffer
    ) {
        guard let connection = connection(of: ike) else { return }
        var next = offer
        if let cookie = message.payloads.notify(.cookie), next.cookies.take(cookie.data) {
            _ = settle(ike)
            sendSessionResume(ike, next)
            return
        }
        if message.payloads.notify(.ticketNack) != nil {
            // RFC 5723 §4.3.2: the ticket is of no use any more; what is left is IKE_SA_INIT.
            _ = settle(ike)
            records[connection.id]?.ticket = nil
            emit(.sessionResumptionRefused(ike.id))
            let isInitiating = records[connection.id]?.isInitiating ?? false
            let staysUp = records[connection.id]?.staysUp ?? false
            if isInitiating && !staysUp { records[connection.id]?.isInitiating = false }
            discard(ike, .failed(.refused(.ticketNack)))
            if isInitiating && !staysUp { initiate(connection.id, staysUp: false) }
            return
        }
        guard let nonce = message.payloads.nonce, (16...256).contains(nonce.count),
            message.header.responderSPI != .zero
        else {
            if let error = message.payloads.errorNotify {
                drop(.unauthenticatedRefusal(error.type), ike.id, datagram, message)
            } else {
                drop(.malformed("IKE_SESSION_RESUME response without Nr"), ike.id, datagram, message)
            }
            return
        }
        _ = settle(ike)
        // A ticket is presented once (RFC 5723 §5).
        records[connection.id]?.ticket = nil
        emit(
            .responseReceived(
                ike.id, .ikeSessionResume, from: datagram.remote, payloads: message.payloads.names(isResponse: true),
                fragments: 1))
        ike.responderSPI = message.header.responderSPI
        ike.lastHeard = now
        let suite = offer.ticket.suite
        do {
            let skeyseed = try IKEKeys.resumedSkeyseed(
                prf: suite.prf, oldSKd: offer.ticket.skD, ni: offer.nonce, nr: nonce)
            ike.keys = try IKEKeys(
                suite: suite, skeyseed: skeyseed, ni: offer.nonce, nr: nonce, spiI: ike.initiatorSPI,
                spiR: ike.responderSPI, exports: exportsKeys)
        } catch {
            fail(ike, .badSyntax(String(describing: error)))
            return
        }
        ike.suite = suite
        noteNAT(message.payloads, ike, otherwise: offer.ticket.nat)
        emit(.sessionResumed(ike.id))
        sendIKEAuth(
            ike, connection, initiatorNonce: offer.nonce, responderNonce: nonce, request: offer.message,
            response: datagram.octets, resuming: offer.ticket)
    }

    /// What an IKE_AUTH response says of a ticket (RFC 5723 §4.1).
    func takeTicket(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ offer: IKESA.AuthenticationOffer,
        peer: Identification
    ) {
        guard offer.askedForTicket else { return }
        guard let notify = payloads.notify(.ticketLTOpaque), notify.data.count > 4,
            notify.data.count <= 4 + TicketVault.ticketLimit, let suite = ike.suite, let keys = ike.keys
        else {
            emit(.ticketNotIssued(ike.id, refused: payloads.notify(.ticketNack) != nil))
            return
        }
        let lifetime = notify.data.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let ticket = Array(notify.data.dropFirst(4))
        records[connection.id]?.ticket = HeldTicket(
            ticket: ticket, expires: now + .seconds(Int64(lifetime)), suite: suite, skD: keys.skD,
            local: offer.identification, peer: peer, nat: ike.nat)
        emit(.ticketReceived(ike.id, octets: ticket.count, lifetimeSeconds: lifetime))
    }

    // MARK: Responder

    func answerSessionResume(_ message: Message, _ datagram: Datagram) {
        let payloads = message.payloads
        guard let nonce = payloads.nonce, (16...256).contains(nonce.count),
            let ticket = payloads.notify(.ticketOpaque)
        else {
            answerSeldom(message, datagram, NotifyPayload(type: .invalidSyntax))
            drop(.malformed("IKE_SESSION_RESUME request without Ni, N(TICKET_OPAQUE)"), nil, datagram, message)
            return
        }
        guard passesCookie(message, datagram, nonce: nonce) else { return }
        func refuse(_ reason: TicketRefusal) {
            let isTold = answerSeldom(
                message, datagram, NotifyPayload(type: .ticketNack), responderSPI: newIKESPI())
            if isTold {
                emit(.ticketRefused(reason, from: datagram.remote))
            } else {
                drop(.answeredSeldom, nil, datagram, message)
            }
        }
        let candidates = connections(local: datagram.local.address, remote: datagram.remote.address)
        guard candidates.contains(where: \.sessionResumption) else {
            refuse(candidates.isEmpty ? .noConnection : .unsupported)
            return
        }
        switch vault.open(ticket.data, at: now) {
        case .failure(let refused): refuse(refused.reason)
        case .success(let opened):
            let session = opened.contents
            // RFC 5723 §5: the policy of today decides, not that of the day of issue.
            guard
                let connection = candidates.first(where: { connection in
                    connection.admits(session)
                        && (connection.remote.identification ?? session.client) == session.client
                        && connection.localIdentification(address: datagram.local.address) == session.gateway
                })
            else {
                refuse(.noConnection)
                return
            }
            resume(session, keyNumber: opened.keyNumber, connection, nonce: nonce, message, datagram)
        }
    }

    private func resume(
        _ session: TicketContents, keyNumber: UInt32, _ connection: Connection, nonce: [UInt8], _ message: Message,
        _ datagram: Datagram
    ) {
        var halfOpen = IKESA.HalfOpen(
            initiatorNonce: nonce, responderNonce: random.octets(profile.nonceOctets), request: datagram.octets,
            response: [], session: session)
        let ike = createIKESA(
            .responder, connection.id, local: datagram.local, remote: datagram.remote,
            initiatorSPI: message.header.initiatorSPI, responderSPI: newIKESPI(), phase: .awaitingAuth(halfOpen))
        emit(.ikeCreated(ike.id, connection.id, .responder, local: ike.local, remote: ike.remote, resuming: true))
        emit(
            .requestReceived(
                ike.id, .ikeSessionResume, messageID: 0, from: datagram.remote,
                payloads: message.payloads.names(isResponse: false)))
        emit(.ticketAccepted(ike.id, keyNumber: keyNumber))
        ike.suite = session.suite
        do {
            let skeyseed = try IKEKeys.resumedSkeyseed(
                prf: session.suite.prf, oldSKd: session.skD, ni: nonce, nr: halfOpen.responderNonce)
            ike.keys = try IKEKeys(
                suite: session.suite, skeyseed: skeyseed, ni: nonce, nr: halfOpen.responderNonce,
                spiI: ike.initiatorSPI, spiR: ike.responderSPI, exports: exportsKeys)
        } catch {
            fail(ike, .badSyntax(String(describing: error)))
            return
        }
        emit(.suiteAgreed(ike.id, session.suite))
        noteNAT(message.payloads, ike, otherwise: session.nat)
        var payloads: [Payload] = [.nonce(halfOpen.responderNonce)]
        if message.payloads.notify(.natDetectionSourceIP) != nil {
            payloads += NATDetection.notifies(
                spiI: ike.initiatorSPI, spiR: ike.responderSPI, local: ike.local, remote: ike.remote,
                faked: connection.encapsulation == .always)
        }
        let response = Message(
            header: ike.header(exchange: .ikeSessionResume, messageID: 0, isResponse: true), payloads: payloads
        ).encoded()
        halfOpen.response = response
        ike.phase = .awaitingAuth(halfOpen)
        answer(ike, .ikeSessionResume, [ike.datagram(response)])
    }

    /// N(TICKET_LT_OPAQUE) where it was asked for and is given, N(TICKET_NACK) where it is not (RFC 5723 §4.1).
    func ticketPayloads(
        for request: [Payload], _ ike: IKESA, _ connection: Connection, gateway: Identification
    ) -> [Payload] {
        guard request.notify(.ticketRequest) != nil, connection.sessionResumption, let keys = ike.keys,
            let suite = ike.suite, let client = ike.peer
        else { return [] }
        let lifetime = impairments.ticketLifetime ?? min(profile.ticketLifetime, connection.lifetimes.ike)
        let contents = TicketContents(
            serial: random.octets(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, expires: now + lifetime,
            initiatorSPI: ike.initiatorSPI, responderSPI: ike.responderSPI, suite: suite, skD: keys.skD,
            client: client, gateway: gateway,
            clientAuthentication: connection.remote.authentication.kind, nat: ike.nat)
        guard let ticket = try? vault.seal(contents, random: &random), ticket.count <= TicketVault.ticketLimit else {
            return [.notify(NotifyPayload(type: .ticketNack))]
        }
        let seconds = UInt32(clamping: lifetime.components.seconds)
        emit(
            .ticketIssued(
                ike.id, keyNumber: vault.keyNumber, octets: ticket.count, lifetimeSeconds: seconds))
        let data = withUnsafeBytes(of: seconds.bigEndian) { Array($0) } + ticket
        return [.notify(NotifyPayload(type: .ticketLTOpaque, data: data))]
    }

    /// A session was resumed: its ticket is used up, the IKE SA before it goes without a word (RFC 5723 §4.3.4).
    func retire(_ session: TicketContents, resumedAs ike: IKESA) {
        vault.markUsed(serial: session.serial)
        if let id = ikeByLocalSPI[session.responderSPI.value], let old = ikes[id], old !== ike,
            old.initiatorSPI == session.initiatorSPI
        {
            discard(old, .replaced, successor: ike)
        }
    }

    func rollTicketKey() {
        vault.roll(random: &random)
        emit(.ticketKeyRolled(number: vault.keyNumber))
        timers.cancel(.ticketKey)
        // Keys roll only where there are tickets: an idle daemon sleeps.
        if records.values.contains(where: \.connection.sessionResumption) { armTicketKey() }
    }
}

extension Connection {
    /// Whether a session may go on in this connection: what the policy of today would not take in IKE_SA_INIT and
    /// IKE_AUTH, it does not take from a ticket (RFC 5723 §5).
    func admits(_ session: TicketContents) -> Bool {
        sessionResumption && remote.authentication.kind == session.clientAuthentication && admits(session.suite)
    }

    /// Whether an IKE SA with this suite may be the connection's.
    func admits(_ suite: IKESuite) -> Bool { ikeProposals.contains { $0.admits(suite) } }
}
