/// Which pairs of neighbouring octets a line holds, hashed into 256 bits. A line can hold a text only where its signature
/// covers the text's, so most rules leave most lines after four comparisons instead of a search; that is what keeps some
/// eighty rules over a hundred kilobytes within milliseconds.
struct LineSignature: Sendable {
    private var bits: SIMD4<UInt64> = .zero

    init() {}

    init(_ octets: [UInt8]) {
        octets.withUnsafeBufferPointer { octets in
            var bits = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
            var previous: UInt32 = 0
            for index in octets.indices {
                let octet = UInt32(octets[index])
                if index > 0 {
                    let hash = LineSignature.hash(previous, octet)
                    let bit = UInt64(1) << UInt64(hash & 63)
                    switch hash >> 6 {
                    case 0: bits.0 |= bit
                    case 1: bits.1 |= bit
                    case 2: bits.2 |= bit
                    default: bits.3 |= bit
                    }
                }
                previous = octet
            }
            self.bits = SIMD4(bits.0, bits.1, bits.2, bits.3)
        }
    }

    /// 0...255, for a pair of octets.
    private static func hash(_ first: UInt32, _ second: UInt32) -> UInt32 {
        ((first << 8 | second) &* 0x9e37_79b1) >> 24
    }

    func covers(_ other: LineSignature) -> Bool { other.bits & ~bits == .zero }

    mutating func formUnion(_ other: LineSignature) { bits |= other.bits }
}
