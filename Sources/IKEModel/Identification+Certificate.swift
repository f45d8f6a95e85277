package import IKECrypto
package import IKEWire

extension Identification {
    /// ID_DER_ASN1_DN (RFC 7296 §3.5).
    package init(_ name: DistinguishedName) { self.init(type: .derASN1DN, data: name.der) }

    /// The name of an ID_DER_ASN1_DN; nil for other forms, and where it is malformed.
    package var distinguishedName: DistinguishedName? {
        type == .derASN1DN ? try? DistinguishedName(der: data) : nil
    }

    /// Whether an identity is the one that is meant here: the same, or the same distinguished name in another encoding; a
    /// name's value `*` means any.
    package func admits(_ other: Identification) -> Bool {
        if self == other { return true }
        guard let mine = distinguishedName, let theirs = other.distinguishedName else { return false }
        return mine.admits(theirs)
    }
}

extension Certificate {
    /// Whether its owner may call itself so: the subject, or a name of subjectAltName (RFC 4945 §3.1).
    package func carries(_ identification: Identification) -> Bool {
        func folded(_ octets: [UInt8]) -> [UInt8] { octets.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 } }
        switch identification.type {
        case .derASN1DN:
            guard let name = identification.distinguishedName else { return false }
            return name == subject || alternativeNames.contains(.directory(name))
        case .fqdn:
            return alternativeNames.contains {
                if case .dns(let name) = $0 { folded(name) == folded(identification.data) } else { false }
            }
        case .rfc822Address:
            return alternativeNames.contains {
                if case .email(let name) = $0 { folded(name) == folded(identification.data) } else { false }
            }
        case .ipv4Address, .ipv6Address: return alternativeNames.contains(.address(identification.data))
        default: return false
        }
    }
}
