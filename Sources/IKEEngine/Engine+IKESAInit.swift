import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// IKE_SA_INIT on both sides (RFC 7296 §1.2, §2.6, §2.7).
extension Engine {
    /// How long a responder waits for IKE_AUTH: as long as an initiator may try (RFC 7296 §2.4 leaves it open).
    static let halfOpenLifetime = Duration.seconds(60)

    // MARK: Initiator

    func startIKESAInit(_ connection: Connection, local: IPAddress, remote: IPAddress) {
        guard let ends = ends(of: connection, local: local, remote: remote) else { return }
        startIKESAInit(connection, local: ends.local, remote: ends.remote)
    }

    func startIKESAInit(_ connection: Connection, local: Endpoint, remote: Endpoint) {
        let groups = connection.ikeProposals.flatMap(\.keyExchange)
        guard let group = groups.first(where: \.isSupported),
            let keyExchange = try? KeyExchange(group, random: &random)
        else {
            emit(.cannotInitiate(connection.id, connection.remote.host))
            finishInitiation(connection.id, succeeded: false)
            return
        }
        let offer = IKESA.InitiatorOffer(
            keyExchange: keyExchange, nonce: random.octets(profile.nonceOctets), message: [],
            groupsTried: [group])
        let ike = createIKESA(
            .initiator, connection.id, local: local, remote: remote, initiatorSPI: newIKESPI(), responderSPI: .zero,
            phase: .initSent(offer))
        records[connection.id]?.ike = ike.id
        emit(.ikeCreated(ike.id, connection.id, .initiator, local: ike.local, remote: ike.remote, resuming: false))
        if isGathering {
            gathered.append(ike.id)
        } else {
            sendIKESAInit(ike, connection, offer)
        }
    }

    func sendIKESAInit(_ ike: IKESA, _ connection: Connection, _ offer: IKESA.InitiatorOffer) {
        var payloads: [Payload] = []
        // RFC 7296 §2.6: the cookie comes first, the rest is unchanged.
        if let cookie = offer.cookies.newest { payloads.append(.notify(NotifyPayload(type: .cookie, data: cookie))) }
        payloads += [
            .securityAssociation(impaired(ProposalNegotiation.wire(connection.ikeProposals), of: .ike(ike.id))),
            .keyExchange(
                KeyExchangePayload(
                    group: offer.keyExchange.method.rawValue, data: offer.keyExchange.publicValue)),
            .nonce(offer.nonce),
        ]
        if connection.fragmentation {
            payloads.append(.notify(NotifyPayload(type: .ikev2FragmentationSupported)))
        }
        payloads += signatureHashNotify([connection])
        payloads += NATDetection.notifies(
            spiI: ike.initiatorSPI, spiR: .zero, local: ike.local, remote: ike.remote,
            faked: connection.encapsulation == .always)
        payloads += redirectOffer(connection, ike) + ppkOffer(connection, ike)
        if connection.intermediate { payloads.append(.notify(NotifyPayload(type: .intermediateExchangeSupported))) }
        payloads += profile.vendorIDs.map { .vendorID($0) }
        payloads = laidOut(payloads, .ikeSAInit, isResponse: false, ike)
        let message = Message(
            header: ike.header(exchange: .ikeSAInit, messageID: 0, isResponse: false), payloads: payloads)
        emit(.nonce(ike.id, octets: offer.nonce.count, isOurs: true))
        var offer = offer
        offer.message = message.encoded()
        ike.phase = .initSent(offer)
        let datagram = ike.datagram(offer.message)
        tellSent(ike, .ikeSAInit, isResponse: false, messageID: 0, payloads, [datagram])
        send(ike, .ikeSAInit, .ikeSAInit, messageID: 0, [datagram])
    }

