import IKECrypto
import Recordings
import Testing

struct KeyExchangeTests {
    @Test(arguments: KeyExchangeVector.all)
    func `both sides of a published exchange get its public values and its secret`(vector: KeyExchangeVector) throws {
        let a = try KeyExchange(method: vector.method, privateKey: SecretBytes([UInt8](hex: vector.privateA)))
        let b = try KeyExchange(method: vector.method, privateKey: SecretBytes([UInt8](hex: vector.privateB)))
        let secret = [UInt8](hex: vector.secret)
        #expect(a.publicValue == [UInt8](hex: vector.publicA))
        #expect(b.publicValue == [UInt8](hex: vector.publicB))
        #expect(try a.sharedSecret(peer: b.publicValue).exposed == secret)
        #expect(try b.sharedSecret(peer: a.publicValue).exposed == secret)
    }

    @Test(arguments: KeyExchangeVector.safePrimes)
    func `powers modulo the safe primes are those of independent arithmetic`(
        method: KeyExchangeMethod, publicDigest: String, secretDigest: String
    ) throws {
        let a = try KeyExchange(method: method, privateKey: SecretBytes([UInt8](1...32)))
        let b = try KeyExchange(method: method, privateKey: SecretBytes([UInt8](33...64)))
        #expect(Digest.sha256(a.publicValue).hex == publicDigest)
        #expect(Digest.sha256(try a.sharedSecret(peer: b.publicValue).exposed).hex == secretDigest)
    }

