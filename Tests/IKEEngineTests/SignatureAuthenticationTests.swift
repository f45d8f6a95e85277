import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import TestPKI
import Testing

@testable import IKEEngine

/// IKE_AUTH by signature between two engines: ladders that hold, and what breaks them.
@Suite struct SignatureAuthenticationTests {
    /// Two ends with certificates of one authority.
    final class PKI {
        let root: TestAuthority
        let westKey: PrivateKey
        let eastKey: PrivateKey
        var west: Certificate
        var east: Certificate

        init(_ makeKey: () throws -> PrivateKey) throws {
            root = try TestAuthority("C=CA, CN=root", key: .generateECDSA(bits: 256))
            (westKey, eastKey) = (try makeKey(), try makeKey())
            west = try root.issue(PKI.template("west", westKey))
            east = try root.issue(PKI.template("east", eastKey))
        }

        static func template(_ name: String, _ key: PrivateKey) -> TestAuthority.Template {
            var template = TestAuthority.Template(
                subject: DistinguishedName(text: "C=CA, CN=\(name)")!, publicKey: key.publicKey)
            template.names = [(0x82, Array(name.utf8))]
            return template
        }

        func policy(
            isWest: Bool, ours: Bool, methods: [SignatureMethod] = SignaturePolicy.standardMethods
        ) -> SignaturePolicy {
            SignaturePolicy(methods: methods, certificate: ours ? (isWest ? west : east) : nil)
        }

        func ladder(
            methods: [SignatureMethod] = SignaturePolicy.standardMethods,
            trust: TrustStore? = nil, hours: Int64 = 0, change: (inout Connection, Bool) -> Void = { _, _ in }
        ) -> Ladder {
            let ladder = Ladder { connection, isWest in
                connection.local.authentication = .signature(self.policy(isWest: isWest, ours: true, methods: methods))
                connection.remote.authentication = .signature(
                    self.policy(isWest: isWest, ours: false, methods: methods))
                change(&connection, isWest)
            }
            for (end, key) in [(ladder.west, westKey), (ladder.east, eastKey)] {
                end.engine.setWallClock(secondsSince1970: TestAuthority.now + hours * 3600, at: ladder.now)
                ladder.tell(
                    end,
                    .setCredentials(
                        Credentials(privateKeys: [key], trust: trust ?? TrustStore(anchors: [root.certificate]))))
            }
            return ladder
        }
    }

    private func proofs(_ end: Ladder.End) -> [SignatureProof] {
        end.events.compactMap {
            if case .ikeEstablished(_, _, _, .signature(let proof)) = $0 { proof } else { nil }
        }
    }

    private func failures(_ end: Ladder.End) -> [FailureReason] {
        end.events.compactMap { if case .ikeFailed(_, _, let reason) = $0 { reason } else { nil } }
    }

    @Test func `each kind of key signs in the best way that both ends know`() throws {
        let rows: [(() throws -> PrivateKey, SignatureScheme)] = [
            ({ try .generateRSA(bits: 2048) }, .rsaPSS(.sha512)), ({ try .generateECDSA(bits: 256) }, .ecdsa(.sha512)),
            ({ try .generateECDSA(bits: 521) }, .ecdsa(.sha512)), ({ try .generateEd25519() }, .ed25519),
        ]
        for (makeKey, scheme) in rows {
            let ladder = try PKI(makeKey).ladder()
            ladder.up()
            #expect(ladder.west.isEstablished && ladder.east.isEstablished, "\(scheme)")
            for (end, peer) in [(ladder.west, "east"), (ladder.east, "west")] {
                #expect(proofs(end).map(\.scheme) == [scheme])
                #expect(proofs(end).first?.subject?.text == "C=CA, CN=\(peer)")
                #expect(proofs(end).first?.issuer?.text == "C=CA, CN=root")
            }
        }
    }

