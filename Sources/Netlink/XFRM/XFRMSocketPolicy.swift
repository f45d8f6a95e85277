import CNetlink
import Glibc
package import NetAddress

/// What a key manager's own UDP sockets need where the kernel does IPsec.
package enum XFRMSocketPolicy {
    /// Lets a socket's packets past every policy, those that leave and those that come (IP_XFRM_POLICY, IPV6_XFRM_POLICY).
    package static func bypass(_ descriptor: Int32, _ family: AddressFamily) throws(NetlinkError) {
        let nowhere = IPPrefix(.unspecified(family), length: 0)!
        for direction in [XFRMPolicy.Direction.inbound, .outbound] {
            var policy = XFRMPolicy(XFRMSelector(from: nowhere, to: nowhere), direction).header
            // IP_XFRM_POLICY is 17, IPV6_XFRM_POLICY 35.
            let (level, option): (Int32, Int32) = family == .v4 ? (ipLevel, 17) : (ipv6Level, 35)
            let size = socklen_t(MemoryLayout<xfrm_userpolicy_info>.size)
            guard setsockopt(descriptor, level, option, &policy, size) == 0 else {
                throw NetlinkError(request: "exempt a socket from IPsec", code: errno)
            }
        }
    }

    /// Hands ESP that comes to a UDP socket to the kernel's IPsec; IKE, behind its marker, still comes to the socket
    /// (UDP_ENCAP, RFC 3948 §2.2).
    package static func takeESP(_ descriptor: Int32) throws(NetlinkError) {
        // UDP_GRO would join ESP packets to one, which the kernel's ESP cannot read: UDP_GRO 104, UDP_ENCAP 100,
        // UDP_ENCAP_ESPINUDP 2.
        for (option, value) in [(Int32(104), Int32(0)), (100, 2)] {
            var value = value
            guard setsockopt(descriptor, 17, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
                throw NetlinkError(request: "let the kernel take ESP from a UDP socket", code: errno)
            }
        }
    }

    private static let ipLevel: Int32 = 0
    private static let ipv6Level: Int32 = 41
}
