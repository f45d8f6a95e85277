package import NetAddress
import Netlink

/// A home agent's side of Mobile IPv6 (RFC 6275 §10), without input or output: the Binding Cache of the nodes that its
/// configuration names. Used as `MobileNode` is.
package struct HomeAgent {
    /// An entry of the Binding Cache (§9.1).
    private struct Binding {
        var careOf: IPAddress
        var sequence: UInt16
        /// Milliseconds of the caller's clock.
        var expires: Int64
        /// Both ends' key managers move with the node (§10.3.1).
        var keyManagerMoves: Bool
    }

    /// What is kept of an entry that a node has ended, so that an older Binding Update, come late, does not begin it anew (§10.3.2).
    private struct EndedBinding {
        var sequence: UInt16
        var forgotten: Int64
        /// The care-of address to which a key manager's connections have been left (K = 0); nil: they moved.
        var leftBehind: IPAddress?
    }

    /// MAX_DELETE_BCE_TIMEOUT (§12); milliseconds.
    private static let memoryOfEnded: Int64 = 10000

    private let configuration: MobilityConfiguration
    private var bindings: [IPAddress: Binding] = [:]
    private var ended: [IPAddress: EndedBinding] = [:]

    /// - Precondition: the configuration is a home agent's.
    package init(_ configuration: MobilityConfiguration) {
        precondition(configuration.role == .homeAgent, "a mobile node's configuration for a home agent")
        self.configuration = configuration
    }

    /// Home addresses and care-of addresses.
    package var registered: [IPAddress: IPAddress] { bindings.mapValues(\.careOf) }

    private func set(of home: IPAddress) -> MobilityConfiguration.PolicySet? {
        configuration.policySets.first { $0.homeAddress == home }
    }

    private func pair(of home: IPAddress) -> MobilityConfiguration.Pair? {
        configuration.pairs.first { $0.homeAddress == home }
    }

    private func plan(of home: IPAddress) -> IPsecPlan? { pair(of: home)?.plan }

    private func tunnel(of home: IPAddress) -> String { pair(of: home)?.tunnel ?? "ip6tnl1" }

    package mutating func handle(_ input: MobilityInput, at now: Int64) -> [MobilityAction] {
        var actions: [MobilityAction] = []
        switch input {
        case .start(let left):
            // Nobody knows those bindings any more: they end.
            for (home, careOf) in left.sorted(by: { $0.key < $1.key }) where set(of: home) != nil {
                bindings[home] = Binding(
                    careOf: careOf, sequence: 0, expires: now, keyManagerMoves: configuration.keyManagementMoves)
                end(home, &actions)
            }
            actions += IPsecPlan.openStates.map { .addState($0) }
            for set in configuration.policySets {
                guard let plan = plan(of: set.homeAddress) else { continue }
                actions += plan.headerPolicies.map { .setPolicy($0) }
                actions.append(.setPolicy(plan.incomingMobilityPolicy))
            }
        case .message(.bindingUpdate(let update), let source, let destination):
            take(update, of: source, to: destination, &actions, now)
        case .message(let message, let source, _):
            actions.append(.event(.dropped(from: source, "Mobility Header type \(message.type)")))
        case .timer, .addresses, .prefixesAdvertised: break
        case .stop:
            for home in bindings.keys.sorted() { end(home, &actions) }
            for home in ended.keys.sorted() { discardKeyManager(home, &actions) }
            for set in configuration.policySets {
                guard let plan = plan(of: set.homeAddress) else { continue }
                actions += plan.headerPolicies.map { .deletePolicy($0.id) }
                actions.append(.deletePolicy(plan.incomingMobilityPolicy.id))
            }
            return actions + IPsecPlan.openStates.map { .deleteState($0.id) }
        }
        for home in bindings.keys.sorted() where bindings[home]!.expires <= now {
            actions.append(.event(.bindingExpired(home)))
            end(home, &actions)
        }
        for home in ended.keys.sorted() where ended[home]!.forgotten <= now {
            discardKeyManager(home, &actions)
            ended[home] = nil
        }
        return actions + [.wake((bindings.values.map(\.expires) + ended.values.map(\.forgotten)).min())]
    }

    // MARK: Binding Updates (§9.5.1, §10.3)

    private mutating func take(
        _ update: BindingUpdate, of home: IPAddress, to agent: IPAddress, _ actions: inout [MobilityAction],
        _ now: Int64
    ) {
        guard update.isHomeRegistration else {
            actions.append(.event(.dropped(from: home, "a Binding Update for a correspondent node")))
            return
        }
        // No IPsec policy covers any other home address: such an update is anybody's, and not answered (§9.5.1).
        guard let set = set(of: home), set.homeAgent == agent else {
            actions.append(.event(.dropped(from: home, "not one of this home agent's nodes")))
            return
        }
        // Without the option it is the packet's source (§9.5.1), in whose place the kernel has put the home address.
        guard let careOf = update.careOfAddress ?? (update.lifetimeSeconds == 0 ? home : nil) else {
            actions.append(.event(.dropped(from: home, "a Binding Update that names no care-of address")))
            return
        }
        guard Self.isUsable(careOf) else {
            actions.append(.event(.dropped(from: home, "\(careOf) is no care-of address")))
            return
        }
        // §9.5.1: greater, modulo 65536.
        let last = bindings[home]?.sequence ?? ended[home].flatMap { $0.forgotten > now ? $0.sequence : nil }
        if let last, Int16(bitPattern: update.sequence &- last) <= 0 {
            refuse(update, of: home, at: careOf, .sequenceOutOfWindow, last, agent, &actions)
            return
        }
        if update.lifetimeSeconds == 0 || careOf == home {
            // §10.3.2: an entry that was ended lately is one still; its node has not had the answer.
            guard last != nil else {
                refuse(update, of: home, at: careOf, .notHomeAgent, update.sequence, agent, &actions)
                return
            }
            var leftBehind = ended[home]?.leftBehind
            if let binding = bindings[home] {
                let moves = keyManagerMoves(update)
                bindings[home]?.keyManagerMoves = moves
                leftBehind = moves ? nil : binding.careOf
                end(home, &actions)
                actions.append(.event(.bindingEnded(home)))
            }
            ended[home] = EndedBinding(
                sequence: update.sequence, forgotten: now + Self.memoryOfEnded, leftBehind: leftBehind)
            acknowledge(update, of: home, at: careOf, .accepted, update.sequence, 0, agent, &actions)
            return
        }
        let lifetime = min(update.lifetimeSeconds, configuration.lifetimeSeconds)
        register(home, at: careOf, set.homeAgent, keyManagerMoves(update), &actions)
        ended[home] = nil
        bindings[home] = Binding(
            careOf: careOf, sequence: update.sequence, expires: now + Int64(lifetime) * 1000,
            keyManagerMoves: keyManagerMoves(update))
        actions.append(
            .event(
                .bindingRegistered(home: home, careOf: careOf, sequence: update.sequence, lifetimeSeconds: lifetime)))
        acknowledge(update, of: home, at: careOf, .accepted, update.sequence, lifetime, agent, &actions)
    }

    /// K, as it is acknowledged (§10.3.1): without SAs made by a key manager, or where either end's stays behind, not.
    private func keyManagerMoves(_ update: BindingUpdate) -> Bool {
        update.keyManagementMoves && configuration.keyManagementMoves && configuration.usesIPsec
    }

    /// §6.1.7: a unicast address that others can reach.
    private static func isUsable(_ address: IPAddress) -> Bool {
        address.family == .v6 && address.value > 1 && address.value >> 120 != 0xff && !address.isLinkLocal
    }

    private func refuse(
        _ update: BindingUpdate, of home: IPAddress, at careOf: IPAddress,
        _ status: BindingAcknowledgement.Status, _ sequence: UInt16, _ agent: IPAddress,
        _ actions: inout [MobilityAction]
    ) {
        actions.append(.event(.updateRefused(home: home, sequence: update.sequence, status)))
        acknowledge(update, of: home, at: careOf, status, sequence, 0, agent, &actions)
    }

    /// §9.5.4: with a type 2 routing header where the node is abroad; at home, where the tunnel still has its address behind a refusal,
    /// to its card (§10.3.2); whether the A bit is set or not (§10.3.1).
    private func acknowledge(
        _ update: BindingUpdate, of home: IPAddress, at careOf: IPAddress,
        _ status: BindingAcknowledgement.Status, _ sequence: UInt16, _ lifetimeSeconds: UInt32, _ agent: IPAddress,
        _ actions: inout [MobilityAction]
    ) {
        let answer = BindingAcknowledgement(
            status, keyManagementMoves: keyManagerMoves(update), sequence: sequence, lifetimeSeconds: lifetimeSeconds)
        actions.append(
            .send(
                MobilityDatagram(
                    from: agent, to: home, .bindingAcknowledgement(answer), via: careOf == home ? nil : careOf,
                    isOnHomeLink: careOf == home && !status.isAccepted)))
    }

    // MARK: The binding

    /// Policies come before whatever packets could leave by.
    private mutating func register(
        _ home: IPAddress, at careOf: IPAddress, _ agent: IPAddress, _ keyManagerMoves: Bool,
        _ actions: inout [MobilityAction]
    ) {
        let before = bindings[home]?.careOf
        // A refresh changes nothing but the time.
        guard before != careOf else { return }
        if let plan = plan(of: home) {
            if before == nil { actions += plan.homePayloadPolicies.map { .setPolicy($0) } }
            let moves = plan.migrations(
                from: (agent, before ?? home), to: (agent, careOf), tellsKeyManager: keyManagerMoves)
            actions += moves.map { .migrate($0) }
            // The policy of what is sent on has a template of its own to follow, and no state of its own to move.
            actions += plan.payloadPolicies(here: agent, there: careOf).filter { $0.direction == .forward }
                .map { .setPolicy($0) }
        }
        actions.append(.setTunnel(tunnel(of: home), local: agent, remote: careOf))
        if before == nil {
            actions.append(.routeToHome(home, tunnel: tunnel(of: home)))
            actions.append(.advertise(home, from: agent, interface: nil))
        }
    }

    /// Policies go last.
    private mutating func end(_ home: IPAddress, _ actions: inout [MobilityAction]) {
        guard let binding = bindings.removeValue(forKey: home), let set = set(of: home) else { return }
        let plan = plan(of: home)
        if let plan, binding.keyManagerMoves {
            // The states and the key manager go to the home address with the node; the payload is no longer tunnelled.
            let moves = plan.migrations(
                from: (set.homeAgent, binding.careOf), to: (set.homeAgent, home),
                tellsKeyManager: true)
            actions += moves.map { .migrate($0) }
        }
        actions.append(.unrouteToHome(home))
        actions.append(.deleteTunnel(tunnel(of: home)))
        if let plan { actions += plan.homePayloadPolicies.map { .deletePolicy($0.id) } }
    }

    /// K = 0 (§10.3.2): the connections to the old care-of address are discarded, and with them their Child SAs. By these goes the
    /// acknowledgement, and goes again where it was lost: they stay as long as the ended entry.
    private func discardKeyManager(_ home: IPAddress, _ actions: inout [MobilityAction]) {
        guard let careOf = ended[home]?.leftBehind, let pair = pair(of: home), let plan = pair.plan else { return }
        actions += plan.leaving((pair.homeAgent, careOf), at: (pair.homeAgent, home)).map { .migrate($0) }
    }
}
