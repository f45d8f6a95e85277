import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// MOBIKE: an IKE SA and its Child SAs move to other addresses (RFC 4555).
extension Engine {
    // MARK: IKE_AUTH

    /// N(MOBIKE_SUPPORTED) and our other addresses (RFC 4555 §3.1, §3.4).
    func mobilityOffer(_ connection: Connection, _ ike: IKESA) -> [Payload] {
        guard connection.mobility else { return [] }
        return [.notify(NotifyPayload(type: .mobikeSupported))] + additionalAddresses(of: ike)
            + natProhibition(connection, ike)
    }

    /// The peer's answer to, or request with, `mobilityOffer`.
    func noteMobility(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection) {
        guard connection.mobility, payloads.notify(.mobikeSupported) != nil else { return }
        var mobility = Mobility(decides: ike.isOfOriginalInitiator)
        mobility.peerAddresses = payloads.additionalAddresses
        mobility.announced = otherAddresses(than: ike.local.address)
        ike.mobility = mobility
    }

    /// Whether the ends in NO_NATS_ALLOWED, where there is one, are those that the message has (RFC 4555 §3.9).
    func isPathUnaltered(_ payloads: [Payload], _ ike: IKESA) -> Bool {
        guard let said = payloads.notify(.noNATsAllowed) else { return true }
        let ends = ike.requestEnds ?? (ike.local, ike.remote)
        return said.data == IKEPath(local: ends.remote, remote: ends.local).noNATsAllowed
    }

    /// N(NO_NATS_ALLOWED), where NAT traversal is ruled out (RFC 4555 §3.9).
    private func natProhibition(_ connection: Connection, _ ike: IKESA) -> [Payload] {
        guard connection.encapsulation == .never else { return [] }
        let path = IKEPath(local: ike.local, remote: ike.remote)
        return [.notify(NotifyPayload(type: .noNATsAllowed, data: path.noNATsAllowed))]
    }

    private func otherAddresses(than used: IPAddress) -> [IPAddress] {
        guard profile.announcesAddresses else { return [] }
        return Array(hostAddresses.filter { $0 != used }.prefix(Mobility.peerAddressLimit))
    }

    private func additionalAddresses(of ike: IKESA) -> [Payload] {
        otherAddresses(than: ike.local.address).map { address in
            let type = address.family == .v4 ? NotifyType.additionalIPv4Address : .additionalIPv6Address
            return .notify(NotifyPayload(type: type, data: address.octets))
        }
    }

    // MARK: This end's addresses

    /// The host's addresses or routes have changed.
    func take(_ report: HostReport) {
        hostAddresses = report.addresses
        for id in ikes.keys.sorted() {
            guard let ike = ikes[id], ike.mobility != nil, case .established = ike.phase else { continue }
            if hostAddresses.contains(ike.local.address) {
                // It is back; on the way there may be another NAT mapping.
                if ike.mobility?.isStranded == true { relocate(ike, to: ike.local.address) } else { announce(ike) }
            } else if let source = report.sources[ike.remote.address], source.family == ike.local.address.family,
                hostAddresses.contains(source), !(ike.configuration?.addresses.contains(source) ?? false)
            {
                relocate(ike, to: source)
            } else if ike.mobility?.isStranded == false {
                ike.mobility?.isStranded = true
                emit(.localAddressLost(ike.id, ike.local.address))
            }
        }
    }

    /// This end has another address. Who decides tells the peer to go there; the other one tells where it is (RFC 4555 §3.5,
    /// §3.6).
    private func relocate(_ ike: IKESA, to address: IPAddress) {
        let old = ike.local.address
        ike.mobility?.isStranded = false
        if ike.isOverStream {
            relocateStream(ike, to: address)
            return
        }
        moveWithMessages(ike, local: Endpoint(address, port: ike.local.port), remote: ike.remote)
        // The connection goes on from where it is.
        for id in records.keys.sorted() {
            guard let connection = records[id]?.connection, connection.mobility, connection.local.host == .address(old)
            else { continue }
            records[id]?.connection.local.host = .address(address)
            renewRoute(id)
        }
        if ike.mobility?.decides == true { updateAddresses(ike) } else { announce(ike, isElsewhere: true) }
    }

