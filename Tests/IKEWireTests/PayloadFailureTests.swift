import IKEWire
import Recordings
import Testing

extension PayloadTableTests {
    static let failures: [Failure] = [
        Failure(name: "SA without a proposal", type: .securityAssociation, body: "", code: .truncated, offset: 4),
        Failure(
            name: "SA whose last proposal says more", type: .securityAssociation, body: "0200000801010000",
            code: .truncated, offset: 12),
        Failure(
            name: "SA with octets behind the last proposal", type: .securityAssociation,
            body: "0000000801010000 00", code: .leftover, offset: 12),
        Failure(
            name: "proposal with a strange Last Substruc", type: .securityAssociation, body: "0100000801010000",
            code: .value, offset: 4),
        Failure(
            name: "proposal shorter than its header", type: .securityAssociation, body: "0000000701010000",
            code: .length, offset: 6),
        Failure(
            name: "proposal longer than the payload", type: .securityAssociation, body: "0000000901010000",
            code: .truncated, offset: 8),
        Failure(
            name: "proposal with fewer transforms than it says", type: .securityAssociation,
            body: "0000001001010002 0300000802000007", code: .truncated, offset: 20),
        Failure(
            name: "proposal with more transforms than it says", type: .securityAssociation,
            body: "0000001801010001 0000000802000007 0000000802000007", code: .leftover, offset: 20),
        Failure(
            name: "transform that says more and is the last", type: .securityAssociation,
            body: "0000001001010001 0300000802000007", code: .value, offset: 12),
        Failure(
            name: "transform that says last and is not", type: .securityAssociation,
            body: "0000001801010002 0000000802000007 0000000802000007", code: .value, offset: 12),
        Failure(
            name: "transform shorter than its header", type: .securityAssociation,
            body: "0000001001010001 0000000702000007", code: .length, offset: 14),
        Failure(
            name: "transform with half an attribute", type: .securityAssociation,
            body: "0000001201010001 0000000a02000007 800e", code: .truncated, offset: 22),
        Failure(
            name: "attribute longer than its transform", type: .securityAssociation,
            body: "0000001501010001 0000000d02000007 000e000200", code: .truncated, offset: 24),
        Failure(
            name: "SPI longer than its proposal", type: .securityAssociation, body: "0000000801030400",
            code: .truncated, offset: 12),
        Failure(
            name: "proposal 3 behind proposal 1", type: .securityAssociation,
            body: "0200000801010000 0000000803010000", code: .value, offset: 16),
        Failure(
            name: "proposal 1 behind proposal 1", type: .securityAssociation,
            body: "0200000801010000 0000000801010000", code: .value, offset: 16),
        Failure(name: "KE without data", type: .keyExchange, body: "001f0000", code: .length, offset: 8),
        Failure(name: "KE with half a header", type: .keyExchange, body: "001f00", code: .truncated, offset: 6),
        Failure(
            name: "ID with half a header", type: .identificationResponder, body: "0200", code: .truncated, offset: 6),
        Failure(
            name: "ID_IPV4_ADDR of 5 octets", type: .identificationInitiator, body: "01000000 0102030405",
            code: .length, offset: 8),
        Failure(
            name: "ID_IPV6_ADDR of 4 octets", type: .identificationInitiator, body: "05000000 01020304",
            code: .length, offset: 8),
        Failure(name: "CERT without an encoding", type: .certificate, body: "", code: .truncated, offset: 4),
        Failure(name: "CERTREQ without an encoding", type: .certificateRequest, body: "", code: .truncated, offset: 4),
        Failure(name: "AUTH with half a header", type: .authentication, body: "020000", code: .truncated, offset: 5),
        Failure(
            name: "nonce of 15 octets", type: .nonce, body: "000102030405060708090a0b0c0d0e", code: .length, offset: 4),
        Failure(
            name: "nonce of 257 octets", type: .nonce, body: String(repeating: "00", count: 257), code: .length,
            offset: 4),
        Failure(name: "N with half a type", type: .notify, body: "000040", code: .truncated, offset: 6),
        Failure(name: "N shorter than its SPI", type: .notify, body: "03044009 010203", code: .truncated, offset: 8),
        Failure(
            name: "D of the IKE SA with an SPI", type: .delete, body: "01040001 01020304", code: .length, offset: 5),
        Failure(name: "D of ESP with SPIs of 8 octets", type: .delete, body: "03080000", code: .length, offset: 5),
        Failure(
            name: "D with fewer SPIs than it says", type: .delete, body: "03040002 01020304", code: .length, offset: 6),
        Failure(
            name: "D with more SPIs than it says", type: .delete, body: "03040001 01020304 05", code: .length, offset: 6
        ),
        Failure(name: "D with 65535 SPIs of no octets", type: .delete, body: "0900ffff", code: .length, offset: 6),
        Failure(
            name: "TS with fewer selectors than it says", type: .trafficSelectorsInitiator,
            body: "02000000 07000010 0000ffff c0000100 c00001ff", code: .truncated, offset: 24),
        Failure(
            name: "TS with more selectors than it says", type: .trafficSelectorsResponder,
            body: "00000000 07000010 0000ffff c0000100 c00001ff", code: .leftover, offset: 8),
        Failure(
            name: "IPv4 selector of 15 octets", type: .trafficSelectorsInitiator,
            body: "01000000 0700000f 0000ffff c0000100 c00001", code: .length, offset: 10),
        Failure(
            name: "IPv6 selector of 16 octets", type: .trafficSelectorsInitiator,
            body: "01000000 08000010 0000ffff c0000100 c00001ff", code: .length, offset: 10),
        Failure(
            name: "unknown selector of 3 octets", type: .trafficSelectorsInitiator, body: "01000000 0a000003",
            code: .length, offset: 10),
        Failure(
            name: "selector with its addresses the wrong way round", type: .trafficSelectorsInitiator,
            body: "01000000 07000010 0000ffff c00001ff c0000100", code: .value, offset: 16),
        Failure(name: "CP with half a header", type: .configuration, body: "0100", code: .truncated, offset: 5),
        Failure(
            name: "CP attribute longer than the payload", type: .configuration, body: "01000000 00010004 010203",
            code: .truncated, offset: 12),
        Failure(name: "EAP of 3 octets", type: .eap, body: "010900", code: .truncated, offset: 4),
        Failure(name: "EAP of another length than it says", type: .eap, body: "0109000601", code: .length, offset: 6),
    ]

