import IKEModel
import NetAddress

/// The SAD and the SPD that statements have made, and which data plane's Child SAs they come to.
struct ManualDatabase {
    /// An SA of the database; the number tells it from one of the same name that was deleted.
    struct Association {
        var number: UInt64
        var association: ManualSA
    }

    /// Two SAs and two policies that belong together, as a data plane installs them.
    struct Pair: Hashable {
        var outbound: UInt64
        var inbound: UInt64
        var local: TrafficSelector
        var remote: TrafficSelector
    }

    /// Why a statement cannot be carried out, in the system's words.
    enum Failure: String, Error {
        case exists = "File exists"
        case noAssociation = "No such process"
        case noPolicy = "No such file or directory"
    }

    private(set) var associations: [Association] = []
    private(set) var policies: [ManualPolicy] = []
    private var lastNumber: UInt64 = 0

    mutating func flush() { associations = [] }
    mutating func flushPolicies() { policies = [] }

    mutating func add(_ association: ManualSA) throws(Failure) {
        // A receiver knows an SA by its destination and SPI alone (RFC 4301 §4.1).
        let isTaken = associations.contains {
            $0.association.name.destination == association.name.destination
                && $0.association.name.spi == association.name.spi
        }
        if isTaken { throw .exists }
        lastNumber += 1
        associations.append(Association(number: lastNumber, association: association))
    }

    mutating func remove(_ name: ManualSA.Name) throws(Failure) {
        guard let index = associations.firstIndex(where: { $0.association.name == name }) else {
            throw .noAssociation
        }
        associations.remove(at: index)
    }

    mutating func add(_ policy: ManualPolicy) throws(Failure) {
        if policies.contains(where: { $0.name == policy.name }) { throw .exists }
        policies.append(policy)
    }

    mutating func remove(_ name: ManualPolicy.Name) throws(Failure) {
        guard let index = policies.firstIndex(where: { $0.name == name }) else { throw .noPolicy }
        policies.remove(at: index)
    }

    // MARK: What belongs together

    /// An outbound policy with the SA that it asks for, where the same stands for the way back, with the same algorithms. Where
    /// several SAs fit, the oldest serves.
    var pairs: [(pair: Pair, outbound: ManualSA, inbound: ManualSA, mode: ESPMode)] {
        policies.filter(\.name.isOutbound).flatMap { policy in
            let back = policies.filter { other in
                !other.name.isOutbound && other.mode == policy.mode
                    && other.name.source == policy.name.destination
                    && other.name.destination == policy.name.source
                    && other.tunnel?.source == policy.tunnel?.destination
                    && other.tunnel?.destination == policy.tunnel?.source
            }
            return back.isEmpty ? [] : serving(policy)
        }
    }

    private func serving(
        _ policy: ManualPolicy
    ) -> [(pair: Pair, outbound: ManualSA, inbound: ManualSA, mode: ESPMode)] {
        var ends: Set<[IPAddress]> = []
        return associations.compactMap { outbound in
            let (source, destination) = (outbound.association.name.source, outbound.association.name.destination)
            guard outbound.association.mode == policy.mode else { return nil }
            if let tunnel = policy.tunnel {
                guard (source, destination) == tunnel else { return nil }
            } else {
                // In transport mode the ends are the packet's own.
                guard policy.name.source.addresses.contains(source),
                    policy.name.destination.addresses.contains(destination)
                else { return nil }
            }
            let inbound = associations.first {
                $0.association.name.source == destination && $0.association.name.destination == source
                    && $0.association.mode == policy.mode && $0.association.suite == outbound.association.suite
            }
            guard let inbound, ends.insert([source, destination]).inserted else { return nil }
            var (local, remote) = (policy.name.source, policy.name.destination)
            if policy.mode == .transport {
                local.addresses = IPPrefix(host: source).range
                remote.addresses = IPPrefix(host: destination).range
            }
            let pair = Pair(outbound: outbound.number, inbound: inbound.number, local: local, remote: remote)
            return (pair, outbound.association, inbound.association, policy.mode)
        }
    }
}
