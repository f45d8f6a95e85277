import CNetlink
package import NetAddress

/// What the kernel's IPsec tells to those who have joined (`NetlinkSocket.joinXFRM`).
package enum XFRMEvent: Hashable, Sendable {
    /// A packet met a policy and no state: of these addresses and ports.
    case acquire(packet: XFRMSelector, policy: XFRMPolicy)
    /// A state's soft or hard limit was reached; after the hard one it is gone.
    case expired(XFRMState, isHard: Bool)
    /// A genuine packet of an encapsulated state came from elsewhere.
    case mappingChanged(XFRMStateID, from: Endpoint, to: Endpoint)
    case migrated(XFRMMigration)

    /// nil for a message of another kind, and for one that is cut short.
    init?(_ message: NetlinkMessage) {
        switch Int(message.type) {
        case Int(XFRM_MSG_ACQUIRE):
            guard let raw = message.payload.structure(xfrm_user_acquire.self), let packet = XFRMSelector(raw.sel) else {
                return nil
            }
            let attributes = message.attributes(after: MemoryLayout<xfrm_user_acquire>.size)
            guard let policy = XFRMPolicy(raw.policy, attributes) else { return nil }
            self = .acquire(packet: packet, policy: policy)
        case Int(XFRM_MSG_EXPIRE):
            guard let raw = message.payload.structure(xfrm_user_expire.self),
                let state = XFRMState(message, fixedPart: MemoryLayout<xfrm_user_expire>.size)
            else { return nil }
            self = .expired(state, isHard: raw.hard != 0)
        case Int(XFRM_MSG_MAPPING):
            guard let raw = message.payload.structure(xfrm_user_mapping.self),
                let family = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: raw.id.family))
            else { return nil }
            self = .mappingChanged(
                XFRMStateID(
                    destination: raw.id.daddr.address(family), spi: UInt32(bigEndian: raw.id.spi),
                    ipProtocol: raw.id.proto),
                from: Endpoint(raw.old_saddr.address(family), port: UInt16(bigEndian: raw.old_sport)),
                to: Endpoint(raw.new_saddr.address(family), port: UInt16(bigEndian: raw.new_sport)))
        case Int(XFRM_MSG_MIGRATE):
            guard let migration = XFRMMigration(message) else { return nil }
            self = .migrated(migration)
        default: return nil
        }
    }

    /// The events in a datagram; whatever else it holds is passed over.
    package static func all(in datagram: [UInt8]) -> [XFRMEvent] {
        NetlinkMessage.all(in: datagram).compactMap { XFRMEvent($0) }
    }
}
