import IKECrypto
import TestPKI
import Testing

/// What EAP's methods compute.
struct EAPCryptoTests {
    private static func octets(_ text: String) -> [UInt8] {
        let digits = text.filter { $0 != " " }.map { $0 }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
    }

    private static func mschap(
        password: String = "clientPass", user: String = "User", challenge: [UInt8]? = nil
    ) throws -> MSCHAPv2 {
        try MSCHAPv2(
            password: SecretBytes(Array(password.utf8)), user: Array(user.utf8),
            authenticatorChallenge: challenge ?? octets("5b5d7c7d7b3f2f3e3c2c602132262628"),
            peerChallenge: octets("21402324255e262a28295f2b3a337c7e"))
    }

    @Test func `the vectors of RFC 2759 and RFC 3079`() throws {
        let computed = try Self.mschap()
        #expect(computed.response == Self.octets("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df"))
        #expect(computed.authenticatorResponse == Self.octets("407a5589115fd0d6209f510fe9c04566932cda56"))
        let key = computed.masterSessionKey
        #expect(key.count == 64)
        // SendStartKey128 of the server, which stands second.
        #expect(key[16..<32].exposed == Self.octets("8b7cdc149b993a1ba118cb153f56dccb"))
        #expect(key[0..<16] != key[16..<32] && key[32..<64].exposed == [UInt8](repeating: 0, count: 32))
    }

    @Test func `a domain before the name changes nothing, anything else does`() throws {
        let computed = try Self.mschap()
        #expect(try Self.mschap(user: "EXAMPLE\\User").response == computed.response)
        #expect(try Self.mschap(user: "user").response != computed.response)
        #expect(try Self.mschap(password: "ClientPass").response != computed.response)
        #expect(try Self.mschap(password: "pässwörd €𝄞").response != computed.response)
    }

    @Test func `what is no challenge or no password is refused`() {
        #expect(throws: CryptoError.length(what: "a challenge", expected: 16, got: 15)) {
            try Self.mschap(challenge: [UInt8](repeating: 0, count: 15))
        }
        #expect(throws: CryptoError.malformed("a password that is no UTF-8")) {
            try MSCHAPv2(
                password: SecretBytes([0xff]), user: [], authenticatorChallenge: [UInt8](repeating: 0, count: 16),
                peerChallenge: [UInt8](repeating: 0, count: 16))
        }
    }

    // MARK: TLS

    private struct End {
        let key: PrivateKey
        let certificate: Certificate
        init(_ root: TestAuthority, _ name: String) throws {
            key = try .generateECDSA(bits: 256)
            certificate = try root.issue(
                TestAuthority.Template(subject: DistinguishedName(text: "CN=\(name)")!, publicKey: key.publicKey))
        }
    }

    private func pair(
        _ minor: Int, clientRoot: TestAuthority? = nil,
        judge: @escaping ([Certificate]) -> CertificateRefusal? = { _ in nil }
    ) throws -> (client: TLSSession, server: TLSSession) {
        let root = try TestAuthority("CN=root", key: .generateECDSA(bits: 256))
        let (west, east) = (try End(root, "west"), try End(root, "east"))
        let client = try TLSSession(
            .client, chain: [west.certificate], key: west.key, versions: 2...minor, judge: { _ in nil })
        let server = try TLSSession(
            .server, chain: [east.certificate], key: east.key, authorities: [root.certificate], judge: judge)
        for _ in 0..<4 {
            server.take(client.proceed())
            client.take(server.proceed())
        }
        return (client, server)
    }

    @Test(arguments: [(2, TLSSession.Version.tls12), (3, .tls13)])
    func `two ends shake hands without a socket and export the same keys`(
        minor: Int, version: TLSSession.Version
    ) throws {
        let (client, server) = try pair(minor)
        #expect(client.progress == .established && server.progress == .established)
        #expect(client.version == version && server.version == version)
        #expect(client.peerCertificate?.subject.text == "CN=east" && server.peerCertificate?.subject.text == "CN=west")
        for context in [nil, [13]] as [[UInt8]?] {
            let keys = try [client, server].map { try $0.export(label: "label", context: context, count: 128) }
            #expect(keys[0].count == 128 && keys[0] == keys[1])
        }
        #expect(
            try client.export(label: "label", context: nil, count: 16)
                != client.export(label: "other", context: nil, count: 16))
        client.take(server.seal([0]))
        #expect(client.open() == [0] && client.open() == [])
    }

    @Test(arguments: [2, 3]) func `who is refused hears of it`(minor: Int) throws {
        let (client, server) = try pair(minor, judge: { _ in .revoked })
        #expect(server.refusal == .revoked)
        guard case .failed = server.progress else {
            Issue.record("\(server.progress)")
            return
        }
        // With TLS 1.3 a client is through before the server has looked at its certificate.
        if minor == 2 {
            guard case .failed(let reason) = client.progress else {
                Issue.record("\(client.progress)")
                return
            }
            #expect(reason.contains("certificate revoked"))
        }
    }

    @Test func `a key that is not the certificate's is refused`() throws {
        let root = try TestAuthority("CN=root", key: .generateECDSA(bits: 256))
        let (west, east) = (try End(root, "west"), try End(root, "east"))
        #expect(throws: CryptoError.self) {
            try TLSSession(.client, chain: [west.certificate], key: east.key, judge: { _ in nil })
        }
    }
}