    @Test func `every method that is allowed alone is used, the classic ones among them`() throws {
        let rsa = try PKI { try .generateRSA(bits: 2048) }
        for method in SignaturePolicy.standardMethods + [.digitalSignature(.rsaPKCS1(.sha1))] {
            let pki: PKI
            switch method {
            case .rsa, .digitalSignature(.rsaPSS), .digitalSignature(.rsaPKCS1): pki = rsa
            case .digitalSignature(.ecdsa): pki = try PKI { try .generateECDSA(bits: 384) }
            case .digitalSignature(.ed25519): pki = try PKI { try .generateEd25519() }
            case .ecdsa(let bits): pki = try PKI { try .generateECDSA(bits: bits) }
            default: continue
            }
            let ladder = pki.ladder(methods: [method])
            ladder.up()
            #expect(proofs(ladder.west).map(\.method) == [method], "\(method)")
            #expect(proofs(ladder.east).map(\.method) == [method], "\(method)")
        }
    }

    @Test func `raw keys need no certificates, and another key is none`() throws {
        let pki = try PKI { try .generateRSA(bits: 2048) }
        for isRight in [true, false] {
            let ladder = pki.ladder(trust: TrustStore()) { connection, isWest in
                let (ours, theirs) = isWest ? (pki.westKey, pki.eastKey) : (pki.eastKey, pki.westKey)
                connection.local.authentication = .signature(SignaturePolicy(publicKey: ours.publicKey))
                connection.remote.authentication = .signature(
                    SignaturePolicy(publicKey: isRight || isWest ? theirs.publicKey : ours.publicKey))
            }
            ladder.up(staysUp: false)
            #expect(ladder.west.isEstablished == isRight && ladder.east.isEstablished == isRight)
            #expect(failures(ladder.east) == (isRight ? [] : [.authenticationMismatch]))
            #expect(proofs(ladder.west).allSatisfy { $0.subject == nil })
        }
    }

    @Test func `what is wrong with a certificate is refused by the end that sees it, and by name`() throws {
        let pki = try PKI { try .generateECDSA(bits: 256) }
        let other = try TestAuthority("C=CA, CN=other", key: .generateECDSA(bits: 256))
        func refused(_ ladder: Ladder, _ reason: FailureReason, _ line: Int = #line) {
            ladder.up(staysUp: false)
            #expect(failures(ladder.east) == [reason], "line \(line)")
            #expect(failures(ladder.west) == [.refused(.authenticationFailed)], "line \(line)")
            #expect(!ladder.east.isEstablished && !ladder.west.isEstablished && ladder.west.installs.isEmpty)
        }
        refused(pki.ladder(trust: TrustStore(anchors: [other.certificate])), .certificate(.unknownAuthority))
        refused(pki.ladder(hours: 24 * 365 * 6), .certificate(.expired))
        refused(
            pki.ladder(
                trust: TrustStore(anchors: [pki.root.certificate], revocationLists: [try pki.root.revoke([pki.west])])),
            .certificate(.revoked))
        refused(
            pki.ladder { connection, isWest in
                guard !isWest, case .signature(var policy) = connection.remote.authentication else { return }
                policy.authorities = [other.certificate.subject]
                connection.remote.authentication = .signature(policy)
            }, .certificate(.otherAuthority))
        refused(
            pki.ladder { connection, isWest in
                let id = Identification(type: .fqdn, data: Array("impostor".utf8))
                if isWest { connection.local.identification = id } else { connection.remote.identification = id }
            }, .identityNotInCertificate)
        refused(
            pki.ladder { connection, isWest in
                guard isWest, case .signature(var policy) = connection.local.authentication else { return }
                policy.sending = .never
                connection.local.authentication = .signature(policy)
            }, .noPeerCertificate)
        // Signed by another key than the certificate's.
        let thief = pki.ladder()
        thief.tell(
            thief.west,
            .setCredentials(Credentials(privateKeys: [pki.eastKey], trust: TrustStore(anchors: [pki.root.certificate])))
        )
        thief.up(staysUp: false)
        #expect(failures(thief.west) == [.noPrivateKey])
    }

