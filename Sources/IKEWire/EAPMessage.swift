/// What an EAP message is (RFC 3748 §4).
package struct EAPCode: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let request = EAPCode(1)
    package static let response = EAPCode(2)
    package static let success = EAPCode(3)
    package static let failure = EAPCode(4)

    package static let names: [UInt8: String] = [1: "Request", 2: "Response", 3: "Success", 4: "Failure"]
}

/// What an EAP request asks for (RFC 3748 §5).
package struct EAPType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let identity = EAPType(1)
    package static let notification = EAPType(2)
    /// In a response alone: the peer wants another method.
    package static let nak = EAPType(3)
    /// RFC 5216, RFC 9190.
    package static let tls = EAPType(13)
    package static let mschapV2 = EAPType(26)

    package static let names: [UInt8: String] = [
        1: "Identity", 2: "Notification", 3: "Nak", 4: "MD5-Challenge", 6: "GTC", 13: "TLS", 21: "TTLS", 25: "PEAP",
        26: "MSCHAPv2",
    ]
}

/// The message in an EAP payload (RFC 7296 §3.16, RFC 3748 §4): 4 octets, and for a request or a response a type and its
/// data behind them.
package struct EAPMessage: Hashable, Sendable {
    package var code: EAPCode
    /// A response has that of its request (RFC 3748 §4.1).
    package var identifier: UInt8
    /// nil for Success and Failure.
    package var type: EAPType?
    /// At most 65530 octets.
    package var data: [UInt8]

    package init(_ code: EAPCode, identifier: UInt8, type: EAPType? = nil, data: [UInt8] = []) {
        self.code = code
        self.identifier = identifier
        self.type = type
        self.data = data
    }

    /// - Throws: `truncated` where a request or a response has no type; `length` where the Length field is not that of the
    ///   octets, or where octets stand behind a Success or a Failure; `value` for another code.
    package init(parsing octets: [UInt8]) throws(WireError) {
        var reader = WireReader(octets)
        code = EAPCode(try reader.uint8("EAP Code"))
        identifier = try reader.uint8("EAP Identifier")
        let length = Int(try reader.uint16("EAP Length"))
        guard length == octets.count else {
            throw WireError(.length, offset: 2, expected: "an EAP Length of \(octets.count)", found: "\(length)")
        }
        switch code {
        case .request, .response:
            type = EAPType(try reader.uint8("EAP Type"))
            data = reader.rest()
        case .success, .failure:
            data = []
            try reader.finish("the EAP message")
        default:
            throw WireError(.value, offset: 0, expected: "an EAP Code of 1...4", found: "\(code.rawValue)")
        }
    }

    package var octets: [UInt8] {
        let length = 4 + (type == nil ? 0 : 1) + data.count
        var writer = WireWriter(capacity: length)
        writer.write(code.rawValue)
        writer.write(identifier)
        writer.write(UInt16(length))
        if let type { writer.write(type.rawValue) }
        writer.write(data)
        return writer.octets
    }
}
