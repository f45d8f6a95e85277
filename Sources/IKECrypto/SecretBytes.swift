import COpenSSL

/// Key material: octets that are wiped when the last copy goes, never print, and compare in constant time.
///
/// A copy shares the storage, so passing one around leaves no second copy of the key in memory.
package struct SecretBytes: Sendable {
    /// The one owner of the octets; immutable once made, which is what makes sharing it safe.
    private final class Storage: @unchecked Sendable {
        let octets: UnsafeMutableRawBufferPointer

        init(count: Int) {
            octets = .allocate(byteCount: count, alignment: 16)
            octets.initializeMemory(as: UInt8.self, repeating: 0)
        }

        deinit {
            // OPENSSL_cleanse, because a compiler may drop a memset of memory that is about to be freed.
            OPENSSL_cleanse(octets.baseAddress, octets.count)
            octets.deallocate()
        }
    }

    private let storage: Storage
    // In 32 bits: thousands of SAs keep a dozen of these each.
    private let start: UInt32
    private let end: UInt32
    private var range: Range<Int> { Int(start)..<Int(end) }

    /// The caller's array is not wiped; prefer `init(count:_:)` where the octets are made.
    package init(_ octets: [UInt8]) {
        storage = Storage(count: octets.count)
        (start, end) = (0, UInt32(octets.count))
        storage.octets.copyBytes(from: octets)
    }

    /// `count` octets, zero until `fill` writes them.
    package init<E: Error>(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        storage = Storage(count: count)
        (start, end) = (0, UInt32(count))
        try fill(storage.octets)
    }

    private init(storage: Storage, range: Range<Int>) {
        self.storage = storage
        (start, end) = (UInt32(range.lowerBound), UInt32(range.upperBound))
    }

    package static let empty = SecretBytes([])

    /// In octets.
    package var count: Int { Int(end - start) }
    package var isEmpty: Bool { start == end }

    /// The pointer is dead when `body` returns.
    package func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(rebasing: storage.octets[range]))
    }

    /// A plain copy, for test vectors, key dumps and wire fields; it is not wiped.
    package var exposed: [UInt8] { withBytes { Array($0) } }

    /// A part, counted from 0, sharing the storage: how KEYMAT is cut into keys (RFC 7296 §2.14).
    package subscript(part: Range<Int>) -> SecretBytes {
        precondition(part.lowerBound >= 0 && part.upperBound <= count, "a part outside of the secret")
        return SecretBytes(
            storage: storage, range: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }

    package static func + (left: SecretBytes, right: SecretBytes) -> SecretBytes {
        SecretBytes(count: left.count + right.count) { out in
            left.withBytes { out.copyMemory(from: $0) }
            right.withBytes { UnsafeMutableRawBufferPointer(rebasing: out[left.count...]).copyMemory(from: $0) }
        }
    }
}

extension SecretBytes: Equatable {
    package static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        left.withBytes { l in right.withBytes { r in constantTimeEquals(l, r) } }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(\(count) secret octets)" }
    package var debugDescription: String { description }
    /// No children: `dump` and a failed `#expect` print through the mirror.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension [UInt8] {
    /// Zeros in place of what was a key for a moment. Of an array that is shared this makes a copy and wipes that one: who
    /// calls it holds the only one.
    package mutating func wipe() { withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
}
