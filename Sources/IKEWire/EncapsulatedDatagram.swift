/// What arrives at UDP port 4500 (RFC 3948 §2), where IKE and ESP share a socket.
package enum EncapsulatedDatagram: Hashable, Sendable {
    /// An IKE message, its non-ESP marker taken off.
    case ike(ArraySlice<UInt8>)
    /// An ESP packet: it begins with an SPI, which is never zero.
    case esp(ArraySlice<UInt8>)
    /// One octet 0xff, to be ignored (§2.3).
    case keepalive
    /// Fewer than 4 octets: too short to tell, to be dropped.
    case short(Int)

    /// Four zero octets where an SPI would be (§2.2).
    package static let nonESPMarker: [UInt8] = [0, 0, 0, 0]
    package static let keepaliveOctets: [UInt8] = [0xff]

    package init(parsing octets: ArraySlice<UInt8>) {
        if octets.elementsEqual(EncapsulatedDatagram.keepaliveOctets) {
            self = .keepalive
        } else if octets.count < 4 {
            self = .short(octets.count)
        } else if octets.prefix(4).allSatisfy({ $0 == 0 }) {
            self = .ike(octets.dropFirst(4))
        } else {
            self = .esp(octets)
        }
    }
}
