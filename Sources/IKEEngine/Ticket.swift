import IKECrypto
import IKEModel
import IKEWire

/// What a ticket remembers of an IKE SA (RFC 5723 §6.3): enough to make its keys anew and to know the peer.
struct TicketContents: Equatable {
    /// Two tickets never have the same one: by it a ticket that is presented again is known.
    var serial: UInt64
    var expires: Instant
    /// The IKE SA that it was issued in: removed when the resumed one is established (RFC 5723 §4.3.4).
    var initiatorSPI: IKESPI
    var responderSPI: IKESPI
    var suite: IKESuite
    var skD: SecretBytes
    /// The client's identity, and that of the gateway that issued the ticket.
    var client: Identification
    var gateway: Identification
    /// How the client proved its identity when there was no ticket yet: a ticket gives no better proof than that.
    var clientAuthentication: AuthenticationPolicy.Kind
    /// Departs from RFC 5723 §4.3.2 (no part of the state) for clients whose IKE_SESSION_RESUME has no NAT detection:
    /// what was known of NATs stands in for it, so that ESP goes on in UDP.
    var nat: NATStatus

    /// Fixed-width fields, then SK_d and the identities with their lengths (2 octets each) before them. SK_d is in it: the
    /// caller wipes it.
    func encoded() -> [UInt8] {
        var octets: [UInt8] = []
        // An array that grows leaves what it held behind.
        octets.reserveCapacity(64 + skD.count + client.body.count + gateway.body.count)
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.bigEndian) { octets += $0 }
        }
        func append(_ blob: [UInt8]) {
            append(UInt16(blob.count))
            octets += blob
        }
        append(serial)
        append(expires.nanoseconds)
        append(initiatorSPI.value)
        append(responderSPI.value)
        append(suite.cipher.algorithm.rawValue)
        append(UInt16(suite.cipher.keyBits))
        append(suite.prf.rawValue)
        append(suite.integrity.rawValue)
        append(suite.keyExchange.rawValue)
        append(UInt16(skD.count))
        skD.withBytes { octets += $0 }
        append(client.body)
        append(gateway.body)
        octets.append(
            (nat.localBehindNAT ? 1 : 0) | (nat.remoteBehindNAT ? 2 : 0) | clientAuthentication.rawValue << 2)
        return octets
    }

    /// nil where the octets are not what `encoded()` makes; they were authenticated, so only another version's are not.
    init?(decoding octets: [UInt8]) {
        var rest = octets[...]
        func take<T: FixedWidthInteger>(_ type: T.Type) -> T? {
            let size = T.bitWidth / 8
            guard rest.count >= size else { return nil }
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size).reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
        }
        func blob() -> [UInt8]? {
            guard let count = take(UInt16.self), rest.count >= Int(count) else { return nil }
            defer { rest = rest.dropFirst(Int(count)) }
            return Array(rest.prefix(Int(count)))
        }
        func identification() -> Identification? {
            guard let body = blob(), body.count >= 4 else { return nil }
            return Identification(type: IdentificationType(rawValue: body[0]), data: Array(body[4...]))
        }
        guard let serial = take(UInt64.self), let expires = take(Int64.self), let spiI = take(UInt64.self),
            let spiR = take(UInt64.self), let cipher = take(UInt16.self), let bits = take(UInt16.self),
            let prf = take(UInt16.self), let integrity = take(UInt16.self), let group = take(UInt16.self),
            var skD = blob(), let client = identification(), let gateway = identification(),
            let flags = take(UInt8.self), let kind = AuthenticationPolicy.Kind(rawValue: flags >> 2), rest.isEmpty
        else { return nil }
        defer { skD.wipe() }
        self.init(
            serial: serial, expires: Instant(nanoseconds: expires), initiatorSPI: IKESPI(spiI),
            responderSPI: IKESPI(spiR),
            suite: IKESuite(
                cipher: CipherChoice(EncryptionAlgorithm(rawValue: cipher), keyBits: Int(bits)),
                prf: PRFAlgorithm(rawValue: prf), integrity: IntegrityAlgorithm(rawValue: integrity),
                keyExchange: KeyExchangeMethod(rawValue: group)),
            skD: SecretBytes(skD), client: client, gateway: gateway,
            clientAuthentication: kind,
            nat: NATStatus(localBehindNAT: flags & 1 != 0, remoteBehindNAT: flags & 2 != 0))
    }

    init(
        serial: UInt64, expires: Instant, initiatorSPI: IKESPI, responderSPI: IKESPI, suite: IKESuite,
        skD: SecretBytes, client: Identification, gateway: Identification,
        clientAuthentication: AuthenticationPolicy.Kind, nat: NATStatus
    ) {
        self.serial = serial
        self.expires = expires
        self.initiatorSPI = initiatorSPI
        self.responderSPI = responderSPI
        self.suite = suite
        self.skD = skD
        self.client = client
        self.gateway = gateway
        self.clientAuthentication = clientAuthentication
        self.nat = nat
    }
}

