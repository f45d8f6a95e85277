import IKEWire
import NetAddress
import Recordings
import Testing

@Suite struct MessageTests {
    static let header = IKEHeader(
        initiatorSPI: IKESPI(0x0cc7_d4b1_0a1d_3a26), responderSPI: IKESPI(0xa1c4_85ef_095a_609c),
        exchangeType: .informational, isInitiator: true, isResponse: false, messageID: 0x0102_0304)

    /// A message whose Length is set to what it has.
    static func fixed(_ octets: [UInt8]) -> [UInt8] {
        var octets = octets
        for byte in 0..<4 { octets[24 + byte] = UInt8(truncatingIfNeeded: octets.count >> (24 - 8 * byte)) }
        return octets
    }

    static func refusal(_ octets: [UInt8]) -> WireError? {
        #expect(throws: WireError.self) { try Message(parsing: octets) }
    }

    @Test func `the header is written as RFC 7296 draws it`() throws {
        let message = Message(header: Self.header, payloads: [])
        let octets = message.encoded()
        #expect(octets.hex == "0cc7d4b10a1d3a26a1c485ef095a609c" + "00202508" + "01020304" + "0000001c")
        #expect(try Message(parsing: octets) == message)
        #expect(Self.header.initiatorSPI.description == "0cc7d4b10a1d3a26")
    }

    @Test(arguments: [false, true], [false, true])
    func `flags are read as they are written`(_ isInitiator: Bool, _ isResponse: Bool) throws {
        var header = Self.header
        (header.isInitiator, header.isResponse) = (isInitiator, isResponse)
        header.canSpeakHigherVersion = isInitiator != isResponse
        header.minorVersion = 7
        #expect(try Message(parsing: Message(header: header, payloads: []).encoded()).header == header)
    }

    @Test func `a message that libreswan sent is read and written octet for octet`() throws {
        let message = try Message(parsing: SampleMessages.saInitResponse)
        #expect(message.header.exchangeType == .ikeSAInit)
        #expect(message.header.isResponse && !message.header.isInitiator)
        #expect(
            message.payloadList()
                == "SA,KE,Nr,N(IKEV2_FRAGMENTATION_SUPPORTED),N(NAT_DETECTION_SOURCE_IP),"
                + "N(NAT_DETECTION_DESTINATION_IP),N(CHILDLESS_IKEV2_SUPPORTED)")
        #expect(message.encoded() == SampleMessages.saInitResponse)
        let inside = try Message.parsePayloads(
            first: .identificationInitiator, SampleMessages.authRequestInside[...])
        #expect(Payload.list(inside, isResponse: false) == "IDi,IDr,AUTH,N(TICKET_REQUEST),SA,TSi,TSr")
        #expect(Message.encodePayloads(inside).octets == SampleMessages.authRequestInside)
    }

    @Test func `a message cut off at any octet is refused, whatever its Length says`() {
        let whole = SampleMessages.saInitResponse
        for count in 0..<whole.count {
            let part = Array(whole[..<count])
            #expect(throws: WireError.self) { try Message(parsing: part) }
            guard count >= IKEHeader.octetCount else { continue }
            #expect(throws: WireError.self) { try Message(parsing: Self.fixed(part)) }
        }
    }

    @Test func `every octet of a message, changed to every value, is refused or means something that can be written`() {
        var (read, refused) = (0, 0)
        for index in SampleMessages.saInitResponse.indices {
            for value in UInt8.min...UInt8.max {
                var octets = SampleMessages.saInitResponse
                octets[index] = value
                guard let message = try? Message(parsing: octets) else {
                    refused += 1
                    continue
                }
                read += 1
                guard (try? Message(parsing: message.encoded())) == message else {
                    Issue.record("octet \(index) changed to \(value): \(message) is not what it is written as")
                    continue
                }
            }
        }
        // Nonces, hashes and SPIs take any value; lengths and counts don't.
        #expect(read > 10000)
        #expect(refused > 5000)
    }

    @Test func `every octet inside an IKE_AUTH request, changed, is refused or means something that can be written`() {
        var (read, refused) = (0, 0)
        for index in SampleMessages.authRequestInside.indices {
            for bit in 0..<8 {
                var octets = SampleMessages.authRequestInside
                octets[index] ^= 1 << bit
                guard let payloads = try? Message.parsePayloads(first: .identificationInitiator, octets[...]) else {
                    refused += 1
                    continue
                }
                read += 1
                let (first, again) = Message.encodePayloads(payloads)
                #expect((try? Message.parsePayloads(first: first, again[...])) == payloads)
            }
        }
        #expect(read > 500)
        #expect(refused > 500)
    }

    @Test func `Length must be the datagram's`() {
        let octets = SampleMessages.saInitResponse
        #expect(Self.refusal(octets + [0])?.code == .length)
        #expect(Self.refusal(Self.fixed(octets + [0]))?.code == .leftover)
        #expect(Self.refusal(Array(repeating: 0, count: 65536))?.code == .limit)
    }

    @Test func `another major version is told apart, its header can be read, and a higher minor one is ignored`() throws
    {
        var octets = SampleMessages.saInitResponse
        octets[17] = 0x30
        let error = Self.refusal(octets)
        #expect(error?.code == .majorVersion)
        #expect(error?.notifyType == .invalidMajorVersion)
        #expect(try IKEHeader(parsing: octets).majorVersion == 3)
        octets[17] = 0x2f
        #expect(try Message(parsing: octets).header.minorVersion == 15)
    }

    @Test func `an unknown payload survives, and asks for rejection only if it is critical`() throws {
        let quiet = UnknownPayload(type: PayloadType(222), isCritical: false, body: [1, 2])
        let critical = UnknownPayload(type: PayloadType(223), isCritical: true, body: [])
        var message = Message(header: Self.header, payloads: [.unknown(quiet), .notify(NotifyPayload(type: .cookie))])
        #expect(try Message(parsing: message.encoded()) == message)
        #expect(message.unsupportedCriticalPayload == nil)
        message.payloads.append(.unknown(critical))
        let again = try Message(parsing: message.encoded())
        #expect(again.payloads == message.payloads)
        #expect(again.unsupportedCriticalPayload == PayloadType(223))
        #expect(again.payloadList() == "222,N(COOKIE),223")
    }

    @Test func `random messages come back as they were`() throws {
        var random = SplitMix(state: 0x5eed)
        for _ in 0..<300 {
            let message = RandomMessage.make(&random)
            let octets = message.encoded()
            #expect(try Message(parsing: octets) == message)
            #expect(try Message(parsing: octets).encoded() == octets)
        }
    }
}
