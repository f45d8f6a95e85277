/// An Encrypted payload (RFC 7296 §3.14) or an Encrypted Fragment payload (RFC 7383 §2.5), not yet decrypted.
package struct ProtectedPayload: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case encrypted
        /// number: 1...total.
        case fragment(number: UInt16, total: UInt16)
    }

    package var kind: Kind
    /// The type of the first payload inside; none where nothing is inside, or in a fragment other than the first.
    package var innerFirst: PayloadType
    /// The octets of the message before `body`: from the IKE header through the payload's generic header and, in a
    /// fragment, its numbers. An AEAD takes them as associated data (RFC 5282 §5.1), a MAC covers them with the body.
    package var prefix: [UInt8]
    /// Initialization vector, ciphertext and integrity check value: the rest of the message.
    package var body: [UInt8]

    package init(kind: Kind, innerFirst: PayloadType, prefix: [UInt8], body: [UInt8]) {
        self.kind = kind
        self.innerFirst = innerFirst
        self.prefix = prefix
        self.body = body
    }

    package var type: PayloadType { kind == .encrypted ? .encrypted : .encryptedFragment }
}
