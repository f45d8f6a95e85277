import CNetlink
import NetAddress

extension xfrm_address_t {
    /// IPv4 in the first 4 octets, IPv6 in all 16, both in network order.
    init(_ address: IPAddress) {
        self.init()
        withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: address.octets) }
    }

    func address(_ family: AddressFamily) -> IPAddress {
        withUnsafeBytes(of: self) { IPAddress(octets: $0.prefix(family.octetCount))! }
    }
}

extension IPAddress {
    /// 16 octets, as an attribute that is a bare xfrm_address_t has them.
    var xfrmOctets: [UInt8] { octets + [UInt8](repeating: 0, count: 16 - family.octetCount) }
}

extension UInt32 {
    /// An SPI as it lies in a structure: in network order.
    var networkOrder: UInt32 { bigEndian }
}
