import IKEModel
import IKEWire

/// INFORMATIONAL: deletes and signs of life (RFC 7296 §1.4, §2.4).
extension Engine {
    func answerInformational(_ payloads: [Payload], _ ike: IKESA) {
        let deletes = payloads.deletes
        if deletes.contains(where: { $0.protocolID == .ike }) {
            // RFC 7296 §1.4.1: the response to the deletion of the IKE SA is empty.
            respond(ike, .informational, [])
            adoptPeersRekey(of: ike)
            if case .deleting(let reason) = ike.phase {
                discard(ike, reason)
            } else {
                if let id = ike.connection, records[id]?.ike == ike.id { records[id]?.ticket = nil }
                discard(ike, .peerRequest)
            }
            return
        }
        // RFC 7296 §2.21.2: an initiator that does not take our AUTH, and has no other way to say so, ends the IKE SA.
        if let type = [NotifyType.authenticationFailed, .invalidSyntax].first(where: { payloads.notify($0) != nil }),
            case .established = ike.phase
        {
            respond(ike, .informational, [])
            fail(ike, .refused(type))
            return
        }
        let named = Set(deletes.filter { $0.protocolID == .esp }.flatMap(\.spis).filter { $0.count == 4 })
        if !named.isEmpty || payloads.notify(.updateSAAddresses) != nil { adoptWhatIsInUse(ike) }
        let (mobility, goesOn) = answerMobility(payloads, ike)
        guard goesOn else {
            respond(ike, .informational, mobility)
            return
        }
        // The SPIs are those of the sender's inbound SAs; ours of the same pairs go back (RFC 7296 §1.4.1).
        // The peer's own replacement of the IKE SA may have overtaken the Delete: it has them then.
        let holders = [ike, successor(of: ike)].compactMap { $0 }
        let children = holders.flatMap(\.children).filter {
            childSAsByID[$0].map { named.contains($0.facts.outbound.octets) } ?? false
        }
        if !ike.negotiations.isEmpty { noteEarlyDeletes(of: named, ike) }
        var answer = mobility
        // Those that we have asked the peer to delete are not named: it would delete them twice (RFC 7296 §1.4.1). What we
        // were only about to ask for needs no asking any more.
        let issued = holders.flatMap(\.outstanding).flatMap(\.purpose.deletedChildren)
        let answered = children.filter { !issued.contains($0) }
        for holder in holders { withdrawDelete(of: answered, holder) }
        if !answered.isEmpty {
            answer.append(
                .delete(
                    DeletePayload(
                        protocolID: .esp, spis: answered.compactMap { childSAsByID[$0]?.facts.inbound.octets })))
        }
        respond(ike, .informational, answer)
        for id in children {
            if let holder = childSAsByID[id].flatMap({ ikes[$0.facts.ike] }) { removeChild(id, holder, .peerRequest) }
        }
        checkNewPath(of: ike)
        if ikes[ike.id] != nil, ike.isOfOriginalInitiator, case .established = ike.phase,
            let connection = connection(of: ike), let target = redirectTarget(payloads, connection)
        {
            follow(target, ike, connection, .informational, child: records[connection.id]?.child)
        }
    }

    /// The peer may delete what it has made in answer to a request of ours before we have the answer, which was lost and
    /// is asked for again: what is named and not known is remembered until then.
    private func noteEarlyDeletes(of named: Set<[UInt8]>, _ ike: IKESA) {
        let known = Set(ike.children.compactMap { childSAsByID[$0]?.facts.outbound.octets })
        for spi in named.subtracting(known).sorted(by: { $0.lexicographicallyPrecedes($1) })
        where ike.deletedEarly.count < Engine.earlyDeleteLimit {
            ike.deletedEarly.insert(spi)
        }
    }

    /// One for each answer that can be awaited.
    private static let earlyDeleteLimit = 16

    // MARK: Signs of life

    func armLiveness(_ ike: IKESA, _ connection: Connection) {
        guard connection.livenessDelay > .zero else { return }
        timers.set(.liveness(ike.id), at: max(now, ike.lastHeard) + connection.livenessDelay)
    }

    func checkLiveness(_ ike: IKESA) {
        guard case .established = ike.phase, let connection = connection(of: ike) else { return }
        let isStranded = ike.mobility?.isStranded ?? false
        if now - ike.lastHeard >= connection.livenessDelay, ike.outstanding.isEmpty, !isStranded { probe(ike) }
        timers.set(
            .liveness(ike.id),
            at: now - ike.lastHeard >= connection.livenessDelay
                ? now + connection.livenessDelay : ike.lastHeard + connection.livenessDelay)
    }

    /// An empty request: any response to it proves that the peer lives (RFC 7296 §2.4).
    func probe(_ ike: IKESA) { request(ike, .informational, .liveness, natDetectionForProbe(ike)) }
}
