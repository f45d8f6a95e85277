import MobileIPv6
import NetAddress
import Netlink
import Testing

/// A mobile node and its home agent, told what each other sends, with a clock of their own.
@Suite struct RegistrationTests {
    typealias Here = MobilityHeaderTests

    /// What counts in this suite, as text: messages, events and migrations in order.
    static func lines(_ actions: [MobilityAction]) -> [String] {
        actions.compactMap { action in
            switch action {
            case .send(let datagram):
                let via = datagram.careOfAddress.map { " via \($0)" } ?? ""
                switch datagram.message {
                case .bindingUpdate(let update):
                    return
                        "update \(update.sequence) at \(update.careOfAddress?.description ?? "-") for \(update.lifetimeSeconds)"
                        + (update.keyManagementMoves ? " K" : "") + via
                case .bindingAcknowledgement(let answer):
                    return "acknowledgement \(answer.status.number) of \(answer.sequence) for \(answer.lifetimeSeconds)"
                        + (answer.keyManagementMoves ? " K" : "") + via
                default: return "type \(datagram.message.type)" + via
                }
            case .migrate(let migration):
                let step = migration.steps[0]
                let manager = migration.keyManager.map { " km \($0.local) \($0.remote)" } ?? ""
                return "migrate \(migration.direction) \(step.oldSource) \(step.oldDestination)"
                    + " to \(step.newSource) \(step.newDestination) reqid \(step.reqid)" + manager
            case .wake(let time): return time.map { "wake \($0)" }
            default: return nil
            }
        }
    }

    static func sent(_ actions: [MobilityAction]) -> MobilityDatagram? {
        for case .send(let datagram) in actions { return datagram }
        return nil
    }

    var node: MobileNode {
        get throws { MobileNode(try MobilityConfigurationTests.configuration(.mobileNode), sequence: 6) }
    }
    var agent: HomeAgent { get throws { HomeAgent(try MobilityConfigurationTests.configuration(.homeAgent)) } }

