/// One alternative of a Security Association payload (RFC 7296 §3.3.1).
package struct Proposal: Hashable, Sendable {
    /// From 1, each one more than the one before; in an answer, that of the proposal which was accepted.
    package var number: UInt8
    package var protocolID: ProtocolID
    /// Empty in an initial IKE SA negotiation, 8 octets in a later one, 4 for AH and ESP; at most 255.
    package var spi: [UInt8]
    /// At most 255.
    package var transforms: [Transform]

    package init(number: UInt8, protocolID: ProtocolID, spi: [UInt8] = [], transforms: [Transform]) {
        self.number = number
        self.protocolID = protocolID
        self.spi = spi
        self.transforms = transforms
    }

    /// The transforms of a type, in the order of preference.
    package func transforms(of type: TransformType) -> [Transform] { transforms.filter { $0.type == type } }
}

extension Proposal {
    /// "More" in a proposal's Last Substruc field: IKEv1's payload type of a proposal.
    private static let more: UInt8 = 2

    /// The proposals of a Security Association payload, to the end of the reader.
    static func parseList(_ reader: inout WireReader) throws(WireError) -> [Proposal] {
        var proposals: [Proposal] = []
        var transformCount = 0
        var isLast = false
        repeat {
            let start = reader.offset
            let proposal = try Proposal(parsing: &reader, isLast: &isLast)
            // §3.3.1; it also bounds their number at 255.
            if let previous = proposals.last, Int(proposal.number) != Int(previous.number) + 1 {
                throw WireError(
                    .value, offset: start + 4, expected: "proposal \(Int(previous.number) + 1)",
                    found: "proposal \(proposal.number)")
            }
            transformCount += proposal.transforms.count
            guard transformCount <= WireLimit.transforms else {
                throw WireError(
                    .limit, offset: start, expected: "at most \(WireLimit.transforms) transforms", found: "more")
            }
            proposals.append(proposal)
        } while !isLast
        try reader.finish("the SA payload: its last proposal")
        return proposals
    }

    static func writeList(_ proposals: [Proposal], to writer: inout WireWriter) {
        precondition(!proposals.isEmpty, "an SA payload has at least one proposal")
        for (index, proposal) in proposals.enumerated() {
            proposal.write(to: &writer, isLast: index == proposals.count - 1)
        }
    }

    private init(parsing reader: inout WireReader, isLast: inout Bool) throws(WireError) {
        let start = reader.offset
        let marker = try reader.uint8("proposal: Last Substruc")
        guard marker == 0 || marker == Proposal.more else {
            throw WireError(
                .value, offset: start, expected: "Last Substruc 0 or \(Proposal.more) of a proposal", found: "\(marker)"
            )
        }
        isLast = marker == 0
        try reader.skip(1, "proposal: reserved")
        let length = Int(try reader.uint16("Proposal Length"))
        guard length >= 8 else {
            throw WireError(.length, offset: start + 2, expected: "a Proposal Length of at least 8", found: "\(length)")
        }
        var body = try reader.reader(length - 4, "proposal")
        number = try body.uint8("Proposal Num")
        protocolID = ProtocolID(try body.uint8("Protocol ID"))
        let spiSize = Int(try body.uint8("SPI Size"))
        let transformCount = Int(try body.uint8("Num Transforms"))
        spi = try body.octets(spiSize, "SPI")
        transforms = []
        transforms.reserveCapacity(transformCount)
        for index in 0..<transformCount {
            transforms.append(try Transform(parsing: &body, isLast: index == transformCount - 1))
        }
        try body.finish("proposal \(number): its last transform")
    }

    private func write(to writer: inout WireWriter, isLast: Bool) {
        let start = writer.count
        writer.write(isLast ? 0 : Proposal.more)
        writer.write(UInt8(0))
        writer.write(UInt16(0))
        writer.write(number)
        writer.write(protocolID.rawValue)
        writer.write(count: spi.count, octetsOf: "an SPI")
        writer.write(count: transforms.count, octetsOf: "the number of transforms")
        writer.write(spi)
        for (index, transform) in transforms.enumerated() {
            transform.write(to: &writer, isLast: index == transforms.count - 1)
        }
        writer.setLength16(at: start + 2, from: start)
    }
}
