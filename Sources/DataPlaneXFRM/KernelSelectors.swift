import NetAddress
import Netlink

/// Traffic selectors as the kernel has them: prefixes instead of ranges, masks instead of port ranges.
enum KernelSelectors {
    /// More than this many for one pair would be a mistake, not a policy.
    static let limit = 512

    /// The fewest selectors that together match exactly the packets from one to the other; empty where no packet can match.
    static func selectors(from source: TrafficSelector, to destination: TrafficSelector) -> [XFRMSelector] {
        guard source.family == destination.family, !source.isOpaque, !destination.isOpaque else { return [] }
        guard source.ipProtocol == 0 || destination.ipProtocol == 0 || source.ipProtocol == destination.ipProtocol
        else { return [] }
        let ipProtocol = max(source.ipProtocol, destination.ipProtocol)
        let ports = ports(ipProtocol, source, destination)
        var result: [XFRMSelector] = []
        for from in source.addresses.prefixes {
            for to in destination.addresses.prefixes {
                for port in ports {
                    var selector = XFRMSelector(from: from, to: to, ipProtocol: ipProtocol)
                    (selector.sourcePort, selector.sourcePortMask) = port.source
                    (selector.destinationPort, selector.destinationPortMask) = port.destination
                    result.append(selector)
                    if result.count > limit { return result }
                }
            }
        }
        return result
    }

    private typealias Port = (value: UInt16, mask: UInt16)

    private static func ports(
        _ ipProtocol: UInt8, _ source: TrafficSelector, _ destination: TrafficSelector
    ) -> [(source: Port, destination: Port)] {
        if hasTypes(ipProtocol) {
            // Type and code, said by either side (RFC 7296 §3.13.1): to the kernel they are the two ports.
            guard let said = [source, destination].first(where: { !$0.isAnyPort }) else { return [((0, 0), (0, 0))] }
            let (first, last) = (said.startPort >> 8, said.endPort >> 8)
            guard first <= last else { return [] }
            return (first...last).flatMap { type in
                let codes = (
                    type == first ? said.startPort & 0xff : 0, type == last ? said.endPort & 0xff : UInt16(0xff)
                )
                if codes == (0, 0xff) { return [((type, UInt16.max), (UInt16(0), UInt16(0)))] }
                guard codes.0 <= codes.1 else { return [] }
                return (codes.0...codes.1).map { ((type, UInt16.max), ($0, UInt16.max)) }
            }
        }
        let from = blocks(source)
        let to = blocks(destination)
        return from.flatMap { port in to.map { (port, $0) } }
    }

    /// ICMP, ICMPv6, Mobility Header.
    private static func hasTypes(_ ipProtocol: UInt8) -> Bool { [1, 58, 135].contains(ipProtocol) }

    /// The fewest value and mask pairs that hold exactly a selector's ports.
    private static func blocks(_ selector: TrafficSelector) -> [Port] {
        var result: [Port] = []
        var next = UInt32(selector.startPort)
        let end = UInt32(selector.endPort)
        while next <= end {
            var size = next == 0 ? 0x1_0000 : next & ~(next - 1)
            while next + size - 1 > end { size >>= 1 }
            result.append((UInt16(next), UInt16(truncatingIfNeeded: ~(size - 1))))
            next += size
        }
        return result
    }

    /// The same backwards, for listings: source and destination.
    static func trafficSelectors(_ selector: XFRMSelector) -> (source: TrafficSelector, destination: TrafficSelector) {
        var source = TrafficSelector(selector.source.range, ipProtocol: selector.ipProtocol)
        var destination = TrafficSelector(selector.destination.range, ipProtocol: selector.ipProtocol)
        if hasTypes(selector.ipProtocol) {
            guard selector.sourcePortMask != 0 else { return (source, destination) }
            let type = selector.sourcePort << 8
            let code =
                selector.destinationPortMask == 0 ? 0...0xff : selector.destinationPort...selector.destinationPort
            source.startPort = type | (code.lowerBound & 0xff)
            source.endPort = type | (code.upperBound & 0xff)
            // Both sides say it, as they did when it was negotiated.
            destination.startPort = source.startPort
            destination.endPort = source.endPort
            return (source, destination)
        }
        source.startPort = selector.sourcePort & selector.sourcePortMask
        source.endPort = selector.sourcePort | ~selector.sourcePortMask
        destination.startPort = selector.destinationPort & selector.destinationPortMask
        destination.endPort = selector.destinationPort | ~selector.destinationPortMask
        return (source, destination)
    }
}