    /// The IKE SA, its request under way and its Child SAs go another way.
    func moveWithMessages(_ ike: IKESA, local: Endpoint, remote: Endpoint) {
        let old = IKEPath(local: ike.local, remote: ike.remote)
        move(ike, local: local, remote: remote)
        readdress(ike)
        let new = IKEPath(local: local, remote: remote)
        if new != old { emit(.ikeMoved(ike.id, from: old, to: new, byPeer: false)) }
    }

    /// What waits for its response goes the way that the IKE SA goes.
    private func readdress(_ ike: IKESA) {
        for place in ike.outstanding.indices {
            ike.outstanding[place].datagrams = ike.outstanding[place].datagrams.map {
                Datagram(local: ike.local, remote: ike.remote, octets: $0.octets)
            }
        }
    }

    /// Sends UPDATE_SA_ADDRESSES as soon as the window allows (RFC 4555 §3.5).
    func updateAddresses(_ ike: IKESA) {
        ike.mobility?.isUpdatePending = true
        if ike.outstanding.isEmpty { sendAddressUpdate(ike) }
    }

    func sendAddressUpdate(_ ike: IKESA) {
        guard ike.mobility?.isUpdatePending == true, let connection = connection(of: ike) else { return }
        let cookie = random.octets(16)
        ike.mobility?.isUpdatePending = false
        ike.mobility?.cookie2 = cookie
        ike.mobility?.announced = otherAddresses(than: ike.local.address)
        var payloads: [Payload] = [.notify(NotifyPayload(type: .updateSAAddresses))]
        let prohibition = natProhibition(connection, ike)
        payloads += prohibition.isEmpty ? natDetection(ike) : prohibition
        payloads += additionalAddresses(of: ike)
        payloads.append(.notify(NotifyPayload(type: .cookie2, data: cookie)))
        // Before what waits for its turn.
        requestNow(ike, .informational, .updateAddresses, payloads)
    }

    /// Tells the peer our other addresses where they have changed (RFC 4555 §3.6).
    private func announce(_ ike: IKESA, isElsewhere: Bool = false) {
        guard let mobility = ike.mobility, let connection = connection(of: ike) else { return }
        let others = otherAddresses(than: ike.local.address)
        guard others != mobility.announced || isElsewhere else { return }
        ike.mobility?.announced = others
        let list = additionalAddresses(of: ike)
        request(
            ike, .informational, .announceAddresses,
            (list.isEmpty ? [.notify(NotifyPayload(type: .noAdditionalAddresses))] : list)
                + natProhibition(connection, ike))
    }

    private func natDetection(_ ike: IKESA) -> [Payload] {
        NATDetection.notifies(
            spiI: ike.initiatorSPI, spiR: ike.responderSPI, local: ike.local, remote: ike.remote,
            faked: connection(of: ike)?.encapsulation == .always)
    }

    // MARK: Answers

    func takeAddressUpdateResponse(_ payloads: [Payload], _ ike: IKESA) {
        guard let mobility = ike.mobility, checkRoutability(payloads, ike) else { return }
        // RFC 4555 §3.5: the path has changed meanwhile; the next update says more than this answer.
        if mobility.isUpdatePending { return }
        if let refusal = payloads.errorNotify {
            emit(.addressUpdateRefused(ike.id, refusal.type))
            return
        }
        ike.mobility?.triedPeers = []
        ike.mobility?.seenAs = payloads.notifies(.natDetectionDestinationIP).map(\.data)
        let before = ike.local
        noteNATOnPath(payloads, ike)
        emit(.addressUpdateConfirmed(ike.id, IKEPath(local: ike.local, remote: ike.remote)))
        // To another port: the peer has to know it.
        if ike.local != before { ike.mobility?.isUpdatePending = true }
    }

    /// RFC 4555 §3.7: who answers without the cookie has not seen the request.
    /// - Returns: false where the IKE SA is closed for it.
    func checkRoutability(_ payloads: [Payload], _ ike: IKESA) -> Bool {
        guard let cookie = ike.mobility?.cookie2 else { return true }
        ike.mobility?.cookie2 = nil
        if payloads.notify(.cookie2)?.data == cookie { return true }
        let reason = FailureReason.badSyntax("response with another COOKIE2")
        emit(.ikeFailed(ike.id, ike.state, reason))
        deleteAtOnce(ike, .failed(reason))
        return false
    }

