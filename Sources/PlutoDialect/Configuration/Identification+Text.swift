import IKECrypto
import IKEModel
package import IKEWire
import NetAddress

/// The ways in which pluto writes identities.
extension Identification {
    /// `@west`, `@#6b6579` or `@[name]` (opaque), `user@host`, an address, `%null`, a bare name.
    ///
    /// `C=CA, CN=west`: a distinguished name. nil for an empty one, and a distinguished name that cannot be read.
    package init?(plutoText text: String) {
        if text == "%null" {
            self.init(type: .null, data: [])
        } else if text.hasPrefix("@#") {
            guard let octets = Identification.hexadecimal(text.dropFirst(2)), !octets.isEmpty else { return nil }
            self.init(type: .keyID, data: octets)
        } else if text.hasPrefix("@["), text.hasSuffix("]"), text.utf8.count > 3 {
            self.init(type: .keyID, data: Array(text.dropFirst(2).dropLast().utf8))
        } else if text.hasPrefix("@") {
            let name = text.hasPrefix("@@") ? text.dropFirst(2) : text.dropFirst()
            guard !name.isEmpty else { return nil }
            self.init(type: name.contains("@") ? .rfc822Address : .fqdn, data: Array(name.utf8))
        } else if let address = IPAddress(text) {
            self.init(address: address)
        } else if text.isEmpty || text.hasPrefix("%") {
            return nil
        } else if text.contains("=") {
            guard let name = DistinguishedName(text: text) else { return nil }
            self.init(name)
        } else {
            self.init(type: text.contains("@") ? .rfc822Address : .fqdn, data: Array(text.utf8))
        }
    }

    /// As pluto prints it: `@west`, `user@host`, `192.0.2.1`, `@#0x6b6579`, `ID_NULL`; never an octet outside printable
    /// ASCII, because a peer chose it.
    package var plutoText: String {
        switch type {
        case .fqdn: "@" + Identification.printable(data)
        case .rfc822Address: Identification.printable(data)
        case .ipv4Address, .ipv6Address: IPAddress(octets: data)?.description ?? "<invalid>"
        case .null: "ID_NULL"
        case .derASN1DN: distinguishedName?.text ?? "@#0x" + data.map { Identification.hexadecimal($0) }.joined()
        case .keyID: "@#0x" + data.map { Identification.hexadecimal($0) }.joined()
        default: "@#0x" + data.map { Identification.hexadecimal($0) }.joined()
        }
    }

    /// The form's name as pluto prints it: `FQDN`, `IPV4_ADDR`, …
    package var plutoTypeName: String {
        let name = type.name
        return name.hasPrefix("ID_") ? String(name.dropFirst(3)) : name
    }

    private static func printable(_ octets: [UInt8]) -> String {
        octets.map { (0x20..<0x7f).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }.joined()
    }

    private static func hexadecimal(_ octet: UInt8) -> String {
        (octet < 16 ? "0" : "") + String(octet, radix: 16)
    }

    private static func hexadecimal(_ text: Substring) -> [UInt8]? {
        let digits = Array((text.hasPrefix("0x") ? text.dropFirst(2) : text).utf8)
        guard digits.count % 2 == 0 else { return nil }
        var result: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard digits[index] != UInt8(ascii: "+"), digits[index] != UInt8(ascii: "-"),
                let octet = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16)
            else { return nil }
            result.append(octet)
        }
        return result
    }
}
