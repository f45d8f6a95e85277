package import NetAddress

/// The ICMPv6 message by which a link hears, unasked, whose card has an address (RFC 6275 §10.4.1, §11.5.5).
package enum NeighborAdvertisement {
    /// Of no router, not solicited, to override what is known (RFC 4861 §4.4), with the card's address (§4.6.1): 32 octets, the checksum
    /// the socket's.
    package static func octets(of address: IPAddress, at card: MACAddress) -> [UInt8] {
        [136, 0, 0, 0, 0x20, 0, 0, 0] + address.octets + [2, 1] + card.octets
    }
}