    /// NAT traversal goes by what is found on the path in use (RFC 4555 §3.5).
    private func noteNATOnPath(_ payloads: [Payload], _ ike: IKESA) {
        guard
            var found = NATDetection.evaluate(
                payloads, spiI: ike.initiatorSPI, spiR: ike.responderSPI, local: ike.local, remote: ike.remote)
        else { return }
        if connection(of: ike)?.encapsulation == .always { found.localBehindNAT = true }
        guard found != ike.nat else { return }
        ike.nat = found
        var (local, remote) = (ike.local, ike.remote)
        if found.isPresent, ike.mobility?.decides == true {
            if local.port == 500 { local.port = 4500 }
            if remote.port == 500 { remote.port = 4500 }
        }
        move(ike, local: local, remote: remote)
        armKeepAlive(ike)
    }

    /// The peer's request, as far as it is about addresses.
    /// - Returns: what the answer says of it, and whether the rest of the request may be looked at.
    func answerMobility(_ payloads: [Payload], _ ike: IKESA) -> (answer: [Payload], goesOn: Bool) {
        guard let mobility = ike.mobility else { return ([], true) }
        let cookie: [Payload] = payloads.notify(.cookie2).map { [.notify($0)] } ?? []
        let isUpdate = payloads.notify(.updateSAAddresses) != nil
        let list = payloads.additionalAddresses
        let isAnnouncement = !list.isEmpty || payloads.notify(.noAdditionalAddresses) != nil
        let ends = ike.requestEnds ?? (ike.local, ike.remote)
        // One that a newer one has overtaken is answered, and changes nothing: an update by an update (RFC 4555 §3.5), a list of
        // addresses by either (§3.6). It is looked for before NO_NATS_ALLOWED is.
        let isNewestUpdate = isUpdate && ike.answering >= ike.newestAddressUpdate ?? 0
        let isNewestList = isAnnouncement && ike.answering >= ike.newestAddressRequest ?? 0
        if isNewestUpdate || isNewestList, !isPathUnaltered(payloads, ike) {
            return ([.notify(NotifyPayload(type: .unexpectedNATDetected))] + cookie, false)
        }
        if isNewestUpdate { ike.newestAddressUpdate = ike.answering }
        if isNewestUpdate || isNewestList {
            ike.newestAddressRequest = max(ike.newestAddressRequest ?? 0, ike.answering)
        }
        if isNewestUpdate, !mobility.decides {
            follow(ends, payloads, ike)
            if let successor = successor(of: ike), successor.newestAddressUpdate == nil { take(successor, along: ike) }
        }
        if isNewestList {
            ike.mobility?.peerAddresses = list
            // The address that we use is no longer the peer's: it is where this came from.
            if mobility.decides, ends.remote.address != ike.remote.address, !list.contains(ike.remote.address) {
                moveWithMessages(ike, local: ike.local, remote: ends.remote)
                updateAddresses(ike)
            }
        }
        var answer: [Payload] = []
        // RFC 4555 §3.8: who asks is told how it is seen.
        if payloads.notify(.natDetectionSourceIP) != nil {
            answer += NATDetection.notifies(
                spiI: ike.initiatorSPI, spiR: ike.responderSPI, local: ends.local, remote: ends.remote,
                faked: connection(of: ike)?.encapsulation == .always)
        }
        return (answer + cookie, true)
    }

    /// The peer decided on another path: that of its request.
    private func follow(_ ends: (local: Endpoint, remote: Endpoint), _ payloads: [Payload], _ ike: IKESA) {
        let old = IKEPath(local: ike.local, remote: ike.remote)
        let new = IKEPath(local: ends.local, remote: ends.remote)
        if let found = NATDetection.evaluate(
            payloads, spiI: ike.initiatorSPI, spiR: ike.responderSPI, local: ends.local, remote: ends.remote)
        {
            ike.nat = found
            if connection(of: ike)?.encapsulation == .always { ike.nat.localBehindNAT = true }
        }
        // Before the move: what the old path is called is over with it.
        if new != old { emit(.ikeMoved(ike.id, from: old, to: new, byPeer: true)) }
        moveWithPending(ike, to: ends)
        armKeepAlive(ike)
        ike.mobility?.isRoutabilityWanted = new.remote.address != old.remote.address
    }

