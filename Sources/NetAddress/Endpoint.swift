/// The transport protocol of a conversation.
package enum TransportProtocol: Hashable, Sendable {
    case udp
    case tcp
}

/// One end of a UDP or TCP conversation: an address and a port.
package struct Endpoint: Hashable, Sendable {
    package var address: IPAddress
    /// 0 where none is meant.
    package var port: UInt16
    /// A port of UDP and a port of TCP are two places, whatever their numbers.
    package var transport: TransportProtocol

    package init(_ address: IPAddress, port: UInt16, transport: TransportProtocol = .udp) {
        self.address = address
        self.port = port
        self.transport = transport
    }
}

extension Endpoint: CustomStringConvertible {
    /// `192.0.2.1:500`, `[2001:db8::1]:500`.
    package var description: String { address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
