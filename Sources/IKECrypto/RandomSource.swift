import COpenSSL

/// Where SPIs, nonces, IVs and private keys come from; handed in, so that a simulated run can be repeated.
package protocol RandomSource {
    mutating func octets(_ count: Int) -> [UInt8]
}

extension RandomSource {
    /// A uniformly distributed integer, read in network order.
    package mutating func integer<I: FixedWidthInteger>(_: I.Type = I.self) -> I {
        octets(I.bitWidth / 8).reduce(into: I.zero) { $0 = $0 << 8 | I(truncatingIfNeeded: $1) }
    }
}

/// The process's cryptographic generator (OpenSSL's, seeded by the kernel).
package struct SystemRandom: RandomSource, Sendable {
    package init() {}

    package mutating func octets(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // There is no safe way on: a predictable key is worse than no daemon.
            precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "the random generator failed")
            initialized = count
        }
    }
}

/// A repeatable stream for simulators and tests: SHA-256(seed | block number), both 8 octets in network order.
/// Equal seeds give equal streams however the reads are cut. Never for real keys.
package struct SeededRandom: RandomSource, Sendable {
    private let seed: UInt64
    private var block: UInt64 = 0
    private var left: ArraySlice<UInt8> = []

    package init(seed: UInt64) { self.seed = seed }

    package mutating func octets(_ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count)
        while out.count < count {
            if left.isEmpty {
                left = Digest.sha256(seed.bigEndianOctets, block.bigEndianOctets)[...]
                block += 1
            }
            let part = left.prefix(count - out.count)
            out += part
            left = left.dropFirst(part.count)
        }
        return out
    }
}

extension UInt64 {
    /// The 8 octets in network order.
    fileprivate var bigEndianOctets: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
