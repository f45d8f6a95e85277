import CNetlink
import NetAddress

/// The kernel's IPsec (NETLINK_XFRM, <linux/xfrm.h>).
extension NetlinkRequest {
    // MARK: States

    /// EEXIST where its `id` is taken, unless by an allocated SPI of the same `reqid` and mode.
    package static func addState(_ state: XFRMState) -> NetlinkRequest { write(state, Int(XFRM_MSG_NEWSA), "add") }

    /// Makes a state of an allocated SPI, or changes a standing one's limits, ports of encapsulation and care-of address.
    package static func updateState(_ state: XFRMState) -> NetlinkRequest {
        write(state, Int(XFRM_MSG_UPDSA), "update")
    }

    private static func write(_ state: XFRMState, _ type: Int, _ verb: String) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: type)
        message.fixedPart(state.header)
        state.writeAttributes(to: message)
        return message.finish("\(verb) state \(state.id) from \(state.source)")
    }

    /// ESRCH where there is none.
    package static func deleteState(_ id: XFRMStateID) -> NetlinkRequest {
        identify(id, Int(XFRM_MSG_DELSA)).finish("delete state \(id)")
    }

    static func getState(_ id: XFRMStateID) -> NetlinkRequest {
        identify(id, Int(XFRM_MSG_GETSA)).finish("get state \(id)")
    }

    private static func identify(_ id: XFRMStateID, _ type: Int) -> NetlinkMessageBuilder {
        let message = NetlinkMessageBuilder(type: type)
        var header = xfrm_usersa_id()
        header.daddr = xfrm_address_t(id.destination)
        header.spi = id.spi.networkOrder
        header.family = UInt16(id.destination.family.kernelNumber)
        header.proto = id.ipProtocol
        message.fixedPart(header)
        // States without an SPI, Mobile IPv6's, are found by both of their ends.
        if let source = id.source { message.attribute(Int(XFRMA_SRCADDR.rawValue), source.xfrmOctets) }
        if let mark = id.mark {
            message.structure(XFRMA_MARK, xfrm_mark(v: mark.value, m: mark.mask))
        }
        return message
    }

    /// Asks for an SPI of the state's ends, reqid and mode: it stands, without keys, until `updateState` or for 30 s.
    static func allocateSPI(_ state: XFRMState, within range: ClosedRange<UInt32>) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(XFRM_MSG_ALLOCSPI))
        var header = xfrm_userspi_info()
        header.info = state.header
        header.min = range.lowerBound
        header.max = range.upperBound
        message.fixedPart(header)
        if let mark = state.mark {
            message.structure(XFRMA_MARK, xfrm_mark(v: mark.value, m: mark.mask))
        }
        return message.finish("allocate an SPI from \(state.source) to \(state.destination)")
    }

    /// Every state of a protocol; 0: of all.
    package static func flushStates(ipProtocol: UInt8 = 0) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(XFRM_MSG_FLUSHSA))
        message.fixedPart(xfrm_usersa_flush(proto: ipProtocol))
        return message.finish("flush states")
    }

    // MARK: Policies

    /// EEXIST where its `id` is taken.
    package static func addPolicy(_ policy: XFRMPolicy) -> NetlinkRequest {
        write(policy, Int(XFRM_MSG_NEWPOLICY), "add")
    }

    /// Takes the place of the policy with its `id`, or is new.
    package static func setPolicy(_ policy: XFRMPolicy) -> NetlinkRequest {
        write(policy, Int(XFRM_MSG_UPDPOLICY), "set")
    }

    private static func write(_ policy: XFRMPolicy, _ type: Int, _ verb: String) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: type)
        message.fixedPart(policy.header)
        policy.writeAttributes(to: message)
        return message.finish("\(verb) policy \(policy.id)")
    }

    /// ENOENT where there is none.
    package static func deletePolicy(_ id: XFRMPolicyID) -> NetlinkRequest {
        identify(id, Int(XFRM_MSG_DELPOLICY)).finish("delete policy \(id)")
    }

    static func getPolicy(_ id: XFRMPolicyID) -> NetlinkRequest {
        identify(id, Int(XFRM_MSG_GETPOLICY)).finish("get policy \(id)")
    }

    private static func identify(_ id: XFRMPolicyID, _ type: Int) -> NetlinkMessageBuilder {
        let message = NetlinkMessageBuilder(type: type)
        var header = xfrm_userpolicy_id()
        header.sel = id.selector.raw
        header.dir = id.direction.rawValue
        message.fixedPart(header)
        id.table.write(to: message)
        if let mark = id.mark {
            message.structure(XFRMA_MARK, xfrm_mark(v: mark.value, m: mark.mask))
        }
        if let interfaceID = id.interfaceID { message.attribute(Int(XFRMA_IF_ID.rawValue), interfaceID) }
        return message
    }

    /// Every policy, but for those of sockets.
    package static func flushPolicies() -> NetlinkRequest {
        NetlinkMessageBuilder(type: Int(XFRM_MSG_FLUSHPOLICY)).finish("flush policies")
    }

    /// ENOENT where no policy matches; ENODATA where no template or state has the old ends.
    package static func migrate(_ migration: XFRMMigration) -> NetlinkRequest {
        let message = NetlinkMessageBuilder(type: Int(XFRM_MSG_MIGRATE))
        message.fixedPart(migration.header)
        migration.writeAttributes(to: message)
        return message.finish("migrate \(migration.direction) \(migration.selector)")
    }
}
