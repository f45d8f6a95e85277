import IKECrypto
import IKEModel
import IKEWire
import Testing

@testable import IKEEngine

/// IKE_INTERMEDIATE (RFC 9242): the exchange, and that AUTH covers it.
struct IntermediateTests {
    private func ladder(west: Bool = true, east: Bool = true, octets: Int = 0) -> Ladder {
        let ladder = Ladder(change: { connection, isWest in connection.intermediate = isWest ? west : east })
        for end in [ladder.west, ladder.east] where octets > 0 {
            end.engine.intermediatePayloads = [.vendorID([UInt8](repeating: 7, count: octets))]
        }
        return ladder
    }

    private static let names = [
        "IKE_SA_INIT request 0", "IKE_SA_INIT response 0", "IKE_INTERMEDIATE request 1", "IKE_INTERMEDIATE response 1",
        "IKE_AUTH request 2", "IKE_AUTH response 2",
    ]

    @Test func `it goes before IKE_AUTH where both ends want it`() {
        let ladder = ladder()
        ladder.up()
        #expect(ladder.wire.map(\.name) == Self.names)
        #expect(ladder.west.installs.count == 1 && ladder.east.installs.count == 1)
    }

    @Test(arguments: [(true, false), (false, true)])
    func `it does not, where one end knows nothing of it`(west: Bool, east: Bool) {
        let ladder = ladder(west: west, east: east)
        ladder.up()
        #expect(ladder.wire.count == 4 && ladder.west.installs.count == 1)
    }

    @Test func `what it carries is authenticated, in fragments too`() {
        let ladder = ladder(octets: 2000)
        ladder.up()
        #expect(ladder.wire.filter { $0.header.exchangeType == .ikeIntermediate }.count > 4)
        #expect(ladder.west.installs.count == 1 && ladder.east.installs.count == 1)
    }

    @Test(arguments: [true, false]) func `who changes it on the way is found out`(isRequest: Bool) {
        let ladder = ladder(octets: 100)
        // As somebody who has the keys of the first exchange could.
        (isRequest ? ladder.west : ladder.east).engine.tamper = { exchange, _, plaintext in
            if exchange == .ikeIntermediate, !plaintext.isEmpty { plaintext[plaintext.count - 1] ^= 1 }
        }
        ladder.up(staysUp: false)
        #expect(ladder.west.installs.isEmpty && ladder.east.installs.isEmpty)
        #expect(
            ladder.east.has { if case .ikeFailed(_, _, .authenticationMismatch) = $0 { true } else { false } })
    }

    @Test func `a lost message of it is sent again`() {
        for lost in 2..<4 {
            let ladder = ladder()
            ladder.link = { sent, number in number == lost ? [] : [sent.datagram] }
            ladder.up()
            ladder.pass(.seconds(3))
            #expect(ladder.west.installs.count == 1 && ladder.east.installs.count == 1)
        }
    }

    @Test func `a late repetition of the first request is not answered by it`() {
        let ladder = ladder()
        ladder.link = { sent, number in number == 2 ? [ladder.wire[0].datagram, sent.datagram] : [sent.datagram] }
        ladder.up()
        #expect(ladder.west.installs.count == 1)
    }
}
