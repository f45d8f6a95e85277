import DataPlane
import IKEModel
import NetAddress

/// What becomes of a packet of the stack: the SPD of RFC 4301 §4.4.1, most specific first.
struct PolicyDatabase {
    /// A policy without a Child SA, and the packets that wait for one.
    final class Trap {
        /// Packets that are held for a Child SA to come; the oldest goes when another comes.
        static let heldLimit = 16
        /// An acquire that led to nothing is made again after this long, as the kernel's `xfrm_acq_expires`.
        static let acquireLifetime = Duration.seconds(30)

        let route: RouteInstallation
        let pairs: SelectorPairs
        let priority: UInt32
        private(set) var held: [[UInt8]] = []
        /// Packets that had to go: for others, or because the policy went before a Child SA came.
        private(set) var dropped: UInt64 = 0
        private var asked: Instant?

        init(_ route: RouteInstallation) {
            self.route = route
            pairs = SelectorPairs(local: route.localSelectors, remote: route.remoteSelectors)
            priority = PolicyState.priority(route.localSelectors, route.remoteSelectors)
        }

        /// Whether packets are dropped because a Child SA has been asked for.
        var isBlocking: Bool { !route.keepsPackets && asked != nil }

        /// Keeps a frame, or drops it; true where a Child SA is to be asked for.
        func hold(_ frame: UnsafeRawBufferPointer, at now: Instant) -> Bool {
            if !route.keepsPackets {
                dropped += 1
            } else {
                if held.count == Self.heldLimit {
                    held.removeFirst()
                    dropped += 1
                }
                held.append(Array(frame))
            }
            if let asked, now - asked < Self.acquireLifetime { return false }
            asked = now
            return true
        }

        /// The held frames, which are forgotten, and with them that a Child SA was asked for.
        func release() -> [[UInt8]] {
            defer { (held, asked) = ([], nil) }
            return held
        }
    }

    enum Policy {
        /// Of a Child SA whose outbound half is in use.
        case association(SecurityAssociation)
        case trap(Trap)

        var priority: UInt32 {
            switch self {
            case .association(let association): association.priority
            case .trap(let trap): trap.priority
            }
        }
        var pairs: SelectorPairs {
            switch self {
            case .association(let association): association.pairs
            case .trap(let trap): trap.pairs
            }
        }
        var association: SecurityAssociation? {
            if case .association(let association) = self { association } else { nil }
        }
        var trap: Trap? { if case .trap(let trap) = self { trap } else { nil } }
    }

    private var list = PolicyList()
    /// The one that is asked first comes first.
    var policies: ReversedCollection<[Policy]> { list.all }

    mutating func insert(_ policy: Policy) { list.insert(policy) }
    mutating func remove(_ policy: Policy) { list.remove(policy) }

    /// The policy of a packet of the stack; nil where there is none.
    func policy(of packet: InnerPacket) -> Policy? {
        for policy in policies where policy.pairs.allowOutbound(packet) { return policy }
        return nil
    }

    /// As `ip xfrm policy` would list them and libreswan's transcripts show them: IPv4 before IPv6, then by source,
    /// destination, and fwd, in, out.
    func listing() -> [PolicyState] {
        var result: [PolicyState] = []
        for policy in policies {
            if let trap = policy.trap {
                // On demand there is nothing to receive by yet. An SA of the connection stands for its trap.
                let route = trap.route
                if policies.contains(where: { $0.association?.installation.connection == route.connection }) {
                    continue
                }
                for local in route.localSelectors {
                    for remote in route.remoteSelectors where remote.family == local.family {
                        let none = IPAddress.unspecified(route.local.family)
                        result.append(
                            PolicyState(
                                source: local, destination: remote, direction: .outbound, priority: policy.priority,
                                mode: route.mode, reqid: route.reqid, templateSource: none, templateDestination: none,
                                action: trap.isBlocking ? .block : .onDemand))
                    }
                }
            }
            guard let installation = policy.association?.installation else { continue }
            let isTunnel = installation.mode == .tunnel
            let none = IPAddress.unspecified(installation.local.family)
            let here = isTunnel ? installation.local : none
            let there = isTunnel ? installation.remote : none
            for local in installation.localSelectors {
                for remote in installation.remoteSelectors where remote.family == local.family {
                    func state(_ direction: PolicyDirection) -> PolicyState {
                        let isOut = direction == .outbound
                        return PolicyState(
                            source: isOut ? local : remote, destination: isOut ? remote : local, direction: direction,
                            priority: policy.priority, mode: installation.mode, reqid: installation.reqid,
                            templateSource: isOut ? here : there, templateDestination: isOut ? there : here)
                    }
                    if isTunnel { result.append(state(.forward)) }
                    result += [state(.inbound), state(.outbound)]
                }
            }
        }
        var seen: Set<PolicyState> = []
        return result.filter { policy in
            // Two SAs of one connection under the same policy: it is listed once.
            var key = policy
            key.reqid = 0
            return seen.insert(key).inserted
        }.sorted(by: PolicyState.isListed)
    }
}
