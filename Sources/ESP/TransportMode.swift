/// Transport mode (RFC 4303 §3.1.1): ESP between a packet's IP headers and what they carry. The payload stays where it
/// is and the few octets of the headers move.
extension OutboundSA {
    /// Seals the IP packet that stands at `headerLength` in `buffer` with `packetLength` octets.
    /// - Returns: the length of the new IP packet, which begins at the start of `buffer`.
    /// - Throws: `ESPError.notIP`, and what `seal` throws.
    package mutating func sealTransport(
        _ buffer: UnsafeMutableRawBufferPointer, packetLength: Int
    ) throws(ESPError) -> Int {
        guard buffer.count >= headerLength + packetLength else {
            throw .noRoom(needed: headerLength + packetLength, got: buffer.count)
        }
        let packet = UnsafeRawBufferPointer(rebasing: buffer[headerLength..<headerLength + packetLength])
        guard let headers = IPHeaders(packet) else { throw .notIP }
        let payloadLength = headers.totalLength - headers.length
        let needed = headers.length + sealedLength(payloadLength: payloadLength)
        guard buffer.count >= needed else { throw .noRoom(needed: needed, got: buffer.count) }
        guard needed <= 65535 else { throw .noRoom(needed: needed, got: 65535) }
        let start = buffer.baseAddress!
        start.copyMemory(from: start + headerLength, byteCount: headers.length)
        let sealed = try seal(
            UnsafeMutableRawBufferPointer(rebasing: buffer[headers.length...]), payloadLength: payloadLength,
            nextHeader: headers.nextHeader)
        headers.rewrite(buffer, nextHeader: IPHeaders.ProtocolNumber.esp, totalLength: headers.length + sealed)
        return headers.length + sealed
    }
}

extension InboundSA {
    /// Opens an IP packet that carries ESP behind its headers.
    /// - Returns: where the IP packet as it was before ESP lies in `packet` now.
    /// - Throws: `ESPError.notIP` for a packet without ESP, and what `open` throws.
    package mutating func openTransport(_ packet: UnsafeMutableRawBufferPointer) throws(ESPError) -> Range<Int> {
        guard let headers = IPHeaders(UnsafeRawBufferPointer(packet)),
            headers.nextHeader == IPHeaders.ProtocolNumber.esp
        else { throw .notIP }
        let opened = try open(UnsafeMutableRawBufferPointer(rebasing: packet[headers.length..<headers.totalLength]))
        let shift = opened.payload.lowerBound
        let restored = shift..<headers.length + opened.payload.upperBound
        let start = packet.baseAddress!
        (start + shift).copyMemory(from: start, byteCount: headers.length)
        headers.rewrite(
            UnsafeMutableRawBufferPointer(rebasing: packet[restored]), nextHeader: opened.nextHeader,
            totalLength: restored.count)
        return restored
    }
}
