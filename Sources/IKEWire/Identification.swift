/// The form of an identity (RFC 7296 §3.5).
package struct IdentificationType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let ipv4Address = IdentificationType(1)
    package static let fqdn = IdentificationType(2)
    package static let rfc822Address = IdentificationType(3)
    package static let ipv6Address = IdentificationType(5)
    package static let derASN1DN = IdentificationType(9)
    package static let derASN1GN = IdentificationType(10)
    package static let keyID = IdentificationType(11)
    /// RFC 7619.
    package static let null = IdentificationType(13)

    package static let names: [UInt8: String] = [
        1: "ID_IPV4_ADDR", 2: "ID_FQDN", 3: "ID_RFC822_ADDR", 5: "ID_IPV6_ADDR", 9: "ID_DER_ASN1_DN",
        10: "ID_DER_ASN1_GN", 11: "ID_KEY_ID", 12: "ID_FC_NAME", 13: "ID_NULL",
    ]
}

/// An Identification payload (RFC 7296 §3.5): who the sender is, or wants to speak to.
package struct Identification: Sendable {
    package var type: IdentificationType
    /// 4 or 16 octets for an address; text without a terminator; DER; or opaque octets.
    package var data: [UInt8]
    /// The three reserved octets as they came, in the low 24 bits: ignored (§2.5), but MACed as sent (§2.15).
    private var reserved: UInt32 = 0

    package init(type: IdentificationType, data: [UInt8]) {
        self.type = type
        self.data = data
    }

    /// The payload behind its generic header: type, three reserved octets, data; what `prf(SK_px, …)` takes
    /// (RFC 7296 §2.15).
    package var body: [UInt8] {
        var writer = WireWriter(capacity: 4 + data.count)
        write(to: &writer)
        return writer.octets
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        let first = try reader.uint32("ID Type and reserved octets")
        type = IdentificationType(UInt8(first >> 24))
        reserved = first & 0xff_ffff
        let size: Int? = type == .ipv4Address ? 4 : type == .ipv6Address ? 16 : nil
        if let size, reader.remaining != size {
            throw WireError(
                .length, offset: reader.offset, expected: "\(size) octets of \(type)", found: "\(reader.remaining)")
        }
        data = reader.rest()
    }

    func write(to writer: inout WireWriter) {
        writer.write(UInt32(type.rawValue) << 24 | reserved)
        writer.write(data)
    }
}

extension Identification: Hashable {
    /// Reserved octets make no other identity.
    package static func == (left: Identification, right: Identification) -> Bool {
        left.type == right.type && left.data == right.data
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(data)
    }
}
