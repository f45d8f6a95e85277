import COpenSSL
import Synchronization

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

/// The process's cryptographic generator (OpenSSL's, seeded by the kernel), asked for a few hundred octets at a time: a call
/// costs as much as what it gives, and an IKE SA draws a dozen times. Copies share what is left, and nothing is given
/// twice; not for a process that forks and goes on in both.
package struct SystemRandom: RandomSource, Sendable {
    private let stock = Stock()

    package init() {}

    package mutating func octets(_ count: Int) -> [UInt8] { stock.take(count) }

    private final class Stock: Sendable {
        private static let refill = 512

        /// Octets from the end are given next.
        private let left = Mutex<[UInt8]>([])

        func take(_ count: Int) -> [UInt8] {
            // A long draw gains nothing from a stock.
            if count > Stock.refill / 4 { return Stock.draw(count) }
            return left.withLock { left in
                if left.count < count {
                    wipe(&left, from: 0)
                    left = Stock.draw(Stock.refill)
                }
                let rest = left.count - count
                let taken = Array(left[rest...])
                // Whoever reads this process's memory later finds no key here.
                wipe(&left, from: rest)
                left.removeLast(count)
                return taken
            }
        }

        private func wipe(_ octets: inout [UInt8], from start: Int) {
            octets.withUnsafeMutableBytes { buffer in
                guard start < buffer.count else { return }
                OPENSSL_cleanse(buffer.baseAddress! + start, buffer.count - start)
            }
        }

        private static func draw(_ count: Int) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                // There is no safe way on: a predictable key is worse than no daemon.
                precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "the random generator failed")
                initialized = count
            }
        }

        deinit {
            left.withLock { wipe(&$0, from: 0) }
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
