import Glibc
import LinuxSystem

/// The one place where a run waits: descriptors to read, each with the action that reads it.
///
/// Level-triggered poll(2), single-threaded: a run watches some ten descriptors (two pipes for each host, a packet
/// socket for each link), and everything that happens in it happens between two calls of `wait`.
package final class DescriptorWatch {
    private struct Entry {
        let descriptor: Int32
        let action: () -> Void
    }

    private var entries: [Entry] = []
    private var scratch: [pollfd] = []
    /// What is to be done later; a handful.
    private var timers: [(due: ContinuousClock.Instant, action: () -> Void)] = []

    package init() {}

    /// Calls `action` from `wait` whenever the descriptor can be read, or its other end has gone.
    package func add(_ descriptor: Int32, _ action: @escaping () -> Void) {
        precondition(!entries.contains { $0.descriptor == descriptor }, "descriptor \(descriptor) is watched already")
        entries.append(Entry(descriptor: descriptor, action: action))
    }

    package func remove(_ descriptor: Int32) { entries.removeAll { $0.descriptor == descriptor } }

    /// Calls `action` once from a `wait` that lasts so long, or from the first one after that time.
    package func call(after delay: Duration, _ action: @escaping () -> Void) { timers.append((.now + delay, action)) }

    private func callDue() {
        let now = ContinuousClock.now
        let due = timers.filter { $0.due <= now }.sorted { $0.due < $1.due }
        timers.removeAll { $0.due <= now }
        for timer in due { timer.action() }
    }

    /// Waits until at least one descriptor is ready, or until `deadline`, and calls the actions of those that are.
    /// Returns how many were ready: 0 when the deadline passed, a timer was due or a signal came.
    @discardableResult
    package func wait(until deadline: ContinuousClock.Instant) -> Int {
        defer { if !timers.isEmpty { callDue() } }
        let earliest = timers.map(\.due).min().map { min($0, deadline) } ?? deadline
        let left = ContinuousClock.now.duration(to: earliest)
        // Rounded up: rounding down would spin through the last millisecond before the deadline.
        let milliseconds = Swift.max(0, (left + .microseconds(999)).milliseconds)
        scratch = entries.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let ready = poll(&scratch, nfds_t(scratch.count), Int32(Swift.min(milliseconds, 1_000_000)))
        guard ready > 0 else { return 0 }
        // An action may add or remove entries: call those that were ready, if they are still watched.
        for entry in zip(scratch, entries).filter({ $0.0.revents != 0 }).map(\.1)
        where entries.contains(where: { $0.descriptor == entry.descriptor }) {
            entry.action()
        }
        return Int(ready)
    }
}
