/// An address and a prefix length: `192.0.2.0/24`, `2001:db8::/32`; the address may have host bits, as an interface's has.
package struct IPPrefix: Hashable, Sendable {
    package let address: IPAddress
    /// 0...32 or 0...128.
    package let length: Int

    /// nil where the length does not fit the family.
    package init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitCount).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// A prefix that holds one address.
    package init(host address: IPAddress) {
        self.address = address
        self.length = address.family.bitCount
    }

    package var family: AddressFamily { address.family }

    private var hostMask: UInt128 {
        let bits = family.bitCount - length
        return bits >= 128 ? .max : (UInt128(1) << UInt128(bits)) - 1
    }

    /// The prefix with its host bits cleared.
    package var network: IPPrefix {
        IPPrefix(IPAddress(family: family, value: address.value & ~hostMask), length: length)!
    }

    /// All addresses of the prefix, first to last.
    package var range: IPRange {
        IPRange(
            IPAddress(family: family, value: address.value & ~hostMask),
            IPAddress(family: family, value: address.value | hostMask))!
    }

    package func contains(_ other: IPAddress) -> Bool { range.contains(other) }
}

extension IPPrefix: LosslessStringConvertible {
    /// `address/length`, or a bare address for a prefix that holds it alone.
    package init?(_ text: String) {
        guard let slash = text.firstIndex(of: "/") else {
            guard let address = IPAddress(text) else { return nil }
            self.init(host: address)
            return
        }
        let digits = text[text.index(after: slash)...]
        guard let address = IPAddress(String(text[..<slash])), !digits.isEmpty,
            digits.allSatisfy({ $0.isASCII && $0.isNumber }), let length = Int(digits)
        else { return nil }
        self.init(address, length: length)
    }

    package var description: String { "\(address)/\(length)" }
}
