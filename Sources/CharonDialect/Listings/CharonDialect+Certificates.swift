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
            certificates.filter { isWanted($0.subject) }.map {
                (
                    $0.der, "CERTIFICATE",
                    CertificateText(now: view.wallClockSeconds).lines(
                        $0, isOwned: credentials.hasPrivateKey(of: $0.publicKey))
                )
            }
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
                credentials.lists.filter { isWanted($0.issuer) }.map {
                    ($0.der, "X509 CRL", CertificateText(now: view.wallClockSeconds).lines($0))
                })
        }
        return text
    }
}
