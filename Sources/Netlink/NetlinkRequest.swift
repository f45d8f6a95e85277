import CNetlink
import NetAddress

/// One request to the routing socket, ready to be sent; made by the functions of its extensions.
package struct NetlinkRequest: Sendable {
    /// In words, for the error.
    let description: String
    /// A whole message with a sequence number still to be set.
    var bytes: [UInt8]

    /// Writes the sequence number at its place in nlmsghdr: octets 8...11.
    mutating func setSequence(_ number: UInt32) {
        withUnsafeBytes(of: number) { for index in 0..<4 { bytes[8 + index] = $0[index] } }
    }
}

extension AddressFamily {
    /// AF_INET or AF_INET6, as a netlink header holds them.
    var kernelNumber: UInt8 { UInt8(self == .v4 ? AF_INET : AF_INET6) }

    init?(kernelNumber: UInt8) {
        switch Int32(kernelNumber) {
        case AF_INET: self = .v4
        case AF_INET6: self = .v6
        default: return nil
        }
    }
}
