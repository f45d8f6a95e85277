/// AES-GCM over a whole message with a 12-octet nonce and a 16-octet tag: for session tickets by value (RFC 5723 §5),
/// which only their issuer opens.
package enum AEADBox {
    /// Octets.
    package static let nonceLength = 12
    package static let tagLength = 16

    /// - Parameters:
    ///   - key: 32 octets; 16 and 24 are taken too (libreswan seals its tickets with AES-128).
    ///   - nonce: 12 octets, never used before with this key.
    /// - Returns: ciphertext | tag.
    package static func seal(
        key: SecretBytes, nonce: [UInt8], associated: [UInt8] = [], _ plaintext: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let context = try keyed(key, nonce, encrypting: true)
        var out = plaintext + [UInt8](repeating: 0, count: tagLength)
        try associated.span.withUnsafeBytes { (octets) throws(CryptoError) in try context.associate(octets) }
        var whole = out.mutableSpan
        try whole.withUnsafeMutableBytes { (octets) throws(CryptoError) in
            try context.update(UnsafeMutableRawBufferPointer(rebasing: octets[..<plaintext.count]))
            try context.finish(tag: UnsafeMutableRawBufferPointer(rebasing: octets[plaintext.count...]))
        }
        return out
    }

    /// - Parameter sealed: ciphertext | tag.
    /// - Throws: `CryptoError.integrity` for another key, nonce or associated data, or changed octets.
    package static func open(
        key: SecretBytes, nonce: [UInt8], associated: [UInt8] = [], _ sealed: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= tagLength else {
            throw .length(what: "a sealed box", expected: tagLength, got: sealed.count)
        }
        let context = try keyed(key, nonce, encrypting: false)
        var out = sealed
        let length = sealed.count - tagLength
        try associated.span.withUnsafeBytes { (octets) throws(CryptoError) in try context.associate(octets) }
        var whole = out.mutableSpan
        try whole.withUnsafeMutableBytes { (octets) throws(CryptoError) in
            try context.expect(tag: UnsafeRawBufferPointer(rebasing: octets[length...]))
            try context.update(UnsafeMutableRawBufferPointer(rebasing: octets[..<length]))
            try context.verify()
        }
        out.removeLast(tagLength)
        return out
    }

    private static func keyed(
        _ key: SecretBytes, _ nonce: [UInt8], encrypting: Bool
    ) throws(CryptoError) -> CipherContext {
        guard nonce.count == nonceLength else {
            throw .length(what: "a nonce", expected: nonceLength, got: nonce.count)
        }
        guard [16, 24, 32].contains(key.count) else { throw .keyLength(expected: 32, got: key.count) }
        let context = try CipherContext(
            FetchedCipher.packet(.aesGCM16, keyBits: key.count * 8), key: key, encrypting: encrypting)
        context.nonce.copyBytes(from: nonce)
        try context.start(encrypting: encrypting)
        return context
    }
}
