import IKECrypto
import IKEModel
import IKEWire

/// What IKE_INTERMEDIATE messages add to both AUTH (RFC 9242 §3.3.2).
struct IntermediateAuthentication {
    /// Exchanges of one IKE SA: more than any extension needs.
    private static let limit: UInt32 = 16

    /// IntAuth_i and IntAuth_r so far; empty before the first exchange.
    private var initiator: [UInt8] = []
    private var responder: [UInt8] = []
    /// Exchanges that are over.
    private(set) var count: UInt32 = 0

    var allowsAnother: Bool { count < IntermediateAuthentication.limit }

    /// Takes a message in, the request of an exchange before its response.
    mutating func add(_ content: [UInt8], sentBy role: Role, prf: PRFAlgorithm, skP: SecretBytes) throws(CryptoError) {
        if role == .initiator {
            initiator = try PRF.compute(prf, key: skP, [initiator, content]).exposed
        } else {
            responder = try PRF.compute(prf, key: skP, [responder, content]).exposed
            count += 1
        }
    }

    /// IntAuth_iN | IntAuth_rN | IKE_AUTH_MID; nothing where there was no exchange.
    var octets: [UInt8] {
        guard count > 0 else { return [] }
        return initiator + responder + withUnsafeBytes(of: (count + 1).bigEndian) { Array($0) }
    }
}

/// IKE_INTERMEDIATE (RFC 9242). No extension that fills it is known here: its messages are empty, and authenticated.
extension Engine {
    func agreeOnIntermediate(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection) {
        guard connection.intermediate, payloads.notify(.intermediateExchangeSupported) != nil else { return }
        ike.intermediate = IntermediateAuthentication()
    }

    /// A message that went or came: its header and the Encrypted payload's, with the lengths that they have without IV,
    /// padding and checksum, and the payloads in it (RFC 9242 §3.3.2); the same whether it was fragmented or not.
    ///
    /// Reserved fields count as the zeros that §2.5 of RFC 7296 has senders write, whatever came.
    func noteIntermediate(
        _ ike: IKESA, _ exchange: ExchangeType, isResponse: Bool, messageID: UInt32, sentBy sender: Role,
        _ inner: (first: PayloadType, octets: [UInt8])
    ) {
        guard exchange == .ikeIntermediate, ike.established == nil, let keys = ike.keys, let suite = ike.suite,
            var intermediate = ike.intermediate
        else { return }
        let header = IKEHeader(
            initiatorSPI: ike.initiatorSPI, responderSPI: ike.responderSPI, exchangeType: exchange,
            isInitiator: sender == .initiator, isResponse: isResponse, messageID: messageID)
        let prefix = Message.protectedPrefix(header: header, inner: inner.first, bodyCount: inner.octets.count)
        guard
            (try? intermediate.add(prefix + inner.octets, sentBy: sender, prf: suite.prf, skP: keys.skP(sender))) != nil
        else { return }
        ike.intermediate = intermediate
    }

    func sendIntermediate(_ ike: IKESA, _ exchanged: IKESA.HalfOpen) {
        ike.phase = .intermediateSent(exchanged)
        request(ike, .ikeIntermediate, .intermediate, intermediatePayloads)
    }

    func takeIntermediateResponse(_ payloads: [Payload], _ ike: IKESA, _ exchanged: IKESA.HalfOpen) {
        guard let connection = connection(of: ike), let suite = ike.suite else { return }
        // It is not authentic before IKE_AUTH; but nobody else knows the keys (RFC 9242 §3.4).
        if let error = payloads.errorNotify {
            fail(ike, .refused(error.type))
            return
        }
        emit(.intermediateProcessed(ike.id, suite, from: ike.remote))
        sendIKEAuth(ike, connection, exchanged)
    }
}
