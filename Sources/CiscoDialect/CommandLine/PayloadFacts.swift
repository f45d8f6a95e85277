import IKEWire

/// What a console asks of a message's payloads.
extension [Payload] {
    /// Whether SAs of this protocol are proposed (RFC 7296 §3.3.1).
    func proposes(_ id: ProtocolID) -> Bool {
        contains { payload in
            guard case .securityAssociation(let proposals) = payload else { return false }
            return proposals.contains { $0.protocolID == id }
        }
    }

    private func notify(_ type: NotifyType) -> NotifyPayload? {
        for case .notify(let notify) in self where notify.type == type { return notify }
        return nil
    }

    /// Of REKEY_SA: the SPI that the peer wants replaced, in hexadecimal.
    var rekeyedSPI: String? {
        notify(.rekeySA).map { $0.spi.map { Hexadecimal.upper($0, width: 2) }.joined() }
    }

    var isRekey: Bool { notify(.rekeySA) != nil }

    /// The group that INVALID_KE_PAYLOAD asks for (RFC 7296 §1.3).
    var wantedGroup: UInt16? {
        guard let data = notify(.invalidKEPayload)?.data, data.count == 2 else { return nil }
        return UInt16(data[0]) << 8 | UInt16(data[1])
    }

    /// The group of the KE payload.
    var keyExchangeGroup: UInt16? {
        for case .keyExchange(let exchange) in self { return exchange.group }
        return nil
    }

    /// Of SET_WINDOW_SIZE (RFC 7296 §2.3): the requests that its sender can keep apart.
    var windowSize: UInt32? { notify(.setWindowSize)?.windowSize }

    /// Which SAs a Delete names; nil: there is none.
    var deletes: ProtocolID? {
        for case .delete(let delete) in self { return delete.protocolID }
        return nil
    }

    /// Whether it is an error's answer: types up to 16383 are errors (RFC 7296 §3.10.1).
    var isRefusal: Bool {
        contains { payload in
            guard case .notify(let notify) = payload else { return false }
            return notify.type.rawValue <= 16383
        }
    }
}