    func takeIKESAInitResponse(
        _ message: Message, _ datagram: Datagram, _ ike: IKESA, _ offer: IKESA.InitiatorOffer
    ) {
        guard let connection = connection(of: ike) else { return }
        let payloads = message.payloads
        guard let answer = payloads.securityAssociation, let theirs = payloads.keyExchange, let nonce = payloads.nonce
        else {
            takeIKESAInitNotify(message, datagram, ike, connection, offer)
            return
        }
        // RFC 7296 §2.1: nothing here is authentic yet; an answer that cannot be used is as if it had not come.
        guard message.header.responderSPI != .zero, (16...256).contains(nonce.count),
            let suite = ProposalNegotiation.accept(answer: answer, offered: connection.ikeProposals),
            suite.keyExchange == offer.keyExchange.method, theirs.group == suite.keyExchange.rawValue,
            let secret = try? offer.keyExchange.sharedSecret(peer: theirs.data)
        else {
            drop(.malformed("unusable IKE_SA_INIT response"), ike.id, datagram, message)
            return
        }
        _ = settle(ike)
        tellReceived(ike, message.header, payloads, in: datagram)
        noteAnnouncements(payloads, ike)
        emit(.nonce(ike.id, octets: nonce.count, isOurs: false))
        notePPK(payloads, ike, connection)
        if connection.ppk == .insist, !ike.usesPPK {
            // RFC 8784 §3: the exchange is aborted.
            fail(ike, .ppk(.unsupportedByPeer))
            return
        }
        emit(
            .responseReceived(
                ike.id, .ikeSAInit, from: datagram.remote, payloads: payloads.names(isResponse: true), fragments: 1))
        ike.responderSPI = message.header.responderSPI
        ike.lastHeard = now
        ike.fragmentationNegotiated =
            connection.fragmentation && payloads.notify(.ikev2FragmentationSupported) != nil
        do {
            let skeyseed = try IKEKeys.skeyseed(prf: suite.prf, ni: offer.nonce, nr: nonce, secret: secret)
            ike.keys = try IKEKeys(
                suite: suite, skeyseed: skeyseed, ni: offer.nonce, nr: nonce, spiI: ike.initiatorSPI,
                spiR: ike.responderSPI, exports: exportsKeys)
        } catch {
            fail(ike, .badSyntax(String(describing: error)))
            return
        }
        ike.suite = suite
        noteSignatureHashes(payloads, ike)
        emit(.proposalAccepted(ike.id, nil, answer[0]))
        emit(.suiteAgreed(ike.id, suite))
        noteNAT(payloads, ike)
        ike.peerSupportsChildless = payloads.notify(.childlessIKEv2Supported) != nil
        emit(.ikeSAInitProcessed(ike.id, suite, from: datagram.remote))
        // RFC 4555 §3.3; whether the peer speaks MOBIKE is only known when it is too late for that.
        if connection.mobility, profile.floatsForMobility, payloads.notify(.natDetectionSourceIP) != nil {
            if ike.local.port == 500 { ike.local.port = 4500 }
            if ike.remote.port == 500 { ike.remote.port = 4500 }
        }
        agreeOnIntermediate(payloads, ike, connection)
        let exchanged = IKESA.HalfOpen(
            initiatorNonce: offer.nonce, responderNonce: nonce, request: offer.message, response: datagram.octets,
            session: nil)
        if ike.intermediate != nil {
            sendIntermediate(ike, exchanged)
        } else {
            sendIKEAuth(ike, connection, exchanged)
        }
    }

    /// COOKIE, INVALID_KE_PAYLOAD, or an error that anybody could have sent (RFC 7296 §2.6, §1.2, §2.21.1).
    private func takeIKESAInitNotify(
        _ message: Message, _ datagram: Datagram, _ ike: IKESA, _ connection: Connection, _ offer: IKESA.InitiatorOffer
    ) {
        if let target = redirectTarget(message.payloads, connection, nonce: offer.nonce) {
            _ = settle(ike)
            follow(target, ike, connection, .ikeSAInit, child: nil)
            return
        }
        var next = offer
        if let cookie = message.payloads.notify(.cookie), next.cookies.take(cookie.data) {
            tellReceived(ike, message.header, message.payloads, in: datagram)
            _ = settle(ike)
            sendIKESAInit(ike, connection, next)
            return
        }
        if let notify = message.payloads.notify(.invalidKEPayload), notify.data.count == 2 {
            let group = KeyExchangeMethod(rawValue: UInt16(notify.data[0]) << 8 | UInt16(notify.data[1]))
            let offered = connection.ikeProposals.contains { $0.keyExchange.contains(group) }
            if offered, !offer.groupsTried.contains(group),
                let keyExchange = try? KeyExchange(group, random: &random)
            {
                tellReceived(ike, message.header, message.payloads, in: datagram)
                emit(
                    .keyExchangeRefused(
                        ike.id, tried: offer.keyExchange.method, suggested: group, from: datagram.remote))
                next.keyExchange = keyExchange
                next.groupsTried.insert(group)
                _ = settle(ike)
                sendIKESAInit(ike, connection, next)
                return
            }
        }
        if let error = message.payloads.errorNotify {
            if ike.isOverStream, datagram.remote == ike.remote, datagram.local == ike.local {
                // RFC 9329 §6.4: no other answer will come by this connection.
                fail(ike, .refused(error.type))
                return
            }
            if profile.believesUnprotectedErrors {
                tellReceived(ike, message.header, message.payloads, in: datagram)
                _ = settle(ike)
                fail(ike, .refused(error.type))
                return
            }
            drop(.unauthenticatedRefusal(error.type), ike.id, datagram, message)
        } else {
            drop(.malformed("IKE_SA_INIT response without SA, KE, Nr"), ike.id, datagram, message)
        }
    }

