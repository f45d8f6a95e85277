import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// CREATE_CHILD_SA for Child SAs, new ones and replacements, both sides (RFC 7296 §1.3.1, §1.3.3, §2.8, §2.25).
extension Engine {
    // MARK: Initiator

    /// An established IKE SA with the peer of a connection, made by it or by another with the same two ends.
    func sharedIKESA(for connection: Connection) -> IKESA? {
        ikes.values.filter { ike in
            guard case .established = ike.phase, let other = self.connection(of: ike) else { return false }
            return other.peerConfiguration == connection.peerConfiguration
                && other.local.host == connection.local.host && other.remote.host == connection.remote.host
                && other.local.identification == connection.local.identification
                && other.local.authentication == connection.local.authentication
                && other.remote.authentication == connection.remote.authentication
                && (connection.remote.identification == nil || ike.peer == connection.remote.identification)
                // A client's addresses come with IKE_AUTH.
                && (!connection.configuration.isClient || ike.configuration != nil)
        }.max { $0.id < $1.id }
    }

    func startChild(_ connection: Connection, _ ike: IKESA, replacing old: ChildSA?) {
        let child = ChildSAID(nextNumber())
        let proposals = exchangeProposals(connection, ike)
        let group = proposals.flatMap(\.keyExchange).first(where: \.isSupported)
        emit(.childCreated(child, ike.id, connection.id))
        emit(.childInitiating(child, ike.id, connection.id, replacing: old?.facts.child))
        let keyExchange = group.flatMap { try? KeyExchange($0, random: &random) }
        ike.negotiations[child] = ChildNegotiation(
            connection: connection.id,
            offer: ChildOffer(
                child: child, spi: newESPSPI(),
                localSelectors: old?.facts.localSelectors ?? localSelectors(connection, ike),
                remoteSelectors: old?.facts.remoteSelectors ?? remoteSelectors(connection, ike)),
            ends: ike.ends, nonce: random.octets(profile.nonceOctets), keyExchange: keyExchange, proposals: proposals,
            replaces: old?.facts.child, groupsTried: Set(group.map { [$0] } ?? []))
        sendChildRequest(child, ike)
    }

    /// HDR, SK{[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}.
    private func sendChildRequest(_ child: ChildSAID, _ ike: IKESA) {
        guard let negotiation = ike.negotiations[child], let connection = records[negotiation.connection]?.connection
        else { return }
        var payloads: [Payload] = []
        if let old = negotiation.replaces.flatMap({ childSAsByID[$0] }) {
            payloads.append(
                .notify(
                    NotifyPayload(
                        protocolID: impairments.rekeyProtocolID.map { ProtocolID($0) } ?? .esp,
                        spi: old.facts.inbound.octets, type: .rekeySA)))
        }
        if connection.mode == .transport { payloads.append(.notify(NotifyPayload(type: .useTransportMode))) }
        payloads += [
            .securityAssociation(
                impaired(
                    ProposalNegotiation.wire(
                        negotiation.proposals, spi: negotiation.offer.spi,
                        withKeyExchange: negotiation.keyExchange != nil), of: .child(child))),
            .nonce(negotiation.nonce),
        ]
        if let keyExchange = negotiation.keyExchange {
            payloads.append(
                .keyExchange(
                    KeyExchangePayload(group: keyExchange.method.rawValue, data: keyExchange.publicValue)))
        }
        payloads += [
            .trafficSelectorsInitiator(negotiation.offer.localSelectors),
            .trafficSelectorsResponder(negotiation.offer.remoteSelectors),
        ]
        request(
            ike, .createChildSA,
            .createChild(
                child: child, inbound: negotiation.offer.spi, encapsulated: encapsulation(of: ike) != .none,
                replacing: negotiation.replaces), payloads)
    }

