import IKECrypto
import IKEModel
import IKEWire

/// The keys of an IKE SA (RFC 7296 §2.14): SK_d, SK_p*, and the two ciphers made of SK_e* and SK_a*.
final class IKEKeys {
    let skD: SecretBytes
    let skPi: SecretBytes
    let skPr: SecretBytes
    let initiatorProtection: PacketProtection
    let responderProtection: PacketProtection
    /// What `Engine.exportsKeys` hands out; nil where it was not asked for, and once it has been.
    var exported: ExportedIKEKeys?

    /// {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+ (SKEYSEED, Ni | Nr | SPIi | SPIr).
    init(
        suite: IKESuite, skeyseed: SecretBytes, ni: [UInt8], nr: [UInt8], spiI: IKESPI, spiR: IKESPI,
        exports: Bool = false
    ) throws(CryptoError) {
        let prfOctets = suite.prf.preferredKeyLength
        let encryptionOctets = suite.cipher.keyOctets
        let integrityOctets = suite.integrity.keyLength
        var material = KeyMaterial(
            try PRF.plus(
                suite.prf, key: skeyseed, seed: ni + nr + spiI.octets + spiR.octets,
                count: 3 * prfOctets + 2 * integrityOctets + 2 * encryptionOctets))
        skD = material.take(prfOctets)
        let skAi = material.take(integrityOctets)
        let skAr = material.take(integrityOctets)
        let skEi = material.take(encryptionOctets)
        let skEr = material.take(encryptionOctets)
        skPi = material.take(prfOctets)
        skPr = material.take(prfOctets)
        initiatorProtection = try PacketProtection(
            encryption: suite.cipher.algorithm, keyBits: suite.cipher.definiteKeyBits, integrity: suite.integrity,
            encryptionKey: skEi, integrityKey: skAi)
        responderProtection = try PacketProtection(
            encryption: suite.cipher.algorithm, keyBits: suite.cipher.definiteKeyBits, integrity: suite.integrity,
            encryptionKey: skEr, integrityKey: skAr)
        if exports {
            var keys = ExportedIKEKeys(
                initiatorSPI: spiI, responderSPI: spiR, cipher: suite.cipher, integrity: suite.integrity, skEi: skEi,
                skEr: skEr, skAi: skAi, skAr: skAr)
            (keys.skD, keys.skPi, keys.skPr) = (skD, skPi, skPr)
            (keys.initiatorNonce, keys.responderNonce) = (ni, nr)
            exported = keys
        }
    }

    /// The same ciphers with other keys to derive and to authenticate with.
    init(_ other: IKEKeys, skD: SecretBytes, skPi: SecretBytes, skPr: SecretBytes) {
        self.skD = skD
        self.skPi = skPi
        self.skPr = skPr
        initiatorProtection = other.initiatorProtection
        responderProtection = other.responderProtection
        exported = other.exported
    }

    /// SKEYSEED = prf(Ni | Nr, g^ir) (RFC 7296 §2.14); of the nonces 64 bits each where the PRF's key once was fixed.
    static func skeyseed(
        prf: PRFAlgorithm, ni: [UInt8], nr: [UInt8], secret: SecretBytes
    ) throws(CryptoError) -> SecretBytes {
        let key = prf.hasFixedKeyLength ? Array(ni.prefix(8)) + Array(nr.prefix(8)) : ni + nr
        return try PRF.compute(prf, key: SecretBytes(key), secret: secret)
    }

    /// SKEYSEED = prf(SK_d of the old SA, "Resumption" | Ni | Nr) (RFC 5723 §5.1).
    static func resumedSkeyseed(
        prf: PRFAlgorithm, oldSKd: SecretBytes, ni: [UInt8], nr: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        try PRF.compute(prf, key: oldSKd, [Array("Resumption".utf8), ni, nr])
    }