    /// Where a NAT is between us, IKE moves to port 4500 (RFC 7296 §2.23).
    /// - Parameter otherwise: what holds where the peer's message says nothing of it.
    func noteNAT(_ payloads: [Payload], _ ike: IKESA, otherwise: NATStatus = NATStatus()) {
        // The initiator did not know the responder's SPI when it made its hashes.
        var found =
            NATDetection.evaluate(
                payloads, spiI: ike.initiatorSPI, spiR: ike.role == .initiator ? ike.responderSPI : .zero,
                local: ike.local, remote: ike.remote) ?? otherwise
        // Who asks for encapsulation has made the peer believe in a NAT, and goes on as if there were one.
        if connection(of: ike)?.encapsulation == .always { found.localBehindNAT = true }
        ike.nat = found
        guard found.isPresent else { return }
        emit(.natDetected(ike.id, localBehindNAT: found.localBehindNAT, remoteBehindNAT: found.remoteBehindNAT))
        // RFC 9329 §6.5: over TCP nothing changes.
        if ike.role == .initiator, !ike.isOverStream {
            if ike.local.port == 500 { ike.local.port = 4500 }
            if ike.remote.port == 500 { ike.remote.port = 4500 }
        }
    }

    // MARK: Responder

    func answerIKESAInit(_ message: Message, _ datagram: Datagram) {
        let payloads = message.payloads
        guard let offered = payloads.securityAssociation, let theirs = payloads.keyExchange,
            let nonce = payloads.nonce, (16...256).contains(nonce.count),
            !offered.contains(where: \.hasMalformedKeyLength)
        else {
            answerSeldom(message, datagram, NotifyPayload(type: .invalidSyntax))
            drop(.malformed("IKE_SA_INIT request without SA, KE, Ni"), nil, datagram, message)
            return
        }
        let candidates = connections(local: datagram.local.address, remote: datagram.remote.address)
        guard !candidates.isEmpty else {
            answerSeldom(message, datagram, NotifyPayload(type: .noProposalChosen))
            drop(.noConnection, nil, datagram, message)
            return
        }
        if redirects(message, datagram, nonce: nonce) { return }
        guard passesCookie(message, datagram, nonce: nonce) else { return }
        let sent = KeyExchangeMethod(rawValue: theirs.group)
        var chosen: (connection: Connection, suite: IKESuite, number: UInt8)?
        for connection in candidates where chosen == nil {
            chosen = ProposalNegotiation.choose(
                from: offered, accepting: connection.ikeProposals, keyExchangeSent: sent
            ).map { (connection, $0.suite, $0.number) }
        }
        let connection = chosen?.connection ?? candidates[0]
        let ike = createIKESA(
            .responder, connection.id, local: datagram.local, remote: datagram.remote,
            initiatorSPI: message.header.initiatorSPI, responderSPI: newIKESPI(),
            phase: .awaitingAuth(
                IKESA.HalfOpen(
                    initiatorNonce: nonce, responderNonce: random.octets(profile.nonceOctets),
                    request: datagram.octets, response: [], session: nil)))
        emit(.ikeCreated(ike.id, connection.id, .responder, local: ike.local, remote: ike.remote, resuming: false))
        emit(
            .requestReceived(
                ike.id, .ikeSAInit, messageID: 0, from: datagram.remote, payloads: payloads.names(isResponse: false)))
        tellReceived(ike, message.header, payloads, in: datagram)
        noteAnnouncements(payloads, ike)
        func refuse(_ notify: NotifyPayload, _ reason: FailureReason) {
            let answer = clearAnswer(to: message, notify, responderSPI: .zero)
            let answered = Datagram(local: datagram.local, remote: datagram.remote, octets: answer)
            tellSent(ike, .ikeSAInit, isResponse: true, messageID: 0, [.notify(notify)], [answered])
            answerInClear(message, datagram, notify, responderSPI: .zero)
            emit(.ikeFailed(ike.id, .initResponded, reason))
            discard(ike, .failed(reason))
        }
        guard let chosen else {
            refuse(NotifyPayload(type: .noProposalChosen), .refusing(.noProposalChosen))
            return
        }
        let group = chosen.suite.keyExchange
        guard group == sent else {
            // RFC 7296 §1.2: the group that is wanted, 2 octets.
            let data = [UInt8(group.rawValue >> 8), UInt8(truncatingIfNeeded: group.rawValue)]
            refuse(NotifyPayload(type: .invalidKEPayload, data: data), .refusing(.invalidKEPayload))
            return
        }
        guard case .awaitingAuth(var halfOpen) = ike.phase else { return }
        do {
            let keyExchange = try KeyExchange(group, random: &random)
            let secret = try keyExchange.sharedSecret(peer: theirs.data)
            let skeyseed = try IKEKeys.skeyseed(
                prf: chosen.suite.prf, ni: nonce, nr: halfOpen.responderNonce, secret: secret)
            ike.keys = try IKEKeys(
                suite: chosen.suite, skeyseed: skeyseed, ni: nonce, nr: halfOpen.responderNonce,
                spiI: ike.initiatorSPI, spiR: ike.responderSPI, exports: exportsKeys)
            ike.suite = chosen.suite
            emit(
                .proposalChosen(
                    ike.id, nil, ProposalNegotiation.wire(chosen.suite, number: chosen.number), offered: offered))
            emit(.suiteAgreed(ike.id, chosen.suite))
            noteNAT(payloads, ike)
            notePPK(payloads, ike, connection)
            noteSignatureHashes(payloads, ike)
            agreeOnIntermediate(payloads, ike, connection)
            ike.peerSupportsRedirect = payloads.supportsRedirect
            ike.fragmentationNegotiated =
                connection.fragmentation && payloads.notify(.ikev2FragmentationSupported) != nil
            emit(.nonce(ike.id, octets: nonce.count, isOurs: false))
            emit(.nonce(ike.id, octets: halfOpen.responderNonce.count, isOurs: true))
            let response = ikeSAInitResponse(
                ike, connection, candidates, number: chosen.number, suite: chosen.suite, keyExchange: keyExchange,
                nonce: halfOpen.responderNonce)
            halfOpen.response = response
            ike.phase = .awaitingAuth(halfOpen)
            answer(ike, .ikeSAInit, [ike.datagram(response)])
        } catch {
            // The public value is not one of the group (RFC 6989 §2).
            refuse(NotifyPayload(type: .invalidSyntax), .badSyntax(String(describing: error)))
        }
    }

