package import NetAddress
package import Netlink

/// The kernel's rows for one mobile node and its home agent, seen from one of the two (RFC 3776 §3, RFC 4877 §4): values, the
/// same at each move.
package struct IPsecPlan: Hashable, Sendable {
    /// This end's address and the other's: home address and home agent, or the reverse.
    private let local: IPAddress
    private let remote: IPAddress
    private let isHomeAgent: Bool
    private let mobilityHeaderReqid: UInt32?
    private let payloadReqid: UInt32?

    /// Before the payload's: the kernel looks for a policy to migrate by priority, and would find that one.
    package static let mobilityHeaderPriority: UInt32 = 2
    package static let payloadPriority: UInt32 = 10

    package init(_ set: MobilityConfiguration.PolicySet, _ role: MobilityConfiguration.Role) {
        isHomeAgent = role == .homeAgent
        local = isHomeAgent ? set.homeAgent : set.homeAddress
        remote = isHomeAgent ? set.homeAddress : set.homeAgent
        mobilityHeaderReqid = set.mobilityHeaderReqid
        payloadReqid = set.payloadReqid
    }

    // MARK: Policies

    private func header(_ direction: XFRMPolicy.Direction) -> XFRMSelector {
        let isOut = direction == .outbound
        return XFRMSelector(
            from: IPPrefix(host: isOut ? local : remote), to: IPPrefix(host: isOut ? remote : local),
            ipProtocol: MobilityHeader.ipProtocol)
    }

    private func payload(_ direction: XFRMPolicy.Direction) -> XFRMSelector {
        let everywhere = IPPrefix(.unspecified(.v6), length: 0)!
        let home = IPPrefix(host: isHomeAgent ? remote : local)
        // What the node sends has its home address as the source, at either end.
        return (direction == .outbound) != isHomeAgent
            ? XFRMSelector(from: home, to: everywhere) : XFRMSelector(from: everywhere, to: home)
    }

    private func policy(
        _ selector: XFRMSelector, _ direction: XFRMPolicy.Direction, _ priority: UInt32, _ template: XFRMTemplate
    ) -> XFRMPolicy {
        var policy = XFRMPolicy(selector, direction)
        policy.priority = priority
        policy.templates = [template]
        return policy
    }

    /// For Mobility Header messages, in transport mode: they stand as long as the daemon runs. The template is open: the
    /// packet's own addresses are the ends.
    package var headerPolicies: [XFRMPolicy] {
        guard let reqid = mobilityHeaderReqid else { return [] }
        let open = XFRMTemplate(
            from: .unspecified(.v6), to: .unspecified(.v6), reqid: reqid, mode: .transport)
        return [XFRMPolicy.Direction.inbound, .outbound].map {
            policy(header($0), $0, Self.mobilityHeaderPriority, open)
        }
    }

    /// For the payload, in tunnel mode, while the node is abroad.
    /// - Parameters:
    ///   - here: this end's outer address.
    ///   - there: the other's.
    package func payloadPolicies(here: IPAddress, there: IPAddress) -> [XFRMPolicy] {
        guard let reqid = payloadReqid else { return [] }
        let outward = XFRMTemplate(from: here, to: there, reqid: reqid, mode: .tunnel)
        let inward = XFRMTemplate(from: there, to: here, reqid: reqid, mode: .tunnel)
        var result = [
            policy(payload(.inbound), .inbound, Self.payloadPriority, inward),
            policy(payload(.outbound), .outbound, Self.payloadPriority, outward),
        ]
        // Packets of the node that the home agent sends on.
        if isHomeAgent { result.append(policy(payload(.inbound), .forward, Self.payloadPriority, inward)) }
        return result
    }

    /// The care-of address that the payload's outbound policy, as the kernel has it, goes by; nil: the home address, or it is not there.
    /// - Parameter find: the kernel's policy of this name.
    package func careOfAddress<Failure: Error>(
        by find: (XFRMPolicyID) throws(Failure) -> XFRMPolicy?
    ) throws(Failure) -> IPAddress? {
        guard let own = homePayloadPolicies.first(where: { $0.direction == .outbound }),
            let template = try find(own.id)?.templates.first
        else { return nil }
        let careOf = isHomeAgent ? template.destination : template.source
        return careOf == (isHomeAgent ? remote : local) ? nil : careOf
    }

    /// As they stand before the first migration: from the home address on.
    package var homePayloadPolicies: [XFRMPolicy] { payloadPolicies(here: local, there: remote) }

    // MARK: Migrations

    /// XFRM_MSG_MIGRATE of all four policies: header out and in, payload out and in.
    /// - Parameters:
    ///   - old: the outer addresses of the payload's templates now, this end's first.
    ///   - new: what they become, and what the key manager is to use where `tellsKeyManager`.
    package func migrations(
        from old: (here: IPAddress, there: IPAddress), to new: (here: IPAddress, there: IPAddress),
        tellsKeyManager: Bool
    ) -> [XFRMMigration] {
        let addresses = tellsKeyManager ? XFRMKeyManagerAddresses(local: new.here, remote: new.there) : nil
        var result: [XFRMMigration] = []
        for direction in [XFRMPolicy.Direction.outbound, .inbound] {
            guard let reqid = mobilityHeaderReqid else { break }
            // Open templates have no ends, and the states keep the home address.
            let nowhere = IPAddress.unspecified(.v6)
            result.append(
                XFRMMigration(
                    header(direction), direction,
                    steps: [step(from: (nowhere, nowhere), to: new, direction, .transport, reqid)],
                    keyManager: addresses))
        }
        for direction in [XFRMPolicy.Direction.outbound, .inbound] {
            guard let reqid = payloadReqid else { break }
            result.append(
                XFRMMigration(
                    payload(direction), direction, steps: [step(from: old, to: new, direction, .tunnel, reqid)],
                    keyManager: addresses))
        }
        return result
    }

    /// XFRM_MSG_MIGRATE by which nothing moves: that key management between these ends is over. It is of the policy for incoming
    /// messages, whose template has no ends of its own; none where there is no such policy.
    /// - Parameter place: the ends from which it begins anew.
    package func leaving(
        _ old: (here: IPAddress, there: IPAddress), at place: (here: IPAddress, there: IPAddress)
    ) -> [XFRMMigration] {
        guard let reqid = mobilityHeaderReqid else { return [] }
        return [
            XFRMMigration(
                header(.inbound), .inbound, steps: [step(from: old, to: place, .inbound, .transport, reqid)],
                keyManager: nil)
        ]
    }

    private func step(
        from old: (here: IPAddress, there: IPAddress), to new: (here: IPAddress, there: IPAddress),
        _ direction: XFRMPolicy.Direction, _ mode: XFRMMode, _ reqid: UInt32
    ) -> XFRMMigration.Step {
        direction == .outbound
            ? XFRMMigration.Step(from: (old.here, old.there), to: (new.here, new.there), mode: mode, reqid: reqid)
            : XFRMMigration.Step(from: (old.there, old.here), to: (new.there, new.here), mode: mode, reqid: reqid)
    }

    // MARK: Mobile IPv6's own states

    /// That a home address option and a type 2 routing header are taken at all; who may use them the policies say.
    package static var openStates: [XFRMState] {
        [XFRMState.homeAddressOptionProtocol, XFRMState.routingHeaderProtocol].map { number in
            var state = XFRMState(from: .unspecified(.v6), to: .unspecified(.v6), spi: 0)
            state.ipProtocol = number
            state.mode = .routeOptimization
            state.careOfAddress = .unspecified(.v6)
            state.receivesAny = true
            return state
        }
    }

    /// By which a mobile node's Mobility Header messages leave from its care-of address with a home address option.
    package func homeAddressOption(careOf: IPAddress) -> XFRMState {
        var state = XFRMState(from: local, to: remote, spi: 0)
        state.ipProtocol = XFRMState.homeAddressOptionProtocol
        state.mode = .routeOptimization
        state.careOfAddress = careOf
        state.selector = XFRMSelector(from: IPPrefix(host: local), to: IPPrefix(host: remote))
        return state
    }

    private func mobilityPolicy(
        _ direction: XFRMPolicy.Direction, _ number: UInt8, isOptional: Bool
    ) -> XFRMPolicy {
        var template = XFRMTemplate(
            from: .unspecified(.v6), to: .unspecified(.v6), reqid: 0, mode: .routeOptimization)
        template.ipProtocol = number
        template.isOptional = isOptional
        var policy = policy(header(direction), direction, Self.mobilityHeaderPriority, template)
        policy.table = .sub
        return policy
    }

    /// In the kernel's other table, whose templates come to those of the main one: what Mobility Header messages carry
    /// beside ESP. A message from home has neither header.
    package var incomingMobilityPolicy: XFRMPolicy {
        let number = isHomeAgent ? XFRMState.homeAddressOptionProtocol : XFRMState.routingHeaderProtocol
        return mobilityPolicy(.inbound, number, isOptional: true)
    }

    /// A mobile node's, while it is abroad.
    package var outgoingMobilityPolicy: XFRMPolicy {
        mobilityPolicy(.outbound, XFRMState.homeAddressOptionProtocol, isOptional: false)
    }
}
