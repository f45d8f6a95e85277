/// A firewall mark, compared under its mask (skb->mark).
package struct PacketMark: Hashable, Sendable, CustomStringConvertible {
    package var value: UInt32
    package var mask: UInt32

    package init(value: UInt32, mask: UInt32 = .max) {
        self.value = value
        self.mask = mask
    }

    /// `5`, `0x10`, `0x10/0xff`: decimal or hexadecimal, the mask all ones where there is none, and cut out of the value. A mask of 0
    /// takes every packet: see `isAny`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let value = Self.number(parts[0]) else { return nil }
        guard let mask = parts.count == 2 ? Self.number(parts[1]) : .max else { return nil }
        self.init(value: value & mask, mask: mask)
    }

    /// Whether it says nothing: the kernel knows no such mark.
    package var isAny: Bool { mask == 0 }

    /// Decimal, or hexadecimal behind `0x`.
    package static func number(_ text: String) -> UInt32? {
        text.lowercased().hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
    }

    /// `0x5/0xffffffff`, as iproute2 writes it.
    package var description: String { "0x\(String(value, radix: 16))/0x\(String(mask, radix: 16))" }
}

/// What packets must have, besides the selectors' addresses, to meet the policies of a connection: a firewall mark, or an XFRM
/// interface (`ip link add … type xfrm if_id`) that they go by. So two tunnels can have the same selectors.
package struct PolicyMarks: Hashable, Sendable {
    package var inbound: PacketMark?
    package var outbound: PacketMark?
    /// Whether the outbound SA has the mark of its policies, and whether the inbound one has it.
    package var marksOutboundSA = false
    package var marksInboundSA = false
    /// Of policies and SAs; nil: none.
    package var inboundInterface: UInt32?
    package var outboundInterface: UInt32?

    package init() {}

    package var isEmpty: Bool { self == PolicyMarks() }
}
