import IKEModel
import IKEWire
import NetAddress

/// Requests of ours, repeated until they are answered, and answers to the peer's (RFC 7296 §2.1–2.4). How many at once:
/// `RequestWindow.swift`.
extension Engine {
    /// Sends a protected request, or queues it behind those that wait for their responses.
    func request(_ ike: IKESA, _ exchange: ExchangeType, _ purpose: RequestPurpose, _ payloads: [Payload]) {
        if !ike.waiting.isEmpty || isGathering || !mayGo(purpose, ike) {
            ike.waiting.append(QueuedRequest(exchange: exchange, purpose: purpose, payloads: payloads))
            if isGathering { gathered.append(ike.id) }
            return
        }
        requestNow(ike, exchange, purpose, payloads)
    }

    func requestNow(_ ike: IKESA, _ exchange: ExchangeType, _ purpose: RequestPurpose, _ payloads: [Payload]) {
        guard let keys = ike.keys else { return }
        let messageID = ike.nextRequestID
        let payloads = laidOut(payloads, exchange, isResponse: false, ike)
        guard
            let datagrams = try? ike.seal(
                exchange: exchange, messageID: messageID, isResponse: false, payloads: payloads, keys: keys,
                profile: profile, random: &random, tamper: tamper)
        else {
            preconditionFailure("sealing with keys of our own making cannot fail")
        }
        noteIntermediate(
            ike, exchange, isResponse: false, messageID: messageID, sentBy: ike.role, Message.encodePayloads(payloads))
        tellSent(ike, exchange, isResponse: false, messageID: messageID, payloads, datagrams)
        send(ike, exchange, purpose, messageID: messageID, datagrams)
        replaceBeforeLastMessage(ike)
    }

    /// Half of the message IDs: what is left is enough for any exchange that is under way (RFC 7296 §2.2).
    private static let messageIDsBeforeReplacement: UInt32 = 1 << 31

    /// An IKE SA whose message IDs run out is replaced, and where that does not work, ended (RFC 7296 §2.2).
    private func replaceBeforeLastMessage(_ ike: IKESA) {
        let used = max(ike.nextRequestID, ike.requests.expected)
        guard used >= Engine.messageIDsBeforeReplacement, case .established = ike.phase, ike.rekey == nil else {
            return
        }
        if used >= UInt32.max - 16 {
            timers.set(.expiry(ike.id), at: now)
        } else if ike.replacement == nil, !timers.isSet(.ikeRekey(ike.id)) || ike.rekeyTime.map({ $0 > now }) ?? true {
            ike.rekeyTime = now
            timers.set(.ikeRekey(ike.id), at: now)
        }
    }

    /// However short an interval is configured: the clock has to move before a request is sent again.
    private static let shortestWait = Duration.milliseconds(1)

    /// Sends a request that stands ready, and waits for its response.
    func send(
        _ ike: IKESA, _ exchange: ExchangeType, _ purpose: RequestPurpose, messageID: UInt32, _ datagrams: [Datagram]
    ) {
        ike.nextRequestID = messageID &+ 1
        let schedule = connection(of: ike)?.retransmission ?? RetransmissionSchedule()
        let wait = max(schedule.interval, Engine.shortestWait)
        // RFC 9329 §6.2: a stream loses nothing by itself; only the end is waited for.
        ike.outstanding.append(
            PendingRequest(
                messageID: messageID, exchange: exchange, purpose: purpose, datagrams: datagrams, firstSent: now,
                wait: wait, due: now + (ike.isOverStream ? schedule.timeout : min(wait, schedule.timeout))))
        transmit(datagrams, of: ike, exchange, isResponse: false)
        armRetransmission(ike)
        emit(.requestSent(ike.id, purpose, to: ike.remote))
    }

    /// Those that wait for their turn, as far as they may go.
    func sendNext(_ ike: IKESA) {
        guard ikes[ike.id] != nil else { return }
        // RFC 4555 §3.5: before anything else, the peer has to know where we are.
        if ike.mobility?.isUpdatePending == true, case .established = ike.phase {
            if ike.outstanding.isEmpty { sendAddressUpdate(ike) }
            return
        }
        while let next = ike.waiting.first, mayGo(next.purpose, ike) {
            ike.waiting.removeFirst()
            requestNow(ike, next.exchange, next.purpose, next.payloads)
        }
    }

    /// A request has its response.
    /// - Parameter messageID: of several; nil: of the one that there is.
    @discardableResult
    func settle(_ ike: IKESA, _ messageID: UInt32? = nil) -> PendingRequest? {
        guard let place = ike.outstanding.firstIndex(where: { $0.messageID == messageID ?? $0.messageID }) else {
            return nil
        }
        let settled = ike.outstanding.remove(at: place)
        // Nothing is kept of an array that is empty.
        if ike.outstanding.isEmpty { ike.outstanding = [] }
        armRetransmission(ike)
        return settled
    }

    /// One timer for all: the next that is due.
    func armRetransmission(_ ike: IKESA) {
        if let due = ike.outstanding.map(\.due).min() {
            timers.set(.retransmission(ike.id), at: due)
        } else {
            timers.cancel(.retransmission(ike.id))
        }
    }

    func transmit(_ datagrams: [Datagram]) { for datagram in datagrams { release(datagram) } }

