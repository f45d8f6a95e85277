import CNetlink
import NetAddress

extension XFRMTemplate {
    var raw: xfrm_user_tmpl {
        var raw = xfrm_user_tmpl()
        raw.id.daddr = xfrm_address_t(destination)
        raw.id.spi = spi.networkOrder
        raw.id.proto = ipProtocol
        raw.family = UInt16(destination.family.kernelNumber)
        raw.saddr = xfrm_address_t(source)
        raw.reqid = reqid
        raw.mode = mode.rawValue
        raw.optional = isOptional ? 1 : 0
        // Every algorithm: the state says which.
        (raw.aalgos, raw.ealgos, raw.calgos) = (.max, .max, .max)
        return raw
    }

    init?(_ raw: xfrm_user_tmpl) {
        guard let family = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: raw.family)),
            let mode = XFRMMode(rawValue: raw.mode)
        else { return nil }
        self.init(
            from: raw.saddr.address(family), to: raw.id.daddr.address(family), reqid: raw.reqid, mode: mode)
        ipProtocol = raw.id.proto
        spi = UInt32(bigEndian: raw.id.spi)
        isOptional = raw.optional != 0
    }

    /// XFRM_MAX_DEPTH
    private static let greatestCount = 6

    /// Those of an attribute XFRMA_TMPL, one behind the other.
    static func all(in octets: ArraySlice<UInt8>?) -> [XFRMTemplate] {
        var result: [XFRMTemplate] = []
        var rest = octets ?? []
        while let raw = rest.structure(xfrm_user_tmpl.self), result.count < greatestCount {
            if let template = XFRMTemplate(raw) { result.append(template) }
            rest = rest.dropFirst(MemoryLayout<xfrm_user_tmpl>.size)
        }
        return result
    }
}

extension XFRMPolicy {
    var header: xfrm_userpolicy_info {
        var raw = xfrm_userpolicy_info()
        raw.sel = selector.raw
        raw.lft = limits.raw
        raw.priority = priority
        raw.index = index
        raw.dir = direction.rawValue
        raw.action = action.rawValue
        return raw
    }

    func writeAttributes(to message: borrowing NetlinkMessageBuilder) {
        let octets = templates.flatMap(\.raw.octets)
        if !octets.isEmpty { message.attribute(Int(XFRMA_TMPL.rawValue), octets) }
        table.write(to: message)
        if let mark { message.structure(XFRMA_MARK, xfrm_mark(v: mark.value, m: mark.mask)) }
        if let interfaceID { message.attribute(Int(XFRMA_IF_ID.rawValue), interfaceID) }
    }

    /// nil for a socket's own, whose direction is none of the three.
    init?(_ raw: xfrm_userpolicy_info, _ attributes: [Int: ArraySlice<UInt8>]) {
        guard let selector = XFRMSelector(raw.sel), let direction = Direction(rawValue: raw.dir),
            let action = Action(rawValue: raw.action)
        else { return nil }
        self.init(selector, direction)
        self.action = action
        priority = raw.priority
        index = raw.index
        limits = XFRMLimits(raw.lft)
        templates = XFRMTemplate.all(in: attributes[Int(XFRMA_TMPL.rawValue)])
        let type = attributes[Int(XFRMA_POLICY_TYPE.rawValue)]?.structure(xfrm_userpolicy_type.self)?.type
        table = type.flatMap { Table(rawValue: $0) } ?? .main
        if let mark = attributes[Int(XFRMA_MARK.rawValue)]?.structure(xfrm_mark.self) {
            self.mark = XFRMMark(value: mark.v, mask: mark.m)
        }
        interfaceID = attributes[Int(XFRMA_IF_ID.rawValue)]?.number32
    }

    /// From a message whose fixed part is struct xfrm_userpolicy_info.
    init?(_ message: NetlinkMessage) {
        guard let raw = message.payload.structure(xfrm_userpolicy_info.self) else { return nil }
        self.init(raw, message.attributes(after: MemoryLayout<xfrm_userpolicy_info>.size))
    }
}

extension XFRMPolicy.Table {
    /// The main table is meant where nothing is said.
    func write(to message: borrowing NetlinkMessageBuilder) {
        guard self != .main else { return }
        message.structure(XFRMA_POLICY_TYPE, xfrm_userpolicy_type(type: rawValue, reserved1: 0, reserved2: 0))
    }
}