    @Test func `attaching abroad migrates the four policies, then registers`() throws {
        var node = try node
        _ = node.handle(.start, at: 0)
        let actions = node.handle(.addresses([Here.abroad]), at: 0)
        let manager = "km 2001::41a:a8ff:fe6f:c67 2001:1::1"
        #expect(
            Self.lines(actions) == [
                "migrate outbound :: :: to 2001::41a:a8ff:fe6f:c67 2001:1::1 reqid 1 \(manager)",
                "migrate inbound :: :: to 2001:1::1 2001::41a:a8ff:fe6f:c67 reqid 1 \(manager)",
                "migrate outbound 2001:1::10 2001:1::1 to 2001::41a:a8ff:fe6f:c67 2001:1::1 reqid 2 \(manager)",
                "migrate inbound 2001:1::1 2001:1::10 to 2001:1::1 2001::41a:a8ff:fe6f:c67 reqid 2 \(manager)",
                "update 7 at 2001::41a:a8ff:fe6f:c67 for 262140 K", "wake 1500",
            ])
        // Tunnel and home address stand before anything is sent by them.
        #expect(actions.first == .setTunnel("ip6tnl1", local: Here.abroad, remote: Here.agent))
        #expect(actions.dropFirst().first == .addHomeAddress(Here.home, interface: "ip6tnl1"))
    }

    @Test func `an update that nobody answers is sent again after 1.5 s, then twice as long each time, up to 32 s`()
        throws
    {
        var node = try node
        _ = node.handle(.start, at: 0)
        var actions = node.handle(.addresses([Here.abroad]), at: 0)
        var times: [Int64] = []
        for _ in 0..<7 {
            guard case .wake(let time?) = actions.last else { break }
            times.append(time)
            actions = node.handle(.timer, at: time)
        }
        #expect(times == [1500, 4500, 10500, 22500, 46500, 78500, 110500])
        // §11.8: each with a number of its own.
        #expect(Self.lines(actions).first == "update 14 at 2001::41a:a8ff:fe6f:c67 for 262140 K")
    }

    @Test func `a registration, a move and the return home go through both ends`() throws {
        var node = try node
        var agent = try agent
        _ = node.handle(.start, at: 0)
        _ = agent.handle(.start, at: 0)
        func exchange(_ input: MobilityInput, at now: Int64) -> (agent: [String], node: [MobilityAction]) {
            let update = Self.sent(node.handle(input, at: now))
            guard let update else { return ([], []) }
            let answers = agent.handle(.message(update.message, from: update.source, to: update.destination), at: now)
            guard let answer = Self.sent(answers) else { return (Self.lines(answers), []) }
            let actions = node.handle(.message(answer.message, from: answer.source, to: answer.destination), at: now)
            return (Self.lines(answers), actions)
        }
        let first = exchange(.addresses([Here.abroad]), at: 0)
        #expect(first.agent.contains("acknowledgement 0 of 7 for 262140 K via 2001::41a:a8ff:fe6f:c67"))
        #expect(
            first.agent.contains(
                "migrate outbound 2001:1::1 2001:1::10 to 2001:1::1 2001::41a:a8ff:fe6f:c67 reqid 2"
                    + " km 2001:1::1 2001::41a:a8ff:fe6f:c67"))
        #expect(first.node.contains(.solicitPrefixes(from: Here.home, to: Here.agent)))
        #expect(first.node.last == .wake(3000) && node.isRegistered)
        // The first has asked for a tunnel and was lost; of the second there is an answer.
        #expect(node.handle(.timer, at: 3000) == [.solicitPrefixes(from: Here.home, to: Here.agent), .wake(9000)])
        #expect(node.handle(.prefixesAdvertised(from: Here.agent), at: 3001) == [.wake(196_605_000)])

        let other = IPAddress("2001::50")!
        // The address in use stays in use while it is there.
        #expect(Self.lines(node.handle(.addresses([other, Here.abroad]), at: 5000)) == ["wake 196605000"])
        let second = exchange(.addresses([other]), at: 6000)
        #expect(
            second.agent.contains(
                "migrate inbound 2001::41a:a8ff:fe6f:c67 2001:1::1 to 2001::50 2001:1::1 reqid 2"
                    + " km 2001:1::1 2001::50"))
        #expect(second.agent.contains("acknowledgement 0 of 8 for 262140 K via 2001::50"))
        #expect(agent.registered == [Here.home: other])
        // Prefixes are asked for once.
        #expect(!second.node.contains(.solicitPrefixes(from: Here.home, to: Here.agent)))

        let third = exchange(.addresses([IPAddress("2001:1::77")!]), at: 7000)
        #expect(third.agent.contains("acknowledgement 0 of 9 for 0 K"))
        #expect(
            third.agent.contains(
                "migrate outbound 2001:1::1 2001::50 to 2001:1::1 2001:1::10 reqid 2 km 2001:1::1 2001:1::10"))
        #expect(agent.registered.isEmpty && !node.isRegistered)
        #expect(third.node.contains(.event(.bindingEnded(Here.home))))
    }

    @Test func `a node that moves to and fro sends at most three updates a second, and the last place counts`() throws {
        var node = try node
        _ = node.handle(.start, at: 0)
        let places = [Here.abroad, IPAddress("2001::50")!]
        var updates = 0
        var last: [MobilityAction] = []
        for step in 0..<9 {
            last = node.handle(.addresses([places[step % 2]]), at: Int64(step) * 50)
            updates += Self.sent(last) == nil ? 0 : 1
        }
        #expect(updates == 3)
        #expect(last.last == .wake(1000))
        let late = node.handle(.timer, at: 1000)
        #expect(Self.lines(late).first == "update 10 at 2001::41a:a8ff:fe6f:c67 for 262140 K")
    }

    @Test func `a home agent that knows a later number says so, and the node goes on from there`() throws {
        var node = try node
        var agent = try agent
        _ = agent.handle(.start, at: 0)
        let old = BindingUpdate(
            sequence: 500, keyManagementMoves: true, lifetimeSeconds: 600,
            options: [.alternateCareOfAddress(Here.abroad)])
        _ = agent.handle(.message(.bindingUpdate(old), from: Here.home, to: Here.agent), at: 0)
        _ = node.handle(.start, at: 0)
        let update = try #require(Self.sent(node.handle(.addresses([Here.abroad]), at: 0)))
        let refusal = try #require(
            Self.sent(agent.handle(.message(update.message, from: Here.home, to: Here.agent), at: 1)))
        let again = node.handle(.message(refusal.message, from: Here.agent, to: Here.home), at: 2)
        #expect(Self.lines(again).first == "update 501 at 2001::41a:a8ff:fe6f:c67 for 262140 K")
        let accepted = try #require(Self.sent(again))
        let answer = agent.handle(.message(accepted.message, from: Here.home, to: Here.agent), at: 3)
        #expect(Self.lines(answer).contains("acknowledgement 0 of 501 for 262140 K via 2001::41a:a8ff:fe6f:c67"))
    }

    @Test func `a care-of address that goes while an update is under way is registered when it comes back`() throws {
        var node = try node
        _ = node.handle(.start, at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        _ = node.handle(.addresses([]), at: 100)
        let again = node.handle(.addresses([Here.abroad]), at: 200)
        #expect(Self.lines(again).first == "update 8 at 2001::41a:a8ff:fe6f:c67 for 262140 K")
        // Seen once more it is nothing new.
        #expect(Self.sent(node.handle(.addresses([Here.abroad]), at: 300)) == nil)
    }

    @Test func `an update that names no care-of address does not end the binding that there is`() throws {
        var agent = try agent
        _ = agent.handle(.start, at: 0)
        func take(_ sequence: UInt16, _ options: [MobilityOption]) -> [MobilityAction] {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(sequence: sequence, keyManagementMoves: true, lifetimeSeconds: 60, options: options))
            return agent.handle(.message(update, from: Here.home, to: Here.agent), at: 0)
        }
        _ = take(1, [.alternateCareOfAddress(Here.abroad)])
        #expect(agent.registered.count == 1)
        #expect(Self.sent(take(2, [])) == nil)
        #expect(agent.registered.count == 1)
    }

    @Test func `an update of a stranger, and an acknowledgement of one, change nothing`() throws {
        var agent = try agent
        _ = agent.handle(.start, at: 0)
        let update = MobilityMessage.bindingUpdate(
            BindingUpdate(
                sequence: 1, keyManagementMoves: false, lifetimeSeconds: 60,
                options: [.alternateCareOfAddress(Here.abroad)]))
        let actions = agent.handle(.message(update, from: IPAddress("2001:1::66")!, to: Here.agent), at: 0)
        // Not even an answer: no IPsec policy covers such an address.
        #expect(Self.sent(actions) == nil)
        #expect(agent.registered.isEmpty)

        var node = try node
        _ = node.handle(.start, at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        let answer = MobilityMessage.bindingAcknowledgement(
            BindingAcknowledgement(.accepted, keyManagementMoves: true, sequence: 7, lifetimeSeconds: 60))
        _ = node.handle(.message(answer, from: IPAddress("2001:1::66")!, to: Here.home), at: 1)
        #expect(!node.isRegistered)
        _ = node.handle(.message(answer, from: Here.agent, to: Here.home), at: 1)
        #expect(node.isRegistered)
    }

    @Test func `a binding that is not renewed ends, and its tunnel with it`() throws {
        var agent = try agent
        _ = agent.handle(.start, at: 0)
        let update = BindingUpdate(
            sequence: 1, keyManagementMoves: true, lifetimeSeconds: 60,
            options: [.alternateCareOfAddress(Here.abroad)])
        let actions = agent.handle(.message(.bindingUpdate(update), from: Here.home, to: Here.agent), at: 0)
        #expect(actions.last == .wake(60000))
        #expect(agent.handle(.timer, at: 59999) == [.wake(60000)])
        let ended = agent.handle(.timer, at: 60000)
        #expect(ended.first == .event(.bindingExpired(Here.home)))
        #expect(ended.contains(.deleteTunnel("ip6tnl1")) && agent.registered.isEmpty)
    }

    @Test(arguments: ["fe80::1", "ff02::1", "::1", "::"])
    func `an address that nobody else can reach is no care-of address`(_ address: String) throws {
        var agent = try agent
        let update = BindingUpdate(
            sequence: 1, keyManagementMoves: true, lifetimeSeconds: 60,
            options: [.alternateCareOfAddress(IPAddress(address)!)])
        let actions = agent.handle(.message(.bindingUpdate(update), from: Here.home, to: Here.agent), at: 0)
        #expect(Self.sent(actions) == nil && agent.registered.isEmpty)
    }

    @Test func `the policies are the document's`() throws {
        let set = try MobilityConfigurationTests.configuration(.mobileNode).policySets[0]
        let plan = IPsecPlan(set, .mobileNode)
        let header = plan.headerPolicies
        #expect(
            header.map(\.id.description) == [
                "inbound from 2001:1::1/128 to 2001:1::10/128 protocol 135",
                "outbound from 2001:1::10/128 to 2001:1::1/128 protocol 135",
            ])
        #expect(header.allSatisfy { $0.priority == 2 && $0.templates.map(\.reqid) == [1] })
        #expect(header.allSatisfy { $0.templates[0].source.isUnspecified && $0.templates[0].mode == .transport })
        let payload = plan.payloadPolicies(here: Here.abroad, there: Here.agent)
        #expect(
            payload.map(\.id.description) == [
                "inbound from ::/0 to 2001:1::10/128", "outbound from 2001:1::10/128 to ::/0",
            ])
        #expect(
            payload.allSatisfy { $0.priority == 10 && $0.templates[0].reqid == 2 && $0.templates[0].mode == .tunnel })
        // Else the kernel drops what the home agent sends on for the node.
        #expect(IPsecPlan(set, .homeAgent).homePayloadPolicies.map(\.direction) == [.inbound, .outbound, .forward])
    }
}
