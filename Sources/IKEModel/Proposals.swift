package import IKECrypto

/// A cipher with a definite key length.
package struct CipherChoice: Hashable, Sendable {
    package var algorithm: EncryptionAlgorithm
    /// In bits, without an AEAD's salt; 0 where the algorithm has one length only and sends no attribute.
    package var keyBits: Int

    package init(_ algorithm: EncryptionAlgorithm, keyBits: Int = 0) {
        self.algorithm = algorithm
        self.keyBits = keyBits
    }
}

/// One proposal for an IKE SA, with every transform that it accepts, best first (RFC 7296 §3.3).
package struct IKEProposal: Hashable, Sendable {
    package var encryption: [CipherChoice]
    package var prf: [PRFAlgorithm]
    /// Empty for AEAD ciphers.
    package var integrity: [IntegrityAlgorithm]
    package var keyExchange: [KeyExchangeMethod]

    package init(
        encryption: [CipherChoice], prf: [PRFAlgorithm], integrity: [IntegrityAlgorithm],
        keyExchange: [KeyExchangeMethod]
    ) {
        self.encryption = encryption
        self.prf = prf
        self.integrity = integrity
        self.keyExchange = keyExchange
    }
}

/// One proposal for a Child SA with ESP (RFC 7296 §3.3).
package struct ESPProposal: Hashable, Sendable {
    package var encryption: [CipherChoice]
    /// Empty for AEAD ciphers.
    package var integrity: [IntegrityAlgorithm]
    /// Empty: no key exchange of its own; never sent in IKE_AUTH (RFC 7296 §1.2).
    package var keyExchange: [KeyExchangeMethod]
    /// The values of Extended Sequence Numbers that are acceptable, best first.
    package var extendedSequenceNumbers: [Bool]

    package init(
        encryption: [CipherChoice], integrity: [IntegrityAlgorithm], keyExchange: [KeyExchangeMethod] = [],
        extendedSequenceNumbers: [Bool] = [true, false]
    ) {
        self.encryption = encryption
        self.integrity = integrity
        self.keyExchange = keyExchange
        self.extendedSequenceNumbers = extendedSequenceNumbers
    }
}

/// What the two ends of an IKE SA agreed on.
package struct IKESuite: Hashable, Sendable {
    package var cipher: CipherChoice
    package var prf: PRFAlgorithm
    /// `.none` with an AEAD cipher.
    package var integrity: IntegrityAlgorithm
    package var keyExchange: KeyExchangeMethod

    package init(
        cipher: CipherChoice, prf: PRFAlgorithm, integrity: IntegrityAlgorithm, keyExchange: KeyExchangeMethod
    ) {
        self.cipher = cipher
        self.prf = prf
        self.integrity = integrity
        self.keyExchange = keyExchange
    }
}

/// What the two ends of a Child SA agreed on.
package struct ESPSuite: Hashable, Sendable {
    package var cipher: CipherChoice
    /// `.none` with an AEAD cipher.
    package var integrity: IntegrityAlgorithm
    /// nil where the Child SA was made without a key exchange of its own.
    package var keyExchange: KeyExchangeMethod?
    package var extendedSequenceNumbers: Bool

    package init(
        cipher: CipherChoice, integrity: IntegrityAlgorithm, keyExchange: KeyExchangeMethod? = nil,
        extendedSequenceNumbers: Bool
    ) {
        self.cipher = cipher
        self.integrity = integrity
        self.keyExchange = keyExchange
        self.extendedSequenceNumbers = extendedSequenceNumbers
    }
}
