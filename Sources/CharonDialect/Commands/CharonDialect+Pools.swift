import DialectKit
import IKEModel
import NetAddress

/// Virtual addresses as charon keeps account of them: pools, and who has, or had, which address (`ipsec leases`,
/// `swanctl --list-pools`).
struct AddressBook {
    struct Lease {
        var address: IPAddress
        var identity: String
        var isOnline: Bool
    }

    /// Whose pool it is: of ipsec.conf's connections, each counted, or of swanctl.conf.
    enum Origin: Hashable { case stroke, vici }

    struct Entry {
        var pool: AddressPool
        var origin: Origin
        /// In the order in which addresses were given.
        var leases: [Lease] = []

        var online: Int { leases.count { $0.isOnline } }
        var offline: Int { leases.count - online }
    }

    /// Leases of one pool that are remembered after their end; the oldest makes room.
    var memoryLimit = ConfigurationPolicy.leaseMemoryLimit
    private(set) var entries: [Entry] = []

    var vici: [String: AddressPool] {
        Dictionary(entries.filter { $0.origin == .vici }.map { ($0.pool.name, $0.pool) }) { first, _ in first }
    }

    func entry(_ name: String, _ origin: Origin) -> Entry? {
        entries.first { $0.pool.name == name && $0.origin == origin }
    }

    /// - Returns: whether there was none of that name.
    mutating func add(_ pool: AddressPool, _ origin: Origin) -> Bool {
        if let index = entries.firstIndex(where: { $0.pool.name == pool.name && $0.origin == origin }) {
            let isSame = entries[index].pool.addresses == pool.addresses
            entries[index].pool = pool
            if !isSame { entries[index].leases = [] }
            return false
        }
        entries.append(Entry(pool: pool, origin: origin))
        return true
    }

    mutating func remove(_ name: String, _ origin: Origin) {
        entries.removeAll { $0.pool.name == name && $0.origin == origin }
    }

    /// Pools of ipsec.conf that no connection has any more go, once nobody has an address of theirs.
    mutating func keep(_ names: Set<String>) {
        entries.removeAll { $0.origin == .stroke && !names.contains($0.pool.name) && $0.online == 0 }
    }

    /// An address is somebody's from here on.
    /// - Returns: what charon says of it; nil: it is of no pool.
    mutating func lend(_ address: IPAddress, to identity: String, from pools: [AddressPool]) -> String? {
        guard
            let index = entries.firstIndex(where: { entry in
                entry.pool.addresses.contains(address) && pools.contains { $0.name == entry.pool.name }
            })
        else { return nil }
        guard let known = entries[index].leases.firstIndex(where: { $0.address == address }) else {
            entries[index].leases.append(Lease(address: address, identity: identity, isOnline: true))
            return "assigning new lease to '\(identity)'"
        }
        let before = entries[index].leases[known].identity
        entries[index].leases[known] = Lease(address: address, identity: identity, isOnline: true)
        return before == identity
            ? "reassigning offline lease to '\(identity)'"
            : "reassigning existing offline lease by '\(before)' to '\(identity)'"
    }

    /// - Returns: whose it was; nil: nobody's.
    mutating func release(_ address: IPAddress) -> String? {
        for index in entries.indices {
            guard let known = entries[index].leases.firstIndex(where: { $0.address == address && $0.isOnline }) else {
                continue
            }
            entries[index].leases[known].isOnline = false
            let identity = entries[index].leases[known].identity
            if entries[index].offline > memoryLimit,
                let oldest = entries[index].leases.firstIndex(where: { !$0.isOnline })
            {
                entries[index].leases.remove(at: oldest)
            }
            return identity
        }
        return nil
    }
}

extension CharonDialect {
    // MARK: Listings

