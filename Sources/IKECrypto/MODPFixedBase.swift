import COpenSSL

/// Powers of one base modulo one prime, by a table made once: for each four bits of the exponent the sixteen powers of the base
/// that they can stand for. A power is then one multiplication for four bits and no squaring, a fifth of the work of
/// one without a table.
///
/// Every entry of a row is read at every step, so that what is read tells nothing of the exponent, as with libcrypto's own
/// constant-time power.
///
/// Unchecked Sendable because nothing in it changes after init.
final class MODPFixedBase: @unchecked Sendable {
    private static let entriesPerRow = 16

    /// Octets of the exponents that it is for, all of this length.
    let exponentLength: Int
    private let wordsPerEntry: Int
    /// Rows for the exponent's half octets, the least significant first; an entry's octets in little-endian order, in Montgomery's
    /// form.
    private let table: UnsafeMutablePointer<UInt64>
    private let rows: Int

    /// - Parameter length: octets of the prime. The table has 32 times `exponentLength` times `length` octets.
    init(
        base: OpaquePointer, exponentLength: Int, length: Int, montgomery: OpaquePointer
    ) throws(CryptoError) {
        let words = (length + 7) / 8
        let rows = 2 * exponentLength
        let count = rows * MODPFixedBase.entriesPerRow * words
        let table = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        table.initialize(repeating: 0, count: count)
        self.exponentLength = exponentLength
        wordsPerEntry = words
        self.rows = rows
        self.table = table
        let scratch = try BigNumberScratch()
        let first = try BigNumber()
        let entry = try BigNumber()
        try CryptoError.check(BN_to_montgomery(first.pointer, base, montgomery, scratch.pointer), "BN_to_montgomery")
        for row in 0..<rows {
            try CryptoError.check(
                BN_to_montgomery(entry.pointer, BN_value_one(), montgomery, scratch.pointer), "BN_to_montgomery")
            for index in 0..<MODPFixedBase.entriesPerRow {
                try store(entry, row: row, index: index)
                try CryptoError.check(
                    BN_mod_mul_montgomery(entry.pointer, entry.pointer, first.pointer, montgomery, scratch.pointer),
                    "BN_mod_mul_montgomery")
            }
            // The sixteenth power is the next row's first.
            guard BN_copy(first.pointer, entry.pointer) != nil else { throw .drained("BN_copy") }
        }
    }

    deinit { table.deallocate() }

    private func place(_ row: Int, _ index: Int) -> UnsafeMutablePointer<UInt64> {
        table + (row * MODPFixedBase.entriesPerRow + index) * wordsPerEntry
    }

    private func store(_ number: BigNumber, row: Int, index: Int) throws(CryptoError) {
        let octets = wordsPerEntry * 8
        let written = place(row, index).withMemoryRebound(to: UInt8.self, capacity: octets) {
            BN_bn2lebinpad(number.pointer, $0, Int32(octets))
        }
        guard Int(written) == octets else { throw .drained("BN_bn2lebinpad") }
    }

    /// base ^ exponent.
    /// - Parameter exponent: `exponentLength` octets in network order.
    func power(_ exponent: SecretBytes, montgomery: OpaquePointer) throws(CryptoError) -> BigNumber {
        precondition(exponent.count == exponentLength, "an exponent of \(exponentLength) octets is asked for")
        let scratch = try BigNumberScratch()
        let result = try BigNumber()
        let factor = try BigNumber()
        try CryptoError.check(
            BN_to_montgomery(result.pointer, BN_value_one(), montgomery, scratch.pointer), "BN_to_montgomery")
        let chosen = UnsafeMutablePointer<UInt64>.allocate(capacity: wordsPerEntry)
        defer {
            OPENSSL_cleanse(chosen, wordsPerEntry * 8)
            chosen.deallocate()
        }
        try exponent.withBytes { (octets) throws(CryptoError) in
            for row in 0..<rows {
                let octet = octets[exponentLength - 1 - row / 2]
                choose(row, UInt64(row & 1 == 0 ? octet & 15 : octet >> 4), into: chosen)
                let read = chosen.withMemoryRebound(to: UInt8.self, capacity: wordsPerEntry * 8) {
                    BN_lebin2bn($0, Int32(wordsPerEntry * 8), factor.pointer)
                }
                guard read != nil else { throw .drained("BN_lebin2bn") }
                try CryptoError.check(
                    BN_mod_mul_montgomery(result.pointer, result.pointer, factor.pointer, montgomery, scratch.pointer),
                    "BN_mod_mul_montgomery")
            }
        }
        try CryptoError.check(
            BN_from_montgomery(result.pointer, result.pointer, montgomery, scratch.pointer), "BN_from_montgomery")
        return result
    }

    /// An entry of a row, all of them read.
    private func choose(_ row: Int, _ wanted: UInt64, into chosen: UnsafeMutablePointer<UInt64>) {
        chosen.update(repeating: 0, count: wordsPerEntry)
        for index in 0..<MODPFixedBase.entriesPerRow {
            // All ones where the two are equal, else zero; without a branch.
            let difference = UInt64(index) ^ wanted
            let mask = (difference &- 1) & ~difference
            let spread = UInt64(bitPattern: Int64(bitPattern: mask) >> 63)
            let entry = place(row, index)
            for word in 0..<wordsPerEntry { chosen[word] |= entry[word] & spread }
        }
    }
}
