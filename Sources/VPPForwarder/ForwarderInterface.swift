package import NetAddress

/// An interface of VPP's own. The host's stack knows nothing of its addresses: VPP answers for them itself.
package final class ForwarderInterface {
    package enum Kind: Hashable, Sendable {
        /// `local0`, which every VPP has and nothing goes through.
        case local
        /// An Ethernet interface of the host, taken over whole, by its name there.
        case host(String)
        case loopback
        /// The two ends of a pair of SAs.
        case ipsec(local: IPAddress, remote: IPAddress)
    }

    /// What `show interface` counts; octets are the frame's, or the inner packet's where there is no frame.
    package struct Counters: Hashable, Sendable {
        package var receivedPackets: UInt64 = 0
        package var receivedOctets: UInt64 = 0
        package var sentPackets: UInt64 = 0
        package var sentOctets: UInt64 = 0
        package var drops: UInt64 = 0
        /// For us, and nobody takes it.
        package var punts: UInt64 = 0
        package var ipv4: UInt64 = 0
        package var ipv6: UInt64 = 0
    }

    /// `sw_if_index`: 0 is local0, the others are counted as they are made and a number is never used again.
    package let index: Int
    package let kind: Kind
    /// nil where there is no Ethernet.
    package let mac: MACAddress?
    package internal(set) var name: String
    package internal(set) var isUp = false
    /// With their host bits.
    package internal(set) var addresses: [IPPrefix] = []
    /// The interface whose addresses it borrows.
    package internal(set) var unnumbered: Int?
    /// The security policy database on it, by its identifier.
    package internal(set) var policies: UInt32?
    package internal(set) var counters = Counters()

    init(index: Int, kind: Kind, name: String, mac: MACAddress?) {
        self.index = index
        self.kind = kind
        self.name = name
        self.mac = mac
    }

    var isTunnel: Bool { if case .ipsec = kind { true } else { false } }
}
