import IKEWire
import NetAddress
import Recordings
import Testing

/// Per payload type: octets and the value that they mean; octets that mean nothing, and why.
@Suite struct PayloadTableTests {
    struct Success: Sendable, CustomTestStringConvertible {
        var name: String
        var payload: Payload
        /// The body behind the generic header.
        var body: String
        var testDescription: String { name }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var name: String
        var type: PayloadType
        var body: String
        var code: WireError.Code
        /// From the start of the generic header.
        var offset: Int
        var testDescription: String { name }
    }

    static func range(_ first: String, _ last: String) -> IPRange { IPRange(IPAddress(first)!, IPAddress(last)!)! }

    static let aesGCM256 = Transform(type: .encryption, id: 20, keyLength: 256)
    static let sha512 = Transform(type: .prf, id: 7)
    static let ecp256 = Transform(type: .keyExchange, id: 19)

    static let successes: [Success] = [
        Success(
            name: "SA with one IKE proposal",
            payload: .securityAssociation([
                Proposal(number: 1, protocolID: .ike, transforms: [aesGCM256, sha512, ecp256])
            ]),
            body: "0000002401010003 0300000c01000014800e0100 0300000802000007 0000000804000013"),
        Success(
            name: "SA with two ESP proposals",
            payload: .securityAssociation([
                Proposal(number: 1, protocolID: .esp, spi: [1, 2, 3, 4], transforms: [aesGCM256]),
                Proposal(
                    number: 2, protocolID: .esp, spi: [1, 2, 3, 4],
                    transforms: [Transform(type: .extendedSequenceNumbers, id: 0)]),
            ]),
            body: "0200001801030401 01020304 0000000c01000014800e0100 0000001402030401 01020304 0000000805000000"),
        Success(
            name: "SA with an answer's single proposal 4, without transforms",
            payload: .securityAssociation([Proposal(number: 4, protocolID: ProtocolID(200), transforms: [])]),
            body: "0000000804c80000"),
        Success(
            name: "SA with unknown transform type, ID and attributes of both forms",
            payload: .securityAssociation([
                Proposal(
                    number: 1, protocolID: .ike,
                    transforms: [
                        Transform(
                            type: TransformType(241), id: 65000,
                            attributes: [
                                TransformAttribute(type: 14, value: .long([])),
                                TransformAttribute(type: 32767, value: .long([9, 8, 7])), .keyLength(0),
                                .keyLength(128),
                            ])
                    ])
            ]),
            body: "0000002301010001 0000001b f100fde8 000e0000 7fff0003090807 800e0000 800e0080"),
        Success(
            name: "KE", payload: .keyExchange(KeyExchangePayload(group: 31, data: [1, 2, 3])), body: "001f0000 010203"),
        Success(
            name: "IDi with a name",
            payload: .identificationInitiator(Identification(type: .fqdn, data: Array("west".utf8))),
            body: "02000000 77657374"),
        Success(
            name: "IDr with an address",
            payload: .identificationResponder(Identification(type: .ipv4Address, data: [192, 1, 2, 23])),
            body: "01000000 c0010217"),
        Success(
            name: "IDi with an IPv6 address",
            payload: .identificationInitiator(
                Identification(type: .ipv6Address, data: IPAddress("2001:db8::1")!.octets)),
            body: "05000000 20010db8000000000000000000000001"),
        Success(
            name: "IDi of type null", payload: .identificationInitiator(Identification(type: .null, data: [])),
            body: "0d000000"),
        Success(
            name: "CERT", payload: .certificate(CertificatePayload(encoding: .x509Signature, data: [0x30, 0])),
            body: "04 3000"),
        Success(
            name: "CERTREQ",
            payload: .certificateRequest(
                CertificateRequestPayload(encoding: .x509Signature, authority: Array(repeating: 7, count: 20))),
            body: "04 0707070707070707070707070707070707070707"),
        Success(
            name: "AUTH",
            payload: .authentication(AuthenticationPayload(method: .digitalSignature, data: [1, 2])),
            body: "0e000000 0102"),
        Success(
            name: "shortest nonce", payload: .nonce(Array(0..<16)), body: "000102030405060708090a0b0c0d0e0f"),
        Success(
            name: "longest nonce", payload: .nonce(Array(repeating: 0xee, count: 256)),
            body: String(repeating: "ee", count: 256)),
        Success(
            name: "N without SPI or data", payload: .notify(NotifyPayload(type: .ticketRequest)), body: "0000401a"),
        Success(
            name: "N with SPI and data",
            payload: .notify(NotifyPayload(protocolID: .esp, spi: [1, 2, 3, 4], type: .rekeySA, data: [5])),
            body: "03044009 01020304 05"),
        Success(
            name: "N of an unknown type",
            payload: .notify(NotifyPayload(type: NotifyType(40000), data: [1])), body: "00009c40 01"),
        Success(name: "D of the IKE SA", payload: .delete(DeletePayload(protocolID: .ike)), body: "01000000"),
        Success(
            name: "D of two Child SAs",
            payload: .delete(DeletePayload(protocolID: .esp, spis: [[1, 2, 3, 4], [5, 6, 7, 8]])),
            body: "03040002 01020304 05060708"),
        Success(name: "V", payload: .vendorID([0xde, 0xad]), body: "dead"),
        Success(
            name: "TSi of IPv4",
            payload: .trafficSelectorsInitiator([TrafficSelector(range("192.0.1.0", "192.0.1.255"))]),
            body: "01000000 07000010 0000ffff c0000100 c00001ff"),
        Success(
            name: "TSr of IPv6, and an opaque port",
            payload: .trafficSelectorsResponder([
                TrafficSelector(range("2001:db8::", "2001:db8::f"), ipProtocol: 17, startPort: 53, endPort: 53),
                TrafficSelector(range("10.0.0.1", "10.0.0.1"), ipProtocol: 6, startPort: 65535, endPort: 0),
            ]),
            body: """
                02000000 08110028 00350035 20010db8000000000000000000000000 20010db800000000000000000000000f
                07060010 ffff0000 0a000001 0a000001
                """),
        Success(
            name: "CP",
            payload: .configuration(
                ConfigurationPayload(
                    type: .request,
                    attributes: [
                        ConfigurationAttribute(type: .internalIPv4Address),
                        ConfigurationAttribute(type: ConfigurationAttributeType(0x7abc), value: [1, 2]),
                    ])),
            body: "01000000 00010000 7abc0002 0102"),
        Success(name: "EAP", payload: .eap([1, 9, 0, 5, 1]), body: "0109000501"),
        Success(
            name: "unknown, critical",
            payload: .unknown(UnknownPayload(type: PayloadType(200), isCritical: true, body: [1])), body: "01"),
        Success(
            name: "unknown, not critical",
            payload: .unknown(UnknownPayload(type: PayloadType(54), isCritical: false, body: [])), body: ""),
    ]

