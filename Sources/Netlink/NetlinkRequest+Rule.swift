import CNetlink
import NetAddress

/// Policy routing: RTM_NEWRULE, RTM_DELRULE (<linux/fib_rules.h>).
extension NetlinkRequest {
    package static func addRule(_ rule: KernelRule) -> NetlinkRequest {
        message(Int(RTM_NEWRULE), NLM_F_CREATE | NLM_F_EXCL, rule).finish("add rule \(rule)")
    }

    /// Deletes the first rule with these properties; ENOENT where there is none.
    package static func deleteRule(_ rule: KernelRule) -> NetlinkRequest {
        message(Int(RTM_DELRULE), 0, rule).finish("delete rule \(rule)")
    }

    private static func message(_ type: Int, _ flags: Int32, _ rule: KernelRule) -> NetlinkMessageBuilder {
        let message = NetlinkMessageBuilder(type: type, flags: flags)
        var header = fib_rule_hdr()
        header.family = rule.family.kernelNumber
        header.src_len = UInt8(rule.source?.length ?? 0)
        header.dst_len = UInt8(rule.destination?.length ?? 0)
        header.table = UInt8(truncatingIfNeeded: rule.table > 255 ? 0 : rule.table)
        header.action = UInt8(FR_ACT_TO_TBL)
        if rule.isInverted { header.flags = UInt32(FIB_RULE_INVERT) }
        if rule.findsSource { header.flags |= UInt32(FIB_RULE_FIND_SADDR) }
        message.header(header)
        message.attribute(Int(FRA_PRIORITY), rule.priority)
        message.attribute(Int(FRA_TABLE), rule.table)
        if let source = rule.source, source.length > 0 { message.attribute(Int(FRA_SRC), source.network.address) }
        if let destination = rule.destination, destination.length > 0 {
            message.attribute(Int(FRA_DST), destination.network.address)
        }
        if let mark = rule.mark {
            message.attribute(Int(FRA_FWMARK), mark)
            message.attribute(Int(FRA_FWMASK), rule.markMask)
        }
        if let name = rule.inputInterface { message.attribute(Int(FRA_IIFNAME), name) }
        if let name = rule.outputInterface { message.attribute(Int(FRA_OIFNAME), name) }
        if let ipProtocol = rule.ipProtocol { message.attribute(Int(FRA_IP_PROTO), ipProtocol) }
        // struct fib_rule_port_range: first and last, in the machine's order.
        let ports = [(Int(FRA_SPORT_RANGE), rule.sourcePorts), (Int(FRA_DPORT_RANGE), rule.destinationPorts)]
        for (type, range) in ports {
            guard let range else { continue }
            message.attribute(type, withUnsafeBytes(of: (range.lowerBound, range.upperBound)) { Array($0) })
        }
        if let length = rule.suppressedPrefixLength { message.attribute(Int(FRA_SUPPRESS_PREFIXLEN), length) }
        return message
    }
}
