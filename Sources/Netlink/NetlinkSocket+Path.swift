import CNetlink
package import NetAddress

/// Where a packet of this machine goes now: the kernel's answer to one question, not a row of its tables.
package struct KernelPath: Hashable, Sendable {
    package var interface: Int32
    /// The next hop: the gateway, or the destination itself where it is on the link.
    package var nextHop: IPAddress
    /// Octets of an IP packet where the route or a path MTU message says so; nil for the interface's.
    package var mtu: UInt32?
}

extension NetlinkSocket {
    /// The way from a local address to another machine.
    /// - Parameter mark: the firewall mark that the rules see.
    /// - Returns: nil where packets do not simply leave by an interface: local, refused, encapsulated, or through a next
    ///   hop of the other family.
    package func path(
        from source: IPAddress, to destination: IPAddress, mark: UInt32
    ) throws(NetlinkError) -> KernelPath? {
        let request = NetlinkMessageBuilder(type: Int(RTM_GETROUTE))
        var header = rtmsg()
        header.rtm_family = destination.family.kernelNumber
        header.rtm_dst_len = UInt8(destination.family.bitCount)
        header.rtm_src_len = header.rtm_dst_len
        request.header(header)
        request.attribute(Int(RTA_DST.rawValue), destination)
        request.attribute(Int(RTA_SRC.rawValue), source)
        request.attribute(Int(RTA_MARK.rawValue), mark)
        guard let answer = try dump(request.finish("find the way to \(destination)")).first,
            let found = answer.payload.header(rtmsg.self), found.rtm_type == KernelRoute.Kind.unicast.rawValue
        else { return nil }
        let attributes = answer.attributes(after: MemoryLayout<rtmsg>.size)
        guard let interface = attributes[Int(RTA_OIF.rawValue)]?.number32, attributes[Int(RTA_VIA.rawValue)] == nil,
            attributes[Int(RTA_ENCAP.rawValue)] == nil
        else { return nil }
        let metrics = attributes[Int(RTA_METRICS.rawValue)].map { NetlinkMessage.attributes($0) }
        return KernelPath(
            interface: Int32(bitPattern: interface),
            nextHop: attributes[Int(RTA_GATEWAY.rawValue)].flatMap { IPAddress(octets: $0) } ?? destination,
            mtu: metrics?[Int(RTAX_MTU)]?.number32)
    }

    /// The link address of a neighbour, where the kernel has one that it would use itself; nil where it does not, or
    /// where the link has no Ethernet addresses.
    package func linkAddress(of neighbour: IPAddress, interface: Int32) throws(NetlinkError) -> MACAddress? {
        let request = NetlinkMessageBuilder(type: Int(RTM_GETNEIGH))
        var header = ndmsg()
        header.ndm_family = neighbour.family.kernelNumber
        header.ndm_ifindex = interface
        request.header(header)
        request.attribute(Int(NDA_DST), neighbour)
        guard let answer = try dump(request.finish("find the neighbour \(neighbour)")).first,
            let found = answer.payload.header(ndmsg.self)
        else { return nil }
        // The kernel's own NUD_VALID: also one that is being asked again is used until it has failed to answer.
        let usable = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE
        guard Int32(found.ndm_state) & usable != 0 else { return nil }
        return answer.attributes(after: MemoryLayout<ndmsg>.size)[Int(NDA_LLADDR)]
            .flatMap { MACAddress(octets: Array($0)) }
    }
}
