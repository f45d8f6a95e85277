package import NetAddress

/// Somebody else, a Mobile IPv6 daemon, has given a policy of the data plane other ends (XFRM_MSG_MIGRATE), and the SAs that
/// serve it with it.
package struct PolicyMigration: Hashable, Sendable {
    package enum Direction: Hashable, Sendable {
        case outbound, inbound, forward
    }

    package struct Step: Hashable, Sendable {
        /// Of the SAs; both unspecified for an open template of transport mode.
        package var oldSource: IPAddress
        package var oldDestination: IPAddress
        package var newSource: IPAddress
        package var newDestination: IPAddress
        package var mode: ESPMode
        package var reqid: UInt32

        package init(
            from old: (source: IPAddress, destination: IPAddress), to new: (source: IPAddress, destination: IPAddress),
            mode: ESPMode, reqid: UInt32
        ) {
            (oldSource, oldDestination) = old
            (newSource, newDestination) = new
            self.mode = mode
            self.reqid = reqid
        }
    }

    /// The ends that IKE is to use from here on (XFRMA_KMADDRESS).
    package struct KeyManager: Hashable, Sendable {
        package var local: IPAddress
        package var remote: IPAddress

        package init(local: IPAddress, remote: IPAddress) {
            self.local = local
            self.remote = remote
        }
    }

    package var source: TrafficSelector
    package var destination: TrafficSelector
    package var direction: Direction
    package var steps: [Step]
    /// nil: key management stays where it is.
    package var keyManager: KeyManager?

    package init(
        source: TrafficSelector, destination: TrafficSelector, direction: Direction, steps: [Step],
        keyManager: KeyManager?
    ) {
        self.source = source
        self.destination = destination
        self.direction = direction
        self.steps = steps
        self.keyManager = keyManager
    }
}
