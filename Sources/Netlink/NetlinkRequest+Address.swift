import CNetlink
package import NetAddress

/// Addresses of interfaces: RTM_NEWADDR, RTM_DELADDR.
extension NetlinkRequest {
    /// Adds an address with its prefix. `noDAD`: an IPv6 address is usable at once, nobody is asked whether it is free
    /// (IFA_F_NODAD; RFC 4862 §5.4 lets a test bed go without). `broadcast`: an IPv4 address is listed with its
    /// network's broadcast address; the kernel knows that one either way. `isHome`: it is a mobile node's home address
    /// (IFA_F_HOMEADDRESS), which a type 2 routing header may name.
    package static func addAddress(
        _ prefix: IPPrefix, interface: Int32, noDAD: Bool = true, broadcast: Bool = true, isHome: Bool = false,
        isPointToPoint peer: IPAddress? = nil
    ) -> NetlinkRequest {
        address(
            Int(RTM_NEWADDR), NLM_F_CREATE | NLM_F_EXCL, prefix, interface, noDAD, broadcast, peer, "add",
            isHome: isHome)
    }

    package static func deleteAddress(_ prefix: IPPrefix, interface: Int32) -> NetlinkRequest {
        address(Int(RTM_DELADDR), 0, prefix, interface, false, true, nil, "delete")
    }

    private static func address(
        _ type: Int, _ flags: Int32, _ prefix: IPPrefix, _ interface: Int32, _ noDAD: Bool, _ broadcast: Bool,
        _ peer: IPAddress?, _ verb: String, isHome: Bool = false
    ) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: type, flags: flags)
        var header = ifaddrmsg()
        header.ifa_family = prefix.family.kernelNumber
        header.ifa_prefixlen = UInt8(prefix.length)
        header.ifa_index = UInt32(bitPattern: interface)
        if noDAD && prefix.family == .v6 { header.ifa_flags = UInt8(IFA_F_NODAD) }
        if isHome { header.ifa_flags |= UInt8(IFA_F_HOMEADDRESS) }
        message.header(header)
        message.attribute(Int(IFA_LOCAL), prefix.address)
        message.attribute(Int(IFA_ADDRESS), peer ?? prefix.address)
        if broadcast && prefix.family == .v4 && peer == nil && (1...30).contains(prefix.length) {
            message.attribute(Int(IFA_BROADCAST), prefix.range.last)
        }
        return message.finish("\(verb) address \(prefix) on interface \(interface)")
    }

    /// Neighbours on a link that ask for this IPv6 address are answered, though it is another's (`ip neighbour add proxy`);
    /// `proxy_ndp` of the interface must be on.
    package static func addProxyNeighbour(_ address: IPAddress, interface: Int32) -> NetlinkRequest {
        neighbour(
            Int(RTM_NEWNEIGH), NLM_F_CREATE | NLM_F_REPLACE, address, interface, NTF_PROXY, "add proxy")
    }

    /// Has the kernel ask for a neighbour's link-layer address, from the interface's own link-local address.
    package static func useNeighbour(_ address: IPAddress, interface: Int32) -> NetlinkRequest {
        neighbour(Int(RTM_NEWNEIGH), NLM_F_CREATE, address, interface, NTF_USE, "use")
    }

    package static func deleteProxyNeighbour(_ address: IPAddress, interface: Int32) -> NetlinkRequest {
        neighbour(Int(RTM_DELNEIGH), 0, address, interface, NTF_PROXY, "delete proxy")
    }

    private static func neighbour(
        _ type: Int, _ flags: Int32, _ address: IPAddress, _ interface: Int32, _ kind: Int32, _ verb: String
    ) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: type, flags: flags)
        var header = ndmsg()
        header.ndm_family = address.family.kernelNumber
        header.ndm_ifindex = interface
        header.ndm_flags = UInt8(kind)
        message.header(header)
        message.attribute(Int(NDA_DST), address)
        return message.finish("\(verb) neighbour \(address) on interface \(interface)")
    }
}
