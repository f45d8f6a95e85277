import COpenSSL

/// What a PKCS #12 file holds (RFC 7292): a private key, its certificate, and others that came with them.
package struct PKCS12: Sendable {
    package let privateKey: PrivateKey?
    package let certificate: Certificate?
    package let others: [Certificate]
    /// The name that the file has for its certificate.
    package let friendlyName: String?

    /// - Throws: `integrity` for a wrong password, `malformed` for what is no PKCS #12.
    package init(_ octets: [UInt8], password: String) throws(CryptoError) {
        let file = octets.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var start = buffer.baseAddress
            return d2i_PKCS12(nil, &start, buffer.count)
        }
        guard let file else {
            ERR_clear_error()
            throw .malformed("no PKCS #12 file")
        }
        defer { PKCS12_free(file) }
        guard PKCS12_verify_mac(file, password, -1) == 1 || (password.isEmpty && PKCS12_verify_mac(file, nil, 0) == 1)
        else {
            ERR_clear_error()
            throw .integrity
        }
        var key: OpaquePointer?
        var leaf: OpaquePointer?
        var rest: OpaquePointer?
        if PKCS12_parse(file, password, &key, &leaf, &rest) != 1 {
            // RC2 with 40 bits, which older programs write, is the legacy provider's; it may not be there.
            let error = CryptoError.drained("PKCS12_parse")
            guard OSSL_PROVIDER_try_load(nil, "legacy", 1) != nil,
                PKCS12_parse(file, password, &key, &leaf, &rest) == 1
            else {
                ERR_clear_error()
                throw error
            }
        }
        var name: String?
        if let leaf {
            var length: Int32 = 0
            if let text = X509_alias_get0(leaf, &length), length > 0 {
                name = String(decoding: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
            }
        }
        var members: [Certificate] = []
        if let rest {
            defer { swan_certificates_release(rest) }
            for index in 0..<swan_certificates_count(rest) {
                guard let member = swan_certificates_at(rest, index), X509_up_ref(member) == 1 else { continue }
                // One that cannot be read is of no use, and no reason to refuse the others.
                if let read = try? Certificate(owning: member) { members.append(read) }
            }
        }
        let leafCertificate = try leaf.map { (made) throws(CryptoError) in try Certificate(owning: made) }
        privateKey = try key.map { (made) throws(CryptoError) in try PrivateKey(owning: made) }
        certificate = leafCertificate
        others = members
        friendlyName = name
    }
}
