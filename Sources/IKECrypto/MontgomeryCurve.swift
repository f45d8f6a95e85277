import COpenSSL

/// X25519 and X448 (RFC 7748, RFC 8031), through EVP_PKEY's raw keys.
enum MontgomeryCurve {
    /// One EVP_PKEY and its end.
    ///
    /// Unchecked Sendable because nothing changes it once it is made (openssl-threads(7)).
    final class Key: @unchecked Sendable {
        let pointer: OpaquePointer
        init(_ made: OpaquePointer?) throws(CryptoError) {
            guard let made else { throw .drained("EVP_PKEY_new_raw_key") }
            pointer = made
        }
        deinit { EVP_PKEY_free(pointer) }
    }

    private static func name(_ method: KeyExchangeMethod) -> String {
        method == .curve448 ? "X448" : "X25519"
    }

    /// A key pair: libcrypto computes the public value at once, which is half of an exchange.
    static func privateKey(_ method: KeyExchangeMethod, _ secret: SecretBytes) throws(CryptoError) -> Key {
        try Key(
            secret.withBytes { octets in
                EVP_PKEY_new_raw_private_key_ex(
                    nil, name(method), nil, octets.baseAddress?.assumingMemoryBound(to: UInt8.self), octets.count)
            })
    }

    static func publicValue(_ method: KeyExchangeMethod, of key: Key) throws(CryptoError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: method.publicValueLength)
        var length = out.count
        try CryptoError.check(
            EVP_PKEY_get_raw_public_key(key.pointer, &out, &length), "EVP_PKEY_get_raw_public_key")
        return out
    }

    /// - Throws: `CryptoError.publicValue` where the result is all zero, that is for a point of small order
    ///   (RFC 8031 §2.3 refers to RFC 7748 §6, which lets the receiver refuse it).
    static func sharedSecret(
        _ method: KeyExchangeMethod, of mine: Key, peer: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        let theirs = try Key(EVP_PKEY_new_raw_public_key_ex(nil, name(method), nil, peer, peer.count))
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, mine.pointer, nil) else {
            throw .drained("EVP_PKEY_CTX_new_from_pkey")
        }
        defer { EVP_PKEY_CTX_free(context) }
        try CryptoError.check(EVP_PKEY_derive_init(context), "EVP_PKEY_derive_init")
        // Unchecked: every octet string of this length is a point, and one of small order shows in the result.
        try CryptoError.check(
            EVP_PKEY_derive_set_peer_ex(context, theirs.pointer, 0), "EVP_PKEY_derive_set_peer_ex")
        return try SecretBytes(count: method.publicValueLength) { (out) throws(CryptoError) in
            var length = out.count
            // libcrypto refuses an all-zero result by itself, and there is nothing else that can fail here.
            if EVP_PKEY_derive(context, out.baseAddress?.assumingMemoryBound(to: UInt8.self), &length) != 1 {
                ERR_clear_error()
                throw .publicValue(method, "a point of small order")
            }
        }
    }
}
