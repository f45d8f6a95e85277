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

    /// PEM or DER of PKCS #8, PKCS #1 or SEC 1, as it is or encrypted (PKCS #8 by RFC 8018, PEM as OpenSSL writes it).
    /// - Throws: `integrity` where it is encrypted, and not with this passphrase.
    package convenience init(file octets: [UInt8], passphrase: SecretBytes?) throws(CryptoError) {
        // DER begins with a SEQUENCE.
        let isText = octets.first != 0x30
        if !isText, let plain = try? PrivateKey(der: SecretBytes(octets)), EVP_PKEY_up_ref(plain.pointer) == 1 {
            try self.init(owning: plain.pointer)
            return
        }
        guard let file = BIO_new(BIO_s_mem()) else { throw .drained("BIO_new") }
        defer {
            BIO_free(file)
            ERR_clear_error()
        }
        guard octets.isEmpty || BIO_write(file, octets, Int32(clamping: octets.count)) == octets.count else {
            throw .drained("BIO_write")
        }
        func read(_ context: UnsafeMutableRawPointer?) -> OpaquePointer? {
            isText
                ? PEM_read_bio_PrivateKey(file, nil, givePassphrase, context)
                : d2i_PKCS8PrivateKey_bio(file, nil, givePassphrase, context)
        }
        var made: OpaquePointer?
        if var secret = passphrase {
            made = withUnsafeMutablePointer(to: &secret) { read(UnsafeMutableRawPointer($0)) }
        } else {
            made = read(nil)
        }
        guard let made else {
            let sections = String(decoding: octets, as: UTF8.self)
            if sections.contains("Proc-Type: 4,ENCRYPTED") || sections.contains("BEGIN ENCRYPTED") { throw .integrity }
            // An encrypted PKCS #8 begins with an AlgorithmIdentifier, a plain one with a version.
            if !isText, passphrase != nil { throw .integrity }
            throw .drained("PEM_read_bio_PrivateKey")
        }
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

/// libcrypto's question for a passphrase: the context is a `SecretBytes`, or nothing, and then nobody is asked at the terminal.
private func givePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let buffer, let context else { return -1 }
    let secret = context.assumingMemoryBound(to: SecretBytes.self).pointee.exposed
    guard secret.count <= Int(size) else { return -1 }
    for (index, octet) in secret.enumerated() { buffer[index] = CChar(bitPattern: octet) }
    return Int32(secret.count)
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
