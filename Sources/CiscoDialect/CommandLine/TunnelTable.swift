import DialectKit
import IKEModel

/// A tunnel of a device's configuration.
protocol DeviceTunnel {
    var connection: Connection { get }
}

/// The tunnels that a running configuration leads to. One that has a name keeps its number as the configuration changes.
struct TunnelTable<Tunnel: DeviceTunnel> {
    private(set) var tunnels: [Tunnel] = []
    private var identifiers: [String: ConnectionID] = [:]

    subscript(id: ConnectionID?) -> Tunnel? { tunnels.first { $0.connection.id == id } }

    /// Brings the engine's connections to what the configuration says. A tunnel that is no longer as it was ends.
    /// - Parameter make: all tunnels of the configuration, by the numbers of their names.
    mutating func update(
        keys: PreSharedKeys, _ make: ((String) -> ConnectionID) -> [Tunnel]
    ) -> [DialectEffect] {
        var identifiers = identifiers
        let wanted = make { name in
            let id = identifiers[name] ?? ConnectionID(UInt64(identifiers.count + 1))
            identifiers[name] = id
            return id
        }
        self.identifiers = identifiers
        let gone = tunnels.filter { old in !wanted.contains { $0.connection.id == old.connection.id } }
        let changed = wanted.filter { new in !tunnels.contains { $0.connection == new.connection } }
        tunnels = wanted
        return gone.map { .command(.remove($0.connection.id)) } + [.command(.setSecrets(keys))]
            + changed.flatMap { [.command(.add($0.connection)), .command(.route($0.connection.id))] }
    }
}
