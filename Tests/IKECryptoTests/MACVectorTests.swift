import IKECrypto
import Recordings
import Testing

/// PRF and integrity values of others.
struct MACVectorTests {
    struct PRFVector: Sendable, CustomTestStringConvertible {
        let algorithm: PRFAlgorithm
        let key: [UInt8]
        let data: [UInt8]
        let output: String
        var testDescription: String { "\(algorithm.name), key of \(key.count), data of \(data.count)" }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }
    private static let xcbcKey = [UInt8](0...15)

    /// RFC 2202 and RFC 4231 cases 2 and 6 (the SHA-1 and MD5 rows of case 6 with RFC 4231's longer key, computed with
    /// Python's hmac); RFC 4434 §2; RFC 4615 §4.
    static let prfVectors: [PRFVector] = {
        let jefe = text("Jefe")
        let question = text("what do ya want for nothing?")
        let long = [UInt8](repeating: 0xaa, count: 131)
        let longText = text("Test Using Larger Than Block-Size Key - Hash Key First")
        let twenty = [UInt8](0...19)
        return [
            PRFVector(algorithm: .hmacMD5, key: jefe, data: question, output: "750c783e6ab0b503eaa86e310a5db738"),
            PRFVector(algorithm: .hmacMD5, key: long, data: longText, output: "bfecaf4efff90a3a668f3922fec3762d"),
            PRFVector(
                algorithm: .hmacSHA1, key: jefe, data: question, output: "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            PRFVector(
                algorithm: .hmacSHA1, key: long, data: longText, output: "90d0dace1c1bdc957339307803160335bde6df2b"),
            PRFVector(
                algorithm: .hmacSHA2_256, key: jefe, data: question,
                output: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            PRFVector(
                algorithm: .hmacSHA2_256, key: long, data: longText,
                output: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            PRFVector(
                algorithm: .hmacSHA2_384, key: jefe, data: question,
                output:
                    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"),
            PRFVector(
                algorithm: .hmacSHA2_384, key: long, data: longText,
                output:
                    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"),
            PRFVector(
                algorithm: .hmacSHA2_512, key: jefe, data: question,
                output: """
                    164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
                    9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737
                    """),
            PRFVector(
                algorithm: .hmacSHA2_512, key: long, data: longText,
                output: """
                    80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352
                    6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598
                    """),
            PRFVector(algorithm: .aesXCBC, key: xcbcKey, data: twenty, output: "47f51b4564966215b8985c63055ed308"),
            PRFVector(
                algorithm: .aesXCBC, key: [UInt8](0...9), data: twenty, output: "0fa087af7d866e7653434e602fdde835"),
            PRFVector(
                algorithm: .aesXCBC, key: xcbcKey + [0xed, 0xcb], data: twenty,
                output: "8cd3c93ae598a9803006ffb67c40e9e4"),
            PRFVector(
                algorithm: .aesCMAC, key: xcbcKey + [0xed, 0xcb], data: twenty,
                output: "84a348a4a45d235babfffc0d2b4da09a"),
            PRFVector(algorithm: .aesCMAC, key: xcbcKey, data: twenty, output: "980ae87b5f4c9c5214f5b6a8455e4c2d"),
            PRFVector(
                algorithm: .aesCMAC, key: [UInt8](0...9), data: twenty, output: "290d9e112edb09ee141fcf64c0b72f3d"),
        ]
    }()

    @Test(arguments: prfVectors)
    func `a PRF gives the published value however the data is cut into parts`(vector: PRFVector) throws {
        let key = SecretBytes(vector.key)
        let expected = [UInt8](hex: vector.output)
        #expect(try PRF.compute(vector.algorithm, key: key, [vector.data]).exposed == expected)
        let cut = vector.data.count / 3
        let parts = [Array(vector.data[..<cut]), [], Array(vector.data[cut...])]
        #expect(try PRF.compute(vector.algorithm, key: key, parts).exposed == expected)
        #expect(try PRF.compute(vector.algorithm, key: key, secret: SecretBytes(vector.data)).exposed == expected)
        #expect(expected.count == vector.algorithm.outputLength)
    }

    /// Computed with Python's hmac: key 0b × 20, seed "seed", 100 octets.
    static let plusVectors: [(PRFAlgorithm, String)] = [
        (
            .hmacSHA1,
            """
            b347eecf3f7cc05a621f264f6bd5c807d0302a35130766aec5e5088b9d25d1ae6706cbafd781acffd8065fa67c65280a59f9
            c381f404b79a3ccaad0cba172a796ceac8abbfe6669298269863e98cd558ecfe943a5d594661cf6a8a77c1a7da45cda53910
            """
        ),
        (
            .hmacSHA2_256,
            """
            c45cd79c94a5e74a1300fb5cb9c6475e396138e118dbc165c4ff81e4435db2fd7f0d2c42fef6d8a62ad4abae8e913962585f
            bddaec5bca011011ffdd4a6bda3d0e3b400f554911fe92499bad10b57292d4a2af60d2d73101249bc150431222a3c474e1fa
            """
        ),
        (
            .hmacSHA2_512,
            """
            183edfa248af2414daa8d03aa9c13ae34da5fb435ca65ec7ac667e312bfbbb78da74724bc79e34fe31dbf4a2bb0b8035a28d
            3dcf57aab54850d6740227a6ea185142b3090471016c178d9cd19619a1f7b3e2e920d7502547c5dbc445ee30a7cc8a793ab6
            """
        ),
    ]

    @Test(arguments: plusVectors)
    func `prf+ gives the computed octets and every shorter stream is its prefix`(
        algorithm: PRFAlgorithm, output: String
    ) throws {
        let key = SecretBytes([UInt8](repeating: 0x0b, count: 20))
        let seed = Array("seed".utf8)
        let expected = [UInt8](hex: output)
        for count in [0, 1, 19, 20, 21, 63, 64, 65, 100] {
            let stream = try PRF.plus(algorithm, key: key, seed: seed, count: count)
            #expect(stream.exposed == Array(expected.prefix(count)))
        }
        let split = try PRF.plus(
            algorithm, key: key, secret: SecretBytes(Array("se".utf8)), seed: Array("ed".utf8), count: 100)
        #expect(split.exposed == expected)
    }

    @Test func `prf+ ends at 255 rounds`() throws {
        let key = SecretBytes([1, 2, 3])
        #expect(try PRF.plus(.hmacMD5, key: key, seed: [], count: 255 * 16).count == 255 * 16)
        #expect(throws: CryptoError.length(what: "key material", expected: 255 * 16, got: 255 * 16 + 1)) {
            try PRF.plus(.hmacMD5, key: key, seed: [], count: 255 * 16 + 1)
        }
    }

    @Test func `a PRF without a name here is refused and keeps its number`() {
        let tiger = PRFAlgorithm(rawValue: 3)
        #expect(tiger.rawValue == 3 && !tiger.isSupported && tiger.name == "PRF_3")
        #expect(throws: CryptoError.unsupported("PRF_3")) { try PRF.compute(tiger, key: SecretBytes([1]), []) }
    }

    struct IntegrityVector: Sendable, CustomTestStringConvertible {
        let algorithm: IntegrityAlgorithm
        let key: [UInt8]
        let data: [UInt8]
        let icv: String
        var testDescription: String { "\(algorithm.name), data of \(data.count)" }
    }

    /// RFC 2202 case 1 for MD5 and SHA-1, RFC 4868 §2.7.2 cases AUTH…-1, RFC 3566 §4.6, RFC 4494 §5.
    static let integrityVectors: [IntegrityVector] = {
        let hi = text("Hi There")
        func b(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x0b, count: count) }
        let cmac = [UInt8](hex: "2b7e151628aed2a6abf7158809cf4f3c")
        let block = [UInt8](
            hex: """
                6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
                30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710
                """)
        return [
            IntegrityVector(algorithm: .hmacMD5_96, key: b(16), data: hi, icv: "9294727a3638bb1c13f48ef8"),
            IntegrityVector(algorithm: .hmacMD5_128, key: b(16), data: hi, icv: "9294727a3638bb1c13f48ef8158bfc9d"),
            IntegrityVector(algorithm: .hmacSHA1_96, key: b(20), data: hi, icv: "b617318655057264e28bc0b6"),
            IntegrityVector(
                algorithm: .hmacSHA1_160, key: b(20), data: hi, icv: "b617318655057264e28bc0b6fb378c8ef146be00"),
            IntegrityVector(
                algorithm: .hmacSHA2_256_128, key: b(32), data: hi, icv: "198a607eb44bfbc69903a0f1cf2bbdc5"),
            IntegrityVector(
                algorithm: .hmacSHA2_384_192, key: b(48), data: hi,
                icv: "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973"),
            IntegrityVector(
                algorithm: .hmacSHA2_512_256, key: b(64), data: hi,
                icv: "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8"),
            IntegrityVector(algorithm: .aesXCBC_96, key: xcbcKey, data: [], icv: "75f0251d528ac01c4573dfd5"),
            IntegrityVector(algorithm: .aesXCBC_96, key: xcbcKey, data: [0, 1, 2], icv: "5b376580ae2f19afe7219cee"),
            IntegrityVector(algorithm: .aesXCBC_96, key: xcbcKey, data: xcbcKey, icv: "d2a246fa349b68a79998a439"),
            IntegrityVector(
                algorithm: .aesXCBC_96, key: xcbcKey, data: [UInt8](0...31), icv: "f54f0ec8d2b9f3d36807734b"),
            IntegrityVector(
                algorithm: .aesXCBC_96, key: xcbcKey, data: [UInt8](0...33), icv: "becbb3bccdb518a30677d548"),
            IntegrityVector(
                algorithm: .aesXCBC_96, key: xcbcKey, data: [UInt8](repeating: 0, count: 1000),
                icv: "f0dafee895db30253761103b"),
            IntegrityVector(algorithm: .aesCMAC_96, key: cmac, data: [], icv: "bb1d6929e95937287fa37d12"),
            IntegrityVector(
                algorithm: .aesCMAC_96, key: cmac, data: Array(block[..<40]), icv: "dfa66747de9ae63030ca3261"),
            IntegrityVector(algorithm: .aesCMAC_96, key: cmac, data: block, icv: "51f0bebf7e3b9d92fc497417"),
        ]
    }()

    @Test(arguments: integrityVectors)
    func `an integrity transform gives the published check value behind a NULL-encrypted packet`(
        vector: IntegrityVector
    ) throws {
        let protection = try PacketProtection(
            encryption: .null, keyBits: nil, integrity: vector.algorithm, encryptionKey: .empty,
            integrityKey: SecretBytes(vector.key))
        let icv = [UInt8](hex: vector.icv)
        let cut = vector.data.count / 2
        // The MAC runs over header and text, so the data may stand in either; several times, because a second message
        // uses what the first left behind.
        for header in [[], Array(vector.data[..<cut]), vector.data] {
            let text = Array(vector.data[header.count...])
            let sealed = try protection.seal(header: header, plaintext: text, iv: [])
            #expect(sealed == text + icv)
            #expect(try protection.open(header: header, body: sealed) == text)
        }
        #expect(vector.algorithm.keyLength == vector.key.count && vector.algorithm.icvLength == icv.count)
    }
}
