import IKEModel
import IKEWire

/// IKE SAs that come up without a Child SA; the first one has an exchange of its own (RFC 6023).
extension Engine {
    /// N(CHILDLESS_IKEV2_SUPPORTED) in the responder's IKE_SA_INIT (RFC 6023 §3).
    func childlessNotify(_ connection: Connection) -> [Payload] {
        permitsChildless(connection) ? [.notify(NotifyPayload(type: .childlessIKEv2Supported))] : []
    }

    /// Whether a responder does without a Child SA in IKE_AUTH; only then has it said so.
    func permitsChildless(_ connection: Connection) -> Bool {
        switch connection.childless {
        case .never: false
        case .allow, .prefer: profile.announcesChildless
        case .force: true
        }
    }

    // MARK: Initiator

    /// A resumed IKE SA has had no IKE_SA_INIT in which its responder could say that it can do without.
    func beginsChildless(_ ike: IKESA, _ connection: Connection) -> Bool {
        switch connection.childless {
        case .allow, .never: false
        case .prefer, .force: ike.peerSupportsChildless
        }
    }

    func lacksChildless(_ ike: IKESA, _ connection: Connection) -> Bool {
        connection.childless == .force && !ike.peerSupportsChildless
    }

    /// The IKE SA stands: what would have come with IKE_AUTH is asked for now. A client's addresses did come with it
    /// (RFC 6023 §5).
    func startFirstChild(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection) {
        guard takeConfiguration(payloads, ike, connection, nil) else {
            let reason = payloads.errorNotify.map { FailureReason.refused($0.type) } ?? .refusing(.failedCPRequired)
            emit(.ikeFailed(ike.id, ike.state, reason))
            deleteAtOnce(ike, .failed(reason))
            return
        }
        startChild(connection, ike, replacing: nil)
    }

    // MARK: Responder

    /// CP(CFG_REPLY) where the peer asks for addresses, or the notify that refuses them.
    func answerChildless(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection) -> [Payload] {
        switch answerConfiguration(payloads, ike, connection) {
        case .success(let configuration): return configuration
        case .failure(let refusal):
            guard case .refusing(let type) = refusal.reason else { return [] }
            return [.notify(NotifyPayload(type: type))]
        }
    }
}