    @Test(arguments: failures) func `a malformed payload is refused, and the error says where`(_ row: Failure) throws {
        let octets = Self.chain(row.type, [UInt8](hex: row.body))
        let error = #expect(throws: WireError.self) { try Message.parsePayloads(first: row.type, octets[...]) }
        #expect(error?.code == row.code, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.offset == row.offset, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.notifyType == .invalidSyntax)
    }

    @Test func `offsets count from the start of the octets, also in a later payload of a slice`() {
        let octets = [UInt8](hex: "ffff") + [UInt8](hex: "28000008 00004022") + Self.chain(.nonce, Array(0..<15))
        let error = #expect(throws: WireError.self) { try Message.parsePayloads(first: .notify, octets[2...]) }
        #expect(error?.description == "expected 16...256 octets of nonce, found 15 at octet 12")
    }

    @Test func `limits hold`() {
        func refused(_ type: PayloadType, _ octets: [UInt8]) -> WireError.Code? {
            (#expect(throws: WireError.self) { try Message.parsePayloads(first: type, octets[...]) })?.code
        }
        let vendorIDs = (0...WireLimit.payloads).flatMap { _ in [UInt8](hex: "2b000004") }
        #expect(refused(.vendorID, vendorIDs) == .limit)

        let attributes = (0...WireLimit.transformAttributes).flatMap { _ in [UInt8](hex: "800e0080") }
        let transform = [UInt8](hex: "000000") + [UInt8(8 + attributes.count)] + [UInt8](hex: "01000014") + attributes
        let proposal = [UInt8](hex: "000000") + [UInt8(8 + transform.count)] + [UInt8](hex: "01010001") + transform
        #expect(refused(.securityAssociation, Self.chain(.securityAssociation, proposal)) == .limit)

        var proposals: [UInt8] = []
        for number in UInt8(1)...9 {
            // 9 × 255 transforms.
            proposals += [UInt8](hex: "02000800") + [number] + [UInt8](hex: "0100ff")
            for index in 0..<255 { proposals += [UInt8](hex: index == 254 ? "00000008 04000013" : "03000008 04000013") }
        }
        #expect(refused(.securityAssociation, Self.chain(.securityAssociation, proposals)) == .limit)

        let values = (0...WireLimit.configurationAttributes).flatMap { _ in [UInt8](hex: "00010000") }
        #expect(refused(.configuration, Self.chain(.configuration, [UInt8](hex: "01000000") + values)) == .limit)
    }
}
