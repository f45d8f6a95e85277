package import IKEWire

/// In which order a vendor's messages have their payloads, and what it announces besides. RFC 7296 §1.2 shows one order
/// and asks receivers to take any (§2.5).
package struct MessageLayout: Hashable, Sendable {
    /// A kind of message.
    package struct Kind: Hashable, Sendable {
        package var exchange: ExchangeType
        package var isResponse: Bool

        package init(_ exchange: ExchangeType, isResponse: Bool) {
            self.exchange = exchange
            self.isResponse = isResponse
        }
    }

    /// A place in a message.
    package enum Slot: Hashable, Sendable {
        case payload(PayloadType)
        case notify(NotifyType)
    }

    /// A notification that the vendor adds.
    package struct Announcement: Hashable, Sendable {
        package var notify: NotifyPayload
        /// Only to a peer whose IKE_SA_INIT had a notification of the same type.
        package var isEcho: Bool

        package init(_ type: NotifyType, data: [UInt8] = [], isEcho: Bool = false) {
            notify = NotifyPayload(type: type, data: data)
            self.isEcho = isEcho
        }
    }

    /// Payloads stand as they are listed here; those that are not stay in their order, behind the others.
    package var order: [Kind: [Slot]]
    package var announcements: [Kind: [Announcement]]
    /// Payloads that the vendor adds, an error's answer excepted.
    package var additions: [Kind: [Payload]] = [:]
    /// The Protocol ID of notifications that are of no SA; nil: none, as RFC 7296 §3.10 has it.
    package var notifyProtocol: ProtocolID?
    /// Transforms as ENCR, INTEG, PRF, KE, ESN; otherwise PRF goes before INTEG.
    package var integrityBeforePRF: Bool

    package init(
        order: [Kind: [Slot]] = [:], announcements: [Kind: [Announcement]] = [:], integrityBeforePRF: Bool = false
    ) {
        self.order = order
        self.announcements = announcements
        self.integrityBeforePRF = integrityBeforePRF
    }

    /// The types whose presence in the peer's IKE_SA_INIT matters.
    package var echoed: Set<NotifyType> {
        Set(announcements.values.joined().filter(\.isEcho).map(\.notify.type))
    }
}
