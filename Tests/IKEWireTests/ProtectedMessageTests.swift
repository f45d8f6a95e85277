import IKEWire
import Recordings
import Testing

@Suite struct ProtectedMessageTests {
    static let header = MessageTests.header
    static let body: [UInt8] = Array(0x80..<0xa0)
    static let cookie = Payload.notify(NotifyPayload(type: .cookie, data: [1]))

    @Test func `an Encrypted payload is read back with its prefix and body`() throws {
        let prefix = Message.protectedPrefix(
            header: Self.header, inner: .identificationInitiator, bodyCount: Self.body.count)
        #expect(prefix.hex == "0cc7d4b10a1d3a26a1c485ef095a609c" + "2e20250801020304" + "00000040" + "23000024")
        let message = try Message(parsing: prefix + Self.body)
        #expect(message.header.nextPayload == .encrypted)
        #expect(message.payloads == [])
        #expect(
            message.protected
                == ProtectedPayload(
                    kind: .encrypted, innerFirst: .identificationInitiator, prefix: prefix, body: Self.body))
        #expect(message.encoded() == prefix + Self.body)
        #expect(message.payloadList() == "SK{...}")
        #expect(message.payloadList(inner: [Self.cookie]) == "SK{N(COOKIE)}")
        #expect(message.payloadList(inner: []) == "SK{}")
    }

    @Test func `payloads in clear stand before it, and are covered by the prefix`() throws {
        let prefix = Message.protectedPrefix(
            header: Self.header, inner: .none, bodyCount: Self.body.count, clear: [Self.cookie])
        let message = try Message(parsing: prefix + Self.body)
        #expect(message.payloads == [Self.cookie])
        #expect(message.protected?.prefix == prefix)
        #expect(message.protected?.innerFirst == PayloadType.none)
        #expect(message.payloadList() == "N(COOKIE),SK{...}")
    }

    @Test func `a fragment's numbers are part of the prefix, and only the first names the inner payload`() throws {
        for number in UInt16(1)...3 {
            let prefix = Message.protectedPrefix(
                header: Self.header, inner: .notify, bodyCount: Self.body.count, fragment: (number, 3))
            #expect(prefix.suffix(8).hex == (number == 1 ? "29" : "00") + "000028" + "000\(number)0003")
            let message = try Message(parsing: prefix + Self.body)
            let protected = try #require(message.protected)
            #expect(protected.kind == .fragment(number: number, total: 3))
            #expect(protected.type == .encryptedFragment)
            #expect(protected.innerFirst == (number == 1 ? .notify : .none))
            #expect(protected.prefix == prefix)
            #expect(protected.body == Self.body)
            #expect(message.payloadList() == "SKF(\(number)/3){...}")
        }
    }

    @Test(arguments: [(0, 3), (4, 3), (0, 0), (1, 0), (65535, 65534)])
    func `a fragment number outside 1...total is refused`(_ number: Int, _ total: Int) {
        var octets =
            Message.protectedPrefix(header: Self.header, inner: .notify, bodyCount: 32, fragment: (1, 1)) + Self.body
        octets[32...35] = [UInt8(number >> 8), UInt8(number & 0xff), UInt8(total >> 8), UInt8(total & 0xff)]
        #expect(MessageTests.refusal(octets)?.code == .value)
        #expect(MessageTests.refusal(octets)?.offset == 32)
    }

    @Test func `payloads in clear before a later fragment are refused`() throws {
        var octets =
            Message.protectedPrefix(
                header: Self.header, inner: .notify, bodyCount: 32, fragment: (1, 2), clear: [Self.cookie]) + Self.body
        #expect(try Message(parsing: octets).payloads == [Self.cookie])
        // Its number, behind the header, the notification of 9 octets and the generic header.
        octets[28 + 9 + 4 + 1] = 2
        #expect(MessageTests.refusal(octets)?.code == .order)
    }

    @Test func `what stands behind an Encrypted payload is refused`() {
        let prefix = Message.protectedPrefix(header: Self.header, inner: .notify, bodyCount: Self.body.count)
        let octets = MessageTests.fixed(prefix + Self.body + [UInt8](hex: "00000008 00004022"))
        let error = MessageTests.refusal(octets)
        #expect(error?.code == .order)
        #expect(error?.offset == 28)
    }

    @Test(arguments: [PayloadType.encrypted, .encryptedFragment])
    func `an Encrypted payload inside an Encrypted payload is refused`(_ type: PayloadType) {
        let octets = [type.rawValue] + [UInt8](hex: "000008 00004022") + [UInt8](hex: "00000008 00010001")
        let error = #expect(throws: WireError.self) { try Message.parsePayloads(first: .notify, octets[...]) }
        #expect(error?.code == .order)
        #expect(error?.offset == 8)
    }

    @Test func `a fragment without room for its numbers is refused`() {
        let whole = Message.protectedPrefix(header: Self.header, inner: .notify, bodyCount: 0, fragment: (1, 1))
        for count in 28..<36 {
            var octets = MessageTests.fixed(Array(whole[..<count]))
            #expect(throws: WireError.self) { try Message(parsing: octets) }
            guard count >= 32 else { continue }
            octets[31] = UInt8(count - 28)
            #expect(MessageTests.refusal(octets)?.code == .truncated)
        }
    }

    @Test func `nothing inside is nothing to parse`() throws {
        #expect(try Message.parsePayloads(first: .none, []) == [])
        #expect(throws: WireError.self) { try Message.parsePayloads(first: .none, [0]) }
        let (first, octets) = Message.encodePayloads([])
        #expect(first == .none)
        #expect(octets == [])
    }

    @Test func `a datagram of port 4500 is told apart by its first octets`() {
        #expect(EncapsulatedDatagram(parsing: [0xff]) == .keepalive)
        #expect(EncapsulatedDatagram(parsing: [0, 0, 0, 0, 1, 2]) == .ike([1, 2]))
        #expect(EncapsulatedDatagram(parsing: [0, 0, 0, 1, 1, 2]) == .esp([0, 0, 0, 1, 1, 2]))
        #expect(EncapsulatedDatagram(parsing: [0, 0, 0]) == .short(3))
        #expect(EncapsulatedDatagram(parsing: []) == .short(0))
    }
}
