/// A pcapng file (draft-ietf-opsawg-pcapng): sections of blocks, each with its type, its length before and behind it, and
/// numbers in the byte order of its section. Blocks of other types than those below are passed over (§3.1).
struct BlockCapture {
    static let sectionHeader: UInt32 = 0x0a0d_0d0a
    static let interfaceDescription: UInt32 = 1
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
    static let byteOrderMagic: UInt32 = 0x1a2b_3c4d
    /// Options of an interface (§4.2): what it is called, and the unit of its time stamps.
    static let nameOption: UInt16 = 2
    static let resolutionOption: UInt16 = 9
    /// Type, total length, total length again.
    static let overheadOctets = 12

    /// What a section says of an interface.
    private struct Interface {
        var snapLength: UInt32
        /// if_tsresol: units of 10^-n seconds, or of 2^-n where the high bit is set. Without it microseconds.
        var resolution: UInt8 = 6

        func nanoseconds(_ units: UInt64) -> Int64? {
            let exponent = resolution & 0x7f
            if resolution & 0x80 != 0 {
                let (high, low) = units.multipliedFullWidth(by: 1_000_000_000)
                guard exponent < 64, exponent == 0 ? high == 0 : high >> UInt64(exponent) == 0 else { return nil }
                return Int64(exactly: exponent == 0 ? low : high << (64 - UInt64(exponent)) | low >> UInt64(exponent))
            }
            guard exponent <= 18 else { return nil }
            func power(_ count: UInt8) -> UInt64 { (0..<count).reduce(1) { product, _ in product * 10 } }
            if exponent > 9 { return Int64(exactly: units / power(exponent - 9)) }
            let (product, isTooGreat) = units.multipliedReportingOverflow(by: power(9 - exponent))
            return isTooGreat ? nil : Int64(exactly: product)
        }
    }

    private struct Block {
        var type: UInt32
        /// The first octet of the block, and of what is between its length fields.
        var start: Int
        var body: Range<Int>
    }

    private(set) var linkType = LinkType.ethernet
    private(set) var snapLength: UInt32 = 0
    private let octets: [UInt8]
    private var position = 0
    private var isLittleEndian = true
    private var interfaces: [Interface] = []
    private var hasLinkType = false

    /// Reads as far as to the first interface, which says the link type.
    init(_ octets: [UInt8]) throws(CaptureError) {
        self.octets = octets
        while !hasLinkType {
            guard position < octets.count else { throw .truncated(at: octets.count) }
            let block = try nextBlock()
            if [Self.simplePacket, Self.enhancedPacket].contains(block.type) { throw .malformed(at: block.start) }
            try take(block)
        }
    }

    mutating func next() throws(CaptureError) -> CapturedPacket? {
        while position < octets.count {
            let block = try nextBlock()
            switch block.type {
            case Self.enhancedPacket: return try enhanced(block)
            case Self.simplePacket: return try simple(block)
            default: try take(block)
            }
        }
        return nil
    }

    private func number(_ index: Int, _ count: Int = 4) -> UInt64 {
        octets.number(at: index, count, isLittleEndian: isLittleEndian)
    }

    private mutating func nextBlock() throws(CaptureError) -> Block {
        let start = position
        guard octets.count - start >= Self.overheadOctets else { throw .truncated(at: octets.count) }
        // Its type is a palindrome; what follows its length says the byte order of all (§4.1).
        if octets.number(at: start, 4, isLittleEndian: true) == UInt64(Self.sectionHeader) {
            isLittleEndian = octets.number(at: start + 8, 4, isLittleEndian: true) == UInt64(Self.byteOrderMagic)
            guard number(start + 8) == UInt64(Self.byteOrderMagic) else { throw .malformed(at: start) }
        }
        let count = Int(number(start + 4))
        guard count >= Self.overheadOctets, count % 4 == 0 else { throw .malformed(at: start) }
        guard count <= CaptureLimit.packet + 1024 else { throw .tooLong(count, at: start) }
        guard count <= octets.count - start else { throw .truncated(at: octets.count) }
        guard number(start + count - 4) == UInt64(count) else { throw .malformed(at: start) }
        position = start + count
        return Block(type: UInt32(number(start)), start: start, body: (start + 8)..<(start + count - 4))
    }

    private mutating func take(_ block: Block) throws(CaptureError) {
        switch block.type {
        case Self.sectionHeader:
            guard block.body.count >= 16 else { throw .malformed(at: block.start) }
            let (major, minor) = (
                UInt16(number(block.body.lowerBound + 4, 2)), UInt16(number(block.body.lowerBound + 6, 2))
            )
            guard major == 1 else { throw .version(major: major, minor: minor) }
            interfaces = []
        case Self.interfaceDescription:
            guard block.body.count >= 8 else { throw .malformed(at: block.start) }
            let type = LinkType(rawValue: UInt32(number(block.body.lowerBound, 2)))
            guard !hasLinkType || type == linkType else { throw .severalLinkTypes }
            var interface = Interface(snapLength: UInt32(number(block.body.lowerBound + 4)))
            for (code, value) in try options(block, from: block.body.lowerBound + 8)
            where code == Self.resolutionOption && value.count == 1 {
                interface.resolution = octets[value.lowerBound]
            }
            if !hasLinkType { snapLength = interface.snapLength }
            (linkType, hasLinkType) = (type, true)
            interfaces.append(interface)
        default: break
        }
    }

    /// Code and place of each option (§3.5); values are padded to 32 bits.
    private func options(_ block: Block, from start: Int) throws(CaptureError) -> [(UInt16, Range<Int>)] {
        var found: [(UInt16, Range<Int>)] = []
        var index = start
        while block.body.upperBound - index >= 4 {
            let (code, count) = (UInt16(number(index, 2)), Int(number(index + 2, 2)))
            if code == 0 { break }
            guard count <= block.body.upperBound - index - 4 else { throw .malformed(at: block.start) }
            found.append((code, (index + 4)..<(index + 4 + count)))
            index += 4 + (count + 3) / 4 * 4
        }
        return found
    }

    private func enhanced(_ block: Block) throws(CaptureError) -> CapturedPacket {
        let start = block.body.lowerBound
        guard block.body.count >= 20, let interface = interfaces.at(Int(number(start))) else {
            throw .malformed(at: block.start)
        }
        let count = Int(number(start + 12))
        guard count <= block.body.count - 20,
            let timestamp = interface.nanoseconds(number(start + 4) << 32 | number(start + 8))
        else { throw .malformed(at: block.start) }
        return CapturedPacket(
            timestamp: timestamp, octets: Array(octets[(start + 20)..<(start + 20 + count)]),
            originalCount: Int(number(start + 16)))
    }

    /// One without a time: that of 1970.
    private func simple(_ block: Block) throws(CaptureError) -> CapturedPacket {
        let start = block.body.lowerBound
        guard block.body.count >= 4, let interface = interfaces.first else { throw .malformed(at: block.start) }
        let originalCount = Int(number(start))
        let limit = interface.snapLength == 0 ? originalCount : min(originalCount, Int(interface.snapLength))
        guard limit <= block.body.count - 4 else { throw .malformed(at: block.start) }
        return CapturedPacket(
            timestamp: 0, octets: Array(octets[(start + 4)..<(start + 4 + limit)]), originalCount: originalCount)
    }
}

extension Array {
    fileprivate func at(_ index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
