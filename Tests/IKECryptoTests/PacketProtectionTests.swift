import IKECrypto
import Recordings
import Testing

struct PacketProtectionTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let encryption: EncryptionAlgorithm
        let source: String
        /// With the salt behind it.
        let key: [UInt8]
        let iv: [UInt8]
        let associated: [UInt8]
        let plaintext: [UInt8]
        /// With the tag behind it.
        let ciphertext: [UInt8]
        var testDescription: String { "\(encryption.name) \((key.count - encryption.saltLength) * 8), \(source)" }
    }

    static let combined: [Vector] = {
        let gcmPlain = """
            d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
            1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
            """
        let gcmIV = "facedbaddecaf888"
        let gcmAAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
        func gcm(_ encryption: EncryptionAlgorithm, _ key: String, _ out: String, _ tag: String) -> Vector {
            Vector(
                encryption: encryption, source: "the GCM specification's cases 4 and 16",
                key: [UInt8](hex: key) + [UInt8](hex: "cafebabe"), iv: [UInt8](hex: gcmIV),
                associated: [UInt8](hex: gcmAAD), plaintext: [UInt8](hex: gcmPlain),
                ciphertext: [UInt8](hex: out) + [UInt8](hex: tag))
        }
        let key128 = "feffe9928665731c6d6a8f9467308308"
        let out128 = """
            42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
            21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
            """
        let out256 = """
            522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
            8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
            """
        // Below: computed with Python's cryptography 48; key 00 01 …, salt 01 02 03 (04), IV 50 … 57, associated data
        // a0 … a7, plaintext 00 … 2f.
        func made(_ encryption: EncryptionAlgorithm, _ key: Int, _ out: String) -> Vector {
            Vector(
                encryption: encryption, source: "computed",
                key: (0..<key).map { UInt8($0) } + (0..<encryption.saltLength).map { UInt8($0 + 1) },
                iv: [UInt8](0x50...0x57), associated: [UInt8](0xa0...0xa7), plaintext: [UInt8](0..<48),
                ciphertext: [UInt8](hex: out))
        }
        let ccm128 = """
            8d2c9ca9d01b0166c3f9e16262711ea2524a4136019752a6
            2d1ea790d39727902dc670a3af3e38904afe06aa9d710dff
            """
        let ccm256 = """
            4fcd170a3c3777191f624d7bb709556c07cdbef654b97dc2
            80ee1a5e90d15eb36e84e084f3e2f162c661a07665360d6f
            """
        return [
            gcm(.aesGCM16, key128, out128, "5bc94fbc3221a5db94fae95ae7121a47"),
            gcm(.aesGCM12, key128, out128, "5bc94fbc3221a5db94fae95a"),
            gcm(.aesGCM8, key128, out128, "5bc94fbc3221a5db"),
            gcm(.aesGCM16, key128 + key128, out256, "76fc6ece0f4e1768cddf8853bb2d551b"),
            gcm(.aesGCM8, key128 + key128, out256, "76fc6ece0f4e1768"),
            made(
                .aesGCM16, 24,
                """
                a8b314a7ea7987342b7fa14aca09e7d42f03e112eca6dca6c2cfda144f06cb25
                7b56698fa92d190e394bde3276dcc9cfeef480361006804a85a134f9b8d62a6b
                """),
            made(.aesCCM8, 16, ccm128 + "ed1d301b1766b545"),
            made(.aesCCM12, 16, ccm128 + "594cb6fe01f68409d97e48a5"),
            made(.aesCCM16, 16, ccm128 + "c918978c100643fe8d139378008e5f7f"),
            made(.aesCCM8, 32, ccm256 + "37b4e21125c3953f"),
            made(.aesCCM12, 32, ccm256 + "1a6bdd43dbabdb59265d6ea9"),
            made(.aesCCM16, 32, ccm256 + "24bc5cad84637e525ec0265d9ea9bcc6"),
            Vector(
                encryption: .nullAuthAESGMAC, source: "computed", key: [UInt8](0..<16) + [1, 2, 3, 4],
                iv: [UInt8](0x50...0x57), associated: [UInt8](0xa0...0xa7), plaintext: [UInt8](0..<48),
                ciphertext: [UInt8](0..<48) + [UInt8](hex: "d79aba7405ac7e26ae82628c39d7921c")),
            Vector(
                encryption: .chaCha20Poly1305, source: "RFC 7634 appendix B", key: [UInt8](0x80...0xa3),
                iv: [UInt8](0x10...0x17),
                associated: [UInt8](hex: "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e2025000000000900000045 29000029"),
                plaintext: [UInt8](hex: "0000000c000040010000000a00"),
                ciphertext: [UInt8](hex: "610394701f8d017f7c12924889 6b71bfe25236efd7cdc67066906315b2")),
        ]
    }()

    @Test(arguments: combined)
    func `a combined mode gives the published octets and opens them`(vector: Vector) throws {
        let protection = try PacketProtection(
            encryption: vector.encryption, keyBits: (vector.key.count - vector.encryption.saltLength) * 8,
            integrity: .none, encryptionKey: SecretBytes(vector.key), integrityKey: .empty)
        // Several times: the key schedule is reused and must not remember the last packet.
        for _ in 0..<3 {
            let sealed = try protection.seal(header: vector.associated, plaintext: vector.plaintext, iv: vector.iv)
            #expect(sealed == vector.iv + vector.ciphertext)
            #expect(try protection.open(header: vector.associated, body: sealed) == vector.plaintext)
        }
        #expect(vector.ciphertext.count == vector.plaintext.count + vector.encryption.icvLength)
    }

    @Test(arguments: combined)
    func `a combined mode refuses every flipped octet, every truncation and other associated data`(
        vector: Vector
    ) throws {
        let protection = try PacketProtection(
            encryption: vector.encryption, keyBits: nil, integrity: .none, encryptionKey: SecretBytes(vector.key),
            integrityKey: .empty)
        let sealed = vector.iv + vector.ciphertext
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 0x01
            #expect(throws: CryptoError.integrity) { try protection.open(header: vector.associated, body: changed) }
        }
        for count in 0..<sealed.count {
            #expect(throws: CryptoError.self) {
                try protection.open(header: vector.associated, body: Array(sealed[..<count]))
            }
        }
        #expect(throws: CryptoError.integrity) {
            try protection.open(header: Array(vector.associated.dropLast()), body: sealed)
        }
        // A refusal leaves the schedule fit for the next packet.
        #expect(try protection.open(header: vector.associated, body: sealed) == vector.plaintext)
    }

    struct PlainVector: Sendable, CustomTestStringConvertible {
        let encryption: EncryptionAlgorithm
        let source: String
        let key: [UInt8]
        let iv: [UInt8]
        let plaintext: [UInt8]
        let ciphertext: [UInt8]
        var testDescription: String { "\(encryption.name), \(source)" }
    }

    static let plain: [PlainVector] = [
        PlainVector(
            encryption: .aesCBC, source: "RFC 3602 §4 case 1", key: [UInt8](hex: "06a9214036b8a15b512e03d534120006"),
            iv: [UInt8](hex: "3dafba429d9eb430b422da802c9fac41"), plaintext: Array("Single block msg".utf8),
            ciphertext: [UInt8](hex: "e353779c1079aeb82708942dbe77181a")),
        PlainVector(
            encryption: .aesCTR, source: "RFC 3686 §6 vector 3",
            key: [UInt8](hex: "7691be035e5020a8ac6e618529f9a0dc 00e0017b"), iv: [UInt8](hex: "27777f3f4a1786f0"),
            plaintext: [UInt8](0..<36),
            ciphertext: [UInt8](
                hex: "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f")),
        PlainVector(
            encryption: .aesCTR, source: "RFC 3686 §6 vector 4",
            key: [UInt8](hex: "16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515 00000048"),
            iv: [UInt8](hex: "36733c147d6d93cb"), plaintext: Array("Single block msg".utf8),
            ciphertext: [UInt8](hex: "4b55384fe259c9c84e7935a003cbe928")),
        PlainVector(
            encryption: .des, source: "computed with openssl's legacy provider", key: [UInt8](1...8),
            iv: [UInt8](0x50...0x57), plaintext: [UInt8](0..<48),
            ciphertext: [UInt8](
                hex: """
                    200eb2227b944fbf03ad0cd74a7073544e0532796fa9de48
                    323aca70d7cc4216da68c0b088ac1b9d73d7df149f607c9d
                    """)),
        PlainVector(
            encryption: .tripleDES, source: "computed with Python's cryptography 48", key: [UInt8](0..<24),
            iv: [UInt8](0x50...0x57), plaintext: [UInt8](0..<48),
            ciphertext: [UInt8](
                hex: """
                    2950e14be62e845edc904c69a6682320c7a1d1750bc391a8
                    0d1cd91c3d0af6662a1114b6519fda9512e0d915d9fcd9f3
                    """)),
        PlainVector(
            encryption: .camelliaCBC, source: "computed with Python's cryptography 48", key: [UInt8](0..<16),
            iv: [UInt8](0x50...0x5f), plaintext: [UInt8](0..<48),
            ciphertext: [UInt8](
                hex: """
                    413ebbbcb5b5498717c7f2eeb0836f28df407229cbb3a51c
                    eb9827334b23818e26b9ef00791537b6e35c597bceccf547
                    """)),
    ]

    @Test(arguments: plain)
    func `a cipher gives the published octets, with the MAC of header, IV and ciphertext behind them`(
        vector: PlainVector
    ) throws {
        let integrityKey = SecretBytes([UInt8](0..<32))
        let protection = try PacketProtection(
            encryption: vector.encryption, keyBits: nil, integrity: .hmacSHA2_256_128,
            encryptionKey: SecretBytes(vector.key), integrityKey: integrityKey)
        let header: [UInt8] = [9, 8, 7]
        for _ in 0..<3 {
            let sealed = try protection.seal(header: header, plaintext: vector.plaintext, iv: vector.iv)
            let mac = try PRF.compute(.hmacSHA2_256, key: integrityKey, [header, vector.iv, vector.ciphertext])
            #expect(sealed == vector.iv + vector.ciphertext + mac.exposed.prefix(16))
            #expect(try protection.open(header: header, body: sealed) == vector.plaintext)
            for index in sealed.indices {
                var changed = sealed
                changed[index] ^= 0x80
                #expect(throws: CryptoError.integrity) { try protection.open(header: header, body: changed) }
            }
            for count in 0..<sealed.count {
                #expect(throws: CryptoError.self) { try protection.open(header: header, body: Array(sealed[..<count])) }
            }
        }
    }

    @Test func `text that is not whole blocks and IVs of another length are refused`() throws {
        let cbc = try PacketProtection(
            encryption: .aesCBC, keyBits: 128, integrity: .hmacSHA1_96,
            encryptionKey: SecretBytes([UInt8](0..<16)), integrityKey: SecretBytes([UInt8](0..<20)))
        #expect(throws: CryptoError.length(what: "whole blocks", expected: 32, got: 17)) {
            try cbc.seal(header: [], plaintext: [UInt8](0..<17), iv: [UInt8](0..<16))
        }
        #expect(throws: CryptoError.length(what: "an IV", expected: 16, got: 8)) {
            try cbc.seal(header: [], plaintext: [UInt8](0..<16), iv: [UInt8](0..<8))
        }
        #expect(throws: CryptoError.length(what: "a body", expected: 28, got: 27)) {
            try cbc.open(header: [], body: [UInt8](0..<27))
        }
    }

    @Test func `combinations that do not exist are refused`() {
        func make(
            _ encryption: EncryptionAlgorithm, _ bits: Int?, _ integrity: IntegrityAlgorithm, _ key: Int, _ mac: Int
        ) throws(CryptoError) -> PacketProtection {
            try PacketProtection(
                encryption: encryption, keyBits: bits, integrity: integrity,
                encryptionKey: SecretBytes([UInt8](repeating: 1, count: key)),
                integrityKey: SecretBytes([UInt8](repeating: 2, count: mac)))
        }
        #expect(throws: CryptoError.unsupported("AES_CBC with integrity NONE")) { try make(.aesCBC, 128, .none, 16, 0) }
        #expect(throws: CryptoError.unsupported("AES_GCM_16 with integrity HMAC_SHA1_96")) {
            try make(.aesGCM16, 128, .hmacSHA1_96, 20, 20)
        }
        #expect(throws: CryptoError.unsupported("AES_GCM_16 of 160 bits")) { try make(.aesGCM16, 160, .none, 24, 0) }
        #expect(throws: CryptoError.keyLength(expected: 36, got: 32)) { try make(.aesGCM16, 256, .none, 32, 0) }
        #expect(throws: CryptoError.keyLength(expected: 20, got: 16)) {
            try make(.aesCBC, 128, .hmacSHA1_96, 16, 16)
        }
        #expect(throws: CryptoError.unsupported("ENCR_250")) {
            try make(EncryptionAlgorithm(rawValue: 250), 128, .hmacSHA1_96, 16, 20)
        }
        #expect(throws: CryptoError.unsupported("AUTH_9")) {
            try make(.aesCBC, 128, IntegrityAlgorithm(rawValue: 9), 16, 16)
        }
        #expect(throws: CryptoError.unsupported("ENCR_5")) {
            try make(EncryptionAlgorithm(rawValue: 5), 128, .hmacSHA1_96, 16, 20)
        }
    }
}
