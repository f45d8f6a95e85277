import CNetlink
package import NetAddress

/// A link as the kernel lists it.
package struct KernelLink: Hashable, Sendable {
    package var index: Int32
    package var name: String
    package var mac: MACAddress?
    package var mtu: UInt32
    package var isUp: Bool
    /// The bridge that it is a port of, by index.
    package var master: Int32?
    /// `veth`, `bridge`, `tun`; nil for a device without (lo).
    package var kind: String?
    /// Of a tunnel: the outer addresses.
    package var tunnel: TunnelEnds?

    package struct TunnelEnds: Hashable, Sendable {
        package var local: IPAddress
        package var remote: IPAddress
    }
}

/// An address as the kernel lists it.
package struct KernelAddress: Hashable, Sendable {
    package var prefix: IPPrefix
    package var interface: Int32
    /// Duplicate address detection still runs: it cannot be used yet.
    package var isTentative: Bool
}

/// Lists of the kernel's tables.
extension NetlinkSocket {
    package func links() throws(NetlinkError) -> [KernelLink] {
        let request = NetlinkMessageBuilder(type: Int(RTM_GETLINK), flags: NLM_F_DUMP)
        request.header(ifinfomsg())
        return try dump(request.finish("list links")).compactMap { message in
            guard let header = message.payload.header(ifinfomsg.self) else { return nil }
            let attributes = message.attributes(after: MemoryLayout<ifinfomsg>.size)
            let information = attributes[Int(IFLA_LINKINFO)].map { NetlinkMessage.attributes($0) }
            return KernelLink(
                index: header.ifi_index, name: attributes[Int(IFLA_IFNAME)]?.text ?? "",
                mac: attributes[Int(IFLA_ADDRESS)].flatMap { MACAddress(octets: Array($0)) },
                mtu: attributes[Int(IFLA_MTU)]?.number32 ?? 0, isUp: header.ifi_flags & IFF_UP.rawValue != 0,
                master: attributes[Int(IFLA_MASTER)]?.number32.map { Int32(bitPattern: $0) },
                kind: information?[Int(IFLA_INFO_KIND)]?.text,
                tunnel: information.flatMap { Self.tunnelEnds($0) })
        }
    }

    /// IFLA_IPTUN_LOCAL and IFLA_IPTUN_REMOTE of an ip6_tunnel.
    private static func tunnelEnds(_ information: [Int: ArraySlice<UInt8>]) -> KernelLink.TunnelEnds? {
        guard information[Int(IFLA_INFO_KIND)]?.text == "ip6tnl", let data = information[Int(IFLA_INFO_DATA)] else {
            return nil
        }
        let ends = NetlinkMessage.attributes(data)
        guard let local = ends[Int(IFLA_IPTUN_LOCAL)].flatMap({ IPAddress(octets: $0) }),
            let remote = ends[Int(IFLA_IPTUN_REMOTE)].flatMap({ IPAddress(octets: $0) })
        else { return nil }
        return .init(local: local, remote: remote)
    }

    package func addresses() throws(NetlinkError) -> [KernelAddress] {
        let request = NetlinkMessageBuilder(type: Int(RTM_GETADDR), flags: NLM_F_DUMP)
        request.header(ifaddrmsg())
        return try dump(request.finish("list addresses")).compactMap { message in
            guard let header = message.payload.header(ifaddrmsg.self) else { return nil }
            let attributes = message.attributes(after: MemoryLayout<ifaddrmsg>.size)
            guard let octets = attributes[Int(IFA_LOCAL)] ?? attributes[Int(IFA_ADDRESS)],
                let address = IPAddress(octets: octets),
                let prefix = IPPrefix(address, length: Int(header.ifa_prefixlen))
            else { return nil }
            let flags = attributes[Int(IFA_FLAGS)]?.number32 ?? UInt32(header.ifa_flags)
            return KernelAddress(
                prefix: prefix, interface: Int32(bitPattern: header.ifa_index),
                isTentative: flags & UInt32(IFA_F_TENTATIVE) != 0)
        }
    }

    /// The routes of all tables; of one family, or of both.
    package func routes(family: AddressFamily? = nil) throws(NetlinkError) -> [KernelRoute] {
        let request = NetlinkMessageBuilder(type: Int(RTM_GETROUTE), flags: NLM_F_DUMP)
        var header = rtmsg()
        header.rtm_family = family?.kernelNumber ?? 0
        request.header(header)
        return try dump(request.finish("list routes")).compactMap { message in
            guard let header = message.payload.header(rtmsg.self),
                let family = AddressFamily(kernelNumber: header.rtm_family),
                let kind = KernelRoute.Kind(rawValue: header.rtm_type)
            else { return nil }
            let attributes = message.attributes(after: MemoryLayout<rtmsg>.size)
            let address = attributes[Int(RTA_DST.rawValue)].flatMap { IPAddress(octets: $0) }
            guard let prefix = IPPrefix(address ?? .unspecified(family), length: Int(header.rtm_dst_len)) else {
                return nil
            }
            return KernelRoute(
                to: prefix, via: attributes[Int(RTA_GATEWAY.rawValue)].flatMap { IPAddress(octets: $0) },
                interface: attributes[Int(RTA_OIF.rawValue)]?.number32.map { Int32(bitPattern: $0) },
                table: attributes[Int(RTA_TABLE.rawValue)]?.number32 ?? UInt32(header.rtm_table),
                source: attributes[Int(RTA_PREFSRC.rawValue)].flatMap { IPAddress(octets: $0) },
                metric: attributes[Int(RTA_PRIORITY.rawValue)]?.number32, kind: kind,
                routeProtocol: header.rtm_protocol, isOnLink: header.rtm_flags & UInt32(RTNH_F_ONLINK) != 0)
        }
    }
}
