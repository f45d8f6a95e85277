import IKECrypto

/// The receiving half of an ESP SA (RFC 4303 §3.4): checks sequence number, check value and padding, and decrypts.
///
/// Packets are opened in place and nothing is allocated per packet.
package struct InboundSA: ~Copyable, Sendable {
    /// What an opened packet holds.
    package struct Opened: Hashable, Sendable {
        /// The protocol number of the payload: 4 or 41 in tunnel mode; 59 is a dummy packet to be dropped (§2.6).
        package let nextHeader: UInt8
        /// Where the payload lies in the buffer that was opened. It may be longer than the inner packet, by traffic
        /// flow confidentiality padding (§2.7).
        package let payload: Range<Int>
        /// With ESN all 64 bits.
        package let sequence: UInt64
    }

    package let spi: UInt32
    package let usesESN: Bool
    package private(set) var window: ReplayWindow
    package private(set) var counters = SACounters()
    /// Octets in front of the payload: SPI, sequence number, IV.
    package let headerLength: Int
    package let icvLength: Int
    private let alignment: Int
    private var cipher: PacketCipher

    /// - Parameters:
    ///   - windowSize: 0 (no check) or one of `ReplayWindow.sizes`.
    ///   - highest: the highest number received, where an SA is moved here.
    /// - Throws: `ESPError.cipher` for algorithms or keys that do not fit.
    package init(
        spi: UInt32, keys: ESPKeys, windowSize: Int = ReplayWindow.defaultSize, highest: UInt64 = 0
    ) throws(ESPError) {
        let cipher = try keys.cipher(.open)
        self.spi = spi
        usesESN = keys.usesESN
        window = ReplayWindow(size: windowSize, highest: highest)
        headerLength = 8 + cipher.ivLength
        icvLength = cipher.icvLength
        alignment = max(4, cipher.blockLength)
        self.cipher = cipher
    }

    /// Opens the ESP packet that fills `packet`, in place. The window moves only for a packet whose check value fits.
    /// - Throws: `ESPError`, and the counter of that reason is incremented; the octets are then unusable.
    package mutating func open(_ packet: UnsafeMutableRawBufferPointer) throws(ESPError) -> Opened {
        do {
            return try examine(packet)
        } catch {
            switch error {
            case .replayed, .stale: counters.replays += 1
            case .integrity: counters.integrityFailures += 1
            default: counters.malformed += 1
            }
            throw error
        }
    }

    @inline(__always)
    private mutating func examine(_ packet: UnsafeMutableRawBufferPointer) throws(ESPError) -> Opened {
        let text = packet.count - headerLength - icvLength
        guard text >= 4, let start = packet.baseAddress else {
            throw .truncated(needed: headerLength + 4 + icvLength, got: packet.count)
        }
        // §2.4: the trailer ends on a 4-octet boundary whatever the cipher.
        guard text % alignment == 0 else { throw .misaligned(text) }
        let carried = UInt32(bigEndian: start.loadUnaligned(as: UInt32.self))
        guard carried == spi else { throw .wrongSPI(carried) }
        let low = UInt32(bigEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let number: UInt64
        if usesESN {
            guard let extended = window.extended(low) else { throw .stale(UInt64(low)) }
            number = extended
        } else {
            number = UInt64(low)
        }
        switch window.check(number) {
        case .fresh: break
        case .duplicate: throw .replayed(number)
        case .stale: throw .stale(number)
        }

        let body = UnsafeMutableRawBufferPointer(rebasing: packet[8...])
        let high = UInt32(truncatingIfNeeded: number >> 32)
        do {
            if usesESN && cipher.isAEAD {
                let associated = (spi.bigEndian, high.bigEndian, low.bigEndian)
                try withUnsafeBytes(of: associated) { (octets) throws(CryptoError) in
                    try cipher.open(associated: octets, body: body)
                }
            } else {
                try cipher.open(
                    associated: UnsafeRawBufferPointer(start: start, count: 8), body: body,
                    trailer: usesESN ? high : nil)
            }
        } catch {
            throw ESPError(error)
        }
        window.record(number)

        let trailer = packet.count - icvLength - 2
        let padding = Int(packet[trailer])
        let end = trailer - padding
        guard end >= headerLength else { throw .padding }
        for index in 0..<padding where packet[end + index] != UInt8(truncatingIfNeeded: index + 1) { throw .padding }
        counters.packets += 1
        counters.octets += UInt64(end - headerLength)
        return Opened(nextHeader: packet[trailer + 1], payload: headerLength..<end, sequence: number)
    }
}
