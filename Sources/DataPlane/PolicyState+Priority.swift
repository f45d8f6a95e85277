import IKEModel
package import NetAddress

extension PolicyState {
    /// What `priority(_:_:)` gives, whatever the selectors.
    package static let priorities: ClosedRange<UInt32> = 0x10_0000...0x10_0fff

    /// The smaller, the more specific: by the addresses of the widest selectors, then protocol, then ports. Comparable
    /// between policies, like the kernel's; its numbers have no meaning of their own.
    package static func priority(_ local: [TrafficSelector], _ remote: [TrafficSelector]) -> UInt32 {
        func width(_ selectors: [TrafficSelector]) -> UInt32 {
            selectors.map { selector in
                let size = selector.addresses.last.value - selector.addresses.first.value
                let bits = UInt32(128 - size.leadingZeroBitCount)
                // IPv4's 32 bits and IPv6's 128 are scaled alike.
                return selector.family == .v4 ? bits * 4 : bits
            }.max() ?? 128
        }
        let all = local + remote
        let anyProtocol: UInt32 = all.contains { $0.ipProtocol != 0 } ? 0 : 1
        let anyPort: UInt32 = all.contains { !$0.isAnyPort } ? 0 : 1
        return priorities.lowerBound + (width(local) + width(remote)) * 4 + anyProtocol * 2 + anyPort
    }

    /// Neighbour Solicitation and Advertisement pass in clear, else no neighbour would be found to send ESP to.
    package static let neighbourDiscovery: [PolicyState] = [135, 136].flatMap { (type: UInt16) in
        // RFC 7296 §3.13.1: type and code stand where other protocols have their port.
        let selector = TrafficSelector(
            IPPrefix(.unspecified(.v6), length: 0)!.range, ipProtocol: 58, startPort: type << 8,
            endPort: type << 8 | 0xff)
        return [PolicyDirection.forward, .inbound, .outbound].map { direction in
            PolicyState(
                source: selector, destination: selector, direction: direction, priority: 1, mode: .transport, reqid: 0,
                templateSource: .unspecified(.v6), templateDestination: .unspecified(.v6), action: .bypass)
        }
    }

    /// Where `ip xfrm policy` would list it and libreswan's transcripts show it: IPv4 before IPv6, then by source,
    /// destination, and fwd, in, out.
    package static func isListed(_ left: PolicyState, before right: PolicyState) -> Bool {
        func order(_ policy: PolicyState) -> [UInt128] {
            let (source, destination) = (policy.source, policy.destination)
            let direction: UInt128 =
                switch policy.direction {
                case .forward: 0
                case .inbound: 1
                case .outbound: 2
                }
            return [
                source.family == .v4 ? 0 : 1, source.addresses.first.value, source.addresses.last.value,
                destination.addresses.first.value, destination.addresses.last.value, UInt128(source.ipProtocol),
                UInt128(source.startPort), UInt128(destination.startPort), direction,
            ]
        }
        return order(left).lexicographicallyPrecedes(order(right))
    }
}
