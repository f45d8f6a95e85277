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
    func ikeSA(_ id: IKESAID) -> IKESnapshot?
    func hasChildSA(of connection: ConnectionID, besides child: ChildSAID) -> Bool
    var reservedSPIs: [ReservedSPI] { get }
}

extension EngineDriver {
    package var reservedSPIs: [ReservedSPI] { [] }
    package func ikeSA(_ id: IKESAID) -> IKESnapshot? { ikeSAs.first { $0.ike == id } }
    package func hasChildSA(of connection: ConnectionID, besides child: ChildSAID) -> Bool {
        childSAs.contains { $0.connection == connection && $0.child != child }
    }
}

extension EngineDriver {
    /// Of no concern to an engine without certificates.
    package func setWallClock(secondsSince1970: Int64, at now: Instant) {}
}

extension Engine: EngineDriver {}
