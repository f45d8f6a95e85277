/// The packets that a Child SA carries in one direction (RFC 7296 §3.13.1): addresses, an IP protocol, ports.
package struct TrafficSelector: Hashable, Sendable {
    package var addresses: IPRange
    /// An IP protocol number; 0 for any.
    package var ipProtocol: UInt8
    /// 0...65535 for any. OPAQUE (RFC 7296 §3.13.1) is start 65535, end 0: see `isOpaque`.
    package var startPort: UInt16
    package var endPort: UInt16

    package init(_ addresses: IPRange, ipProtocol: UInt8 = 0, startPort: UInt16 = 0, endPort: UInt16 = .max) {
        self.addresses = addresses
        self.ipProtocol = ipProtocol
        self.startPort = startPort
        self.endPort = endPort
    }

    package init(_ prefix: IPPrefix, ipProtocol: UInt8 = 0, port: UInt16 = 0) {
        self.init(
            prefix.range, ipProtocol: ipProtocol, startPort: port, endPort: port == 0 ? .max : port)
    }

    package var family: AddressFamily { addresses.family }
    package var isAnyPort: Bool { startPort == 0 && endPort == .max }
    package var isOpaque: Bool { startPort == .max && endPort == 0 }

    /// The packets that both match; nil where there are none (RFC 7296 §2.9).
    package func intersection(_ other: TrafficSelector) -> TrafficSelector? {
        guard let addresses = addresses.intersection(other.addresses) else { return nil }
        guard ipProtocol == other.ipProtocol || ipProtocol == 0 || other.ipProtocol == 0 else { return nil }
        let both = ipProtocol == 0 ? other.ipProtocol : ipProtocol
        if isOpaque && other.isOpaque || isOpaque && other.isAnyPort || other.isOpaque && isAnyPort {
            let opaque = isOpaque ? self : other
            return TrafficSelector(
                addresses, ipProtocol: both, startPort: opaque.startPort, endPort: opaque.endPort)
        }
        let start = max(startPort, other.startPort)
        let end = min(endPort, other.endPort)
        guard start <= end else { return nil }
        return TrafficSelector(addresses, ipProtocol: both, startPort: start, endPort: end)
    }

    /// Whether every packet of the other one is matched by this one too.
    package func contains(_ other: TrafficSelector) -> Bool { intersection(other) == other }
}

extension TrafficSelector: CustomStringConvertible {
    /// `192.0.2.0/24`, with `:protocol/port` behind it where they are limited.
    package var description: String {
        if ipProtocol == 0 && isAnyPort { return addresses.description }
        let ports =
            isAnyPort ? "0" : isOpaque ? "opaque" : startPort == endPort ? "\(startPort)" : "\(startPort)-\(endPort)"
        return "\(addresses):\(ipProtocol)/\(ports)"
    }
}
