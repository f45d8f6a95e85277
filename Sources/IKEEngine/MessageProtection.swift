import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Messages in SK and SKF payloads, out and in (RFC 7296 §3.14, RFC 7383).
extension IKESA {
    /// Octets of IP and UDP headers, and of the non-ESP marker on other ports than 500 (RFC 3948 §2.2).
    private func outerOctets() -> Int {
        (local.address.family == .v4 ? 20 : 40) + 8 + (local.port == 500 ? 0 : 4)
    }

    /// One message, or its fragments where the whole would not fit the profile's packet.
    func seal(
        exchange: ExchangeType, messageID: UInt32, isResponse: Bool, payloads: [Payload], keys: IKEKeys,
        profile: WireProfile, random: inout some RandomSource, tamper: PlaintextTamper? = nil
    ) throws(CryptoError) -> [Datagram] {
        let protection = keys.protection(sentBy: role)
        var (first, plaintext) = Message.encodePayloads(payloads)
        var exchange = exchange
        tamper?(&exchange, &first, &plaintext)
        let header = header(exchange: exchange, messageID: messageID, isResponse: isResponse)
        let packetOctets =
            local.address.family == .v4 ? profile.fragmentPacketOctetsV4 : profile.fragmentPacketOctetsV6
        let overhead = protection.ivLength + protection.icvLength
        let whole = 28 + 4 + overhead + padded(plaintext, protection).count
        // RFC 9329 §7.5: a stream cuts messages up by itself.
        if !fragmentationNegotiated || isOverStream || whole + outerOctets() <= packetOctets {
            return [
                datagram(
                    try sealOne(
                        header: header, first: first, plaintext: plaintext, fragment: nil, protection: protection,
                        random: &random))
            ]
        }
        // Octets for ciphertext: what the packet leaves, down to whole blocks, less the Pad Length octet.
        let room = packetOctets - outerOctets() - 28 - 8 - overhead
        let size = max(room - room % protection.blockLength - 1, 1)
        let total = (plaintext.count + size - 1) / size
        var datagrams: [Datagram] = []
        for number in 1...total {
            let part = Array(plaintext[((number - 1) * size)..<min(number * size, plaintext.count)])
            // Only the first fragment names the first inner payload (RFC 7383 §2.5).
            datagrams.append(
                datagram(
                    try sealOne(
                        header: header, first: number == 1 ? first : PayloadType(rawValue: 0), plaintext: part,
                        fragment: (UInt16(number), UInt16(total)), protection: protection, random: &random)))
        }
        return datagrams
    }

    /// Octets of a message with so many of plaintext, in one piece.
    func wholeOctets(_ plaintextOctets: Int, _ keys: IKEKeys, sentBy sender: Role) -> Int {
        let protection = keys.protection(sentBy: sender)
        let block = protection.blockLength
        return 28 + 4 + protection.ivLength + protection.icvLength + (plaintextOctets + block) / block * block
    }

    func header(exchange: ExchangeType, messageID: UInt32, isResponse: Bool) -> IKEHeader {
        IKEHeader(
            initiatorSPI: initiatorSPI, responderSPI: responderSPI, exchangeType: exchange,
            isInitiator: role == .initiator, isResponse: isResponse, messageID: messageID)
    }

    func datagram(_ octets: [UInt8]) -> Datagram { Datagram(local: local, remote: remote, octets: octets) }

    /// Plaintext with padding to whole blocks and the Pad Length octet (RFC 7296 §3.14).
    private func padded(_ plaintext: [UInt8], _ protection: PacketProtection) -> [UInt8] {
        let block = protection.blockLength
        let pad = (block - (plaintext.count + 1) % block) % block
        return plaintext + [UInt8](repeating: 0, count: pad) + [UInt8(pad)]
    }

    private func sealOne(
        header: IKEHeader, first: PayloadType, plaintext: [UInt8], fragment: (number: UInt16, total: UInt16)?,
        protection: PacketProtection, random: inout some RandomSource
    ) throws(CryptoError) -> [UInt8] {
        let padded = padded(plaintext, protection)
        let vector: [UInt8]
        if protection.blockLength == 1, protection.ivLength == 8 {
            // Counter modes need a vector that never repeats, CBC one that cannot be foreseen.
            vectorCounter &+= 1
            vector = withUnsafeBytes(of: vectorCounter.bigEndian) { Array($0) }
        } else {
            vector = random.octets(protection.ivLength)
        }
        let prefix = Message.protectedPrefix(
            header: header, inner: first, bodyCount: protection.ivLength + padded.count + protection.icvLength,
            fragment: fragment)
        return prefix + (try protection.seal(header: prefix, plaintext: padded, iv: vector))
    }

    /// The plaintext of a protected payload, its padding removed; nil where it is not authentic.
    func open(_ protected: ProtectedPayload, keys: IKEKeys) -> [UInt8]? {
        let sender: Role = role == .initiator ? .responder : .initiator
        let protection = keys.protection(sentBy: sender)
        guard let padded = try? protection.open(header: protected.prefix, body: protected.body),
            let pad = padded.last, Int(pad) < padded.count
        else { return nil }
        return Array(padded.dropLast(Int(pad) + 1))
    }
}
