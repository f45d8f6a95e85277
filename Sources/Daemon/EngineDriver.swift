package import IKEEngine
package import IKEModel

/// The protocol engine as the daemon sees it: inputs in, outputs out, and what a status listing shows.
package protocol EngineDriver: AnyObject {
    /// What is to be done, in this order.
    func handle(_ input: Input, at now: Instant) -> [Output]
    /// What the time of day is.
    func setWallClock(secondsSince1970: Int64, at now: Instant)
    /// In the order of their numbers.
    var connections: [ConnectionSnapshot] { get }
    var ikeSAs: [IKESnapshot] { get }
    var childSAs: [ChildFacts] { get }
    var reservedSPIs: [ReservedSPI] { get }
}

extension EngineDriver {
    package var reservedSPIs: [ReservedSPI] { [] }
}

extension EngineDriver {
    /// Of no concern to an engine without certificates.
    package func setWallClock(secondsSince1970: Int64, at now: Instant) {}
}

extension Engine: EngineDriver {}
