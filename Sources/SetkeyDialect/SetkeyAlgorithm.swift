import IKECrypto

/// The algorithms of ESP by setkey's names; the first of several for one is the one that listings show.
enum SetkeyAlgorithm {
    static let ciphers: [(name: String, algorithm: EncryptionAlgorithm)] = [
        ("aes-cbc", .aesCBC), ("rijndael-cbc", .aesCBC), ("aes-ctr", .aesCTR), ("aes-gcm-16", .aesGCM16),
        ("3des-cbc", .tripleDES), ("des-cbc", .des), ("camellia-cbc", .camelliaCBC), ("null", .null),
    ]

    static let hashes: [(name: String, algorithm: IntegrityAlgorithm)] = [
        ("hmac-sha1", .hmacSHA1_96), ("hmac-md5", .hmacMD5_96), ("hmac-sha256", .hmacSHA2_256_128),
        ("hmac-sha2-256", .hmacSHA2_256_128), ("hmac-sha384", .hmacSHA2_384_192),
        ("hmac-sha2-384", .hmacSHA2_384_192), ("hmac-sha512", .hmacSHA2_512_256),
        ("hmac-sha2-512", .hmacSHA2_512_256), ("aes-xcbc-mac", .aesXCBC_96),
    ]

    static func cipher(_ name: String) -> EncryptionAlgorithm? { ciphers.first { $0.name == name }?.algorithm }
    static func hash(_ name: String) -> IntegrityAlgorithm? { hashes.first { $0.name == name }?.algorithm }
    static func shown(_ algorithm: EncryptionAlgorithm) -> String {
        ciphers.first { $0.algorithm == algorithm }?.name ?? "?"
    }
    static func shown(_ algorithm: IntegrityAlgorithm) -> String {
        hashes.first { $0.algorithm == algorithm }?.name ?? "?"
    }

    /// `0x` and an even number of hexadecimal digits, or text between quotes.
    static func key(_ text: String) -> [UInt8]? {
        if text.count > 2, text.hasPrefix("\""), text.hasSuffix("\"") {
            return Array(text.dropFirst().dropLast().utf8)
        }
        guard text.hasPrefix("0x") else { return nil }
        let digits = text.dropFirst(2).map(\.hexDigitValue)
        guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        let octets = stride(from: 0, to: digits.count, by: 2).compactMap { place -> UInt8? in
            guard let high = digits[place], let low = digits[place + 1] else { return nil }
            return UInt8(high << 4 | low)
        }
        return octets.count * 2 == digits.count ? octets : nil
    }

    private static let protocols: [(name: String, number: UInt8)] = [
        ("any", 0), ("icmp", 1), ("tcp", 6), ("udp", 17), ("icmp6", 58),
    ]

    /// `any`, a name or a number.
    static func upperProtocol(_ text: String) -> UInt8? {
        protocols.first { $0.name == text }?.number ?? UInt8(text)
    }

    static func upperProtocol(_ number: UInt8) -> String {
        protocols.first { $0.number == number }?.name ?? String(number)
    }
}
