import ESP
import IKECrypto
import Testing

/// An algorithm choice with fixed keys, for tests that run over all of them.
struct ESPSuite: Sendable, CustomTestStringConvertible {
    let encryption: EncryptionAlgorithm
    let keyBits: Int
    let integrity: IntegrityAlgorithm
    let usesESN: Bool

    var testDescription: String {
        "\(encryption.name) \(keyBits) \(integrity.name)\(usesESN ? " ESN" : "")"
    }

    var keys: ESPKeys {
        var random = SeededRandom(
            seed: UInt64(encryption.rawValue) << 32 | UInt64(integrity.rawValue) << 16 | UInt64(keyBits))
        return ESPKeys(
            encryption: encryption, keyBits: keyBits, integrity: integrity,
            encryptionKey: SecretBytes(random.octets(encryption.keyMaterialLength(keyBits: keyBits)!)),
            integrityKey: SecretBytes(random.octets(integrity.keyLength)), usesESN: usesESN)
    }

    static let all: [ESPSuite] = {
        var suites: [ESPSuite] = []
        let combined: [EncryptionAlgorithm] = [
            .aesGCM8, .aesGCM12, .aesGCM16, .aesCCM8, .aesCCM12, .aesCCM16, .nullAuthAESGMAC, .chaCha20Poly1305,
        ]
        let plain: [EncryptionAlgorithm] = [.null, .aesCBC, .aesCTR, .tripleDES, .camelliaCBC]
        let integrities: [IntegrityAlgorithm] = [
            .hmacMD5_96, .hmacSHA1_96, .aesXCBC_96, .aesCMAC_96, .hmacSHA2_256_128, .hmacSHA2_384_192,
            .hmacSHA2_512_256,
        ]
        for esn in [false, true] {
            for encryption in combined {
                for bits in encryption.allowedKeyBits {
                    suites.append(ESPSuite(encryption: encryption, keyBits: bits, integrity: .none, usesESN: esn))
                }
            }
            for encryption in plain {
                for bits in encryption.allowedKeyBits {
                    suites.append(
                        ESPSuite(encryption: encryption, keyBits: bits, integrity: .hmacSHA1_96, usesESN: esn))
                }
            }
            for integrity in integrities {
                suites.append(ESPSuite(encryption: .aesCBC, keyBits: 128, integrity: integrity, usesESN: esn))
            }
        }
        return suites
    }()

    /// A few that between them take every path of the transform.
    static let varied: [ESPSuite] = all.filter {
        ([.aesGCM16, .aesCCM8, .nullAuthAESGMAC, .null, .aesCTR, .chaCha20Poly1305].contains($0.encryption)
            || ($0.encryption == .aesCBC && $0.integrity == .hmacSHA2_256_128) || $0.encryption == .tripleDES)
            && [0, 128, 192, 256].contains($0.keyBits)
    }
}

extension OutboundSA {
    /// Test convenience: the packet as an array.
    mutating func sealed(_ payload: [UInt8], nextHeader: UInt8 = 4) throws(ESPError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0xee, count: sealedLength(payloadLength: payload.count) + 7)
        var length = 0
        try payload.span.withUnsafeBytes { (inner) throws(ESPError) in
            var out = buffer.mutableSpan
            try out.withUnsafeMutableBytes { (octets) throws(ESPError) in
                length = try seal(inner: inner, nextHeader: nextHeader, into: octets)
            }
        }
        // Nothing behind the packet was touched.
        precondition(buffer[length...].allSatisfy { $0 == 0xee })
        return Array(buffer[..<length])
    }
}

extension InboundSA {
    /// Test convenience: the payload as an array.
    mutating func opened(_ packet: [UInt8]) throws(ESPError) -> (nextHeader: UInt8, payload: [UInt8], number: UInt64) {
        var buffer = packet
        var out = buffer.mutableSpan
        let opened = try out.withUnsafeMutableBytes { (octets) throws(ESPError) in try open(octets) }
        return (opened.nextHeader, Array(buffer[opened.payload]), opened.sequence)
    }
}
