import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// The tunnels of a configuration, as the engine has them.
struct ASATunnel: DeviceTunnel, Hashable {
    var entry: ASASettings.MapEntry
    var protected: ASASettings.Protected
    var connection: Connection
    /// Of the Child SAs' lifetime.
    var kilobytes: Int

    /// One for each line of the access-list of each complete entry; the IDs follow the order of the configuration.
    static func all(_ settings: ASASettings, id: (String) -> ConnectionID) -> [ASATunnel] {
        let policies = settings.ikePolicies
        return settings.mapEntries.flatMap { entry -> [ASATunnel] in
            let esp = settings.espProposals(entry)
            guard !esp.isEmpty, !policies.proposals.isEmpty else { return [] }
            let life = settings.lifetimes(entry)
            return settings.accessList(entry.accessList).enumerated().map { index, protected in
                let name = "\(entry.map) \(entry.sequence)" + (index == 0 ? "" : " \(index + 1)")
                let connection = Connection(
                    id: id(name), name: name,
                    local: end(entry.interface.address, protected.local), remote: end(entry.peer, protected.remote),
                    ikeProposals: policies.proposals, espProposals: esp,
                    lifetimes: Lifetimes(
                        ike: .seconds(policies.lifetimeSeconds), child: .seconds(life.seconds),
                        childOctets: UInt64(life.kilobytes) * 1024),
                    encapsulation: entry.isNATTDisabled ? .never : .automatic, replayWindow: 64,
                    livenessDelay: settings.keepAlive(entry).map { .seconds($0) } ?? .zero)
                return ASATunnel(
                    entry: entry, protected: protected, connection: connection, kilobytes: life.kilobytes)
            }
        }
    }

    private static func end(_ address: IPAddress, _ prefixes: [IPPrefix]) -> ConnectionEnd {
        ConnectionEnd(
            host: .address(address), identification: Identification(address: address),
            selectors: prefixes.map { TrafficSelector($0) })
    }

    /// The keys of all entries.
    static func keys(_ settings: ASASettings) -> PreSharedKeys {
        PreSharedKeys(
            settings.mapEntries.compactMap { entry in
                settings.preSharedKeys(entry).map { keys in
                    PreSharedKeys.Entry(
                        indices: [
                            .identification(Identification(address: entry.interface.address)),
                            .identification(Identification(address: entry.peer)),
                        ], secret: SecretBytes(Array(keys.own.utf8)), peerSecret: SecretBytes(Array(keys.peer.utf8)))
                }
            })
    }
}
