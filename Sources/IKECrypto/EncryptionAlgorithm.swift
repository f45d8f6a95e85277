/// An encryption transform (IKEv2 transform type 1) by its IANA number. Numbers unknown here are kept as they came.
package struct EncryptionAlgorithm: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let des = EncryptionAlgorithm(rawValue: 2)
    package static let tripleDES = EncryptionAlgorithm(rawValue: 3)
    package static let null = EncryptionAlgorithm(rawValue: 11)
    package static let aesCBC = EncryptionAlgorithm(rawValue: 12)
    package static let aesCTR = EncryptionAlgorithm(rawValue: 13)
    package static let aesCCM8 = EncryptionAlgorithm(rawValue: 14)
    package static let aesCCM12 = EncryptionAlgorithm(rawValue: 15)
    package static let aesCCM16 = EncryptionAlgorithm(rawValue: 16)
    package static let aesGCM8 = EncryptionAlgorithm(rawValue: 18)
    package static let aesGCM12 = EncryptionAlgorithm(rawValue: 19)
    package static let aesGCM16 = EncryptionAlgorithm(rawValue: 20)
    package static let nullAuthAESGMAC = EncryptionAlgorithm(rawValue: 21)
    package static let camelliaCBC = EncryptionAlgorithm(rawValue: 23)
    package static let chaCha20Poly1305 = EncryptionAlgorithm(rawValue: 28)

    /// How the packets are built; what the table's columns follow from.
    enum Mode: Sendable { case null, cbc, ctr, gcm, ccm, gmac, chaChaPoly }

    private struct Row {
        let name: String
        let mode: Mode
        /// Octets.
        let block: Int
        let iv: Int
        let salt: Int
        let icv: Int
        let keyBits: [Int]
        /// Whether the transform carries the Key Length attribute (RFC 7296 §3.3.5).
        let takesKeyLength: Bool
    }

    private var row: Row? {
        let aes = [128, 192, 256]
        func aead(_ name: String, _ mode: Mode, salt: Int, icv: Int) -> Row {
            Row(name: name, mode: mode, block: 1, iv: 8, salt: salt, icv: icv, keyBits: aes, takesKeyLength: true)
        }
        return switch self {
        case .des:  // RFC 2405; 64 key bits of which 56 count
            Row(name: "DES", mode: .cbc, block: 8, iv: 8, salt: 0, icv: 0, keyBits: [64], takesKeyLength: false)
        case .tripleDES:  // RFC 2451; 192 key bits of which 168 count
            Row(name: "3DES", mode: .cbc, block: 8, iv: 8, salt: 0, icv: 0, keyBits: [192], takesKeyLength: false)
        case .null:  // RFC 2410
            Row(name: "NULL", mode: .null, block: 1, iv: 0, salt: 0, icv: 0, keyBits: [0], takesKeyLength: false)
        case .aesCBC:  // RFC 3602
            Row(name: "AES_CBC", mode: .cbc, block: 16, iv: 16, salt: 0, icv: 0, keyBits: aes, takesKeyLength: true)
        case .aesCTR:  // RFC 3686, RFC 5930; the nonce behind the key is its salt
            Row(name: "AES_CTR", mode: .ctr, block: 1, iv: 8, salt: 4, icv: 0, keyBits: aes, takesKeyLength: true)
        case .aesCCM8: aead("AES_CCM_8", .ccm, salt: 3, icv: 8)  // RFC 4309, RFC 5282
        case .aesCCM12: aead("AES_CCM_12", .ccm, salt: 3, icv: 12)
        case .aesCCM16: aead("AES_CCM_16", .ccm, salt: 3, icv: 16)
        case .aesGCM8: aead("AES_GCM_8", .gcm, salt: 4, icv: 8)  // RFC 4106, RFC 5282
        case .aesGCM12: aead("AES_GCM_12", .gcm, salt: 4, icv: 12)
        case .aesGCM16: aead("AES_GCM_16", .gcm, salt: 4, icv: 16)
        case .nullAuthAESGMAC: aead("NULL_AUTH_AES_GMAC", .gmac, salt: 4, icv: 16)  // RFC 4543
        case .camelliaCBC:  // RFC 5529
            Row(
                name: "CAMELLIA_CBC", mode: .cbc, block: 16, iv: 16, salt: 0, icv: 0, keyBits: aes, takesKeyLength: true
            )
        case .chaCha20Poly1305:  // RFC 7634
            Row(
                name: "CHACHA20_POLY1305", mode: .chaChaPoly, block: 1, iv: 8, salt: 4, icv: 16, keyBits: [256],
                takesKeyLength: false)
        default: nil
        }
    }

    /// IANA's name without the prefix ("AES_GCM_16"); "ENCR_n" for a number without one here.
    package var name: String { row?.name ?? "ENCR_\(rawValue)" }
    var mode: Mode? { row?.mode }

    /// Whether the transform brings its own integrity (combined mode).
    package var isAEAD: Bool { (row?.icv ?? 0) > 0 }
    /// The multiple, in octets, that the plaintext must have; 1 for stream and counter modes.
    package var blockLength: Int { row?.block ?? 1 }
    /// The explicit IV in the packet, in octets.
    package var ivLength: Int { row?.iv ?? 0 }
    /// The octets of key material behind the key that are the fixed part of the nonce.
    package var saltLength: Int { row?.salt ?? 0 }
    /// The check value of a combined mode, in octets; 0 where a separate integrity transform makes it.
    package var icvLength: Int { row?.icv ?? 0 }
    /// The key lengths that exist, in bits, without the salt.
    package var allowedKeyBits: [Int] { row?.keyBits ?? [] }
    /// Whether proposals carry a Key Length attribute (RFC 7296 §3.3.5).
    package var takesKeyLength: Bool { row?.takesKeyLength ?? false }

    /// Whether packets can be sealed and opened with it in this process (OpenSSL may lack a cipher, as in FIPS mode).
    package var isSupported: Bool {
        guard let row else { return false }
        return row.mode == .null
            || row.keyBits.allSatisfy { FetchedCipher.packet(self, keyBits: $0)?.pointer != nil }
    }

    /// The octets to take from KEYMAT for one direction: the key and behind it the salt (RFC 5282 §7.1). nil key
    /// length: the only one that there is. nil result: the length does not exist.
    package func keyMaterialLength(keyBits: Int?) -> Int? {
        guard let bits = keyBits ?? (allowedKeyBits.count == 1 ? allowedKeyBits[0] : nil), allowedKeyBits.contains(bits)
        else { return nil }
        return bits / 8 + saltLength
    }
}

extension EncryptionAlgorithm: CustomStringConvertible {
    package var description: String { name }
}
