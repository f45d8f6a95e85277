import IKEModel
import IKEWire
import NetAddress

/// Which addresses of the gateway's pools are given away (RFC 7296 §2.19).
///
/// An address is lent for as long as an IKE SA holds it. Who held it is remembered, so that a client that comes back has the
/// same one again where it is free; the oldest memory makes room where nothing else does.
struct AddressLeases {
    private struct Owner: Hashable {
        var identification: Identification
        var pool: IPRange
    }

    private var lent: Set<IPAddress> = []
    private var remembered: [Owner: (address: IPAddress, order: UInt64)] = [:]
    private var owners: [IPAddress: Owner] = [:]
    /// Where in a pool the search for one that nobody has had begins.
    private var cursors: [IPRange: UInt128] = [:]
    private var lastOrder: UInt64 = 0

    var lentCount: Int { lent.count }
    /// Clients and pools that something is kept of.
    var keptCount: Int { remembered.count + owners.count + cursors.count }

    /// nil: the pool is exhausted.
    mutating func lend(from pool: IPRange, to identification: Identification) -> IPAddress? {
        let owner = Owner(identification: identification, pool: pool)
        if let known = remembered[owner]?.address, !lent.contains(known) {
            lent.insert(known)
            return known
        }
        guard let address = unknown(in: pool) ?? oldestRemembered(in: pool) else { return nil }
        lent.insert(address)
        // An identity that nobody has proved is nobody's (RFC 7619 §2.1). Of one that is here twice the first address counts.
        if identification.type != .null, remembered[owner] == nil { remember(address, owner) }
        return address
    }

    /// One that is wished for. Nobody need remember it: who wants it again says so.
    /// - Returns: whether it was free.
    mutating func lend(_ address: IPAddress) -> Bool { lent.insert(address).inserted }

    mutating func release(_ address: IPAddress) { lent.remove(address) }

    /// An address that is neither lent nor remembered for somebody. Of so many candidates more than there are leases one
    /// is free, or none in the pool is.
    private mutating func unknown(in pool: IPRange) -> IPAddress? {
        let last = pool.last.value - pool.first.value
        var offset = cursors[pool] ?? 0
        for _ in 0...min(last, UInt128(lent.count + owners.count)) {
            let candidate = IPAddress(family: pool.family, value: pool.first.value + offset)
            offset = offset == last ? 0 : offset + 1
            if !lent.contains(candidate), owners[candidate] == nil {
                cursors[pool] = offset
                return candidate
            }
        }
        return nil
    }

    private mutating func oldestRemembered(in pool: IPRange) -> IPAddress? {
        let free = remembered.filter { pool.contains($0.value.address) && !lent.contains($0.value.address) }
        guard let oldest = free.min(by: { $0.value.order < $1.value.order }) else { return nil }
        forget(oldest.key)
        return oldest.value.address
    }

    private mutating func remember(_ address: IPAddress, _ owner: Owner) {
        if remembered.count >= ConfigurationPolicy.leaseMemoryLimit,
            let oldest = remembered.min(by: { $0.value.order < $1.value.order })?.key
        {
            forget(oldest)
        }
        lastOrder += 1
        remembered[owner] = (address, lastOrder)
        owners[address] = owner
    }

    private mutating func forget(_ owner: Owner) {
        guard let address = remembered.removeValue(forKey: owner)?.address else { return }
        owners[address] = nil
    }
}
