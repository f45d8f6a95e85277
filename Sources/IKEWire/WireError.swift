/// Why some octets are not the message that they should be: what was expected, what came, and where.
package struct WireError: Error, Hashable, Sendable {
    /// The kinds of fault; all are the peer's (or the path's), never the caller's.
    package enum Code: Hashable, Sendable {
        /// The octets end inside a field.
        case truncated
        /// Octets are left where everything should have been consumed.
        case leftover
        /// A length, size or count field disagrees with what it describes, or with the RFC's range.
        case length
        /// A field has a value that the RFC forbids.
        case value
        /// A payload stands where it may not: behind or inside an Encrypted payload (RFC 7296 §3.14).
        case order
        /// More parts than any real message has (see `WireLimit`).
        case limit
        /// The major version is not 2 (RFC 7296 §2.5).
        case majorVersion
    }

    package let code: Code
    /// Octets from the start of what was parsed: of the IKE header, or of an Encrypted payload's plaintext.
    package let offset: Int
    package let expected: String
    package let found: String

    package init(_ code: Code, offset: Int, expected: String, found: String) {
        self.code = code
        self.offset = offset
        self.expected = expected
        self.found = found
    }
}

extension WireError {
    /// The notification that answers this fault where one may be sent (RFC 7296 §2.21, §3.10.1).
    package var notifyType: NotifyType { code == .majorVersion ? .invalidMajorVersion : .invalidSyntax }
}

extension WireError: CustomStringConvertible {
    /// `expected 16...256 octets of nonce, found 15 at octet 28`.
    package var description: String { "expected \(expected), found \(found) at octet \(offset)" }
}

/// What the parser refuses to go beyond, so that no datagram costs more than its length. Real messages stay far below.
package enum WireLimit {
    /// Octets in one message: the most that UDP, and the length prefix of RFC 9329 §3, can carry.
    package static let messageOctets = 65535
    /// Payloads in one chain. Long certificate chains and CERTREQ lists have some tens.
    package static let payloads = 256
    /// Transforms in one SA payload, over all its proposals. libreswan's whole default list has about 60.
    package static let transforms = 2048
    /// Attributes in one transform; only Key Length is defined (RFC 7296 §3.3.5), once.
    package static let transformAttributes = 16
    /// Attributes in one Configuration payload.
    package static let configurationAttributes = 1024
}
