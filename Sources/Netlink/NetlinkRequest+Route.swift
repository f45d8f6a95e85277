import CNetlink
import NetAddress

/// Routes: RTM_NEWROUTE, RTM_DELROUTE.
extension NetlinkRequest {
    /// Adds a route; one like it that exists is an error (EEXIST), or is replaced.
    package static func addRoute(_ route: KernelRoute, replacing: Bool = false) -> NetlinkRequest {
        let exclusive = replacing ? NLM_F_REPLACE : NLM_F_EXCL
        return message(Int(RTM_NEWROUTE), NLM_F_CREATE | exclusive, route).finish("add route \(route)")
    }

    /// Deletes the first route with these properties; ESRCH where there is none.
    package static func deleteRoute(_ route: KernelRoute) -> NetlinkRequest {
        message(Int(RTM_DELROUTE), 0, route).finish("delete route \(route)")
    }

    private static func message(_ type: Int, _ flags: Int32, _ route: KernelRoute) -> NetlinkMessageBuilder {
        let message = NetlinkMessageBuilder(type: type, flags: flags)
        var header = rtmsg()
        header.rtm_family = route.destination.family.kernelNumber
        header.rtm_dst_len = UInt8(route.destination.length)
        header.rtm_table = UInt8(truncatingIfNeeded: route.table > 255 ? 0 : route.table)
        header.rtm_protocol = route.routeProtocol
        header.rtm_type = route.kind.rawValue
        // A next hop that is itself on the link: RT_SCOPE_LINK; anything farther RT_SCOPE_UNIVERSE; local:
        // RT_SCOPE_HOST.
        header.rtm_scope =
            switch route.kind {
            case .local: 254
            case .unicast where route.gateway == nil && route.destination.family == .v4: 253
            default: 0
            }
        if type == Int(RTM_DELROUTE) {
            header.rtm_scope = 255  // RT_SCOPE_NOWHERE: any
            header.rtm_protocol = 0
        }
        if route.isOnLink { header.rtm_flags = UInt32(RTNH_F_ONLINK) }
        message.header(header)
        if route.destination.length > 0 {
            message.attribute(Int(RTA_DST.rawValue), route.destination.network.address)
        }
        if let gateway = route.gateway {
            if gateway.family == route.destination.family {
                message.attribute(Int(RTA_GATEWAY.rawValue), gateway)
            } else {
                // RFC 5549: an IPv4 destination behind an IPv6 next hop.
                let family = UInt16(gateway.family.kernelNumber)
                message.attribute(
                    Int(RTA_VIA.rawValue), withUnsafeBytes(of: family) { Array($0) } + gateway.octets)
            }
        }
        if let interface = route.interface { message.attribute(Int(RTA_OIF.rawValue), UInt32(bitPattern: interface)) }
        if let source = route.source { message.attribute(Int(RTA_PREFSRC.rawValue), source) }
        if let metric = route.metric { message.attribute(Int(RTA_PRIORITY.rawValue), metric) }
        message.attribute(Int(RTA_TABLE.rawValue), route.table)
        if let mtu = route.mtu {
            message.nested(Int(RTA_METRICS.rawValue)) { message.attribute(Int(RTAX_MTU), mtu) }
        }
        return message
    }
}
