package import DataPlane
import IKECrypto
import IKEModel
import NetAddress
import Netlink

/// What the kernel has, read from it at this moment.
extension DataPlaneXFRM {
    func counters(_ association: KernelSA) -> ChildCounters? {
        guard let netlink else { return nil }
        var counters = ChildCounters()
        // A state that has reached its hard limit is gone, and its count with it.
        if let state = try? netlink.state(association.inboundID) {
            counters.inboundOctets = state.use.octets
            counters.inboundPackets = state.use.packets
            counters.replays = UInt64(state.replays) + UInt64(state.windowFailures)
            counters.integrityFailures = UInt64(state.integrityFailures)
        }
        if let state = try? netlink.state(association.outboundID) {
            counters.outboundOctets = state.use.octets
            counters.outboundPackets = state.use.packets
        }
        return counters
    }

    /// Of every ESP state of the namespace, ours and others', the one made last first; those without keys yet are left out.
    package func states() -> [SAState] {
        guard let netlink, let states = try? netlink.states() else { return [] }
        let inbound = Dictionary(children.values.map { ($0.inboundID, $0) }) { first, _ in first }
        let outbound = Dictionary(children.values.map { ($0.outboundID, $0) }) { first, _ in first }
        let local = Set(((try? NetlinkSocket().addresses()) ?? []).map(\.prefix.address))
        return states.compactMap { state in
            guard state.ipProtocol == XFRMState.espProtocol, state.mode == .tunnel || state.mode == .transport
            else { return nil }
            let isInbound =
                inbound[state.id] != nil || (outbound[state.id] == nil && local.contains(state.destination))
            return listed(state, isInbound: isInbound, of: inbound[state.id] ?? outbound[state.id])
        }
    }

    /// - Parameter association: nil for a state of others.
    private func listed(_ state: XFRMState, isInbound: Bool, of association: KernelSA?) -> SAState? {
        guard let (suite, direction) = KernelSA.suite(of: state) else { return nil }
        let selectors = state.selector.map { KernelSelectors.trafficSelectors($0) }
        let ends = (isInbound ? state.destination : state.source, isInbound ? state.source : state.destination)
        let none = ESPDirection(spi: ESPSPI(0), encryptionKey: .empty, integrityKey: .empty)
        var installation = ChildInstallation(
            child: association?.installation.child ?? ChildSAID(0),
            connection: association?.installation.connection ?? ConnectionID(0), reqid: state.reqid,
            mode: state.mode == .tunnel ? .tunnel : .transport, local: ends.0, remote: ends.1, encapsulation: .none,
            suite: suite, inbound: isInbound ? direction : none, outbound: isInbound ? none : direction,
            localSelectors: association?.installation.localSelectors
                ?? (selectors.map { [isInbound ? $0.destination : $0.source] } ?? []),
            remoteSelectors: association?.installation.remoteSelectors
                ?? (selectors.map { [isInbound ? $0.source : $0.destination] } ?? []),
            // Of an outbound one it tells the form of the listing, which the other direction's window decides.
            replayWindow: isInbound
                ? Int(state.replay.window) : association?.installation.replayWindow ?? Int(state.replay.window))
        if isInbound {
            installation.marks.inbound = state.mark.map(PacketMark.init)
            installation.marks.marksInboundSA = state.mark != nil
            installation.marks.inboundInterface = state.interfaceID
        } else {
            installation.marks.outbound = state.mark.map(PacketMark.init)
            installation.marks.marksOutboundSA = state.mark != nil
            installation.marks.outboundInterface = state.interfaceID
        }
        if let ports = state.encapsulation {
            installation.encapsulation = .udp(
                localPort: isInbound ? ports.destinationPort : ports.sourcePort,
                remotePort: isInbound ? ports.sourcePort : ports.destinationPort)
        }
        // Kernels before 6.2 note the last use of outbound states alone; of the others the first use is known.
        let used = state.lastUsedSeconds ?? (state.use.firstUsedSeconds > 0 ? state.use.firstUsedSeconds : nil)
        return SAState(
            installation: installation, isInbound: isInbound,
            sequence: isInbound ? state.replay.received : state.replay.sent,
            replayBitmap: isInbound ? state.replay.newestFirst(isLarge: state.hasLargeReplay) : [],
            lastUsedSeconds: used.map { Int64(clamping: $0) })
    }

    package func policies() -> [PolicyState] {
        guard let netlink, let policies = try? netlink.policies() else { return [] }
        return policies.compactMap { listed($0) }.sorted(by: PolicyState.isListed)
    }

    /// nil for one that blocks, and for one of Mobile IPv6's table.
    private func listed(_ policy: XFRMPolicy) -> PolicyState? {
        guard policy.action == .allow, policy.table == .main else { return nil }
        let (source, destination) = KernelSelectors.trafficSelectors(policy.selector)
        let direction: PolicyDirection =
            switch policy.direction {
            case .inbound: .inbound
            case .outbound: .outbound
            case .forward: .forward
            }
        let nowhere = IPAddress.unspecified(policy.selector.family)
        let template = policy.templates.first
        let isTrap = template.map { $0.reqid == 0 && $0.mode == .transport && $0.destination.isUnspecified } ?? false
        var listed = PolicyState(
            source: source, destination: destination, direction: direction, priority: policy.priority,
            mode: template?.mode == .tunnel ? .tunnel : .transport, reqid: template?.reqid ?? 0,
            templateSource: template?.source ?? nowhere, templateDestination: template?.destination ?? nowhere,
            action: template == nil ? .bypass : isTrap ? .onDemand : .protect)
        listed.mark = policy.mark.map(PacketMark.init)
        listed.interfaceID = policy.interfaceID
        return listed
    }
}
