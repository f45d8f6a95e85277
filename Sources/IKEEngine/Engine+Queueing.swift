import IKECrypto
package import IKEModel
import IKEWire
import NetAddress

/// What is begun together, or waits for something that was begun before it.
extension Engine {
    func gather(_ isGathering: Bool) {
        self.isGathering = isGathering
        guard !isGathering else { return }
        let ready = gathered
        gathered = []
        for id in ready {
            guard let ike = ikes[id] else { continue }
            if case .initSent(let offer) = ike.phase, ike.outstanding.isEmpty, let connection = connection(of: ike) {
                sendIKESAInit(ike, connection, offer)
            } else {
                sendNext(ike)
            }
        }
    }

    /// An IKE SA that another connection is making with the same peer, between the same identities.
    func negotiatingIKESA(for connection: Connection) -> IKESA? {
        ikes.values.filter { ike in
            guard ike.role == .initiator, ike.established == nil, let other = self.connection(of: ike) else {
                return false
            }
            return other.id != connection.id && other.local == connection.local(like: other)
                && other.remote == connection.remote(like: other) && other.transport == connection.transport
        }.max { $0.id < $1.id }
    }

    /// The IKE SA stands: what waited for it goes on.
    func startQueued(behind ike: IKESA) {
        let queue = ike.queue
        ike.queue = []
        for id in queue { initiate(id, staysUp: records[id]?.staysUp ?? false) }
    }

    /// The IKE SA will not stand.
    func abandonQueued(behind ike: IKESA) {
        let queue = ike.queue
        ike.queue = []
        for id in queue {
            if records[id]?.staysUp == true { reviveLater(id, .failed(.timedOut)) }
            finishInitiation(id, succeeded: false)
        }
    }

    /// Which part of what it may carry at most a Child SA carries before it is replaced: a quarter for the end that
    /// proposed it, half for the other one, which as a rule finds it replaced by then; and less by up to an eighth of that,
    /// so that two ends do not begin at once (RFC 7296 §2.8).
    func limits(_ lifetimes: Lifetimes, _ role: Role, _ child: ChildSAID) -> CarryLimits {
        func soft(_ hard: UInt64) -> UInt64 {
            let share = hard / (role == .initiator ? 4 : 2)
            let fuzz = share / 8
            let number = random.octets(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return max(share - number % (fuzz + 1), 1)
        }
        var limits = CarryLimits()
        let unlimited: UInt64 = 1 << 63
        if lifetimes.childOctets < unlimited {
            limits.hardOctets = lifetimes.childOctets
            limits.softOctets = soft(lifetimes.childOctets)
            emit(.childLimited(child, isOctets: true, hard: limits.hardOctets, soft: limits.softOctets))
        }
        if lifetimes.childPackets < unlimited {
            limits.hardPackets = lifetimes.childPackets
            limits.softPackets = soft(lifetimes.childPackets)
            emit(.childLimited(child, isOctets: false, hard: limits.hardPackets, soft: limits.softPackets))
        }
        return limits
    }

    /// Inbound SPIs of Child SAs that we have proposed, in the order of their numbers.
    package var reservedSPIs: [ReservedSPI] {
        ikes.values.sorted { $0.id < $1.id }.flatMap { ike -> [ReservedSPI] in
            var offers = ike.negotiations.sorted { $0.key < $1.key }.map { ($0.value.offer, $0.value.connection) }
            if case .authSent(let offer) = ike.phase, let connection = ike.connection {
                if let child = offer.child { offers.append((child, connection)) }
            }
            return offers.map { offer, connection in
                ReservedSPI(
                    spi: offer.spi, reqid: records[connection]?.connection.effectiveReqid ?? 0,
                    local: ike.local.address, remote: ike.remote.address)
            }
        }
    }
}

extension Connection {
    /// An end as far as an IKE SA is concerned: what it protects is its Child SAs' business.
    fileprivate func local(like other: Connection) -> ConnectionEnd {
        var end = local
        end.selectors = other.local.selectors
        return end
    }

    fileprivate func remote(like other: Connection) -> ConnectionEnd {
        var end = remote
        end.selectors = other.remote.selectors
        return end
    }
}
