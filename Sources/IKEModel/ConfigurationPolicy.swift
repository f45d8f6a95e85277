package import NetAddress

/// What a gateway gives a client for use inside the tunnel (RFC 7296 §2.19, §3.15.1; RFC 8598 §4).
package struct InternalConfiguration: Hashable, Sendable {
    /// The client's own; at most one a family.
    package var addresses: [IPAddress]
    package var nameServers: [IPAddress]
    /// Domains whose names these servers know.
    package var domains: [String]

    package init(addresses: [IPAddress] = [], nameServers: [IPAddress] = [], domains: [String] = []) {
        self.addresses = addresses
        self.nameServers = nameServers
        self.domains = domains
    }
}

/// What a connection does with Configuration payloads (RFC 7296 §2.19): it asks, or it gives, or neither.
package struct ConfigurationPolicy: Hashable, Sendable {
    /// The families of which an address is asked for. Not empty: this end is a client, and what it is given is what it
    /// protects.
    package var requestedFamilies: [AddressFamily] = []
    /// Addresses that are wished for, at most one of a family that is asked for (RFC 7296 §3.15.1: a request may name one).
    package var wishedAddresses: [IPAddress] = []
    /// The families of which name servers are asked for; nil: of those of the addresses. Domains are asked for with these alone.
    package var nameServerFamilies: [AddressFamily]?
    /// Whether all addresses are asked for before all name servers; else each family's follow one another.
    package var asksForAddressesFirst = false
    /// What the peer's addresses are taken from, one a family. Not empty: this end is a gateway, and a peer that asks for
    /// none is refused its Child SA.
    package var pools: [IPRange] = []
    /// Whether a peer that wishes for a certain address, of whatever family, has it where no pool has one for it and neither another
    /// peer nor this end has it. This end is a gateway then, too.
    package var grantsWishes = false
    /// What a gateway tells with the addresses.
    package var nameServers: [IPAddress] = []
    package var domains: [String] = []

    /// Clients whose addresses are remembered after their IKE SAs have ended.
    package static let leaseMemoryLimit = 65536

    package init() {}

    package var isClient: Bool { !requestedFamilies.isEmpty }
    package var isGateway: Bool { !pools.isEmpty || grantsWishes }
}