    /// Messages of an IKE SA, told one by one.
    func transmit(_ datagrams: [Datagram], of ike: IKESA, _ exchange: ExchangeType, isResponse: Bool) {
        ike.lastSent = now
        for datagram in datagrams {
            release(datagram)
            emit(
                .datagramSent(
                    ike.id, exchange, isResponse: isResponse, octets: datagram.octets.count, from: datagram.local,
                    to: datagram.remote))
        }
    }

    // MARK: Loss

    /// Those requests that are due.
    func retransmit(_ ike: IKESA) {
        for messageID in ike.outstanding.filter({ $0.due <= now }).map(\.messageID) where ikes[ike.id] != nil {
            retransmit(ike, messageID)
        }
        if ikes[ike.id] != nil { armRetransmission(ike) }
    }

    /// After the interval, then after the same again, and from there on after twice the last wait; until the timeout.
    private func retransmit(_ ike: IKESA, _ messageID: UInt32) {
        // Another of them may have taken all to another path.
        guard let place = ike.outstanding.firstIndex(where: { $0.messageID == messageID }),
            ike.outstanding[place].due <= now
        else { return }
        var pending = ike.outstanding[place]
        let schedule = connection(of: ike)?.retransmission ?? RetransmissionSchedule()
        let end = pending.firstSent + schedule.timeout
        if impairments.timeoutOnRetransmit && now < end {
            emit(.impaired(ike.id, "retransmit so timing out SA (may retry)"))
            giveUp(ike, pending, after: now - pending.firstSent, quietly: true)
            return
        }
        if now >= end, triesAnotherPath(ike, pending) { return }
        if now >= end {
            giveUp(ike, pending, after: schedule.timeout, quietly: false)
            return
        }
        if impairments.suppressRetransmits {
            emit(.retransmissionSuppressed(ike.id, ike.state))
        } else if !ike.isOverStream {
            pending.retransmissions += 1
            if let percent = schedule.growthPercent {
                pending.wait = pending.wait * percent / 100
            } else if pending.retransmissions > 1 {
                pending.wait = pending.wait * 2
            }
            transmit(pending.datagrams, of: ike, pending.exchange, isResponse: false)
            emit(
                .retransmitted(
                    ike.id, ike.state, pending.exchange, attempt: pending.retransmissions, next: pending.wait))
        }
        // A suppressed retransmission changes nothing any more: only the end is waited for.
        pending.due = impairments.suppressRetransmits || ike.isOverStream ? end : min(now + pending.wait, end)
        ike.outstanding[place] = pending
    }

    private func giveUp(_ ike: IKESA, _ pending: PendingRequest, after: Duration, quietly: Bool) {
        ike.outstanding = []
        noteTransportFailure(ike)
        if !quietly {
            emit(.timedOut(ike.id, ike.state, after: after, retransmissions: pending.retransmissions))
        }
        if case .deleting(let reason) = ike.phase {
            discard(ike, reason)
        } else {
            discard(ike, .failed(.timedOut))
        }
    }

    // MARK: Answers

    /// Sends a protected response and keeps it for repetition.
    func respond(_ ike: IKESA, _ exchange: ExchangeType, _ payloads: [Payload]) {
        guard let keys = ike.keys else { return }
        let messageID = ike.answering
        let isMisnamed = impairments.misnameIKEAuthResponse && exchange == .ikeAuth
        if isMisnamed { emit(.impaired(ike.id, "responding to IKE_AUTH with INFORMATIONAL")) }
        let payloads = laidOut(payloads, exchange, isResponse: true, ike)
        guard
            let datagrams = try? ike.seal(
                exchange: isMisnamed ? .informational : exchange, messageID: messageID, isResponse: true,
                payloads: payloads, keys: keys,
                profile: profile, random: &random, tamper: tamper)
        else {
            preconditionFailure("sealing with keys of our own making cannot fail")
        }
        noteIntermediate(
            ike, exchange, isResponse: true, messageID: messageID, sentBy: ike.role, Message.encodePayloads(payloads))
        tellSent(ike, exchange, isResponse: true, messageID: messageID, payloads, datagrams)
        answer(ike, exchange, datagrams)
        replaceBeforeLastMessage(ike)
    }

    /// Sends a response that stands ready and keeps it for repetition.
    func answer(_ ike: IKESA, _ exchange: ExchangeType, _ datagrams: [Datagram]) {
        let ends = ike.requestEnds ?? (ike.local, ike.remote)
        let datagrams = datagrams.map { Datagram(local: ends.local, remote: ends.remote, octets: $0.octets) }
        ike.requests.keep(.init(messageID: ike.answering, datagrams: datagrams), size: ownWindow(ike))
        transmit(datagrams, of: ike, exchange, isResponse: true)
        emit(.responseSent(ike.id, exchange, to: ends.remote))
    }

    /// To where it was asked for again, which may be another port of a NAT than at first.
    func repeatResponse(_ answer: RequestWindow.Answer, _ ike: IKESA, _ exchange: ExchangeType, to request: Datagram) {
        let datagrams = answer.datagrams.map {
            Datagram(local: request.local, remote: request.remote, octets: $0.octets)
        }
        transmit(datagrams, of: ike, exchange, isResponse: true)
        emit(.responseRepeated(ike.id, exchange))
    }
}
