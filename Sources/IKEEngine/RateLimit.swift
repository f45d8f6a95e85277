import IKEModel

/// How often something may be done: `burst` times at once, and once more for each `interval` that has passed.
struct RateLimit {
    let burst: Int
    let interval: Duration
    /// When all of the burst will be there again.
    private var full = Instant.zero

    init(burst: Int, interval: Duration) {
        self.burst = burst
        self.interval = interval
    }

    /// Whether it may be done now; then it counts as done.
    mutating func admits(at now: Instant) -> Bool {
        let start = max(full, now)
        guard start - now <= interval * (burst - 1) else { return false }
        full = start + interval
        return true
    }
}
