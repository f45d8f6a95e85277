import COpenSSL

/// One EVP_CIPHER_CTX with its key schedule, for one direction, reused for every packet, and the 16 octets in which
/// the nonce or counter block of a packet is put together.
///
/// Not Sendable: whoever owns one (`PacketCipher`) sees to it that its use is exclusive.
final class CipherContext {
    let pointer: OpaquePointer
    /// The fixed part stands at the front since set-up; the packet's IV is copied behind it.
    let nonce: UnsafeMutableRawBufferPointer

    /// `nonceLength` and `tagLength` are for modes in which both are chosen at set-up (CCM).
    /// - Throws: `CryptoError.keyLength` where the key does not fit the cipher, `.unsupported` where there is none.
    init(
        _ cipher: FetchedCipher?, key: SecretBytes, encrypting: Bool, nonceLength: Int? = nil, tagLength: Int? = nil
    ) throws(CryptoError) {
        guard let new = EVP_CIPHER_CTX_new() else { throw .drained("EVP_CIPHER_CTX_new") }
        pointer = new
        nonce = .allocate(byteCount: 16, alignment: 16)
        nonce.initializeMemory(as: UInt8.self, repeating: 0)
        guard let fetched = cipher?.pointer else { throw .unsupported("this cipher") }
        let length = Int(EVP_CIPHER_get_key_length(fetched))
        guard key.count == length else { throw .keyLength(expected: length, got: key.count) }
        let direction: Int32 = encrypting ? 1 : 0
        try CryptoError.check(
            EVP_CipherInit_ex(pointer, fetched, nil, nil, nil, direction), "EVP_CipherInit_ex")
        if let nonceLength {
            try CryptoError.check(
                EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonceLength), nil), "SET_IVLEN")
        }
        if let tagLength {
            try CryptoError.check(
                EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), nil), "SET_TAG")
        }
        let keyed = key.withBytes { octets in
            EVP_CipherInit_ex(
                pointer, nil, nil, octets.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, direction)
        }
        try CryptoError.check(keyed, "EVP_CipherInit_ex")
        // The protocols pad themselves. Not said to ciphers without blocks, which would be told anew with each packet's
        // nonce: a search through names, about 30 ns of each.
        if EVP_CIPHER_get_block_size(fetched) > 1 {
            try CryptoError.check(EVP_CIPHER_CTX_set_padding(pointer, 0), "EVP_CIPHER_CTX_set_padding")
        }
    }

    deinit {
        EVP_CIPHER_CTX_free(pointer)
        OPENSSL_cleanse(nonce.baseAddress, nonce.count)
        nonce.deallocate()
    }

    /// Starts a packet with the nonce that stands in `nonce`; the key schedule stays.
    @inline(__always)
    func start(encrypting: Bool) throws(CryptoError) {
        let address = UnsafePointer(nonce.baseAddress!.assumingMemoryBound(to: UInt8.self))
        try CryptoError.check(
            EVP_CipherInit_ex(pointer, nil, nil, nil, address, encrypting ? 1 : 0), "EVP_CipherInit_ex")
    }

    /// Announces the length of the text, which CCM must know before the associated data.
    func announce(textLength: Int) throws(CryptoError) {
        var written: Int32 = 0
        try CryptoError.check(EVP_CipherUpdate(pointer, nil, &written, nil, Int32(textLength)), "EVP_CipherUpdate")
    }

    /// Octets that are authenticated and not encrypted.
    @inline(__always)
    func associate(_ octets: UnsafeRawBufferPointer) throws(CryptoError) {
        guard let address = octets.baseAddress, octets.count > 0 else { return }
        var written: Int32 = 0
        let status = EVP_CipherUpdate(
            pointer, nil, &written, address.assumingMemoryBound(to: UInt8.self), Int32(octets.count))
        try CryptoError.check(status, "EVP_CipherUpdate")
    }

    /// Encrypts or decrypts in place.
    @inline(__always)
    func update(_ text: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        guard let address = text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count > 0 else { return }
        var written: Int32 = 0
        try CryptoError.check(
            EVP_CipherUpdate(pointer, address, &written, address, Int32(text.count)), "EVP_CipherUpdate")
        // Every mode used here yields as much as it takes: padding is off and the text is whole blocks.
        guard Int(written) == text.count else { throw .length(what: "output", expected: text.count, got: Int(written)) }
    }

    /// Ends a sealed packet and writes its check value.
    @inline(__always)
    func finish(tag: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        var written: Int32 = 0
        var none: UInt8 = 0
        try CryptoError.check(EVP_CipherFinal_ex(pointer, &none, &written), "EVP_CipherFinal_ex")
        try CryptoError.check(
            EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), tag.baseAddress), "GET_TAG")
    }

    /// Hands over the check value that the packet carries.
    @inline(__always)
    func expect(tag: UnsafeRawBufferPointer) throws(CryptoError) {
        // The parameter is not const for the sake of GET; SET only reads.
        let address = UnsafeMutableRawPointer(mutating: tag.baseAddress!)
        try CryptoError.check(EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), address), "SET_TAG")
    }

    /// Ends an opened packet. - Throws: `CryptoError.integrity` where the check value differs.
    @inline(__always)
    func verify() throws(CryptoError) {
        var written: Int32 = 0
        var none: UInt8 = 0
        if EVP_CipherFinal_ex(pointer, &none, &written) != 1 {
            ERR_clear_error()
            throw .integrity
        }
    }
}
