package import NetAddress

/// What `scenario.yaml` says beside the scripts; every part may be left out.
package struct ScenarioSettings: Sendable {
    /// The name of a file in testing/topologies, without `.yaml`.
    package var topology = "libreswan"
    /// Hosts that must stand although no script names them.
    package var hosts: [String] = []
    /// The dialect of a host's swand, one of `knownDialects`; `pluto` where none is named.
    package var dialects: [String: String] = [:]
    /// Whose daemon stands on a host, one of `knownDaemons`; key `*` for all others.
    package var daemons: [String: String] = [:]
    /// Where a build of the user's own of that daemon was installed, absolute; same keys.
    package var prefixes: [String: String] = [:]
    /// Hosts that mean ill: what they send need be neither well-formed nor open with any key.
    package var hostile: [String] = []
    /// What the machine must have.
    package var requires: [MachineFeature] = []
    package var tags: [String] = []
    /// Documents that the scenario reproduces, as paths or titles.
    package var reproduces: [String] = []
    package var impairments: [LinkImpairment] = []
    /// The longest that one command may take; nil leaves it to the runner (120 s).
    package var timeout: Duration?
    package var protection = Protection.none
    /// Traffic that may be seen in clear although `protection` covers it, say of a host that is not to be protected.
    package var expectedClear: [ProtectedTraffic] = []

    /// Which traffic must never be seen in clear on a link between hosts.
    package enum Protection: Sendable, Equatable {
        /// None is looked for: many folders of others ping in clear first.
        case none
        /// That between the subnets of the connections in the folder's ipsec.conf files.
        case connections
        case traffic([ProtectedTraffic])
    }

    /// The line of each key in scenario.yaml, from 1, for messages about what only a topology can judge.
    package var lines: [String: Int] = [:]

    package init() {}

    /// `none` is a host without a daemon.
    package static let knownDaemons = ["swand", "libreswan", "strongswan", "none"]
    /// What swand speaks.
    package static let knownDialects = ["pluto", "charon", "azure", "asa", "ios", "vpp", "setkey"]

    package func daemon(of host: String) -> String { daemons[host] ?? daemons["*"] ?? "swand" }

    /// The strongSwan that the run starts on a host; nil where it is to start none.
    package func strongSwan(of host: String) -> StrongSwanInstallation? {
        guard daemon(of: host) == "strongswan" else { return nil }
        return StrongSwanInstallation(prefix: prefix(of: host))
    }

    /// The libreswan whose commands a host has; nil where it has none.
    package func libreswan(of host: String) -> LibreswanInstallation? {
        guard daemon(of: host) == "libreswan" else { return nil }
        return LibreswanInstallation(tree: prefix(of: host))
    }

    private func prefix(of host: String) -> String? { prefixes[daemons[host] == nil ? "*" : host] }
}

/// Traffic between two networks, either way: `192.0.1.0/24 === 192.0.2.0/24`, or `… on 192_1_2`.
package struct ProtectedTraffic: Hashable, Sendable, CustomStringConvertible {
    package let left: IPPrefix
    package let right: IPPrefix
    /// The one link that is meant; nil: all.
    package let link: String?

    package init(_ left: IPPrefix, _ right: IPPrefix, on link: String? = nil) {
        self.left = left
        self.right = right
        self.link = link
    }

    package var description: String { "\(left) === \(right)" + (link.map { " on \($0)" } ?? "") }
}
