package import IKECrypto

/// Why a packet was not sealed or not opened. Each is one reason to drop one packet; the SA lives on, except where it
/// says otherwise.
package enum ESPError: Error, Hashable, Sendable {
    /// Outbound: the sequence number would repeat (RFC 4303 §3.3.3). The SA is used up and must be replaced.
    case sequenceExhausted
    /// Outbound: the caller's buffer is too small; octets.
    case noRoom(needed: Int, got: Int)
    /// Outbound, transport mode: not an IPv4 or IPv6 packet of the length it claims.
    case notIP
    /// Too short for this SA's header, IV, trailer and ICV; octets.
    case truncated(needed: Int, got: Int)
    /// The ciphertext does not fill whole blocks; octets of ciphertext.
    case misaligned(Int)
    /// Not this SA's SPI: the caller looked it up wrongly.
    case wrongSPI(UInt32)
    /// Already received (RFC 4303 §3.4.3).
    case replayed(UInt64)
    /// Left of the replay window; the number as inferred.
    case stale(UInt64)
    /// The check value differs: changed on the way, or sealed with another key.
    case integrity
    /// The padding is longer than the packet or is not 1, 2, 3 … (RFC 4303 §2.4).
    case padding
    /// libcrypto failed.
    case cipher(CryptoError)

    init(_ error: CryptoError) {
        self = error == .integrity ? .integrity : .cipher(error)
    }
}