    @Test func `the initiator holds the responder to the same`() throws {
        let pki = try PKI { try .generateECDSA(bits: 256) }
        let ladder = pki.ladder()
        let other = try TestAuthority("C=CA, CN=other", key: .generateECDSA(bits: 256))
        ladder.tell(
            ladder.west,
            .setCredentials(
                Credentials(privateKeys: [pki.westKey], trust: TrustStore(anchors: [other.certificate]))))
        ladder.up(staysUp: false)
        #expect(failures(ladder.west) == [.certificate(.unknownAuthority)])
        #expect(!ladder.west.isEstablished && ladder.west.installs.isEmpty)
    }

    @Test func `a method that the connection does not allow is not taken`() throws {
        let pki = try PKI { try .generateRSA(bits: 2048) }
        let ladder = pki.ladder { connection, isWest in
            let methods: [SignatureMethod] = [.digitalSignature(isWest ? .rsaPKCS1(.sha256) : .rsaPSS(.sha256))]
            connection.local.authentication = .signature(pki.policy(isWest: isWest, ours: true, methods: methods))
            connection.remote.authentication = .signature(pki.policy(isWest: isWest, ours: false, methods: methods))
        }
        ladder.up(staysUp: false)
        #expect(failures(ladder.east) == [.authenticationMismatch])
    }

    @Test func `a shared key does not pass where a signature is asked for, nor the other way`() throws {
        let pki = try PKI { try .generateECDSA(bits: 256) }
        for westSigns in [true, false] {
            let ladder = pki.ladder { connection, isWest in
                guard isWest != westSigns else { return }
                connection.local.authentication = .sharedKey
                connection.remote.authentication = .sharedKey
            }
            ladder.up(staysUp: false)
            #expect(!ladder.east.isEstablished && failures(ladder.east) == [.authenticationMismatch])
        }
    }

    @Test func `an AUTH with one octet altered is refused, and other ends may sign in other ways`() throws {
        // West by certificate, east by shared key.
        let pki = try PKI { try .generateECDSA(bits: 256) }
        let ladder = pki.ladder { connection, isWest in
            if isWest {
                connection.remote.authentication = .sharedKey
            } else {
                connection.local.authentication = .sharedKey
            }
        }
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(proofs(ladder.east).count == 1 && proofs(ladder.west).isEmpty)

        let forged = pki.ladder()
        forged.link = { sent, _ in
            sent.name == "IKE_AUTH request 1" ? [] : [sent.datagram]
        }
        forged.up(staysUp: false)
        guard case .authSent(let offer) = forged.westIKE.phase else {
            Issue.record("no IKE_AUTH")
            return
        }
        let ike = forged.westIKE
        let signed = try AuthenticationOctets.signed(
            message: offer.request, peerNonce: offer.responderNonce, identification: offer.identification,
            prf: ike.suite!.prf, skP: ike.keys!.skPi)
        var signature = try pki.westKey.sign(signed, by: .ecdsa(.sha256))
        signature[signature.count - 1] ^= 1
        let data = DigitalSignatureData(
            algorithmIdentifier: SignatureScheme.ecdsa(.sha256).algorithmIdentifier!, signature: signature)
        forged.inject(
            try forged.forge(
                ike, .ikeAuth, 1,
                [
                    .identificationInitiator(offer.identification),
                    .certificate(CertificatePayload(encoding: .x509Signature, data: pki.west.der)),
                    .authentication(AuthenticationPayload(method: .digitalSignature, data: data.octets)),
                ]))
        #expect(failures(forged.east) == [.authenticationMismatch])
    }

