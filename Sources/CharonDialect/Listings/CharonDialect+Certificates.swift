import DialectKit
import IKECrypto

/// `ipsec listcerts`, `listcacerts`, `listcrls`; `swanctl --list-certs`.
extension CharonDialect {
    /// Which lists are asked for.
    struct CertificateKinds: OptionSet {
        let rawValue: Int
        static let ends = CertificateKinds(rawValue: 1)
        static let authorities = CertificateKinds(rawValue: 2)
        static let lists = CertificateKinds(rawValue: 4)
        static let all: CertificateKinds = [.ends, .authorities, .lists]
    }

    /// `--type x509 --flag ca`, `x509_crl`.
    func certificatesText(
        _ kinds: CertificateKinds, subject: String? = nil, asPEM: Bool = false, _ view: any DaemonView
    ) -> String {
        var text = ""
        let wanted = subject.flatMap { DistinguishedName(text: $0) }
        func isWanted(_ name: DistinguishedName) -> Bool { subject == nil || wanted?.admits(name) ?? false }
        func list(_ title: String, _ items: [(octets: [UInt8], label: String, lines: [String])]) {
            guard !items.isEmpty else { return }
            if asPEM {
                text += items.map { PEM.text($0.label, $0.octets) }.joined()
            } else {
                text += "\nList of \(title)\n" + items.map { "\n" + $0.lines.map { $0 + "\n" }.joined() }.joined()
            }
        }
        func describe(_ certificates: [Certificate]) -> [(octets: [UInt8], label: String, lines: [String])] {
            certificates.filter { isWanted($0.subject) }.map { ($0.der, "CERTIFICATE", lines($0, view)) }
        }
        if kinds.contains(.ends) {
            list(
                "X.509 End Entity Certificates",
                describe((credentials.certificates + credentials.seen).filter { !$0.isAuthority }))
        }
        if kinds.contains(.authorities) { list("X.509 CA Certificates", describe(credentials.authorities)) }
        if kinds.contains(.lists) {
            list(
                "X.509 CRLs",
                credentials.lists.filter { isWanted($0.issuer) }.map { ($0.der, "X509 CRL", lines($0, view)) })
        }
        return text
    }

    private static func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    private static func time(_ seconds: Int64) -> String { CalendarText(seconds).text("%b %d %T %Y") }

    /// `ok (expires in 999 days)`, `expired (2 hours ago)`.
    private static func left(until end: Int64, now: Int64) -> String {
        now > end ? "expired (\(TimeText.span(now - end)) ago)" : "ok (expires in \(TimeText.span(end - now)))"
    }

    private func lines(_ certificate: Certificate, _ view: any DaemonView) -> [String] {
        let now = view.wallClockSeconds
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
        let owned = credentials.hasPrivateKey(of: key) ? ", has private key" : ""
        lines.append("  pubkey:    \(key.charonName) \(key.bits) bits\(owned)")
        lines.append("  keyid:     \(Self.hexadecimal(key.authorityHash))")
        lines.append("  subjkey:   \(Self.hexadecimal(key.bitsHash))")
        return lines
    }

    private static func text(_ name: Certificate.AlternativeName) -> String {
        switch name {
        case .dns(let octets), .email(let octets):
            String(decoding: octets.map { (0x20...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
        case .address(let octets): IdentityText.address(octets)
        case .directory(let name): name.text
        }
    }

    private func lines(_ list: RevocationList, _ view: any DaemonView) -> [String] {
        let now = view.wallClockSeconds
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
                "    \(Self.hexadecimal(entry.serialNumber)): \(Self.time(entry.date)), \(Self.reasonName(entry.reason))"
            )
        }
        return lines
    }
}