    func takeChildResponse(_ payloads: [Payload], _ ike: IKESA, _ child: ChildSAID) {
        guard let negotiation = ike.negotiations[child] else { return }
        if let notify = payloads.notify(.invalidKEPayload), retryChild(child, ike, wanting: notify) { return }
        if payloads.errorNotify?.type == .tsUnacceptable, retryChildBetweenNewEnds(child, ike) { return }
        ike.negotiations[child] = nil
        defer { if ike.negotiations.isEmpty { ike.deletedEarly = [] } }
        guard let connection = records[negotiation.connection]?.connection else {
            if payloads.errorNotify == nil { deleteUnusable(negotiation.offer, ike) }
            return
        }
        let made: Result<Void, Refusal> = establishChild(payloads, ike, connection, negotiation)
        switch made {
        case .success:
            if let old = negotiation.replaces {
                settleReplacement(of: old, by: negotiation, nr: payloads.nonce ?? [], ike)
            }
            if negotiation.isUnwanted {
                records[connection.id]?.staysUp = false
                deleteChildrenWithPeer([child], ike)
            }
            finishInitiation(connection.id, succeeded: true)
        case .failure(let refusal):
            emit(.childRejected(child, ike.id, refusal.reason))
            if payloads.errorNotify == nil, payloads.securityAssociation != nil,
                refusal.reason != .refused(.childSANotFound)
            {
                deleteUnusable(negotiation.offer, ike)
            }
            if refusal.reason == .refused(.invalidSyntax) {
                // RFC 7296 §2.21.3: fatal to both ends, without a Delete.
                if negotiation.replaces != nil { emit(.rekeyFinished(connection.id, succeeded: false)) }
                endedUnwanted(connection.id, ike, child: child, reason: .failed(refusal.reason))
                discard(ike, .failed(refusal.reason))
                return
            }
            if let old = negotiation.replaces, refusal.reason == .refused(.childSANotFound),
                payloads.errorNotify == nil
            {
                // It was made and is gone already; the old one ends as it would have beside it.
                deleteChildrenWithPeer([old], ike)
            } else if let old = negotiation.replaces {
                // The peer's replacement may be gone again.
                let collided = negotiation.collision.map { childSAsByID[$0.made] != nil } ?? false
                replacementFailed(of: old, ike, connection, refusal.reason, collided: collided)
            } else {
                endedUnwanted(connection.id, ike, child: child, reason: .failed(refusal.reason))
            }
        }
    }

    /// The responder wants another group (RFC 7296 §1.3).
    private func retryChild(_ child: ChildSAID, _ ike: IKESA, wanting notify: NotifyPayload) -> Bool {
        guard var negotiation = ike.negotiations[child], let wanted = try? notify.keyExchangeGroup() else {
            return false
        }
        let group = KeyExchangeMethod(rawValue: wanted)
        guard negotiation.proposals.contains(where: { $0.keyExchange.contains(group) }),
            !negotiation.groupsTried.contains(group), let keyExchange = try? KeyExchange(group, random: &random)
        else { return false }
        negotiation.keyExchange = keyExchange
        negotiation.groupsTried.insert(group)
        ike.negotiations[child] = negotiation
        renewOffer(of: child, ike)
        sendChildRequest(child, ike)
        return true
    }

    /// The ends have moved while a request for transport mode was under way. Its repetitions are what it was at first
    /// (RFC 7296 §2.1), and the responder, who has moved too, finds the old addresses in it: it is asked again, by the new ones.
    private func retryChildBetweenNewEnds(_ child: ChildSAID, _ ike: IKESA) -> Bool {
        guard let before = ike.negotiations[child], !before.isUnwanted, before.collision == nil,
            before.replaces.map({ childSAsByID[$0] != nil }) ?? true
        else { return false }
        renewOffer(of: child, ike)
        guard let offer = ike.negotiations[child]?.offer,
            offer.localSelectors != before.offer.localSelectors || offer.remoteSelectors != before.offer.remoteSelectors
        else { return false }
        ike.negotiations[child]?.nonce = random.octets(profile.nonceOctets)
        sendChildRequest(child, ike)
        return true
    }