    /// A chain of one payload, and its type.
    static func chain(_ type: PayloadType, _ body: [UInt8], flags: UInt8 = 0) -> [UInt8] {
        let length = UInt16(4 + body.count)
        return [0, flags, UInt8(length >> 8), UInt8(length & 0xff)] + body
    }

    static func chain(_ success: Success) -> [UInt8] {
        var flags: UInt8 = 0
        if case .unknown(let unknown) = success.payload, unknown.isCritical { flags = 0x80 }
        return chain(success.payload.type, [UInt8](hex: success.body), flags: flags)
    }

    @Test(arguments: successes) func `a payload is read`(_ row: Success) throws {
        #expect(try Message.parsePayloads(first: row.payload.type, Self.chain(row)[...]) == [row.payload])
    }

    @Test(arguments: successes) func `a payload is written`(_ row: Success) {
        let (first, octets) = Message.encodePayloads([row.payload])
        #expect(first == row.payload.type)
        #expect(octets.hex == Self.chain(row).hex)
    }

    @Test(arguments: successes) func `a payload that ends too early is refused at every octet`(_ row: Success) {
        let whole = Self.chain(row)
        for count in 0..<whole.count {
            #expect(throws: WireError.self) {
                try Message.parsePayloads(first: row.payload.type, whole[..<count])
            }
        }
    }

    /// With the Payload Length shortened too, so that the body's own parser meets the end.
    @Test(arguments: successes) func `a body that ends too early is refused, or means something else`(_ row: Success) {
        let body = [UInt8](hex: row.body)
        for count in 0..<body.count {
            let octets = Self.chain(row.payload.type, Array(body[..<count]))
            guard let payloads = try? Message.parsePayloads(first: row.payload.type, octets[...]) else { continue }
            #expect(payloads != [row.payload])
            let again = Message.encodePayloads(payloads)
            #expect(again.octets.hex == octets.hex)
        }
    }

    @Test func `all payloads of a chain are read and written in order`() throws {
        let payloads = Self.successes.map(\.payload)
        let (first, octets) = Message.encodePayloads(payloads)
        #expect(try Message.parsePayloads(first: first, octets[...]) == payloads)
    }

    @Test func `reserved bits and the critical bit of a known type are ignored`() throws {
        let octets = Self.chain(.authentication, [UInt8](hex: "02aabbcc 0102"), flags: 0xff)
        let payloads = try Message.parsePayloads(first: .authentication, octets[...])
        #expect(payloads == [.authentication(AuthenticationPayload(method: .sharedKeyMIC, data: [1, 2]))])
        #expect(Message.encodePayloads(payloads).octets.hex == "0000000a020000000102")
    }

    @Test func `an identity's reserved octets are kept for its MAC and make no other identity`() throws {
        let octets = Self.chain(.identificationInitiator, [UInt8](hex: "02aabbcc 77"))
        guard
            case .identificationInitiator(let identity) =
                try Message.parsePayloads(first: .identificationInitiator, octets[...])[0]
        else { return #expect(Bool(false), "not an IDi") }
        #expect(identity.body == [UInt8](hex: "02aabbcc 77"))
        #expect(identity == Identification(type: .fqdn, data: [0x77]))
        #expect(Identification(type: .fqdn, data: [0x77]).body == [UInt8](hex: "02000000 77"))
    }

    @Test func `a traffic selector of an unknown type is passed over`() throws {
        let octets = Self.chain(
            .trafficSelectorsInitiator, [UInt8](hex: "02000000 0a000006 abcd 07000010 0000ffff c0000100 c00001ff"))
        #expect(
            try Message.parsePayloads(first: .trafficSelectorsInitiator, octets[...]) == [
                .trafficSelectorsInitiator([TrafficSelector(Self.range("192.0.1.0", "192.0.1.255"))])
            ])
    }
}
