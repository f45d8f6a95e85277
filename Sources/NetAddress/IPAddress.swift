/// The two families of the Internet Protocol that IPsec carries.
package enum AddressFamily: UInt8, Hashable, Sendable {
    case v4 = 4
    case v6 = 6

    /// The size of an address, in octets: 4 or 16.
    package var octetCount: Int { self == .v4 ? 4 : 16 }
    /// The size of an address, in bits: 32 or 128.
    package var bitCount: Int { octetCount * 8 }
}

/// An IPv4 or IPv6 address, as a number in host order; IPv4 addresses use the low 32 bits.
package struct IPAddress: Hashable, Sendable {
    package let family: AddressFamily
    package let value: UInt128

    package init(family: AddressFamily, value: UInt128) {
        self.family = family
        self.value = family == .v4 ? value & 0xffff_ffff : value
    }

    /// From 4 or 16 octets in network order; nil for any other count.
    package init?(octets: some Collection<UInt8>) {
        switch octets.count {
        case 4: family = .v4
        case 16: family = .v6
        default: return nil
        }
        value = octets.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The address as 4 or 16 octets in network order.
    package var octets: [UInt8] {
        let count = family.octetCount
        return (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (count - 1 - $0))) }
    }

    /// 0.0.0.0 or ::.
    package static func unspecified(_ family: AddressFamily) -> IPAddress { IPAddress(family: family, value: 0) }
    /// The greatest address of a family: 255.255.255.255 or ffff:…:ffff.
    package static func greatest(_ family: AddressFamily) -> IPAddress {
        IPAddress(family: family, value: family == .v4 ? 0xffff_ffff : .max)
    }

    /// Of IPv6's fe80::/10: it means something on one link only.
    package var isLinkLocal: Bool { family == .v6 && value >> 118 == 0xfe80 >> 6 }

    package var isUnspecified: Bool { value == 0 }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family.rawValue, left.value) < (right.family.rawValue, right.value)
    }
}

extension IPAddress: LosslessStringConvertible {
    /// From text: dotted decimal (four parts without leading zeros) or RFC 4291 §2.2; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let value = IPAddress.parseV6(bytes[...]) else { return nil }
            self.init(family: .v6, value: value)
        } else {
            guard let value = IPAddress.parseV4(bytes[...]) else { return nil }
            self.init(family: .v4, value: UInt128(value))
        }
    }

    /// Dotted decimal, or the canonical text of RFC 5952.
    package var description: String {
        guard family == .v6 else { return octets.map { String($0) }.joined(separator: ".") }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(16 * (7 - $0))) }
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8 && groups[end] == 0 { end += 1 }
            if end - index > Swift.max(best.count, 1) { best = index..<end }
            index = Swift.max(end, index + 1)
        }
        func hex(_ range: Range<Int>) -> String {
            range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        if best.isEmpty { return hex(0..<8) }
        return hex(0..<best.lowerBound) + "::" + hex(best.upperBound..<8)
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            if part.count > 1 && part.first == UInt8(ascii: "0") { return nil }
            let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func parseV6(_ bytes: ArraySlice<UInt8>) -> UInt128? {
        /// The 16-bit groups of one side of a `::`; nil where one is malformed.
        func groups(_ side: ArraySlice<UInt8>, last: Bool) -> [UInt16]? {
            if side.isEmpty { return [] }
            let parts = side.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            var result: [UInt16] = []
            for (index, part) in parts.enumerated() {
                if last, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                    guard let v4 = parseV4(part) else { return nil }
                    result += [UInt16(v4 >> 16), UInt16(v4 & 0xffff)]
                } else {
                    guard (1...4).contains(part.count), part.first != UInt8(ascii: "+"),
                        let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                    else { return nil }
                    result.append(group)
                }
            }
            return result
        }
        let double = bytes.indices.dropLast().first { bytes[$0] == 0x3a && bytes[$0 + 1] == 0x3a }
        var all: [UInt16]
        if let double {
            guard let left = groups(bytes[..<double], last: false),
                let right = groups(bytes[(double + 2)...], last: true), left.count + right.count < 8
            else { return nil }
            all = left + Array(repeating: 0, count: 8 - left.count - right.count) + right
        } else {
            guard let whole = groups(bytes, last: true), whole.count == 8 else { return nil }
            all = whole
        }
        return all.reduce(0) { $0 << 16 | UInt128($1) }
    }
}
