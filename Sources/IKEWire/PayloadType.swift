/// What the Next Payload field names (RFC 7296 §3.2).
package struct PayloadType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// No next payload: the end of a chain.
    package static let none = PayloadType(0)
    package static let securityAssociation = PayloadType(33)
    package static let keyExchange = PayloadType(34)
    package static let identificationInitiator = PayloadType(35)
    package static let identificationResponder = PayloadType(36)
    package static let certificate = PayloadType(37)
    package static let certificateRequest = PayloadType(38)
    package static let authentication = PayloadType(39)
    package static let nonce = PayloadType(40)
    package static let notify = PayloadType(41)
    package static let delete = PayloadType(42)
    package static let vendorID = PayloadType(43)
    package static let trafficSelectorsInitiator = PayloadType(44)
    package static let trafficSelectorsResponder = PayloadType(45)
    package static let encrypted = PayloadType(46)
    package static let configuration = PayloadType(47)
    package static let eap = PayloadType(48)
    /// RFC 7383 §2.5.
    package static let encryptedFragment = PayloadType(53)

    /// The notations of the RFCs. One number stands for both nonces: `Ni` here, as in libreswan's logs; a list of
    /// the payloads of a response says `Nr` (`Payload.list`).
    package static let names: [UInt8: String] = [
        0: "NONE", 33: "SA", 34: "KE", 35: "IDi", 36: "IDr", 37: "CERT", 38: "CERTREQ", 39: "AUTH", 40: "Ni", 41: "N",
        42: "D", 43: "V", 44: "TSi", 45: "TSr", 46: "SK", 47: "CP", 48: "EAP", 49: "GSPM", 50: "IDg", 51: "GSA",
        52: "KD", 53: "SKF", 54: "PS",
    ]

    /// Whether it holds other payloads, encrypted, and therefore ends a message.
    package var isProtected: Bool { self == .encrypted || self == .encryptedFragment }
}
