package import NetAddress
package import Netlink

/// What a mobile node or a home agent wants done, in this order.
package enum MobilityAction: Hashable, Sendable {
    case addState(XFRMState)
    /// The care-of address of one that stands.
    case updateState(XFRMState)
    case deleteState(XFRMStateID)
    /// Takes the place of what has its selector and direction.
    case setPolicy(XFRMPolicy)
    case deletePolicy(XFRMPolicyID)
    case migrate(XFRMMigration)
    /// Makes the tunnel of this name, up, or gives it other ends.
    case setTunnel(String, local: IPAddress, remote: IPAddress)
    case deleteTunnel(String)
    /// `noDAD`: without asking first whether another node has it.
    case addHomeAddress(IPAddress, interface: String, noDAD: Bool)
    case removeHomeAddress(IPAddress, interface: String)
    /// Learns a neighbour's link-layer address without a word from the home address, for which the home agent still answers
    /// (RFC 6275 §11.5.5).
    case resolveNeighbour(IPAddress, interface: String)
    /// Tells all nodes of a link, unasked, that this node's card there has the address (RFC 6275 §10.4.1, §11.5.5); nil: a home agent's
    /// home link.
    case advertise(IPAddress, from: IPAddress, interface: String?)
    /// Packets from the home address leave by the tunnel.
    case routeFromHome(IPAddress, tunnel: String)
    case unrouteFromHome(IPAddress)
    /// Packets for the home address go into the tunnel, and neighbours of the home link are answered for it
    /// (RFC 6275 §10.4.1).
    case routeToHome(IPAddress, tunnel: String)
    case unrouteToHome(IPAddress)
    case send(MobilityDatagram)
    /// RFC 6275 §6.7: an ICMPv6 message of this type to the home agent.
    case solicitPrefixes(from: IPAddress, to: IPAddress)
    /// Call back with `.timer` at this time of the caller's clock, in milliseconds; replaces the wish before it; nil: not
    /// needed.
    case wake(Int64?)
    case event(MobilityEvent)
}

/// A message with the ends that its receiver sees.
package struct MobilityDatagram: Hashable, Sendable {
    package var source: IPAddress
    package var destination: IPAddress
    package var message: MobilityMessage
    /// Where a type 2 routing header takes it on the way (RFC 6275 §6.4); nil: none.
    package var careOfAddress: IPAddress?
    /// To the receiver's card on a home agent's home link, whatever routes say.
    package var isOnHomeLink: Bool

    package init(
        from source: IPAddress, to destination: IPAddress, _ message: MobilityMessage, via careOf: IPAddress? = nil,
        isOnHomeLink: Bool = false
    ) {
        self.isOnHomeLink = isOnHomeLink
        self.source = source
        self.destination = destination
        self.message = message
        careOfAddress = careOf
    }
}

/// What happened, for the log.
package enum MobilityEvent: Hashable, Sendable {
    case movedTo(careOf: IPAddress, from: IPAddress?)
    /// No address leads to the home agent.
    case unreachable
    case returnedHome
    case bindingUpdateSent(sequence: UInt16, careOf: IPAddress, lifetimeSeconds: UInt32, attempt: Int)
    case bindingAccepted(sequence: UInt16, lifetimeSeconds: UInt32)
    case bindingRefused(sequence: UInt16, BindingAcknowledgement.Status)
    /// The home agent serves this node not, and is asked no more.
    case rejected(by: IPAddress)
    case bindingEnded(IPAddress)
    case bindingExpired(IPAddress)
    case bindingRegistered(home: IPAddress, careOf: IPAddress, sequence: UInt16, lifetimeSeconds: UInt32)
    case updateRefused(home: IPAddress, sequence: UInt16, BindingAcknowledgement.Status)
    /// Why a message was passed over.
    case dropped(from: IPAddress, String)

    /// Whether a packet is all that it takes, so that it can happen any number of times.
    package var isOthersDoing: Bool {
        switch self {
        case .updateRefused, .dropped: true
        default: false
        }
    }
}

/// What they are told.
package enum MobilityInput: Hashable, Sendable {
    /// What daemons that were killed have left: the care-of addresses that policies of the payload still name, by home address.
    case start(left: [IPAddress: IPAddress])
    /// The usable addresses of the node's interfaces that packets to others can come from, without the home address, best
    /// first.
    case addresses([IPAddress])
    /// A Mobility Header that was received, with the ends that the kernel shows: home addresses.
    case message(MobilityMessage, from: IPAddress, to: IPAddress)
    /// A Mobile Prefix Advertisement came from there.
    case prefixesAdvertised(from: IPAddress)
    /// The time is at least what the last `wake` asked for.
    case timer
    /// The daemon ends: everything is taken back, the home agent told where that can be.
    case stop
}
