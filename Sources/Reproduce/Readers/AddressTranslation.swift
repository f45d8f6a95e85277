import IKECrypto
import IKEWire
import NetAddress
import Scenario

/// NAT as a capture shows it: the hashes of the NAT detection notifications are of other addresses than the packet's
/// (RFC 7296 §2.23).
enum AddressTranslation {
    /// What to remark of a message; nothing where it has no such notification, or their hashes fit.
    static func remarks(_ datagram: DecodedCapture.Datagram, at position: LogPosition) -> [Remark] {
        let header = datagram.message.header
        func isOther(_ type: NotifyType, _ address: IPAddress, _ port: UInt16) -> Bool {
            let hashes = datagram.message.payloads.compactMap { payload -> [UInt8]? in
                if case .notify(let notify) = payload, notify.type == type { notify.data } else { nil }
            }
            let own = Digest.sha1(
                header.initiatorSPI.octets, header.responderSPI.octets, address.octets,
                [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)])
            return !hashes.isEmpty && !hashes.contains(own)
        }
        var found: [Remark] = []
        if isOther(.natDetectionSourceIP, datagram.source, datagram.ports.source) {
            found.append(Remark(position, .translated(.sender, here: "\(datagram.source)", isCertain: true)))
        }
        if isOther(.natDetectionDestinationIP, datagram.destination, datagram.ports.destination) {
            found.append(Remark(position, .translated(.receiver, here: "\(datagram.destination)", isCertain: true)))
        }
        return found
    }
}
