/// A hash function that a peer takes in signatures (RFC 7427 §4, §7).
package struct SignatureHashAlgorithm: RegisteredNumber {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let sha1 = SignatureHashAlgorithm(1)
    package static let sha256 = SignatureHashAlgorithm(2)
    package static let sha384 = SignatureHashAlgorithm(3)
    package static let sha512 = SignatureHashAlgorithm(4)
    /// RFC 8420: the signature scheme hashes by itself.
    package static let identity = SignatureHashAlgorithm(5)

    package static let names: [UInt16: String] = [
        1: "SHA1", 2: "SHA2-256", 3: "SHA2-384", 4: "SHA2-512", 5: "Identity", 6: "STREEBOG_256", 7: "STREEBOG_512",
    ]
}

// The data of those notifications that have a form. Each is made by a static function and read by a throwing method,
// whose errors count octets from the start of the data.
extension NotifyPayload {
    /// UNSUPPORTED_CRITICAL_PAYLOAD: the one-octet type of the payload (RFC 7296 §2.5).
    package static func unsupportedCriticalPayload(_ type: PayloadType) -> NotifyPayload {
        NotifyPayload(type: .unsupportedCriticalPayload, data: [type.rawValue])
    }

    /// INVALID_KE_PAYLOAD: the two-octet group that would have been right (RFC 7296 §1.3).
    package static func invalidKEPayload(group: UInt16) -> NotifyPayload {
        NotifyPayload(type: .invalidKEPayload, data: [UInt8(group >> 8), UInt8(group & 0xff)])
    }

    /// The group of an INVALID_KE_PAYLOAD.
    package func keyExchangeGroup() throws(WireError) -> UInt16 {
        var reader = WireReader(data)
        let group = try reader.uint16("accepted group")
        try reader.finish("INVALID_KE_PAYLOAD")
        return group
    }

    /// SET_WINDOW_SIZE: how many requests its sender keeps apart, as 4 octets (RFC 7296 §2.3).
    package init(windowSize: UInt32) {
        var writer = WireWriter(capacity: 4)
        writer.write(windowSize)
        self.init(type: .setWindowSize, data: writer.octets)
    }

    /// The number of a SET_WINDOW_SIZE; nil where it does not have 4 octets.
    package var windowSize: UInt32? {
        data.count == 4 ? data.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }

    /// SIGNATURE_HASH_ALGORITHMS: two octets each (RFC 7427 §4).
    package static func signatureHashAlgorithms(_ algorithms: [SignatureHashAlgorithm]) -> NotifyPayload {
        var writer = WireWriter(capacity: 2 * algorithms.count)
        for algorithm in algorithms { writer.write(algorithm.rawValue) }
        return NotifyPayload(type: .signatureHashAlgorithms, data: writer.octets)
    }

    /// The algorithms of a SIGNATURE_HASH_ALGORITHMS.
    package func signatureHashAlgorithms() throws(WireError) -> [SignatureHashAlgorithm] {
        var reader = WireReader(data)
        var algorithms: [SignatureHashAlgorithm] = []
        while !reader.isAtEnd { algorithms.append(SignatureHashAlgorithm(try reader.uint16("hash algorithm"))) }
        return algorithms
    }

    /// TICKET_LT_OPAQUE: a lifetime in seconds, relative to its receipt, and a ticket (RFC 5723 §7.1).
    package static func ticket(_ ticket: [UInt8], lifetimeSeconds: UInt32) -> NotifyPayload {
        var writer = WireWriter(capacity: 4 + ticket.count)
        writer.write(lifetimeSeconds)
        writer.write(ticket)
        return NotifyPayload(type: .ticketLTOpaque, data: writer.octets)
    }

    /// The lifetime and the ticket of a TICKET_LT_OPAQUE; the ticket has at least one octet.
    package func ticketWithLifetime() throws(WireError) -> (lifetimeSeconds: UInt32, ticket: [UInt8]) {
        var reader = WireReader(data)
        let lifetimeSeconds = try reader.uint32("ticket lifetime")
        guard !reader.isAtEnd else {
            throw WireError(.length, offset: reader.offset, expected: "a ticket", found: "none")
        }
        return (lifetimeSeconds, reader.rest())
    }

    /// TICKET_OPAQUE: a ticket without a lifetime (RFC 5723 §7.2).
    package static func presentedTicket(_ ticket: [UInt8]) -> NotifyPayload {
        NotifyPayload(type: .ticketOpaque, data: ticket)
    }
}
