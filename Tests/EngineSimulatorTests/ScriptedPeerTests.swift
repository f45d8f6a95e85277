import Testing

@testable import EngineSimulator

/// Scripts as a fuzzer writes them.
@Suite struct ScriptedPeerTests {
    @Test func `a script that deletes, one that says nothing and one of random octets break no rule`() {
        #expect(ScriptedPeer.play([]) == [])
        #expect(ScriptedPeer.play([0, 0, 42, 0, 8, 0, 0, 0, 8, 1, 0, 0, 0]) == [])
        var dice = Dice(seed: 4)
        for _ in 0..<60 { #expect(ScriptedPeer.play(RandomPayload.octets(1...120, &dice)) == []) }
    }
}
