import IKECrypto
import IKEModel
import IKEWire
import TestPKI
import Testing

@testable import IKEEngine

/// The initiator proves who it is by EAP (RFC 7296 §2.16), the responder by a certificate or by EAP too (RFC 5998).
@Suite struct EAPTests {
    private let pki: SignatureAuthenticationTests.PKI

    init() throws { pki = try .init { try .generateECDSA(bits: 256) } }

    /// - Parameters:
    ///   - west: west's password; east's is `correct horse`.
    ///   - isAlone: without a proof of east's but EAP.
    private func ladder(
        _ method: EAPPolicy.Method, west password: String = "correct horse", isAlone: Bool = false,
        trust: TrustStore? = nil, change: (inout Connection, inout EAPPolicy, _ isWest: Bool) -> Void = { _, _, _ in }
    ) -> Ladder {
        let ladder = pki.ladder(trust: trust) { connection, isWest in
            var policy = EAPPolicy(method, certificates: pki.policy(isWest: isWest, ours: true))
            change(&connection, &policy, isWest)
            if isWest || isAlone { connection.local.authentication = .eap(policy) }
            if !isWest || isAlone { connection.remote.authentication = .eap(policy) }
        }
        for (end, password) in [(ladder.west, password), (ladder.east, "correct horse")] {
            var secrets = PreSharedKeys()
            secrets.eapSecrets = [
                EAPSecret(
                    identities: [Array("west".utf8), Array("carol".utf8)], secret: SecretBytes(Array(password.utf8))),
                EAPSecret(identities: [Array("dave".utf8)], secret: SecretBytes(Array("another".utf8))),
            ]
            ladder.tell(end, .setSecrets(secrets))
        }
        ladder.up(staysUp: false)
        return ladder
    }

    private func failure(_ end: Ladder.End) -> FailureReason? {
        for case .ikeFailed(_, _, let reason) in end.events { return reason }
        return nil
    }

    private func proof(_ end: Ladder.End) -> AuthenticationProof? {
        for case .ikeEstablished(_, _, _, let proof) in end.events { return proof }
        return nil
    }

