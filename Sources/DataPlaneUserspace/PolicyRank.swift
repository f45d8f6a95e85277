import IKEModel

/// The place of a policy in the database, the first the one that is asked first: by how specific it is; among equals Child
/// SAs before traps, the newest Child SA first, traps by connection.
struct PolicyRank: Hashable, Comparable {
    private let priority: UInt32
    private let isTrap: Bool
    private let order: UInt64

    init(_ policy: PolicyDatabase.Policy) {
        switch policy {
        case .association(let association):
            (priority, isTrap, order) = (association.priority, false, .max - association.number)
        case .trap(let trap): (priority, isTrap, order) = (trap.priority, true, trap.route.connection.number)
        }
    }

    static func < (left: PolicyRank, right: PolicyRank) -> Bool {
        if left.priority != right.priority { return left.priority < right.priority }
        if left.isTrap != right.isTrap { return right.isTrap }
        return left.order < right.order
    }
}

/// Policies by rank. The first is kept at the end, because what is newest comes first: thousands may be there, and one more
/// moves none of them.
struct PolicyList {
    private var reversed: [PolicyDatabase.Policy] = []

    var isEmpty: Bool { reversed.isEmpty }
    var first: PolicyDatabase.Policy? { reversed.last }
    /// The first first.
    var all: ReversedCollection<[PolicyDatabase.Policy]> { reversed.reversed() }

    /// Where a rank is, or would go: in front of the first that is not behind it.
    private func place(_ rank: PolicyRank) -> Int {
        var (low, high) = (0, reversed.count)
        while low < high {
            let middle = (low + high) / 2
            if rank < PolicyRank(reversed[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insert(_ policy: PolicyDatabase.Policy) { reversed.insert(policy, at: place(PolicyRank(policy))) }

    /// Nothing where it is not there.
    mutating func remove(_ policy: PolicyDatabase.Policy) {
        let rank = PolicyRank(policy)
        let index = place(rank)
        if index < reversed.count, PolicyRank(reversed[index]) == rank { reversed.remove(at: index) }
    }
}

/// What the policies want of the system's routing: few different things, each wanted by many.
struct RoutingWishes {
    private var holders: [PolicyRouting.Wish: PolicyList] = [:]
    /// Whether routing may have to be changed since `settle`.
    private(set) var areChanged = false

    mutating func add(_ wish: PolicyRouting.Wish, of policy: PolicyDatabase.Policy) {
        if holders[wish] == nil || wish.wantsAll { areChanged = true }
        holders[wish, default: PolicyList()].insert(policy)
    }

    mutating func remove(_ wish: PolicyRouting.Wish, of policy: PolicyDatabase.Policy) {
        holders[wish]?.remove(policy)
        let isGone = holders[wish]?.isEmpty ?? false
        if isGone { holders[wish] = nil }
        if isGone || wish.wantsAll { areChanged = true }
    }

    /// Each once, in the order of the policies.
    var distinct: [PolicyRouting.Wish] {
        holders.compactMap { wish, policies in policies.first.map { (wish, PolicyRank($0)) } }
            .sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// Routing is as it is wanted.
    mutating func settle() { areChanged = false }
    mutating func removeAll() { self = RoutingWishes() }
}
