package import IKEModel

/// Marks as configurations and listings write them.
extension PacketMark {
    /// `5`, `0x10`, `0x10/0xff`: decimal or hexadecimal, the mask all ones where there is none, and cut out of the value. A mask of 0
    /// takes every packet: see `isAny`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let value = Self.number(parts[0]) else { return nil }
        guard let mask = parts.count == 2 ? Self.number(parts[1]) : .max else { return nil }
        self.init(value: value & mask, mask: mask)
    }

    /// Decimal, or hexadecimal behind `0x`.
    package static func number(_ text: String) -> UInt32? {
        text.lowercased().hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
    }

    /// `0x5/0xffffffff`, as iproute2 writes it.
    package var text: String { "0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))" }
}
