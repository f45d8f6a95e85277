import IKECrypto
import TestPKI
import Testing

@Suite struct CertificateTests {
    let root: TestAuthority
    let middle: TestAuthority
    let key: PrivateKey
    let now = TestAuthority.now

    init() throws {
        root = try TestAuthority("C=CA, O=Test, CN=root", key: .generateECDSA(bits: 256))
        middle = try TestAuthority("C=CA, O=Test, CN=middle", key: .generateECDSA(bits: 256), signedBy: root)
        key = try .generateEd25519()
    }

    private func template(_ name: String = "C=CA, O=Test, CN=west") -> TestAuthority.Template {
        TestAuthority.Template(subject: DistinguishedName(text: name)!, publicKey: key.publicKey)
    }

    private func refusal(
        _ certificate: Certificate, _ store: TrustStore, helpers: [Certificate] = [],
        authorities: [DistinguishedName] = [], at time: Int64 = TestAuthority.now
    ) -> CertificateRefusal? {
        do throws(CertificateRefusal) {
            _ = try store.chain(of: certificate, helpers: helpers, time: time, authorities: authorities)
            return nil
        } catch { return error }
    }

    @Test func `what a certificate says is read`() throws {
        var template = template()
        template.names = [
            (0x82, Array("west.example".utf8)), (0x81, Array("west@example".utf8)), (0x87, [192, 1, 2, 45]),
        ]
        let certificate = try root.issue(template)
        #expect(certificate.subject.text == "C=CA, O=Test, CN=west")
        #expect(certificate.issuer == root.certificate.subject)
        #expect(certificate.publicKey == key.publicKey)
        #expect(certificate.notBefore...certificate.notAfter == TestAuthority.validity)
        #expect(!certificate.isAuthority && root.certificate.isAuthority && root.certificate.isSelfIssued)
        #expect(
            certificate.alternativeNames == [
                .dns(Array("west.example".utf8)), .email(Array("west@example".utf8)), .address([192, 1, 2, 45]),
            ])
        for count in stride(from: 0, to: certificate.der.count, by: 7) {
            #expect(throws: CryptoError.self) { try Certificate(der: Array(certificate.der[..<count])) }
        }
        #expect(throws: CryptoError.self) { try Certificate(der: certificate.der + [0]) }
    }

    @Test func `a chain leads to an anchor over what the peer sent, or over what is known`() throws {
        let leaf = try middle.issue(template())
        let store = TrustStore(anchors: [root.certificate])
        #expect(
            try store.chain(of: leaf, helpers: [middle.certificate], time: now)
                == [leaf, middle.certificate, root.certificate])
        #expect(refusal(leaf, store) == .unknownAuthority)
        #expect(refusal(leaf, TrustStore(anchors: [root.certificate], intermediates: [middle.certificate])) == nil)
        #expect(refusal(leaf, TrustStore(anchors: [middle.certificate])) == nil)
        #expect(refusal(leaf, TrustStore(), helpers: [middle.certificate, root.certificate]) == .unknownAuthority)
    }

    @Test func `another authority of the same name is not trusted`() throws {
        let impostor = try TestAuthority("C=CA, O=Test, CN=root", key: .generateECDSA(bits: 256))
        let leaf = try impostor.issue(template())
        #expect(refusal(leaf, TrustStore(anchors: [root.certificate])) != nil)
        #expect(refusal(leaf, TrustStore(anchors: [root.certificate]), helpers: [impostor.certificate]) != nil)
    }

    @Test func `a certificate that is no authority signs nobody`() throws {
        let signer = try PrivateKey.generateECDSA(bits: 256)
        let plain = try root.issue(
            TestAuthority.Template(subject: DistinguishedName(text: "CN=plain")!, publicKey: signer.publicKey))
        let pretender = try TestAuthority("CN=plain", key: signer)
        let leaf = try pretender.issue(template())
        #expect(refusal(leaf, TrustStore(anchors: [root.certificate]), helpers: [plain]) != nil)
    }

    @Test func `validity is judged by the time that is handed in`() throws {
        var early = template()
        early.validity = (now - 200)...(now - 100)
        let leaf = try root.issue(early)
        let store = TrustStore(anchors: [root.certificate])
        #expect(refusal(leaf, store) == .expired)
        #expect(refusal(leaf, store, at: now - 150) == nil)
        #expect(refusal(leaf, store, at: now - 201) == .notYetValid)
    }

    @Test func `a revoked certificate is refused, and by a stale list too`() throws {
        let (bad, good) = (try root.issue(template()), try root.issue(template("CN=good")))
        let list = try root.revoke([bad])
        var store = TrustStore(anchors: [root.certificate], revocationLists: [list])
        #expect(refusal(bad, store) == .revoked)
        #expect(refusal(good, store) == nil)
        #expect(refusal(bad, store, at: now + 7200) == .revoked)
        store.requiresRevocationLists = true
        #expect(refusal(good, store) == nil)
        #expect(refusal(good, store, at: now + 7200) == .noRevocationList)
        store.revocationLists = []
        #expect(refusal(good, store) == .noRevocationList)
        // A list by somebody else says nothing.
        let impostor = try TestAuthority("C=CA, O=Test, CN=root", key: .generateECDSA(bits: 256))
        #expect(
            refusal(good, TrustStore(anchors: [root.certificate], revocationLists: [try impostor.revoke([good])]))
                == nil)
    }

    /// issuingDistributionPoint, deltaCRLIndicator, one of our own; certificateIssuer, and a reason that says it is critical.
    @Test(
        arguments: [
            ([0x55, 0x1d, 0x1c], [0x30, 3, 0x82, 1, 0xff], false), ([0x55, 0x1d, 0x1b], [2, 1, 1], false),
            ([0x2a, 3, 4], [5, 0], false), ([0x55, 0x1d, 0x1d], [0x30, 0], true),
            ([0x55, 0x1d, 0x15], [10, 1, 1], true),
            ([0x55, 0x1d, 0x14], [2, 1, 1], false),
        ] as [([UInt8], [UInt8], Bool)])
    func `a list with a critical extension that is not understood is none`(
        _ identifier: [UInt8], _ value: [UInt8], _ isOfEntry: Bool
    ) throws {
        let bad = try root.issue(template())
        func list(isCritical: Bool) throws -> RevocationList {
            let one = DER.sequence(
                [DER.identifier(identifier)] + (isCritical ? [[1, 1, 0xff]] : [])
                    + [DER.element(DER.octetString, value)])
            return try root.revoke([bad], extensions: isOfEntry ? [] : [one], entryExtensions: isOfEntry ? [one] : [])
        }
        // libcrypto heeds certificateIssuer, critical or not.
        if identifier[2] != 0x1d {
            let store = TrustStore(anchors: [root.certificate], revocationLists: [try list(isCritical: false)])
            #expect(refusal(bad, store) == .revoked)
        }
        // cRLNumber and reasonCode are known.
        if [0x14, 0x15].contains(identifier[2]) {
            #expect(try list(isCritical: true).entries.count == 1)
        } else {
            #expect(throws: CryptoError.self) { try list(isCritical: true) }
        }
    }

    @Test func `a revoked link between spoils the chain`() throws {
        let leaf = try middle.issue(template())
        let store = TrustStore(
            anchors: [root.certificate], revocationLists: [try root.revoke([middle.certificate])])
        #expect(refusal(leaf, store, helpers: [middle.certificate]) == .revoked)
    }

    @Test func `only the authorities that are asked for will do, and only keys that may sign`() throws {
        let leaf = try middle.issue(template())
        let store = TrustStore(anchors: [root.certificate], intermediates: [middle.certificate])
        #expect(refusal(leaf, store, authorities: [middle.certificate.subject]) == nil)
        #expect(refusal(leaf, store, authorities: [DistinguishedName(text: "C=*, O=test, CN=ROOT")!]) == nil)
        #expect(refusal(leaf, store, authorities: [DistinguishedName(text: "CN=other")!]) == .otherAuthority)
        #expect(refusal(leaf, store, authorities: [leaf.subject]) == .otherAuthority)
        var encipherer = template()
        encipherer.keyUsage = 0x20
        #expect(refusal(try root.issue(encipherer), store) == .unfitForSigning)
        encipherer.keyUsage = 0x80
        #expect(refusal(try root.issue(encipherer), store) == nil)
    }

    @Test func `names are equal whatever their case and spaces, and text is read as it is written`() throws {
        let name = try #require(DistinguishedName(text: "C=CA, ST=Ontario, O=Test  Department, CN=west, E=a@b"))
        #expect(name == DistinguishedName(text: "/c=ca/S=ontario/O=test department/CN=WEST/Email=A@B"))
        #expect(name.text == "C=CA, ST=Ontario, O=Test  Department, CN=west, E=a@b")
        #expect(name != DistinguishedName(text: "C=CA, ST=Ontario, CN=west, O=Test Department, E=a@b"))
        #expect(DistinguishedName(text: "CN=\"a, b\"")?.text == "CN=a\\, b")
        #expect(DistinguishedName(text: "CN=a\\, b") == DistinguishedName(text: "CN=\"a, b\""))
        for text in ["", "west", "CN=", "XX=1", "=a"] { #expect(DistinguishedName(text: text) == nil, "\(text)") }
        for count in 0..<name.der.count {
            #expect(throws: CryptoError.self) { try DistinguishedName(der: Array(name.der[..<count])) }
        }
        #expect(DistinguishedName(text: "1.2.3.4=x")?.text == "1.2.3.4=x")
    }
}
