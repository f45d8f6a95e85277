package import Glibc
package import NetAddress

/// An endpoint in the kernel's form, sockaddr_in or sockaddr_in6: made once, handed to many calls.
package struct DatagramAddress {
    private var storage = sockaddr_in6()
    /// Octets of the form: 16 or 28.
    package let length: socklen_t

    package init(_ endpoint: Endpoint) {
        let octets = endpoint.address.octets
        let length = endpoint.address.family == .v4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        self.length = socklen_t(length)
        withUnsafeMutableBytes(of: &storage) { raw in
            raw.storeBytes(of: sa_family_t(endpoint.address.family == .v4 ? AF_INET : AF_INET6), as: sa_family_t.self)
            raw.storeBytes(of: endpoint.port.bigEndian, toByteOffset: 2, as: UInt16.self)
            // sin_addr lies behind the port, sin6_addr behind the flow label.
            let offset = endpoint.address.family == .v4 ? 4 : 8
            for (index, octet) in octets.enumerated() { raw[offset + index] = octet }
        }
    }

    /// Room for an answer of the kernel in the form of a family.
    package init(emptyOf family: AddressFamily) { self.init(Endpoint(.unspecified(family), port: 0)) }

    /// The endpoint of a sockaddr that the kernel wrote; nil for another family.
    package static func endpoint(_ raw: UnsafeRawPointer) -> Endpoint? {
        let port = UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        switch Int32(raw.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            let value = UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            return Endpoint(IPAddress(family: .v4, value: UInt128(value)), port: port)
        case AF_INET6:
            let value = UInt128(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt128.self))
            return Endpoint(IPAddress(family: .v6, value: value), port: port)
        default: return nil
        }
    }

    package var endpoint: Endpoint? { withUnsafeBytes(of: storage) { DatagramAddress.endpoint($0.baseAddress!) } }

    /// The pointer is dead when `body` returns.
    package func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    package mutating func withMutablePointer<R>(_ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> R) -> R {
        let length = length
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
