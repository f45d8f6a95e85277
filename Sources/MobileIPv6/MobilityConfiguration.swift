package import NetAddress

/// What mip6d.conf says.
package struct MobilityConfiguration: Hashable, Sendable {
    package enum Role: Hashable, Sendable {
        case mobileNode
        case homeAgent
    }

    /// A home link of a mobile node.
    package struct HomeLink: Hashable, Sendable {
        package var interface: String
        package var homeAgent: IPAddress
        /// With the home link's prefix length.
        package var homeAddress: IPPrefix
    }

    /// What the home agent and one mobile node protect, and by which reqid the states are found; nil: not.
    package struct PolicySet: Hashable, Sendable {
        package var homeAgent: IPAddress
        package var homeAddress: IPAddress
        /// Mobility Header messages, in transport mode.
        package var mobilityHeaderReqid: UInt32?
        /// The payload, in tunnel mode.
        package var payloadReqid: UInt32?

        package init(
            homeAgent: IPAddress, homeAddress: IPAddress, mobilityHeaderReqid: UInt32?, payloadReqid: UInt32?
        ) {
            self.homeAgent = homeAgent
            self.homeAddress = homeAddress
            self.mobilityHeaderReqid = mobilityHeaderReqid
            self.payloadReqid = payloadReqid
        }
    }

    package var role: Role
    package var usesIPsec = true
    package var keyManagementMoves = false
    package var interfaces: [String] = []
    package var homeLink: HomeLink?
    package var policySets: [PolicySet] = []
    /// What a mobile node asks for, and what a home agent grants at most; seconds, a multiple of 4.
    package var lifetimeSeconds = greatestLifetimeSeconds

    /// Of Lifetime, 16 bits of 4 seconds.
    package static let greatestLifetimeSeconds: UInt32 = 262140

    package init(role: Role) { self.role = role }

    /// A mobile node and its home agent, as this end has them.
    package struct Pair: Hashable, Sendable {
        package var homeAddress: IPAddress
        package var homeAgent: IPAddress
        /// The name of the interface between the two.
        package var tunnel: String
        /// nil where nothing is protected.
        package var plan: IPsecPlan?
    }

    /// A mobile node has one, a home agent one for each of its nodes.
    package var pairs: [Pair] {
        let sets = policySets.filter { set in
            role == .homeAgent
                || set.homeAddress == homeLink?.homeAddress.address && set.homeAgent == homeLink?.homeAgent
        }
        let pairs = sets.enumerated().map { number, set in
            Pair(
                homeAddress: set.homeAddress, homeAgent: set.homeAgent, tunnel: "ip6tnl\(number + 1)",
                plan: usesIPsec ? IPsecPlan(set, role) : nil)
        }
        guard pairs.isEmpty, let homeLink else { return pairs }
        return [
            Pair(homeAddress: homeLink.homeAddress.address, homeAgent: homeLink.homeAgent, tunnel: "ip6tnl1", plan: nil)
        ]
    }
}

/// A mistake in mip6d.conf: `mip6d.conf:7: …`.
package struct MobilityConfigurationError: Error, Hashable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let text: String
    package var description: String { "\(file):\(line): \(text)" }
}

extension MobilityConfiguration {
    /// - Parameter file: its name, for errors.
    package init(parsing text: String, file: String) throws(MobilityConfigurationError) {
        var reader = MobilityConfigurationReader(text, file: file)
        self = try reader.read()
    }
}
