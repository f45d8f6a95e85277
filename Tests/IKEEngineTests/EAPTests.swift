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
        trust: TrustStore? = nil, ppk: [[PostQuantumKey]] = [[], []],
        change: (inout Connection, inout EAPPolicy, _ isWest: Bool) -> Void = { _, _, _ in }
    ) -> Ladder {
        let ladder = pki.ladder(trust: trust) { connection, isWest in
            var policy = EAPPolicy(method, certificates: pki.policy(isWest: isWest, ours: true))
            change(&connection, &policy, isWest)
            if isWest || isAlone { connection.local.authentication = .eap(policy) }
            if !isWest || isAlone { connection.remote.authentication = .eap(policy) }
        }
        for (end, password, ppk) in [
            (ladder.west, password, ppk[0]), (ladder.east, "correct horse", ppk[1]),
        ] {
            var secrets = PreSharedKeys()
            secrets.postQuantum = ppk
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

    @Test func `INITIAL_CONTACT in the first answer counts once both are authenticated`() throws {
        let ladder = ladder(.mschapV2)
        let first = try #require(ladder.west.engine.ikeSAs.first?.ike)
        var second = try #require(ladder.west.engine.records[ConnectionID(1)]?.connection)
        second.id = ConnectionID(2)
        // So that it gets an IKE SA of its own.
        second.peerConfiguration = 2
        ladder.tell(ladder.west, .add(second))
        ladder.east.engine.tamper = { sent, first, plaintext in
            guard sent == .ikeAuth, var payloads = try? Message.parsePayloads(first: first, plaintext[...]),
                payloads.identificationResponder != nil
            else { return }
            payloads.append(.notify(NotifyPayload(type: .initialContact)))
            (first, plaintext) = Message.encodePayloads(payloads)
        }
        var before: [Int] = []
        ladder.link = { sent, _ in
            if sent.from == "west" { before.append(ladder.west.engine.ikeSAs.count { $0.state == .established }) }
            return [sent.datagram]
        }
        ladder.tell(ladder.west, .initiate(ConnectionID(2), staysUp: false))
        ladder.settle()
        let left = ladder.west.engine.ikeSAs
        #expect(left.count == 1 && left[0].ike != first && left[0].state == .established)
        // Not before.
        #expect(before.count > 3 && before.allSatisfy { $0 == 1 })
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

    // MARK: Post-quantum keys (RFC 8784 §3)

    private static func ppk(_ name: String, _ secret: String = "quantum") -> PostQuantumKey {
        PostQuantumKey(indices: [], name: Array(name.utf8), secret: SecretBytes(Array(secret.utf8)))
    }

    /// EAP with a PPK that each end may have.
    private func ladder(
        _ method: EAPPolicy.Method = .mschapV2, isAlone: Bool = false, west: PPKPolicy, _ westKey: PostQuantumKey?,
        east: PPKPolicy, _ eastKey: PostQuantumKey?
    ) -> Ladder {
        ladder(method, isAlone: isAlone, ppk: [westKey, eastKey].map { $0.map { [$0] } ?? [] }) {
            connection, _, isWest in connection.ppk = isWest ? west : east
        }
    }

    private func mixed(_ end: Ladder.End) -> Bool { end.has { if case .ppkMixed = $0 { true } else { false } } }

    @Test(arguments: [PPKPolicy.propose, .insist], [false, true])
    func `a PPK goes with the AUTH behind EAP`(_ policy: PPKPolicy, _ isAlone: Bool) throws {
        let key = Self.ppk("A")
        let ladder = ladder(isAlone ? .tls : .mschapV2, isAlone: isAlone, west: policy, key, east: policy, key)
        expectUp(ladder)
        #expect(mixed(ladder.west) && mixed(ladder.east))
        let sent = messages(ladder)
        #expect(sent.dropLast(2).allSatisfy { !$0.contains("PPK") })
        #expect(
            sent.suffix(2).first == "AUTH N(PPK_IDENTITY)" + (policy == .propose ? " N(NO_PPK_AUTH)" : ""))
        #expect(sent.last == "AUTH SA TSi TSr N(PPK_IDENTITY)")
        // The keys are others than without, and what is derived from them later is the same at both ends.
        let without = self.ladder(isAlone ? .tls : .mschapV2, isAlone: isAlone, west: .never, nil, east: .never, nil)
        #expect(
            isAlone
                || without.west.installs.first?.outbound.encryptionKey
                    != ladder.west.installs.first?.outbound.encryptionKey
        )
        ladder.tell(ladder.east, .rekeyIKE(try #require(ladder.east.engine.ikeSAs.first).ike))
        ladder.settle()
        ladder.tell(ladder.west, .rekeyChild(try #require(ladder.west.engine.childSAs.first).child))
        ladder.settle()
        #expect(ladder.west.standing.count == 1)
        #expect(ladder.west.standing.first?.outbound.encryptionKey == ladder.east.standing.first?.inbound.encryptionKey)
    }

    @Test func `behind EAP too, both go on without where neither insists`() {
        let unknown = ladder(west: .propose, Self.ppk("A"), east: .propose, Self.ppk("B"))
        expectUp(unknown)
        #expect(!mixed(unknown.east) && messages(unknown).last == "AUTH SA TSi TSr")
        expectUp(ladder(west: .propose, Self.ppk("A"), east: .never, Self.ppk("A")))
        expectUp(ladder(west: .never, nil, east: .propose, Self.ppk("A")))
    }

    @Test func `behind EAP too, who insists does not go on without`() {
        let none = ladder(west: .insist, nil, east: .insist, Self.ppk("A"))
        expectRefused(none)
        #expect(none.wire.count == 2 && failure(none.west) == .ppk(.noneForPeer))
        let eastAlone = ladder(west: .never, nil, east: .insist, Self.ppk("A"))
        expectRefused(eastAlone)
        #expect(failure(eastAlone.east) == .ppk(.unsupportedByPeer) && eastAlone.wire.count == 4)
        let unknown = ladder(west: .insist, Self.ppk("A"), east: .propose, Self.ppk("B"))
        expectRefused(unknown)
        #expect(failure(unknown.east) == .ppk(.unknownIdentity))
        #expect(failure(unknown.west) == .refused(.authenticationFailed))
        let differing = ladder(west: .propose, Self.ppk("A"), east: .propose, Self.ppk("A", "else"))
        expectRefused(differing)
        #expect(failure(differing.east) == .authenticationMismatch)
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
