/// The Notify payload (RFC 7296 §3.10).
package struct NotifyPayload: Hashable, Sendable {
    /// Of the SA that `spi` names; `none`, ignored on receipt, where that is empty.
    package var protocolID: ProtocolID
    /// Empty, or 4 octets of AH or ESP (8 of an IKE SA in extensions); at most 255.
    package var spi: [UInt8]
    package var type: NotifyType
    package var data: [UInt8]

    package init(protocolID: ProtocolID = .none, spi: [UInt8] = [], type: NotifyType, data: [UInt8] = []) {
        self.protocolID = protocolID
        self.spi = spi
        self.type = type
        self.data = data
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        protocolID = ProtocolID(try reader.uint8("Protocol ID"))
        let size = Int(try reader.uint8("SPI Size"))
        type = NotifyType(try reader.uint16("Notify Message Type"))
        spi = try reader.octets(size, "SPI")
        data = reader.rest()
    }

    func write(to writer: inout WireWriter) {
        writer.write(protocolID.rawValue)
        writer.write(count: spi.count, octetsOf: "an SPI")
        writer.write(type.rawValue)
        writer.write(spi)
        writer.write(data)
    }
}

extension NotifyPayload: CustomStringConvertible {
    /// `N(AUTHENTICATION_FAILED)`.
    package var description: String { "N(\(type))" }
}
