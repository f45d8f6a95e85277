import Synchronization

/// The protection of one direction's SK and SKF payloads (RFC 7296 §3.14, RFC 5282, RFC 7383 §2.5).
///
/// A value that may be copied and kept in the engine's state: the copies share one key schedule, behind a lock that is
/// never contended in practice. It seals and it opens, so that one value serves a test as both ends.
package struct PacketProtection: Sendable {
    private final class Schedules: Sendable {
        let sealing: Mutex<PacketCipher>
        let opening: Mutex<PacketCipher>

        init(_ sealing: consuming sending PacketCipher, _ opening: consuming sending PacketCipher) {
            self.sealing = Mutex(sealing)
            self.opening = Mutex(opening)
        }
    }

    private let schedules: Schedules
    package let encryption: EncryptionAlgorithm
    package let integrity: IntegrityAlgorithm
    /// All in octets.
    package let ivLength: Int
    package let icvLength: Int
    package let blockLength: Int

    /// - Parameters:
    ///   - keyBits: without the salt; nil takes it from the key.
    ///   - encryptionKey: SK_ei or SK_er; with a combined mode its salt stands behind the key (RFC 5282 §7.1).
    ///   - integrityKey: SK_ai or SK_ar, empty with a combined mode.
    package init(
        encryption: EncryptionAlgorithm, keyBits: Int?, integrity: IntegrityAlgorithm, encryptionKey: SecretBytes,
        integrityKey: SecretBytes
    ) throws(CryptoError) {
        let sealing = try PacketCipher(
            encryption: encryption, keyBits: keyBits, integrity: integrity, encryptionKey: encryptionKey,
            integrityKey: integrityKey, direction: .seal)
        let opening = try PacketCipher(
            encryption: encryption, keyBits: keyBits, integrity: integrity, encryptionKey: encryptionKey,
            integrityKey: integrityKey, direction: .open)
        self.encryption = encryption
        self.integrity = integrity
        ivLength = sealing.ivLength
        icvLength = sealing.icvLength
        blockLength = sealing.blockLength
        schedules = Schedules(sealing, opening)
    }

    /// - Parameters:
    ///   - header: what the message has in front of the IV: the IKE header up to the SK payload's generic header (and
    ///     an SKF's fragment numbers). Associated data of a combined mode; otherwise MACed in front of the IV.
    ///   - plaintext: payloads, padding and pad length: whole blocks.
    ///   - iv: `ivLength` octets: unpredictable for CBC, never used before with this key for all others.
    /// - Returns: IV | ciphertext | ICV.
    /// - Throws: `CryptoError.length` where IV or plaintext have another length.
    package func seal(header: [UInt8], plaintext: [UInt8], iv: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard iv.count == ivLength else { throw .length(what: "an IV", expected: ivLength, got: iv.count) }
        var body = iv + plaintext + [UInt8](repeating: 0, count: icvLength)
        try schedules.sealing.withLock { (cipher) throws(CryptoError) in
            try header.span.withUnsafeBytes { (associated) throws(CryptoError) in
                var whole = body.mutableSpan
                try whole.withUnsafeMutableBytes { (octets) throws(CryptoError) in
                    try cipher.seal(associated: associated, body: octets)
                }
            }
        }
        return body
    }

    /// The plaintext with its padding and pad length, from IV | ciphertext | ICV.
    /// - Throws: `CryptoError.integrity`; `.length` for a body that holds no IV and ICV or no whole blocks.
    package func open(header: [UInt8], body: [UInt8]) throws(CryptoError) -> [UInt8] {
        var body = body
        try schedules.opening.withLock { (cipher) throws(CryptoError) in
            try header.span.withUnsafeBytes { (associated) throws(CryptoError) in
                var whole = body.mutableSpan
                try whole.withUnsafeMutableBytes { (octets) throws(CryptoError) in
                    try cipher.open(associated: associated, body: octets)
                }
            }
        }
        return Array(body[ivLength..<body.count - icvLength])
    }
}
