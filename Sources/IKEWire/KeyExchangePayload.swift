/// The Key Exchange payload (RFC 7296 §3.4): a public value.
package struct KeyExchangePayload: Hashable, Sendable {
    /// The transform ID (type 4, or an additional one of RFC 9370) that the value belongs to.
    package var group: UInt16
    /// At least one octet; how many is the group's to say.
    package var data: [UInt8]

    package init(group: UInt16, data: [UInt8]) {
        self.group = group
        self.data = data
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        group = try reader.uint16("Key Exchange Method")
        try reader.skip(2, "KE payload: reserved")
        guard !reader.isAtEnd else {
            throw WireError(.length, offset: reader.offset, expected: "Key Exchange Data", found: "none")
        }
        data = reader.rest()
    }

    func write(to writer: inout WireWriter) {
        writer.write(group)
        writer.write(UInt16(0))
        writer.write(data)
    }
}
