import IKECrypto
import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// IKE SAs that come up without a Child SA (RFC 6023).
struct ChildlessTests {
    private func ladder(
        west: ChildlessPolicy, east: ChildlessPolicy, announces: Bool = true,
        change: @escaping (inout Connection, _ isWest: Bool) -> Void = { _, _ in }
    ) -> Ladder {
        let ladder = Ladder(
            eastProfile: WireProfile(announcesChildless: announces),
            change: { connection, isWest in
                connection.childless = isWest ? west : east
                connection.perfectForwardSecrecy = true
                change(&connection, isWest)
            })
        ladder.up(staysUp: false)
        return ladder
    }

    private func payloads(_ end: Ladder.End, _ exchange: ExchangeType, isResponse: Bool) -> [[String]] {
        end.events.compactMap { event in
            guard case .messagePassed(_, let facts) = event, !facts.isSent, facts.exchange == exchange,
                facts.isResponse == isResponse
            else { return nil }
            return facts.payloads.map { $0.listName(isResponse: isResponse) }
        }
    }

    private static let withoutChild = [
        "IKE_SA_INIT request 0", "IKE_SA_INIT response 0", "IKE_AUTH request 1", "IKE_AUTH response 1",
        "CREATE_CHILD_SA request 2", "CREATE_CHILD_SA response 2",
    ]

    @Test(arguments: [(ChildlessPolicy.force, ChildlessPolicy.force), (.prefer, .allow), (.force, .prefer)])
    func `the first Child SA comes with an exchange of its own`(west: ChildlessPolicy, east: ChildlessPolicy) {
        let ladder = ladder(west: west, east: east)
        #expect(ladder.wire.map(\.name) == Self.withoutChild)
        #expect(payloads(ladder.east, .ikeAuth, isResponse: false) == [["IDi", "IDr", "AUTH"]])
        #expect(payloads(ladder.west, .ikeAuth, isResponse: true) == [["IDr", "AUTH"]])
        let keys = [ladder.west.installs.first?.outbound, ladder.east.installs.first?.inbound]
            .map { $0?.encryptionKey.exposed }
        #expect(ladder.west.installs.count == 1 && keys[0] != nil && keys[0] == keys[1])
        #expect(ladder.west.has { if case .initiationFinished(_, true) = $0 { true } else { false } })
    }

    @Test(arguments: [(ChildlessPolicy.allow, ChildlessPolicy.prefer), (.prefer, .never), (.never, .allow)])
    func `who does not ask for it, or meets a responder that cannot, has the first Child SA in IKE_AUTH`(
        west: ChildlessPolicy, east: ChildlessPolicy
    ) {
        let ladder = ladder(west: west, east: east)
        #expect(ladder.wire.map(\.name) == Array(Self.withoutChild.prefix(4)))
        #expect(ladder.west.installs.count == 1 && ladder.east.installs.count == 1)
    }

    @Test func `who insists does not go on with a responder that says nothing of it`() {
        let ladder = ladder(west: .force, east: .allow, announces: false)
        #expect(ladder.wire.count == 2)
        #expect(ladder.west.has { if case .ikeFailed(_, _, .childlessUnsupported) = $0 { true } else { false } })
    }

    @Test func `a responder that insists refuses the Child SA of IKE_AUTH, and the IKE SA stands`() {
        let ladder = ladder(west: .allow, east: .force)
        #expect(ladder.east.isEstablished && ladder.west.installs.isEmpty && ladder.east.installs.isEmpty)
        #expect(
            ladder.west.has {
                if case .childRejected(_, _, .refused(.noAdditionalSAs)) = $0 { true } else { false }
            })
    }

    @Test func `a client has its address from IKE_AUTH, and its Child SA from the exchange behind`() throws {
        let pool = IPRange(IPAddress("192.0.3.10")!, IPAddress("192.0.3.19")!)!
        let ladder = ladder(west: .force, east: .force) { connection, isWest in
            if isWest {
                connection.configuration.requestedFamilies = [.v4]
                connection.local.selectors = []
            } else {
                connection.configuration.pools = [pool]
                connection.remote.selectors = []
            }
        }
        #expect(payloads(ladder.west, .ikeAuth, isResponse: true) == [["IDr", "AUTH", "CP"]])
        let lent = TrafficSelector(IPPrefix("192.0.3.10/32")!)
        #expect(ladder.west.installs.first?.localSelectors == [lent])
        #expect(ladder.east.installs.first?.remoteSelectors == [lent])
    }

    @Test func `a client whose gateway has no address for it ends what stands`() {
        let full = IPRange(IPAddress("192.0.3.10")!, IPAddress("192.0.3.10")!)!
        let ladder = ladder(west: .force, east: .force) { connection, isWest in
            if isWest {
                connection.configuration.requestedFamilies = [.v6]
                connection.local.selectors = []
            } else {
                connection.configuration.pools = [full]
                connection.remote.selectors = []
            }
        }
        #expect(ladder.west.installs.isEmpty && !ladder.west.isEstablished && !ladder.east.isEstablished)
        #expect(
            ladder.west.has {
                if case .ikeFailed(_, _, .refused(.internalAddressFailure)) = $0 { true } else { false }
            })
    }
}
