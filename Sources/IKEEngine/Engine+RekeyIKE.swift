import IKECrypto
import IKEModel
import IKEWire

/// CREATE_CHILD_SA for the IKE SA itself, both sides (RFC 7296 §1.3.2, §2.8.2, §2.18, §2.25.2).
extension Engine {
    // MARK: Initiator

    func rekeyIKE(_ id: IKESAID) {
        // What the peer has replaced is on its way out, though its replacement may be, too.
        guard let ike = ikes[id], case .established = ike.phase, ike.rekey == nil, ike.replacement == nil,
            let suite = ike.suite,
            let connection = connection(of: ike)
        else { return }
        // RFC 7296 §2.25.2: not while Child SAs are being made or closed; the queue of requests would mix them. Nor as long as
        // it is open whether this one, which the peer made in place of one that we replace as well, gets its Child SAs.
        guard ike.negotiations.isEmpty, ike.closing.isEmpty, collidingIKESA(with: ike) == nil else {
            timers.set(.ikeRekey(id), at: now + Engine.rekeyRetry)
            return
        }
        let new = IKESAID(nextNumber())
        emit(.ikeRekeying(new, replacing: id, connection.id))
        let first = connection.ikeProposals.flatMap(\.keyExchange).first(where: \.isSupported)
        let group = profile.rekeysIKEWithFirstGroup ? first ?? suite.keyExchange : suite.keyExchange
        guard let keyExchange = try? KeyExchange(group, random: &random) else { return }
        ike.rekey = IKERekey(
            id: new, spi: newIKESPI(), nonce: random.octets(profile.nonceOctets), keyExchange: keyExchange,
            groupsTried: [group])
        sendIKERekey(ike, connection)
    }

    private func sendIKERekey(_ ike: IKESA, _ connection: Connection) {
        guard let rekey = ike.rekey else { return }
        request(
            ike, .createChildSA, .rekeyIKE(rekey.id),
            [
                .securityAssociation(ProposalNegotiation.wire(connection.ikeProposals, spi: rekey.spi.octets)),
                .nonce(rekey.nonce),
                .keyExchange(
                    KeyExchangePayload(
                        group: rekey.keyExchange.method.rawValue, data: rekey.keyExchange.publicValue)),
            ])
    }

    func takeIKERekeyResponse(_ payloads: [Payload], _ ike: IKESA) {
        guard var rekey = ike.rekey, let connection = connection(of: ike) else { return }
        if let wanted = try? payloads.notify(.invalidKEPayload)?.keyExchangeGroup() {
            let group = KeyExchangeMethod(rawValue: wanted)
            if connection.ikeProposals.contains(where: { $0.keyExchange.contains(group) }),
                !rekey.groupsTried.contains(group), let keyExchange = try? KeyExchange(group, random: &random)
            {
                rekey.keyExchange = keyExchange
                rekey.groupsTried.insert(group)
                ike.rekey = rekey
                sendIKERekey(ike, connection)
                return
            }
        }
        let made = replacement(payloads, for: ike, rekey, connection)
        switch made {
        case .failure(let refusal):
            let collided = rekey.collision.map { ikes[$0.made] != nil } ?? false
            adoptPeersRekey(of: ike)
            ike.rekey = nil
            // The peer's may be gone already: this one goes on then, and is replaced when its time comes.
            if !collided { ike.replacement = nil }
            emit(.ikeRekeyFailed(rekey.id, replacing: ike.id, refusal.reason))
            emit(.rekeyFinished(connection.id, succeeded: collided))
            if !collided, case .refused(.temporaryFailure) = refusal.reason {
                timers.set(.ikeRekey(ike.id), at: now + Engine.rekeyRetry)
            }
            if refusal.reason == .refused(.invalidSyntax) {
                // RFC 7296 §2.21.3: fatal to both ends, without a Delete.
                discard(ike, .failed(refusal.reason))
            } else if !collided {
                startAnew(ike, connection, instead: refusal.reason)
            }
        case .success(let new):
            ike.rekey = nil
            // What SET_WINDOW_SIZE is about RFC 7296 §2.3 leaves open here: it is taken for both, the old IKE SA (by `dispatch`) and
            // this one, as the same peer keeps the same for either.
            new.noteWindow(payloads)
            if let answer = payloads.securityAssociation?.first { emit(.proposalAccepted(new.id, nil, answer)) }
            emit(.ikeRekeyed(new.id, replacing: ike.id, .initiator, new.suite!))
            let collision = rekey.collision.flatMap {
                $0.isOursToGo(nonces: [rekey.nonce, payloads.nonce ?? []]) ? $0 : nil
            }
            if let collision, let theirs = ikes[collision.made] {
                // The peer's stands, and the peer closes the old one (RFC 7296 §2.8.2).
                inherit(from: ike, by: theirs)
                deleteWithPeer(new, .replaced)
            } else if let reason = collision?.end {
                // It stood for the peer, which has moved the Child SAs there, and was deleted: they are gone with it.
                inherit(from: ike, by: new)
                deleteWithPeer(new, reason)
            } else {
                inherit(from: ike, by: new)
                deleteWithPeer(ike, .replaced)
            }
        }
    }