    @Test func `a distinguished name is an identity in whatever encoding it comes`() throws {
        let pki = try PKI { try .generateEd25519() }
        let ladder = pki.ladder { connection, isWest in
            let ours = DistinguishedName(text: isWest ? "C=CA, CN=west" : "C=CA, CN=east")!
            let theirs = DistinguishedName(text: isWest ? "c=ca, cn=*" : "C=CA, CN=WEST")!
            connection.local.identification = Identification(ours)
            connection.remote.identification = Identification(theirs)
        }
        ladder.up()
        // East calls itself otherwise than west asked for: `*` is a pattern and no name, so west sends none of east's.
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test func `malformed certificates and signatures of a peer stop nobody`() throws {
        let pki = try PKI { try .generateECDSA(bits: 256) }
        let junk: [[UInt8]] = [[], [0x30], [0x30, 0x82, 0xff, 0xff], [UInt8](repeating: 0x30, count: 3000)]
        for certificate in junk + [pki.west.der] {
            for proof in junk + [[1, 2], [255], [12] + [UInt8](repeating: 0x30, count: 40)] {
                let ladder = pki.ladder()
                ladder.link = { sent, _ in sent.name == "IKE_AUTH request 1" ? [] : [sent.datagram] }
                ladder.up(staysUp: false)
                ladder.inject(
                    try ladder.forge(
                        ladder.westIKE, .ikeAuth, 1,
                        [
                            .identificationInitiator(Identification(type: .fqdn, data: Array("west".utf8))),
                            .certificate(CertificatePayload(encoding: .x509Signature, data: certificate)),
                            .authentication(AuthenticationPayload(method: .digitalSignature, data: proof)),
                        ]))
                #expect(!ladder.east.isEstablished && failures(ladder.east).count == 1)
            }
        }
    }

    @Test func `certificates that fill many packets come in fragments`() throws {
        let pki = try PKI { try .generateRSA(bits: 4096) }
        var template = PKI.template("west", pki.westKey)
        template.padding = 6000
        pki.west = try pki.root.issue(template)
        let ladder = pki.ladder()
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.wire.filter { $0.header.exchangeType == .ikeAuth && !$0.header.isResponse }.count > 10)
    }

    @Test func `the authorities between are sent along, unless they are to stay`() throws {
        let pki = try PKI { try .generateECDSA(bits: 256) }
        let middle = try TestAuthority("C=CA, CN=middle", key: .generateECDSA(bits: 256), signedBy: pki.root)
        pki.west = try middle.issue(PKI.template("west", pki.westKey))
        for sends in [true, false] {
            let ladder = pki.ladder { connection, isWest in
                guard isWest, case .signature(var policy) = connection.local.authentication else { return }
                policy.sendsIntermediates = sends
                connection.local.authentication = .signature(policy)
            }
            ladder.tell(
                ladder.west,
                .setCredentials(
                    Credentials(
                        privateKeys: [pki.westKey],
                        trust: TrustStore(anchors: [pki.root.certificate], intermediates: [middle.certificate]))))
            ladder.up(staysUp: false)
            #expect(ladder.east.isEstablished == sends)
            #expect(failures(ladder.east) == (sends ? [] : [.certificate(.unknownAuthority)]))
        }
    }

    @Test func `the URL of a certificate is not looked up, and refused as what it is`() throws {
        let ladder = try PKI { try .generateECDSA(bits: 256) }.ladder()
        ladder.west.engine.tamper = { exchange, first, plaintext in
            guard exchange == .ikeAuth else { return }
            var type = first
            var offset = 0
            while offset + 4 < plaintext.count {
                if type == .certificate { plaintext[offset + 4] = CertificateEncoding.hashAndURL.rawValue }
                type = PayloadType(plaintext[offset])
                offset += Int(plaintext[offset + 2]) << 8 | Int(plaintext[offset + 3])
            }
        }
        ladder.up(staysUp: false)
        #expect(failures(ladder.east) == [.certificateByURL])
        #expect(failures(ladder.west) == [.refused(.authenticationFailed)])
    }
}
