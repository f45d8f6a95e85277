import IKEModel
import IKEWire
import NetAddress
import Testing

@testable import IKEEngine

/// Mobile IPv6: policies are a daemon's of its own, which moves them and tells key management where to go (RFC 4877). West is
/// carol, the mobile node, east is moon, her home agent.
@Suite struct MigrationTests {
    private static let home = IPAddress("2001:1::10")!
    private static let agent = IPAddress("2001:1::1")!
    private static let abroad = IPAddress("2001::41a:a8ff:fe6f:c67")!
    private static let elsewhere = IPAddress("2001::50")!
    private static let (header, tunnel) = (ConnectionID(1), ConnectionID(2))

    private func carolAndMoon() -> Ladder {
        let ladder = Ladder()
        ladder.eastAddresses = [Self.agent]
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            for id in [Self.header, Self.tunnel] {
                var connection = Ladder.connection(isWest: isWest)
                connection.id = id
                connection.name = id == Self.header ? "mh" : "tunnel"
                connection.mode = id == Self.header ? .transport : .tunnel
                connection.isTransportProxy = id == Self.header
                connection.installsPolicies = false
                connection.narrowing = true
                connection.reqid = UInt32(id.number)
                connection.rekeys = true
                let everywhere = IPPrefix(.unspecified(.v6), length: 0)!
                var node = TrafficSelector(IPPrefix(host: Self.home))
                var other = TrafficSelector(id == Self.header ? IPPrefix(host: Self.agent) : everywhere)
                if id == Self.header { (node.ipProtocol, other.ipProtocol) = (135, 135) }
                connection.local.host = .address(isWest ? Self.abroad : Self.agent)
                connection.remote.host = isWest ? .address(Self.agent) : .any(.v6)
                connection.local.selectors = [isWest ? node : other]
                connection.remote.selectors = [isWest ? other : node]
                ladder.tell(end, .add(connection))
            }
        }
        return ladder
    }

    private func acquire(_ ladder: Ladder, _ connection: ConnectionID) {
        let packet = AcquiringPacket(
            source: Self.home, destination: Self.agent, ipProtocol: connection == Self.header ? 135 : 58)
        ladder.report(ladder.west, .acquire(connection, packet))
        ladder.settle()
    }

    /// As the kernel tells of the payload's outbound policy.
    private func migration(
        to ends: (local: IPAddress, remote: IPAddress)?, from old: (IPAddress, IPAddress) = (abroad, agent)
    ) -> PolicyMigration {
        let new = ends ?? (Self.elsewhere, Self.agent)
        return PolicyMigration(
            source: TrafficSelector(IPPrefix(host: Self.home)),
            destination: TrafficSelector(IPPrefix(.unspecified(.v6), length: 0)!), direction: .outbound,
            steps: [.init(from: old, to: (new.0, new.1), mode: .tunnel, reqid: 2)],
            keyManager: ends.map { .init(local: $0.local, remote: $0.remote) })
    }

    private func path(_ end: Ladder.End) -> [IPAddress] {
        end.engine.ikeSAs.first.map { [$0.local.address, $0.remote.address] } ?? []
    }

    private func established() -> Ladder {
        let ladder = carolAndMoon()
        acquire(ladder, Self.header)
        acquire(ladder, Self.tunnel)
        return ladder
    }

    @Test func `IKE runs from the care-of address, and a proxy's SAs have the selectors' ends`() throws {
        let ladder = established()
        #expect(path(ladder.west) == [Self.abroad, Self.agent] && path(ladder.east) == [Self.agent, Self.abroad])
        let west = ladder.west.installs
        #expect(west.map(\.mode) == [.transport, .tunnel] && west.map(\.reqid) == [1, 2])
        #expect(west.map(\.local) == [Self.home, Self.abroad] && west.map(\.remote) == [Self.agent, Self.agent])
        #expect(west.map(\.isTransportProxy) == [true, false])
        #expect(west.allSatisfy { !$0.installsPolicies && $0.encapsulation == .none })
        // Whose request is of which mode the responder knows, though either's selectors fit into the other's.
        let east = ladder.east.installs
        #expect(east.map(\.connection) == [Self.header, Self.tunnel])
        #expect(east.map(\.remote) == [Self.home, Self.abroad])
    }

    @Test func `the tunnel can come first`() throws {
        let ladder = carolAndMoon()
        acquire(ladder, Self.tunnel)
        acquire(ladder, Self.header)
        #expect(ladder.east.installs.map(\.connection) == [Self.tunnel, Self.header])
    }

    @Test func `a migration moves the IKE SA at each end, nothing is sent, and the SAs are the kernel's to move`()
        throws
    {
        let ladder = established()
        let sent = ladder.wire.count
        ladder.report(ladder.west, .migrated(migration(to: (Self.elsewhere, Self.agent))))
        #expect(path(ladder.west) == [Self.elsewhere, Self.agent])
        #expect(path(ladder.east) == [Self.agent, Self.abroad])
        ladder.report(
            ladder.east,
            .migrated(migration(to: (Self.agent, Self.elsewhere), from: (Self.agent, Self.abroad))))
        #expect(path(ladder.east) == [Self.agent, Self.elsewhere])
        ladder.settle()
        #expect(ladder.wire.count == sent)
        #expect(ladder.west.moves.isEmpty && ladder.east.moves.isEmpty)
        #expect(ladder.west.story.suffix(2) == ["policyMigrated", "ikeMoved"])
        // Both of its Child SAs are of the new end.
        #expect(ladder.east.engine.childSAs.allSatisfy { $0.remote.address == Self.elsewhere })
    }

    @Test func `what comes behind it leaves from the new address, and makes SAs between the new ends`() throws {
        let ladder = established()
        for (end, ends) in [
            (ladder.west, (Self.elsewhere, Self.agent)), (ladder.east, (Self.agent, Self.elsewhere)),
        ] {
            ladder.report(end, .migrated(migration(to: (local: ends.0, remote: ends.1))))
        }
        let child = try #require(ladder.west.installs.last?.child)
        ladder.tell(ladder.west, .rekeyChild(child))
        ladder.settle()
        let request = try #require(ladder.wire.last { $0.name.hasPrefix("CREATE_CHILD_SA request") })
        #expect(request.datagram.local.address == Self.elsewhere)
        #expect(ladder.west.installs.count == 3 && ladder.east.installs.count == 3)
        #expect(ladder.west.installs.last?.local == Self.elsewhere)
        #expect(ladder.east.installs.last?.remote == Self.elsewhere)
    }

    @Test func `a rekeying that a move overtakes is repeated from the new address and ends well`() throws {
        let ladder = established()
        ladder.link = { sent, _ in sent.datagram.local.address == Self.abroad ? [] : [sent.datagram] }
        let child = try #require(ladder.west.installs.last?.child)
        ladder.tell(ladder.west, .rekeyChild(child))
        ladder.settle()
        #expect(ladder.west.installs.count == 2)
        ladder.report(ladder.west, .migrated(migration(to: (Self.elsewhere, Self.agent))))
        ladder.report(ladder.east, .migrated(migration(to: (Self.agent, Self.elsewhere))))
        ladder.pass(.seconds(2))
        #expect(ladder.west.standing.map(\.local).contains(Self.elsewhere))
        #expect(ladder.west.installs.count == 3 && ladder.east.installs.count == 3)
        #expect(ladder.west.installs.last?.inbound.spi == ladder.east.installs.last?.outbound.spi)
    }

    @Test func `a migration before the first exchange says where it begins`() throws {
        let ladder = carolAndMoon()
        ladder.report(ladder.west, .migrated(migration(to: (Self.elsewhere, Self.agent))))
        acquire(ladder, Self.tunnel)
        #expect(path(ladder.west) == [Self.elsewhere, Self.agent])
        #expect(ladder.wire.allSatisfy { $0.datagram.local.address != Self.abroad })
    }

    @Test func `IKE_SA_INIT under way begins again from the new address, and no NAT is found`() throws {
        let ladder = carolAndMoon()
        ladder.link = { sent, _ in sent.datagram.local.address == Self.abroad ? [] : [sent.datagram] }
        acquire(ladder, Self.tunnel)
        ladder.report(ladder.west, .migrated(migration(to: (Self.elsewhere, Self.agent))))
        ladder.settle()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.wire.allSatisfy { $0.datagram.local.port == 500 && $0.datagram.remote.port == 500 })
    }

    /// As the kernel tells of the payload's inbound policy, where key management does not follow.
    private func migrationLeavingBehind(
        from old: (local: IPAddress, remote: IPAddress), to new: (local: IPAddress, remote: IPAddress)
    ) -> PolicyMigration {
        PolicyMigration(
            source: TrafficSelector(IPPrefix(.unspecified(.v6), length: 0)!),
            destination: TrafficSelector(IPPrefix(host: Self.home)), direction: .inbound,
            steps: [.init(from: (old.remote, old.local), to: (new.remote, new.local), mode: .tunnel, reqid: 2)],
            keyManager: nil)
    }

    @Test func `without the key manager's addresses both ends forget the IKE SA of the old place, and begin anew`()
        throws
    {
        let ladder = established()
        let sent = ladder.wire.count
        ladder.report(ladder.west, .migrated(migration(to: nil)))
        // The states' other half is still to come.
        #expect(path(ladder.west) == [Self.abroad, Self.agent])
        ladder.report(
            ladder.west,
            .migrated(migrationLeavingBehind(from: (Self.abroad, Self.agent), to: (Self.elsewhere, Self.agent))))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.west.standing.isEmpty)
        #expect(ladder.wire.count == sent, "nobody is told")
        // The update asks for its SA, from the new place; then it reaches the home agent.
        acquire(ladder, Self.tunnel)
        #expect(path(ladder.west) == [Self.elsewhere, Self.agent])
        ladder.report(
            ladder.east,
            .migrated(migrationLeavingBehind(from: (Self.agent, Self.abroad), to: (Self.agent, Self.elsewhere))))
        ladder.settle()
        #expect(ladder.east.engine.ikeSAs.map(\.remote.address) == [Self.elsewhere])
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
    }

    @Test
    func `at home, where key management does not follow, the SAs of before end the binding, and the next move is anew`()
        throws
    {
        let ladder = established()
        ladder.report(
            ladder.west,
            .migrated(migrationLeavingBehind(from: (Self.abroad, Self.agent), to: (Self.home, Self.agent))))
        ladder.settle()
        #expect(path(ladder.west) == [Self.abroad, Self.agent] && ladder.west.standing.count == 2)
        ladder.report(
            ladder.west,
            .migrated(migrationLeavingBehind(from: (Self.home, Self.agent), to: (Self.elsewhere, Self.agent))))
        ladder.settle()
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.west.standing.isEmpty)
        acquire(ladder, Self.tunnel)
        #expect(path(ladder.west) == [Self.elsewhere, Self.agent])
    }

    @Test func `named ends of a template that has none are IKE's, whose SA there goes with all its Child SAs`() throws {
        let ladder = established()
        func leave(
            _ end: Ladder.End, _ old: (local: IPAddress, remote: IPAddress), _ direction: PolicyMigration.Direction
        ) {
            ladder.report(
                end,
                .migrated(
                    PolicyMigration(
                        source: TrafficSelector(IPPrefix(host: Self.agent), ipProtocol: 135),
                        destination: TrafficSelector(IPPrefix(host: Self.home), ipProtocol: 135), direction: direction,
                        steps: [
                            .init(
                                from: (old.remote, old.local), to: (Self.agent, Self.home), mode: .transport, reqid: 1)
                        ], keyManager: nil)))
            ladder.settle()
        }
        acquire(ladder, Self.header)
        let sent = ladder.wire.count
        leave(ladder.west, (Self.elsewhere, Self.agent), .inbound)
        #expect(ladder.west.engine.ikeSAs.count == 1)
        leave(ladder.west, (Self.abroad, Self.agent), .inbound)
        #expect(ladder.west.engine.ikeSAs.isEmpty && ladder.west.standing.isEmpty)
        #expect(ladder.wire.count == sent, "nobody is told")
    }

    @Test func `an open template leaves behind what serves it alone`() throws {
        func move(_ end: Ladder.End, _ ladder: Ladder, to new: (IPAddress, IPAddress), isWest: Bool) {
            let (node, agent) = (IPPrefix(host: Self.home), IPPrefix(host: Self.agent))
            let nowhere = IPAddress.unspecified(.v6)
            ladder.report(
                end,
                .migrated(
                    PolicyMigration(
                        source: TrafficSelector(isWest ? agent : node, ipProtocol: 135),
                        destination: TrafficSelector(isWest ? node : agent, ipProtocol: 135), direction: .inbound,
                        steps: [.init(from: (nowhere, nowhere), to: (new.1, new.0), mode: .transport, reqid: 1)],
                        keyManager: nil)))
            ladder.settle()
        }
        // The tunnel's own migration is still to come.
        let both = established()
        move(both.west, both, to: (Self.elsewhere, Self.agent), isWest: true)
        #expect(path(both.west) == [Self.abroad, Self.agent])
        let ladder = carolAndMoon()
        acquire(ladder, Self.header)
        for (end, isWest) in [(ladder.west, true), (ladder.east, false)] {
            move(end, ladder, to: isWest ? (Self.home, Self.agent) : (Self.agent, Self.home), isWest: isWest)
            #expect(end.standing.count == 1, "at home")
            move(end, ladder, to: isWest ? (Self.abroad, Self.agent) : (Self.agent, Self.abroad), isWest: isWest)
            #expect(end.standing.count == 1, "where it is already")
            move(end, ladder, to: isWest ? (Self.elsewhere, Self.agent) : (Self.agent, Self.elsewhere), isWest: isWest)
            #expect(end.engine.ikeSAs.isEmpty && end.standing.isEmpty)
        }
    }

    @Test func `for a reqid of others, or a stay, nothing moves`() throws {
        let ladder = established()
        let here = (local: Self.abroad, remote: Self.agent)
        ladder.report(ladder.west, .migrated(migrationLeavingBehind(from: here, to: here)))
        var other = migration(to: (Self.elsewhere, Self.agent))
        other.steps[0].reqid = 99
        ladder.report(ladder.west, .migrated(other))
        #expect(path(ladder.west) == [Self.abroad, Self.agent])
        acquire(ladder, Self.header)
        #expect(ladder.wire.allSatisfy { $0.datagram.local.address != Self.elsewhere })
    }
}
