/// How a peer proves its identity (RFC 7296 §3.8).
package struct AuthenticationMethod: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let rsaDigitalSignature = AuthenticationMethod(1)
    package static let sharedKeyMIC = AuthenticationMethod(2)
    package static let dssDigitalSignature = AuthenticationMethod(3)
    package static let ecdsa256 = AuthenticationMethod(9)
    package static let ecdsa384 = AuthenticationMethod(10)
    package static let ecdsa521 = AuthenticationMethod(11)
    package static let genericSecurePassword = AuthenticationMethod(12)
    /// RFC 7619.
    package static let null = AuthenticationMethod(13)
    /// RFC 7427.
    package static let digitalSignature = AuthenticationMethod(14)

    package static let names: [UInt8: String] = [
        1: "RSA Digital Signature", 2: "Shared Key Message Integrity Code", 3: "DSS Digital Signature",
        9: "ECDSA with SHA-256 on the P-256 curve", 10: "ECDSA with SHA-384 on the P-384 curve",
        11: "ECDSA with SHA-512 on the P-521 curve", 12: "Generic Secure Password Authentication Method",
        13: "NULL Authentication", 14: "Digital Signature",
    ]
}

/// The Authentication payload (RFC 7296 §3.8).
package struct AuthenticationPayload: Hashable, Sendable {
    package var method: AuthenticationMethod
    package var data: [UInt8]

    package init(method: AuthenticationMethod, data: [UInt8]) {
        self.method = method
        self.data = data
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        method = AuthenticationMethod(try reader.uint8("Auth Method"))
        try reader.skip(3, "AUTH payload: reserved")
        data = reader.rest()
    }

    func write(to writer: inout WireWriter) {
        writer.write(method.rawValue)
        writer.writeZeros(3)
        writer.write(data)
    }
}

/// The data of an Authentication payload of method 14 (RFC 7427 §3).
package struct DigitalSignatureData: Hashable, Sendable {
    /// A DER AlgorithmIdentifier: 1...255 octets.
    package var algorithmIdentifier: [UInt8]
    package var signature: [UInt8]

    package init(algorithmIdentifier: [UInt8], signature: [UInt8]) {
        self.algorithmIdentifier = algorithmIdentifier
        self.signature = signature
    }

    /// - Throws: `truncated`, or `length` for an empty AlgorithmIdentifier or signature.
    package init(parsing octets: [UInt8]) throws(WireError) {
        var reader = WireReader(octets)
        let length = Int(try reader.uint8("ASN.1 Length"))
        algorithmIdentifier = try reader.octets(length, "AlgorithmIdentifier")
        guard length > 0, !reader.isAtEnd else {
            throw WireError(
                .length, offset: reader.offset, expected: "an AlgorithmIdentifier and a signature", found: "none")
        }
        signature = reader.rest()
    }

    package var octets: [UInt8] {
        var writer = WireWriter(capacity: 1 + algorithmIdentifier.count + signature.count)
        writer.write(count: algorithmIdentifier.count, octetsOf: "an AlgorithmIdentifier")
        writer.write(algorithmIdentifier)
        writer.write(signature)
        return writer.octets
    }
}
