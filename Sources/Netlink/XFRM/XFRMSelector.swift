import CNetlink
package import NetAddress

/// Which packets a policy or a state is for (struct xfrm_selector).
package struct XFRMSelector: Hashable, Sendable {
    package var source: IPPrefix
    package var destination: IPPrefix
    /// An IP protocol number; 0 for any.
    package var ipProtocol: UInt8 = 0
    /// Compared under their masks; ICMP has its type as the source port and its code as the destination port, a
    /// Mobility Header its type as the source port.
    package var sourcePort: UInt16 = 0
    package var sourcePortMask: UInt16 = 0
    package var destinationPort: UInt16 = 0
    package var destinationPortMask: UInt16 = 0
    /// 0 for any.
    package var interface: Int32 = 0

    /// - Precondition: both prefixes are of one family.
    package init(from source: IPPrefix, to destination: IPPrefix, ipProtocol: UInt8 = 0) {
        precondition(source.family == destination.family, "a selector from \(source) to \(destination)")
        self.source = source.network
        self.destination = destination.network
        self.ipProtocol = ipProtocol
    }

    package var family: AddressFamily { source.family }

    /// nil where the family is none that IPsec knows, as in a state that is for packets of both.
    init?(_ raw: xfrm_selector) {
        guard let family = AddressFamily(kernelNumber: UInt8(truncatingIfNeeded: raw.family)),
            let source = IPPrefix(raw.saddr.address(family), length: Int(raw.prefixlen_s)),
            let destination = IPPrefix(raw.daddr.address(family), length: Int(raw.prefixlen_d))
        else { return nil }
        self.init(from: source, to: destination, ipProtocol: raw.proto)
        sourcePort = UInt16(bigEndian: raw.sport)
        sourcePortMask = UInt16(bigEndian: raw.sport_mask)
        destinationPort = UInt16(bigEndian: raw.dport)
        destinationPortMask = UInt16(bigEndian: raw.dport_mask)
        interface = raw.ifindex
    }

    var raw: xfrm_selector {
        var raw = xfrm_selector()
        raw.family = UInt16(family.kernelNumber)
        raw.saddr = xfrm_address_t(source.address)
        raw.daddr = xfrm_address_t(destination.address)
        raw.prefixlen_s = UInt8(source.length)
        raw.prefixlen_d = UInt8(destination.length)
        raw.proto = ipProtocol
        raw.sport = sourcePort.bigEndian
        raw.sport_mask = sourcePortMask.bigEndian
        raw.dport = destinationPort.bigEndian
        raw.dport_mask = destinationPortMask.bigEndian
        raw.ifindex = interface
        return raw
    }
}

extension XFRMSelector: CustomStringConvertible {
    package var description: String {
        var text = "from \(source) to \(destination)"
        if ipProtocol != 0 { text += " protocol \(ipProtocol)" }
        if sourcePortMask != 0 { text += " sport \(sourcePort)" }
        if destinationPortMask != 0 { text += " dport \(destinationPort)" }
        return text
    }
}
