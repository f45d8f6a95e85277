/// A firewall mark, compared under its mask (skb->mark).
package struct PacketMark: Hashable, Sendable {
    package var value: UInt32
    package var mask: UInt32

    package init(value: UInt32, mask: UInt32 = .max) {
        self.value = value
        self.mask = mask
    }

    /// Whether it says nothing: the kernel knows no such mark.
    package var isAny: Bool { mask == 0 }
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
