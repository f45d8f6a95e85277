import IKEModel
import NetAddress

/// `"CONN"[N] ADDRESS`: each peer of a connection that answers any address has an instance of its own, with a number that is
/// never used again.
struct ConnectionInstances {
    struct Instance {
        var number: Int
        var serial: UInt64
    }

    /// Peers of one connection that are remembered; beyond that the older half goes of those that have no IKE SA.
    static let limit = 16384

    private var last: [ConnectionID: Int] = [:]
    private var instances: [ConnectionID: [IPAddress: Instance]] = [:]

    func count(of id: ConnectionID) -> Int { instances[id]?.count ?? 0 }
    func instance(of id: ConnectionID, at address: IPAddress) -> Instance? { instances[id]?[address] }

    /// - Parameter inUse: the addresses whose instances are not to be forgotten; asked for where there are too many.
    mutating func add(
        _ id: ConnectionID, at address: IPAddress, inUse: () -> Set<IPAddress> = { [] }, serial: () -> ConnectionID
    ) -> Instance {
        if let known = instances[id]?[address] { return known }
        if instances[id]?.count ?? 0 >= ConnectionInstances.limit { forgetOldest(id, but: inUse()) }
        let number = last[id, default: 0] + 1
        last[id] = number
        let instance = Instance(number: number, serial: serial().number)
        instances[id, default: [:]][address] = instance
        return instance
    }

    private mutating func forgetOldest(_ id: ConnectionID, but kept: Set<IPAddress>) {
        let numbers = (instances[id] ?? [:]).values.map(\.number).sorted()
        let middle = numbers[numbers.count / 2]
        instances[id] = instances[id]?.filter { $0.value.number >= middle || kept.contains($0.key) }
    }

    /// A new instance in the place of the one before it.
    mutating func renew(_ id: ConnectionID, at address: IPAddress, serial: () -> ConnectionID) {
        instances[id]?[address] = nil
        _ = add(id, at: address, serial: serial)
    }

    /// The peer has another address.
    mutating func move(_ id: ConnectionID, from old: IPAddress, to new: IPAddress) {
        guard old != new, let instance = instances[id]?.removeValue(forKey: old) else { return }
        instances[id]?[new] = instance
    }

    mutating func remove(_ id: ConnectionID, at address: IPAddress) { instances[id]?[address] = nil }
    mutating func remove(serial: UInt64) {
        for id in instances.keys { instances[id] = instances[id]?.filter { $0.value.serial != serial } }
    }
    mutating func remove(_ id: ConnectionID) { instances[id] = nil }
}
