import IKECrypto
import Testing

struct AlgorithmTableTests {
    @Test(arguments: (0...300).map { UInt16($0) } + [UInt16.max])
    func `every encryption number survives, and the columns fit each other`(number: UInt16) {
        let algorithm = EncryptionAlgorithm(rawValue: number)
        #expect(algorithm.rawValue == number)
        #expect(algorithm.isAEAD == (algorithm.icvLength > 0))
        if algorithm.name == "ENCR_\(number)" {
            #expect(!algorithm.isSupported && algorithm.allowedKeyBits.isEmpty)
            #expect(algorithm.keyMaterialLength(keyBits: 128) == nil)
        } else {
            #expect(algorithm.isSupported && !algorithm.allowedKeyBits.isEmpty)
            // The attribute is carried exactly where there is a choice.
            #expect(algorithm.takesKeyLength == (algorithm.allowedKeyBits.count > 1))
        }
    }

    @Test func `key material is the key and its salt`() {
        #expect(EncryptionAlgorithm.aesGCM16.keyMaterialLength(keyBits: 256) == 36)
        #expect(EncryptionAlgorithm.aesGCM16.keyMaterialLength(keyBits: nil) == nil)
        #expect(EncryptionAlgorithm.aesGCM16.keyMaterialLength(keyBits: 40) == nil)
        #expect(EncryptionAlgorithm.aesCCM8.keyMaterialLength(keyBits: 128) == 19)
        #expect(EncryptionAlgorithm.aesCBC.keyMaterialLength(keyBits: 192) == 24)
        #expect(EncryptionAlgorithm.chaCha20Poly1305.keyMaterialLength(keyBits: nil) == 36)
        #expect(EncryptionAlgorithm.des.keyMaterialLength(keyBits: nil) == 8)
        #expect(EncryptionAlgorithm.tripleDES.keyMaterialLength(keyBits: nil) == 24)
        #expect(EncryptionAlgorithm.null.keyMaterialLength(keyBits: nil) == 0)
    }

    @Test(arguments: [
        (0, 0, 0), (1, 16, 12), (2, 20, 12), (5, 16, 12), (8, 16, 12), (12, 32, 16), (13, 48, 24), (14, 64, 32),
    ])
    func `integrity keys and check values have IANA's lengths`(number: UInt16, key: Int, icv: Int) {
        let algorithm = IntegrityAlgorithm(rawValue: number)
        #expect(algorithm.keyLength == key && algorithm.icvLength == icv && algorithm.isSupported)
    }

    @Test func `numbers without a row keep their number and are not supported`() {
        #expect(IntegrityAlgorithm(rawValue: 99).name == "AUTH_99")
        #expect(!IntegrityAlgorithm(rawValue: 99).isSupported)
        #expect(PRFAlgorithm(rawValue: 99).name == "PRF_99")
        #expect(KeyExchangeMethod(rawValue: 99).name == "KE_99")
    }
}
