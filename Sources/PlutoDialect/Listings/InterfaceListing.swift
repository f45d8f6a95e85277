import DialectKit
import NetAddress

/// What pluto listens on.
enum InterfaceListing {
    /// `eth1 192.1.2.23:UDP/500`, `lo [::1]:UDP/4500 (NAT)`; in the listing (and only there) 4500 says so.
    static func text(_ interface: InterfaceAddress, port: UInt16, _ transport: TransportProtocol = .udp) -> String {
        let address = interface.address.family == .v4 ? "\(interface.address)" : "[\(interface.address)]"
        let isNAT = transport == .udp && port == 4500
        return "\(interface.interface) \(address):\(Wording.name(transport))/\(port)\(isNAT ? " (NAT)" : "")"
    }
}
