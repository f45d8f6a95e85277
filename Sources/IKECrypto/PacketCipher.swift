import COpenSSL

/// How the octets of one direction are protected, for SK payloads and for ESP alike: a combined mode, or a cipher and
/// a MAC over its output. The key schedule is made with the first packet, as many an SA never has one (a cipher's takes a
/// kilobyte); from there on a packet allocates nothing and is worked on in place.
///
/// The body of a packet is `IV | text | ICV`. A combined mode authenticates `associated | text`; GMAC
/// `associated | IV | text` (RFC 4543 §3.5); a separate MAC `associated | IV | ciphertext | trailer`, where the trailer
/// is the high half of an extended sequence number (RFC 4303 §2.2.1).
///
/// Unchecked Sendable because it is the only owner of its contexts and all use is exclusive (mutating).
package struct PacketCipher: ~Copyable, @unchecked Sendable {
    package enum Direction: Sendable { case seal, open }

    package let direction: Direction
    package let encryption: EncryptionAlgorithm
    package let integrity: IntegrityAlgorithm
    /// Octets of the IV in front of the text, of the ICV behind it, and what the text must be a multiple of.
    package let ivLength: Int
    package let icvLength: Int
    package let blockLength: Int
    package let isAEAD: Bool

    private let mode: EncryptionAlgorithm.Mode
    private let saltLength: Int
    private let key: SecretBytes
    private let salt: SecretBytes
    private let integrityKey: SecretBytes
    /// Made by `prepare`.
    private var isPrepared = false
    private var cipher: CipherContext?
    private var mac: MessageAuthenticator?

    /// - Parameters:
    ///   - keyBits: without the salt; nil where the algorithm has one length, or to take it from the key.
    ///   - encryptionKey: the key and behind it the salt, as KEYMAT has them.
    ///   - integrityKey: empty with a combined mode.
    /// - Throws: `CryptoError.unsupported` for numbers, key lengths and combinations that are none (a cipher without
    ///   integrity among them: RFC 8221 §4), `.keyLength` for keys of another length.
    package init(
        encryption: EncryptionAlgorithm, keyBits: Int?, integrity: IntegrityAlgorithm, encryptionKey: SecretBytes,
        integrityKey: SecretBytes, direction: Direction
    ) throws(CryptoError) {
        guard let mode = encryption.mode else { throw .unsupported(encryption.name) }
        let salt = encryption.saltLength
        let bits = keyBits ?? (encryptionKey.count - salt) * 8
        guard encryption.allowedKeyBits.contains(bits) else { throw .unsupported("\(encryption.name) of \(bits) bits") }
        guard encryptionKey.count == bits / 8 + salt else {
            throw .keyLength(expected: bits / 8 + salt, got: encryptionKey.count)
        }
        guard encryption.isAEAD == (integrity == .none) else {
            throw .unsupported("\(encryption.name) with integrity \(integrity.name)")
        }
        guard mode == .null || FetchedCipher.packet(encryption, keyBits: bits)?.pointer != nil else {
            throw .unsupported("this cipher")
        }
        if let kind = integrity.mac {
            guard integrityKey.count == integrity.keyLength else {
                throw .keyLength(expected: integrity.keyLength, got: integrityKey.count)
            }
            guard kind.isSupported else { throw .unsupported("\(kind)") }
        } else {
            guard integrity == .none else { throw .unsupported(integrity.name) }
        }
        self.direction = direction
        self.encryption = encryption
        self.integrity = integrity
        self.mode = mode
        saltLength = salt
        ivLength = encryption.ivLength
        icvLength = encryption.isAEAD ? encryption.icvLength : integrity.icvLength
        blockLength = encryption.blockLength
        isAEAD = encryption.isAEAD
        key = encryptionKey[0..<bits / 8]
        self.salt = encryptionKey[bits / 8..<bits / 8 + salt]
        self.integrityKey = integrityKey
    }

    private mutating func prepare() throws(CryptoError) {
        if mode != .null {
            let isCCM = mode == .ccm
            let context = try CipherContext(
                FetchedCipher.packet(encryption, keyBits: key.count * 8),
                key: encryption == .des ? key + key + key : key, encrypting: direction == .seal,
                nonceLength: isCCM ? 11 : nil, tagLength: isCCM ? encryption.icvLength : nil)
            salt.withBytes { context.nonce.copyMemory(from: $0) }
            if mode == .ctr {
                // RFC 3686 §4: nonce | IV | 1.
                context.nonce[15] = 1
            }
            cipher = context
        }
        if let kind = integrity.mac { mac = try MessageAuthenticator(kind, key: integrityKey) }
        isPrepared = true
    }

    /// Encrypts the text of `body` in place and writes the ICV behind it.
    /// - Parameters:
    ///   - body: `IV | text | room for the ICV`; the IV stands there already.
    ///   - makesIV: for block ciphers: the IV field holds a number that is unique under this key, and the IV becomes
    ///     that number encrypted, which is unpredictable (SP 800-38A appendix C). Other modes use the field as it is.
    /// - Throws: `CryptoError.length` where the text is not whole blocks.
    package mutating func seal(
        associated: UnsafeRawBufferPointer, body: UnsafeMutableRawBufferPointer, trailer: UInt32? = nil,
        makesIV: Bool = false
    ) throws(CryptoError) {
        precondition(direction == .seal, "sealing with the key of the other direction")
        if !isPrepared { try prepare() }
        let text = try textOf(body)
        let icv = UnsafeMutableRawBufferPointer(rebasing: body[body.count - icvLength..<body.count])
        if isAEAD {
            try startAEAD(body, encrypting: true)
            if mode == .ccm { try cipher!.announce(textLength: text.count) }
            try cipher!.associate(associated)
            if mode == .gmac {
                try cipher!.associate(UnsafeRawBufferPointer(rebasing: body[..<(ivLength + text.count)]))
            } else {
                try cipher!.update(text)
            }
            try cipher!.finish(tag: icv)
            return
        }
        if mode == .cbc && makesIV {
            // With an IV of zero the first block of output is the encryption of the first block of input: the number
            // in the IV field becomes the IV, and the text behind it is chained to it, in one pass.
            cipher!.nonce.initializeMemory(as: UInt8.self, repeating: 0)
            try cipher!.start(encrypting: true)
            try cipher!.update(UnsafeMutableRawBufferPointer(rebasing: body[..<(ivLength + text.count)]))
        } else if mode != .null {
            try startPlain(body, encrypting: true)
            try cipher!.update(text)
        }
        try authenticate(associated, body, trailer) { computed in
            icv.copyMemory(from: UnsafeRawBufferPointer(rebasing: computed[..<icv.count]))
        }
    }

    /// Checks the ICV and decrypts the text of `body` in place. The text lies at `ivLength ..< count - icvLength`.
    /// - Throws: `CryptoError.integrity`; a separate MAC is checked before all decryption, a combined mode leaves
    ///   unusable octets behind. `.length` where the body is too short or the text not whole blocks.
    package mutating func open(
        associated: UnsafeRawBufferPointer, body: UnsafeMutableRawBufferPointer, trailer: UInt32? = nil
    ) throws(CryptoError) {
        precondition(direction == .open, "opening with the key of the other direction")
        if !isPrepared { try prepare() }
        let text = try textOf(body)
        let icv = UnsafeRawBufferPointer(rebasing: body[body.count - icvLength..<body.count])
        if isAEAD {
            if mode == .ccm {
                try openCCM(associated, body, text, icv)
                return
            }
            try startAEAD(body, encrypting: false)
            try cipher!.expect(tag: icv)
            try cipher!.associate(associated)
            if mode == .gmac {
                try cipher!.associate(UnsafeRawBufferPointer(rebasing: body[..<(ivLength + text.count)]))
            } else {
                try cipher!.update(text)
            }
            try cipher!.verify()
            return
        }
        var matches = false
        try authenticate(associated, body, trailer) { computed in
            matches = constantTimeEquals(UnsafeRawBufferPointer(rebasing: computed[..<icv.count]), icv)
        }
        guard matches else { throw .integrity }
        if mode != .null {
            try startPlain(body, encrypting: false)
            try cipher!.update(text)
        }
    }

    private func textOf(
        _ body: UnsafeMutableRawBufferPointer
    ) throws(CryptoError) -> UnsafeMutableRawBufferPointer {
        let length = body.count - ivLength - icvLength
        guard length >= 0 else { throw .length(what: "a body", expected: ivLength + icvLength, got: body.count) }
        guard length % blockLength == 0 else {
            throw .length(
                what: "whole blocks", expected: (length + blockLength - 1) / blockLength * blockLength, got: length)
        }
        return UnsafeMutableRawBufferPointer(rebasing: body[ivLength..<ivLength + length])
    }

    /// The nonce of RFC 4106 §4, RFC 4309 §4, RFC 7634 §2: salt | IV.
    @inline(__always)
    private func startAEAD(_ body: UnsafeMutableRawBufferPointer, encrypting: Bool) throws(CryptoError) {
        (cipher!.nonce.baseAddress! + saltLength).copyMemory(from: body.baseAddress!, byteCount: ivLength)
        try cipher!.start(encrypting: encrypting)
    }

    private func startPlain(_ body: UnsafeMutableRawBufferPointer, encrypting: Bool) throws(CryptoError) {
        (cipher!.nonce.baseAddress! + saltLength).copyMemory(from: body.baseAddress!, byteCount: ivLength)
        try cipher!.start(encrypting: encrypting)
    }

    /// CCM wants the tag before the nonce, and its one update both decrypts and verifies.
    private func openCCM(
        _ associated: UnsafeRawBufferPointer, _ body: UnsafeMutableRawBufferPointer,
        _ text: UnsafeMutableRawBufferPointer, _ icv: UnsafeRawBufferPointer
    ) throws(CryptoError) {
        try cipher!.expect(tag: icv)
        try startAEAD(body, encrypting: false)
        try cipher!.announce(textLength: text.count)
        try cipher!.associate(associated)
        var written: Int32 = 0
        let address = text.baseAddress!.assumingMemoryBound(to: UInt8.self)
        if EVP_CipherUpdate(cipher!.pointer, address, &written, address, Int32(text.count)) != 1 {
            ERR_clear_error()
            throw .integrity
        }
    }

    private mutating func authenticate(
        _ associated: UnsafeRawBufferPointer, _ body: UnsafeMutableRawBufferPointer, _ trailer: UInt32?,
        _ use: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(CryptoError) {
        try mac!.update(associated)
        try mac!.update(UnsafeRawBufferPointer(rebasing: body[..<(body.count - icvLength)]))
        if let trailer {
            try withUnsafeBytes(of: trailer.bigEndian) { (octets) throws(CryptoError) in try mac!.update(octets) }
        }
        // 64 octets hold the longest MAC here, SHA-512's.
        try withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { (computed) throws(CryptoError) in
            try mac!.finish(into: computed)
            use(computed)
        }
    }
}