    private func establishChild(
        _ payloads: [Payload], _ ike: IKESA, _ connection: Connection, _ negotiation: ChildNegotiation
    ) -> Result<Void, Refusal> {
        if let error = payloads.errorNotify { return .failure(Refusal(reason: .refused(error.type))) }
        guard let answer = payloads.securityAssociation, let nonce = payloads.nonce,
            let tsi = payloads.trafficSelectorsInitiator, let tsr = payloads.trafficSelectorsResponder
        else { return .failure(Refusal(reason: .badSyntax("CREATE_CHILD_SA response without SA, Nr, TSi, TSr"))) }
        guard
            let agreed = ProposalNegotiation.accept(
                answer: answer, offered: negotiation.proposals, withKeyExchange: negotiation.keyExchange != nil),
            agreed.suite.keyExchange == negotiation.keyExchange?.method
                || agreed.suite.keyExchange == nil && negotiation.proposals.contains(where: \.keyExchange.isEmpty),
            (payloads.notify(.useTransportMode) != nil) == (connection.mode == .transport)
        else { return .failure(Refusal(reason: .refusing(.noProposalChosen))) }
        emit(.proposalAccepted(ike.id, negotiation.offer.child, answer[0]))
        // The peer's Delete has overtaken its answer.
        guard !ike.deletedEarly.contains(agreed.spi.octets) else {
            return .failure(Refusal(reason: .refused(.childSANotFound)))
        }
        let offer = negotiation.offer
        let offered = current(.init(local: offer.localSelectors, remote: offer.remoteSelectors), of: negotiation, ike)
        let answered = current(.init(local: tsi, remote: tsr), of: negotiation, ike)
        guard TrafficSelectorNarrowing.isWithin(answered.local, offered: offered.local),
            TrafficSelectorNarrowing.isWithin(answered.remote, offered: offered.remote)
        else { return .failure(Refusal(reason: .refusing(.tsUnacceptable))) }
        var secret: SecretBytes?
        // Whoever may choose a proposal without a group may leave the key that was sent unused.
        if let keyExchange = negotiation.keyExchange, agreed.suite.keyExchange != nil {
            guard let theirs = payloads.keyExchange, theirs.group == keyExchange.method.rawValue,
                let shared = try? keyExchange.sharedSecret(peer: theirs.data)
            else { return .failure(Refusal(reason: .badSyntax("CREATE_CHILD_SA response with an unusable KE"))) }
            secret = shared
        }
        installChild(
            negotiation.offer.child, ike, connection, role: .initiator, suite: agreed.suite,
            inbound: negotiation.offer.spi, outbound: agreed.spi, localSelectors: answered.local,
            remoteSelectors: answered.remote,
            ni: negotiation.nonce, nr: nonce, secret: secret, replaces: negotiation.replaces)
        return .success(())
    }

    /// The old Child SA goes, or, where the peer has replaced it too and has the better nonces, our new one does.
    private func settleReplacement(
        of old: ChildSAID, by negotiation: ChildNegotiation, nr: [UInt8], _ ike: IKESA
    ) {
        if let collision = negotiation.collision, childSAsByID[collision.made] != nil,
            collision.isOursToGo(nonces: [negotiation.nonce, nr])
        {
            deleteChildrenWithPeer([negotiation.offer.child], ike)
            return
        }
        deleteChildrenWithPeer([old], ike)
    }

    /// RFC 7296 §2.25: what a refused replacement means for the old Child SA.
    private func replacementFailed(
        of old: ChildSAID, _ ike: IKESA, _ connection: Connection, _ reason: FailureReason, collided: Bool
    ) {
        switch reason {
        case .refused(.childSANotFound):
            // The peer has it no more (§2.25): neither have we, and the connection wants another.
            removeChild(old, ike, .failed(reason))
        case .refused(.temporaryFailure) where !collided:
            timers.set(.childRekey(old), at: now + Engine.rekeyRetry)
        default: break
        }
        emit(.rekeyFinished(connection.id, succeeded: collided))
        if !collided { startAnew(ike, connection, instead: reason) }
    }

    /// RFC 7296 §4: a peer that replaces nothing, which NO_ADDITIONAL_SAS says, loses the IKE SA with all in it, and what is to stay
    /// up comes up in a new one. What nobody wants to stay up lives on to the end of its lifetime.
    func startAnew(_ ike: IKESA, _ connection: Connection, instead reason: FailureReason) {
        guard reason == .refused(.noAdditionalSAs), records[connection.id]?.staysUp == true,
            case .established = ike.phase
        else { return }
        deleteWithPeer(ike, .failed(reason))
    }

    // MARK: Responder

    /// Child SAs of one IKE SA beyond which a peer gets no more (RFC 7296 §1.3): each costs a place in the data plane.
    static let childLimit = 1000

