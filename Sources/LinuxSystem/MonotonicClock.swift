import CLinux
import Glibc

/// CLOCK_MONOTONIC: time since boot, without the time that the machine slept; never set back.
package enum MonotonicClock {
    /// The time now, to the nanosecond.
    package static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Sleeps without giving the thread to anything else.
    package static func sleep(_ duration: Duration) {
        let parts = duration.components
        guard parts.seconds >= 0 && parts.attoseconds >= 0 else { return }
        var left = timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
        var rest = timespec()
        while nanosleep(&left, &rest) != 0 && errno == EINTR { left = rest }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
    /// Whole microseconds, rounded down.
    package var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