    private func expectUp(_ ladder: Ladder, _ location: SourceLocation = #_sourceLocation) {
        let keys = [ladder.west.installs.first?.outbound, ladder.east.installs.first?.inbound]
            .map { $0?.encryptionKey.exposed }
        #expect(
            ladder.west.installs.count == 1 && keys[0] != nil && keys[0] == keys[1],
            "\(String(describing: failure(ladder.west))) \(String(describing: failure(ladder.east)))",
            sourceLocation: location)
    }

    private func expectRefused(_ ladder: Ladder, _ location: SourceLocation = #_sourceLocation) {
        #expect(ladder.west.installs.isEmpty && ladder.east.installs.isEmpty, sourceLocation: location)
        #expect(!ladder.west.isEstablished && !ladder.east.isEstablished, sourceLocation: location)
    }

    /// The payloads of each IKE_AUTH message.
    private func messages(_ ladder: Ladder) -> [String] {
        ladder.west.events.compactMap { event in
            guard case .messagePassed(_, let facts) = event, facts.exchange == .ikeAuth else { return nil }
            return facts.payloads.map { $0.listName(isResponse: facts.isResponse) }.joined(separator: " ")
        }
    }

    @Test func `EAP-MSCHAPv2 between a certificate and a Child SA`() {
        let ladder = ladder(.mschapV2) { _, policy, isWest in
            policy.asksForIdentity = !isWest
            if isWest { policy.identity = Array("carol".utf8) }
        }
        expectUp(ladder)
        #expect(proof(ladder.east) == .eap(EAPProof(method: .mschapV2, identity: Array("carol".utf8))))
        guard case .signature = proof(ladder.west) else {
            Issue.record("west took \(String(describing: proof(ladder.west)))")
            return
        }
        let sent = messages(ladder)
        // Identity, challenge, success; and the AUTH of both.
        #expect(sent.count == 10)
        #expect(sent.first?.contains("AUTH") == false && sent.first?.contains("SA TSi TSr") == true)
        #expect(sent[1].hasPrefix("IDr CERT AUTH EAP") && sent[2...7].allSatisfy { $0 == "EAP" })
        #expect(sent[8] == "AUTH" && sent[9] == "AUTH SA TSi TSr")
    }

    @Test func `without a question for the identity it is IKE's`() {
        let ladder = ladder(.mschapV2)
        expectUp(ladder)
        #expect(messages(ladder).count == 8)
        #expect(proof(ladder.east) == .eap(EAPProof(method: .mschapV2, identity: Array("west".utf8))))
    }

    @Test func `a wrong password is refused`() {
        let ladder = ladder(.mschapV2, west: "battery staple")
        expectRefused(ladder)
        #expect(failure(ladder.east) == .eap(.wrongResponse) && failure(ladder.west) == .eap(.wrongResponse))
        #expect(messages(ladder).last == "EAP N(AUTHENTICATION_FAILED)")
    }

    @Test func `nobody proves to be somebody else with a password of his own, or without one`() {
        let other = ladder(.mschapV2) { _, policy, isWest in
            policy.asksForIdentity = !isWest
            policy.identity = Array((isWest ? "dave" : "carol").utf8)
        }
        expectRefused(other)
        #expect(failure(other.east) == .eap(.identityMismatch(Array("dave".utf8))))
        let unknown = ladder(.mschapV2) { _, policy, isWest in if isWest { policy.identity = Array("eve".utf8) } }
        expectRefused(unknown)
        #expect(unknown.wire.count == 2 && failure(unknown.west) == .eap(.noSecret(Array("eve".utf8))))
        let claimed = ladder(.mschapV2) { _, policy, isWest in if isWest { policy.identity = Array("dave".utf8) } }
        expectRefused(claimed)
        #expect(failure(claimed.east) == .eap(.identityMismatch(Array("dave".utf8))))
    }

    @Test func `EAP-TLS, in fragments, with certificates of both ends`() {
        let ladder = ladder(.tls)
        expectUp(ladder)
        #expect(proof(ladder.east) == .eap(EAPProof(method: .tls, identity: Array("west".utf8))))
    }

    @Test func `EAP-TLS in place of east's own proof`() {
        let ladder = ladder(.tls, isAlone: true)
        expectUp(ladder)
        #expect(proof(ladder.west) == .eap(EAPProof(method: .tls, identity: Array("east".utf8))))
        #expect(messages(ladder)[1].hasPrefix("IDr EAP") && messages(ladder)[0].contains("N(EAP_ONLY_AUTHENTICATION)"))
    }

    @Test func `a method that proves one end only does not stand for both`() {
        let ladder = ladder(.mschapV2, isAlone: true)
        expectRefused(ladder)
        #expect(failure(ladder.west) == .eap(.serverNotProved))
    }

    @Test func `a certificate of another authority, or of another name, is refused`() throws {
        let other = try TestAuthority("CN=other", key: .generateECDSA(bits: 256))
        let untrusted = ladder(.tls, isAlone: true, trust: TrustStore(anchors: [other.certificate]))
        expectRefused(untrusted)
        #expect(failure(untrusted.west) == .eap(.certificate(.unknownAuthority)))
        pki.west = try pki.root.issue(SignatureAuthenticationTests.PKI.template("dave", pki.westKey))
        let renamed = ladder(.tls)
        expectRefused(renamed)
        guard case .eap(.certificate(.invalid)) = failure(renamed.east) else {
            Issue.record("\(String(describing: failure(renamed.east)))")
            return
        }
    }

    @Test func `a peer with another method is refused`() {
        let ladder = ladder(.tls) { _, policy, isWest in if isWest { policy.method = .mschapV2 } }
        expectRefused(ladder)
        #expect(failure(ladder.east) == .eap(.methodRefused) && failure(ladder.west) == .eap(.refusedByPeer))
    }

    @Test func `a lost message of any round is sent again`() {
        for lost in 0..<10 {
            let ladder = pki.ladder { connection, isWest in
                let policy = EAPPolicy(.mschapV2, certificates: pki.policy(isWest: isWest, ours: true))
                if isWest { connection.local.authentication = .eap(policy) }
                if !isWest { connection.remote.authentication = .eap(policy) }
            }
            for end in [ladder.west, ladder.east] {
                var secrets = PreSharedKeys()
                secrets.eapSecrets = [EAPSecret(identities: [], secret: SecretBytes(Array("x".utf8)))]
                ladder.tell(end, .setSecrets(secrets))
            }
            ladder.link = { sent, number in number == lost ? [] : [sent.datagram] }
            ladder.up()
            ladder.pass(.seconds(3))
            expectUp(ladder)
        }
    }
}
