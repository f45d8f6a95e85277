import IKECrypto
import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// Configuration payloads: a gateway lends addresses and a client uses them (RFC 7296 §2.19, §3.15).
@Suite struct ConfigurationTests {
    private static let pool4 = IPPrefix("192.3.1.0/24")!.range
    private static let pool6 = IPPrefix("2001:db8:0:3:1::/97")!.range

    /// West is a client that wants to reach what is behind east; east lends it addresses.
    private func ladder(
        families: [AddressFamily] = [.v4], pools: [IPRange] = [pool4], asks: Bool = true,
        _ change: @escaping (inout Connection, Bool) -> Void = { _, _ in }
    ) -> Ladder {
        Ladder(change: { connection, isWest in
            if isWest {
                connection.local.selectors = []
                if asks { connection.configuration.requestedFamilies = families }
            } else {
                connection.remote.selectors = []
                connection.configuration.pools = pools
            }
            change(&connection, isWest)
        })
    }

    private func lease(_ end: Ladder.End) -> [IPAddress] { end.engine.ikeSAs.first?.leases ?? [] }

    @Test func `a client protects the address that it was lent, and has it while the Child SA stands`() {
        let ladder = ladder { connection, isWest in
            if !isWest {
                connection.configuration.nameServers = [IPAddress("192.0.2.53")!]
                connection.configuration.domains = ["example.com"]
            }
        }
        ladder.up()
        let address = IPAddress("192.3.1.0")!
        let selector = [TrafficSelector(IPPrefix(host: address))]
        #expect(ladder.west.installs.first?.localSelectors == selector)
        #expect(ladder.west.installs.first?.sourceAddresses == [address])
        #expect(ladder.east.installs.first?.remoteSelectors == selector)
        #expect(ladder.east.installs.first?.sourceAddresses == [])
        #expect(lease(ladder.west) == [address] && lease(ladder.east) == [address])
        let given = InternalConfiguration(
            addresses: [address], nameServers: [IPAddress("192.0.2.53")!], domains: ["example.com"])
        #expect(
            ladder.west.has { if case .configurationReceived(_, _, let got) = $0 { got == given } else { false } })
    }

    @Test func `of two families each that the gateway has is lent`() {
        let both = ladder(families: [.v4, .v6], pools: [Self.pool4, Self.pool6]) { connection, isWest in
            let behindEast = ["192.0.2.0/24", "2001:db8:0:2::/64"].map { TrafficSelector(IPPrefix($0)!) }
            connection.narrowing = true
            if isWest { connection.remote.selectors = behindEast } else { connection.local.selectors = behindEast }
        }
        both.up()
        #expect(lease(both.west) == [IPAddress("192.3.1.0")!, IPAddress("2001:db8:0:3:1::")!])
        #expect(both.west.installs.first?.remoteSelectors.count == 2)
        #expect(both.east.installs.first?.remoteSelectors.count == 2)

        let sixOnly = ladder(families: [.v4, .v6], pools: [Self.pool6]) { connection, isWest in
            let six = TrafficSelector(IPPrefix("2001:db8:0:2::/64")!)
            let four = TrafficSelector(IPPrefix("192.0.2.0/24")!)
            connection.narrowing = true
            if isWest { connection.remote.selectors = [four, six] } else { connection.local.selectors = [six] }
        }
        sixOnly.up()
        #expect(lease(sixOnly.west) == [IPAddress("2001:db8:0:3:1::")!])
        #expect(sixOnly.west.installs.first?.remoteSelectors == [TrafficSelector(IPPrefix("2001:db8:0:2::/64")!)])
    }

    @Test func `a client that asks for no address is refused its Child SA, and the IKE SA stands`() {
        let ladder = ladder(asks: false)
        ladder.up()
        #expect(
            ladder.west.has {
                if case .childRejected(_, _, .refused(.failedCPRequired)) = $0 { true } else { false }
            })
        #expect(ladder.west.isEstablished && ladder.east.isEstablished && ladder.east.installs.isEmpty)
    }

    @Test func `a client that is given nothing uses nothing, and the gateway's Child SA goes`() {
        let ladder = ladder(pools: []) { connection, isWest in
            connection.narrowing = true
            if !isWest { connection.remote.selectors = [TrafficSelector(IPPrefix("192.0.1.0/24")!)] }
        }
        ladder.up(staysUp: false)
        #expect(ladder.west.installs.isEmpty && ladder.east.standing.isEmpty)
        #expect(
            ladder.west.has {
                if case .childRejected(_, _, .refusing(.failedCPRequired)) = $0 { true } else { false }
            })
    }

    @Test func `a pool without a free address says so`() {
        let ladder = ladder(families: [.v6])
        ladder.up()
        #expect(
            ladder.west.has {
                if case .childRejected(_, _, .refused(.internalAddressFailure)) = $0 { true } else { false }
            })
    }

    @Test func `the address is kept for who had it, and goes on through a new IKE SA and a new Child SA`() throws {
        let ladder = ladder()
        ladder.up()
        let address = lease(ladder.west)
        ladder.tell(ladder.west, .rekeyIKE(try #require(ladder.west.engine.ikeSAs.first?.ike)))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.map(\.leases) == [address])
        ladder.tell(ladder.east, .rekeyChild(try #require(ladder.east.engine.childSAs.first?.child)))
        ladder.settle()
        #expect(ladder.west.standing.map(\.sourceAddresses) == [address])
        #expect(ladder.east.standing.map(\.remoteSelectors) == [[TrafficSelector(IPPrefix(host: address[0]))]])
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.isEmpty && ladder.west.standing.isEmpty)
        ladder.up()
        #expect(lease(ladder.west) == address)
    }

    @Test func `a client with two tunnels at once has two addresses, and a third finds the pool empty`() {
        let small = IPRange(IPAddress("192.3.1.7")!, IPAddress("192.3.1.8")!)!
        let ladder = ladder(pools: [small])
        for number in 2...3 {
            var another = Ladder.connection(isWest: true)
            another.id = ConnectionID(UInt64(number))
            another.local.selectors = []
            another.configuration.requestedFamilies = [.v4]
            // Of another port, so that it has an IKE SA of its own.
            another.local.identification = Identification(type: .fqdn, data: Array("west\(number)".utf8))
            ladder.tell(ladder.west, .add(another))
        }
        var anybody = Ladder.connection(isWest: false)
        anybody.id = ConnectionID(9)
        anybody.remote.identification = nil
        anybody.remote.selectors = []
        anybody.configuration.pools = [small]
        ladder.tell(ladder.east, .add(anybody))
        for number in 1...3 {
            ladder.tell(ladder.west, .initiate(ConnectionID(UInt64(number)), staysUp: false))
            ladder.settle()
        }
        #expect(
            ladder.east.engine.ikeSAs.map(\.leases) == [[small.first], [small.last], []])
        // What the second lets go of is the third's: nothing else is free, and it goes to the one who asks.
        ladder.tell(ladder.west, .terminate(ConnectionID(2)))
        ladder.tell(ladder.west, .terminate(ConnectionID(3)))
        ladder.settle()
        ladder.tell(ladder.west, .initiate(ConnectionID(3), staysUp: false))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.map(\.leases) == [[small.first], [small.last]])
    }

    @Test func `a gateway's answer with an address that is no host's is as good as none`() {
        for text in ["0.0.0.0", "127.0.0.1", "224.0.0.1"] {
            let address = IPAddress(text)!
            let ladder = ladder(pools: [IPRange(address, address)!])
            ladder.up(staysUp: false)
            #expect(ladder.west.installs.isEmpty, "\(text)")
            #expect(ladder.east.standing.isEmpty, "\(text)")
        }
    }

    @Test func `who asks what there is to be asked for is told`() throws {
        let ladder = ladder()
        ladder.up()
        let engine = ladder.east.engine
        let ike = try #require(engine.ikes.values.first)
        let connection = try #require(engine.records[ConnectionID(1)]?.connection)
        let request = ConfigurationPayload(
            type: .request,
            attributes: [
                ConfigurationAttribute(type: .internalIPv4Address), ConfigurationAttribute(type: .supportedAttributes),
            ])
        guard
            case .success(let payloads) = engine.answerConfiguration([.configuration(request)], ike, connection),
            case .configuration(let reply) = payloads.first
        else {
            Issue.record("no CP(CFG_REPLY)")
            return
        }
        let told = reply.attributes.first { $0.type == .supportedAttributes }
        #expect(told?.value == [0, 1, 0, 3, 0, 8, 0, 10, 0, 14, 0, 25])
    }

    @Test(arguments: [("10.3.7.9", true), ("192.1.2.23", false), ("192.0.2.254", false), ("127.0.0.1", false)])
    func `who has a wish is lent that address where it is nobody's, and nothing is kept of it`(
        _ text: String, _ isLent: Bool
    ) {
        let wish = IPAddress(text)!
        let ladder = ladder(pools: []) { connection, isWest in
            if isWest {
                connection.configuration.wishedAddresses = [wish]
            } else {
                connection.configuration.grantsWishes = true
            }
        }
        ladder.report(ladder.east, HostReport(addresses: [Ladder.eastAddress, IPAddress("192.0.2.254")!]))
        ladder.up(staysUp: false)
        #expect(lease(ladder.east) == (isLent ? [wish] : []))
        #expect(lease(ladder.west) == (isLent ? [wish] : []))
        #expect(ladder.east.engine.leases.keptCount == 0)
        var anybody = ladder.east.engine.leases
        #expect(anybody.lend(wish) == !isLent)
        ladder.tell(ladder.west, .terminate(ConnectionID(1)))
        ladder.settle()
        #expect(ladder.east.engine.leases.lentCount == 0)
    }

    @Test func `an address that is asked for behind IKE_AUTH is refused`() throws {
        let ladder = ladder()
        ladder.up()
        let ike = try #require(ladder.west.engine.ikes.values.first)
        let connection = try #require(ladder.west.engine.records[ConnectionID(1)]?.connection)
        let request = ConfigurationPayload(
            type: .request, attributes: [ConfigurationAttribute(type: .internalIPv4Address)])
        let selectors = ladder.west.installs[0]
        ladder.inject(
            try ladder.forge(
                ike, .createChildSA, 2,
                [
                    .configuration(request),
                    .securityAssociation(
                        ProposalNegotiation.wire(connection.espProposals, spi: ESPSPI(0x1234), withKeyExchange: false)),
                    .nonce([UInt8](repeating: 1, count: 32)),
                    .trafficSelectorsInitiator(selectors.localSelectors),
                    .trafficSelectorsResponder(selectors.remoteSelectors),
                ]))
        #expect(
            ladder.east.has {
                if case .childRejected(_, _, .refusing(.internalAddressFailure)) = $0 { true } else { false }
            })
        #expect(ladder.east.installs.count == 1)
    }
}
