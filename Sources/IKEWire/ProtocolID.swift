/// The protocol that a proposal, notification or deletion is about (RFC 7296 §3.3.1).
package struct ProtocolID: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Of a notification without an SPI (RFC 7296 §3.10).
    package static let none = ProtocolID(0)
    package static let ike = ProtocolID(1)
    package static let ah = ProtocolID(2)
    package static let esp = ProtocolID(3)

    package static let names: [UInt8: String] = [
        0: "NONE", 1: "IKE", 2: "AH", 3: "ESP", 4: "FC_ESP_HEADER", 5: "FC_CT_AUTHENTICATION", 6: "GIKE_UPDATE",
    ]
}