    /// The peer's replacement of an IKE SA, which has the Child SAs, has overtaken an update of it.
    private func take(_ successor: IKESA, along ike: IKESA) {
        successor.nat = ike.nat
        moveWithPending(successor, to: (ike.local, ike.remote))
        armKeepAlive(successor)
        successor.mobility?.isRoutabilityWanted = ike.mobility?.isRoutabilityWanted ?? false
        ike.mobility?.isRoutabilityWanted = false
        checkNewPath(of: successor)
    }

    func moveWithPending(_ ike: IKESA, to ends: (local: Endpoint, remote: Endpoint)) {
        move(ike, local: ends.local, remote: ends.remote)
        readdress(ike)
    }

    /// After the answer: does the peer get what is sent to where it says it is? (RFC 4555 §3.7; the Child SAs have moved
    /// already.)
    func checkNewPath(of ike: IKESA) {
        guard ikes[ike.id] != nil, ike.mobility?.isRoutabilityWanted == true, ike.outstanding.isEmpty
        else { return }
        ike.mobility?.isRoutabilityWanted = false
        let cookie = random.octets(16)
        ike.mobility?.cookie2 = cookie
        request(ike, .informational, .routability, [.notify(NotifyPayload(type: .cookie2, data: cookie))])
    }

    // MARK: Paths that fail

    /// A request was not answered: there may be another address of the peer's (RFC 4555 §3.5).
    /// - Returns: whether it goes on there.
    func triesAnotherPath(_ ike: IKESA, _ pending: PendingRequest) -> Bool {
        guard case .established = ike.phase, let mobility = ike.mobility else { return false }
        if mobility.isStranded {
            // Nothing was sent that could have been answered.
            for place in ike.outstanding.indices where ike.outstanding[place].messageID == pending.messageID {
                ike.outstanding[place].firstSent = now
                ike.outstanding[place].due = now + pending.wait
            }
            return true
        }
        guard mobility.decides,
            let next = mobility.peerAddresses.first(where: {
                $0.family == ike.local.address.family && $0 != ike.remote.address && !mobility.triedPeers.contains($0)
            })
        else { return false }
        ike.mobility?.triedPeers.formUnion([next, ike.remote.address])
        let wait = max(connection(of: ike)?.retransmission.interval ?? .zero, .milliseconds(1))
        for place in ike.outstanding.indices {
            ike.outstanding[place].firstSent = now
            ike.outstanding[place].wait = wait
            ike.outstanding[place].due = now + wait
        }
        moveWithMessages(ike, local: ike.local, remote: Endpoint(next, port: ike.remote.port))
        ike.mobility?.isUpdatePending = true
        for request in ike.outstanding { transmit(request.datagrams, of: ike, request.exchange, isResponse: false) }
        return true
    }

    /// The NAT detection that goes with a sign of life from behind a NAT (RFC 4555 §3.8).
    func natDetectionForProbe(_ ike: IKESA) -> [Payload] {
        guard ike.mobility?.decides == true, ike.nat.localBehindNAT else { return [] }
        return natDetection(ike)
    }

    /// The answer to it: the NAT has given us another address or port, and the peer does not follow by itself.
    func noteMapping(_ payloads: [Payload], _ ike: IKESA) {
        let hashes = payloads.notifies(.natDetectionDestinationIP).map(\.data)
        guard ike.mobility?.decides == true, !hashes.isEmpty else { return }
        let known = ike.mobility?.seenAs ?? []
        ike.mobility?.seenAs = hashes
        if !known.isEmpty, known != hashes { ike.mobility?.isUpdatePending = true }
    }
}

extension [Payload] {
    /// Of ADDITIONAL_IP4_ADDRESS and ADDITIONAL_IP6_ADDRESS; what is no address is left out, and so is what is too much.
    fileprivate var additionalAddresses: [IPAddress] {
        let all = notifies(.additionalIPv4Address) + notifies(.additionalIPv6Address)
        return all.prefix(Mobility.peerAddressLimit).compactMap { notify in
            guard let address = IPAddress(octets: notify.data),
                address.family == (notify.type == .additionalIPv4Address ? .v4 : .v6)
            else { return nil }
            return address
        }
    }
}

extension IKEPath {
    /// The data of NO_NATS_ALLOWED: source, destination, and their ports (RFC 4555 §4.2.6): 12 or 36 octets.
    fileprivate var noNATsAllowed: [UInt8] {
        func port(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
        return local.address.octets + remote.address.octets + port(local.port) + port(remote.port)
    }
}
