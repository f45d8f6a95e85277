package import IKEWire
package import NetAddress

/// A message of an IKE SA as it was sent, or taken in, with what its Encrypted payload held.
package struct MessageFacts: Hashable, Sendable {
    package var isSent: Bool
    package var exchange: ExchangeType
    package var isResponse: Bool
    package var messageID: UInt32
    package var payloads: [Payload]
    /// Of each datagram that it went in (RFC 7383), octets of UDP payload without a non-ESP marker; of a message that came
    /// in fragments the last one's.
    package var datagramOctets: [Int]
    package var local: Endpoint
    package var remote: Endpoint
    /// Octets that a message which went, or came, in fragments would have had in one piece; nil: it did not.
    package var wholeOctets: Int?
    /// The datagrams themselves; none unless the profile tells octets (`WireProfile.tellsOctets`).
    package var datagrams: [[UInt8]] = []

    package init(
        isSent: Bool, exchange: ExchangeType, isResponse: Bool, messageID: UInt32, payloads: [Payload],
        datagramOctets: [Int], local: Endpoint, remote: Endpoint
    ) {
        self.isSent = isSent
        self.exchange = exchange
        self.isResponse = isResponse
        self.messageID = messageID
        self.payloads = payloads
        self.datagramOctets = datagramOctets
        self.local = local
        self.remote = remote
    }
}

/// A fragment that came in and was authentic (RFC 7383 §2.6).
package struct FragmentFacts: Hashable, Sendable {
    package var exchange: ExchangeType
    package var isResponse: Bool
    package var messageID: UInt32
    /// From 1, of so many.
    package var number: UInt16
    package var total: UInt16
    /// Of UDP payload without a non-ESP marker.
    package var datagramOctets: Int
    package var local: Endpoint
    package var remote: Endpoint

    package init(
        exchange: ExchangeType, isResponse: Bool, messageID: UInt32, number: UInt16, total: UInt16,
        datagramOctets: Int, local: Endpoint, remote: Endpoint
    ) {
        self.exchange = exchange
        self.isResponse = isResponse
        self.messageID = messageID
        self.number = number
        self.total = total
        self.datagramOctets = datagramOctets
        self.local = local
        self.remote = remote
    }
}