    func answerCreateChildSA(_ payloads: [Payload], _ ike: IKESA) {
        func refuse(_ type: NotifyType, data: [UInt8] = [], spi: [UInt8] = []) {
            respond(
                ike, .createChildSA,
                [
                    .notify(
                        NotifyPayload(
                            protocolID: spi.isEmpty && !profile.namesProtocolInRefusals ? .none : .esp, spi: spi,
                            type: type, data: data))
                ])
            // RFC 7296 §2.21.3: fatal to both ends, without a Delete.
            if type == .invalidSyntax { fail(ike, .refusing(type)) }
        }
        adoptWhatIsInUse(ike)
        guard let offered = payloads.securityAssociation, let ni = payloads.nonce, (16...256).contains(ni.count) else {
            refuse(.invalidSyntax)
            return
        }
        if offered.contains(where: { $0.protocolID == .ike }) {
            answerIKERekey(payloads, offered: offered, ni: ni, ike)
            return
        }
        guard let tsi = payloads.trafficSelectorsInitiator, let tsr = payloads.trafficSelectorsResponder else {
            refuse(.invalidSyntax)
            return
        }
        // RFC 7296 §2.25.2: a Child SA of an IKE SA that is being replaced would be lost.
        // Where the peer has replaced it, the request was overtaken by that one.
        guard ike.rekey == nil, ike.replacement.flatMap({ ikes[$0] }) == nil else {
            refuse(.temporaryFailure)
            return
        }
        guard ike.children.count < Engine.childLimit else {
            refuse(.noAdditionalSAs)
            return
        }
        var old: ChildSA?
        if let rekey = payloads.notify(.rekeySA) {
            guard rekey.protocolID == .esp else {
                refuse(.invalidSyntax)
                return
            }
            old = ike.children.compactMap { childSAsByID[$0] }.first { $0.facts.outbound.octets == rekey.spi }
            guard let named = old else {
                // It may be one that answers a request of ours, and the answer be lost so far: then we shall have it.
                if !ike.negotiations.isEmpty {
                    refuse(.temporaryFailure)
                    return
                }
                refuse(.childSANotFound, spi: rekey.spi)
                return
            }
            // RFC 7296 §2.25.1: it is on its way out.
            guard !ike.closing.contains(named.facts.child) else {
                refuse(.temporaryFailure)
                return
            }
        }
        guard let connection = connectionForChild(of: old, ike, tsi: tsi, tsr: tsr, mode: payloads.wantedMode)
        else {
            refuse(.tsUnacceptable)
            return
        }
        let child = ChildSAID(nextNumber())
        emit(.childCreated(child, ike.id, connection.id))
        func reject(_ type: NotifyType, data: [UInt8] = []) {
            emit(.childRejected(child, ike.id, .refusing(type)))
            refuse(type, data: data)
        }
        // Addresses are lent in IKE_AUTH, and what is asked for later is not given (RFC 7296 §2.19, §3.15.4).
        guard !asksForAddresses(payloads) else {
            reject(.internalAddressFailure)
            return
        }
        guard !connection.configuration.isGateway || !ike.leases.isEmpty else {
            reject(.failedCPRequired)
            return
        }
        let remoteWanted = narrowRemote(tsi, connection, ike, replacing: old)
        let localWanted = TrafficSelectorNarrowing.narrow(
            offered: tsr, configured: old?.facts.localSelectors ?? localSelectors(connection, ike),
            narrowing: connection.narrowing)
        var reserved: ESPSPI?
        if profile.reservesSPIBeforeChoice, remoteWanted != nil, localWanted != nil {
            let spi = newESPSPI()
            reserved = spi
            emit(.spiReserved(child, ike.id, spi))
        }
        let sent = payloads.keyExchange.map { KeyExchangeMethod(rawValue: $0.group) }
        guard
            let chosen = ProposalNegotiation.choose(
                from: offered, accepting: exchangeProposals(connection, ike), withKeyExchange: true,
                keyExchangeSent: sent), permitsMode(payloads, connection)
        else {
            if let sent, refusesByGroupZero(sent, from: offered, connection, ike) {
                reject(.invalidKEPayload, data: [0, 0])
            } else {
                reject(.noProposalChosen)
            }
            return
        }
        guard let remoteSelectors = remoteWanted, let localSelectors = localWanted else {
            reject(.tsUnacceptable)
            return
        }
        emit(
            .proposalChosen(
                ike.id, child,
                ProposalNegotiation.answer(chosen.suite, number: chosen.number, spi: chosen.spi, to: offered),
                offered: offered))
        var keyExchange: KeyExchange?
        var secret: SecretBytes?
        if let group = chosen.suite.keyExchange {
            guard group == sent, let theirs = payloads.keyExchange else {
                reject(
                    .invalidKEPayload, data: [UInt8(group.rawValue >> 8), UInt8(truncatingIfNeeded: group.rawValue)])
                return
            }
            guard let own = try? KeyExchange(group, random: &random),
                let shared = try? own.sharedSecret(peer: theirs.data)
            else {
                reject(.invalidSyntax)
                return
            }
            keyExchange = own
            secret = shared
        }
        let spi = reserved ?? newESPSPI()
        let nr = random.octets(profile.nonceOctets)
        installChild(
            child, ike, connection, role: .responder, suite: chosen.suite, inbound: spi, outbound: chosen.spi,
            localSelectors: localSelectors, remoteSelectors: remoteSelectors, ni: ni, nr: nr, secret: secret,
            replaces: old?.facts.child)
        noteCollision(of: old, with: child, nonces: [ni, nr], ike)
        var answer: [Payload] = []
        if connection.mode == .transport { answer.append(.notify(NotifyPayload(type: .useTransportMode))) }
        answer += [
            .securityAssociation([
                ProposalNegotiation.answer(chosen.suite, number: chosen.number, spi: spi, to: offered)
            ]),
            .nonce(nr),
        ]
        if let keyExchange {
            answer.append(
                .keyExchange(
                    KeyExchangePayload(group: keyExchange.method.rawValue, data: keyExchange.publicValue)))
        }
        respond(
            ike, .createChildSA,
            answer + [.trafficSelectorsInitiator(remoteSelectors), .trafficSelectorsResponder(localSelectors)])
    }

