import CaptureFile
import IKECrypto
import IKEWire
import Recordings

/// Follows recorded exchanges from message to message: derives keys, decrypts, puts fragments together.
///
/// All that it is told are Diffie-Hellman private keys; the rest comes from the wire.
struct ExchangeDecoder {
    /// A datagram and what it held.
    struct Decoded {
        var datagram: Recording.Datagram
        var message: Message
        /// Of this message's Encrypted payload; nil where there is none.
        var plaintext: [UInt8]?
        var padLength = 0
        /// What an Encrypted payload held, or all fragments together once the last one is there.
        var inner: (payloads: [Payload], plaintext: [UInt8])?
    }

    /// A side's Diffie-Hellman private key, in network order, by the initiator's SPI.
    let privateKey: (_ initiatorSPI: IKESPI, _ ofInitiator: Bool) -> [UInt8]?

    private(set) var sas: [IKESPI: RecordedIKESA] = [:]
    private var requests: [IKESPI: Message] = [:]
    /// The IKE SA that each ticket was given out by.
    private var tickets: [[UInt8]: IKESPI] = [:]
    private var fragments: [(number: Int, first: PayloadType, plaintext: [UInt8])] = []

    init(privateKey: @escaping (IKESPI, Bool) -> [UInt8]?) { self.privateKey = privateKey }

    struct Missing: Error {
        var what: String
        init(_ what: String) { self.what = what }
    }

    mutating func decode(_ datagram: Recording.Datagram) throws -> Decoded {
        let message = try Message(parsing: datagram.octets)
        let spi = message.header.initiatorSPI
        var decoded = Decoded(datagram: datagram, message: message)
        if let protected = message.protected {
            guard let sa = sas[spi] else { throw Missing("keys of \(spi)") }
            let (plaintext, padLength) = try sa.open(message)
            decoded.plaintext = plaintext
            decoded.padLength = padLength
            try collect(protected, plaintext, into: &decoded)
        } else if message.header.isResponse {
            sas[spi] = try establish(message)
        } else {
            requests[spi] = message
        }
        for case .notify(let notify) in decoded.inner?.payloads ?? [] where notify.type == .ticketLTOpaque {
            tickets[try notify.ticketWithLifetime().ticket] = spi
        }
        return decoded
    }

    private mutating func collect(_ protected: ProtectedPayload, _ plaintext: [UInt8], into decoded: inout Decoded)
        throws
    {
        var (first, whole) = (protected.innerFirst, plaintext)
        if case .fragment(let number, let total) = protected.kind {
            fragments.append((Int(number), protected.innerFirst, plaintext))
            guard fragments.count == Int(total) else { return }
            fragments.sort { $0.number < $1.number }
            guard fragments.map(\.number) == Array(1...Int(total)) else { throw Missing("a fragment") }
            first = fragments[0].first
            whole = fragments.flatMap(\.plaintext)
            fragments = []
        }
        decoded.inner = (try Message.parsePayloads(first: first, whole[...]), whole)
    }

    /// The keys that an IKE_SA_INIT or IKE_SESSION_RESUME response settles; nil where it refuses.
    private func establish(_ response: Message) throws -> RecordedIKESA? {
        let spi = response.header.initiatorSPI
        guard let request = requests[spi] else { throw Missing("the request of \(spi)") }
        guard let nr = response.nonce else { return nil }
        guard let ni = request.nonce else { throw Missing("Ni of \(spi)") }
        if response.header.exchangeType == .ikeSessionResume {
            let presented = request.payloads.compactMap { payload -> [UInt8]? in
                if case .notify(let notify) = payload, notify.type == .ticketOpaque { notify.data } else { nil }
            }
            guard let ticket = presented.first, let old = tickets[ticket].flatMap({ sas[$0] })
            else { throw Missing("the IKE SA of a ticket") }
            // RFC 5723 §5.1: SKEYSEED = prf(SK_d of the old SA, "Resumption" | Ni | Nr).
            let skeyseed = try PRF.compute(old.prf, key: old.d, [Array("Resumption".utf8), ni, nr])
            return try RecordedIKESA(
                suite: RecordedIKESA.Suite(old), skeyseed: skeyseed, request: request, response: response, ni: ni,
                nr: nr)
        }
        guard let accepted = response.proposals?.first, let kei = request.keyExchange, let ker = response.keyExchange,
            let keyI = privateKey(spi, true), let keyR = privateKey(spi, false)
        else { throw Missing("a key exchange of \(spi)") }
        let method = KeyExchangeMethod(rawValue: ker.group)
        let (initiator, responder) = (
            try KeyExchange(method: method, privateKey: SecretBytes(keyI)),
            try KeyExchange(method: method, privateKey: SecretBytes(keyR))
        )
        // Both private keys are those of this exchange, and both sides come to one secret.
        guard initiator.publicValue == kei.data, responder.publicValue == ker.data else {
            throw Missing("the right keys")
        }
        let shared = try initiator.sharedSecret(peer: ker.data)
        guard try responder.sharedSecret(peer: kei.data) == shared else { throw Missing("one shared secret") }
        let suite = RecordedIKESA.Suite(accepted)
        let skeyseed = try PRF.compute(suite.prf, key: SecretBytes(ni + nr), secret: shared)
        return try RecordedIKESA(
            suite: suite, skeyseed: skeyseed, request: request, response: response, ni: ni, nr: nr)
    }
}

extension RecordedIKESA.Suite {
    /// That of an IKE SA.
    init(_ sa: RecordedIKESA) {
        (encryption, keyBits, integrity, prf) = (sa.encryption, sa.keyBits, sa.integrity, sa.prf)
    }
}

extension [Payload] {
    var proposals: [Proposal]? {
        for case .securityAssociation(let proposals) in self { return proposals }
        return nil
    }
    var nonce: [UInt8]? {
        for case .nonce(let nonce) in self { return nonce }
        return nil
    }
    var keyExchange: KeyExchangePayload? {
        for case .keyExchange(let payload) in self { return payload }
        return nil
    }
    var authentication: AuthenticationPayload? {
        for case .authentication(let payload) in self { return payload }
        return nil
    }
    func identification(initiator: Bool) -> Identification? {
        for payload in self {
            switch payload {
            case .identificationInitiator(let identity) where initiator: return identity
            case .identificationResponder(let identity) where !initiator: return identity
            default: continue
            }
        }
        return nil
    }
}

extension Message {
    var proposals: [Proposal]? { payloads.proposals }
    var nonce: [UInt8]? { payloads.nonce }
    var keyExchange: KeyExchangePayload? { payloads.keyExchange }
}