    private func replacement(
        _ payloads: [Payload], for ike: IKESA, _ rekey: IKERekey, _ connection: Connection
    ) -> Result<IKESA, Refusal> {
        if let error = payloads.errorNotify { return .failure(Refusal(reason: .refused(error.type))) }
        guard let answer = payloads.securityAssociation, let nonce = payloads.nonce, let theirs = payloads.keyExchange
        else { return .failure(Refusal(reason: .badSyntax("CREATE_CHILD_SA response without SA, Nr, KEr"))) }
        guard let suite = ProposalNegotiation.accept(answer: answer, offered: connection.ikeProposals),
            suite.keyExchange == rekey.keyExchange.method, theirs.group == suite.keyExchange.rawValue,
            let spi = IKESPI(octets: answer[0].spi)
        else { return .failure(Refusal(reason: .refusing(.noProposalChosen))) }
        guard let secret = try? rekey.keyExchange.sharedSecret(peer: theirs.data),
            let new = makeReplacement(
                rekey.id, for: ike, role: .initiator, suite: suite, initiatorSPI: rekey.spi, responderSPI: spi,
                secret: secret, ni: rekey.nonce, nr: nonce, connection)
        else { return .failure(Refusal(reason: .badSyntax("CREATE_CHILD_SA response with an unusable KE"))) }
        return .success(new)
    }

    // MARK: Responder

    /// How long an IKE SA that has been replaced waits for its Delete: as long as an initiator tries one.
    private static let replacedLifetime = Duration.seconds(60)

    func answerIKERekey(_ payloads: [Payload], offered: [Proposal], ni: [UInt8], _ ike: IKESA) {
        func refuse(_ type: NotifyType, data: [UInt8] = []) {
            respond(ike, .createChildSA, [.notify(NotifyPayload(type: type, data: data))])
            if type == .invalidSyntax { fail(ike, .refusing(type)) }
        }
        guard let connection = connection(of: ike), let theirs = payloads.keyExchange else {
            refuse(.invalidSyntax)
            return
        }
        // RFC 7296 §2.25.2: not while we make, replace or close Child SAs of it.
        // Nor a second time: of one IKE SA one replacement is made.
        guard ike.negotiations.isEmpty, ike.closing.isEmpty, ike.replacement.flatMap({ ikes[$0] }) == nil else {
            refuse(.temporaryFailure)
            return
        }
        let sent = KeyExchangeMethod(rawValue: theirs.group)
        guard
            let chosen = ProposalNegotiation.choose(
                from: offered, accepting: connection.ikeProposals, keyExchangeSent: sent),
            let spi = offered.first(where: { $0.number == chosen.number }).flatMap({ IKESPI(octets: $0.spi) })
        else {
            refuse(.noProposalChosen)
            return
        }
        let group = chosen.suite.keyExchange
        guard group == sent else {
            refuse(.invalidKEPayload, data: [UInt8(group.rawValue >> 8), UInt8(truncatingIfNeeded: group.rawValue)])
            return
        }
        let nr = random.octets(profile.nonceOctets)
        guard let keyExchange = try? KeyExchange(group, random: &random),
            let secret = try? keyExchange.sharedSecret(peer: theirs.data),
            let new = makeReplacement(
                IKESAID(nextNumber()), for: ike, role: .responder, suite: chosen.suite, initiatorSPI: spi,
                responderSPI: newIKESPI(), secret: secret, ni: ni, nr: nr, connection)
        else {
            refuse(.invalidSyntax)
            return
        }
        ike.replacement = new.id
        // For both, as where we ask.
        new.noteWindow(payloads)
        if ike.rekey != nil {
            ike.rekey?.collision = Collision(made: new.id, nonces: [ni, nr])
        } else {
            inherit(from: ike, by: new)
        }
        emit(.ikeRekeyed(new.id, replacing: ike.id, .responder, chosen.suite))
        var answer = ProposalNegotiation.wire(chosen.suite, number: chosen.number)
        answer.spi = spi.octets
        emit(.proposalChosen(new.id, nil, answer, offered: offered))
        answer.spi = new.responderSPI.octets
        respond(
            ike, .createChildSA,
            [
                .securityAssociation([answer]), .nonce(nr),
                .keyExchange(KeyExchangePayload(group: group.rawValue, data: keyExchange.publicValue)),
            ])
    }

    /// The peer's replacement of an IKE SA stands alone: ours came to nothing, or the old one is gone.
    func adoptPeersRekey(of ike: IKESA) {
        guard let collision = ike.rekey?.collision, let theirs = ikes[collision.made] else { return }
        inherit(from: ike, by: theirs)
    }

