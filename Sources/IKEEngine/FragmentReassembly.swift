package import IKEWire

/// The fragments of one message on their way in, each already authenticated (RFC 7383 §2.6).
package struct FragmentReassembly {
    /// Fragments of a message beyond which it is refused: 64 × about 500 octets is more than a message may need.
    package static let fragmentLimit = 64
    /// Octets of all of them together: as many as a message may have that comes in one piece. A peer that is not yet
    /// authenticated can make us keep this much.
    package static let octetLimit = WireLimit.messageOctets

    private var messageID: UInt32 = 0
    private var total: UInt16 = 0
    private var innerFirst = PayloadType(rawValue: 0)
    private var parts: [UInt16: [UInt8]] = [:]
    /// Of the plaintexts that are kept.
    package private(set) var octets = 0

    package init() {}

    package var isEmpty: Bool { parts.isEmpty }

    /// Adds a fragment's plaintext; returns the whole inside once it is complete.
    ///
    /// A greater total starts over, a smaller one is ignored (RFC 7383 §2.6).
    /// - Throws: `limit` for more fragments or octets than are kept; what has come of the message is forgotten.
    package mutating func add(
        messageID: UInt32, number: UInt16, total: UInt16, innerFirst: PayloadType, plaintext: [UInt8]
    ) throws(WireError) -> (innerFirst: PayloadType, octets: [UInt8], fragments: Int)? {
        guard total <= FragmentReassembly.fragmentLimit else {
            throw WireError(
                .limit, offset: 0, expected: "at most \(FragmentReassembly.fragmentLimit) fragments", found: "\(total)")
        }
        guard number >= 1, number <= total else { return nil }
        if messageID != self.messageID || total > self.total || parts.isEmpty {
            self.messageID = messageID
            self.total = total
            forget()
        }
        guard total == self.total, parts[number] == nil else { return nil }
        octets += plaintext.count
        guard octets <= FragmentReassembly.octetLimit else {
            defer { forget() }
            throw WireError(
                .limit, offset: 0, expected: "at most \(FragmentReassembly.octetLimit) octets of fragments",
                found: "\(octets)")
        }
        parts[number] = plaintext
        if number == 1 { self.innerFirst = innerFirst }
        guard parts.count == Int(total) else { return nil }
        let whole = (1...total).flatMap { parts[$0] ?? [] }
        forget()
        return (self.innerFirst, whole, Int(total))
    }

    private mutating func forget() {
        parts = [:]
        octets = 0
    }
}
