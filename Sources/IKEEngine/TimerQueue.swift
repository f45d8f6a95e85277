import IKEModel

/// What a due time is for.
enum TimerKey: Hashable {
    /// Send the pending request again, or give it up.
    case retransmission(IKESAID)
    /// A half-open IKE SA of the responder is forgotten.
    case halfOpen(IKESAID)
    case liveness(IKESAID)
    case expiry(IKESAID)
    case ikeRekey(IKESAID)
    case childRekey(ChildSAID)
    case childExpiry(ChildSAID)
    case revival(ConnectionID)
    /// The TCP connection of an IKE SA is opened anew.
    case streamReopening(IKESAID)
    case ticketKey
    case keepAlive(IKESAID)
}

/// Due times, one per key; setting one again replaces it. A binary heap in which replaced entries are skipped when met,
/// and which is made anew when most of it is such: what comes and goes before its time is due leaves nothing behind.
struct TimerQueue {
    private struct Entry {
        var due: Instant
        var order: UInt64
        var key: TimerKey

        static func < (left: Entry, right: Entry) -> Bool { (left.due, left.order) < (right.due, right.order) }
    }

    private var heap: [Entry] = []
    private var current: [TimerKey: UInt64] = [:]
    private var orders: UInt64 = 0

    /// Entries, those included that no longer count.
    var storedCount: Int { heap.count }
    /// Due times that are set.
    var count: Int { current.count }

    mutating func set(_ key: TimerKey, at due: Instant) {
        if heap.count > 2 * current.count + 64 {
            // Sorted entries are a heap.
            heap = heap.filter { current[$0.key] == $0.order }.sorted(by: <)
        }
        orders += 1
        current[key] = orders
        heap.append(Entry(due: due, order: orders, key: key))
        var index = heap.count - 1
        while index > 0, heap[index] < heap[(index - 1) / 2] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    func isSet(_ key: TimerKey) -> Bool { current[key] != nil }

    mutating func cancel(_ key: TimerKey) { current[key] = nil }

    /// The earliest due time.
    mutating func earliest() -> Instant? {
        dropReplaced()
        return heap.first?.due
    }

    /// The next key that is due at `now`; it is taken out. Equal times in the order in which they were set.
    mutating func takeDue(at now: Instant) -> TimerKey? {
        dropReplaced()
        guard let first = heap.first, first.due <= now else { return nil }
        current[first.key] = nil
        removeFirst()
        return first.key
    }

    private mutating func dropReplaced() {
        while let first = heap.first, current[first.key] != first.order { removeFirst() }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
