/// The protection of one direction's SK and SKF payloads (RFC 7296 §3.14, RFC 5282, RFC 7383 §2.5).
///
/// A value that may be copied and kept in the engine's state. It seals and it opens, so that one value serves a test as both
/// ends. Key schedules are made for each message: an IKE SA has a few messages in an hour, and thousands of IKE SAs would keep
/// kilobytes each for them.
package struct PacketProtection: Sendable {
    package let encryption: EncryptionAlgorithm
    package let integrity: IntegrityAlgorithm
    /// All in octets.
    package var ivLength: Int { encryption.ivLength }
    package var icvLength: Int { encryption.isAEAD ? encryption.icvLength : integrity.icvLength }
    package var blockLength: Int { encryption.blockLength }
    private let encryptionKey: SecretBytes
    private let integrityKey: SecretBytes

    /// - Parameters:
    ///   - keyBits: without the salt; nil takes it from the key.
    ///   - encryptionKey: SK_ei or SK_er; with a combined mode its salt stands behind the key (RFC 5282 §7.1).
    ///   - integrityKey: SK_ai or SK_ar, empty with a combined mode.
    /// - Throws: as `PacketCipher`.
    package init(
        encryption: EncryptionAlgorithm, keyBits: Int?, integrity: IntegrityAlgorithm, encryptionKey: SecretBytes,
        integrityKey: SecretBytes
    ) throws(CryptoError) {
        // It says whether they fit together; from here on the key's length says `keyBits`.
        _ = try PacketCipher(
            encryption: encryption, keyBits: keyBits, integrity: integrity, encryptionKey: encryptionKey,
            integrityKey: integrityKey, direction: .seal)
        self.encryption = encryption
        self.integrity = integrity
        self.encryptionKey = encryptionKey
        self.integrityKey = integrityKey
    }

    private func cipher(_ direction: PacketCipher.Direction) throws(CryptoError) -> PacketCipher {
        try PacketCipher(
            encryption: encryption, keyBits: nil, integrity: integrity, encryptionKey: encryptionKey,
            integrityKey: integrityKey, direction: direction)
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
        var cipher = try cipher(.seal)
        var whole = body.mutableSpan
        try whole.withUnsafeMutableBytes { (octets) throws(CryptoError) in
            try header.span.withUnsafeBytes { (associated) throws(CryptoError) in
                try cipher.seal(associated: associated, body: octets)
            }
        }
        return body
    }

    /// The plaintext with its padding and pad length, from IV | ciphertext | ICV.
    /// - Throws: `CryptoError.integrity`; `.length` for a body that holds no IV and ICV or no whole blocks.
    package func open(header: [UInt8], body: [UInt8]) throws(CryptoError) -> [UInt8] {
        var body = body
        var cipher = try cipher(.open)
        var whole = body.mutableSpan
        try whole.withUnsafeMutableBytes { (octets) throws(CryptoError) in
            try header.span.withUnsafeBytes { (associated) throws(CryptoError) in
                try cipher.open(associated: associated, body: octets)
            }
        }
        return Array(body[ivLength..<body.count - icvLength])
    }
}
