import CNetlink

extension XFRMLimits {
    init(_ raw: xfrm_lifetime_cfg) {
        func octets(_ value: UInt64) -> UInt64? { value == .max ? nil : value }
        func seconds(_ value: UInt64) -> UInt64? { value == 0 ? nil : value }
        softOctets = octets(raw.soft_byte_limit)
        hardOctets = octets(raw.hard_byte_limit)
        softPackets = octets(raw.soft_packet_limit)
        hardPackets = octets(raw.hard_packet_limit)
        softSeconds = seconds(raw.soft_add_expires_seconds)
        hardSeconds = seconds(raw.hard_add_expires_seconds)
        softUseSeconds = seconds(raw.soft_use_expires_seconds)
        hardUseSeconds = seconds(raw.hard_use_expires_seconds)
    }

    /// No limit is all ones (XFRM_INF) for octets and packets, 0 for seconds.
    var raw: xfrm_lifetime_cfg {
        xfrm_lifetime_cfg(
            soft_byte_limit: softOctets ?? .max, hard_byte_limit: hardOctets ?? .max,
            soft_packet_limit: softPackets ?? .max, hard_packet_limit: hardPackets ?? .max,
            soft_add_expires_seconds: softSeconds ?? 0, hard_add_expires_seconds: hardSeconds ?? 0,
            soft_use_expires_seconds: softUseSeconds ?? 0, hard_use_expires_seconds: hardUseSeconds ?? 0)
    }
}

extension XFRMUse {
    init(_ raw: xfrm_lifetime_cur) {
        octets = raw.bytes
        packets = raw.packets
        addedSeconds = raw.add_time
        firstUsedSeconds = raw.use_time
    }

    var raw: xfrm_lifetime_cur {
        xfrm_lifetime_cur(bytes: octets, packets: packets, add_time: addedSeconds, use_time: firstUsedSeconds)
    }
}
