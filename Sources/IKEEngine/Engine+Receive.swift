import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Datagrams on their way in: whose they are, whether they are authentic and in turn (RFC 7296 §2.1–2.3, §2.5, §2.21).
extension Engine {
    func receive(_ datagram: Datagram) {
        let octets = datagram.octets
        // RFC 7296 §2.5: a higher major version is answered before anything else of the message is looked at.
        if octets.count >= 28, octets[17] >> 4 > 2 {
            refuseVersion(datagram)
            return
        }
        let message: Message
        do {
            message = try Message(parsing: octets)
        } catch {
            drop(.malformed(String(describing: error)), nil, datagram)
            return
        }
        let header = message.header
        let isFirstRequest =
            !header.isResponse && (header.exchangeType == .ikeSAInit || header.exchangeType == .ikeSessionResume)
        if isFirstRequest {
            // Only the original initiator sends these, with message ID 0 and no responder's SPI (RFC 7296 §2.2, §2.6).
            guard header.isInitiator, header.messageID == 0, header.responderSPI == .zero,
                header.initiatorSPI != .zero, message.protected == nil
            else {
                drop(.unexpectedExchange, nil, datagram, message)
                return
            }
            receiveFirstRequest(message, datagram)
            return
        }
        let localSPI = header.isInitiator ? header.responderSPI : header.initiatorSPI
        guard let id = ikeByLocalSPI[localSPI.value], let ike = ikes[id],
            ike.role == (header.isInitiator ? .responder : .initiator)
        else {
            if !header.isResponse, message.protected != nil, let last = lastAnswers.answer(to: octets, at: now),
                repetitions.admits(at: now)
            {
                transmit(
                    last.datagrams.map { Datagram(local: datagram.local, remote: datagram.remote, octets: $0.octets) })
                emit(.responseRepeated(last.ike, header.exchangeType))
            } else {
                drop(.unknownSPI, nil, datagram, message)
                suspect(message, datagram)
            }
            return
        }
        if let protected = message.protected {
            receiveProtected(protected, message, datagram, ike)
        } else {
            receiveClear(message, datagram, ike)
        }
    }

    /// The first request of an IKE SA; repeated ones get the same answer.
    private func receiveFirstRequest(_ message: Message, _ datagram: Datagram) {
        let key = InitialRequest(initiatorSPI: message.header.initiatorSPI, remote: datagram.remote)
        if let id = ikeByInitialRequest[key], let ike = ikes[id] {
            if case .awaitingAuth(let halfOpen) = ike.phase, halfOpen.request == datagram.octets,
                let answer = ike.requests.answer(to: 0)
            {
                repeatResponse(answer, ike, message.header.exchangeType, to: datagram)
            } else {
                drop(.unexpectedMessageID(0, expected: ike.requests.expected), id, datagram, message)
            }
            return
        }
        if let critical = message.payloads.unsupportedCritical {
            answerSeldom(message, datagram, NotifyPayload(type: .unsupportedCriticalPayload, data: [critical]))
            drop(.malformed("critical payload of type \(critical)"), nil, datagram, message)
            return
        }
        if message.header.exchangeType == .ikeSAInit {
            answerIKESAInit(message, datagram)
        } else {
            answerSessionResume(message, datagram)
        }
    }

    /// A message without SK: an answer to our first request, or nothing that we may believe.
    private func receiveClear(_ message: Message, _ datagram: Datagram, _ ike: IKESA) {
        let header = message.header
        guard header.isResponse, let pending = ike.outstanding.first, pending.messageID == header.messageID,
            pending.exchange == header.exchangeType, header.messageID == 0,
            datagram.remote.address == ike.remote.address
        else {
            drop(.unexpectedExchange, ike.id, datagram, message)
            return
        }
        if let critical = message.payloads.unsupportedCritical {
            // RFC 7296 §2.5; anybody can have sent it, and the right answer may still come (§2.21.1).
            drop(.malformed("critical payload of type \(critical)"), ike.id, datagram, message)
            return
        }
        switch ike.phase {
        case .initSent(let offer): takeIKESAInitResponse(message, datagram, ike, offer)
        case .resumeSent(let offer): takeSessionResumeResponse(message, datagram, ike, offer)
        default: drop(.unexpectedExchange, ike.id, datagram, message)
        }
    }

