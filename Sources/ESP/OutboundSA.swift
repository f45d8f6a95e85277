import IKECrypto

/// The sending half of an ESP SA (RFC 4303 §3.3): numbers packets, pads, encrypts and authenticates them.
///
/// Packets are built in the caller's buffer and nothing is allocated per packet. It is not copyable because two copies
/// would send the same sequence numbers, and with them the same nonces.
package struct OutboundSA: ~Copyable, Sendable {
    package let spi: UInt32
    package let usesESN: Bool
    /// The number of the packet sent last; 0 before the first.
    package private(set) var sequence: UInt64
    package private(set) var counters = SACounters()
    /// Octets in front of the payload: SPI, sequence number, IV.
    package let headerLength: Int
    /// Octets of the check value at the end.
    package let icvLength: Int
    /// The multiple, in octets, to which payload, padding and trailer are filled: 4 or the cipher's block (§2.4).
    package let alignment: Int
    private var cipher: PacketCipher

    /// - Parameter sequence: the number sent last, where an SA is moved here or a test wants to stand near the end.
    /// - Throws: `ESPError.cipher` for algorithms or keys that do not fit.
    package init(spi: UInt32, keys: ESPKeys, sequence: UInt64 = 0) throws(ESPError) {
        let cipher = try keys.cipher(.seal)
        self.spi = spi
        usesESN = keys.usesESN
        self.sequence = sequence
        headerLength = 8 + cipher.ivLength
        icvLength = cipher.icvLength
        alignment = max(4, cipher.blockLength)
        self.cipher = cipher
    }

    /// The octets of the ESP packet around a payload of that many octets.
    @inline(__always)
    package func sealedLength(payloadLength: Int) -> Int {
        headerLength + (payloadLength + 2 + alignment - 1) / alignment * alignment + icvLength
    }

    /// The longest payload whose ESP packet has at most `length` octets: what a tunnel's MTU follows from.
    package func longestPayload(within length: Int) -> Int {
        max(0, (length - headerLength - icvLength) / alignment * alignment - 2)
    }

    /// Seals the payload that stands at `headerLength` in `buffer`, in place: writes SPI, number and IV in front of it,
    /// padding, trailer and ICV behind it.
    /// - Parameter nextHeader: the payload's protocol number: 4 or 41 in tunnel mode, 59 for a dummy packet (§2.6).
    /// - Returns: the length of the ESP packet, which begins at the start of `buffer`.
    /// - Throws: `ESPError.sequenceExhausted`, `.noRoom`; a number is used up only by a packet that is returned.
    package mutating func seal(
        _ buffer: UnsafeMutableRawBufferPointer, payloadLength: Int, nextHeader: UInt8
    ) throws(ESPError) -> Int {
        let total = sealedLength(payloadLength: payloadLength)
        guard buffer.count >= total else { throw .noRoom(needed: total, got: buffer.count) }
        guard sequence < (usesESN ? UInt64.max : UInt64(UInt32.max)) else { throw .sequenceExhausted }
        let number = sequence + 1
        let low = UInt32(truncatingIfNeeded: number)
        let high = UInt32(truncatingIfNeeded: number >> 32)
        let start = buffer.baseAddress!
        start.storeBytes(of: spi.bigEndian, as: UInt32.self)
        start.storeBytes(of: low.bigEndian, toByteOffset: 4, as: UInt32.self)
        writeIV(number, at: start + 8)

        // Padding 1, 2, 3 … (§2.4), then its length and the protocol.
        let trailer = total - icvLength - 2
        let padding = trailer - headerLength - payloadLength
        for index in 0..<padding {
            start.storeBytes(of: UInt8(index + 1), toByteOffset: headerLength + payloadLength + index, as: UInt8.self)
        }
        start.storeBytes(of: UInt8(padding), toByteOffset: trailer, as: UInt8.self)
        start.storeBytes(of: nextHeader, toByteOffset: trailer + 1, as: UInt8.self)

        let body = UnsafeMutableRawBufferPointer(rebasing: buffer[8..<total])
        do {
            if usesESN && cipher.isAEAD {
                // RFC 4106 §5: SPI | high | low is authenticated where only SPI | low is sent.
                let associated = (spi.bigEndian, high.bigEndian, low.bigEndian)
                try withUnsafeBytes(of: associated) { (octets) throws(CryptoError) in
                    try cipher.seal(associated: octets, body: body)
                }
            } else {
                try cipher.seal(
                    associated: UnsafeRawBufferPointer(start: start, count: 8), body: body,
                    trailer: usesESN ? high : nil, makesIV: true)
            }
        } catch {
            throw ESPError(error)
        }
        sequence = number
        counters.packets += 1
        counters.octets += UInt64(payloadLength)
        return total
    }

    /// As above with the payload elsewhere; it is copied into `buffer` first.
    package mutating func seal(
        inner: UnsafeRawBufferPointer, nextHeader: UInt8, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ESPError) -> Int {
        let total = sealedLength(payloadLength: inner.count)
        guard buffer.count >= total else { throw .noRoom(needed: total, got: buffer.count) }
        UnsafeMutableRawBufferPointer(rebasing: buffer[headerLength...]).copyMemory(from: inner)
        return try seal(buffer, payloadLength: inner.count, nextHeader: nextHeader)
    }

    /// The 64-bit sequence number, at the end of the IV field: unique under the key, which is all that counter modes
    /// want (RFC 4106 §3.1). For block ciphers the cipher makes an unpredictable IV of it.
    @inline(__always)
    private func writeIV(_ number: UInt64, at field: UnsafeMutableRawPointer) {
        switch headerLength - 8 {
        case 0: break
        case 8: field.storeBytes(of: number.bigEndian, as: UInt64.self)
        default:
            field.storeBytes(of: 0, as: UInt64.self)
            field.storeBytes(of: number.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
    }
}
