import COpenSSL

/// A private key for signatures. libcrypto wipes it when the last reference goes; it never prints.
///
/// Unchecked Sendable as `PublicKey`.
package final class PrivateKey: @unchecked Sendable {
    let pointer: OpaquePointer
    package let publicKey: PublicKey

    /// Takes the ownership of an EVP_PKEY with a private part.
    init(owning made: OpaquePointer) throws(CryptoError) {
        pointer = made
        // Its public part, without a reference to the private one.
        var out: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(made, &out)
        guard count > 0, let out else {
            EVP_PKEY_free(made)
            throw .drained("i2d_PUBKEY")
        }
        let octets = Array(UnsafeBufferPointer(start: out, count: Int(count)))
        CRYPTO_free(out, #file, Int32(#line))
        do throws(CryptoError) { publicKey = try PublicKey(subjectPublicKeyInfo: octets) } catch {
            EVP_PKEY_free(made)
            throw error
        }
    }

    deinit { EVP_PKEY_free(pointer) }

    /// PKCS #8, PKCS #1 or SEC 1, in DER and not encrypted.
    package convenience init(der: SecretBytes) throws(CryptoError) {
        let made = der.withBytes { octets -> OpaquePointer? in
            var start = octets.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return d2i_AutoPrivateKey(nil, &start, octets.count)
        }
        guard let made else { throw .drained("d2i_AutoPrivateKey") }
        try self.init(owning: made)
    }

    /// A new RSA key of so many bits, from the process's generator.
    package static func generateRSA(bits: Int) throws(CryptoError) -> PrivateKey {
        guard (1024...16384).contains(bits) else { throw .unsupported("an RSA key of \(bits) bits") }
        guard let made = swan_rsa_generate(bits) else { throw .drained("EVP_PKEY_Q_keygen") }
        return try PrivateKey(owning: made)
    }

    /// A new key on a NIST curve: 256, 384 or 521 bits.
    package static func generateECDSA(bits: Int) throws(CryptoError) -> PrivateKey {
        guard [256, 384, 521].contains(bits) else { throw .unsupported("an ECDSA key of \(bits) bits") }
        guard let made = swan_ec_generate("P-\(bits)") else { throw .drained("EVP_PKEY_Q_keygen") }
        return try PrivateKey(owning: made)
    }

    package static func generateEd25519() throws(CryptoError) -> PrivateKey {
        guard let made = swan_edwards_generate("ED25519") else { throw .drained("EVP_PKEY_Q_keygen") }
        return try PrivateKey(owning: made)
    }

    /// PKCS #8 in DER, not encrypted.
    package func exported() throws(CryptoError) -> SecretBytes {
        guard let form = EVP_PKEY2PKCS8(pointer) else { throw .drained("EVP_PKEY2PKCS8") }
        defer { PKCS8_PRIV_KEY_INFO_free(form) }
        let count = Int(i2d_PKCS8_PRIV_KEY_INFO(form, nil))
        guard count > 0 else { throw .drained("i2d_PKCS8_PRIV_KEY_INFO") }
        return SecretBytes(count: count) { out in
            var start = out.baseAddress?.assumingMemoryBound(to: UInt8.self)
            _ = i2d_PKCS8_PRIV_KEY_INFO(form, &start)
        }
    }

    /// - Throws: `unsupported` for a scheme of another kind of key.
    package func sign(_ octets: [UInt8], by scheme: SignatureScheme) throws(CryptoError) -> [UInt8] {
        let context = try SignatureContext()
        guard publicKey.fits(scheme), context.start(scheme, pointer, signing: true) else {
            ERR_clear_error()
            throw .unsupported("such a signature with such a key")
        }
        var count = 0
        try CryptoError.check(EVP_DigestSign(context.pointer, nil, &count, octets, octets.count), "EVP_DigestSign")
        var out = [UInt8](repeating: 0, count: count)
        try CryptoError.check(EVP_DigestSign(context.pointer, &out, &count, octets, octets.count), "EVP_DigestSign")
        return Array(out.prefix(count))
    }
}

extension PrivateKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "(a private key)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The two forms of an ECDSA signature: DER (RFC 5480), and r | s of equal length (RFC 4754 §7).
package enum ECDSASignature {
    /// Octets of one of the two numbers.
    package static func numberLength(bits: Int) -> Int { (bits + 7) / 8 }

    package static func concatenated(der: [UInt8], bits: Int) throws(CryptoError) -> [UInt8] {
        var outer = DERReader(der)
        var numbers = try outer.next("ECDSA-Sig-Value").expect(DER.sequence, "ECDSA-Sig-Value")
        var result: [UInt8] = []
        let length = numberLength(bits: bits)
        for name in ["r", "s"] {
            let digits = try numbers.next(DER.integer, name).content.drop { $0 == 0 }
            guard digits.count <= length else { throw .length(what: name, expected: length, got: digits.count) }
            result += [UInt8](repeating: 0, count: length - digits.count) + digits
        }
        return result
    }

    package static func der(concatenated octets: [UInt8], bits: Int) throws(CryptoError) -> [UInt8] {
        let length = numberLength(bits: bits)
        guard octets.count == 2 * length else {
            throw .length(what: "an ECDSA signature", expected: 2 * length, got: octets.count)
        }
        return DER.sequence([DER.unsigned(octets[..<length]), DER.unsigned(octets[length...])])
    }
}
