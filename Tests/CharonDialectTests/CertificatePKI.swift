import CharonDialect
import IKECrypto
import TestPKI

/// The authority, certificates and lists of strongSwan's testbed, made anew: a file system for carol and one for moon.
struct CertificatePKI {
    let root: TestAuthority
    let carol: Certificate
    let moon: Certificate
    private let carolKey: PrivateKey
    private let moonKey: PrivateKey
    /// What `FakeDaemonView` has for now.
    static let now: Int64 = 1_747_821_789

    /// - Parameters:
    ///   - bits: of the ends' RSA keys.
    ///   - listURLs: where moon's certificate says that lists are.
    init(bits: Int = 2048, listURLs: [String] = []) throws {
        root = try TestAuthority("C=CH, O=Linux strongSwan, CN=strongSwan Root CA", key: .generateRSA(bits: 2048))
        carolKey = try .generateRSA(bits: bits)
        moonKey = try .generateRSA(bits: bits)
        var template = TestAuthority.Template(
            subject: DistinguishedName(text: "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org")!,
            publicKey: carolKey.publicKey)
        template.names = [(0x81, Array("carol@strongswan.org".utf8))]
        carol = try root.issue(template)
        template = TestAuthority.Template(
            subject: DistinguishedName(text: "C=CH, O=Linux strongSwan, CN=moon.strongswan.org")!,
            publicKey: moonKey.publicKey)
        template.names = [(0x82, Array("moon.strongswan.org".utf8))]
        template.listURLs = listURLs
        moon = try root.issue(template)
    }

    func list(revoking revoked: [Certificate] = [], from start: Int64 = now - 3600, until end: Int64 = now + 86400)
        throws -> String
    {
        PEM.text("X509 CRL", try root.revoke(revoked, from: start, until: end).der)
    }

    /// /etc of a host; without a list where there is none.
    func files(_ host: String, configuration: String, list: String?) throws -> [String: String] {
        let own = host == "carol" ? (carol, carolKey) : (moon, moonKey)
        var files = [
            "/etc/ipsec.conf": configuration, "/etc/ipsec.secrets": ": RSA \(host)Key.pem\n",
            "/etc/strongswan.conf": "charon { filelog { log { path = /run/charon.log\n ike_name = yes } } }\n",
            "/etc/ipsec.d/cacerts/strongswanCert.pem": PEM.text("CERTIFICATE", root.certificate.der),
            "/etc/ipsec.d/certs/\(host)Cert.pem": PEM.text("CERTIFICATE", own.0.der),
            "/etc/ipsec.d/private/\(host)Key.pem": PEM.text("PRIVATE KEY", try own.1.exported().exposed),
        ]
        files["/etc/ipsec.d/crls/strongswan.crl"] = list
        return files
    }

    static let common = """
        conn %default
            keyexchange=ikev2
            mobike=no
            reauth=no
            ike=aes128-sha256-curve25519!
            esp=aes128-sha256!

        """
    static let home = """
        conn home
            left=192.168.0.100
            leftcert=carolCert.pem
            leftid=carol@strongswan.org
            leftsubnet=10.3.0.0/24
            right=192.168.0.1
            rightid=moon.strongswan.org
            rightsubnet=10.1.0.0/24
            auto=add

        """
    static let gateway = """
        conn rw
            left=192.168.0.1
            leftcert=moonCert.pem
            leftid=@moon.strongswan.org
            leftsubnet=10.1.0.0/24
            right=%any
            rightsubnet=10.3.0.0/24
            forceencaps=yes
            auto=add

        """

    /// The two of the recording.
    func hosts(
        carolList: String?, moonList: String?, isStrict: Bool = false, carol: String = Self.home,
        moon: String = Self.gateway, version: CharonVersion = .v5_9_8, secret: String = ""
    ) throws -> CarolAndMoon {
        let setup = isStrict ? "config setup\n    strictcrlpolicy=yes\n\n" : ""
        var carolFiles = try files("carol", configuration: setup + Self.common + carol, list: carolList)
        var moonFiles = try files("moon", configuration: Self.common + moon, list: moonList)
        carolFiles["/etc/ipsec.secrets"]! += secret
        moonFiles["/etc/ipsec.secrets"]! += secret
        return CarolAndMoon(carol: carolFiles, moon: moonFiles, version: version)
    }

    /// As `Recorded.normalized`, and what a certificate's octets decide: sizes of messages that carry one, and of their
    /// fragments; and when a list ends, and EAP's drawn identifiers.
    static func normalized(_ text: String) -> String {
        Recorded.normalized(text)
            .replacing(#/\((12[0-9][0-9]|1[3-9][0-9][0-9]|[1-4][0-9][0-9]) bytes\)( into)?/#) {
                "(N bytes)\($0.2 ?? "")"
            }
            .replacing(#/(valid: until|revoked on) [A-Z][a-z]+ [0-9]+ [0-9:]+ (UTC )?20[0-9]+/#) { "\($0.1) TIME" }
            .replacing(#/id 0x[0-9a-fA-F]{2}/#, with: "id 0xNN")
    }
}