    private func receiveProtected(
        _ protected: ProtectedPayload, _ message: Message, _ datagram: Datagram, _ ike: IKESA
    ) {
        if impairments.replayEncrypted {
            emit(.impaired(ike.id, "cloning incoming encrypted message and scheduling its replay"))
        }
        if impairments.corruptEncrypted, !protected.body.isEmpty {
            emit(.impaired(ike.id, "corrupting incoming encrypted message's SK payload's first byte"))
            var corrupted = protected
            corrupted.body[0] ^= 0xff
            openProtected(corrupted, message, datagram, ike)
        } else {
            openProtected(protected, message, datagram, ike)
        }
        // The first of the two may have ended the IKE SA.
        if impairments.replayEncrypted, ikes[ike.id] != nil {
            emit(.impaired(ike.id, "processing a fake (cloned) message"))
            openProtected(protected, message, datagram, ike)
        }
    }

    private func openProtected(
        _ protected: ProtectedPayload, _ message: Message, _ datagram: Datagram, _ ike: IKESA
    ) {
        let header = message.header
        let peerSPI = ike.role == .initiator ? header.responderSPI : header.initiatorSPI
        let knownPeerSPI = ike.role == .initiator ? ike.responderSPI : ike.initiatorSPI
        guard let keys = ike.keys, peerSPI == knownPeerSPI else {
            drop(.unknownSPI, ike.id, datagram, message)
            return
        }
        var given: RequestWindow.Answer?
        if header.isResponse {
            guard let pending = ike.outstanding.first(where: { $0.messageID == header.messageID }) else {
                let expected = ike.outstanding.first?.messageID ?? ike.nextRequestID
                drop(.unexpectedMessageID(header.messageID, expected: expected), ike.id, datagram, message)
                return
            }
            guard pending.exchange == header.exchangeType else {
                drop(.unexpectedResponse(expected: pending.exchange), ike.id, datagram, message)
                return
            }
        } else {
            switch ike.requests.standing(of: header.messageID, size: ownWindow(ike)) {
            case .fresh: break
            case .answered(let answer): given = answer
            case .outside:
                drop(
                    .unexpectedMessageID(header.messageID, expected: ike.requests.expected), ike.id, datagram, message)
                return
            }
        }
        var protected = protected
        if impairments.corruptIncomingSK, protected.body.indices.contains(8) { protected.body[8] ^= 0xff }
        guard let plaintext = ike.open(protected, keys: keys) else {
            drop(.integrityFailure, ike.id, datagram, message)
            return
        }
        if let given {
            // Of a fragmented request only the first fragment asks for the response again (RFC 7383 §2.6.1).
            if case .fragment(let number, _) = protected.kind, number != 1 { return }
            repeatResponse(given, ike, header.exchangeType, to: datagram)
            return
        }
        // Only what is fresh is a sign of life (RFC 7296 §2.4): anybody can send an old request again.
        ike.lastHeard = now
        ike.streamReopenings = 0
        if !header.isResponse {
            ike.answering = header.messageID
            ike.requestEnds = (datagram.local, datagram.remote)
            switch protected.kind {
            case .encrypted, .fragment(number: 1, _):
                ike.lastRequest = (header.messageID, LastAnswers.hash(datagram.octets))
            case .fragment: break
            }
        }
        // It is repeated as long as it is not answered, and what it names is being fetched.
        if !header.isResponse, ike.lookup != nil || ike.parked != nil {
            follow(datagram, ike)
            drop(.requestWaits(messageID: header.messageID), ike.id, datagram, message)
            return
        }
        let reassembly = header.isResponse ? \IKESA.responseReassembly : \IKESA.requestReassembly
        var inside = (innerFirst: protected.innerFirst, octets: plaintext, fragments: 1)
        if case .fragment(let number, let total) = protected.kind {
            guard ike.fragmentationNegotiated else {
                drop(.malformed("fragment without negotiation"), ike.id, datagram, message)
                return
            }
            emit(
                .fragmentReceived(
                    ike.id,
                    FragmentFacts(
                        exchange: header.exchangeType, isResponse: header.isResponse, messageID: header.messageID,
                        number: number, total: total, datagramOctets: datagram.octets.count, local: datagram.local,
                        remote: datagram.remote)))
            do {
                guard
                    let whole = try ike[keyPath: reassembly][header.messageID, default: FragmentReassembly()].add(
                        messageID: header.messageID, number: number, total: total, innerFirst: protected.innerFirst,
                        plaintext: plaintext)
                else {
                    // One that makes no sense begins nothing.
                    if ike[keyPath: reassembly][header.messageID]?.isEmpty ?? false {
                        ike[keyPath: reassembly][header.messageID] = nil
                    }
                    return
                }
                inside = whole
            } catch {
                ike[keyPath: reassembly][header.messageID] = nil
                drop(.malformed(String(describing: error)), ike.id, datagram, message)
                return
            }
        }
        // It is whole now, though fragments of it may have come before.
        ike[keyPath: reassembly][header.messageID] = nil
        // What was overtaken on its way says nothing of where the peer is now.
        if header.isResponse || !ike.requests.isOvertaken(header.messageID) { follow(datagram, ike) }
        noteIntermediate(
            ike, header.exchangeType, isResponse: header.isResponse, messageID: header.messageID,
            sentBy: ike.role == .initiator ? .responder : .initiator, (inside.innerFirst, inside.octets))
        do {
            // RFC 7296 §1.2: what is wrong with the first Child SA does not touch the IKE SA.
            let payloads = try Message.parsePayloads(
                first: inside.innerFirst, inside.octets[...],
                keepingMalformed: [.trafficSelectorsInitiator, .trafficSelectorsResponder])
            let sender: Role = ike.role == .initiator ? .responder : .initiator
            let whole = inside.fragments > 1 ? ike.wholeOctets(inside.octets.count, keys, sentBy: sender) : nil
            dispatch(payloads, header: header, from: datagram, (inside.fragments, whole), ike)
        } catch {
            refuseSyntax(String(describing: error), header: header, ike)
        }
    }

