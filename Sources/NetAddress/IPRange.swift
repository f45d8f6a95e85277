/// Consecutive addresses of one family, both ends included (RFC 7296 §3.13.1).
package struct IPRange: Hashable, Sendable {
    package let first: IPAddress
    package let last: IPAddress

    /// nil where the families differ or the ends are out of order.
    package init?(_ first: IPAddress, _ last: IPAddress) {
        guard first.family == last.family, first <= last else { return nil }
        self.first = first
        self.last = last
    }

    package var family: AddressFamily { first.family }

    package func contains(_ address: IPAddress) -> Bool {
        address.family == family && first <= address && address <= last
    }

    package func contains(_ other: IPRange) -> Bool { contains(other.first) && contains(other.last) }

    /// The addresses that both hold; nil where there are none.
    package func intersection(_ other: IPRange) -> IPRange? {
        guard family == other.family else { return nil }
        return IPRange(max(first, other.first), min(last, other.last))
    }

    /// The prefix with exactly these addresses, where there is one.
    package var prefix: IPPrefix? {
        let size = last.value &- first.value
        guard size & (size &+ 1) == 0, first.value & size == 0 else { return nil }
        return IPPrefix(first, length: family.bitCount - size.nonzeroBitCount)
    }

    /// The fewest prefixes that together hold exactly these addresses, in order.
    package var prefixes: [IPPrefix] {
        var result: [IPPrefix] = []
        var next = first.value
        while true {
            var bits = min(next == 0 ? family.bitCount : next.trailingZeroBitCount, family.bitCount)
            func end(_ bits: Int) -> UInt128 { next | (bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1) }
            while end(bits) > last.value { bits -= 1 }
            result.append(IPPrefix(IPAddress(family: family, value: next), length: family.bitCount - bits)!)
            if end(bits) == last.value { return result }
            next = end(bits) + 1
        }
    }
}

extension IPRange: CustomStringConvertible {
    /// The prefix where the range is one, else `first-last`.
    package var description: String { prefix?.description ?? "\(first)-\(last)" }
}
