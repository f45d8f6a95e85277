/// How many lines of a log what others send can make: some in a minute, and then a count, so that nobody fills a disk from afar.
package struct LineLimit: Sendable {
    /// Lines of a period.
    package static let greatestLines = 20
    /// Milliseconds.
    package static let period: Int64 = 60000

    private var began: Int64?
    private var lines = 0
    private var omitted = 0

    package init() {}

    /// A line is wanted at this time, in milliseconds of any clock that does not run backwards.
    /// - Returns: nil: it is left out; else how many were since the last one that was not.
    package mutating func admit(at now: Int64) -> Int? {
        if began.map({ now - $0 >= Self.period }) ?? true { (began, lines) = (now, 0) }
        guard lines < Self.greatestLines else {
            omitted += 1
            return nil
        }
        lines += 1
        return takeOmitted()
    }

    /// How many were left out and not told yet.
    package mutating func takeOmitted() -> Int {
        defer { omitted = 0 }
        return omitted
    }
}
