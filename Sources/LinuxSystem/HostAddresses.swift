import Glibc
package import NetAddress

/// The addresses that the interfaces of this network namespace have.
package enum HostAddresses {
    /// In the kernel's order: IPv4 by interface, then IPv6 by interface. Interfaces that are down are left out.
    package static func current() -> [(interface: String, address: IPAddress)] {
        var result: [(interface: String, address: IPAddress)] = []
        forEachUp { name, socketAddress in
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
            if let address { result.append((name(), address)) }
        }
        return result
    }

    /// The interfaces that are up, with addresses or without.
    package static func interfacesUp() -> Set<String> {
        var result: Set<String> = []
        forEachUp { name, _ in result.insert(name()) }
        return result
    }

    /// Each address, one of the link itself among them, of each interface that is up.
    private static func forEachUp(_ body: (_ name: () -> String, UnsafeMutablePointer<sockaddr>) -> Void) {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let socketAddress = entry.ifa_addr, entry.ifa_flags & UInt32(IFF_UP) != 0 else { continue }
            body({ String(cString: entry.ifa_name) }, socketAddress)
        }
    }
}
