/// Payloads linked by Next Payload fields: a generic header of 4 octets before each body (RFC 7296 §3.2).
enum PayloadChain {
    static let genericHeaderOctets = 4
    private static let critical: UInt8 = 0x80

    struct GenericHeader {
        var nextPayload: PayloadType
        var isCritical: Bool
        /// Octets behind the generic header.
        var bodyCount: Int
    }

    static func parseGenericHeader(of type: PayloadType, _ reader: inout WireReader) throws(WireError)
        -> GenericHeader
    {
        let start = reader.offset
        guard reader.remaining >= genericHeaderOctets else {
            throw WireError(
                .truncated, offset: start, expected: "the header of the \(type) payload",
                found: "\(reader.remaining) octets")
        }
        let nextPayload = PayloadType(try reader.uint8("Next Payload"))
        let flags = try reader.uint8("critical bit")
        let length = Int(try reader.uint16("Payload Length"))
        guard length >= genericHeaderOctets, length - genericHeaderOctets <= reader.remaining else {
            throw WireError(
                .length, offset: start + 2,
                expected: "a Payload Length of \(genericHeaderOctets)...\(genericHeaderOctets + reader.remaining)",
                found: "\(length) of the \(type) payload")
        }
        return GenericHeader(
            nextPayload: nextPayload, isCritical: flags & critical != 0, bodyCount: length - genericHeaderOctets)
    }

    /// The payloads up to the end of the chain, or up to an Encrypted one, whose type is then the second value.
    /// - Parameter keepingMalformed: see `Message.parsePayloads`.
    static func parse(
        first: PayloadType, _ reader: inout WireReader, keepingMalformed: Set<PayloadType> = []
    ) throws(WireError) -> (payloads: [Payload], next: PayloadType) {
        var payloads: [Payload] = []
        var type = first
        while type != .none, !type.isProtected {
            guard payloads.count < WireLimit.payloads else {
                throw WireError(
                    .limit, offset: reader.offset, expected: "at most \(WireLimit.payloads) payloads", found: "more")
            }
            let header = try parseGenericHeader(of: type, &reader)
            var body = try reader.reader(header.bodyCount, "\(type) payload")
            let whole = body
            do throws(WireError) {
                payloads.append(try Payload(type: type, isCritical: header.isCritical, body: &body))
            } catch {
                guard keepingMalformed.contains(type) else { throw error }
                var kept = whole
                payloads.append(
                    .unknown(UnknownPayload(type: type, isCritical: false, body: kept.rest())))
            }
            type = header.nextPayload
        }
        return (payloads, type)
    }

    /// - Parameter next: What the last payload names as its next: an Encrypted one, or none.
    static func write(_ payloads: [Payload], next: PayloadType, to writer: inout WireWriter) {
        for (index, payload) in payloads.enumerated() {
            let start = writer.count
            writer.write((index + 1 < payloads.count ? payloads[index + 1].type : next).rawValue)
            if case .unknown(let unknown) = payload, unknown.isCritical {
                writer.write(critical)
            } else {
                writer.write(UInt8(0))
            }
            writer.write(UInt16(0))
            payload.writeBody(to: &writer)
            writer.setLength16(at: start + 2, from: start)
        }
    }
}
