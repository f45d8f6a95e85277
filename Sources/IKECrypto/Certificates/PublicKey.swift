import COpenSSL

/// A public key for signatures; equal to another with the same SubjectPublicKeyInfo.
///
/// Unchecked Sendable because nothing in it changes after init and libcrypto only reads it.
package final class PublicKey: @unchecked Sendable {
    package enum Kind: Hashable, Sendable {
        case rsa
        /// Of this many bits: 256, 384, 521.
        case ecdsa(Int)
        case ed25519
        case ed448
        /// A key of a kind that signs nothing here.
        case other
    }

    let pointer: OpaquePointer
    /// DER (RFC 5280 §4.1.2.7).
    package let subjectPublicKeyInfo: [UInt8]
    package let kind: Kind
    /// Of the modulus, or of the curve's order.
    package let bits: Int

    /// Takes the ownership of an EVP_PKEY.
    init(owning made: OpaquePointer) throws(CryptoError) {
        pointer = made
        var out: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(made, &out)
        guard count > 0, let out else {
            EVP_PKEY_free(made)
            throw .drained("i2d_PUBKEY")
        }
        subjectPublicKeyInfo = Array(UnsafeBufferPointer(start: out, count: Int(count)))
        CRYPTO_free(out, #file, Int32(#line))
        bits = Int(EVP_PKEY_get_bits(made))
        kind =
            switch EVP_PKEY_get_base_id(made) {
            case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .rsa
            case EVP_PKEY_EC: PublicKey.isNISTCurve(made) ? .ecdsa(bits) : .other
            case EVP_PKEY_ED25519: .ed25519
            case EVP_PKEY_ED448: .ed448
            default: .other
            }
    }

    deinit { EVP_PKEY_free(pointer) }

    /// - Parameter octets: a DER SubjectPublicKeyInfo: RFC 7670's raw public key.
    package convenience init(subjectPublicKeyInfo octets: [UInt8]) throws(CryptoError) {
        let made = octets.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            guard let key = d2i_PUBKEY(nil, &start, buffer.count) else { return nil }
            guard start == buffer.baseAddress.map({ $0 + buffer.count }) else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        guard let made else { throw .drained("d2i_PUBKEY") }
        try self.init(owning: made)
    }

    /// - Parameter octets: length of the exponent (1 octet, or 0 and 2 octets), exponent, modulus (RFC 3110 §2).
    package convenience init(rfc3110 octets: [UInt8]) throws(CryptoError) {
        let wide = octets.first == 0
        let start = wide ? 3 : 1
        guard octets.count > start else { throw .length(what: "an RSA public key", expected: 64, got: octets.count) }
        let count = wide ? Int(octets[1]) << 8 | Int(octets[2]) : Int(octets[0])
        // At least 512 bits are a modulus; what is too weak is for the policy to say.
        guard count > 0, octets.count >= start + count + 64 else {
            throw .length(what: "an RSA public key", expected: start + count + 64, got: octets.count)
        }
        let key = DER.sequence([
            DER.unsigned(octets[(start + count)...]), DER.unsigned(octets[start..<start + count]),
        ])
        let rsaEncryption: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]
        try self.init(
            subjectPublicKeyInfo: DER.sequence([
                DER.sequence([DER.identifier(rsaEncryption), DER.null]), DER.element(DER.bitString, [0] + key),
            ]))
    }

    /// The octets of RFC 3110 §2; nil for a key that is not RSA.
    package var rfc3110: [UInt8]? {
        guard kind == .rsa, let (modulus, exponent) = rsaNumbers else { return nil }
        let head =
            exponent.count < 256
            ? [UInt8(exponent.count)] : [0, UInt8(exponent.count >> 8), UInt8(exponent.count & 255)]
        return head + exponent + modulus
    }

    /// What names the key in a key store: SHA-1 of the modulus, or of the public point (PKCS #11's CKA_ID as NSS makes it).
    package var keyID: [UInt8] {
        if kind == .rsa, let (modulus, _) = rsaNumbers { return Digest.sha1(modulus) }
        return Digest.sha1(publicPart ?? subjectPublicKeyInfo)
    }

    /// SHA-1 of the SubjectPublicKeyInfo: how a Certificate Request names an authority (RFC 7296 §3.7).
    package var authorityHash: [UInt8] { Digest.sha1(subjectPublicKeyInfo) }

    /// SHA-1 of the key's bits alone: what most authorities make a subjectKeyIdentifier of (RFC 5280 §4.2.1.2).
    package var bitsHash: [UInt8] { Digest.sha1(publicPart ?? subjectPublicKeyInfo) }

    private var rsaNumbers: (modulus: [UInt8], exponent: [UInt8])? {
        guard var reader = publicPart.map({ DERReader($0) }), let key = try? reader.next("RSAPublicKey"),
            var numbers = try? key.expect(DER.sequence, "RSAPublicKey"), let modulus = try? numbers.next("modulus"),
            let exponent = try? numbers.next("publicExponent")
        else { return nil }
        return (Array(modulus.content.drop { $0 == 0 }), Array(exponent.content.drop { $0 == 0 }))
    }

    /// The content of subjectPublicKey.
    private var publicPart: [UInt8]? {
        var reader = DERReader(subjectPublicKeyInfo)
        guard let outer = try? reader.next("SubjectPublicKeyInfo"),
            var inner = try? outer.expect(DER.sequence, "SubjectPublicKeyInfo"), (try? inner.next("algorithm")) != nil,
            let bits = try? inner.next(DER.bitString, "subjectPublicKey")
        else { return nil }
        return Array(bits.content.dropFirst())
    }

    private static func isNISTCurve(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else {
            ERR_clear_error()
            return false
        }
        let text = String(decoding: name[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return ["prime256v1", "P-256", "secp384r1", "P-384", "secp521r1", "P-521"].contains(text)
    }

    /// Whether the key can make signatures of a scheme.
    package func fits(_ scheme: SignatureScheme) -> Bool {
        switch (scheme, kind) {
        case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa), (.ecdsa, .ecdsa), (.ed25519, .ed25519), (.ed448, .ed448): true
        default: false
        }
    }

    /// Whether `signature` is one of `octets` by the owner of this key.
    package func verifies(_ signature: [UInt8], of octets: [UInt8], by scheme: SignatureScheme) -> Bool {
        defer { ERR_clear_error() }
        guard fits(scheme), let context = try? SignatureContext(), context.start(scheme, pointer, signing: false) else {
            return false
        }
        return EVP_DigestVerify(context.pointer, signature, signature.count, octets, octets.count) == 1
    }
}

extension PublicKey: Hashable {
    package static func == (left: PublicKey, right: PublicKey) -> Bool {
        left.subjectPublicKeyInfo == right.subjectPublicKeyInfo
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(subjectPublicKeyInfo) }
}

/// One EVP_MD_CTX for a signature, and its end.
struct SignatureContext: ~Copyable {
    let pointer: OpaquePointer

    init() throws(CryptoError) {
        guard let new = EVP_MD_CTX_new() else { throw .drained("EVP_MD_CTX_new") }
        pointer = new
    }

    deinit { EVP_MD_CTX_free(pointer) }

    /// Makes it ready to sign or to verify; false where libcrypto refuses the combination.
    func start(_ scheme: SignatureScheme, _ key: OpaquePointer, signing: Bool) -> Bool {
        var parameters: OpaquePointer?
        let name = scheme.digest?.openSSLName
        let status =
            signing
            ? EVP_DigestSignInit_ex(pointer, &parameters, name, nil, nil, key, nil)
            : EVP_DigestVerifyInit_ex(pointer, &parameters, name, nil, nil, key, nil)
        guard status == 1 else { return false }
        return switch scheme {
        case .rsaPSS:
            EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1
        case .rsaPKCS1: EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1
        default: true
        }
    }
}
