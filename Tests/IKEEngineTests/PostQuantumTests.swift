import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import Testing

/// Post-quantum pre-shared keys (RFC 8784): every row of its Table 1, and keys that differ.
@Suite struct PostQuantumTests {
    private static func key(_ name: String, _ secret: String = "quantum") -> PostQuantumKey {
        PostQuantumKey(indices: [], name: Array(name.utf8), secret: SecretBytes(Array(secret.utf8)))
    }

    private func ladder(
        west: PPKPolicy, _ westKeys: [PostQuantumKey], east: PPKPolicy, _ eastKeys: [PostQuantumKey],
        names: [String] = []
    ) -> Ladder {
        let ladder = Ladder(change: { connection, isWest in
            connection.ppk = isWest ? west : east
            if isWest { connection.ppkNames = names.map { Array($0.utf8) } }
        })
        for (end, keys) in [(ladder.west, westKeys), (ladder.east, eastKeys)] {
            var secrets = PreSharedKeys([
                PreSharedKeys.Entry(indices: [], secret: SecretBytes(Array(Ladder.secret.utf8)))
            ])
            secrets.postQuantum = keys
            ladder.tell(end, .setSecrets(secrets))
        }
        ladder.up(staysUp: false)
        return ladder
    }

    private func mixed(_ end: Ladder.End) -> Bool { end.has { if case .ppkMixed = $0 { true } else { false } } }
    private func failed(_ end: Ladder.End, _ wanted: FailureReason) -> Bool {
        end.has { if case .ikeFailed(_, _, wanted) = $0 { true } else { false } }
    }

    /// Both have the Child SA, with the same keys.
    private func expectUp(_ ladder: Ladder, mixed isMixed: Bool, _ location: SourceLocation = #_sourceLocation) {
        #expect(
            ladder.west.isEstablished && ladder.east.isEstablished,
            "\(ladder.east.events.filter { if case .ikeFailed = $0 { true } else { false } })",
            sourceLocation: location)
        #expect(ladder.west.installs.count == 1 && ladder.east.installs.count == 1, sourceLocation: location)
        let keys = [ladder.west.installs.first?.outbound, ladder.east.installs.first?.inbound]
            .map { $0?.encryptionKey.exposed }
        #expect(keys[0] != nil && keys[0] == keys[1], sourceLocation: location)
        #expect(mixed(ladder.east) == isMixed, sourceLocation: location)
    }

    @Test(arguments: [PPKPolicy.propose, .insist], [PPKPolicy.propose, .insist])
    func `with the same key at both ends it is used`(west: PPKPolicy, east: PPKPolicy) {
        let ladder = ladder(west: west, [Self.key("A")], east: east, [Self.key("B", "other"), Self.key("A")])
        expectUp(ladder, mixed: true)
        #expect(mixed(ladder.west))
        // What protects messages is as before, and what is derived later comes from the mixed keys.
        let west = ladder.west.engine
        ladder.tell(ladder.west, .rekeyChild(west.childSAs[0].child))
        ladder.settle()
        ladder.tell(ladder.east, .rekeyIKE(ladder.east.engine.ikeSAs[0].ike))
        ladder.settle()
        let keys = [ladder.west.standing.first?.outbound, ladder.east.standing.first?.inbound]
            .map { $0?.encryptionKey.exposed }
        #expect(ladder.west.standing.count == 1 && keys[0] != nil && keys[0] == keys[1])
    }

    @Test func `the keys differ from those without a PPK`() {
        func keys(_ policy: PPKPolicy) -> [[UInt8]] {
            ladder(west: policy, [Self.key("A")], east: policy, [Self.key("A")]).west.installs
                .map(\.outbound.encryptionKey.exposed)
        }
        #expect(keys(.insist).count == 1 && keys(.insist) != keys(.never))
    }

    @Test func `another value under the same name is found out, by whoever checks first`() {
        let ladder = ladder(west: .propose, [Self.key("A")], east: .propose, [Self.key("A", "else")])
        #expect(!ladder.west.isEstablished && !ladder.east.isEstablished)
        #expect(failed(ladder.east, .authenticationMismatch))
        #expect(failed(ladder.west, .refused(.authenticationFailed)))
    }

    @Test func `a responder without it goes on as if nothing were, where neither insists`() {
        // It has none at all, and so says no USE_PPK; or another, and then takes the other AUTH.
        expectUp(ladder(west: .propose, [Self.key("A")], east: .propose, []), mixed: false)
        expectUp(ladder(west: .propose, [Self.key("A")], east: .propose, [Self.key("B")]), mixed: false)
        expectUp(ladder(west: .propose, [Self.key("A")], east: .never, [Self.key("A")]), mixed: false)
        expectUp(ladder(west: .never, [], east: .propose, [Self.key("A")]), mixed: false)
    }

    @Test func `who insists does not go on without`() {
        let refusedByPeer = ladder(west: .insist, [Self.key("A")], east: .never, [Self.key("A")])
        #expect(failed(refusedByPeer.west, .ppk(.unsupportedByPeer)) && refusedByPeer.wire.count == 2)
        let none = ladder(west: .insist, [], east: .insist, [Self.key("A")])
        #expect(failed(none.west, .ppk(.noneForPeer)) && none.wire.count == 2)
        let unknown = ladder(west: .insist, [Self.key("A")], east: .propose, [Self.key("B")])
        #expect(failed(unknown.east, .ppk(.unknownIdentity)))
        #expect(failed(unknown.west, .refused(.authenticationFailed)))
        let eastInsists = ladder(west: .propose, [Self.key("A")], east: .insist, [Self.key("B")])
        #expect(failed(eastInsists.east, .ppk(.unknownIdentity)))
        let eastAlone = ladder(west: .never, [], east: .insist, [Self.key("A")])
        #expect(failed(eastAlone.east, .ppk(.unsupportedByPeer)))
        for ladder in [refusedByPeer, none, unknown, eastInsists, eastAlone] {
            #expect(ladder.west.installs.isEmpty && ladder.east.installs.isEmpty)
        }
    }

    @Test func `of several the first that is named is used`() {
        let all = [Self.key("A"), Self.key("B", "second")]
        let ladder = ladder(west: .insist, all, east: .insist, [Self.key("B", "second")], names: ["B", "A"])
        expectUp(ladder, mixed: true)
    }
}