    @Test(arguments: KeyExchangeMethod.known)
    func `two new key pairs agree, have the table's length, and come from the source alone`(
        method: KeyExchangeMethod
    ) throws {
        var random = SeededRandom(seed: 7)
        let a = try KeyExchange(method, random: &random)
        let b = try KeyExchange(method, random: &random)
        #expect(a.publicValue != b.publicValue)
        #expect(a.publicValue.count == method.publicValueLength)
        let secret = try a.sharedSecret(peer: b.publicValue)
        #expect(secret == (try b.sharedSecret(peer: a.publicValue)))
        #expect(
            secret.count
                == (method.rawValue >= 19 && ![22, 23, 24, 31, 32].contains(method.rawValue)
                    ? method.publicValueLength / 2 : method.publicValueLength))
        var same = SeededRandom(seed: 7)
        #expect(try KeyExchange(method, random: &same).publicValue == a.publicValue)
        var other = SystemRandom()
        #expect(try KeyExchange(method, random: &other).publicValue != a.publicValue)
        #expect(method.isSupported && !method.name.hasPrefix("KE_"))
    }

    @Test(arguments: [KeyExchangeMethod.modp768, .modp1536, .modp2048, .modp3072, .modp4096, .modp2048s256])
    func `a public value by the table of powers is that without it`(method: KeyExchangeMethod) throws {
        var random = SeededRandom(seed: 11)
        // The table comes after some key pairs.
        for _ in 0..<12 { _ = try KeyExchange(method, random: &random) }
        for _ in 0..<4 {
            let octets = random.octets(
                [KeyExchangeMethod.modp3072: 35, .modp4096: 41, .modp2048s256: 32][method] ?? 29)
            let exponents = [octets, [UInt8](repeating: 0, count: octets.count - 1) + [1], octets.map { $0 & 0xf0 }]
            for exponent in exponents {
                let short = try KeyExchange(method: method, privateKey: SecretBytes(exponent))
                // An octet more, and it goes the way without a table.
                let long = try KeyExchange(method: method, privateKey: SecretBytes([0] + exponent))
                #expect(short.publicValue == long.publicValue)
            }
        }
    }

    @Test func `a MODP secret keeps the zeros at its front`() throws {
        // 2^x is a small number where x is small, and the peer's value 4 gives 4^x.
        let small = try KeyExchange(method: .modp2048, privateKey: SecretBytes([3]))
        #expect(small.publicValue == [UInt8](repeating: 0, count: 255) + [8])
        let secret = try small.sharedSecret(peer: [UInt8](repeating: 0, count: 255) + [4])
        #expect(secret.exposed == [UInt8](repeating: 0, count: 255) + [64])
    }

    @Test(arguments: KeyExchangeMethod.known)
    func `a public value of another length is refused`(method: KeyExchangeMethod) throws {
        var random = SeededRandom(seed: 1)
        let mine = try KeyExchange(method, random: &random)
        for value in [[], Array(mine.publicValue.dropLast()), mine.publicValue + [0], [0] + mine.publicValue] {
            #expect(throws: CryptoError.self) { try mine.sharedSecret(peer: value) }
        }
    }

    @Test func `0, 1, p-1, p and beyond are no MODP public values`() throws {
        var random = SeededRandom(seed: 2)
        let mine = try KeyExchange(.modp1024, random: &random)
        let prime = [UInt8](
            hex: """
                ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd
                ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed
                ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff
                """)
        let zero = [UInt8](repeating: 0, count: 128)
        let refused = [
            zero, zero.dropLast() + [1], prime.dropLast() + [0xfe], prime, [UInt8](repeating: 0xff, count: 128),
        ]
        for value in refused {
            #expect(throws: CryptoError.publicValue(.modp1024, "not in 2...p-2")) {
                try mine.sharedSecret(peer: Array(value))
            }
        }
        for value in [zero.dropLast() + [2], prime.dropLast() + [0xfd]] {
            #expect(try mine.sharedSecret(peer: Array(value)).count == 128)
        }
    }

    @Test(arguments: [KeyExchangeMethod.modp1024s160, .modp2048s224, .modp2048s256])
    func `a value outside of the prime-order subgroup is refused`(method: KeyExchangeMethod) throws {
        var random = SeededRandom(seed: 3)
        let mine = try KeyExchange(method, random: &random)
        // 2 generates more than the small subgroup in all three groups.
        let two = [UInt8](repeating: 0, count: method.publicValueLength - 1) + [2]
        #expect(throws: CryptoError.publicValue(method, "outside of the subgroup")) { try mine.sharedSecret(peer: two) }
    }

    @Test(
        arguments: KeyExchangeMethod.known.filter { (19...21).contains($0.rawValue) || (25...30).contains($0.rawValue) }
    )
    func `a point off the curve, the origin and coordinates outside of the field are refused`(
        method: KeyExchangeMethod
    ) throws {
        var random = SeededRandom(seed: 4)
        let mine = try KeyExchange(method, random: &random)
        let peer = try KeyExchange(method, random: &random).publicValue
        var off = peer
        off[off.count - 1] ^= 1
        let half = peer.count / 2
        let refused = [
            off, [UInt8](repeating: 0, count: peer.count), [UInt8](repeating: 0xff, count: peer.count),
            Array(peer[half...] + peer[..<half]),
        ]
        for value in refused {
            #expect(throws: CryptoError.publicValue(method, "not a point of the curve")) {
                try mine.sharedSecret(peer: value)
            }
        }
    }

    @Test(arguments: [KeyExchangeMethod.curve25519, .curve448])
    func `a Montgomery point of small order is refused`(method: KeyExchangeMethod) throws {
        var random = SeededRandom(seed: 5)
        let mine = try KeyExchange(method, random: &random)
        for first in [UInt8(0), 1] {
            let value = [first] + [UInt8](repeating: 0, count: method.publicValueLength - 1)
            #expect(throws: CryptoError.publicValue(method, "a point of small order")) {
                try mine.sharedSecret(peer: value)
            }
        }
    }

    @Test(arguments: [0, 3, 33, 36, 65535] as [UInt16])
    func `a method without an implementation is refused and keeps its number`(number: UInt16) {
        let method = KeyExchangeMethod(rawValue: number)
        var random = SeededRandom(seed: 6)
        #expect(!method.isSupported && method.rawValue == number)
        #expect(throws: CryptoError.unsupported(method.name)) { try KeyExchange(method, random: &random) }
    }
}
