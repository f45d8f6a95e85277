/// One side of a key exchange: a private key and the public value for the KE payload (RFC 7296 §3.4).
package final class KeyExchange: Sendable {
    package let method: KeyExchangeMethod
    /// The KE payload's data: MODP filled with zeros to the prime's length, ECP x | y (RFC 5903 §7), Curve25519 and
    /// Curve448 as RFC 8031 has them.
    package let publicValue: [UInt8]
    private let privateKey: SecretBytes
    /// Of Curve25519 and Curve448: the key pair as libcrypto has it.
    private let montgomeryKey: MontgomeryCurve.Key?

    /// A new key pair. All randomness of the key comes from `random`, so equal sources give equal keys.
    /// - Throws: `CryptoError.unsupported`.
    package convenience init(_ method: KeyExchangeMethod, random: inout some RandomSource) throws(CryptoError) {
        let key: SecretBytes
        if let group = MODPGroup.of(method) {
            key = try group.privateKey(random: &random)
        } else if let group = ECPGroup.of(method) {
            key = try group.privateKey(random: &random)
        } else if method.family == .montgomery {
            key = SecretBytes(random.octets(method.publicValueLength))
        } else {
            throw .unsupported(method.name)
        }
        try self.init(method: method, privateKey: key)
    }

    /// A key pair from its private half, for test vectors: an exponent or a scalar in network order, or the 32 or 56
    /// octets of RFC 7748.
    package init(method: KeyExchangeMethod, privateKey: SecretBytes) throws(CryptoError) {
        self.method = method
        self.privateKey = privateKey
        montgomeryKey = method.family == .montgomery ? try MontgomeryCurve.privateKey(method, privateKey) : nil
        if let group = MODPGroup.of(method) {
            publicValue = try group.publicValue(exponent: privateKey)
        } else if let group = ECPGroup.of(method) {
            publicValue = try group.publicValue(scalar: privateKey)
        } else if let montgomeryKey {
            publicValue = try MontgomeryCurve.publicValue(method, of: montgomeryKey)
        } else {
            throw .unsupported(method.name)
        }
    }

    /// g^ir: MODP filled with zeros to the prime's length, the x coordinate for ECP, 32 or 56 octets for the others.
    /// - Throws: `CryptoError.publicValue` for a value that RFC 6989 or the length rule of RFC 7296 §3.4 refuses.
    package func sharedSecret(peer: [UInt8]) throws(CryptoError) -> SecretBytes {
        guard peer.count == method.publicValueLength else {
            throw .publicValue(method, "\(peer.count) octets, expected \(method.publicValueLength)")
        }
        if let group = MODPGroup.of(method) {
            return try group.sharedSecret(exponent: privateKey, peer: peer, method: method)
        }
        if let group = ECPGroup.of(method) {
            return try group.sharedSecret(scalar: privateKey, peer: peer, method: method)
        }
        guard let montgomeryKey else { throw .unsupported(method.name) }
        return try MontgomeryCurve.sharedSecret(method, of: montgomeryKey, peer: peer)
    }
}