    private func dispatch(
        _ payloads: [Payload], header: IKEHeader, from datagram: Datagram, _ size: (fragments: Int, whole: Int?),
        _ ike: IKESA
    ) {
        tellReceived(ike, header, payloads, in: datagram, wholeOctets: size.whole)
        ike.noteWindow(payloads)
        if header.isResponse {
            emit(
                .responseReceived(
                    ike.id, header.exchangeType, from: datagram.remote, payloads: payloads.names(isResponse: true),
                    fragments: size.fragments))
            // The sender of a response knows what we understand: a critical payload in it is an error (RFC 7296 §2.5).
            if let critical = payloads.unsupportedCritical {
                fail(ike, .badSyntax("critical payload of type \(critical)"))
                return
            }
            takeResponse(withOwnAddresses(payloads, isResponse: true, ike), header: header, ike)
            return
        }
        emit(
            .requestReceived(
                ike.id, header.exchangeType, messageID: header.messageID, from: datagram.remote,
                payloads: payloads.names(isResponse: false)))
        if let critical = payloads.unsupportedCritical {
            respond(
                ike, header.exchangeType,
                [.notify(NotifyPayload(type: .unsupportedCriticalPayload, data: [critical]))])
            return
        }
        let payloads = withOwnAddresses(payloads, isResponse: false, ike)
        switch (header.exchangeType, ike.phase) {
        case (.ikeAuth, .awaitingAuth(let halfOpen)):
            if let payloads = withCertificates(payloads, ike, isResponse: false) {
                answerIKEAuth(payloads, ike, halfOpen)
            }
        case (.ikeIntermediate, .awaitingAuth) where ike.intermediate?.allowsAnother ?? false:
            respond(ike, .ikeIntermediate, intermediatePayloads)
        case (.ikeAuth, .awaitingEAP(let exchange)): answerEAP(payloads, ike, exchange)
        case (.informational, .awaitingEAP): answerFarewell(payloads, ike)
        case (.informational, .established), (.informational, .deleting): answerInformational(payloads, ike)
        case (.createChildSA, .established): answerCreateChildSA(payloads, ike)
        case (.createChildSA, .deleting):
            // RFC 7296 §2.25.2: the IKE SA is being closed.
            respond(ike, .createChildSA, [.notify(NotifyPayload(type: .temporaryFailure))])
        default: emit(.dropped(.unexpectedExchange, ike.id, from: datagram.remote, header.exchangeType, payloads: []))
        }
    }

