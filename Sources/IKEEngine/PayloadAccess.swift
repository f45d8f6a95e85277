import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// The payloads of a message by kind; the first of a kind that may stand once.
extension [Payload] {
    var securityAssociation: [Proposal]? {
        for case .securityAssociation(let proposals) in self { return proposals }
        return nil
    }
    var keyExchange: KeyExchangePayload? {
        for case .keyExchange(let payload) in self { return payload }
        return nil
    }
    var nonce: [UInt8]? {
        for case .nonce(let octets) in self { return octets }
        return nil
    }
    var identificationInitiator: Identification? {
        for case .identificationInitiator(let payload) in self { return payload }
        return nil
    }
    var identificationResponder: Identification? {
        for case .identificationResponder(let payload) in self { return payload }
        return nil
    }
    var authentication: AuthenticationPayload? {
        for case .authentication(let payload) in self { return payload }
        return nil
    }
    var trafficSelectorsInitiator: [TrafficSelector]? {
        for case .trafficSelectorsInitiator(let selectors) in self { return selectors }
        return nil
    }
    var trafficSelectorsResponder: [TrafficSelector]? {
        for case .trafficSelectorsResponder(let selectors) in self { return selectors }
        return nil
    }
    /// Of the Child SA that a request is about (RFC 7296 §1.3.1).
    var wantedMode: ESPMode { notify(.useTransportMode) == nil ? .tunnel : .transport }
    var certificates: [CertificatePayload] {
        compactMap { if case .certificate(let payload) = $0 { payload } else { nil } }
    }
    var hasCertificateRequest: Bool {
        contains { if case .certificateRequest = $0 { true } else { false } }
    }
    var deletes: [DeletePayload] {
        compactMap { if case .delete(let payload) = $0 { payload } else { nil } }
    }
    func notifies(_ type: NotifyType) -> [NotifyPayload] {
        compactMap { if case .notify(let payload) = $0, payload.type == type { payload } else { nil } }
    }
    func notify(_ type: NotifyType) -> NotifyPayload? { notifies(type).first }
    /// The first notify that reports an error (RFC 7296 §3.10.1: types below 16384).
    var errorNotify: NotifyPayload? {
        for case .notify(let payload) in self where payload.type.isError { return payload }
        return nil
    }
    /// The type of a payload that is critical and not understood (RFC 7296 §2.5).
    var unsupportedCritical: UInt8? {
        for case .unknown(let payload) in self where payload.isCritical { return payload.type.rawValue }
        return nil
    }
    /// As consoles list them: `SA`, `KE`, `Ni`, `N(COOKIE)`.
    func names(isResponse: Bool) -> [String] { map { $0.listName(isResponse: isResponse) } }
}
