import IKECrypto
import Recordings
import Testing

struct SecretBytesTests {
    @Test func `a secret prints its length alone, however it is printed`() {
        let secret = SecretBytes([0xde, 0xad, 0xbe, 0xef])
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(text.contains("4 secret octets"))
            #expect(!text.contains("222") && !text.lowercased().contains("de"))
        }
    }

    @Test func `parts and sums hold the right octets`() {
        let secret = SecretBytes([UInt8](0..<10))
        #expect(secret[2..<5].exposed == [2, 3, 4])
        #expect(secret[2..<8][1..<3].exposed == [3, 4])
        #expect((secret[0..<2] + secret[9..<10]).exposed == [0, 1, 9])
        #expect(secret[4..<4].isEmpty && SecretBytes.empty.exposed == [])
    }

    @Test func `equality looks at every octet and at the length`() {
        let octets = [UInt8](0..<64)
        #expect(SecretBytes(octets) == SecretBytes(octets))
        for index in octets.indices {
            var other = octets
            other[index] ^= 1
            #expect(SecretBytes(octets) != SecretBytes(other))
            #expect(!constantTimeEquals(octets, other))
        }
        #expect(SecretBytes(octets) != SecretBytes(octets + [64]))
        #expect(SecretBytes([]) == SecretBytes.empty)
        #expect(constantTimeEquals([UInt8](), []))
    }

    @Test func `a seeded stream repeats, however it is read, and seeds differ`() {
        var once = SeededRandom(seed: 42)
        let whole = once.octets(200)
        var again = SeededRandom(seed: 42)
        #expect([1, 31, 0, 33, 64, 71].flatMap { again.octets($0) } == whole)
        var other = SeededRandom(seed: 43)
        #expect(other.octets(200) != whole)
        var number = SeededRandom(seed: 42)
        #expect(number.integer(UInt16.self) == UInt16(whole[0]) << 8 | UInt16(whole[1]))
        // SHA-256 of sixteen octets, 42 and 0 as 64-bit numbers.
        #expect(Array(whole.prefix(32)) == Digest.sha256([0, 0, 0, 0, 0, 0, 0, 42], [UInt8](repeating: 0, count: 8)))
    }

    @Test func `the system's random octets differ from call to call`() {
        var random = SystemRandom()
        #expect(random.octets(32) != random.octets(32))
        #expect(random.octets(0) == [])
    }

    @Test func `octets that are wiped are zeros`() {
        var octets: [UInt8] = [1, 2, 3]
        octets.wipe()
        #expect(octets == [0, 0, 0])
        var none: [UInt8] = []
        none.wipe()
        #expect(none == [])
    }

    @Test func `digests are FIPS 180's`() throws {
        let abc = Array("abc".utf8)
        #expect(Digest.sha1(abc).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(Digest.sha1([abc[0]], [], Array(abc[1...])).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(Digest.sha256(abc).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try Digest.md5.compute([abc]).hex == "900150983cd24fb0d6963f7d28e17f72")
        #expect(Digest.sha512(abc).prefix(8).map { $0 } == [UInt8](hex: "ddaf35a193617aba"))
        #expect(Digest.sha384(abc).prefix(8).map { $0 } == [UInt8](hex: "cb00753f45a35e8b"))
    }

    @Test func `a sealed box opens with its key, nonce and associated data alone`() throws {
        let key = SecretBytes([UInt8](0..<32))
        let nonce = [UInt8](0..<12)
        let plain = [UInt8](repeating: 0x5a, count: 300)
        let sealed = try AEADBox.seal(key: key, nonce: nonce, associated: [1], plain)
        #expect(sealed.count == plain.count + AEADBox.tagLength)
        #expect(try AEADBox.open(key: key, nonce: nonce, associated: [1], sealed) == plain)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 4
            #expect(throws: CryptoError.integrity) {
                try AEADBox.open(key: key, nonce: nonce, associated: [1], changed)
            }
        }
        #expect(throws: CryptoError.integrity) { try AEADBox.open(key: key, nonce: nonce, associated: [2], sealed) }
        #expect(throws: CryptoError.integrity) {
            try AEADBox.open(key: SecretBytes([UInt8](1...32)), nonce: nonce, associated: [1], sealed)
        }
        #expect(throws: CryptoError.length(what: "a sealed box", expected: 16, got: 15)) {
            try AEADBox.open(key: key, nonce: nonce, Array(sealed[..<15]))
        }
        #expect(try AEADBox.seal(key: key, nonce: nonce, []).count == 16)
    }
}
