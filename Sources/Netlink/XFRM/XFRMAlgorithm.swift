import CNetlink

/// An algorithm of a state, by the name that the kernel's crypto knows it by, with its key.
package enum XFRMAlgorithm: Hashable, Sendable {
    /// `rfc4106(gcm(aes))`: the key with its salt behind it, the ICV in bits.
    case aead(String, key: [UInt8], icvBits: UInt32)
    /// `hmac(sha256)`: the ICV's length in bits is said, as the kernel's own default for some is another.
    case authentication(String, key: [UInt8], icvBits: UInt32)
    /// `cbc(aes)`
    case encryption(String, key: [UInt8])

    package var name: String {
        switch self {
        case .aead(let name, _, _), .authentication(let name, _, _), .encryption(let name, _): name
        }
    }

    package var key: [UInt8] {
        switch self {
        case .aead(_, let key, _), .authentication(_, let key, _), .encryption(_, let key): key
        }
    }

    /// struct xfrm_algo: name[64], bits of key, the key.
    private static let plainHeader = 68
    /// struct xfrm_algo_aead and xfrm_algo_auth: name[64], bits of key, bits of ICV, the key.
    private static let truncatedHeader = 72

    /// - Precondition: the name has less than 64 octets.
    func write(to message: borrowing NetlinkMessageBuilder) {
        let text = Array(name.utf8)
        precondition(text.count < 64, "an algorithm is called \(name)")
        var octets = text + [UInt8](repeating: 0, count: 64 - text.count) + UInt32(key.count * 8).octets
        let type: Int
        switch self {
        case .aead(_, _, let bits):
            octets += bits.octets
            type = Int(XFRMA_ALG_AEAD.rawValue)
        case .authentication(_, _, let bits):
            octets += bits.octets
            type = Int(XFRMA_ALG_AUTH_TRUNC.rawValue)
        case .encryption: type = Int(XFRMA_ALG_CRYPT.rawValue)
        }
        message.attribute(type, octets + key)
    }

    /// The algorithms among a state's attributes, as iproute2 lists them; what is cut short is left out.
    static func all(in attributes: [Int: ArraySlice<UInt8>]) -> [XFRMAlgorithm] {
        var result: [XFRMAlgorithm] = []
        func take(
            _ type: xfrm_attr_type_t, header: Int, _ make: (String, [UInt8], UInt32) -> XFRMAlgorithm
        ) {
            guard let octets = attributes[Int(type.rawValue)], octets.count >= header else { return }
            let bits: UInt32 = octets.number(at: 64)
            let key = octets.dropFirst(header)
            guard key.count == (Int(bits) + 7) / 8 else { return }
            result.append(make(octets.prefix(64).text, Array(key), header > 68 ? octets.number(at: 68) : 0))
        }
        take(XFRMA_ALG_AEAD, header: truncatedHeader) { .aead($0, key: $1, icvBits: $2) }
        take(XFRMA_ALG_AUTH_TRUNC, header: truncatedHeader) { .authentication($0, key: $1, icvBits: $2) }
        take(XFRMA_ALG_CRYPT, header: plainHeader) { name, key, _ in .encryption(name, key: key) }
        return result
    }
}

extension XFRMAlgorithm: CustomStringConvertible {
    /// Without its key, which no log is to have.
    package var description: String { "\(name) \(key.count * 8) bits" }
}

extension UInt32 {
    /// 4 octets in the machine's order.
    var octets: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
