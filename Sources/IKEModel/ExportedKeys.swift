package import IKECrypto
package import IKEWire

/// What opens an IKE SA's Encrypted payloads (RFC 7296 §2.14), for a test's decoder: handed out by an engine that was
/// asked for it (`Engine.exportsKeys`), and by no other. It never prints its keys.
package struct ExportedIKEKeys: Hashable, Sendable {
    package var initiatorSPI: IKESPI
    package var responderSPI: IKESPI
    package var cipher: CipherChoice
    package var integrity: IntegrityAlgorithm
    /// With an AEAD's salt behind it.
    package var skEi: SecretBytes
    package var skEr: SecretBytes
    /// Empty with an AEAD cipher.
    package var skAi: SecretBytes
    package var skAr: SecretBytes

    /// What is derived from, and authenticated with: for a console that shows them.
    package var skD = SecretBytes.empty
    package var skPi = SecretBytes.empty
    package var skPr = SecretBytes.empty
    package var initiatorNonce: [UInt8] = []
    package var responderNonce: [UInt8] = []

    package init(
        initiatorSPI: IKESPI, responderSPI: IKESPI, cipher: CipherChoice, integrity: IntegrityAlgorithm,
        skEi: SecretBytes, skEr: SecretBytes, skAi: SecretBytes, skAr: SecretBytes
    ) {
        self.initiatorSPI = initiatorSPI
        self.responderSPI = responderSPI
        self.cipher = cipher
        self.integrity = integrity
        self.skEi = skEi
        self.skEr = skEr
        self.skAi = skAi
        self.skAr = skAr
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(initiatorSPI)
        hasher.combine(responderSPI)
    }
}
