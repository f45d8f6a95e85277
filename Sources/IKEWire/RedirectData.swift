package import NetAddress

/// Another gateway, as REDIRECT and REDIRECTED_FROM name it (RFC 5685 §9.2, §9.3).
package enum GatewayIdentity: Hashable, Sendable {
    case address(IPAddress)
    /// Octets of a DNS name.
    case name([UInt8])

    /// GW Ident Type 1...3, GW Ident Len, the identity.
    package var octets: [UInt8] {
        switch self {
        case .address(let address): [address.family == .v4 ? 1 : 2, UInt8(address.octets.count)] + address.octets
        case .name(let name): [3, UInt8(truncatingIfNeeded: name.count)] + name
        }
    }
}

extension NotifyPayload {
    /// REDIRECT; in an IKE_SA_INIT response with the initiator's nonce, elsewhere without (RFC 5685 §9.2).
    package static func redirect(to gateway: GatewayIdentity, nonce: [UInt8] = []) -> NotifyPayload {
        NotifyPayload(type: .redirect, data: gateway.octets + nonce)
    }

    /// REDIRECTED_FROM (RFC 5685 §9.3).
    package static func redirectedFrom(_ gateway: GatewayIdentity) -> NotifyPayload {
        NotifyPayload(type: .redirectedFrom, data: gateway.octets)
    }

    /// The gateway of a REDIRECT and the nonce behind it.
    /// - Throws: `WireError` with the offset in the data: an unknown type of identity, or a length that is not its type's.
    package func redirection() throws(WireError) -> (gateway: GatewayIdentity, nonce: [UInt8]) {
        var reader = WireReader(data)
        let type = try reader.uint8("GW Ident Type")
        let length = Int(try reader.uint8("GW Ident Len"))
        let octets = Array(try reader.octets(length, "New Responder GW Identity"))
        switch type {
        case 1 where length == 4, 2 where length == 16:
            guard let address = IPAddress(octets: octets) else { break }
            return (.address(address), reader.rest())
        case 3 where length > 0: return (.name(octets), reader.rest())
        default: break
        }
        throw WireError(
            .length, offset: 1, expected: "4 octets of type 1, 16 of type 2, a name of type 3",
            found: "\(length) of type \(type)")
    }
}
