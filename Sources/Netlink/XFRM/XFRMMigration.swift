import CNetlink
package import NetAddress

/// The addresses that key management is to use from here on (XFRMA_KMADDRESS, RFC 4555's other half in Mobile IPv6).
package struct XFRMKeyManagerAddresses: Hashable, Sendable {
    package var local: IPAddress
    package var remote: IPAddress

    package init(local: IPAddress, remote: IPAddress) {
        self.local = local
        self.remote = remote
    }
}

/// New ends for the templates of one policy and the states that serve it (XFRM_MSG_MIGRATE): asked of the kernel, and told
/// by it to everyone who listens.
package struct XFRMMigration: Hashable, Sendable {
    package struct Step: Hashable, Sendable {
        package var oldSource: IPAddress
        package var oldDestination: IPAddress
        package var newSource: IPAddress
        package var newDestination: IPAddress
        package var ipProtocol = XFRMState.espProtocol
        package var mode: XFRMMode
        package var reqid: UInt32

        package init(
            from old: (source: IPAddress, destination: IPAddress), to new: (source: IPAddress, destination: IPAddress),
            mode: XFRMMode, reqid: UInt32
        ) {
            (oldSource, oldDestination) = old
            (newSource, newDestination) = new
            self.mode = mode
            self.reqid = reqid
        }
    }

    /// XFRM_MAX_DEPTH
    package static let greatestStepCount = 6

    /// Of the policy.
    package var selector: XFRMSelector
    package var direction: XFRMPolicy.Direction
    /// At most `greatestStepCount`.
    package var steps: [Step]
    package var keyManager: XFRMKeyManagerAddresses?

    package init(
        _ selector: XFRMSelector, _ direction: XFRMPolicy.Direction, steps: [Step],
        keyManager: XFRMKeyManagerAddresses? = nil
    ) {
        self.selector = selector
        self.direction = direction
        self.steps = steps
        self.keyManager = keyManager
    }

    /// From a message whose fixed part is struct xfrm_userpolicy_id; nil where it is cut short.
    init?(_ message: NetlinkMessage) {
        guard let raw = message.payload.structure(xfrm_userpolicy_id.self), let selector = XFRMSelector(raw.sel),
            let direction = XFRMPolicy.Direction(rawValue: raw.dir)
        else { return nil }
        let attributes = message.attributes(after: MemoryLayout<xfrm_userpolicy_id>.size)
        var rest = attributes[Int(XFRMA_MIGRATE.rawValue)] ?? []
        var steps: [Step] = []
        while let raw = rest.structure(xfrm_user_migrate.self), steps.count < XFRMMigration.greatestStepCount {
            rest = rest.dropFirst(MemoryLayout<xfrm_user_migrate>.size)
            if let step = Step(raw) { steps.append(step) }
        }
        self.init(selector, direction, steps: steps)
        guard let addresses = attributes[Int(XFRMA_KMADDRESS.rawValue)]?.structure(xfrm_user_kmaddress.self),
            let family = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: addresses.family))
        else { return }
        keyManager = XFRMKeyManagerAddresses(
            local: addresses.local.address(family), remote: addresses.remote.address(family))
    }

    var header: xfrm_userpolicy_id {
        var raw = xfrm_userpolicy_id()
        raw.sel = selector.raw
        raw.dir = direction.rawValue
        return raw
    }

    func writeAttributes(to message: borrowing NetlinkMessageBuilder) {
        message.structure(XFRMA_POLICY_TYPE, xfrm_userpolicy_type(type: 0, reserved1: 0, reserved2: 0))
        if let keyManager {
            var raw = xfrm_user_kmaddress()
            raw.local = xfrm_address_t(keyManager.local)
            raw.remote = xfrm_address_t(keyManager.remote)
            raw.family = UInt16(keyManager.local.family.kernelNumber)
            message.structure(XFRMA_KMADDRESS, raw)
        }
        let octets = steps.flatMap(\.raw.octets)
        message.attribute(Int(XFRMA_MIGRATE.rawValue), octets)
    }
}

extension XFRMMigration.Step {
    var raw: xfrm_user_migrate {
        var raw = xfrm_user_migrate()
        raw.old_saddr = xfrm_address_t(oldSource)
        raw.old_daddr = xfrm_address_t(oldDestination)
        raw.new_saddr = xfrm_address_t(newSource)
        raw.new_daddr = xfrm_address_t(newDestination)
        raw.proto = ipProtocol
        raw.mode = mode.rawValue
        raw.reqid = reqid
        raw.old_family = UInt16(oldDestination.family.kernelNumber)
        raw.new_family = UInt16(newDestination.family.kernelNumber)
        return raw
    }

    init?(_ raw: xfrm_user_migrate) {
        guard let mode = XFRMMode(rawValue: raw.mode),
            let old = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: raw.old_family)),
            let new = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: raw.new_family))
        else { return nil }
        self.init(
            from: (raw.old_saddr.address(old), raw.old_daddr.address(old)),
            to: (raw.new_saddr.address(new), raw.new_daddr.address(new)), mode: mode, reqid: raw.reqid)
        ipProtocol = raw.proto
    }
}