    /// `ipsec leases [POOL [ADDRESS]]`.
    func leasesText(_ pool: String?, _ address: String?) -> String {
        let shown = addressBook.entries.filter { $0.origin == .stroke && (pool == nil || $0.pool.name == pool) }
        if shown.isEmpty { return pool.map { "pool '\($0)' not found\n" } ?? "no pools found\n" }
        return shown.map { entry in
            let leases = entry.leases.filter { address == nil || "\($0.address)" == address }
            let lines = leases.map { lease in
                let text = "\(lease.address)"
                let padding = String(repeating: " ", count: max(0, 15 - text.count))
                return "  \(padding)\(text)   \(lease.isOnline ? "online" : "offline")   '\(lease.identity)'\n"
            }
            return "Leases in pool '\(entry.pool.name)', usage: \(entry.leases.count)/\(entry.pool.count), "
                + "\(entry.online) online\n" + (lines.isEmpty ? "  no matching leases found\n" : lines.joined())
        }.joined()
    }

    /// `Virtual IP pools` of `ipsec statusall`.
    var poolLines: [String] {
        let pools = addressBook.entries.filter { $0.origin == .stroke }
        guard !pools.isEmpty else { return [] }
        return ["Virtual IP pools (size/online/offline):"]
            + pools.map { "  \($0.pool.name): \($0.pool.count)/\($0.online)/\($0.offline)" }
    }

