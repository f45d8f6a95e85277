import IKEModel
import NetAddress

/// `"CONN"[N] ADDRESS`: each peer of a connection that answers any address has an instance of its own, with a number that is
/// never used again.
struct ConnectionInstances {
    struct Instance {
        var number: Int
        var serial: UInt64
    }

    private var last: [ConnectionID: Int] = [:]
    private var instances: [ConnectionID: [IPAddress: Instance]] = [:]

    func instance(of id: ConnectionID, at address: IPAddress) -> Instance? { instances[id]?[address] }

    mutating func add(_ id: ConnectionID, at address: IPAddress, serial: () -> ConnectionID) -> Instance {
        if let known = instances[id]?[address] { return known }
        let number = last[id, default: 0] + 1
        last[id] = number
        let instance = Instance(number: number, serial: serial().number)
        instances[id, default: [:]][address] = instance
        return instance
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
