import IKEModel
import IKEWire
import Testing

@testable import IKEEngine

/// Message IDs that run out (RFC 7296 §2.2).
struct MessageIDTests {
    @Test(arguments: [true, false]) func `an IKE SA is replaced long before`(isOurs: Bool) throws {
        let ladder = Ladder()
        ladder.up()
        let (west, east) = (ladder.west.engine, ladder.east.engine)
        let old = try #require(west.ikes.values.first)
        let peer = try #require(east.ikes.values.first)
        let (asking, answering) = isOurs ? (old, peer) : (peer, old)
        asking.nextRequestID = 1 << 31
        answering.requests = RequestWindow(expected: 1 << 31)
        ladder.tell(isOurs ? ladder.west : ladder.east, .probe(asking.id))
        ladder.settle()
        ladder.pass(.seconds(1))
        #expect(west.ikes[old.id] == nil && west.ikeSAs.count == 1 && east.ikeSAs.count == 1)
        #expect(west.ikeSAs.first?.state == .established && west.childSAs.count == 1)
    }

    @Test func `one that could not be replaced ends`() throws {
        let ladder = Ladder(change: { connection, _ in connection.rekeys = false })
        ladder.up(staysUp: false)
        let (old, peer) = (
            try #require(ladder.west.engine.ikes.values.first), try #require(ladder.east.engine.ikes.values.first)
        )
        old.nextRequestID = UInt32.max - 10
        peer.requests = RequestWindow(expected: UInt32.max - 10)
        ladder.tell(ladder.west, .probe(old.id))
        ladder.settle()
        ladder.pass(.seconds(1))
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.east.engine.ikeSAs.isEmpty)
    }
}
