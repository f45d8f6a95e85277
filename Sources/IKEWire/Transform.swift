/// One algorithm that a proposal offers (RFC 7296 §3.3.2): at least 8 octets.
package struct Transform: Hashable, Sendable {
    package var type: TransformType
    /// Its meaning depends on the type; see `TransformID`.
    package var id: UInt16
    /// In the order of the wire; a peer that repeats one, which §3.3 forbids, can be told from one that does not.
    package var attributes: [TransformAttribute]

    package init(type: TransformType, id: UInt16, attributes: [TransformAttribute] = []) {
        self.type = type
        self.id = id
        self.attributes = attributes
    }

    /// - Parameter keyLength: Bits (RFC 7296 §3.3.5); nil for an algorithm without the attribute.
    package init(type: TransformType, id: UInt16, keyLength: UInt16?) {
        self.init(type: type, id: id, attributes: keyLength.map { [.keyLength($0)] } ?? [])
    }

    /// The Key Length in bits; nil where there is none, or where it is not a single 16-bit value (§3.3.5).
    package var keyLength: UInt16? {
        let lengths = attributes.filter { $0.type == TransformAttribute.keyLengthType }
        guard lengths.count == 1, case .short(let bits) = lengths[0].value else { return nil }
        return bits
    }

    /// Whether every attribute is understood: none, or one Key Length. A transform with others MUST be treated as
    /// not supported (RFC 7296 §3.3.6).
    package var hasOnlyKnownAttributes: Bool {
        attributes.isEmpty || attributes.count == 1 && keyLength != nil
    }

    package var name: String { TransformID.name(id, of: type) }
}

extension Transform: CustomStringConvertible {
    /// `ENCR=ENCR_AES_GCM_16_256`.
    package var description: String { "\(type)=\(name)" + (keyLength.map { "_\($0)" } ?? "") }
}

/// A property of a transform (RFC 7296 §3.3.5).
package struct TransformAttribute: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        /// AF = 1: two octets in place.
        case short(UInt16)
        /// AF = 0: 0...65535 octets with a length before them.
        case long([UInt8])
    }

    /// 0...32767.
    package let type: UInt16
    package let value: Value

    package static let keyLengthType: UInt16 = 14

    package init(type: UInt16, value: Value) {
        precondition(type <= 0x7fff, "the upper bit of an attribute's type is its format")
        self.type = type
        self.value = value
    }

    package static func keyLength(_ bits: UInt16) -> TransformAttribute {
        TransformAttribute(type: keyLengthType, value: .short(bits))
    }
}

extension TransformAttribute {
    init(parsing reader: inout WireReader) throws(WireError) {
        let head = try reader.uint16("attribute type")
        let second = try reader.uint16("attribute value or length")
        type = head & 0x7fff
        value = head & 0x8000 != 0 ? .short(second) : .long(try reader.octets(Int(second), "attribute value"))
    }

    func write(to writer: inout WireWriter) {
        switch value {
        case .short(let number):
            writer.write(type | 0x8000)
            writer.write(number)
        case .long(let octets):
            precondition(octets.count <= UInt16.max, "an attribute's value does not fit its length field")
            writer.write(type)
            writer.write(UInt16(octets.count))
            writer.write(octets)
        }
    }
}

extension Transform {
    /// "More" in a transform's Last Substruc field: IKEv1's payload type of a transform.
    private static let more: UInt8 = 3

    /// - Parameter isLast: What the proposal's count says; the substructure must say the same.
    init(parsing reader: inout WireReader, isLast: Bool) throws(WireError) {
        let start = reader.offset
        let marker = try reader.uint8("transform: Last Substruc")
        guard marker == (isLast ? 0 : Transform.more) else {
            throw WireError(
                .value, offset: start, expected: "Last Substruc \(isLast ? 0 : Transform.more) of a transform",
                found: "\(marker)")
        }
        try reader.skip(1, "transform: reserved")
        let length = Int(try reader.uint16("Transform Length"))
        guard length >= 8 else {
            throw WireError(
                .length, offset: start + 2, expected: "a Transform Length of at least 8", found: "\(length)")
        }
        var body = try reader.reader(length - 4, "transform")
        type = TransformType(try body.uint8("Transform Type"))
        try body.skip(1, "transform: reserved")
        id = try body.uint16("Transform ID")
        attributes = []
        while !body.isAtEnd {
            guard attributes.count < WireLimit.transformAttributes else {
                throw WireError(
                    .limit, offset: body.offset, expected: "at most \(WireLimit.transformAttributes) attributes",
                    found: "more")
            }
            attributes.append(try TransformAttribute(parsing: &body))
        }
    }

    func write(to writer: inout WireWriter, isLast: Bool) {
        let start = writer.count
        writer.write(isLast ? 0 : Transform.more)
        writer.write(UInt8(0))
        writer.write(UInt16(0))
        writer.write(type.rawValue)
        writer.write(UInt8(0))
        writer.write(id)
        for attribute in attributes { attribute.write(to: &writer) }
        writer.setLength16(at: start + 2, from: start)
    }
}
