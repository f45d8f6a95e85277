import IKEWire
import Testing

@Suite struct NumberTests {
    @Test func `registered numbers have their names, others their digits`() {
        #expect(ExchangeType.ikeSAInit.name == "IKE_SA_INIT")
        #expect(ExchangeType.ikeSessionResume.name == "IKE_SESSION_RESUME")
        #expect(ExchangeType(240).name == "240")
        #expect(ExchangeType(240).registeredName == nil)
        #expect(PayloadType.encryptedFragment.name == "SKF")
        #expect(ProtocolID.esp.name == "ESP")
        #expect(NotifyType.authenticationFailed.name == "AUTHENTICATION_FAILED")
        #expect(NotifyType.ticketLTOpaque.description == "TICKET_LT_OPAQUE")
        #expect(NotifyType.childlessIKEv2Supported.name == "CHILDLESS_IKEV2_SUPPORTED")
        #expect(IdentificationType.derASN1DN.name == "ID_DER_ASN1_DN")
        #expect(Transform(type: .encryption, id: 20, keyLength: 256).description == "ENCR=ENCR_AES_GCM_16_256")
        #expect(Transform(type: .additionalKeyExchange(7), id: 36).description == "ADDKE7=ml-kem-768")
        #expect(Transform(type: TransformType(99), id: 1).description == "99=1")
    }

    @Test func `a notification is an error below 16384 alone`() {
        #expect(NotifyType.stateNotFound.isError)
        #expect(NotifyType(16383).isError)
        #expect(!NotifyType.initialContact.isError)
        #expect(!NotifyType(65535).isError)
    }

    @Test func `a key length is one short attribute`() {
        func length(_ attributes: [TransformAttribute]) -> UInt16? {
            Transform(type: .encryption, id: 12, attributes: attributes).keyLength
        }
        #expect(length([.keyLength(128)]) == 128)
        #expect(length([]) == nil)
        #expect(length([.keyLength(128), .keyLength(128)]) == nil)
        #expect(length([TransformAttribute(type: 14, value: .long([0, 128]))]) == nil)
        #expect(length([TransformAttribute(type: 15, value: .short(1)), .keyLength(192)]) == 192)
        #expect(Transform(type: .encryption, id: 12, attributes: []).hasOnlyKnownAttributes)
        #expect(Transform(type: .encryption, id: 12, keyLength: 128).hasOnlyKnownAttributes)
        #expect(
            !Transform(type: .encryption, id: 12, attributes: [.keyLength(128), .keyLength(128)])
                .hasOnlyKnownAttributes)
        #expect(
            !Transform(type: .encryption, id: 12, attributes: [TransformAttribute(type: 15, value: .short(1))])
                .hasOnlyKnownAttributes)
    }

    @Test func `an IKE SPI is 8 octets`() {
        #expect(IKESPI(octets: [0, 0, 0, 0, 0, 0, 1, 2])?.description == "0000000000000102")
        #expect(IKESPI(0x0102_0304_0506_0708).octets == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(IKESPI(octets: [0, 0, 0, 0, 0, 0, 1]) == nil)
        #expect(IKESPI.zero.isZero)
    }
}

@Suite struct NotificationDataTests {
    @Test func `a ticket has a lifetime before it`() throws {
        let notify = NotifyPayload.ticket([1, 2], lifetimeSeconds: 3600)
        #expect(notify == NotifyPayload(type: .ticketLTOpaque, data: [0, 0, 0x0e, 0x10, 1, 2]))
        let (lifetime, ticket) = try notify.ticketWithLifetime()
        #expect(lifetime == 3600)
        #expect(ticket == [1, 2])
        for count in 0..<5 {
            let short = NotifyPayload(type: .ticketLTOpaque, data: Array(notify.data[..<count]))
            #expect(throws: WireError.self) { try short.ticketWithLifetime() }
        }
    }

    @Test func `INVALID_KE_PAYLOAD names a group in two octets`() throws {
        let notify = NotifyPayload.invalidKEPayload(group: 0x0113)
        #expect(notify.data == [1, 0x13])
        #expect(try notify.keyExchangeGroup() == 0x0113)
        for data in [[], [0], [0, 14, 0]] as [[UInt8]] {
            #expect(throws: WireError.self) {
                try NotifyPayload(type: .invalidKEPayload, data: data).keyExchangeGroup()
            }
        }
    }

    @Test func `signature hash algorithms are two octets each`() throws {
        let notify = NotifyPayload.signatureHashAlgorithms([.sha256, .identity, SignatureHashAlgorithm(999)])
        #expect(notify.data == [0, 2, 0, 5, 3, 0xe7])
        #expect(try notify.signatureHashAlgorithms() == [.sha256, .identity, SignatureHashAlgorithm(999)])
        #expect(throws: WireError.self) {
            try NotifyPayload(type: .signatureHashAlgorithms, data: [0, 2, 0]).signatureHashAlgorithms()
        }
    }

    @Test func `a digital signature has its algorithm before it`() throws {
        let data = DigitalSignatureData(algorithmIdentifier: [0x30, 1, 2], signature: [9, 9])
        #expect(data.octets == [3, 0x30, 1, 2, 9, 9])
        #expect(try DigitalSignatureData(parsing: data.octets) == data)
        for count in 0..<5 {
            let octets = Array(data.octets[..<count])
            #expect(throws: WireError.self) { try DigitalSignatureData(parsing: octets) }
        }
        #expect(throws: WireError.self) { try DigitalSignatureData(parsing: [0, 9, 9]) }
    }

    @Test func `a request for certificates has hashes of 20 octets`() {
        let request = CertificateRequestPayload(encoding: .x509Signature, authority: Array(0..<40))
        #expect(request.authorityHashes == [Array(0..<20), Array(20..<40)])
        #expect(CertificateRequestPayload(encoding: .x509Signature, authority: [1]).authorityHashes == nil)
        #expect(CertificateRequestPayload(encoding: .pkcs7, authority: []).authorityHashes == nil)
    }
}
