import IKECrypto
import IKEModel
import IKEWire

/// The TLS connection of EAP-TLS, cut into fragments: what both roles have in common (RFC 5216 §2.1.5, §3.1).
private struct EAPTLSChannel {
    private static let lengthIncluded: UInt8 = 0x80
    private static let moreFragments: UInt8 = 0x40
    static let start: UInt8 = 0x20
    /// Octets of TLS in one EAP message: with all that stands before them, they fit an IKE message that fits a packet.
    private static let fragmentOctets = 1000
    /// Octets of one flight of the peer, put together: several certificates of 4096 bits are far below it.
    private static let flightLimit = 65536

    let session: TLSSession
    private var outgoing: ArraySlice<UInt8> = []
    private var incoming: [UInt8] = []

    init(_ session: TLSSession) { self.session = session }

    var hasMore: Bool { !outgoing.isEmpty }

    /// What is to be sent from here on. - Returns: the first fragment of it; an acknowledgement where it is nothing.
    mutating func send(_ octets: [UInt8]) -> [UInt8] {
        outgoing = octets[...]
        let total = UInt32(octets.count)
        guard octets.count > EAPTLSChannel.fragmentOctets else { return fragment() }
        return fragment(length: withUnsafeBytes(of: total.bigEndian) { Array($0) })
    }

    mutating func fragment(length: [UInt8] = []) -> [UInt8] {
        let part = outgoing.prefix(EAPTLSChannel.fragmentOctets)
        outgoing = outgoing.dropFirst(part.count)
        let flags =
            (length.isEmpty ? 0 : EAPTLSChannel.lengthIncluded) | (hasMore ? EAPTLSChannel.moreFragments : 0)
        return [flags] + length + part
    }

    /// - Returns: nil where more fragments follow: this one is acknowledged.
    mutating func receive(_ data: [UInt8]) throws(EAPFailure) -> [UInt8]? {
        guard let flags = data.first else { throw .unexpected("an EAP-TLS packet without flags") }
        let header = flags & EAPTLSChannel.lengthIncluded != 0 ? 5 : 1
        guard data.count >= header else { throw .unexpected("an EAP-TLS packet without its length") }
        incoming += data[header...]
        guard incoming.count <= EAPTLSChannel.flightLimit else { throw .unexpected("too long a TLS flight") }
        guard flags & EAPTLSChannel.moreFragments == 0 else { return nil }
        defer { incoming = [] }
        return incoming
    }

    /// MSK: the first half of 128 octets (RFC 5216 §2.3; RFC 9190 §2.3, where the context is EAP's number for TLS).
    func masterSessionKey() throws(EAPFailure) -> SecretBytes {
        do throws(CryptoError) {
            switch session.version {
            case .tls12: return try session.export(label: "client EAP encryption", context: nil, count: 128)[0..<64]
            case .tls13:
                return try session.export(
                    label: "EXPORTER_EAP_TLS_Key_Material", context: [EAPType.tls.rawValue], count: 128)[0..<64]
            }
        } catch { throw .tls(String(describing: error)) }
    }

    func failure(_ reason: String) -> EAPFailure { session.refusal.map { .certificate($0) } ?? .tls(reason) }
}

/// EAP-TLS in the peer (RFC 5216 §2.1, RFC 9190 §2.1).
final class EAPTLSPeer: EAPPeerMethod {
    let type = EAPType.tls
    private var channel: EAPTLSChannel
    /// The server's word that nothing of TLS follows (RFC 9190 §2.5); TLS 1.2 needs none.
    private var isCommitted = false
    private var lastFailure: EAPFailure?

    init(_ session: TLSSession) { channel = EAPTLSChannel(session) }

    func answer(_ data: [UInt8]) throws(EAPFailure) -> [UInt8] {
        if channel.hasMore { return channel.fragment() }
        if let flags = data.first, flags & EAPTLSChannel.start != 0 { return channel.send(channel.session.proceed()) }
        guard let flight = try channel.receive(data) else { return channel.send([]) }
        channel.session.take(flight)
        let reply = channel.session.proceed()
        switch channel.session.progress {
        case .underWay: break
        case .established:
            if channel.session.version == .tls12 || channel.session.open() == [0] { isCommitted = true }
        case .failed(let reason):
            lastFailure = channel.failure(reason)
            // Where there is no alert to send, nobody waits for one.
            guard !reply.isEmpty else { throw channel.failure(reason) }
        }
        return channel.send(reply)
    }

    var isSatisfied: Bool { channel.session.progress == .established && isCommitted }
    var failure: EAPFailure { lastFailure ?? .refusedByPeer }
    func masterSessionKey() throws(EAPFailure) -> SecretBytes { try channel.masterSessionKey() }
}

/// EAP-TLS in the server.
final class EAPTLSServer: EAPServerMethod {
    let type = EAPType.tls
    private var channel: EAPTLSChannel
    private var hasCommitted = false
    private var lastFailure: EAPFailure?

    init(_ session: TLSSession) { channel = EAPTLSChannel(session) }

    func begin() -> [UInt8] { [EAPTLSChannel.start] }

    func next(after data: [UInt8]) throws(EAPFailure) -> [UInt8]? {
        if channel.hasMore { return channel.fragment() }
        // The alert has been answered.
        if let lastFailure { throw lastFailure }
        guard let flight = try channel.receive(data) else { return channel.send([]) }
        if flight.isEmpty {
            guard channel.session.progress == .established else { throw .unexpected("an empty TLS flight") }
            return nil
        }
        channel.session.take(flight)
        var reply = channel.session.proceed()
        switch channel.session.progress {
        case .underWay: break
        case .established:
            if channel.session.version == .tls13, !hasCommitted {
                hasCommitted = true
                // RFC 9190 §2.5: one octet, zero, in a record of application data.
                reply += channel.session.seal([0])
            }
        case .failed(let reason):
            guard !reply.isEmpty else { throw channel.failure(reason) }
            lastFailure = channel.failure(reason)
        }
        return channel.send(reply)
    }

    func masterSessionKey() throws(EAPFailure) -> SecretBytes { try channel.masterSessionKey() }
}
