package import NetAddress

/// What the host's addresses are now, and how it reaches peers: reported at the start and after each change.
package struct HostReport: Hashable, Sendable {
    /// Those that packets to other hosts can come from.
    package var addresses: [IPAddress]
    /// The address from which packets to a peer would leave, for the peers of IKE SAs whose own address is gone; a peer that
    /// cannot be reached is not in it.
    package var sources: [IPAddress: IPAddress]

    package init(addresses: [IPAddress], sources: [IPAddress: IPAddress] = [:]) {
        self.addresses = addresses
        self.sources = sources
    }
}

/// The two ends of an IKE SA's messages.
package struct IKEPath: Hashable, Sendable {
    package var local: Endpoint
    package var remote: Endpoint

    package init(local: Endpoint, remote: Endpoint) {
        self.local = local
        self.remote = remote
    }
}
