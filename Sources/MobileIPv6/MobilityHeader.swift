package import NetAddress

/// A message of Mobile IPv6: what follows an IPv6 header with the next header 135 (RFC 6275 §6.1).
package enum MobilityMessage: Hashable, Sendable {
    /// Asks a mobile node for a Binding Update (§6.1.2); type 0.
    case bindingRefreshRequest
    /// Type 5 (§6.1.7).
    case bindingUpdate(BindingUpdate)
    /// Type 6 (§6.1.8).
    case bindingAcknowledgement(BindingAcknowledgement)
    /// Type 7 (§6.1.9): status, and the home address that it is about.
    case bindingError(status: UInt8, homeAddress: IPAddress)
    /// A type that is not spoken here: route optimization's, or one made later.
    case other(type: UInt8, octets: [UInt8])

    package var type: UInt8 {
        switch self {
        case .bindingRefreshRequest: 0
        case .bindingUpdate: 5
        case .bindingAcknowledgement: 6
        case .bindingError: 7
        case .other(let type, _): type
        }
    }
}

/// Why octets are no message, and where (octets from the Mobility Header's start).
package enum MobilityError: Error, Hashable, CustomStringConvertible {
    case truncated(at: Int)
    /// §9.2: Payload Proto must be 59, no next header.
    case payloadProtocol(UInt8)
    case checksum(expected: UInt16, found: UInt16)
    /// Header Len says so many octets, and there are others.
    case length(said: Int, found: Int)
    case option(at: Int)

    package var description: String {
        switch self {
        case .truncated(let offset): "cut short at octet \(offset)"
        case .payloadProtocol(let number): "payload protocol \(number), expected 59"
        case .checksum(let expected, let found):
            "checksum 0x\(String(found, radix: 16)), expected 0x\(String(expected, radix: 16))"
        case .length(let said, let found): "\(said) octets by its length, found \(found)"
        case .option(let offset): "a mobility option that does not fit, at octet \(offset)"
        }
    }
}

/// The Mobility Header as octets (RFC 6275 §6.1.1): payload protocol, length, type, checksum, message, options.
package enum MobilityHeader {
    /// The number of the next header.
    package static let ipProtocol: UInt8 = 135
    /// Octets before a message's own.
    private static let fixedOctets = 6
    /// IPPROTO_NONE.
    private static let noNextHeader: UInt8 = 59

    /// - Parameters:
    ///   - source: and `destination`: of the checksum's pseudo-header: home addresses where the packet carries a home
    ///     address option or a type 2 routing header.
    /// - Returns: a multiple of 8 octets.
    package static func octets(
        of message: MobilityMessage, from source: IPAddress, to destination: IPAddress
    ) -> [UInt8] {
        var octets: [UInt8] = [noNextHeader, 0, message.type, 0, 0, 0]
        switch message {
        case .bindingRefreshRequest: octets += [0, 0]
        case .bindingUpdate(let update): update.write(to: &octets)
        case .bindingAcknowledgement(let answer): answer.write(to: &octets)
        case .bindingError(let status, let home): octets += [status, 0] + home.octets
        case .other(_, let rest): octets += rest
        }
        MobilityOption.pad(&octets)
        octets[1] = UInt8(octets.count / 8 - 1)
        let sum = checksum(octets, from: source, to: destination)
        (octets[4], octets[5]) = (UInt8(sum >> 8), UInt8(truncatingIfNeeded: sum))
        return octets
    }

    /// Takes apart what came from `source` for `destination`; both as `octets(of:from:to:)` has them.
    package static func message(
        _ octets: [UInt8], from source: IPAddress, to destination: IPAddress
    ) throws(MobilityError) -> MobilityMessage {
        guard octets.count >= 8 else { throw .truncated(at: octets.count) }
        guard octets[0] == noNextHeader else { throw .payloadProtocol(octets[0]) }
        let length = (Int(octets[1]) + 1) * 8
        guard length == octets.count else { throw .length(said: length, found: octets.count) }
        var cleared = octets
        (cleared[4], cleared[5]) = (0, 0)
        let expected = checksum(cleared, from: source, to: destination)
        let found = UInt16(octets[4]) << 8 | UInt16(octets[5])
        guard expected == found else { throw .checksum(expected: expected, found: found) }
        let body = octets[fixedOctets...]
        switch octets[2] {
        case 0: return .bindingRefreshRequest
        case 5: return .bindingUpdate(try BindingUpdate(body))
        case 6: return .bindingAcknowledgement(try BindingAcknowledgement(body))
        case 7:
            guard body.count >= 18, let home = IPAddress(octets: body.dropFirst(2).prefix(16)) else {
                throw .truncated(at: octets.count)
            }
            return .bindingError(status: body[body.startIndex], homeAddress: home)
        default: return .other(type: octets[2], octets: Array(body))
        }
    }

    /// Over pseudo-header (RFC 8200 §8.1) and octets, whose own checksum is 0.
    static func checksum(_ octets: [UInt8], from source: IPAddress, to destination: IPAddress) -> UInt16 {
        let length = UInt32(octets.count)
        let all =
            source.octets + destination.octets + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
            + [0, 0, 0, ipProtocol] + octets
        var sum: UInt32 = 0
        for index in stride(from: 0, to: all.count, by: 2) {
            sum += UInt32(all[index]) << 8 | UInt32(index + 1 < all.count ? all[index + 1] : 0)
        }
        while sum >> 16 != 0 { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}
