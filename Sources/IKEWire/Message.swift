/// An IKE message in clear, as received: the payloads before an Encrypted one, and that one. No non-ESP marker.
package struct Message: Hashable, Sendable {
    package var header: IKEHeader
    package var payloads: [Payload]
    package var protected: ProtectedPayload?

    /// A message without an Encrypted payload.
    package init(header: IKEHeader, payloads: [Payload]) {
        self.header = header
        self.header.nextPayload = payloads.first?.type ?? .none
        self.payloads = payloads
        self.protected = nil
    }

    /// A whole datagram: nothing may be left over, and every length must agree with what it describes.
    ///
    /// Payloads of unknown types are kept, critical or not (see `unsupportedCriticalPayload`).
    /// - Throws: WireError; `majorVersion` before anything behind the header is looked at, as its form is unknown.
    package init(parsing octets: [UInt8]) throws(WireError) {
        guard octets.count <= WireLimit.messageOctets else {
            throw WireError(
                .limit, offset: 0, expected: "at most \(WireLimit.messageOctets) octets", found: "\(octets.count)")
        }
        var reader = WireReader(octets)
        let length: UInt32
        (header, length) = try IKEHeader.parse(&reader)
        guard header.majorVersion == 2 else {
            throw WireError(
                .majorVersion, offset: 17, expected: "IKE version 2", found: "version \(header.majorVersion)")
        }
        guard length == octets.count else {
            throw WireError(
                .length, offset: IKEHeader.lengthIndex, expected: "a Length of \(octets.count)", found: "\(length)")
        }
        let next: PayloadType
        (payloads, next) = try PayloadChain.parse(first: header.nextPayload, &reader)
        protected = nil
        if next.isProtected {
            protected = try Message.parseProtected(next, behind: payloads.count, of: octets, &reader)
        }
        try reader.finish("the last payload")
    }

    private static func parseProtected(
        _ type: PayloadType, behind clearCount: Int, of octets: [UInt8], _ reader: inout WireReader
    ) throws(WireError) -> ProtectedPayload {
        let start = reader.offset
        let generic = try PayloadChain.parseGenericHeader(of: type, &reader)
        guard generic.bodyCount == reader.remaining else {
            throw WireError(
                .order, offset: start, expected: "the \(type) payload at the end of the message (RFC 7296 §3.14)",
                found: "\(reader.remaining - generic.bodyCount) octets behind it")
        }
        var kind = ProtectedPayload.Kind.encrypted
        var innerFirst = generic.nextPayload
        if type == .encryptedFragment {
            let number = try reader.uint16("Fragment Number")
            let total = try reader.uint16("Total Fragments")
            // RFC 7383 §2.6; a total of zero falls under it too.
            guard number >= 1, number <= total else {
                throw WireError(
                    .value, offset: start + 4, expected: "a Fragment Number of 1...Total Fragments",
                    found: "\(number) of \(total)")
            }
            if number > 1 {
                // §2.5.3: what is not encrypted goes with the first one.
                guard clearCount == 0 else {
                    throw WireError(
                        .order, offset: start, expected: "unprotected payloads in the first fragment alone",
                        found: "\(clearCount) before fragment \(number)")
                }
                // §2.5 has senders write zero; what else may stand there has no meaning.
                innerFirst = .none
            }
            kind = .fragment(number: number, total: total)
        }
        let prefix = Array(octets[..<reader.offset])
        return ProtectedPayload(kind: kind, innerFirst: innerFirst, prefix: prefix, body: reader.rest())
    }

    /// The type of the first payload that asks for the message's rejection with UNSUPPORTED_CRITICAL_PAYLOAD
    /// (RFC 7296 §2.5); nil where there is none.
    package static func unsupportedCriticalPayload(in payloads: [Payload]) -> PayloadType? {
        for case .unknown(let payload) in payloads where payload.isCritical { return payload.type }
        return nil
    }

    package var unsupportedCriticalPayload: PayloadType? { Message.unsupportedCriticalPayload(in: payloads) }
}