/// The keys that seal the tickets of this end: the newest seals, it and the one before it open (RFC 5723 §5).
///
/// A ticket by value: key number (4, authenticated) | nonce (12) | AES-256-GCM ciphertext | tag (16).
struct TicketVault {
    /// Octets of a ticket that is issued or kept. IKE_SESSION_RESUME has no Encrypted payload that could be
    /// fragmented (RFC 7383 §2.1), so that a ticket has to fit a datagram; an identity in it may have up to 65531 octets.
    static let ticketLimit = 16384

    private static let nonceOctets = 12
    private static let numberOctets = 4

    private struct Key {
        var number: UInt32
        var secret: SecretBytes
        /// Serials of tickets sealed with this key that have been used up.
        var used: Set<UInt64> = []
    }

    private var current: Key
    private var previous: Key?

    /// The first key has number 1.
    init(random: inout some RandomSource) {
        current = Key(number: 1, secret: SecretBytes(random.octets(32)))
    }

    /// The number of the key that seals.
    var keyNumber: UInt32 { current.number }

    mutating func roll(random: inout some RandomSource) {
        previous = current
        current = Key(number: current.number &+ 1, secret: SecretBytes(random.octets(32)))
    }

    func seal(_ contents: TicketContents, random: inout some RandomSource) throws(CryptoError) -> [UInt8] {
        let number = withUnsafeBytes(of: current.number.bigEndian) { Array($0) }
        let nonce = random.octets(TicketVault.nonceOctets)
        var plaintext = contents.encoded()
        defer { plaintext.wipe() }
        let sealed = try AEADBox.seal(key: current.secret, nonce: nonce, associated: number, plaintext)
        return number + nonce + sealed
    }

    func open(_ ticket: [UInt8], at now: Instant) -> Result<(contents: TicketContents, keyNumber: UInt32), Refused> {
        guard ticket.count > TicketVault.numberOctets + TicketVault.nonceOctets else {
            return .failure(Refused(.altered))
        }
        let number = ticket.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let key = [current, previous].compactMap({ $0 }).first(where: { $0.number == number }) else {
            return .failure(Refused(.unknownKey))
        }
        let nonceEnd = TicketVault.numberOctets + TicketVault.nonceOctets
        guard
            var plaintext = try? AEADBox.open(
                key: key.secret, nonce: Array(ticket[TicketVault.numberOctets..<nonceEnd]),
                associated: Array(ticket.prefix(TicketVault.numberOctets)), Array(ticket[nonceEnd...]))
        else { return .failure(Refused(.altered)) }
        defer { plaintext.wipe() }
        guard let contents = TicketContents(decoding: plaintext)
        else { return .failure(Refused(.altered)) }
        if contents.expires <= now { return .failure(Refused(.expired)) }
        if key.used.contains(contents.serial) { return .failure(Refused(.reused)) }
        return .success((contents, number))
    }

    /// Whether the ticket has served since it was opened.
    func isUsed(serial: UInt64) -> Bool {
        current.used.contains(serial) || previous?.used.contains(serial) ?? false
    }

    /// A ticket has served: it is not taken again.
    mutating func markUsed(serial: UInt64) {
        // Which of the two keys sealed it does not matter: serials differ between them, too.
        current.used.insert(serial)
        previous?.used.insert(serial)
    }

    struct Refused: Error {
        var reason: TicketRefusal
        init(_ reason: TicketRefusal) { self.reason = reason }
    }
}

/// A ticket that this end holds, with its own half of the session (RFC 5723 §4.2).
struct HeldTicket {
    var ticket: [UInt8]
    var expires: Instant
    var suite: IKESuite
    var skD: SecretBytes
    var local: Identification
    var peer: Identification
    /// Of the IKE SA that it came in; stands in where a resumption has no NAT detection.
    var nat: NATStatus
}
