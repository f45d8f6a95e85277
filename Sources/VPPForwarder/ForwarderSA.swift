package import ESP
package import IKECrypto
package import NetAddress

/// One SA of the forwarder: made by hand (`ipsec sa add`), or one half of a Child SA. It seals or opens, whichever it is used
/// for: a manual SA does not know its direction.
package final class ForwarderSA {
    package struct Settings: Sendable {
        package var id: UInt32
        package var spi: UInt32
        package var encryption: EncryptionAlgorithm
        /// Without the salt; 0 where the algorithm has one length only.
        package var keyBits: Int
        package var integrity: IntegrityAlgorithm
        /// As configured: with a salt behind it, or without one, which then is zero.
        package var encryptionKey: SecretBytes
        package var integrityKey: SecretBytes
        /// nil: transport mode.
        package var tunnel: Tunnel?
        package var usesESN = false
        /// Packets; 0: no check.
        package var replayWindow = 0
        /// UDP encapsulation (RFC 3948); nil: none.
        package var ports: (local: UInt16, remote: UInt16)?
        /// Whether the selectors name ports (or types of ICMP): then no fragments may be sent by it (RFC 4301 §7.2).
        package var namesPorts = false

        package init(
            id: UInt32, spi: UInt32, encryption: EncryptionAlgorithm, keyBits: Int, integrity: IntegrityAlgorithm,
            encryptionKey: SecretBytes, integrityKey: SecretBytes, tunnel: Tunnel? = nil
        ) {
            self.id = id
            self.spi = spi
            self.encryption = encryption
            self.keyBits = keyBits
            self.integrity = integrity
            self.encryptionKey = encryptionKey
            self.integrityKey = integrityKey
            self.tunnel = tunnel
        }
    }

    /// The outer addresses, in the direction of the packets.
    package struct Tunnel: Hashable, Sendable {
        package var source: IPAddress
        package var destination: IPAddress
        package init(source: IPAddress, destination: IPAddress) {
            self.source = source
            self.destination = destination
        }
    }

    package internal(set) var settings: Settings
    var outbound: OutboundSA
    var inbound: InboundSA

    /// - Throws: `ForwarderError.badKeys`.
    package init(_ settings: Settings) throws(ForwarderError) {
        self.settings = settings
        let salt = settings.encryption.saltLength
        let isSalted = settings.encryptionKey.count * 8 >= settings.keyBits + salt * 8
        let keys = ESPKeys(
            encryption: settings.encryption, keyBits: settings.keyBits == 0 ? nil : settings.keyBits,
            integrity: settings.integrity,
            encryptionKey: salt == 0 || isSalted
                ? settings.encryptionKey : settings.encryptionKey + SecretBytes([UInt8](repeating: 0, count: salt)),
            integrityKey: Self.filled(settings.integrityKey, settings.integrity), usesESN: settings.usesESN)
        do throws(ESPError) {
            outbound = try OutboundSA(spi: settings.spi, keys: keys)
            inbound = try InboundSA(spi: settings.spi, keys: keys, windowSize: settings.replayWindow)
        } catch {
            throw .badKeys("\(error)")
        }
    }

    /// VPP takes keys of any length for a MAC. One that is too short is the same to HMAC as one with zeros behind it (RFC
    /// 2104 §2).
    private static func filled(_ key: SecretBytes, _ integrity: IntegrityAlgorithm) -> SecretBytes {
        let missing = integrity.keyLength - key.count
        return missing > 0 && !key.isEmpty ? key + SecretBytes([UInt8](repeating: 0, count: missing)) : key
    }

    /// The number of the packet sealed last.
    package var sequence: UInt64 { outbound.sequence }
    /// The highest number received.
    package var highest: UInt64 { inbound.window.highest }
    package var sealed: SACounters { outbound.counters }
    package var opened: SACounters { inbound.counters }

    /// The last 64 numbers, the newest first: whether each has come.
    package var window: [Bool] {
        (0..<64).map { back in
            guard inbound.window.size > 0, highest > UInt64(back) else { return false }
            return inbound.window.check(highest - UInt64(back)) == .duplicate
        }
    }

    /// The ESP packet around an IP packet in tunnel mode: from the ESP header on.
    func seal(tunnelled packet: [UInt8]) throws(ESPError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: outbound.sealedLength(payloadLength: packet.count))
        let nextHeader: UInt8 = packet[0] >> 4 == 6 ? IPHeaders.ProtocolNumber.ipv6 : IPHeaders.ProtocolNumber.ipv4
        let head = outbound.headerLength
        buffer.replaceSubrange(head..<head + packet.count, with: packet)
        let count = try buffer.withOctets { (out) throws(ESPError) in
            try outbound.seal(out, payloadLength: packet.count, nextHeader: nextHeader)
        }
        return Array(buffer[..<count])
    }

    /// The IP packet with ESP between its headers and what they carry.
    func seal(transport packet: [UInt8]) throws(ESPError) -> [UInt8] {
        let head = outbound.headerLength
        var buffer = [UInt8](repeating: 0, count: outbound.sealedLength(payloadLength: packet.count) + head)
        buffer.replaceSubrange(head..<head + packet.count, with: packet)
        let count = try buffer.withOctets { (out) throws(ESPError) in
            try outbound.sealTransport(out, packetLength: packet.count)
        }
        return Array(buffer[..<count])
    }

    /// The inner packet of an ESP packet in tunnel mode, and its protocol: 4, 41, or another, which is no tunnel's.
    func open(tunnelled esp: ArraySlice<UInt8>) throws(ESPError) -> (packet: [UInt8], nextHeader: UInt8) {
        var buffer = Array(esp)
        let opened = try buffer.withOctets { (octets) throws(ESPError) in try inbound.open(octets) }
        return (Array(buffer[opened.payload]), opened.nextHeader)
    }

    /// The IP packet without ESP.
    func open(transport packet: [UInt8]) throws(ESPError) -> [UInt8] {
        var buffer = packet
        let range = try buffer.withOctets { (octets) throws(ESPError) in
            try inbound.openTransport(octets)
        }
        return Array(buffer[range])
    }
}

extension [UInt8] {
    /// As `withUnsafeMutableBytes`, which cannot say what it throws.
    fileprivate mutating func withOctets<R>(
        _ body: (UnsafeMutableRawBufferPointer) throws(ESPError) -> R
    ) throws(ESPError) -> R {
        try withUnsafeMutableBytes { octets -> Result<R, ESPError> in
            do throws(ESPError) { return .success(try body(octets)) } catch { return .failure(error) }
        }.get()
    }
}
