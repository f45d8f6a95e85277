/// One cell of the matrix: a case, and who begins.
package struct InteropCell: Sendable {
    package let test: InteropCase
    package let initiator: InteropSide

    package init(_ test: InteropCase, initiator: InteropSide) {
        self.test = test
        self.initiator = initiator
    }

    /// `group-modp2048-swand-initiates`: the name of its scenario and of the folder of its results.
    package var name: String { "\(test.name)-\(initiator == .swand ? "swand" : "peer")-initiates" }

    /// Every cell of some cases.
    package static func cells(_ cases: [InteropCase]) -> [InteropCell] {
        cases.flatMap { test in test.initiators.map { InteropCell(test, initiator: $0) } }
    }

    // MARK: Who is where

    /// A host of the libreswan topology, what it is reached by and what it protects.
    struct Place {
        let host: String
        let address: String
        /// As the other end sees it; behind a NAT, nobody knows.
        let reachedAt: String
        let subnet: String
        /// Its own address in that network.
        let inside: String
    }

    var swand: Place { place(of: .swand) }
    var peer: Place { place(of: .peer) }

    private func place(of side: InteropSide) -> Place {
        let (outerV6, innerV6) = (test.family.isV6Outside, test.family.isV6Inside)
        if case .before(let hidden) = test.nat {
            if hidden == side {
                return Place(
                    host: "road", address: Self.insideNAT, reachedAt: isNATStatic ? Self.outsideNAT : "%any",
                    subnet: "10.3.0.0/24", inside: "10.3.0.254")
            }
        } else if side == .swand {
            let address = outerV6 ? "2001:db8:1:2::45" : "192.1.2.45"
            return Place(
                host: "west", address: address, reachedAt: address,
                subnet: innerV6 ? "2001:db8:0:1::/64" : "192.0.1.0/24",
                inside: innerV6 ? "2001:db8:0:1::254" : "192.0.1.254")
        }
        let address = outerV6 ? "2001:db8:1:2::23" : "192.1.2.23"
        // One that will be elsewhere is not looked for at one address.
        return Place(
            host: "east", address: address, reachedAt: test.mover == side ? "%any" : address,
            subnet: innerV6 ? "2001:db8:0:2::/64" : "192.0.2.0/24",
            inside: innerV6 ? "2001:db8:0:2::254" : "192.0.2.254")
    }

    /// The pool of which one end gives the other an address.
    var pool: String { test.family.isV6Inside ? "2001:db8:3:1::/120" : "192.3.1.0/28" }
    /// The networks of the second Child SA, swand's first, and an address in either.
    static let second = (
        swand: (subnet: "192.0.11.0/24", inside: "192.0.11.254"),
        peer: (subnet: "192.0.12.0/24", inside: "192.0.12.254")
    )

    /// What may not be seen in clear on a link.
    var protected: [String] {
        if test.isTransport { return [] }
        let (ours, theirs) = (swand.subnet, peer.subnet)
        switch test.addressGiver {
        case .swand: return ["\(ours) === \(pool)"]
        case .peer: return ["\(pool) === \(theirs)"]
        case nil:
            let second = Self.second
            return ["\(ours) === \(theirs)"]
                + (test.hasSecond ? ["\(second.swand.subnet) === \(second.peer.subnet)"] : [])
        }
    }

    /// The end behind a NAT, as it sees itself and as others do.
    static let insideNAT = "192.1.3.209"
    static let outsideNAT = "192.1.2.254"
    /// Whether the NAT takes one address for another in both directions, so that either end can initiate. It is made by the
    /// queueing disciplines, which user-mode Linux has; nf_tables for IPv4 it has not.
    var isNATStatic: Bool { hasNAT && test.needsKernelESP }
    var hasNAT: Bool { if case .before = test.nat { true } else { false } }
}
