import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Identities as strongSwan writes and prints them.
enum IdentityText {
    /// nil for `%any`. `@name` is an ID_FQDN, `@@x` an ID_RFC822_ADDR, `@#hex` an ID_KEY_ID; without a mark an address is
    /// one, text with an @ is an ID_RFC822_ADDR, all else an ID_FQDN.
    static func parse(_ text: String) -> Identification? {
        if text == "%any" || text.isEmpty { return nil }
        if let address = IPAddress(text) { return Identification(address: address) }
        if text.hasPrefix("@#") {
            let digits = Array(text.utf8.dropFirst(2))
            let octets = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
            }
            if digits.count % 2 == 0, octets.count == digits.count / 2 {
                return Identification(type: .keyID, data: octets)
            }
        }
        if text.hasPrefix("@@") { return Identification(type: .rfc822Address, data: Array(text.utf8.dropFirst(2))) }
        if text.hasPrefix("@") { return Identification(type: .fqdn, data: Array(text.utf8.dropFirst())) }
        if text.contains("="), let name = DistinguishedName(text: text) { return Identification(name) }
        return Identification(type: text.contains("@") ? .rfc822Address : .fqdn, data: Array(text.utf8))
    }

    /// 4 or 16 octets.
    static func address(_ octets: [UInt8]) -> String { IPAddress(octets: octets[...])?.description ?? "(invalid)" }

    static func text(_ identification: Identification?) -> String {
        guard let identification else { return "%any" }
        switch identification.type {
        case .ipv4Address, .ipv6Address: return IPAddress(octets: identification.data)?.description ?? "(invalid ID)"
        case .fqdn, .rfc822Address:
            return String(decoding: identification.data.map { (0x20...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
        case .derASN1DN where identification.distinguishedName != nil: return identification.distinguishedName!.text
        default:
            return identification.data.map { octet in
                let digits = String(octet, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined(separator: ":")
        }
    }
}
