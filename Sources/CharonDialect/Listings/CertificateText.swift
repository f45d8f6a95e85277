import DialectKit
import IKECrypto

/// Certificates, lists and keys as charon's listings and `pki --print` describe them.
struct CertificateText {
    /// Seconds since 1970.
    var now: Int64

    static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    private static func time(_ seconds: Int64) -> String { CalendarText(seconds).text("%b %d %T %Y") }

    /// `ok (expires in 999 days)`, `expired (2 hours ago)`.
    private static func left(until end: Int64, now: Int64) -> String {
        now > end ? "expired (\(TimeText.span(now - end)) ago)" : "ok (expires in \(TimeText.span(end - now)))"
    }

    func lines(_ certificate: Certificate, isOwned: Bool) -> [String] {
        let key = certificate.publicKey
        var lines = [
            "  subject:  \"\(certificate.subject.text)\"", "  issuer:   \"\(certificate.issuer.text)\"",
            "  validity:  not before \(Self.time(certificate.notBefore)), "
                + (now < certificate.notBefore
                    ? "not valid yet (valid in \(TimeText.span(certificate.notBefore - now)))" : "ok"),
            "             not after  \(Self.time(certificate.notAfter)), "
                + Self.left(until: certificate.notAfter, now: now),
            "  serial:    \(Self.hexadecimal(certificate.serialNumber))",
        ]
        let names = certificate.alternativeNames.map(Self.text)
        if !names.isEmpty { lines.append("  altNames:  \(names.joined(separator: ", "))") }
        var flags = ""
        if certificate.isAuthority { flags += "CA " }
        if certificate.maySignLists { flags += "CRLSign " }
        if certificate.isSelfIssued { flags += "self-signed " }
        lines.append("  flags:     \(flags)")
        if !certificate.isSelfIssued, let identifier = certificate.authorityKeyIdentifier {
            lines.append("  authkeyId: \(Self.hexadecimal(identifier))")
        }
        // Without the extension it is what authorities make of the key.
        lines.append("  subjkeyId: \(Self.hexadecimal(certificate.subjectKeyIdentifier ?? key.bitsHash))")
        var own = Self.keyLines("pubkey:   ", key)
        if isOwned { own[0] += ", has private key" }
        return lines + own
    }

    static func keyLines(_ title: String, _ key: PublicKey) -> [String] {
        [
            "  \(title) \(key.charonName) \(key.bits) bits", "  keyid:     \(hexadecimal(key.authorityHash))",
            "  subjkey:   \(hexadecimal(key.bitsHash))",
        ]
    }

    private static func text(_ name: Certificate.AlternativeName) -> String {
        switch name {
        case .dns(let octets), .email(let octets):
            String(decoding: octets.map { (0x20...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
        case .address(let octets): IdentityText.address(octets)
        case .directory(let name): name.text
        }
    }

    func lines(_ list: RevocationList) -> [String] {
        var lines = [
            "  issuer:   \"\(list.issuer.text)\"",
            "  update:    this on \(Self.time(list.thisUpdate)), \(now < list.thisUpdate ? "not valid yet" : "ok")",
        ]
        if let next = list.nextUpdate {
            lines.append("             next on \(Self.time(next)), \(Self.left(until: next, now: now))")
        }
        if let number = list.number { lines.append("  serial:    \(Self.hexadecimal(number))") }
        if let identifier = list.authorityKeyIdentifier {
            lines.append("  authKeyId: \(Self.hexadecimal(identifier))")
        }
        let entries = list.entries
        lines.append(
            "  \(entries.count) revoked certificate\(entries.count == 1 ? "" : "s")\(entries.isEmpty ? "" : ":")")
        for entry in entries {
            lines.append(
                "    \(Self.hexadecimal(entry.serialNumber)): \(Self.time(entry.date)), \(CharonDialect.reasonName(entry.reason))"
            )
        }
        return lines
    }
}