    /// USE_TRANSPORT_MODE is a wish, and what is answered without it is a tunnel (RFC 7296 §1.3.1); who has not said it takes
    /// tunnels alone.
    func permitsMode(_ payloads: [Payload], _ connection: Connection) -> Bool {
        payloads.wantedMode == .transport || connection.mode == .tunnel
    }

    /// Whether the group is all that stands between the peer's proposals and a connection that wants none.
    private func refusesByGroupZero(
        _ group: KeyExchangeMethod, from offered: [Proposal], _ connection: Connection, _ ike: IKESA
    ) -> Bool {
        let ours = exchangeProposals(connection, ike)
        guard profile.refusesKeyExchangeByGroupZero, ours.allSatisfy(\.keyExchange.isEmpty) else { return false }
        let withGroup = ours.map { proposal in
            var proposal = proposal
            proposal.keyExchange = [group]
            return proposal
        }
        return ProposalNegotiation.choose(
            from: offered, accepting: withGroup, withKeyExchange: true, keyExchangeSent: group) != nil
    }

    private func noteCollision(of old: ChildSA?, with child: ChildSAID, nonces: [[UInt8]], _ ike: IKESA) {
        guard let old else { return }
        timers.cancel(.childRekey(old.facts.child))
        for id in ike.negotiations.keys where ike.negotiations[id]?.replaces == old.facts.child {
            ike.negotiations[id]?.collision = Collision(made: child, nonces: nonces)
        }
    }

    /// That of the Child SA which is replaced; for a new one, one with this peer whose selectors fit.
    private func connectionForChild(
        of old: ChildSA?, _ ike: IKESA, tsi: [TrafficSelector], tsr: [TrafficSelector], mode: ESPMode
    ) -> Connection? {
        if let old { return records[old.facts.connection]?.connection }
        let own = connection(of: ike)
        let fitting = connections(sharing: own, ike).filter { connection in
            (connection.remote.identification == nil || connection.remote.identification == ike.peer)
                && connection.local.identification == own?.local.identification
                && connection.remote.authentication == own?.remote.authentication
        }
        let selected = fitting.filter { connection in
            narrowRemote(tsi, connection, ike) != nil
                && TrafficSelectorNarrowing.narrow(
                    offered: tsr, configured: localSelectors(connection, ike), narrowing: connection.narrowing) != nil
        }
        // A Mobile IPv6 node has two for the same home agent, one of each mode, and the selectors of either fit into the other's.
        let sameMode = selected.filter { $0.mode == mode }
        let wanted = sameMode.isEmpty ? selected : sameMode
        // Of two for the same traffic the one that is to be up here.
        return wanted.first { records[$0.id].map { $0.staysUp || $0.isRouted } ?? false } ?? wanted.first
    }

    // MARK: Both

    /// The connections between the two ends of an IKE SA, though they may have moved, or been sent elsewhere, since (RFC 4555,
    /// RFC 5685).
    private func connections(sharing own: Connection?, _ ike: IKESA) -> [Connection] {
        guard let own, !own.local.host.admits(ike.local.address) || !own.remote.host.admits(ike.remote.address) else {
            return connections(local: ike.local.address, remote: ike.remote.address)
        }
        return records.keys.sorted().compactMap { records[$0]?.connection }.filter {
            $0.local.host == own.local.host && $0.remote.host == own.remote.host
        }
    }

    /// The proposals of an exchange of its own: where none names a group, that of the IKE SA stands in for it.
    private func exchangeProposals(_ connection: Connection, _ ike: IKESA) -> [ESPProposal] {
        guard connection.perfectForwardSecrecy, let group = ike.suite?.keyExchange,
            connection.espProposals.allSatisfy(\.keyExchange.isEmpty)
        else { return connection.espProposals }
        return connection.espProposals.map { proposal in
            var proposal = proposal
            proposal.keyExchange = [group]
            return proposal
        }
    }
}
