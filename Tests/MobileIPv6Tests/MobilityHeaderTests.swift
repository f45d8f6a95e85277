import NetAddress
import Testing

@testable import MobileIPv6

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

    /// Reserved octets that are not 0, and an option of a type to come (§6.1.2, §6.1.9, §6.2.1).
    @Test func `what is reserved and what is unknown is passed over`() throws {
        let option: [UInt8] = [201, 2, 7, 7]
        func read(_ type: UInt8, _ body: [UInt8]) throws -> MobilityMessage {
            var octets = MobilityHeader.octets(of: .other(type: type, octets: body), from: Self.home, to: Self.agent)
            octets[3] = 0xff
            (octets[4], octets[5]) = (0, 0)
            let sum = MobilityHeader.checksum(octets, from: Self.home, to: Self.agent)
            (octets[4], octets[5]) = (UInt8(sum >> 8), UInt8(truncatingIfNeeded: sum))
            return try MobilityHeader.message(octets, from: Self.home, to: Self.agent)
        }
        #expect(try read(0, [0xff, 0xff] + option) == .bindingRefreshRequest)
        #expect(
            try read(7, [2, 0xff] + Self.home.octets + option) == .bindingError(status: 2, homeAddress: Self.home))
        guard
            case .bindingUpdate(let update) = try read(
                5, [0, 1, 0xdf, 0xff, 0, 1] + option + [3, 16] + Self.abroad.octets)
        else { throw MobilityError.truncated(at: 0) }
        #expect(update.careOfAddress == Self.abroad && update.keyManagementMoves && !update.hasLinkLocalIdentifier)
    }

    @Test
    func `a solicitation is answered with its number, once in a second, and an answer to another one is not awaited`()
        throws
    {
        var (node, agent) = (PrefixExchange(), PrefixExchange())
        let question = node.solicit(identifier: 0x1234)
        let first = agent.answer(to: question, of: Self.home, at: 5000)
        let answer = try #require(first)
        // Code, checksum, M and O are 0; Prefix Information: 64, L and A, for ever, 2001:1::.
        #expect(Array(answer[..<12]) == [147, 0, 0, 0, 0x12, 0x34, 0, 0, 3, 4, 64, 0xc0])
        #expect(Array(answer[12..<24]) == [UInt8](repeating: 0xff, count: 8) + [0, 0, 0, 0])
        #expect(Array(answer[24...]) == IPAddress("2001:1::")!.octets)
        #expect(node.isAwaited(answer) && !agent.isAwaited(answer) && !node.isAwaited(question))
        for (home, time, isAnswered) in [(Self.home, 5999, false), (Self.abroad, 5999, true), (Self.home, 6000, true)] {
            let again = agent.answer(to: question, of: home, at: Int64(time))
            #expect((again != nil) == isAnswered)
        }
        let toAnswer = agent.answer(to: answer, of: Self.home, at: 9000)
        #expect(toAnswer == nil && !node.isAwaited([147]))
        _ = node.solicit(identifier: 0x1235)
        #expect(!node.isAwaited(answer))
    }

    @Test func `a link is told of a card as a router's neighbour would tell it`() {
        let octets = NeighborAdvertisement.octets(of: Self.home, at: MACAddress("06:1a:a8:6f:0c:67")!)
        #expect(Array(octets[..<8]) == [136, 0, 0, 0, 0x20, 0, 0, 0])
        #expect(Array(octets[8..<24]) == Self.home.octets && octets[24...] == [2, 1, 6, 0x1a, 0xa8, 0x6f, 0x0c, 0x67])
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