    /// The peer speaks of Child SAs in an IKE SA that it made in place of one that we replace as well: it has not heard of our
    /// wish, or has decided against it, and has moved them already (RFC 7296 §2.8.2).
    func adoptWhatIsInUse(_ theirs: IKESA) {
        guard let old = collidingIKESA(with: theirs) else { return }
        inherit(from: old, by: theirs)
    }

    /// The IKE SA that both ends replace, of which the peer's replacement is this one.
    func collidingIKESA(with theirs: IKESA) -> IKESA? {
        guard let old = theirs.predecessor.flatMap({ ikes[$0] }), old.rekey?.collision?.made == theirs.id else {
            return nil
        }
        return old
    }

    // MARK: Both

    /// A new IKE SA with message IDs from 0, the same peer, the same way to it; without Child SAs yet.
    private func makeReplacement(
        _ id: IKESAID, for old: IKESA, role: Role, suite: IKESuite, initiatorSPI: IKESPI, responderSPI: IKESPI,
        secret: SecretBytes, ni: [UInt8], nr: [UInt8], _ connection: Connection
    ) -> IKESA? {
        guard let oldKeys = old.keys, let oldPRF = old.suite?.prf,
            let skeyseed = try? IKEKeys.rekeyedSkeyseed(
                prf: oldPRF, oldSKd: oldKeys.skD, secret: secret, ni: ni, nr: nr),
            let keys = try? IKEKeys(
                suite: suite, skeyseed: skeyseed, ni: ni, nr: nr, spiI: initiatorSPI, spiR: responderSPI,
                exports: exportsKeys)
        else { return nil }
        let new = IKESA(
            id: id, role: role, connection: old.connection, local: old.local, remote: old.remote,
            initiatorSPI: initiatorSPI, responderSPI: responderSPI, phase: .established,
            vectorStart: random.octets(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, now: now)
        new.predecessor = old.id
        new.isOfOriginalInitiator = old.isOfOriginalInitiator
        new.peerSupportsRedirect = old.peerSupportsRedirect
        new.keys = keys
        new.suite = suite
        new.nat = old.nat
        new.originatesStream = old.originatesStream
        new.identification = old.identification
        new.peer = old.peer
        new.fragmentationNegotiated = old.fragmentationNegotiated
        new.established = now
        new.expires = now + connection.lifetimes.ike
        keep(new)
        timers.set(.expiry(id), at: now + connection.lifetimes.ike)
        armRekeying(new, connection)
        armLiveness(new, connection)
        return new
    }

    /// Either of the two may have moved while it was open which of them stands. With MOBIKE only the old one has been told
    /// (RFC 4555 §3.5); through a NAT the last that heard from a new address knows best (RFC 7296 §2.23).
    private func goWhereThePeerIs(_ new: IKESA, replacing old: IKESA) {
        let isTold = new.mobility == nil && old.mobility != nil
        guard isTold || new.mobility == nil && old.endsSince > new.endsSince else { return }
        guard isTold && old.nat != new.nat || old.local != new.local || old.remote != new.remote else { return }
        new.nat = old.nat
        moveWithPending(new, to: (old.local, old.remote))
    }

    /// What the peer has made in the place of an IKE SA.
    func successor(of ike: IKESA) -> IKESA? { ike.replacement.flatMap { ikes[$0] } }

    /// The Child SAs and the place of an IKE SA go to its replacement (RFC 7296 §2.8).
    private func inherit(from old: IKESA, by new: IKESA) {
        goWhereThePeerIs(new, replacing: old)
        for id in old.children { childSAsByID[id]?.facts.ike = new.id }
        new.children += old.children
        if old.local != new.local || old.remote != new.remote || encapsulation(of: old) != encapsulation(of: new) {
            moveChildren(old.children, to: new, from: old.ends)
        }
        new.leases += old.leases
        old.leases = []
        // Once: from there on it moves by itself.
        new.mobility = new.mobility ?? old.mobility
        armKeepAlive(new)
        new.configuration = old.configuration ?? new.configuration
        old.children = []
        // What waited for its turn goes on in the new one; only what is under way would be lost.
        // It may be in use already, where the answer to our own wish came late.
        new.negotiations.merge(old.negotiations) { own, _ in own }
        new.closing.formUnion(old.closing)
        new.waiting += old.waiting
        (old.negotiations, old.closing, old.waiting) = ([:], [], [])
        followInQueue(new)
        for timer in [TimerKey.ikeRekey(old.id), .liveness(old.id)] { timers.cancel(timer) }
        // Its end should be near; whoever replaced it and does not delete it is not waited for.
        timers.set(.expiry(old.id), at: now + Engine.replacedLifetime)
        let connections =
            new.children.compactMap { childSAsByID[$0]?.facts.connection } + (old.connection.map { [$0] } ?? [])
        for id in Set(connections) where records[id]?.ike == old.id { records[id]?.ike = new.id }
        sendNext(new)
    }
}