    /// `swanctl --list-pools [--leases] [--name POOL]`.
    func poolsText(name: String?, withLeases: Bool) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        return addressBook.entries.filter { $0.origin == .vici && (name == nil || $0.pool.name == name) }.map { entry in
            let usage = "\(entry.online) / \(entry.offline) / \(entry.pool.count)"
            let right = String(repeating: " ", count: max(0, 16 - usage.count)) + usage
            let leases = entry.leases.map { lease in
                "  \(padded("\(lease.address)", 30)) \(padded(lease.isOnline ? "online" : "offline", 8)) "
                    + "'\(lease.identity)'\n"
            }
            return "\(padded(entry.pool.name, 20)) \(padded("\(entry.pool.base)", 30)) \(right)\n"
                + (withLeases ? leases.joined() : "")
        }.joined()
    }

    // MARK: Pools of ipsec.conf

    /// The pools that a connection's peers are given addresses of, each told once.
    func addPools(of definition: ConnectionDefinition, _ view: any DaemonView) -> [DialectEffect] {
        guard definition.origin == .stroke else { return [] }
        var effects: [DialectEffect] = []
        for case .pool(let pool) in definition.remote.sourceAddresses + addressPools(of: definition) {
            if addressBook.add(pool, .stroke) {
                effects += log("CFG", "adding virtual IP address pool \(pool.name)", view)
            }
        }
        return effects
    }

    /// Single addresses are pools of one.
    private func addressPools(of definition: ConnectionDefinition) -> [SourceAddress] {
        definition.remote.sourceAddresses.compactMap { source in
            guard case .address(let address) = source else { return nil }
            return AddressPool(name: "\(address)", "\(address)").map { .pool($0) }
        }
    }

    /// Those that no connection has any more.
    func forgetPools() {
        let pools = connections.filter { $0.definition.origin == .stroke }.flatMap { bound in
            (try? ConnectionBinder.pools(bound.definition, [:])) ?? []
        }
        addressBook.keep(Set(pools.map(\.name)))
    }

    // MARK: swanctl.conf

    /// `swanctl --load-pools`.
    /// - Parameter between: done once all are loaded and before those that the file has no more are unloaded: connections that
    ///   named them go with it. What it says comes last.
    func loadViciPools(
        _ tree: SettingsTree, _ session: SessionID, _ view: any DaemonView,
        between: () -> (effects: [DialectEffect], succeeded: Bool) = { ([], true) }
    ) -> (effects: [DialectEffect], succeeded: Bool) {
        let sections = tree.section(named: "pools")?.sections ?? []
        var effects: [DialectEffect] = []
        var failed = 0
        for (name, section) in sections {
            nextJob()
            do throws(ConfigurationError) {
                let pool = try Self.pool(name, section)
                effects += try load(pool, at: section, view)
                effects.append(.write(session, "loaded pool '\(name)'\n"))
            } catch {
                failed += 1
                effects.append(.writeError(session, "loading pool '\(name)' failed: \(error.description)\n"))
            }
        }
        let others = between()
        var unloaded = 0
        for entry in addressBook.entries
        where entry.origin == .vici && !sections.contains(where: { $0.name == entry.pool.name }) {
            let name = entry.pool.name
            if entry.online > 0 || isUsed(name) {
                let why = entry.online > 0 ? "\(entry.online) online leases" : "connections that name it"
                effects += log("CFG", "vici pool \(name) has \(why), unable to unload", view)
                effects.append(.writeError(session, "unloading pool '\(name)' failed: it has \(why)\n"))
                continue
            }
            unloaded += 1
            addressBook.remove(name, .vici)
            effects += log("CFG", "unloaded vici pool \(name)", view)
        }
        if sections.isEmpty {
            effects.append(.write(session, "no pools found, \(unloaded) unloaded\n"))
        } else if failed == 0 {
            effects.append(
                .write(session, "successfully loaded \(sections.count) pools, \(unloaded) unloaded\n"))
        } else {
            effects.append(
                .writeError(
                    session,
                    "loaded \(sections.count - failed) of \(sections.count) pools, \(failed) failed to load, "
                        + "\(unloaded) unloaded\n"))
        }
        return (effects + others.effects, failed == 0 && others.succeeded)
    }

    private func isUsed(_ pool: String) -> Bool {
        connections.contains { $0.definition.remote.sourceAddresses.contains(.named(pool)) }
    }

    /// One section: `addrs`, `dns`.
    private static func pool(_ name: String, _ section: SettingsTree) throws(ConfigurationError) -> AddressPool {
        guard let value = section.value("addrs") else {
            let place = section.values.first?.value
            throw ConfigurationError(file: place?.file ?? "", line: place?.line ?? 0, "missing addrs")
        }
        guard var pool = AddressPool(name: name, value.text) else {
            throw ConfigurationError(file: value.file, line: value.line, "invalid addrs value: \(value.text)")
        }
        for (key, value) in section.values where key != "addrs" {
            guard key == "dns" else {
                throw ConfigurationError(file: value.file, line: value.line, "invalid attribute: \(key)")
            }
            for text in ValueSyntax.list(value.text) {
                guard let address = IPAddress(text) else {
                    throw ConfigurationError(
                        file: value.file, line: value.line, "invalid attribute value for \(key): \(text)")
                }
                pool.nameServers.append(address)
            }
        }
        return pool
    }

    /// A pool of which addresses are lent stays as it is, and one of a connection that has an IKE SA; else connections that
    /// name it are bound anew.
    private func load(
        _ pool: AddressPool, at section: SettingsTree, _ view: any DaemonView
    ) throws(ConfigurationError) -> [DialectEffect] {
        let facts = "\(pool.name): \(pool.base), \(pool.count) entries"
        guard let old = addressBook.entry(pool.name, .vici) else {
            _ = addressBook.add(pool, .vici)
            return log("CFG", "added vici pool \(facts)", view)
        }
        let isSame = old.pool.addresses == pool.addresses
        // To bind a connection anew ends what is up of it.
        if old.pool != pool, old.online > 0 {
            let place = section.value("addrs")
            throw ConfigurationError(
                file: place?.file ?? "", line: place?.line ?? 0,
                "vici pool \(pool.name) has \(old.online) online leases, unable to replace")
        }
        let user = connections.first { bound in
            bound.definition.remote.sourceAddresses.contains(.named(pool.name))
                && ikes.values.contains { $0.connection == bound.id }
        }
        if old.pool != pool, let user {
            let place = section.value("addrs")
            throw ConfigurationError(
                file: place?.file ?? "", line: place?.line ?? 0,
                "vici pool \(pool.name) is of connection '\(user.name)', which has an IKE_SA, unable to replace")
        }
        _ = addressBook.add(pool, .vici)
        var effects = log("CFG", "\(isSame ? "updated" : "replaced") vici pool \(facts)", view)
        guard old.pool != pool else { return effects }
        let binder = binder(view)
        for index in connections.indices
        where connections[index].definition.remote.sourceAddresses.contains(.named(pool.name)) {
            let bound = connections[index]
            guard let peer = bound.connection.peerConfiguration as UInt64?,
                let again = try? binder.bind(
                    bound.definition, id: bound.id, peerNumber: peer, reqid: bound.connection.reqid)
            else { continue }
            connections[index].connection = again
            effects.append(.command(.add(again)))
        }
        return effects
    }
}
