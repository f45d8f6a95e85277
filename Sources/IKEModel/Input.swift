package import NetAddress

/// A UDP datagram, or a frame of a TCP connection, with an IKE message: the non-ESP marker of port 4500 (RFC 3948 §2.2)
/// and of TCP (RFC 9329 §3.1) is not part of it. Over TCP the two ends name the connection.
package struct Datagram: Hashable, Sendable {
    package var local: Endpoint
    package var remote: Endpoint
    package var octets: [UInt8]

    package init(local: Endpoint, remote: Endpoint, octets: [UInt8]) {
        self.local = local
        self.remote = remote
        self.octets = octets
    }
}

/// The packet that started a connection on demand.
package struct AcquiringPacket: Hashable, Sendable {
    package var source: IPAddress
    package var destination: IPAddress
    package var ipProtocol: UInt8
    /// 0 for protocols without ports and for fragments. ICMP's type stands for the source's, its code for the destination's.
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package init(
        source: IPAddress, destination: IPAddress, ipProtocol: UInt8, sourcePort: UInt16 = 0,
        destinationPort: UInt16 = 0
    ) {
        self.source = source
        self.destination = destination
        self.ipProtocol = ipProtocol
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}

/// What the data plane reports on its own account.
package enum DataPlaneReport: Hashable, Sendable {
    /// A packet met a policy of a connection that is not up.
    case acquire(ConnectionID, AcquiringPacket)
    /// A Child SA carried as much as it may; hard: it stopped.
    case expired(ChildSAID, hard: Bool)
    /// A change of a Child SA that stands failed.
    case failed(ChildSAID, reason: String)
    /// The Child SA was not installed: it carries nothing.
    case installFailed(ChildSAID, reason: String)
    /// The policies of `route` were not made: no packet starts the connection.
    case routeFailed(ConnectionID, reason: String)
    /// The peer's encapsulated packets now come from elsewhere (RFC 7296 §2.23).
    case mappingChanged(ChildSAID, Endpoint)
    /// Somebody else moved policies and SAs.
    case migrated(PolicyMigration)
}

/// What an engine is told.
package enum Input: Sendable {
    case datagram(Datagram)
    /// The time is at least what the last `wake` asked for.
    case timer
    case command(Command)
    case dataPlane(DataPlaneReport)
    case host(HostReport)
    case stream(StreamReport)
    case fetched(FetchReport)
}

/// What an engine wants done, in this order.
package enum Output: Sendable {
    case transmit(Datagram)
    case dataPlane(KernelChange)
    case stream(StreamChange)
    case fetch(FetchRequest)
    /// Call back with `.timer` at this time; replaces the wish before it; nil: not needed.
    case wake(Instant?)
    case event(Event)
}
