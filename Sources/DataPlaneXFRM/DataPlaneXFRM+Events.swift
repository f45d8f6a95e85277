package import DataPlane
package import IKEModel
package import NetAddress
import Netlink

extension PolicyMigration {
    fileprivate init(_ migration: XFRMMigration) {
        let (source, destination) = KernelSelectors.trafficSelectors(migration.selector)
        self.init(
            source: source, destination: destination,
            direction: migration.direction == .outbound
                ? .outbound : migration.direction == .inbound ? .inbound : .forward,
            steps: migration.steps.map { step in
                Step(
                    from: (step.oldSource, step.oldDestination), to: (step.newSource, step.newDestination),
                    mode: step.mode == .transport ? .transport : .tunnel, reqid: step.reqid)
            },
            keyManager: migration.keyManager.map { KeyManager(local: $0.local, remote: $0.remote) })
    }
}

/// What the kernel tells of its own accord.
extension DataPlaneXFRM {
    /// A packet that leads to nothing asks anew after this long: a little less than the kernel's `xfrm_acq_expires` of 30 s.
    private static let acquireLifetime = Duration.seconds(29)

    package var descriptors: [Int32] { events.map { [$0.descriptor] } ?? [] }

    package func descriptorReady(_ descriptor: Int32, at now: Instant) {
        var overrun = false
        for event in events?.waitingEvents(overrun: &overrun) ?? [] { take(event, at: now) }
        // Acquires come again by themselves, and so do mappings; a limit that was passed is seen by its state being gone.
        if overrun { findExpired() }
    }

    /// The kernel takes encapsulated ESP from the socket itself (`prepare`).
    package func receiveEncapsulated(
        _ payload: UnsafeMutableRawBufferPointer, local: Endpoint, remote: Endpoint, at now: Instant
    ) {}

    package func prepare(socket descriptor: Int32, local: Endpoint) throws(DataPlaneError) {
        do {
            try XFRMSocketPolicy.bypass(descriptor, local.address.family)
            // Port 500 has IKE alone (RFC 3948 §2.2).
            if local.port != 500 { try XFRMSocketPolicy.takeESP(descriptor) }
        } catch {
            throw Self.error(error)
        }
    }

    private func take(_ event: XFRMEvent, at now: Instant) {
        switch event {
        case .acquire(let packet, let policy): acquire(packet, policy, at: now)
        case .expired(let state, let isHard):
            if let child = child(of: state.id) { expired(child, isHard: isHard) }
        case .mappingChanged(let id, _, let place):
            // Told without the state's mark.
            let mapped = children.first {
                $0.value.inboundID.destination == id.destination && $0.value.inboundID.spi == id.spi
            }
            guard let child = mapped?.key, children[child]?.mapped != place else { return }
            children[child]?.mapped = place
            reports.append(.mappingChanged(child, place))
        case .migrated(let migration): migrated(migration)
        }
    }

    private func child(of id: XFRMStateID) -> ChildSAID? {
        children.first { $0.value.inboundID == id || $0.value.outboundID == id }?.key
    }

    private func acquire(_ packet: XFRMSelector, _ policy: XFRMPolicy, at now: Instant) {
        guard let connection = trapOwners[policy.id] ?? owner(of: policy) else { return }
        if let asked = asked[connection], now - asked < Self.acquireLifetime { return }
        asked[connection] = now
        reports.append(
            .acquire(
                connection,
                AcquiringPacket(
                    source: packet.source.address, destination: packet.destination.address,
                    ipProtocol: packet.ipProtocol, sourcePort: packet.sourcePort,
                    destinationPort: packet.destinationPort)))
    }

    /// The connection that a policy of somebody else's asks for, by its template's reqid.
    private func owner(of policy: XFRMPolicy) -> ConnectionID? {
        let reqids = policy.templates.filter { $0.ipProtocol == XFRMState.espProtocol }.map(\.reqid)
        return traps.values.filter { !$0.installsPolicies && reqids.contains($0.reqid) }.map(\.connection).min()
    }

    /// Each of the two once, whichever of the directions was first.
    private func expired(_ child: ChildSAID, isHard: Bool) {
        guard let association = children[child] else { return }
        if isHard ? association.isHardExpired : association.isSoftExpired { return }
        if isHard { children[child]?.isHardExpired = true } else { children[child]?.isSoftExpired = true }
        reports.append(.expired(child, hard: isHard))
    }

    private func findExpired() {
        guard let netlink, let states = try? netlink.states() else { return }
        let standing = Set(states.map(\.id))
        for (child, association) in children
        where !standing.contains(association.inboundID) || !standing.contains(association.outboundID) {
            expired(child, isHard: true)
        }
    }

    /// Somebody else, Mobile IPv6's daemon, moved states of ours: the record follows, so that they are found again.
    private func migrated(_ migration: XFRMMigration) {
        reports.append(.migrated(PolicyMigration(migration)))
        for (child, association) in children {
            let installation = association.installation
            for step in migration.steps where step.reqid == 0 || step.reqid == installation.reqid {
                let isOut = migration.direction == .outbound
                let (oldLocal, oldRemote) =
                    isOut ? (step.oldSource, step.oldDestination) : (step.oldDestination, step.oldSource)
                guard installation.local == oldLocal, installation.remote == oldRemote else { continue }
                children[child]?.installation.local = isOut ? step.newSource : step.newDestination
                children[child]?.installation.remote = isOut ? step.newDestination : step.newSource
            }
        }
    }
}
