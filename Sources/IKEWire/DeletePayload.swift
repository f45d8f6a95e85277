/// The Delete payload (RFC 7296 §3.11).
package struct DeletePayload: Hashable, Sendable {
    package var protocolID: ProtocolID
    /// None for the IKE SA; 4 octets each, as the sender expects them inbound, for AH and ESP. All of one size.
    package var spis: [[UInt8]]

    package init(protocolID: ProtocolID, spis: [[UInt8]] = []) {
        self.protocolID = protocolID
        self.spis = spis
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        let start = reader.offset
        protocolID = ProtocolID(try reader.uint8("Protocol ID"))
        let size = Int(try reader.uint8("SPI Size"))
        let count = Int(try reader.uint16("Num of SPIs"))
        let right: Int? = protocolID == .ike ? 0 : protocolID == .ah || protocolID == .esp ? 4 : nil
        if let right, size != right {
            throw WireError(
                .length, offset: start + 1, expected: "SPI Size \(right) of \(protocolID)", found: "\(size)")
        }
        guard size * count == reader.remaining, size > 0 || count == 0 else {
            throw WireError(
                .length, offset: start + 2, expected: "\(count) SPIs of \(size) octets",
                found: "\(reader.remaining) octets")
        }
        spis = []
        spis.reserveCapacity(count)
        for _ in 0..<count { spis.append(try reader.octets(size, "SPI")) }
    }

    func write(to writer: inout WireWriter) {
        let size = spis.first?.count ?? (protocolID == .ah || protocolID == .esp ? 4 : 0)
        precondition(spis.count <= UInt16.max && spis.allSatisfy { $0.count == size }, "SPIs of different sizes")
        writer.write(protocolID.rawValue)
        writer.write(count: size, octetsOf: "an SPI")
        writer.write(UInt16(spis.count))
        for spi in spis { writer.write(spi) }
    }
}
