import MobileIPv6
import NetAddress
import Netlink
import Testing

/// What an end finds that its daemon of before has left, and what it leaves itself.
extension RegistrationTests {
    @Test func `what a killed daemon left at the node is taken on from where it was`() throws {
        for careOf in [Here.abroad, IPAddress("2001::50")!] {
            var node = try node
            _ = node.handle(.start(left: [Here.home: Here.abroad]), at: 0)
            let actions = node.handle(.addresses([careOf]), at: 0)
            let payload = actions.compactMap { action -> IPAddress? in
                if case .setPolicy(let policy) = action, policy.priority == IPsecPlan.payloadPriority,
                    policy.direction == .outbound
                {
                    policy.templates[0].source
                } else {
                    nil
                }
            }
            #expect(payload == [Here.abroad])
            #expect(Self.steps(actions).suffix(3) == ["tunnel", "address on ip6tnl1", "route"])
            let moves = Self.lines(actions).filter { $0.hasPrefix("migrate outbound") && $0.contains("reqid 2") }
            #expect(
                moves
                    == (careOf == Here.abroad
                        ? []
                        : [
                            "migrate outbound \(Here.abroad) \(Here.agent) to \(careOf) \(Here.agent) reqid 2 km \(careOf) \(Here.agent)"
                        ])
            )
            #expect(Self.sent(actions) != nil)
        }
        // At home, it is taken away.
        var node = try node
        _ = node.handle(.start(left: [Here.home: Here.abroad]), at: 0)
        let home = node.handle(.addresses([IPAddress("2001:1::77")!]), at: 0)
        #expect(Self.steps(home).first == "no route" && Self.lines(home).contains { $0.hasPrefix("update") })
    }

    @Test func `what a killed daemon left at the home agent goes, and a new binding begins as the first one`() throws {
        var agent = try agent
        let start = agent.handle(.start(left: [Here.home: Here.abroad, IPAddress("2001:1::11")!: Here.abroad]), at: 0)
        #expect(
            Self.steps(start).prefix(5) == [
                "no route", "no tunnel", "no policy inbound", "no policy outbound", "no policy forward",
            ])
        #expect(
            Self.lines(start).contains(
                "migrate inbound \(Here.abroad) \(Here.agent) to \(Here.home) \(Here.agent) reqid 2 km \(Here.agent) \(Here.home)"
            ))
        #expect(agent.registered.isEmpty)
        let update = BindingUpdate(
            sequence: 1, keyManagementMoves: true, lifetimeSeconds: 60,
            options: [.alternateCareOfAddress(Here.abroad)])
        let actions = agent.handle(.message(.bindingUpdate(update), from: Here.home, to: Here.agent), at: 1)
        #expect(
            Self.lines(actions).contains(
                "migrate inbound \(Here.home) \(Here.agent) to \(Here.abroad) \(Here.agent) reqid 2 km \(Here.agent) \(Here.abroad)"
            ))
    }

    @Test func `a node that stops leaves states and key manager where its next start looks for them`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        let stopped = Self.lines(node.handle(.stop, at: 10))
        #expect(
            stopped.contains(
                "migrate outbound \(Here.abroad) \(Here.agent) to \(Here.home) \(Here.agent) reqid 2 km \(Here.home) \(Here.agent)"
            ))
    }

    @Test func `the care-of address that a policy goes by is read back from it`() throws {
        let set = try MobilityConfigurationTests.configuration(.mobileNode).policySets[0]
        for role in [MobilityConfiguration.Role.mobileNode, .homeAgent] {
            let plan = IPsecPlan(set, role)
            func found(_ policies: [XFRMPolicy]) -> IPAddress? {
                plan.careOfAddress { id in policies.first { $0.id == id } }
            }
            let isNode = role == .mobileNode
            let abroad = plan.payloadPolicies(
                here: isNode ? Here.abroad : Here.agent, there: isNode ? Here.agent : Here.abroad)
            #expect(found(abroad) == Here.abroad)
            #expect(found(plan.homePayloadPolicies) == nil && found([]) == nil)
        }
    }
}
