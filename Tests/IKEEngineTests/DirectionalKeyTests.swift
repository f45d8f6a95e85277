import IKECrypto
import IKEModel
import Testing

@testable import IKEEngine

/// Each end computes its AUTH by itself, so that each may have a key of its own (RFC 7296 §2.15).
@Suite struct DirectionalKeyTests {
    private struct Keys {
        var own: String
        var peer: String?
    }

    private func isUp(west: Keys, east: Keys) -> Bool {
        let ladder = Ladder()
        for (end, keys) in [(ladder.west, west), (ladder.east, east)] {
            func secret(_ text: String) -> SecretBytes { SecretBytes(Array("a key with name \(text), and long".utf8)) }
            ladder.tell(
                end,
                .setSecrets(
                    PreSharedKeys([.init(indices: [], secret: secret(keys.own), peerSecret: keys.peer.map(secret))])))
        }
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished == ladder.east.isEstablished)
        return ladder.west.isEstablished
    }

    @Test func `two keys, each known to both ends as whose it is`() {
        #expect(isUp(west: Keys(own: "A", peer: "B"), east: Keys(own: "B", peer: "A")))
        #expect(isUp(west: Keys(own: "A"), east: Keys(own: "A", peer: "A")))
    }

    @Test func `a key is not good for the other direction`() {
        #expect(!isUp(west: Keys(own: "A", peer: "B"), east: Keys(own: "A", peer: "B")))
        // East takes what west proves itself by, and west not what east does; and the other way round.
        #expect(!isUp(west: Keys(own: "A", peer: "C"), east: Keys(own: "B", peer: "A")))
        #expect(!isUp(west: Keys(own: "C", peer: "B"), east: Keys(own: "B", peer: "A")))
        // One key is both directions' key.
        #expect(!isUp(west: Keys(own: "A", peer: "B"), east: Keys(own: "B")))
        #expect(!isUp(west: Keys(own: "A"), east: Keys(own: "A", peer: "B")))
    }
}
