import MobileIPv6
import NetAddress
import Testing

@Suite struct MobilityHeaderTests {
    static let home = IPAddress("2001:1::10")!
    static let agent = IPAddress("2001:1::1")!
    static let abroad = IPAddress("2001::41a:a8ff:fe6f:c67")!

    static let messages: [MobilityMessage] = [
        .bindingRefreshRequest,
        .bindingUpdate(
            BindingUpdate(
                sequence: 0x1234, keyManagementMoves: true, lifetimeSeconds: 262140,
                options: [.alternateCareOfAddress(abroad)])),
        .bindingUpdate(BindingUpdate(sequence: 0, keyManagementMoves: false, lifetimeSeconds: 0)),
        .bindingAcknowledgement(
            BindingAcknowledgement(
                .accepted, keyManagementMoves: true, sequence: 0x1234, lifetimeSeconds: 600,
                options: [.refreshAdvice(seconds: 300)])),
        .bindingAcknowledgement(
            BindingAcknowledgement(
                .sequenceOutOfWindow, keyManagementMoves: false, sequence: 7, lifetimeSeconds: 0,
                options: [.other(type: 200, octets: [1, 2, 3])])),
        .bindingError(status: 1, homeAddress: home),
        .other(type: 1, octets: [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]

    @Test(arguments: messages)
    func `what is written is read back`(_ message: MobilityMessage) throws {
        let octets = MobilityHeader.octets(of: message, from: Self.home, to: Self.agent)
        #expect(octets.count % 8 == 0)
        #expect(try MobilityHeader.message(octets, from: Self.home, to: Self.agent) == message)
    }

    /// By RFC 6275 §6.1.7: A, H, K; a quarter of the lifetime; PadN, then the care-of address at 8n + 6.
    @Test func `a Binding Update has its fields where the RFC has them`() {
        let octets = MobilityHeader.octets(of: Self.messages[1], from: Self.home, to: Self.agent)
        #expect(octets.count == 32)
        #expect(Array(octets[0..<4]) == [59, 3, 5, 0])
        #expect(Array(octets[6..<16]) == [0x12, 0x34, 0xd0, 0, 0xff, 0xff, 1, 0, 3, 16])
        #expect(Array(octets[16...]) == Self.abroad.octets)
    }

    @Test(arguments: messages)
    func `a message cut short is refused at every octet`(_ message: MobilityMessage) {
        let octets = MobilityHeader.octets(of: message, from: Self.home, to: Self.agent)
        for count in 0..<octets.count {
            #expect(throws: MobilityError.self) {
                try MobilityHeader.message(Array(octets.prefix(count)), from: Self.home, to: Self.agent)
            }
        }
    }

    @Test func `a message with another end, or a bit turned, has another checksum`() throws {
        var octets = MobilityHeader.octets(of: Self.messages[1], from: Self.home, to: Self.agent)
        #expect(throws: MobilityError.self) {
            try MobilityHeader.message(octets, from: Self.abroad, to: Self.agent)
        }
        octets[7] ^= 1
        #expect(throws: MobilityError.self) { try MobilityHeader.message(octets, from: Self.home, to: Self.agent) }
    }

    /// Lengths that lie, with a checksum that is right.
    @Test(arguments: [[3, 15], [3, 17], [2, 3], [9, 40]] as [[UInt8]])
    func `an option that does not fit is refused with its place`(_ option: [UInt8]) {
        let body: [UInt8] = [0, 1, 0xc0, 0, 0, 1] + option
        let octets = MobilityHeader.octets(
            of: .other(type: 5, octets: body + [UInt8](repeating: 0, count: 18)), from: Self.home, to: Self.agent)
        #expect(throws: MobilityError.option(at: 12)) {
            try MobilityHeader.message(octets, from: Self.home, to: Self.agent)
        }
    }
}
