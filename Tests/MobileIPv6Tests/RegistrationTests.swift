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
        _ = node.handle(.start(left: [:]), at: 0)
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
    }

    /// What of the payload's way is there, step by step: a policy, or one to be asked first, and how packets could leave.
    static func steps(_ actions: [MobilityAction]) -> [String] {
        actions.compactMap { action in
            switch action {
            case .setPolicy(let policy) where policy.priority == IPsecPlan.payloadPriority:
                "policy \(policy.direction)"
            case .deletePolicy(let id) where id.selector.ipProtocol == 0: "no policy \(id.direction)"
            case .addHomeAddress(_, let interface, let noDAD): "address on \(interface)" + (noDAD ? "" : ", asked for")
            case .removeHomeAddress(_, let interface): "no address on \(interface)"
            case .setTunnel: "tunnel"
            case .deleteTunnel: "no tunnel"
            case .routeFromHome, .routeToHome: "route"
            case .advertise: "advertisement"
            case .unrouteFromHome, .unrouteToHome: "no route"
            case .addState(let state): "state at \(state.careOfAddress.map { "\($0)" } ?? "-")"
            default: nil
            }
        }
    }

    @Test func `a node's policies are the first to come and the last to go, so that nothing leaves in clear`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        #expect(
            Self.steps(node.handle(.addresses([Here.abroad]), at: 0)) == [
                "state at \(Here.abroad)", "policy inbound", "policy outbound", "tunnel", "address on ip6tnl1", "route",
            ])
        // A move leaves them where they are.
        #expect(Self.steps(node.handle(.addresses([IPAddress("2001::50")!]), at: 10)) == ["tunnel"])
        let down = ["no route", "no address on ip6tnl1", "no tunnel", "no policy inbound", "no policy outbound"]
        #expect(
            Self.steps(node.handle(.addresses([IPAddress("2001:1::77")!]), at: 20)) == down + ["address on eth0"])
        let abroad = node.handle(.addresses([Here.abroad]), at: 30)
        #expect(
            Self.steps(abroad) == [
                "state at \(Here.abroad)", "policy inbound", "policy outbound", "no address on eth0", "tunnel",
                "address on ip6tnl1", "route",
            ])
        #expect(Self.steps(node.handle(.stop, at: 40)) == down)
    }

    @Test func `a home agent's policies are the first to come and the last to go`() throws {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
        func take(_ sequence: UInt16, _ lifetime: UInt32) -> [String] {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(
                    sequence: sequence, keyManagementMoves: true, lifetimeSeconds: lifetime,
                    options: [.alternateCareOfAddress(Here.abroad)]))
            return Self.steps(agent.handle(.message(update, from: Here.home, to: Here.agent), at: 0))
        }
        let up = [
            "policy inbound", "policy outbound", "policy forward", "policy forward", "tunnel", "route", "advertisement",
        ]
        let down = ["no route", "no tunnel", "no policy inbound", "no policy outbound", "no policy forward"]
        #expect(take(1, 60) == up)
        #expect(take(2, 0) == down)
        #expect(take(3, 60) == up)
        #expect(Self.steps(agent.handle(.timer, at: 60000)) == down)
        #expect(take(4, 60) == up)
        #expect(Self.steps(agent.handle(.stop, at: 0)) == down)
    }

    @Test func `a Binding Refresh Request is answered by an update, a Binding Error changes nothing`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        let first = try #require(Self.sent(node.handle(.addresses([Here.abroad]), at: 0)))
        guard case .bindingUpdate(let update) = first.message else { throw MobilityError.truncated(at: 0) }
        // §11.7.1: A and H, and no L, of which nothing is known.
        #expect(update.wantsAcknowledgement && update.isHomeRegistration && !update.hasLinkLocalIdentifier)
        let answer = MobilityMessage.bindingAcknowledgement(
            BindingAcknowledgement(.accepted, keyManagementMoves: true, sequence: 7, lifetimeSeconds: 60))
        _ = node.handle(.message(answer, from: Here.agent, to: Here.home), at: 1)
        let error = MobilityMessage.bindingError(status: 1, homeAddress: Here.home)
        #expect(Self.sent(node.handle(.message(error, from: Here.agent, to: Here.home), at: 2)) == nil)
        #expect(node.isRegistered)
        let asked = node.handle(.message(.bindingRefreshRequest, from: Here.agent, to: Here.home), at: 3)
        #expect(Self.lines(asked).first == "update 8 at \(Here.abroad) for 262140 K")
        #expect(Self.sent(node.handle(.message(.bindingRefreshRequest, from: Here.agent, to: Here.home), at: 4)) == nil)
    }

    @Test func `an update without the A bit is acknowledged, and its tunnel ends at the care-of address`() throws {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
        var update = BindingUpdate(
            sequence: 1, keyManagementMoves: true, lifetimeSeconds: 60,
            options: [.alternateCareOfAddress(Here.abroad)])
        update.wantsAcknowledgement = false
        let actions = agent.handle(.message(.bindingUpdate(update), from: Here.home, to: Here.agent), at: 0)
        #expect(Self.lines(actions).contains("acknowledgement 0 of 1 for 60 K via \(Here.abroad)"))
        #expect(actions.contains(.setTunnel("ip6tnl1", local: Here.agent, remote: Here.abroad)))
    }

    @Test func `an agent that clears K is not followed by the key manager, from the next move on`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        #expect(Self.lines(node.handle(.addresses([Here.abroad]), at: 0)).contains { $0.contains(" km ") })
        func answer(_ sequence: UInt16, _ moves: Bool) -> MobilityMessage {
            .bindingAcknowledgement(
                BindingAcknowledgement(.accepted, keyManagementMoves: moves, sequence: sequence, lifetimeSeconds: 60))
        }
        _ = node.handle(.message(answer(7, false), from: Here.agent, to: Here.home), at: 1)
        let moved = Self.lines(node.handle(.addresses([IPAddress("2001::50")!]), at: 10))
        #expect(moved.contains { $0.hasPrefix("migrate") } && !moved.contains { $0.contains(" km ") })
        // It asks each time, and the last answer counts.
        #expect(moved.contains("update 8 at 2001::50 for 262140 K"))
        _ = node.handle(.message(answer(8, true), from: Here.agent, to: Here.home), at: 11)
        #expect(Self.lines(node.handle(.addresses([Here.abroad]), at: 20)).contains { $0.contains(" km ") })
    }

    @Test
    func `without K the answer at home ends key management of the old place, and after ten seconds it ends there`()
        throws
    {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        func answer(_ sequence: UInt16, _ moves: Bool = false, for lifetime: UInt32 = 60) -> [String] {
            let answer = BindingAcknowledgement(
                .accepted, keyManagementMoves: moves, sequence: sequence, lifetimeSeconds: lifetime)
            return Self.lines(
                node.handle(.message(.bindingAcknowledgement(answer), from: Here.agent, to: Here.home), at: 1))
        }
        #expect(!answer(7).contains { $0.hasPrefix("migrate") })
        let home = Self.lines(node.handle(.addresses([IPAddress("2001:1::77")!]), at: 10))
        #expect(home.filter { !$0.hasPrefix("wake") } == ["update 8 at \(Here.home) for 0 K"])
        let over = "migrate inbound \(Here.agent) \(Here.abroad) to \(Here.agent) \(Here.home) reqid 1"
        #expect(answer(8, for: 0).first == over)
        // And who stops does not wait for the answer.
        _ = node.handle(.addresses([Here.abroad]), at: 20)
        #expect(!answer(9).contains { $0.hasPrefix("migrate") })
        let stop = Self.lines(node.handle(.stop, at: 30))
        #expect(stop.count == 2 && stop[1].hasPrefix("migrate inbound \(Here.agent) \(Here.abroad) "))

        var agent = try agent
        func take(_ sequence: UInt16, _ lifetime: UInt32, at now: Int64) -> [String] {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(
                    sequence: sequence, keyManagementMoves: false, lifetimeSeconds: lifetime,
                    options: [.alternateCareOfAddress(lifetime == 0 ? Here.home : Here.abroad)]))
            return Self.lines(agent.handle(.message(update, from: Here.home, to: Here.agent), at: now))
        }
        func end(from sequence: UInt16) {
            _ = take(sequence, 60, at: 0)
            #expect(take(sequence + 1, 0, at: 1000) == ["acknowledgement 0 of \(sequence + 1) for 0", "wake 11000"])
            // An answer that was lost goes by the same SAs.
            #expect(take(sequence + 2, 0, at: 2000) == ["acknowledgement 0 of \(sequence + 2) for 0", "wake 12000"])
        }
        let there = "migrate inbound \(Here.abroad) \(Here.agent) to \(Here.home) \(Here.agent) reqid 1"
        _ = agent.handle(.start(left: [:]), at: 0)
        end(from: 1)
        #expect(Self.lines(agent.handle(.timer, at: 11999)) == ["wake 12000"])
        #expect(Self.lines(agent.handle(.timer, at: 12000)) == [there])
        // Who is away again has key management of its own to begin; it is not waited for at the end.
        end(from: 10)
        _ = take(13, 60, at: 3000)
        #expect(!Self.lines(agent.handle(.timer, at: 12000)).contains(there))
        end(from: 20)
        #expect(Self.lines(agent.handle(.stop, at: 3000)) == [there])
    }

    @Test func `key management that has moved in vain ends where it is`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        func answer(_ sequence: UInt16, _ moves: Bool) -> [String] {
            let answer = BindingAcknowledgement(
                .accepted, keyManagementMoves: moves, sequence: sequence, lifetimeSeconds: 60)
            return Self.lines(
                node.handle(.message(.bindingAcknowledgement(answer), from: Here.agent, to: Here.home), at: 1))
        }
        _ = answer(7, true)
        #expect(Self.lines(node.handle(.addresses([IPAddress("2001::50")!]), at: 10)).contains { $0.contains(" km ") })
        let over = "migrate inbound \(Here.agent) 2001::50 to \(Here.agent) 2001::50 reqid 1"
        #expect(answer(8, false).first == over)
        // Once.
        _ = node.handle(.message(.bindingRefreshRequest, from: Here.agent, to: Here.home), at: 2000)
        #expect(!answer(9, false).contains { $0.hasPrefix("migrate") })
    }

    @Test func `an agent's key manager follows a node that set K, and no other`() throws {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
        func take(_ sequence: UInt16, _ moves: Bool, _ careOf: IPAddress, _ lifetime: UInt32 = 60) -> [String] {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(
                    sequence: sequence, keyManagementMoves: moves, lifetimeSeconds: lifetime,
                    options: [.alternateCareOfAddress(careOf)]))
            return Self.lines(agent.handle(.message(update, from: Here.home, to: Here.agent), at: 0))
        }
        let elsewhere = IPAddress("2001::50")!
        let without = take(1, false, Here.abroad)
        #expect(without.contains("acknowledgement 0 of 1 for 60 via \(Here.abroad)"))
        #expect(without.contains { $0.hasPrefix("migrate") } && !without.contains { $0.contains(" km ") })
        #expect(take(2, true, elsewhere).contains { $0.hasSuffix(" km \(Here.agent) \(elsewhere)") })
        #expect(!take(3, false, Here.home, 0).contains { $0.contains(" km ") })
        // One that is not to move its key manager does not, whoever asks.
        var lines = MobilityConfigurationTests.node
        lines = ["NodeConfig HA;", lines[1]] + lines[9...]
        agent = HomeAgent(try MobilityConfiguration(parsing: lines.joined(separator: "\n"), file: "mip6d.conf"))
        #expect(!take(1, true, Here.abroad).contains { $0.contains(" km ") || $0.contains(" K") })
    }

    @Test func `a refusal goes to a node at home on its link, as the tunnel still has its address`() throws {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
        func answer(_ sequence: UInt16, _ lifetime: UInt32, at careOf: IPAddress) -> MobilityDatagram? {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(
                    sequence: sequence, keyManagementMoves: true, lifetimeSeconds: lifetime,
                    options: [.alternateCareOfAddress(careOf)]))
            return Self.sent(agent.handle(.message(update, from: Here.home, to: Here.agent), at: 0))
        }
        #expect(answer(9, 60, at: Here.abroad)?.isOnHomeLink == false)
        #expect(answer(8, 60, at: Here.abroad)?.isOnHomeLink == false)
        let late = answer(7, 0, at: Here.home)
        #expect(late?.isOnHomeLink == true && late?.careOfAddress == nil)
        // The tunnel is gone before this one leaves.
        #expect(answer(10, 0, at: Here.home)?.isOnHomeLink == false)
    }

    @Test func `an end of a binding that there is not is refused with 133, and to the node it is ended`() throws {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
        func end(_ sequence: UInt16, at now: Int64) -> [String] {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(
                    sequence: sequence, keyManagementMoves: true, lifetimeSeconds: 0,
                    options: [.alternateCareOfAddress(Here.home)]))
            return Self.lines(agent.handle(.message(update, from: Here.home, to: Here.agent), at: now))
        }
        #expect(end(9, at: 0) == ["acknowledgement 133 of 9 for 0 K"])

        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        _ = node.handle(.addresses([IPAddress("2001:1::77")!]), at: 10)
        let refusal = MobilityMessage.bindingAcknowledgement(
            BindingAcknowledgement(.notHomeAgent, keyManagementMoves: true, sequence: 8, lifetimeSeconds: 0))
        let actions = node.handle(.message(refusal, from: Here.agent, to: Here.home), at: 20)
        #expect(
            actions == [
                .event(.bindingEnded(Here.home)), .advertise(Here.home, from: Here.home, interface: "eth0"), .wake(nil),
            ])
    }

    @Test func `an entry that its node has ended is remembered for ten seconds, against updates that come late`() throws
    {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
        func take(_ sequence: UInt16, _ lifetime: UInt32, at now: Int64) -> [String] {
            let update = MobilityMessage.bindingUpdate(
                BindingUpdate(
                    sequence: sequence, keyManagementMoves: true, lifetimeSeconds: lifetime,
                    options: [.alternateCareOfAddress(lifetime == 0 ? Here.home : Here.abroad)]))
            return Self.lines(agent.handle(.message(update, from: Here.home, to: Here.agent), at: now))
        }
        _ = take(5, 60, at: 0)
        #expect(take(7, 0, at: 1000).suffix(2) == ["acknowledgement 0 of 7 for 0 K", "wake 11000"])
        #expect(take(6, 60, at: 2000) == ["acknowledgement 135 of 7 for 0 K via \(Here.abroad)", "wake 11000"])
        #expect(agent.registered.isEmpty)
        // The answer was lost.
        #expect(take(8, 0, at: 3000) == ["acknowledgement 0 of 8 for 0 K", "wake 13000"])
        #expect(agent.handle(.timer, at: 13000) == [.wake(nil)])
        #expect(take(6, 60, at: 13001).contains("acknowledgement 0 of 6 for 60 K via \(Here.abroad)"))
    }

    @Test(arguments: [129, 131, 132, 133, 150])
    func `a refusal that will not pass is the last word`(_ number: UInt8) throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        let status = BindingAcknowledgement.Status(number)
        let refusal = MobilityMessage.bindingAcknowledgement(
            BindingAcknowledgement(status, keyManagementMoves: true, sequence: 7, lifetimeSeconds: 0))
        #expect(
            node.handle(.message(refusal, from: Here.agent, to: Here.home), at: 20) == [
                .event(.bindingRefused(sequence: 7, status)), .event(.rejected(by: Here.agent)), .wake(nil),
            ])
        // Not elsewhere either.
        let moved = node.handle(.addresses([IPAddress("2001::50")!]), at: 5000)
        #expect(Self.sent(moved) == nil && moved.last == .wake(nil))
        #expect(Self.sent(node.handle(.stop, at: 6000)) == nil)
    }

    @Test func `a home address that another node has is given up at once, for good`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        let refusal = MobilityMessage.bindingAcknowledgement(
            BindingAcknowledgement(.duplicateAddress, keyManagementMoves: true, sequence: 7, lifetimeSeconds: 0))
        let refused = node.handle(.message(refusal, from: Here.agent, to: Here.home), at: 20)
        #expect(refused.contains(.event(.rejected(by: Here.agent))))
        #expect(
            Self.steps(refused) == [
                "no route", "no address on ip6tnl1", "no tunnel", "no policy inbound", "no policy outbound",
            ])
        // Neither elsewhere nor at home.
        for address in ["2001::50", "2001:1::77"] {
            #expect(node.handle(.addresses([IPAddress(address)!]), at: 5000) == [.wake(nil)])
        }
        let stop = node.handle(.stop, at: 6000)
        #expect(Self.sent(stop) == nil && Self.steps(stop) == [])
    }

    @Test func `who begins at home asks first whether another node has the home address`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        #expect(
            Self.steps(node.handle(.addresses([IPAddress("2001:1::77")!]), at: 0)) == ["address on eth0, asked for"])
    }

    @Test func `a node that stops before it has an address takes back what a killed daemon left`() throws {
        var node = try node
        _ = node.handle(.start(left: [Here.home: Here.abroad]), at: 0)
        let stop = node.handle(.stop, at: 10)
        #expect(
            Self.steps(stop) == [
                "no route", "no address on ip6tnl1", "no tunnel", "no policy inbound", "no policy outbound",
            ])
        #expect(Self.sent(stop) == nil)
    }

    @Test(arguments: [128, 130])
    func `a refusal that may pass is asked about again, slowly, and not for ever`(_ number: UInt8) throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
        var actions = node.handle(.addresses([Here.abroad]), at: 0)
        var now: Int64 = 0
        var updates = 0
        while let sent = Self.sent(actions), case .bindingUpdate(let update) = sent.message, updates < 100 {
            updates += 1
            let refusal = MobilityMessage.bindingAcknowledgement(
                BindingAcknowledgement(
                    .init(number), keyManagementMoves: true, sequence: update.sequence, lifetimeSeconds: 0))
            actions = node.handle(.message(refusal, from: Here.agent, to: Here.home), at: now)
            if case .wake(let time?) = actions.last {
                #expect(time == now + 32000)
                now = time
                actions = node.handle(.timer, at: now)
            }
        }
        #expect(updates == 8 && actions.contains(.event(.rejected(by: Here.agent))))
    }

    @Test func `what others send makes so many lines and then a count`() {
        var limit = LineLimit()
        #expect((0..<20).allSatisfy { limit.admit(at: 1000 + $0) == 0 })
        #expect((0..<500).allSatisfy { limit.admit(at: 2000 + $0) == nil })
        #expect(limit.admit(at: 60999) == nil)
        #expect(limit.admit(at: 61000) == 501)
        #expect(limit.admit(at: 61001) == 0 && limit.takeOmitted() == 0)
        // Those that a packet alone can make are the limited ones; what needs a peer's keys is always said.
        #expect(MobilityEvent.dropped(from: Here.home, "").isOthersDoing)
        #expect(!MobilityEvent.bindingEnded(Here.home).isOthersDoing)
    }

    @Test func `an update that nobody answers is sent again after 1.5 s, then twice as long each time, up to 32 s`()
        throws
    {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
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
        _ = node.handle(.start(left: [:]), at: 0)
        _ = agent.handle(.start(left: [:]), at: 0)
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
        #expect(
            third.node.prefix(2) == [
                .event(.bindingEnded(Here.home)), .advertise(Here.home, from: Here.home, interface: "eth0"),
            ])
    }

    @Test func `a node that moves to and fro sends at most three updates a second, and the last place counts`() throws {
        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
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
        _ = agent.handle(.start(left: [:]), at: 0)
        let old = BindingUpdate(
            sequence: 500, keyManagementMoves: true, lifetimeSeconds: 600,
            options: [.alternateCareOfAddress(Here.abroad)])
        _ = agent.handle(.message(.bindingUpdate(old), from: Here.home, to: Here.agent), at: 0)
        _ = node.handle(.start(left: [:]), at: 0)
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
        _ = node.handle(.start(left: [:]), at: 0)
        _ = node.handle(.addresses([Here.abroad]), at: 0)
        _ = node.handle(.addresses([]), at: 100)
        let again = node.handle(.addresses([Here.abroad]), at: 200)
        #expect(Self.lines(again).first == "update 8 at 2001::41a:a8ff:fe6f:c67 for 262140 K")
        // Seen once more it is nothing new.
        #expect(Self.sent(node.handle(.addresses([Here.abroad]), at: 300)) == nil)
    }

    @Test func `an update that names no care-of address does not end the binding that there is`() throws {
        var agent = try agent
        _ = agent.handle(.start(left: [:]), at: 0)
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
        _ = agent.handle(.start(left: [:]), at: 0)
        let update = MobilityMessage.bindingUpdate(
            BindingUpdate(
                sequence: 1, keyManagementMoves: false, lifetimeSeconds: 60,
                options: [.alternateCareOfAddress(Here.abroad)]))
        let actions = agent.handle(.message(update, from: IPAddress("2001:1::66")!, to: Here.agent), at: 0)
        // Not even an answer: no IPsec policy covers such an address.
        #expect(Self.sent(actions) == nil)
        #expect(agent.registered.isEmpty)

        var node = try node
        _ = node.handle(.start(left: [:]), at: 0)
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
        _ = agent.handle(.start(left: [:]), at: 0)
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
}
