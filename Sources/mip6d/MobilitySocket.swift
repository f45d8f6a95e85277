import CLinux
import Glibc
import LinuxSystem
import NetAddress

/// A raw IPv6 socket of one protocol, non-blocking, which sees both ends of each message.
final class MobilitySocket {
    /// The longest Mobility Header, and more than any ICMPv6 message that is let in.
    private static let greatestOctets = 2048

    let descriptor: FileDescriptor
    private let makeAnother: () -> Int32

    /// Of Mobility Headers.
    convenience init() throws(SystemError) { try self.init("Mobility Header") { lx_raw6_open(135, 0, 0) } }

    /// Of ICMPv6 messages of two types.
    convenience init(icmpTypes first: UInt8, _ second: UInt8) throws(SystemError) {
        try self.init("ICMPv6") { lx_raw6_open(58, first, second) }
    }

    private init(_ name: String, _ make: @escaping () -> Int32) throws(SystemError) {
        descriptor = FileDescriptor(owning: try checked(make(), "socket", name))
        makeAnother = make
    }

    /// - Parameters:
    ///   - interface: the index of the link that is meant; 0: routes say it.
    ///   - isOnLink: no route that leads elsewhere counts, as for a destination that is all nodes of the link.
    func send(
        _ octets: [UInt8], from source: IPAddress, to destination: IPAddress, via careOf: IPAddress? = nil,
        interface: Int32 = 0, isOnLink: Bool = false
    ) throws(SystemError) {
        // By a socket of its own: one that is bound to an interface hears nothing from the others.
        let sender = isOnLink ? try another(boundTo: interface) : descriptor
        defer { if isOnLink { sender.close() } }
        let sent = lx_raw6_send(
            sender.rawValue, source.octets, destination.octets, careOf?.octets, UInt32(interface), octets,
            octets.count)
        guard sent >= 0 else { throw .last("sendmsg", "\(source) to \(destination)") }
    }

    /// For an interface by its index, whose routes alone count then (socket(7)).
    private func another(boundTo interface: Int32) throws(SystemError) -> FileDescriptor {
        let socket = FileDescriptor(owning: try checked(makeAnother(), "socket", "of interface \(interface)"))
        var index = interface
        try checked(
            setsockopt(socket.rawValue, SOL_SOCKET, SO_BINDTOIFINDEX, &index, socklen_t(MemoryLayout<Int32>.size)),
            "setsockopt", "SO_BINDTOIFINDEX")
        return socket
    }

    /// nil where none waits.
    func receive() -> (octets: [UInt8], source: IPAddress, destination: IPAddress)? {
        var buffer = [UInt8](repeating: 0, count: Self.greatestOctets)
        var (source, destination) = ([UInt8](repeating: 0, count: 16), [UInt8](repeating: 0, count: 16))
        while true {
            let count = lx_raw6_receive(descriptor.rawValue, &source, &destination, &buffer, buffer.count)
            if count >= 0 {
                return (
                    Array(buffer.prefix(count)), IPAddress(octets: source)!, IPAddress(octets: destination)!
                )
            }
            // An ICMP error about something that was sent is told here, too, and says nothing about what waits.
            guard [EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES, EPROTO].contains(errno) else { return nil }
        }
    }
}
