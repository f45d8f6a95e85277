/// A cursor over octets in network order. It never reads past its end: it throws, and says where.
package struct WireReader {
    private let octets: ArraySlice<UInt8>
    /// An index into `octets`, from its startIndex to its endIndex.
    private var position: Int
    /// The index that offsets in errors count from.
    private let origin: Int

    /// - Parameter octets: All of what is to be read; errors count octets from its start.
    package init(_ octets: ArraySlice<UInt8>) {
        self.init(octets, origin: octets.startIndex)
    }

    package init(_ octets: [UInt8]) { self.init(octets[...]) }

    private init(_ octets: ArraySlice<UInt8>, origin: Int) {
        self.octets = octets
        self.position = octets.startIndex
        self.origin = origin
    }

    /// Octets from the start of the outermost reader.
    package var offset: Int { position - origin }
    /// Octets not yet read.
    package var remaining: Int { octets.endIndex - position }
    package var isAtEnd: Bool { position == octets.endIndex }

    /// The next octets as a slice of the original storage. - Throws: `truncated`.
    package mutating func slice(_ count: Int, _ what: String) throws(WireError) -> ArraySlice<UInt8> {
        guard count <= remaining else {
            throw WireError(.truncated, offset: offset, expected: "\(count) octets of \(what)", found: "\(remaining)")
        }
        defer { position += count }
        return octets[position..<position + count]
    }

    package mutating func octets(_ count: Int, _ what: String) throws(WireError) -> [UInt8] {
        Array(try slice(count, what))
    }

    package mutating func uint8(_ what: String) throws(WireError) -> UInt8 {
        try require(1, what)
        defer { position += 1 }
        return octets[position]
    }

    package mutating func uint16(_ what: String) throws(WireError) -> UInt16 {
        try require(2, what)
        defer { position += 2 }
        return UInt16(octets[position]) << 8 | UInt16(octets[position + 1])
    }

    package mutating func uint32(_ what: String) throws(WireError) -> UInt32 {
        let high = try uint16(what)
        return UInt32(high) << 16 | UInt32(try uint16(what))
    }

    package mutating func uint64(_ what: String) throws(WireError) -> UInt64 {
        let high = try uint32(what)
        return UInt64(high) << 32 | UInt64(try uint32(what))
    }

    /// Everything that is left.
    package mutating func rest() -> [UInt8] {
        defer { position = octets.endIndex }
        return Array(octets[position...])
    }

    package mutating func restSlice() -> ArraySlice<UInt8> {
        defer { position = octets.endIndex }
        return octets[position...]
    }

    /// Passes over octets that MUST be ignored on receipt (RFC 7296 §2.5).
    package mutating func skip(_ count: Int, _ what: String) throws(WireError) {
        try require(count, what)
        position += count
    }

    /// A reader of the next octets alone; its errors count from the same start.
    package mutating func reader(_ count: Int, _ what: String) throws(WireError) -> WireReader {
        WireReader(try slice(count, what), origin: origin)
    }

    /// Refuses octets that nothing has consumed. - Throws: `leftover`.
    package func finish(_ what: String) throws(WireError) {
        guard isAtEnd else {
            throw WireError(
                .leftover, offset: offset, expected: "the end of \(what)", found: "\(remaining) more octets")
        }
    }

    private func require(_ count: Int, _ what: String) throws(WireError) {
        guard count <= remaining else {
            throw WireError(.truncated, offset: offset, expected: "\(count) octets of \(what)", found: "\(remaining)")
        }
    }
}
