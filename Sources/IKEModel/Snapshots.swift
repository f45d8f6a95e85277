package import IKEWire
package import NetAddress

/// An IKE SA as a status listing shows it.
package struct IKESnapshot: Hashable, Sendable {
    package var ike: IKESAID
    package var connection: ConnectionID?
    package var role: Role
    package var state: IKEState
    package var local: Endpoint
    package var remote: Endpoint
    package var initiatorSPI: IKESPI
    package var responderSPI: IKESPI
    package var suite: IKESuite?
    package var peer: Identification?
    package var established: Instant?
    /// When it will be replaced or ended; nil: not known yet.
    package var expires: Instant?
    package var children: [ChildSAID]
    /// Of a tunnel whose client has an address from its gateway: that one, whichever end we are; at most one a family.
    package var leases: [IPAddress] = []
    /// When this end replaces it; nil: it does not.
    package var rekeyTime: Instant?
    /// The Message ID of this end's next request, and the one that the peer's next request has (RFC 7296 §2.2).
    package var nextRequestID: UInt32 = 0
    package var expectedRequestID: UInt32 = 0

    package init(
        ike: IKESAID, connection: ConnectionID?, role: Role, state: IKEState, local: Endpoint, remote: Endpoint,
        initiatorSPI: IKESPI, responderSPI: IKESPI, suite: IKESuite?, peer: Identification?, established: Instant?,
        expires: Instant?, children: [ChildSAID]
    ) {
        self.ike = ike
        self.connection = connection
        self.role = role
        self.state = state
        self.local = local
        self.remote = remote
        self.initiatorSPI = initiatorSPI
        self.responderSPI = responderSPI
        self.suite = suite
        self.peer = peer
        self.established = established
        self.expires = expires
        self.children = children
    }
}

/// An inbound SPI of a Child SA that was proposed and is not there yet.
package struct ReservedSPI: Hashable, Sendable {
    package var spi: ESPSPI
    package var reqid: UInt32
    package var local: IPAddress
    package var remote: IPAddress

    package init(spi: ESPSPI, reqid: UInt32, local: IPAddress, remote: IPAddress) {
        self.spi = spi
        self.reqid = reqid
        self.local = local
        self.remote = remote
    }
}

/// Whether and how packets of a connection find their way.
package enum RoutingState: Hashable, Sendable {
    case unrouted
    case routedOnDemand
    case routedTunnel
}

/// A connection as a status listing shows it.
package struct ConnectionSnapshot: Hashable, Sendable {
    package var connection: Connection
    package var staysUp: Bool
    package var routing: RoutingState
    /// Octets of the ticket and when it ends; nil: none at hand.
    package var ticket: (octets: Int, expires: Instant)?
    /// The newest established ones.
    package var ike: IKESAID?
    package var child: ChildSAID?
    package var revivalAttempts: Int

    package init(
        connection: Connection, staysUp: Bool, routing: RoutingState, ticket: (octets: Int, expires: Instant)?,
        ike: IKESAID?, child: ChildSAID?, revivalAttempts: Int
    ) {
        self.connection = connection
        self.staysUp = staysUp
        self.routing = routing
        self.ticket = ticket
        self.ike = ike
        self.child = child
        self.revivalAttempts = revivalAttempts
    }

    package static func == (left: ConnectionSnapshot, right: ConnectionSnapshot) -> Bool {
        left.connection == right.connection && left.staysUp == right.staysUp && left.routing == right.routing
            && left.ticket?.octets == right.ticket?.octets && left.ticket?.expires == right.ticket?.expires
            && left.ike == right.ike && left.child == right.child && left.revivalAttempts == right.revivalAttempts
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(connection.id) }
}
