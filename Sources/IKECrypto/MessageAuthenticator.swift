import COpenSSL

/// A keyed MAC that is set up once and used for many messages: `update` as often as needed, `finish`, and it stands
/// ready for the next message. Nothing is allocated per message.
///
/// Not Sendable: whoever owns one sees to it that its use is exclusive.
final class MessageAuthenticator {
    /// Exactly one of the two is there.
    private let context: OpaquePointer?
    private let xcbc: XCBC?
    /// The untruncated output, in octets.
    let outputLength: Int

    /// HMAC takes a key of any length but 0; XCBC and CMAC take 16 octets.
    /// - Throws: `CryptoError.keyLength`, `.unsupported`.
    init(_ kind: MACKind, key: SecretBytes) throws(CryptoError) {
        guard kind.isSupported else { throw .unsupported("\(kind)") }
        outputLength = kind.outputLength
        switch kind {
        case .hmac(let digest):
            xcbc = nil
            context = try MessageAuthenticator.keyed(.hmac, OSSL_MAC_PARAM_DIGEST, digest.openSSLName, key)
        case .cmac:
            guard key.count == 16 else { throw .keyLength(expected: 16, got: key.count) }
            xcbc = nil
            context = try MessageAuthenticator.keyed(.cmac, OSSL_MAC_PARAM_CIPHER, "AES-128-CBC", key)
        case .xcbc:
            context = nil
            xcbc = try XCBC(key: key)
        }
    }

    deinit { EVP_MAC_CTX_free(context) }

    private static func keyed(
        _ mac: FetchedMAC, _ parameter: String, _ value: String, _ key: SecretBytes
    ) throws(CryptoError) -> OpaquePointer {
        guard let pointer = EVP_MAC_CTX_new(mac.pointer) else { throw .drained("EVP_MAC_CTX_new") }
        // A key of no octets needs an address all the same: nil would mean "keep the key", and there is none yet.
        var status: Int32 = 0
        parameter.withCString { name in
            var text = Array(value.utf8CString)
            text.withUnsafeMutableBufferPointer { text in
                var parameters = [
                    OSSL_PARAM_construct_utf8_string(name, text.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                key.withBytes { octets in
                    let address = octets.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { nothing in
                        status = EVP_MAC_init(
                            pointer, address ?? UnsafePointer(nothing.baseAddress!), octets.count, &parameters)
                    }
                }
            }
        }
        guard status == 1 else {
            EVP_MAC_CTX_free(pointer)
            throw .drained("EVP_MAC_init")
        }
        return pointer
    }

    func update(_ octets: UnsafeRawBufferPointer) throws(CryptoError) {
        guard let address = octets.baseAddress, octets.count > 0 else { return }
        if let context {
            let status = EVP_MAC_update(context, address.assumingMemoryBound(to: UInt8.self), octets.count)
            try CryptoError.check(status, "EVP_MAC_update")
        } else {
            try xcbc!.update(octets)
        }
    }

    /// Writes the whole output to `out`, which has at least `outputLength` octets, and starts the next message.
    func finish(into out: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        precondition(out.count >= outputLength, "no room for the MAC")
        if let context {
            var written = 0
            let address = out.baseAddress!.assumingMemoryBound(to: UInt8.self)
            try CryptoError.check(EVP_MAC_final(context, address, &written, out.count), "EVP_MAC_final")
            // No key: the key schedule made at first is kept.
            try CryptoError.check(EVP_MAC_init(context, nil, 0, nil), "EVP_MAC_init")
        } else {
            try xcbc!.finish(into: out)
        }
    }
}