    private func takeResponse(_ payloads: [Payload], header: IKEHeader, _ ike: IKESA) {
        guard let pending = settle(ike, header.messageID) else { return }
        if header.exchangeType == .informational, payloads.notify(.invalidSyntax) != nil {
            endBySyntax(ike, pending.purpose)
            return
        }
        switch (pending.purpose, ike.phase) {
        case (.ikeAuth, .authSent(let offer)), (.ikeAuthAlone, .authSent(let offer)):
            if let payloads = withCertificates(payloads, ike, isResponse: true) {
                takeIKEAuthResponse(payloads, ike, offer)
            }
        case (.intermediate, .intermediateSent(let exchanged)): takeIntermediateResponse(payloads, ike, exchanged)
        case (.deleteIKE, .deleting(let reason)): discard(ike, reason)
        case (.deleteChildren(let children), _): finishDeletion(of: children, ike)
        case (.createChild(let child, _, _, _), .established): takeChildResponse(payloads, ike, child)
        case (.rekeyIKE, .established): takeIKERekeyResponse(payloads, ike)
        case (.liveness, _):
            noteMapping(payloads, ike)
            emit(.livenessConfirmed(ike.id))
        case (.updateAddresses, _): takeAddressUpdateResponse(payloads, ike)
        case (.routability, _): _ = checkRoutability(payloads, ike)
        case (.redirect, _): break
        default: break
        }
        sendNext(ike)
    }

    /// INVALID_SYNTAX in answer to INFORMATIONAL: fatal to both ends, without a Delete (RFC 7296 §2.21.3).
    private func endBySyntax(_ ike: IKESA, _ purpose: RequestPurpose) {
        if case .deleting(let reason) = ike.phase {
            discard(ike, reason)
            return
        }
        // What was to go goes for the reason that it was to go for.
        if case .deleteChildren(let children) = purpose { finishDeletion(of: children, ike) }
        fail(ike, .refused(.invalidSyntax))
    }

    /// An authentic message from a new address of a peer behind a NAT moves the IKE SA there (RFC 7296 §2.23); in
    /// IKE_AUTH the initiator may have moved to port 4500.
    private func follow(_ datagram: Datagram, _ ike: IKESA) {
        guard datagram.remote.transport == ike.remote.transport else { return }
        if ike.isOverStream {
            followStream(ike, local: datagram.local, remote: datagram.remote)
            return
        }
        var isAwaitingAuth = false
        if case .awaitingAuth = ike.phase { isAwaitingAuth = true }
        // RFC 4555 §3.8: with MOBIKE only an UPDATE_SA_ADDRESSES does.
        guard isAwaitingAuth || (ike.mobility == nil && ike.nat.remoteBehindNAT && !ike.nat.localBehindNAT) else {
            return
        }
        guard datagram.remote != ike.remote || datagram.local != ike.local else { return }
        forgetInitialRequest(of: ike)
        move(ike, local: datagram.local, remote: datagram.remote)
    }

