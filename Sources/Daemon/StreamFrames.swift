/// Cuts the octets of a TCP connection into the messages in it (RFC 9329 §3, §4).
///
/// What it keeps is at most one message that is not whole. A message that is whole in what came is not copied.
package struct StreamFrames {
    /// Why nothing more can be made of a connection: it is to be closed.
    package enum Fault: Error, Hashable {
        /// It does not begin with `IKETCP`: something else than IKE.
        case prefix
        /// A length of 0 or 1 octet (RFC 9329 §3.1: a fatal error).
        case length(UInt16)
        /// Longer than is taken from a peer that has shown nothing of itself yet.
        case tooLong(UInt16)
    }

    /// What the originator sends first, once (RFC 9329 §4).
    package static let prefix = Array("IKETCP".utf8)

    /// The greatest length of a message with its length field, in octets: 2...65535.
    package var greatestLength: UInt16 = .max
    /// Whether the prefix has still to come.
    package private(set) var awaitsPrefix: Bool
    private var partial: [UInt8] = []

    /// - Parameter awaitsPrefix: whether the peer opened the connection.
    package init(awaitsPrefix: Bool) { self.awaitsPrefix = awaitsPrefix }

    /// Octets that wait for the rest of their message.
    package var pendingOctets: Int { partial.count }

    /// Takes octets as they came and gives each message that is whole, without its length, in order. Empty ones are passed
    /// over (RFC 9329 §3).
    /// - Parameters:
    ///   - whole: a message that came in pieces; its memory lasts for the call only.
    ///   - inPlace: a message in `octets`, which may be changed and lasts as long as they do. Both give false where no more
    ///     is wanted.
    package mutating func take(
        _ octets: UnsafeMutableRawBufferPointer, whole: (UnsafeMutableRawBufferPointer) -> Bool,
        inPlace: (UnsafeMutableRawBufferPointer) -> Bool
    ) throws(Fault) {
        var rest = octets[...]
        if awaitsPrefix {
            gather(&rest, upTo: Self.prefix.count)
            guard Self.prefix.starts(with: partial) else { throw .prefix }
            guard partial.count == Self.prefix.count else { return }
            partial = []
            awaitsPrefix = false
        }
        if !partial.isEmpty {
            gather(&rest, upTo: 2)
            guard partial.count >= 2 else { return }
            let length = try checked(UInt16(partial[0]) << 8 | UInt16(partial[1]))
            gather(&rest, upTo: Int(length))
            guard partial.count == Int(length) else { return }
            var message = partial
            partial = []
            let goesOn = message.withUnsafeMutableBytes { raw in
                length == 2 || whole(UnsafeMutableRawBufferPointer(rebasing: raw[2...]))
            }
            guard goesOn else { return }
        }
        while rest.count >= 2 {
            let start = rest.startIndex
            let length = try checked(UInt16(rest[start]) << 8 | UInt16(rest[start + 1]))
            guard rest.count >= Int(length) else { break }
            let message = rest[(start + 2)..<(start + Int(length))]
            rest = rest[(start + Int(length))...]
            if length > 2, !inPlace(UnsafeMutableRawBufferPointer(rebasing: message)) { return }
        }
        partial = Array(rest)
    }

    private func checked(_ length: UInt16) throws(Fault) -> UInt16 {
        if length < 2 { throw .length(length) }
        if length > greatestLength { throw .tooLong(length) }
        return length
    }

    /// Moves octets to the partial message until it has so many.
    private mutating func gather(_ rest: inout UnsafeMutableRawBufferPointer.SubSequence, upTo count: Int) {
        let wanted = max(0, count - partial.count)
        partial += rest.prefix(wanted)
        rest = rest.dropFirst(wanted)
    }
}
