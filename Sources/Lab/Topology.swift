package import NetAddress

/// What hosts there are and how they are joined: the contents of a file below testing/topologies.
package struct Topology: Hashable, Sendable {
    /// The file's name without folder and ending.
    package var name: String
    package var description: String
    /// In the file's order.
    package var hosts: [TopologyHost]
    package var links: [TopologyLink]
    /// The lines of every host's /etc/hosts.
    package var hostNames: [HostNames]
    /// Settings of every host, below /proc/sys: `net.ipv4.ip_forward`.
    package var sysctls: [Sysctl]

    package init(
        name: String, description: String = "", hosts: [TopologyHost], links: [TopologyLink],
        hostNames: [HostNames] = [], sysctls: [Sysctl] = []
    ) {
        self.name = name
        self.description = description
        self.hosts = hosts
        self.links = links
        self.hostNames = hostNames
        self.sysctls = sysctls
    }

    package func host(_ name: String) -> TopologyHost? { hosts.first { $0.name == name } }
    package func link(_ name: String) -> TopologyLink? { links.first { $0.name == name } }

    /// The text of /etc/hosts.
    package var etcHosts: String {
        let own = hostNames.map { "\($0.address)\t\($0.names.joined(separator: " "))\n" }
        return "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" + own.joined()
    }
}

package struct TopologyHost: Hashable, Sendable {
    /// Its host name, and the name of its network namespace.
    package var name: String
    package var interfaces: [TopologyInterface]
    package var routes: [TopologyRoute]
    package var sysctls: [Sysctl]

    package init(
        name: String, interfaces: [TopologyInterface], routes: [TopologyRoute] = [], sysctls: [Sysctl] = []
    ) {
        self.name = name
        self.interfaces = interfaces
        self.routes = routes
        self.sysctls = sysctls
    }

    package func interface(_ name: String) -> TopologyInterface? { interfaces.first { $0.name == name } }
}

package struct TopologyInterface: Hashable, Sendable {
    /// At most 15 octets; `ethN` gets the index N + 2, as the N-th card of a machine does.
    package var name: String
    /// The name of the link that it is plugged into.
    package var link: String
    package var mac: MACAddress?
    /// Octets of an IP packet.
    package var mtu: UInt32
    package var addresses: [IPPrefix]

    package init(name: String, link: String, mac: MACAddress? = nil, mtu: UInt32 = 1500, addresses: [IPPrefix]) {
        self.name = name
        self.link = link
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
    }
}

package struct TopologyRoute: Hashable, Sendable {
    package var destination: IPPrefix
    package var gateway: IPAddress?
    /// The interface to leave by; nil where the gateway says it.
    package var interface: String?
    package var source: IPAddress?

    package init(
        to destination: IPPrefix, via gateway: IPAddress? = nil, interface: String? = nil, source: IPAddress? = nil
    ) {
        self.destination = destination
        self.gateway = gateway
        self.interface = interface
        self.source = source
    }
}

/// A wire, or a switch where more than two interfaces are plugged in.
package struct TopologyLink: Hashable, Sendable {
    package var name: String

    package init(name: String) { self.name = name }
}

/// One line of /etc/hosts.
package struct HostNames: Hashable, Sendable {
    package var address: IPAddress
    package var names: [String]
}

/// One setting below /proc/sys.
package struct Sysctl: Hashable, Sendable {
    /// With dots, or with slashes where a part has a dot in it.
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Below /proc/sys.
    package var path: String { name.contains("/") ? name : String(name.map { $0 == "." ? "/" : $0 }) }
}
