import IKECrypto
import Testing

@Suite struct SignatureTests {
    static let message = Array("what is signed".utf8)

    static let rsa: Result<PrivateKey, CryptoError> = .init { () throws(CryptoError) in
        try PrivateKey.generateRSA(bits: 2048)
    }

    /// A key, and every scheme that it can do.
    static func pairs() throws -> [(PrivateKey, SignatureScheme)] {
        let rsa = try rsa.get()
        var result: [(PrivateKey, SignatureScheme)] = []
        for digest in [Digest.sha1, .sha256, .sha384, .sha512] {
            result += [(rsa, .rsaPKCS1(digest)), (rsa, .rsaPSS(digest))]
            for bits in [256, 384, 521] { result.append((try .generateECDSA(bits: bits), .ecdsa(digest))) }
        }
        return result + [(try .generateEd25519(), .ed25519)]
    }

    @Test func `a signature holds for its key, its octets and its scheme, and for no others`() throws {
        for (key, scheme) in try Self.pairs() {
            let signature = try key.sign(Self.message, by: scheme)
            let publicKey = try PublicKey(subjectPublicKeyInfo: key.publicKey.subjectPublicKeyInfo)
            #expect(publicKey.verifies(signature, of: Self.message, by: scheme), "\(scheme)")
            #expect(!publicKey.verifies(signature, of: Self.message + [0], by: scheme), "\(scheme)")
            for place in [0, signature.count / 2, signature.count - 1] {
                var altered = signature
                altered[place] ^= 1
                #expect(!publicKey.verifies(altered, of: Self.message, by: scheme), "\(scheme) octet \(place)")
            }
            #expect(!publicKey.verifies(Array(signature.dropLast()), of: Self.message, by: scheme))
            #expect(!publicKey.verifies([], of: Self.message, by: scheme))
            for (other, otherScheme) in try Self.pairs() where otherScheme != scheme || other.publicKey != key.publicKey
            {
                #expect(
                    other.publicKey == publicKey
                        || !other.publicKey.verifies(signature, of: Self.message, by: scheme))
                #expect(!publicKey.verifies(signature, of: Self.message, by: otherScheme) || otherScheme == scheme)
            }
        }
    }

    @Test func `an AlgorithmIdentifier is read as the scheme that wrote it, and not when it is cut or longer`() throws {
        for (_, scheme) in try Self.pairs() {
            let octets = try #require(scheme.algorithmIdentifier)
            #expect(try SignatureScheme(algorithmIdentifier: octets) == scheme)
            for count in 0..<octets.count {
                #expect(throws: CryptoError.self) { try SignatureScheme(algorithmIdentifier: Array(octets[..<count])) }
            }
            #expect(throws: CryptoError.self) { try SignatureScheme(algorithmIdentifier: octets + [0]) }
        }
    }

    /// The octets of RFC 7427 appendix A and RFC 8410.
    @Test func `AlgorithmIdentifiers are the RFCs' octet for octet`() {
        let vectors: [(SignatureScheme, String)] = [
            (.rsaPKCS1(.sha256), "300d06092a864886f70d01010b0500"),
            (.rsaPKCS1(.sha512), "300d06092a864886f70d01010d0500"),
            (.ecdsa(.sha256), "300a06082a8648ce3d040302"), (.ecdsa(.sha512), "300a06082a8648ce3d040304"),
            (.ed25519, "300506032b6570"), (.rsaPSS(.sha1), "300d06092a864886f70d01010a3000"),
            (
                .rsaPSS(.sha256),
                "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"
                    + "300d06096086480165030402010500a203020120"
            ),
        ]
        for (scheme, octets) in vectors {
            #expect(
                scheme.algorithmIdentifier.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
                    == octets)
        }
    }

    @Test func `an RSA key survives RFC 3110, and a private one PKCS #8`() throws {
        let key = try Self.rsa.get()
        let octets = try #require(key.publicKey.rfc3110)
        #expect(octets[..<4].elementsEqual([3, 1, 0, 1]) && octets.count == 4 + 256)
        #expect(try PublicKey(rfc3110: octets) == key.publicKey)
        #expect(throws: CryptoError.self) { try PublicKey(rfc3110: Array(octets[..<60])) }
        #expect(throws: CryptoError.self) { try PublicKey(rfc3110: []) }
        let again = try PrivateKey(der: try key.exported())
        #expect(again.publicKey == key.publicKey)
        #expect("\(again)" == "(a private key)")
        #expect(throws: CryptoError.self) { try PrivateKey(der: SecretBytes([1, 2, 3])) }
    }

    @Test func `an ECDSA signature goes from DER to r and s and back`() throws {
        for bits in [256, 384, 521] {
            let key = try PrivateKey.generateECDSA(bits: bits)
            let der = try key.sign(Self.message, by: .ecdsa(.sha256))
            let pair = try ECDSASignature.concatenated(der: der, bits: bits)
            #expect(pair.count == 2 * ((bits + 7) / 8))
            #expect(try ECDSASignature.der(concatenated: pair, bits: bits) == der)
            #expect(throws: CryptoError.self) { try ECDSASignature.der(concatenated: pair + [0], bits: bits) }
        }
    }

    @Test func `Base64 and PEM survive a round trip of every length, and refuse what is neither`() throws {
        for count in 1..<70 {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(PEM.base64(Array(PEM.base64(encoding: octets).utf8)) == octets)
            let sections = try PEM.sections(of: Array(("before\n" + PEM.text("THING", octets) + "behind\n").utf8))
            #expect(sections.map(\.label) == ["THING"] && sections.first?.contents == SecretBytes(octets))
        }
        for text in ["A", "AAAA=", "AA!A", "====", ""] { #expect(PEM.base64(Array(text.utf8)) == nil, "\(text)") }
        for text in ["-----BEGIN A-----\nAAAA\n", "-----BEGIN A-----\nAAAA\n-----END B-----\n"] {
            #expect(throws: CryptoError.self) { try PEM.sections(of: Array(text.utf8)) }
        }
    }
}
