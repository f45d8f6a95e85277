package import IKECrypto

/// What a Child SA's negotiation gives one direction: algorithms and keys.
package struct ESPKeys: Sendable, Equatable {
    package var encryption: EncryptionAlgorithm
    /// Without the salt; nil where the algorithm has one length, or to take it from the key.
    package var keyBits: Int?
    /// `.none` with a combined mode.
    package var integrity: IntegrityAlgorithm
    /// The key and behind it the salt, as KEYMAT has them (RFC 4106 §8.1).
    package var encryptionKey: SecretBytes
    package var integrityKey: SecretBytes
    /// Extended sequence numbers: 64 bits, of which the low half is sent (RFC 4303 §2.2.1).
    package var usesESN: Bool

    package init(
        encryption: EncryptionAlgorithm, keyBits: Int? = nil, integrity: IntegrityAlgorithm = .none,
        encryptionKey: SecretBytes, integrityKey: SecretBytes = .empty, usesESN: Bool
    ) {
        self.encryption = encryption
        self.keyBits = keyBits
        self.integrity = integrity
        self.encryptionKey = encryptionKey
        self.integrityKey = integrityKey
        self.usesESN = usesESN
    }

    func cipher(_ direction: PacketCipher.Direction) throws(ESPError) -> PacketCipher {
        do {
            return try PacketCipher(
                encryption: encryption, keyBits: keyBits, integrity: integrity, encryptionKey: encryptionKey,
                integrityKey: integrityKey, direction: direction)
        } catch {
            throw ESPError(error)
        }
    }
}