    /// SKEYSEED = prf(SK_d of the old SA, g^ir | Ni | Nr), with the old SA's PRF (RFC 7296 §2.18).
    static func rekeyedSkeyseed(
        prf: PRFAlgorithm, oldSKd: SecretBytes, secret: SecretBytes, ni: [UInt8], nr: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        try PRF.compute(prf, key: oldSKd, secret: secret, [ni, nr])
    }

    func skP(_ role: Role) -> SecretBytes { role == .initiator ? skPi : skPr }
    func protection(sentBy role: Role) -> PacketProtection {
        role == .initiator ? initiatorProtection : responderProtection
    }
}

/// The keys of a Child SA: KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr) (RFC 7296 §2.17), the initiator's sending direction
/// first. The initiator is that of the exchange.
struct ChildKeys {
    let initiatorEncryption: SecretBytes
    let initiatorIntegrity: SecretBytes
    let responderEncryption: SecretBytes
    let responderIntegrity: SecretBytes

    init(
        suite: ESPSuite, prf: PRFAlgorithm, skD: SecretBytes, ni: [UInt8], nr: [UInt8], secret: SecretBytes? = nil
    ) throws(CryptoError) {
        let encryptionOctets = suite.cipher.keyOctets
        let integrityOctets = suite.integrity.keyLength
        var material = KeyMaterial(
            try PRF.plus(
                prf, key: skD, secret: secret ?? .empty, seed: ni + nr, count: 2 * (encryptionOctets + integrityOctets))
        )
        initiatorEncryption = material.take(encryptionOctets)
        initiatorIntegrity = material.take(integrityOctets)
        responderEncryption = material.take(encryptionOctets)
        responderIntegrity = material.take(integrityOctets)
    }
}

/// Octets of prf+, taken from the front.
private struct KeyMaterial {
    private var rest: SecretBytes

    init(_ whole: SecretBytes) { rest = whole }

    mutating func take(_ count: Int) -> SecretBytes {
        defer { rest = rest[count..<rest.count] }
        return rest[0..<count]
    }
}

extension CipherChoice {
    /// The key's length where the algorithm leaves no choice, too.
    var definiteKeyBits: Int { keyBits > 0 ? keyBits : algorithm.allowedKeyBits.first ?? 0 }

    /// Octets of key material, with an AEAD's salt (RFC 5282 §7.1).
    var keyOctets: Int { definiteKeyBits / 8 + algorithm.saltLength }
}

/// What the AUTH payload of one end covers (RFC 7296 §2.15) and how it is computed.
enum AuthenticationOctets {
    /// RealMessage | NonceOfPeer | prf(SK_px, ID).
    static func signed(
        message: [UInt8], peerNonce: [UInt8], identification: Identification, prf: PRFAlgorithm, skP: SecretBytes
    ) throws(CryptoError) -> [UInt8] {
        try message + peerNonce + PRF.compute(prf, key: skP, [identification.body]).exposed
    }

    /// prf(prf(Shared Secret, "Key Pad for IKEv2"), <SignedOctets>).
    static func sharedKey(
        _ secret: SecretBytes, prf: PRFAlgorithm, signed: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let padded = try PRF.compute(prf, key: secret, [Array("Key Pad for IKEv2".utf8)])
        return try PRF.compute(prf, key: padded, [signed]).exposed
    }

    /// prf(SK_px, octets): which octets is what the two readings of RFC 5723 §4.3.3 differ in.
    static func resumed(
        _ reading: ResumptionAuthentication, message: [UInt8], peerNonce: [UInt8], identification: Identification,
        prf: PRFAlgorithm, skP: SecretBytes
    ) throws(CryptoError) -> [UInt8] {
        let octets =
            switch reading {
            case .messageOnly: message
            case .messageNonceIdentity:
                try signed(
                    message: message, peerNonce: peerNonce, identification: identification, prf: prf, skP: skP)
            }
        return try PRF.compute(prf, key: skP, [octets]).exposed
    }
}