    private func ikeSAInitResponse(
        _ ike: IKESA, _ connection: Connection, _ candidates: [Connection], number: UInt8, suite: IKESuite,
        keyExchange: KeyExchange, nonce: [UInt8]
    ) -> [UInt8] {
        var payloads: [Payload] = [
            .securityAssociation([ProposalNegotiation.wire(suite, number: number)]),
            .keyExchange(
                KeyExchangePayload(group: keyExchange.method.rawValue, data: keyExchange.publicValue)),
            .nonce(nonce),
        ]
        if ike.fragmentationNegotiated {
            payloads.append(.notify(NotifyPayload(type: .ikev2FragmentationSupported)))
        }
        payloads += signatureHashNotify(candidates)
        payloads += NATDetection.notifies(
            spiI: ike.initiatorSPI, spiR: ike.responderSPI, local: ike.local, remote: ike.remote,
            faked: connection.encapsulation == .always)
        payloads += lookupOffer(candidates, ike) + certificateRequest(candidates)
        if ike.usesPPK { payloads += ppkOffer(connection, ike) }
        if ike.intermediate != nil {
            payloads.append(.notify(NotifyPayload(type: .intermediateExchangeSupported)))
        }
        payloads += childlessNotify(connection)
        payloads += profile.vendorIDs.map { .vendorID($0) }
        payloads = laidOut(payloads, .ikeSAInit, isResponse: true, ike)
        let octets = Message(
            header: ike.header(exchange: .ikeSAInit, messageID: 0, isResponse: true), payloads: payloads
        ).encoded()
        tellSent(ike, .ikeSAInit, isResponse: true, messageID: 0, payloads, [ike.datagram(octets)])
        return octets
    }

