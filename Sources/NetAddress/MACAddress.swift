/// An Ethernet address: six octets.
package struct MACAddress: Hashable, Sendable {
    package let octets: [UInt8]

    /// nil for any count but 6.
    package init?(octets: [UInt8]) {
        guard octets.count == 6 else { return nil }
        self.octets = octets
    }
}

extension MACAddress: LosslessStringConvertible {
    /// `12:00:00:64:64:45`: six parts of two hexadecimal digits.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in
            part.utf8.count == 2 && part.first != "+" && part.first != "-" ? UInt8(part, radix: 16) : nil
        }
        guard octets.count == parts.count else { return nil }
        self.init(octets: octets)
    }

    package var description: String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
