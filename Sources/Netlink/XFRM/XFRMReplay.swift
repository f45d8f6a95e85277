import CNetlink

/// Sequence numbers and replay window of a state. The kernel has two forms: the old one of 32 bits and 32 packets
/// (struct xfrm_replay_state), and the one for ESN and great windows (struct xfrm_replay_state_esn).
package struct XFRMReplay: Hashable, Sendable {
    /// Packets, 0...4096; the old form is used up to 32 where the state has no ESN.
    package var window: UInt32
    /// The highest received, the last sent; 64 bits with ESN.
    package var received: UInt64 = 0
    package var sent: UInt64 = 0
    /// The new form's words: a packet's bit lies at its number minus one, modulo the window. The old form's one word has
    /// the highest number at bit 0.
    package var bitmap: [UInt32] = []

    package init(window: UInt32) {
        self.window = window
        bitmap = [UInt32](repeating: 0, count: (Int(window) + 31) / 32)
    }

    /// struct xfrm_replay_state_esn: six numbers, then the bitmap.
    var large: [UInt8] {
        [
            UInt32(bitmap.count), UInt32(truncatingIfNeeded: sent), UInt32(truncatingIfNeeded: received),
            UInt32(truncatingIfNeeded: sent >> 32), UInt32(truncatingIfNeeded: received >> 32), window,
        ].flatMap(\.octets) + bitmap.flatMap(\.octets)
    }

    /// struct xfrm_replay_state: oseq, seq, bitmap.
    var small: [UInt8] {
        [UInt32(truncatingIfNeeded: sent), UInt32(truncatingIfNeeded: received), bitmap.first ?? 0].flatMap(\.octets)
    }

    /// nil where it is cut short.
    init?(large octets: ArraySlice<UInt8>) {
        guard octets.count >= 24 else { return nil }
        func number(_ index: Int) -> UInt32 { octets.number(at: 4 * index) }
        let words = Int(number(0))
        guard words <= Int(XFRMA_REPLAY_ESN_MAX) / 32, octets.count >= 24 + 4 * words else { return nil }
        window = number(5)
        sent = UInt64(number(3)) << 32 | UInt64(number(1))
        received = UInt64(number(4)) << 32 | UInt64(number(2))
        bitmap = (0..<words).map { number(6 + $0) }
    }

    /// nil where it is cut short.
    init?(small octets: ArraySlice<UInt8>, window: UInt32) {
        guard octets.count >= 12 else { return nil }
        self.window = window
        sent = UInt64(octets.number(at: 0) as UInt32)
        received = UInt64(octets.number(at: 4) as UInt32)
        bitmap = [octets.number(at: 8)]
    }

    /// 32 packets a word, from the newest on: bit 0 of the first word is the highest number received.
    /// - Parameter isLarge: the form that `bitmap` is of.
    package func newestFirst(isLarge: Bool) -> [UInt32] {
        guard isLarge else { return bitmap }
        var result = [UInt32](repeating: 0, count: bitmap.count)
        for age in 0..<UInt64(min(window, UInt32(bitmap.count) * 32)) where received > age {
            let position = Int((received - 1 - age) % UInt64(window))
            if bitmap[position / 32] >> UInt32(position % 32) & 1 == 1 {
                result[Int(age / 32)] |= 1 << UInt32(age % 32)
            }
        }
        return result
    }
}
