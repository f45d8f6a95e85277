import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// What a responder makes cookies of (RFC 7296 §2.6): the newest secret, and the one before it for cookies that are on
/// their way.
struct CookieSecrets {
    /// RFC 7296 §2.6 has the secret change frequently: a cookie holds this long at least, twice as long at most.
    private static let lifetime = Duration.seconds(60)

    private var newest: [UInt8]
    private var previous: [UInt8]?
    private var made: Instant

    /// Secrets have 32 octets.
    init(random: inout some RandomSource, at now: Instant) {
        newest = random.octets(32)
        made = now
    }

    mutating func renew(random: inout some RandomSource, at now: Instant) {
        let age = now - made
        guard age >= CookieSecrets.lifetime else { return }
        previous = age >= CookieSecrets.lifetime * 2 ? nil : newest
        newest = random.octets(32)
        made = now
    }

    /// Hash(<secret> | Ni | IPi | SPIi), the one to ask for first; 32 octets each.
    func cookies(nonce: [UInt8], remote: IPAddress, initiatorSPI: IKESPI) -> [[UInt8]] {
        [newest, previous].compactMap { secret in
            secret.map { Digest.sha256($0 + nonce + remote.octets + initiatorSPI.octets) }
        }
    }
}
