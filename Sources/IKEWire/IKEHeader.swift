/// The IKE header (RFC 7296 §3.1): 28 octets. Its Length field is written, never stored.
package struct IKEHeader: Hashable, Sendable {
    package var initiatorSPI: IKESPI
    package var responderSPI: IKESPI
    /// The type of the first payload. Writing a message sets it from the payloads.
    package var nextPayload: PayloadType
    /// 2, 0...15 on the wire.
    package var majorVersion: UInt8
    /// 0; to be ignored on receipt (§2.5).
    package var minorVersion: UInt8
    package var exchangeType: ExchangeType
    /// The I flag: the sender is the original initiator of the IKE SA.
    package var isInitiator: Bool
    /// The R flag.
    package var isResponse: Bool
    /// The V flag: the sender could speak a higher major version. To be ignored on receipt (§3.1).
    package var canSpeakHigherVersion: Bool
    package var messageID: UInt32

    package static let octetCount = 28

    package init(
        initiatorSPI: IKESPI, responderSPI: IKESPI, nextPayload: PayloadType = .none, majorVersion: UInt8 = 2,
        minorVersion: UInt8 = 0, exchangeType: ExchangeType, isInitiator: Bool, isResponse: Bool,
        canSpeakHigherVersion: Bool = false, messageID: UInt32
    ) {
        self.initiatorSPI = initiatorSPI
        self.responderSPI = responderSPI
        self.nextPayload = nextPayload
        self.majorVersion = majorVersion
        self.minorVersion = minorVersion
        self.exchangeType = exchangeType
        self.isInitiator = isInitiator
        self.isResponse = isResponse
        self.canSpeakHigherVersion = canSpeakHigherVersion
        self.messageID = messageID
    }
}

extension IKEHeader {
    private enum Flag {
        static let initiator: UInt8 = 0x08
        static let version: UInt8 = 0x10
        static let response: UInt8 = 0x20
    }

    /// The header of a datagram, whatever its version, so that a version which cannot be parsed can still be
    /// answered (RFC 7296 §2.5). - Throws: `truncated`.
    package init(parsing octets: [UInt8]) throws(WireError) {
        var reader = WireReader(octets)
        (self, _) = try IKEHeader.parse(&reader)
    }

    /// The header and its Length field, the latter unchecked.
    static func parse(_ reader: inout WireReader) throws(WireError) -> (header: IKEHeader, length: UInt32) {
        let initiatorSPI = IKESPI(try reader.uint64("IKE header: initiator's SPI"))
        let responderSPI = IKESPI(try reader.uint64("IKE header: responder's SPI"))
        let nextPayload = PayloadType(try reader.uint8("IKE header: Next Payload"))
        let version = try reader.uint8("IKE header: version")
        let exchangeType = ExchangeType(try reader.uint8("IKE header: Exchange Type"))
        let flags = try reader.uint8("IKE header: flags")
        let messageID = try reader.uint32("IKE header: Message ID")
        let length = try reader.uint32("IKE header: Length")
        // The flags marked X are ignored on receipt (§3.1).
        let header = IKEHeader(
            initiatorSPI: initiatorSPI, responderSPI: responderSPI, nextPayload: nextPayload,
            majorVersion: version >> 4, minorVersion: version & 0x0f, exchangeType: exchangeType,
            isInitiator: flags & Flag.initiator != 0, isResponse: flags & Flag.response != 0,
            canSpeakHigherVersion: flags & Flag.version != 0, messageID: messageID)
        return (header, length)
    }

    /// Writes the header with a Length of zero, to be set when the end is known.
    func write(to writer: inout WireWriter, nextPayload: PayloadType) {
        writer.write(initiatorSPI.value)
        writer.write(responderSPI.value)
        writer.write(nextPayload.rawValue)
        writer.write(majorVersion << 4 | minorVersion & 0x0f)
        writer.write(exchangeType.rawValue)
        writer.write(
            (isInitiator ? Flag.initiator : 0) | (canSpeakHigherVersion ? Flag.version : 0)
                | (isResponse ? Flag.response : 0))
        writer.write(messageID)
        writer.write(UInt32(0))
    }

    /// Where the Length field stands in the header.
    static let lengthIndex = 24
}
