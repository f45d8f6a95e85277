import CLinux
import Glibc
import LinuxSystem
import NetAddress
import Netlink

/// The wiring: which veth pairs, bridges, addresses and routes a topology comes to.
struct LabNetwork {
    let hosts: [TopologyHost]
    let impairedLinks: Set<String>
    let links: [LabLink]
    private let bridgeIndices: [String: Int32]

    init(topology: Topology, hosts: [TopologyHost], impairedLinks: Set<String>) {
        self.hosts = hosts
        self.impairedLinks = impairedLinks
        var links: [LabLink] = []
        var bridgeIndices: [String: Int32] = [:]
        for link in topology.links {
            var ends: [LabLink.End] = []
            for host in hosts {
                for interface in host.interfaces where interface.link == link.name {
                    // Names for people where they fit IFNAMSIZ; no bridge has an @ in its name.
                    let long = "\(host.name)@\(interface.name)"
                    let middle = long.utf8.count <= 15 ? long : "\(links.count)@\(ends.count)"
                    ends.append(LabLink.End(host: host.name, interface: interface.name, middle: middle))
                }
            }
            if ends.isEmpty { continue }
            let isImpaired = impairedLinks.contains(link.name)
            if !isImpaired { bridgeIndices[link.name] = LabNetwork.bridgeIndex(links.count) }
            links.append(LabLink(name: link.name, ends: ends, bridge: isImpaired ? nil : link.name))
        }
        self.links = links
        self.bridgeIndices = bridgeIndices
    }

    /// The interface index of a link's bridge in the sandbox's network namespace, by the link's place in `links`.
    static func bridgeIndex(_ place: Int) -> Int32 { Int32(2 + place) }

    /// The interface indices of a host: ethN is N + 2, others follow. Known beforehand, so that links, addresses and
    /// routes go out without asking in between.
    static func indices(of host: TopologyHost) -> [String: Int32] {
        var result: [String: Int32] = [:]
        for interface in host.interfaces {
            guard interface.name.hasPrefix("eth"), let number = Int32(interface.name.dropFirst(3)), number >= 0,
                number < 100
            else { continue }
            result[interface.name] = number + 2
        }
        var next = (result.values.max() ?? 1) + 1
        for interface in host.interfaces where result[interface.name] == nil {
            result[interface.name] = next
            next += 1
        }
        return result
    }

    /// What the sandbox's own socket sends: bridges, then the pairs, one end of each straight into its host.
    func middleRequests(namespaces: [String: Int32]) -> [NetlinkRequest] {
        var requests: [NetlinkRequest] = [.setUp("lo")]
        // A veth pair heeds the peer's number only where the other end has one too.
        var middleIndex: Int32 = 1000
        for link in links {
            let bridge = bridgeIndices[link.name]
            if let bridge { requests.append(.createBridge(link.name, index: bridge)) }
            for end in link.ends {
                guard let host = hosts.first(where: { $0.name == end.host }),
                    let interface = host.interface(end.interface), let namespace = namespaces[end.host]
                else { continue }
                let peer = VethEnd(
                    name: interface.name, namespace: namespace,
                    index: LabNetwork.indices(of: host)[interface.name], mac: interface.mac, mtu: interface.mtu)
                let middle = VethEnd(name: end.middle, index: middleIndex, mtu: interface.mtu, isUp: true)
                requests.append(.createVeth(middle, peer: peer, master: bridge))
                middleIndex += 1
            }
        }
        return requests
    }

    /// What a host's socket sends: addresses and routes.
    static func requests(of host: TopologyHost) -> [NetlinkRequest] {
        let indices = indices(of: host)
        var requests: [NetlinkRequest] = [.setUp("lo")]
        for interface in host.interfaces {
            requests.append(.setLink(interface.name, isUp: true, index: indices[interface.name]!))
            for address in interface.addresses {
                // As in libreswan's testbed, whose listings have no broadcast addresses.
                requests.append(.addAddress(address, interface: indices[interface.name]!, broadcast: false))
            }
        }
        for route in host.routes {
            requests.append(
                .addRoute(
                    KernelRoute(
                        to: route.destination, via: route.gateway, interface: route.interface.flatMap { indices[$0] },
                        source: route.source)))
        }
        return requests
    }

    /// Has a host's interfaces send datagrams one by one, in the network namespace that the thread is in: a burst that a
    /// program hands over at once (UDP_SEGMENT, udp(7)) would cross a veth pair as one frame, and no capture would
    /// show what a wire carries. TCP's segments stay together: they lose nothing by it, and everybody is used to that.
    static func cutDatagrams(of host: TopologyHost) throws(SystemError) {
        for interface in host.interfaces {
            let result = clinux_device_feature_off(interface.name, "tx-udp-segmentation")
            // A kernel that has not this feature cuts them anyway.
            if result < 0 && result != -ENOENT {
                throw SystemError("switch tx-udp-segmentation off", interface.name, code: -result)
            }
        }
    }

    /// Before any interface is there, so that each is born with them.
    static let hostSysctls: [Sysctl] =
        [
            Sysctl("net.ipv4.ip_forward", "1"),
            Sysctl("net.ipv6.conf.all.forwarding", "1"),
        ]
        + ["all", "default"].flatMap { scope in
            [
                Sysctl("net.ipv4.conf.\(scope).rp_filter", "0"),
                Sysctl("net.ipv4.conf.\(scope).accept_redirects", "0"),
                Sysctl("net.ipv4.conf.\(scope).secure_redirects", "0"),
                Sysctl("net.ipv4.conf.\(scope).send_redirects", "0"),
                Sysctl("net.ipv6.conf.\(scope).accept_redirects", "0"),
                Sysctl("net.ipv6.conf.\(scope).accept_ra", "0"),
                Sysctl("net.ipv6.conf.\(scope).accept_dad", "0"),
                Sysctl("net.ipv6.conf.\(scope).dad_transmits", "0"),
            ]
        }

    /// The middle carries frames; it takes no part itself.
    static let middleSysctls: [Sysctl] = ["all", "default"].map { Sysctl("net.ipv6.conf.\($0).disable_ipv6", "1") }

    /// Sets them in the network namespace that the thread is in. A kernel without IPv6 has not the IPv6 ones.
    static func apply(_ sysctls: [Sysctl]) throws(SystemError) {
        let hasIPv6 = FileSystem.exists("/proc/sys/net/ipv6")
        for sysctl in sysctls where hasIPv6 || !sysctl.path.hasPrefix("net/ipv6") {
            try FileSystem.set("/proc/sys/" + sysctl.path, sysctl.value)
        }
    }
}
