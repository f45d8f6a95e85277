package import NetAddress

/// A payload that is not modelled here: of an unknown type, or of a group key extension.
package struct UnknownPayload: Hashable, Sendable {
    package var type: PayloadType
    /// With it, a message MUST be rejected (RFC 7296 §2.5).
    package var isCritical: Bool
    package var body: [UInt8]

    package init(type: PayloadType, isCritical: Bool, body: [UInt8]) {
        self.type = type
        self.isCritical = isCritical
        self.body = body
    }
}

/// One payload (RFC 7296 §3.2 to §3.16), but for the Encrypted ones: those are `ProtectedPayload`.
///
/// The critical bit of the types that RFC 7296 defines is ignored on receipt and written as zero (§2.5).
package enum Payload: Hashable, Sendable {
    /// At least one proposal.
    case securityAssociation([Proposal])
    case keyExchange(KeyExchangePayload)
    case identificationInitiator(Identification)
    case identificationResponder(Identification)
    case certificate(CertificatePayload)
    case certificateRequest(CertificateRequestPayload)
    case authentication(AuthenticationPayload)
    /// 16...256 octets (§3.9).
    case nonce([UInt8])
    case notify(NotifyPayload)
    case delete(DeletePayload)
    case vendorID([UInt8])
    /// Those of known types: possibly none, at most 255.
    case trafficSelectorsInitiator([TrafficSelector])
    case trafficSelectorsResponder([TrafficSelector])
    case configuration(ConfigurationPayload)
    /// A whole EAP message, its own header included: at least 4 octets (§3.16).
    case eap([UInt8])
    case unknown(UnknownPayload)
}

extension Payload {
    package var type: PayloadType {
        switch self {
        case .securityAssociation: .securityAssociation
        case .keyExchange: .keyExchange
        case .identificationInitiator: .identificationInitiator
        case .identificationResponder: .identificationResponder
        case .certificate: .certificate
        case .certificateRequest: .certificateRequest
        case .authentication: .authentication
        case .nonce: .nonce
        case .notify: .notify
        case .delete: .delete
        case .vendorID: .vendorID
        case .trafficSelectorsInitiator: .trafficSelectorsInitiator
        case .trafficSelectorsResponder: .trafficSelectorsResponder
        case .configuration: .configuration
        case .eap: .eap
        case .unknown(let payload): payload.type
        }
    }

    /// The bodies of all types but the Encrypted ones; `reader` ends where the payload does.
    init(type: PayloadType, isCritical: Bool, body reader: inout WireReader) throws(WireError) {
        switch type {
        case .securityAssociation: self = .securityAssociation(try Proposal.parseList(&reader))
        case .keyExchange: self = .keyExchange(try KeyExchangePayload(parsing: &reader))
        case .identificationInitiator: self = .identificationInitiator(try Identification(parsing: &reader))
        case .identificationResponder: self = .identificationResponder(try Identification(parsing: &reader))
        case .certificate: self = .certificate(try CertificatePayload(parsing: &reader))
        case .certificateRequest: self = .certificateRequest(try CertificateRequestPayload(parsing: &reader))
        case .authentication: self = .authentication(try AuthenticationPayload(parsing: &reader))
        case .nonce: self = .nonce(try Payload.parseNonce(&reader))
        case .notify: self = .notify(try NotifyPayload(parsing: &reader))
        case .delete: self = .delete(try DeletePayload(parsing: &reader))
        case .vendorID: self = .vendorID(reader.rest())
        case .trafficSelectorsInitiator: self = .trafficSelectorsInitiator(try TrafficSelector.parseList(&reader))
        case .trafficSelectorsResponder: self = .trafficSelectorsResponder(try TrafficSelector.parseList(&reader))
        case .configuration: self = .configuration(try ConfigurationPayload(parsing: &reader))
        case .eap: self = .eap(try Payload.parseEAP(&reader))
        default: self = .unknown(UnknownPayload(type: type, isCritical: isCritical, body: reader.rest()))
        }
        try reader.finish("the \(type) payload")
    }

    /// The body behind the generic header.
    func writeBody(to writer: inout WireWriter) {
        switch self {
        case .securityAssociation(let proposals): Proposal.writeList(proposals, to: &writer)
        case .keyExchange(let payload): payload.write(to: &writer)
        case .identificationInitiator(let payload), .identificationResponder(let payload): payload.write(to: &writer)
        case .certificate(let payload): payload.write(to: &writer)
        case .certificateRequest(let payload): payload.write(to: &writer)
        case .authentication(let payload): payload.write(to: &writer)
        case .nonce(let octets), .vendorID(let octets), .eap(let octets): writer.write(octets)
        case .notify(let payload): payload.write(to: &writer)
        case .delete(let payload): payload.write(to: &writer)
        case .trafficSelectorsInitiator(let selectors), .trafficSelectorsResponder(let selectors):
            TrafficSelector.writeList(selectors, to: &writer)
        case .configuration(let payload): payload.write(to: &writer)
        case .unknown(let payload): writer.write(payload.body)
        }
    }

    private static func parseNonce(_ reader: inout WireReader) throws(WireError) -> [UInt8] {
        guard (16...256).contains(reader.remaining) else {
            throw WireError(
                .length, offset: reader.offset, expected: "16...256 octets of nonce", found: "\(reader.remaining)")
        }
        return reader.rest()
    }

    /// An EAP message says its own length in its third and fourth octets (RFC 7296 §3.16).
    private static func parseEAP(_ reader: inout WireReader) throws(WireError) -> [UInt8] {
        let start = reader.offset
        let octets = reader.rest()
        guard octets.count >= 4 else {
            throw WireError(
                .truncated, offset: start, expected: "at least 4 octets of EAP message", found: "\(octets.count)")
        }
        let length = Int(octets[2]) << 8 | Int(octets[3])
        guard length == octets.count else {
            throw WireError(
                .length, offset: start + 2, expected: "an EAP Length of \(octets.count)", found: "\(length)")
        }
        return octets
    }
}
