/// The anti-replay window (RFC 4303 §3.4.3): which of the last `size` sequence numbers have come.
///
/// Numbers are 64 bits wide throughout; without ESN the high half stays 0. The bitmap is a ring of words, one more than
/// the window needs, so that moving on clears whole words and shifts none (RFC 6479).
package struct ReplayWindow: Sendable {
    package enum Verdict: Hashable, Sendable { case fresh, duplicate, stale }

    package static let defaultSize = 128
    /// The sizes that exist, apart from 0, which turns the check off.
    package static let sizes = 32...4096

    /// In packets; 0: nothing is refused but the number 0.
    package let size: Int
    /// The highest number received, the window's right edge; 0 before the first packet.
    package private(set) var highest: UInt64
    private var words: [UInt64]
    private let mask: UInt64

    /// - Parameters:
    ///   - size: 0 or one of `sizes`; anything else is the caller's bug.
    ///   - highest: where a window that was moved here stands; all numbers up to it count as received.
    package init(size: Int = defaultSize, highest: UInt64 = 0) {
        precondition(size == 0 || Self.sizes.contains(size), "a replay window of \(size)")
        self.size = size
        self.highest = highest
        var count = 1
        while count < (size + 63) / 64 + 1 { count *= 2 }
        words = [UInt64](repeating: highest == 0 ? 0 : .max, count: count)
        mask = UInt64(count - 1)
        if highest > 0 && highest & 63 != 63 {
            // In the edge's own word the numbers above it have not come.
            words[Int((highest >> 6) & mask)] = (2 << (highest & 63)) - 1
        }
    }

    /// What stands against accepting the number; changes nothing, because the packet may yet prove forged.
    package func check(_ number: UInt64) -> Verdict {
        // The first packet of an SA has 1 (§2.2).
        if number == 0 { return .stale }
        if size == 0 || number > highest { return .fresh }
        if highest - number >= UInt64(size) { return .stale }
        return words[Int((number >> 6) & mask)] & (1 << (number & 63)) == 0 ? .fresh : .duplicate
    }

    /// Notes a number whose packet proved genuine.
    package mutating func record(_ number: UInt64) {
        if number > highest {
            let steps = min((number >> 6) - (highest >> 6), mask + 1)
            var word = number >> 6
            for _ in 0..<steps {
                words[Int(word & mask)] = 0
                word &-= 1
            }
            highest = number
        } else if highest - number >= UInt64(size) {
            return
        }
        words[Int((number >> 6) & mask)] |= 1 << (number & 63)
    }

    /// The 64-bit number behind the 32 bits that were sent (RFC 4303 appendix A2.2): the high half is chosen so that
    /// the number lies in the window or to its right, at most 2^32 away.
    /// - Returns: nil for a number that would lie before the first.
    package func extended(_ low: UInt32) -> UInt64? {
        // Without a window the choice is the nearest, half of the space either way.
        let width = size == 0 ? UInt32(1) << 31 : UInt32(size)
        let edge = UInt32(truncatingIfNeeded: highest)
        let high = highest >> 32
        let bottom = edge &- (width - 1)
        let chosen: UInt64
        if edge >= width - 1 {
            // Case A: the window lies within one span of 2^32.
            if low >= bottom {
                chosen = high
            } else {
                guard high < UInt64(UInt32.max) else { return nil }
                chosen = high + 1
            }
        } else if low >= bottom {
            // Case B: the window reaches back into the span before, and so does this number.
            guard high > 0 else { return nil }
            chosen = high - 1
        } else {
            chosen = high
        }
        return chosen << 32 | UInt64(low)
    }
}