extension Message {
    /// The octets of the message, its lengths and Next Payload fields set. With an Encrypted payload these are the
    /// octets it came with (its prefix holds the rest of the message): what was authenticated is not written anew.
    package func encoded() -> [UInt8] {
        if let protected { return protected.prefix + protected.body }
        var writer = WireWriter()
        header.write(to: &writer, nextPayload: payloads.first?.type ?? .none)
        PayloadChain.write(payloads, next: .none, to: &writer)
        writer.set(UInt32(writer.count), at: IKEHeader.lengthIndex)
        return writer.octets
    }

    /// The inside of an Encrypted payload after decryption and without padding, or of all its fragments together.
    /// - Throws: WireError, its offset counted from the start of `octets`.
    ///
    /// - Parameter keepingMalformed: payloads of these types whose inside cannot be read are kept as unknown ones.
    package static func parsePayloads(
        first: PayloadType, _ octets: ArraySlice<UInt8>, keepingMalformed: Set<PayloadType> = []
    ) throws(WireError) -> [Payload] {
        var reader = WireReader(octets)
        let (payloads, next) = try PayloadChain.parse(first: first, &reader, keepingMalformed: keepingMalformed)
        guard next == .none else {
            throw WireError(
                .order, offset: reader.offset, expected: "unencrypted payloads inside an Encrypted one",
                found: "a further \(next)")
        }
        try reader.finish("the last payload")
        return payloads
    }

    /// The inside of an Encrypted payload before padding and encryption, and what its Next Payload field says.
    package static func encodePayloads(_ payloads: [Payload]) -> (first: PayloadType, octets: [UInt8]) {
        var writer = WireWriter()
        PayloadChain.write(payloads, next: .none, to: &writer)
        return (payloads.first?.type ?? .none, writer.octets)
    }

    /// The octets from the IKE header through an Encrypted payload's generic header and, in a fragment, its numbers,
    /// with all lengths set for what follows. They are the associated data of an AEAD; prefix and body are the message.
    ///
    /// - Parameters:
    ///   - first: The type of the first payload inside; written in the first fragment alone (RFC 7383 §2.5).
    ///   - bodyCount: The octets of IV, ciphertext and ICV to come; the payload's length must stay within 65535.
    ///   - fragment: number 1...total.
    ///   - clear: Payloads before the Encrypted one; none in a fragment other than the first (RFC 7383 §2.5.3).
    package static func protectedPrefix(
        header: IKEHeader, inner first: PayloadType, bodyCount: Int, fragment: (number: UInt16, total: UInt16)? = nil,
        clear: [Payload] = []
    ) -> [UInt8] {
        let type: PayloadType = fragment == nil ? .encrypted : .encryptedFragment
        var writer = WireWriter()
        header.write(to: &writer, nextPayload: clear.first?.type ?? type)
        PayloadChain.write(clear, next: type, to: &writer)
        let isLaterFragment = fragment.map { $0.number > 1 } ?? false
        precondition(clear.isEmpty || !isLaterFragment, "unprotected payloads go with the first fragment")
        let length = PayloadChain.genericHeaderOctets + (fragment == nil ? 0 : 4) + bodyCount
        precondition(length <= UInt16.max, "\(bodyCount) octets do not fit an Encrypted payload")
        writer.write(isLaterFragment ? PayloadType.none.rawValue : first.rawValue)
        writer.write(UInt8(0))
        writer.write(UInt16(length))
        if let fragment {
            precondition(fragment.number >= 1 && fragment.number <= fragment.total, "a fragment's number is 1...total")
            writer.write(fragment.number)
            writer.write(fragment.total)
        }
        writer.set(UInt32(writer.count + bodyCount), at: IKEHeader.lengthIndex)
        return writer.octets
    }
}