    /// A genuine ESP packet of a peer behind a NAT came from a new address (RFC 7296 §2.23).
    func followPackets(of ike: IKESA, from remote: Endpoint) {
        guard remote.transport == ike.remote.transport else { return }
        if ike.isOverStream {
            followStream(ike, local: ike.local, remote: remote)
            return
        }
        guard ike.nat.remoteBehindNAT, !ike.nat.localBehindNAT, remote != ike.remote else { return }
        move(ike, local: ike.local, remote: remote)
    }

    func move(_ ike: IKESA, local: Endpoint, remote: Endpoint) {
        let before = ike.ends
        (ike.local, ike.remote, ike.endsSince) = (local, remote, now)
        moveChildren(ike.children, to: ike, from: before)
        followInQueue(ike)
    }

    /// Child SAs go where their IKE SA is.
    func moveChildren(_ children: [ChildSAID], to ike: IKESA, from before: IKEEnds) {
        for id in children {
            guard var child = childSAsByID[id] else { continue }
            child.facts.remote = ike.remote
            child.facts.encapsulation = encapsulation(of: ike)
            let selectors = followingSelectors(of: child.facts, from: before, to: ike.ends)
            if let selectors {
                child.facts.localSelectors = selectors.local
                child.facts.remoteSelectors = selectors.remote
            }
            childSAsByID[id] = child
            // Whose policies it is moves the SAs with them.
            if records[child.facts.connection]?.connection.installsPolicies == false { continue }
            outbox.append(
                .dataPlane(
                    .move(
                        ChildMove(
                            id, local: ike.local.address, remote: ike.remote.address,
                            encapsulation: child.facts.encapsulation, selectors: selectors))))
        }
    }

    // MARK: Refusals

    /// An authentic message whose inside is malformed ends the IKE SA (RFC 7296 §2.21.2, §2.21.3).
    private func refuseSyntax(_ text: String, header: IKEHeader, _ ike: IKESA) {
        if !header.isResponse {
            respond(ike, header.exchangeType, [.notify(NotifyPayload(type: .invalidSyntax))])
        }
        fail(ike, .badSyntax(text))
    }

    private func refuseVersion(_ datagram: Datagram) {
        let octets = datagram.octets
        let isResponse = octets[19] & 0x20 != 0
        func spi(_ from: Int) -> IKESPI { IKESPI(octets[from..<(from + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
        if !isResponse {
            let header = IKEHeader(
                initiatorSPI: spi(0), responderSPI: spi(8), exchangeType: ExchangeType(rawValue: octets[18]),
                isInitiator: octets[19] & 0x08 == 0, isResponse: true,
                messageID: octets[20..<24].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            let answer = Message(
                header: header, payloads: [.notify(NotifyPayload(type: .invalidMajorVersion, data: [2]))])
            answerSeldom(Datagram(local: datagram.local, remote: datagram.remote, octets: answer.encoded()))
        }
        drop(.unsupportedVersion, nil, datagram)
    }

    func drop(_ reason: DropReason, _ ike: IKESAID?, _ datagram: Datagram, _ message: Message? = nil) {
        emit(
            .dropped(
                reason, ike, from: datagram.remote, message?.header.exchangeType,
                payloads: message?.payloads.map(\.shortName) ?? []
            ))
    }

    /// An unprotected answer that keeps no state, whatever the rate.
    func answerInClear(
        _ message: Message, _ datagram: Datagram, _ notify: NotifyPayload, responderSPI: IKESPI
    ) {
        let octets = clearAnswer(to: message, notify, responderSPI: responderSPI)
        release(Datagram(local: datagram.local, remote: datagram.remote, octets: octets))
    }

    func clearAnswer(to message: Message, _ notify: NotifyPayload, responderSPI: IKESPI) -> [UInt8] {
        let header = IKEHeader(
            initiatorSPI: message.header.initiatorSPI, responderSPI: responderSPI,
            exchangeType: message.header.exchangeType, isInitiator: false, isResponse: true,
            messageID: message.header.messageID)
        return Message(header: header, payloads: [.notify(notify)]).encoded()
    }
}
