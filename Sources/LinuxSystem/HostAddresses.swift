import Glibc
package import NetAddress

/// The addresses that the interfaces of this network namespace have.
package enum HostAddresses {
    /// In the kernel's order: IPv4 by interface, then IPv6 by interface. Interfaces that are down are left out.
    package static func current() -> [(interface: String, address: IPAddress)] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var result: [(interface: String, address: IPAddress)] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let socketAddress = entry.ifa_addr, entry.ifa_flags & UInt32(IFF_UP) != 0 else { continue }
            let address: IPAddress?
            switch Int32(socketAddress.pointee.sa_family) {
            case AF_INET:
                address = socketAddress.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin_addr) { IPAddress(octets: $0) }
                }
            case AF_INET6:
                address = socketAddress.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin6_addr) { IPAddress(octets: $0) }
                }
            default: address = nil
            }
            if let address { result.append((String(cString: entry.ifa_name), address)) }
        }
        return result
    }
}
