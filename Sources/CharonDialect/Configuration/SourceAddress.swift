package import NetAddress

/// Addresses that a gateway gives away, by the name that configurations and listings have for them.
package struct AddressPool: Hashable, Sendable {
    package var name: String
    /// As it is written: the network's, or the first of a range.
    package var base: IPAddress
    /// Those that are given away.
    package var addresses: IPRange
    package var nameServers: [IPAddress] = []

    /// Bits that the addresses of a pool may differ in: charon counts them in 32 bits.
    private static let greatestBits = 31

    /// `10.3.0.0/24` without its first and its last address where it has more than two, `10.3.0.5-10.3.0.9`, or one address.
    package init?(name: String, _ text: String) {
        self.name = name
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        if ends.count == 2, let first = IPAddress(ends[0]), let last = IPAddress(ends[1]),
            let range = IPRange(first, last), last.value - first.value < UInt128(1) << UInt128(Self.greatestBits)
        {
            base = first
            addresses = range
            return
        }
        if let address = IPAddress(text), let range = IPRange(address, address) {
            base = address
            addresses = range
            return
        }
        guard text.contains("/"), let prefix = IPPrefix(text)?.network else { return nil }
        let family = prefix.address.family
        let bits = min(family.bitCount - prefix.length, Self.greatestBits)
        base = prefix.address
        let margin: UInt128 = bits > 1 ? 1 : 0
        let last = base.value + ((UInt128(1) << UInt128(bits)) - 1 - margin)
        guard
            let range = IPRange(
                IPAddress(family: family, value: base.value + margin), IPAddress(family: family, value: last))
        else { return nil }
        addresses = range
    }

    package var count: UInt64 { UInt64(addresses.last.value - addresses.first.value) + 1 }
}

/// One of what `sourceip=`, `vips`, `pools` and `dns=` list: at our end it is asked for, at the peer's it is given.
package enum SourceAddress: Hashable, Sendable {
    /// `%config`, `%config4`, `%config6`, `0.0.0.0`, `::`: whichever of this family.
    case any(AddressFamily)
    case address(IPAddress)
    /// More than one, by a name that is what was written.
    case pool(AddressPool)
    /// `%name`, and swanctl's `pools = name`: a section of swanctl.conf's `pools`.
    case named(String)

    /// An element of ipsec.conf's lists; nil where it means nothing.
    package init?(_ text: String) {
        switch text {
        case "%config", "%config4", "%modeconfig", "%modecfg", "%cfg", "0.0.0.0": self = .any(.v4)
        case "%config6", "::": self = .any(.v6)
        default:
            if text.hasPrefix("%"), text.count > 1 {
                self = .named(String(text.dropFirst()))
            } else if let address = IPAddress(text) {
                self = .address(address)
            } else if let pool = AddressPool(name: text, text) {
                self = .pool(pool)
            } else {
                return nil
            }
        }
    }
}
