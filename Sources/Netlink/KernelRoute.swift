package import NetAddress

/// A route of the kernel's tables.
package struct KernelRoute: Hashable, Sendable {
    /// What a packet that matches meets: it is sent on, dropped in silence, refused, or the next rule is asked.
    package enum Kind: UInt8, Sendable {
        case unicast = 1
        case local = 2
        case broadcast = 3
        case anycast = 4
        case multicast = 5
        case blackhole = 6
        case unreachable = 7
        case prohibit = 8
        case `throw` = 9
    }

    /// The number of the `main` table.
    package static let mainTable: UInt32 = 254

    package var destination: IPPrefix
    /// The next hop; nil where the destination is on the link.
    package var gateway: IPAddress?
    /// The index of the interface to leave by; nil lets the kernel find it from the gateway.
    package var interface: Int32?
    package var table: UInt32
    /// The address that the machine's own packets get as their source.
    package var source: IPAddress?
    package var metric: UInt32?
    package var kind: Kind
    /// Octets of an IP packet that go this way; nil for the interface's.
    package var mtu: UInt32?
    /// Who made it: 2 the kernel, 3 boot, 4 an administrator (`proto static`); rtnetlink(7).
    package var routeProtocol: UInt8
    /// The gateway is to be taken as on the link though no address says so.
    package var isOnLink: Bool

    package init(
        to destination: IPPrefix, via gateway: IPAddress? = nil, interface: Int32? = nil,
        table: UInt32 = KernelRoute.mainTable, source: IPAddress? = nil, metric: UInt32? = nil, kind: Kind = .unicast,
        mtu: UInt32? = nil, routeProtocol: UInt8 = 4, isOnLink: Bool = false
    ) {
        self.destination = destination
        self.gateway = gateway
        self.interface = interface
        self.table = table
        self.source = source
        self.metric = metric
        self.kind = kind
        self.mtu = mtu
        self.routeProtocol = routeProtocol
        self.isOnLink = isOnLink
    }
}

extension KernelRoute: CustomStringConvertible {
    package var description: String {
        var text = kind == .unicast ? "\(destination)" : "\(kind) \(destination)"
        if let gateway { text += " via \(gateway)" }
        if let interface { text += " interface \(interface)" }
        if table != KernelRoute.mainTable { text += " table \(table)" }
        if let source { text += " src \(source)" }
        return text
    }
}