    /// Octets of a first request that is kept where there are many: AUTH covers all of it (RFC 7296 §2.15). The longest
    /// proposals with the longest public value have about 4000.
    private static let firstRequestLimit = 8192

    /// With many half-open IKE SAs a peer must show that it gets our answers (RFC 7296 §2.6); with very many, none is
    /// taken on.
    func passesCookie(_ message: Message, _ datagram: Datagram, nonce: [UInt8]) -> Bool {
        let halfOpen = halfOpenIKEs.count
        if halfOpen >= profile.halfOpenLimit {
            drop(.halfOpenLimit, nil, datagram, message)
            return false
        }
        // RFC 9329 §6.3: who has a TCP connection has shown where it is.
        guard halfOpen >= profile.cookieThreshold, datagram.remote.transport == .udp else { return true }
        guard datagram.octets.count <= Engine.firstRequestLimit else {
            drop(.halfOpenLimit, nil, datagram, message)
            return false
        }
        cookieSecrets.renew(random: &random, at: now)
        let cookies = cookieSecrets.cookies(
            nonce: nonce, remote: datagram.remote.address, initiatorSPI: message.header.initiatorSPI)
        if let cookie = message.payloads.notify(.cookie),
            cookies.contains(where: { constantTimeEquals($0, cookie.data) })
        {
            return true
        }
        answerInClear(message, datagram, NotifyPayload(type: .cookie, data: cookies[0]), responderSPI: .zero)
        return false
    }

    // MARK: Both

    /// An IKE SA that messages can find from here on.
    func createIKESA(
        _ role: Role, _ connection: ConnectionID?, local: Endpoint, remote: Endpoint, initiatorSPI: IKESPI,
        responderSPI: IKESPI, phase: IKESA.Phase
    ) -> IKESA {
        let ike = IKESA(
            id: IKESAID(nextNumber()), role: role, connection: connection, local: local, remote: remote,
            initiatorSPI: initiatorSPI, responderSPI: responderSPI, phase: phase,
            vectorStart: random.octets(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, now: now)
        ike.originatesStream = role == .initiator && remote.transport == .tcp
        keep(ike)
        if role == .responder {
            let first = InitialRequest(initiatorSPI: initiatorSPI, remote: remote)
            ike.initialRequest = first
            ikeByInitialRequest[first] = ike.id
            halfOpenIKEs.insert(ike.id)
            timers.set(.halfOpen(ike.id), at: now + Engine.halfOpenLifetime)
        }
        return ike
    }

    /// The first request is no longer repeated: another of its kind is another IKE SA's.
    func forgetInitialRequest(of ike: IKESA) {
        guard let first = ike.initialRequest else { return }
        ike.initialRequest = nil
        ikeByInitialRequest[first] = nil
    }

    /// The connections that could be meant by a peer that is not yet known: those that name its address first.
    func connections(local: IPAddress, remote: IPAddress) -> [Connection] {
        let fitting = records.keys.sorted().compactMap { records[$0]?.connection }.filter {
            $0.local.host.admits(local) && $0.remote.host.admits(remote)
        }
        return fitting.filter { $0.remote.host == .address(remote) }
            + fitting.filter { $0.remote.host != .address(remote) }
    }
}

extension HostAddress {
    func admits(_ address: IPAddress) -> Bool {
        switch self {
        case .address(let mine): mine == address
        case .any(let family): family == address.family
        }
    }
}
