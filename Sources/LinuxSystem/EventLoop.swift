import CLinux
import Glibc

/// One thread's wait for descriptors, times and signals: epoll, one timerfd, one signalfd. No Dispatch, no Foundation.
///
/// Callbacks run on the thread that calls `run()` or `turn()`, one at a time; they may watch, unwatch and set timers freely. A
/// descriptor that was unwatched is not called back again, also where its readiness had been collected in the same turn.
package final class EventLoop {
    /// What a descriptor is watched for.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: 1)
        package static let write = Interest(rawValue: 2)
    }

    /// What a descriptor is ready for; an error or a hang-up counts as both, so that the next call on it tells.
    package typealias Callback = (Interest) -> Void

    private struct Watch {
        var generation: UInt32
        var callback: Callback
    }

    private let epoll: FileDescriptor
    private let timer: FileDescriptor
    private var signals: FileDescriptor?
    private var watches: [Int32: Watch] = [:]
    /// Told apart by it: an old event of a descriptor number that was closed and given out anew.
    private var generation: UInt32 = 0
    private var timers = TimerQueue()
    private var armed: Int64 = 0
    private var stopped = false
    private var ready = [lx_ready](repeating: lx_ready(), count: 64)

    package init() throws(SystemError) {
        epoll = FileDescriptor(owning: try checked(lx_epoll_open(), "epoll_create1"))
        timer = FileDescriptor(owning: try checked(lx_timer_open(), "timerfd_create"))
        let descriptor = timer.rawValue
        try watch(descriptor, .read) { _ in
            // What counts is the queue: the expirations are only cleared.
            var expirations: UInt64 = 0
            _ = Glibc.read(descriptor, &expirations, 8)
        }
    }

    // MARK: Descriptors

    /// Calls back while the descriptor is ready (level-triggered). It stays the caller's to close, after `unwatch`.
    package func watch(
        _ descriptor: Int32, _ interest: Interest, _ callback: @escaping Callback
    ) throws(SystemError) {
        precondition(watches[descriptor] == nil, "descriptor \(descriptor) is watched already")
        generation &+= 1
        try control("+", descriptor, interest, generation)
        watches[descriptor] = Watch(generation: generation, callback: callback)
    }

    /// Changes what a watched descriptor is watched for.
    package func modify(_ descriptor: Int32, _ interest: Interest) throws(SystemError) {
        guard let watch = watches[descriptor] else { preconditionFailure("descriptor \(descriptor) is not watched") }
        try control("=", descriptor, interest, watch.generation)
    }

    /// To be called before the descriptor is closed. Nothing for one that is not watched.
    package func unwatch(_ descriptor: Int32) {
        guard watches.removeValue(forKey: descriptor) != nil else { return }
        // It fails only for a descriptor that is closed, and then epoll has forgotten it.
        _ = lx_epoll_control(epoll.rawValue, CChar(UInt8(ascii: "-")), descriptor, false, false, 0)
    }

    private func control(
        _ operation: Unicode.Scalar, _ descriptor: Int32, _ interest: Interest, _ generation: UInt32
    ) throws(SystemError) {
        let tag = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        let result = lx_epoll_control(
            epoll.rawValue, CChar(UInt8(ascii: operation)), descriptor, interest.contains(.read),
            interest.contains(.write), tag)
        try checked(result, "epoll_ctl", "descriptor \(descriptor)")
    }

    // MARK: Times and signals

    /// The loop's clock: CLOCK_MONOTONIC in nanoseconds.
    package static var nowNanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Calls back once, at that time of the loop's clock or soon after it; in the order of the times, equal ones as they were
    /// set. A time that has passed is due in the next turn, never within this call.
    @discardableResult
    package func schedule(at nanoseconds: Int64, _ callback: @escaping () -> Void) -> TimerToken {
        return timers.insert(at: nanoseconds, callback)
    }

    /// Nothing for a timer that has fired.
    package func cancel(_ token: TimerToken) {
        timers.remove(token)
    }

    /// Before each wait only: a message sets and takes back several.
    private func arm() {
        let next = timers.earliest.map { max($0, 1) } ?? 0
        guard next != armed else { return }
        armed = next
        _ = lx_timer_set(timer.rawValue, next)
    }

    /// Takes signals out of their default action, for good, and calls back with their numbers. To be called once.
    package func watchSignals(_ numbers: [Int32], _ callback: @escaping (Int32) -> Void) throws(SystemError) {
        precondition(signals == nil, "signals are watched already")
        let source = FileDescriptor(
            owning: try checked(lx_signal_open(numbers, Int32(numbers.count)), "signalfd"))
        signals = source
        try watch(source.rawValue, .read) { _ in
            while case let number = lx_signal_next(source.rawValue), number > 0 { callback(number) }
        }
    }

    // MARK: Running

    /// Turns until `stop()`.
    package func run() throws(SystemError) {
        repeat { try turn() } while !stopped
    }

    /// Ends `run()` after the callback that calls it.
    package func stop() { stopped = true }

    /// Waits for something to be ready or due, at most so long (nil: for ever), and calls back for it.
    package func turn(waitingAtMost limit: Duration? = nil) throws(SystemError) {
        stopped = false
        // Rounded up: a wait of 300 µs must not become a busy loop.
        let milliseconds = limit.map { Int32(clamping: ($0.microseconds + 999) / 1000) } ?? -1
        arm()
        let count = lx_epoll_wait(epoll.rawValue, &ready, Int32(ready.count), milliseconds)
        if count < 0 {
            if errno == EINTR { return }
            throw .last("epoll_wait")
        }
        for index in 0..<Int(count) {
            let event = ready[index]
            let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: event.tag))
            guard let watch = watches[descriptor], watch.generation == UInt32(event.tag >> 32) else { continue }
            var interest: Interest = event.broken ? [.read, .write] : []
            if event.readable { interest.insert(.read) }
            if event.writable { interest.insert(.write) }
            watch.callback(interest)
            if stopped { return }
        }
        fireTimers()
    }

    private func fireTimers() {
        guard let earliest = timers.earliest else { return }
        let now = EventLoop.nowNanoseconds
        if earliest > now { return }
        // Those that a callback sets are for the next turn, or a timer that sets itself anew would starve the descriptors.
        let last = timers.lastNumber
        while !stopped, let callback = timers.takeDue(at: now, upTo: last) { callback() }
        armed = -1
    }
}

/// A timer that was set: the key to take it back.
package struct TimerToken: Hashable, Sendable {
    fileprivate let time: Int64
    fileprivate let number: UInt64
}

/// Timers in the order in which they are due. Few are ever set at once, so a sorted array is as good as a heap.
private struct TimerQueue {
    private var entries: [(token: TimerToken, callback: () -> Void)] = []
    private(set) var lastNumber: UInt64 = 0

    var earliest: Int64? { entries.first?.token.time }

    mutating func insert(at time: Int64, _ callback: @escaping () -> Void) -> TimerToken {
        lastNumber += 1
        let token = TimerToken(time: time, number: lastNumber)
        let place = entries.lastIndex { $0.token.time <= time }.map { $0 + 1 } ?? 0
        entries.insert((token, callback), at: place)
        return token
    }

    mutating func remove(_ token: TimerToken) {
        if let place = entries.firstIndex(where: { $0.token == token }) { entries.remove(at: place) }
    }

    /// The first that is due, of those numbered `last` and below.
    mutating func takeDue(at now: Int64, upTo last: UInt64) -> (() -> Void)? {
        guard let place = entries.firstIndex(where: { $0.token.number <= last }), entries[place].token.time <= now
        else { return nil }
        return entries.remove(at: place).callback
    }
}
