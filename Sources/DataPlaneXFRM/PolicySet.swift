import DataPlane
import IKEModel
import NetAddress
import Netlink

/// The kernel's policies for a Child SA, or for a connection that is to come up on demand.
struct PolicySet {
    private(set) var policies: [XFRMPolicy] = []
    private let marks: PolicyMarks

    /// In, out and, in tunnel mode, fwd.
    init(_ child: ChildInstallation) throws(DataPlaneError) {
        marks = child.marks
        let isTunnel = child.mode == .tunnel
        let priority = PolicyState.priority(child.localSelectors, child.remoteSelectors)
        func template(_ source: IPAddress, _ destination: IPAddress, _ family: AddressFamily) -> XFRMTemplate {
            // In transport mode the packet's own addresses are the ends.
            let nowhere = IPAddress.unspecified(family)
            return XFRMTemplate(
                from: isTunnel ? source : nowhere, to: isTunnel ? destination : nowhere, reqid: child.reqid,
                mode: isTunnel ? .tunnel : .transport)
        }
        for local in child.localSelectors {
            for remote in child.remoteSelectors where remote.family == local.family {
                let outward = template(child.local, child.remote, local.family)
                let inward = template(child.remote, child.local, local.family)
                add(KernelSelectors.selectors(from: local, to: remote), .outbound, priority, outward)
                let back = KernelSelectors.selectors(from: remote, to: local)
                add(back, .inbound, priority, inward)
                if isTunnel { add(back, .forward, priority, inward) }
                try check()
            }
        }
    }

    /// Out alone: there is nothing to receive by yet. The template is of transport mode, without addresses or reqid, so that
    /// no state serves it and the packet leads to an acquire.
    init(_ route: RouteInstallation) throws(DataPlaneError) {
        marks = route.marks
        let priority = PolicyState.priority(route.localSelectors, route.remoteSelectors)
        for local in route.localSelectors {
            for remote in route.remoteSelectors where remote.family == local.family {
                let nowhere = IPAddress.unspecified(local.family)
                add(
                    KernelSelectors.selectors(from: local, to: remote), .outbound, priority,
                    XFRMTemplate(from: nowhere, to: nowhere, reqid: 0, mode: .transport))
                try check()
            }
        }
    }

    private mutating func add(
        _ selectors: [XFRMSelector], _ direction: XFRMPolicy.Direction, _ priority: UInt32, _ template: XFRMTemplate
    ) {
        for selector in selectors {
            var policy = XFRMPolicy(selector, direction)
            policy.priority = priority
            policy.templates = [template]
            policy.mark = (direction == .outbound ? marks.outbound : marks.inbound).map(XFRMMark.init)
            policy.interfaceID = direction == .outbound ? marks.outboundInterface : marks.inboundInterface
            policies.append(policy)
        }
    }

    private func check() throws(DataPlaneError) {
        guard policies.count <= KernelSelectors.limit else {
            throw DataPlaneError("more than \(KernelSelectors.limit) policies are needed: use prefixes, not ranges")
        }
    }
}
