import NetAddress
import Netlink

/// A mobile node's side of Mobile IPv6 with one home agent (RFC 6275 §11), without input or output.
///
/// It is told things together with the time in milliseconds of any clock that does not run backwards, and answers with what
/// is to be done, in order.
package struct MobileNode {
    /// Where the node is.
    private enum Place: Hashable {
        case unknown
        case home
        /// Another daemon, which was killed, has left policies and states that name this care-of address.
        case left(IPAddress)
        case abroad(IPAddress)

        /// By which the policies' templates go.
        var careOf: IPAddress? {
            switch self {
            case .left(let address), .abroad(let address): address
            case .unknown, .home: nil
            }
        }
    }

    /// The last Binding Update, as far as it waits for an answer.
    private struct Registration {
        var lifetimeSeconds: UInt32
        /// Transmissions so far.
        var attempts = 0
        /// When it is to be sent, or sent again.
        var due: Int64
    }

    private let configuration: MobilityConfiguration
    private let link: MobilityConfiguration.HomeLink
    private let plan: IPsecPlan?
    private let tunnel = "ip6tnl1"

    private var place = Place.unknown
    /// Whether the care-of address was lost, with no other in its place, since the last registration began.
    private var isUnreachable = false
    private var sequence: UInt16
    private var registration: Registration?
    /// When the binding is to be renewed; nil: there is none.
    private var refresh: Int64?
    /// Of Mobile Prefix Solicitations (§11.4.2); nil: none is wanted, before the first binding and after an advertisement.
    private var solicitation: (attempts: Int, due: Int64)?
    private var hasPrefixes = false
    /// Whether the key manager's SAs move with this node: what the home agent's last acknowledgement says by its K bit
    /// (§11.7.3). Before the first one there is no IKE SA to move, and the key manager is told where it begins.
    private var keyManagerMoves: Bool
    /// This end of key management that an answer without K ends: where it was left, or moved to.
    private var keyManagerEnd: IPAddress?
    /// The home agent has refused for good: nothing more is sent to it (§11.7.3).
    private var isRejected = false
    /// The home agent has found the home address in use by another node (134): this one does not use it again (§11.7.1).
    private var isDuplicate = false
    /// The last times of sending, at most `greatestRate`.
    private var sent: [Int64] = []

    // RFC 6275 §12, §13; milliseconds.
    private static let firstTimeout: Int64 = 1500
    private static let timeout: Int64 = 1000
    private static let greatestTimeout: Int64 = 32000
    private static let solicitationTimeout: Int64 = 3000
    /// Behind the first one; as many as PREFIX_ADV_RETRIES are for the other end.
    private static let solicitationRetries = 3
    /// Binding Updates for one care-of address, of which the last was refused for a reason that may pass, before no more are sent.
    private static let greatestRefusals = 8
    /// MAX_UPDATE_RATE: messages in a second.
    private static let greatestRate = 3

    /// - Parameter sequence: before the first Binding Update's; a random number, so that a home agent which remembers
    ///   another start is told apart.
    /// - Precondition: the configuration is a mobile node's.
    package init(_ configuration: MobilityConfiguration, sequence: UInt16) {
        guard let link = configuration.homeLink else { preconditionFailure("a mobile node without a home link") }
        self.configuration = configuration
        self.link = link
        self.sequence = sequence
        plan = configuration.pairs.first?.plan
        keyManagerMoves = configuration.keyManagementMoves && plan != nil
    }

    private var home: IPAddress { link.homeAddress.address }
    private var agent: IPAddress { link.homeAgent }

    /// For the log of a daemon that is asked.
    package var isRegistered: Bool { refresh != nil && registration == nil }

    package mutating func handle(_ input: MobilityInput, at now: Int64) -> [MobilityAction] {
        var actions: [MobilityAction] = []
        switch input {
        case .start(let left):
            if let careOf = left[home] { place = .left(careOf) }
            actions += IPsecPlan.openStates.map { .addState($0) }
            if let plan {
                actions += plan.headerPolicies.map { .setPolicy($0) }
                actions.append(.setPolicy(plan.incomingMobilityPolicy))
            }
        case .addresses(let addresses): take(addresses, &actions, now)
        case .message(let message, let source, let destination):
            guard source == agent, destination == home else {
                actions.append(.event(.dropped(from: source, "not from the home agent \(agent) to \(home)")))
                break
            }
            take(message, &actions, now)
        case .prefixesAdvertised(let source):
            if source == agent { (hasPrefixes, solicitation) = (true, nil) }
        case .timer: break
        case .stop:
            stop(&actions)
            return actions
        }
        act(&actions, now)
        solicit(&actions, now)
        let next = [registration?.due, registration == nil ? refresh : nil, solicitation?.due].compactMap { $0 }.min()
        return actions + [.wake(next)]
    }

    // MARK: Movement (§11.5)

    private mutating func take(_ addresses: [IPAddress], _ actions: inout [MobilityAction], _ now: Int64) {
        if isDuplicate { return }
        // §11.5.5: an address of the home link's prefix.
        let isHome = addresses.contains { link.homeAddress.contains($0) }
        if isHome {
            if place != .home { returnHome(&actions, now) }
            return
        }
        if case .abroad(let careOf) = place, addresses.contains(careOf) {
            // It went and came back: what was under way then was given up.
            if isUnreachable { register(configuration.lifetimeSeconds, now) }
            isUnreachable = false
            return
        }
        guard let careOf = addresses.first else {
            if case .abroad = place, refresh != nil || registration != nil {
                actions.append(.event(.unreachable))
                registration = nil
                isUnreachable = true
            }
            return
        }
        move(to: careOf, &actions, now)
    }

    /// Policies come before whatever packets could leave by: what they cover waits for its SA, and is never in clear.
    private mutating func move(to careOf: IPAddress, _ actions: inout [MobilityAction], _ now: Int64) {
        let old = place.careOf
        if case .abroad = place {
            if let plan { actions.append(.updateState(plan.homeAddressOption(careOf: careOf))) }
            actions.append(.setTunnel(tunnel, local: careOf, remote: agent))
        } else {
            if let plan {
                actions.append(.addState(plan.homeAddressOption(careOf: careOf)))
                actions.append(.setPolicy(plan.outgoingMobilityPolicy))
                actions += plan.payloadPolicies(here: old ?? home, there: agent).map { .setPolicy($0) }
            }
            if place == .home { actions.append(.removeHomeAddress(home, interface: link.interface)) }
            actions.append(.setTunnel(tunnel, local: careOf, remote: agent))
            actions.append(.addHomeAddress(home, interface: tunnel, noDAD: true))
            actions.append(.routeFromHome(home, tunnel: tunnel))
        }
        actions.append(.event(.movedTo(careOf: careOf, from: old)))
        migrate(from: old ?? home, to: careOf, &actions)
        place = .abroad(careOf)
        isUnreachable = false
        register(configuration.lifetimeSeconds, now)
    }

    private mutating func migrate(from old: IPAddress, to new: IPAddress, _ actions: inout [MobilityAction]) {
        guard let plan, old != new else { return }
        // The home agent has yet to say whether its end follows.
        keyManagerEnd = keyManagerMoves && refresh != nil ? new : nil
        let moves = plan.migrations(from: (old, agent), to: (new, agent), tellsKeyManager: keyManagerMoves)
        actions += moves.map { .migrate($0) }
    }

    private mutating func register(_ lifetimeSeconds: UInt32, _ now: Int64) {
        registration = isRejected ? nil : Registration(lifetimeSeconds: lifetimeSeconds, due: now)
    }

    /// §11.5.5: the binding ends, by a Binding Update whose source is the home address, which therefore is on the home link
    /// again: without Duplicate Address Detection, as the home agent still answers for it. Who begins at home has none that does.
    private mutating func returnHome(_ actions: inout [MobilityAction], _ now: Int64) {
        let careOf = place.careOf
        if let careOf { leave(careOf, &actions) }
        // Behind the policies, which would have the home agent's answers.
        actions.append(.resolveNeighbour(agent, interface: link.interface))
        actions.append(.addHomeAddress(home, interface: link.interface, noDAD: careOf != nil))
        if careOf != nil {
            actions.append(.event(.returnedHome))
            register(0, now)
        }
        place = .home
        isUnreachable = false
        (refresh, solicitation) = (nil, nil)
    }

    /// Policies go last, behind the address that packets could have.
    private mutating func leave(_ careOf: IPAddress, _ actions: inout [MobilityAction]) {
        if keyManagerMoves {
            // States and key manager wait at the home address, from where the next move takes them.
            migrate(from: careOf, to: home, &actions)
        } else {
            // The end of the binding is told by the SAs of before; behind it they go.
            keyManagerEnd = careOf
        }
        actions.append(.unrouteFromHome(home))
        actions.append(.removeHomeAddress(home, interface: tunnel))
        actions.append(.deleteTunnel(tunnel))
        guard let plan else { return }
        actions += plan.homePayloadPolicies.map { .deletePolicy($0.id) }
        actions.append(.deletePolicy(plan.outgoingMobilityPolicy.id))
        actions.append(.deleteState(plan.homeAddressOption(careOf: careOf).id))
    }

    /// Key management has not moved with the node (§11.7.3: K = 0): its connections are discarded.
    private mutating func discardKeyManager(_ actions: inout [MobilityAction]) {
        guard let old = keyManagerEnd else { return }
        keyManagerEnd = nil
        let here = place.careOf ?? home
        actions += plan?.leaving((old, agent), at: (here, agent)).map { .migrate($0) } ?? []
    }

    private mutating func stop(_ actions: inout [MobilityAction]) {
        if case .abroad(let careOf) = place, refresh != nil, !isRejected {
            actions.append(update(lifetimeSeconds: 0, careOf))
        }
        takeBack(&actions)
        if let plan {
            actions += plan.headerPolicies.map { .deletePolicy($0.id) }
            actions.append(.deletePolicy(plan.incomingMobilityPolicy.id))
        }
        actions += IPsecPlan.openStates.map { .deleteState($0.id) }
        (registration, refresh, solicitation) = (nil, nil, nil)
    }

    /// Gives the home address up, wherever it is, with all that goes by it.
    private mutating func takeBack(_ actions: inout [MobilityAction]) {
        if let careOf = place.careOf { leave(careOf, &actions) }
        if !keyManagerMoves { discardKeyManager(&actions) }
        if place == .home { actions.append(.removeHomeAddress(home, interface: link.interface)) }
        place = .unknown
    }

    // MARK: Registration (§11.7.1, §11.8)

    private mutating func act(_ actions: inout [MobilityAction], _ now: Int64) {
        if registration == nil, let refresh, refresh <= now { register(configuration.lifetimeSeconds, now) }
        guard var current = registration, current.due <= now else { return }
        sent.removeAll { $0 <= now - 1000 }
        if sent.count >= Self.greatestRate {
            current.due = sent[0] + 1000
            registration = current
            return
        }
        sent.append(now)
        let careOf: IPAddress = if case .abroad(let address) = place { address } else { home }
        actions.append(update(lifetimeSeconds: current.lifetimeSeconds, careOf))
        current.attempts += 1
        actions.append(
            .event(
                .bindingUpdateSent(
                    sequence: sequence, careOf: careOf, lifetimeSeconds: current.lifetimeSeconds,
                    attempt: current.attempts)))
        let first = refresh == nil ? Self.firstTimeout : Self.timeout
        current.due = now + min(first << Int64(min(current.attempts - 1, 6)), Self.greatestTimeout)
        registration = current
    }

    private mutating func update(lifetimeSeconds: UInt32, _ careOf: IPAddress) -> MobilityAction {
        sequence &+= 1
        let update = BindingUpdate(
            sequence: sequence, keyManagementMoves: configuration.keyManagementMoves && plan != nil,
            lifetimeSeconds: lifetimeSeconds, options: [.alternateCareOfAddress(careOf)])
        return .send(MobilityDatagram(from: home, to: agent, .bindingUpdate(update)))
    }

    private mutating func take(_ message: MobilityMessage, _ actions: inout [MobilityAction], _ now: Int64) {
        switch message {
        case .bindingAcknowledgement(let answer): take(answer, &actions, now)
        case .bindingRefreshRequest:
            if case .abroad = place, registration == nil { register(configuration.lifetimeSeconds, now) }
        case .bindingError(let status, _):
            actions.append(.event(.dropped(from: agent, "Binding Error with status \(status)")))
        case .bindingUpdate, .other:
            actions.append(.event(.dropped(from: agent, "Mobility Header type \(message.type)")))
        }
    }

    /// §11.7.3
    private mutating func take(
        _ answer: BindingAcknowledgement, _ actions: inout [MobilityAction], _ now: Int64
    ) {
        guard let current = registration, current.attempts > 0 else {
            actions.append(.event(.dropped(from: agent, "a Binding Acknowledgement that nothing waits for")))
            return
        }
        if answer.status == .sequenceOutOfWindow {
            actions.append(.event(.bindingRefused(sequence: sequence, answer.status)))
            sequence = answer.sequence
            registration?.due = now
            return
        }
        guard answer.sequence == sequence else {
            actions.append(
                .event(.dropped(from: agent, "sequence number \(answer.sequence), expected \(sequence)")))
            return
        }
        // A home agent that has no binding has none to end (§10.3.2): it may have been started again.
        if answer.status == .notHomeAgent, current.lifetimeSeconds == 0 {
            (registration, refresh) = (nil, nil)
            ended(&actions)
            settleKeyManager(answer, &actions)
            return
        }
        guard answer.status.isAccepted else {
            actions.append(.event(.bindingRefused(sequence: sequence, answer.status)))
            if answer.status.mayPass, current.attempts < Self.greatestRefusals {
                registration?.due = now + Self.greatestTimeout
            } else {
                (registration, refresh, solicitation) = (nil, nil, nil)
                isRejected = true
                actions.append(.event(.rejected(by: agent)))
                if answer.status == .duplicateAddress {
                    isDuplicate = true
                    takeBack(&actions)
                }
            }
            return
        }
        registration = nil
        defer { settleKeyManager(answer, &actions) }
        guard current.lifetimeSeconds > 0, answer.lifetimeSeconds > 0 else {
            refresh = nil
            ended(&actions)
            return
        }
        // Before it ends: after three quarters of it, or when the home agent wants it.
        let life = Int64(answer.lifetimeSeconds) * 750
        refresh = now + min(life, answer.refreshAdviceSeconds.map { Int64($0) * 1000 } ?? life)
        actions.append(
            .event(.bindingAccepted(sequence: answer.sequence, lifetimeSeconds: answer.lifetimeSeconds)))
        if !hasPrefixes, solicitation == nil { solicitation = (0, now) }
    }

    /// K (§11.7.3), of which the home agent can think otherwise at each update.
    private mutating func settleKeyManager(_ answer: BindingAcknowledgement, _ actions: inout [MobilityAction]) {
        keyManagerMoves = answer.keyManagementMoves && configuration.keyManagementMoves && plan != nil
        if keyManagerMoves { keyManagerEnd = nil } else { discardKeyManager(&actions) }
    }

    /// §11.5.5: at home, the link's nodes know the home agent's card by the home address.
    private func ended(_ actions: inout [MobilityAction]) {
        actions.append(.event(.bindingEnded(home)))
        if place == .home { actions.append(.advertise(home, from: home, interface: link.interface)) }
    }

    /// §11.4.2: asks for the home link's prefixes, again where nothing comes, as of the first where it asked for a tunnel that was not
    /// there.
    private mutating func solicit(_ actions: inout [MobilityAction], _ now: Int64) {
        guard let current = solicitation, current.due <= now, case .abroad = place else { return }
        guard current.attempts <= Self.solicitationRetries else {
            solicitation = nil
            return
        }
        actions.append(.solicitPrefixes(from: home, to: agent))
        solicitation = (current.attempts + 1, now + Self.solicitationTimeout << Int64(current.attempts))
    }
}
