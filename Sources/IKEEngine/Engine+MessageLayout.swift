import IKEModel
import IKEWire

/// What a vendor's messages look like besides what the protocol needs of them, and the facts about each.
extension Engine {
    /// The payloads as the profile wants them.
    func laidOut(_ payloads: [Payload], _ exchange: ExchangeType, isResponse: Bool, _ ike: IKESA) -> [Payload] {
        let kind = MessageLayout.Kind(exchange, isResponse: isResponse)
        var result = payloads
        // Of several IKE_AUTH requests (EAP) the first.
        let isFirst = exchange != .ikeAuth || isResponse || payloads.identificationInitiator != nil
        // An error answers alone.
        if profile.requestWindow > 1, isFirst, payloads.errorNotify == nil,
            exchange == .ikeAuth || exchange == .createChildSA
        {
            result.append(.notify(NotifyPayload(windowSize: profile.requestWindow)))
        }
        guard let layout = profile.layout else { return result }
        if payloads.errorNotify == nil {
            for announcement in isFirst ? layout.announcements[kind] ?? [] : []
            where result.notify(announcement.notify.type) == nil
                && (!announcement.isEcho || ike.announced.contains(announcement.notify.type))
            {
                result.append(.notify(announcement.notify))
            }
            result += layout.additions[kind] ?? []
        }
        if let named = layout.notifyProtocol {
            result = result.map { payload in
                guard case .notify(var notify) = payload, notify.protocolID == .none else { return payload }
                notify.protocolID = named
                return .notify(notify)
            }
        }
        if layout.integrityBeforePRF {
            result = result.map { payload in
                guard case .securityAssociation(let proposals) = payload else { return payload }
                return .securityAssociation(proposals.map(\.withIntegrityBeforePRF))
            }
        }
        guard let order = layout.order[kind] else { return result }
        func rank(_ payload: Payload) -> Int {
            let slot: MessageLayout.Slot =
                if case .notify(let notify) = payload { .notify(notify.type) } else { .payload(payload.type) }
            return order.firstIndex(of: slot) ?? order.count
        }
        // Swift's sort is stable; the ranks are taken once.
        return result.map { ($0, rank($0)) }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// What the peer's IKE_SA_INIT says that the profile echoes.
    func noteAnnouncements(_ payloads: [Payload], _ ike: IKESA) {
        guard let layout = profile.layout else { return }
        ike.announced = layout.echoed.filter { payloads.notify($0) != nil }
    }

    func tellSent(
        _ ike: IKESA, _ exchange: ExchangeType, isResponse: Bool, messageID: UInt32, _ payloads: [Payload],
        _ datagrams: [Datagram]
    ) {
        let own = (local: ike.local, remote: ike.remote)
        let ends = isResponse ? ike.requestEnds ?? own : own
        var facts = MessageFacts(
            isSent: true, exchange: exchange, isResponse: isResponse, messageID: messageID, payloads: payloads,
            datagramOctets: datagrams.map(\.octets.count), local: ends.local, remote: ends.remote)
        if datagrams.count > 1, let keys = ike.keys {
            facts.wholeOctets = ike.wholeOctets(Message.encodePayloads(payloads).octets.count, keys, sentBy: ike.role)
        }
        if profile.tellsOctets { facts.datagrams = datagrams.map(\.octets) }
        emit(.messagePassed(ike.id, facts))
    }

    func tellReceived(
        _ ike: IKESA, _ header: IKEHeader, _ payloads: [Payload], in datagram: Datagram, wholeOctets: Int? = nil
    ) {
        var facts = MessageFacts(
            isSent: false, exchange: header.exchangeType, isResponse: header.isResponse,
            messageID: header.messageID, payloads: payloads, datagramOctets: [datagram.octets.count],
            local: datagram.local, remote: datagram.remote)
        facts.wholeOctets = wholeOctets
        if profile.tellsOctets { facts.datagrams = [datagram.octets] }
        emit(.messagePassed(ike.id, facts))
    }
}

extension Proposal {
    fileprivate var withIntegrityBeforePRF: Proposal {
        guard let first = transforms.firstIndex(where: { $0.type == .prf }) else { return self }
        var copy = self
        copy.transforms = transforms.filter { $0.type != .integrity }
        copy.transforms.insert(contentsOf: transforms(of: .integrity), at: first)
        return copy
    }
}
