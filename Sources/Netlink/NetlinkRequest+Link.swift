import CNetlink
package import NetAddress

/// One end of a veth pair that is to be made.
package struct VethEnd: Sendable {
    /// At most 15 octets (IFNAMSIZ less the zero).
    package var name: String
    /// A descriptor of the network namespace that it appears in; nil for the socket's own.
    package var namespace: Int32?
    /// The interface's number in its namespace; nil lets the kernel choose, for both ends where it is nil for one.
    package var index: Int32?
    package var mac: MACAddress?
    /// Octets of an IP packet, 68...65535; nil for 1500.
    package var mtu: UInt32?
    package var isUp: Bool

    package init(
        name: String, namespace: Int32? = nil, index: Int32? = nil, mac: MACAddress? = nil, mtu: UInt32? = nil,
        isUp: Bool = false
    ) {
        self.name = name
        self.namespace = namespace
        self.index = index
        self.mac = mac
        self.mtu = mtu
        self.isUp = isUp
    }

    fileprivate var header: ifinfomsg {
        var header = ifinfomsg()
        header.ifi_index = index ?? 0
        if isUp { (header.ifi_flags, header.ifi_change) = (IFF_UP.rawValue, IFF_UP.rawValue) }
        return header
    }

    fileprivate func attributes(_ message: borrowing NetlinkMessageBuilder) {
        message.attribute(Int(IFLA_IFNAME), name)
        if let mac { message.attribute(Int(IFLA_ADDRESS), mac.octets) }
        if let mtu { message.attribute(Int(IFLA_MTU), mtu) }
        if let namespace { message.attribute(Int(IFLA_NET_NS_FD), UInt32(bitPattern: namespace)) }
    }
}

/// Links: RTM_NEWLINK, RTM_DELLINK (rtnetlink(7)).
extension NetlinkRequest {
    /// Makes a pair. The peer is down at first, whatever it says: a veth cannot come up before its other end is there
    /// (ENOTCONN). The first end joins the bridge `master` (an interface index) where one is given.
    package static func createVeth(_ end: VethEnd, peer: VethEnd, master: Int32? = nil) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(RTM_NEWLINK), flags: NLM_F_CREATE | NLM_F_EXCL)
        message.header(end.header)
        end.attributes(message)
        if let master { message.attribute(Int(IFLA_MASTER), UInt32(bitPattern: master)) }
        message.nested(Int(IFLA_LINKINFO)) {
            message.attribute(Int(IFLA_INFO_KIND), "veth")
            message.nested(Int(IFLA_INFO_DATA)) {
                message.nested(Int(VETH_INFO_PEER)) {
                    var peer = peer
                    peer.isUp = false
                    message.header(peer.header)
                    peer.attributes(message)
                }
            }
        }
        return message.finish("create veth \(end.name) with peer \(peer.name)")
    }

    /// Makes a bridge that forwards at once (no spanning tree, no delay) and does not listen to multicast membership.
    package static func createBridge(_ name: String, index: Int32? = nil, isUp: Bool = true) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(RTM_NEWLINK), flags: NLM_F_CREATE | NLM_F_EXCL)
        message.header(VethEnd(name: name, index: index, isUp: isUp).header)
        message.attribute(Int(IFLA_IFNAME), name)
        message.nested(Int(IFLA_LINKINFO)) {
            message.attribute(Int(IFLA_INFO_KIND), "bridge")
            message.nested(Int(IFLA_INFO_DATA)) {
                message.attribute(Int(IFLA_BR_STP_STATE), UInt32(0))
                message.attribute(Int(IFLA_BR_FORWARD_DELAY), UInt32(0))
                message.attribute(Int(IFLA_BR_MCAST_SNOOPING), UInt8(0))
            }
        }
        return message.finish("create bridge \(name)")
    }

    /// Makes a tunnel of IPv6 packets in IPv6 (ip6_tunnel), or gives the one with this name other ends.
    package static func setTunnel(
        _ name: String, local: IPAddress, remote: IPAddress, isNew: Bool, isUp: Bool = true
    ) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(RTM_NEWLINK), flags: isNew ? NLM_F_CREATE | NLM_F_EXCL : 0)
        message.header(VethEnd(name: name, isUp: isUp).header)
        message.attribute(Int(IFLA_IFNAME), name)
        message.nested(Int(IFLA_LINKINFO)) {
            message.attribute(Int(IFLA_INFO_KIND), "ip6tnl")
            message.nested(Int(IFLA_INFO_DATA)) {
                message.attribute(Int(IFLA_IPTUN_LOCAL), local)
                message.attribute(Int(IFLA_IPTUN_REMOTE), remote)
                message.attribute(Int(IFLA_IPTUN_PROTO), UInt8(IPPROTO_IPV6))
                // Without the option that limits tunnels in tunnels (RFC 2473 §4.1).
                message.attribute(Int(IFLA_IPTUN_FLAGS), UInt32(IP6_TNL_F_IGN_ENCAP_LIMIT))
                message.attribute(Int(IFLA_IPTUN_TTL), UInt8(64))
            }
        }
        return message.finish("\(isNew ? "create" : "set") tunnel \(name) from \(local) to \(remote)")
    }

    package static func deleteLink(_ name: String) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(RTM_DELLINK))
        message.header(ifinfomsg())
        message.attribute(Int(IFLA_IFNAME), name)
        return message.finish("delete link \(name)")
    }

    /// Changes what is given of a link that exists; `master` 0 takes it out of its bridge, `namespace` moves it.
    package static func setLink(
        _ name: String, isUp: Bool? = nil, master: Int32? = nil, mtu: UInt32? = nil, mac: MACAddress? = nil,
        newName: String? = nil, namespace: Int32? = nil, index: Int32 = 0
    ) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(RTM_NEWLINK))
        var header = ifinfomsg()
        header.ifi_index = index
        if let isUp { (header.ifi_flags, header.ifi_change) = (isUp ? IFF_UP.rawValue : 0, IFF_UP.rawValue) }
        message.header(header)
        // With an index IFLA_IFNAME would be the name to give; without one it is the name to look for.
        if index == 0 { message.attribute(Int(IFLA_IFNAME), name) }
        if let newName { message.attribute(Int(IFLA_IFNAME), newName) }
        if let master { message.attribute(Int(IFLA_MASTER), UInt32(bitPattern: master)) }
        if let mtu { message.attribute(Int(IFLA_MTU), mtu) }
        if let mac { message.attribute(Int(IFLA_ADDRESS), mac.octets) }
        if let namespace { message.attribute(Int(IFLA_NET_NS_FD), UInt32(bitPattern: namespace)) }
        return message.finish("set link \(name)")
    }

    package static func setUp(_ name: String, _ isUp: Bool = true) -> NetlinkRequest { setLink(name, isUp: isUp) }
    package static func setMTU(_ name: String, _ mtu: UInt32) -> NetlinkRequest { setLink(name, mtu: mtu) }
    package static func setMAC(_ name: String, _ mac: MACAddress) -> NetlinkRequest { setLink(name, mac: mac) }
    package static func setMaster(_ name: String, _ bridge: Int32) -> NetlinkRequest { setLink(name, master: bridge) }

    /// Moves a link to the network namespace of a descriptor; it is down there, and without its addresses.
    package static func move(_ name: String, toNamespace descriptor: Int32) -> NetlinkRequest {
        setLink(name, namespace: descriptor)
    }
}
