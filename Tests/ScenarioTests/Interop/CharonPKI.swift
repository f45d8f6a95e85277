import Glibc
import IKECrypto
import TestPKI

/// Keys and certificates for swand on west and strongSwan on east, made for one test.
struct CharonPKI {
    /// What either end has, and what is wrong with it.
    struct End {
        var key: PrivateKey
        var certificate: Certificate
        /// The authorities between, to be sent along.
        var between: [Certificate] = []
    }

    let root: TestAuthority
    var west: End
    var east: End
    var revoked: [Certificate] = []
    /// Whom west, whom east trusts.
    var westAnchor: Certificate
    var eastAnchor: Certificate

    private static var now: Int64 { Int64(time(nil)) }
    static var current: ClosedRange<Int64> { (now - 86400)...(now + 86400) }
    static var past: ClosedRange<Int64> { (now - 2 * 86400)...(now - 86400) }

    init(_ makeKey: () throws -> PrivateKey = { try .generateECDSA(bits: 256) }) throws {
        root = try TestAuthority("C=CA, O=Test, CN=root", key: .generateRSA(bits: 2048), validity: Self.current)
        westAnchor = root.certificate
        eastAnchor = root.certificate
        let (westKey, eastKey) = (try makeKey(), try makeKey())
        west = End(key: westKey, certificate: try root.issue(Self.template("west", westKey)))
        east = End(key: eastKey, certificate: try root.issue(Self.template("east", eastKey)))
    }

    static func template(_ name: String, _ key: PrivateKey) -> TestAuthority.Template {
        var template = TestAuthority.Template(
            subject: DistinguishedName(text: "C=CA, O=Test, CN=\(name)")!, publicKey: key.publicKey, validity: current)
        template.names = [(0x82, Array(name.utf8))]
        return template
    }

    static func pem(_ certificate: Certificate) -> String { PEM.text("CERTIFICATE", certificate.der) }

    /// In the form that strongSwan's plugins load: RSA and ECDSA by their own names.
    static func pem(_ key: PrivateKey) throws -> String { PEM.text("PRIVATE KEY", try key.exported().exposed) }

    /// Makes a scenario of it: files, their places, and connections that use them.
    func scenario(swand: String, charon: [String] = [], settings: [String] = []) throws -> CharonScenario {
        var scenario = CharonScenario(steps: [])
        scenario.swandAuthentication = swand
        scenario.charonAuthentication = "pubkey"
        scenario.swand = ["leftcert=west"]
        scenario.charon = ["leftcert=east.pem", "leftsendcert=always"] + charon
        scenario.settings = settings
        scenario.eastSecrets = ": PKCS8 east.pem\n"
        var files = [
            "w.crt": Self.pem(west.certificate), "w.key": try Self.pem(west.key), "w.ca": Self.pem(westAnchor),
            "e.crt": Self.pem(east.certificate), "e.key": try Self.pem(east.key), "e.ca": Self.pem(eastAnchor),
            "crl": PEM.text("X509 CRL", try root.revoke(revoked, from: Self.now - 3600, until: Self.now + 3600).der),
        ]
        var commands: [(String, String)] = [
            ("w.crt", "certs/west.pem"), ("w.key", "private/west.pem"), ("w.ca", "cacerts/root.pem"),
            ("crl", "crls/root.pem"),
        ]
        for (index, certificate) in west.between.enumerated() {
            files["wb\(index)"] = Self.pem(certificate)
            commands.append(("wb\(index)", "cacerts/between\(index).pem"))
        }
        var eastCommands: [(String, String)] = [
            ("e.crt", "certs/east.pem"), ("e.key", "private/east.pem"), ("e.ca", "cacerts/root.pem"),
            ("crl", "crls/root.pem"),
        ]
        for (index, certificate) in east.between.enumerated() {
            files["eb\(index)"] = Self.pem(certificate)
            eastCommands.append(("eb\(index)", "cacerts/between\(index).pem"))
        }
        scenario.moreFiles = files
        func copy(_ pairs: [(String, String)]) -> String {
            (["mkdir -p"] + ["certs", "private", "cacerts", "crls"].map { "/etc/ipsec.d/\($0)" }).joined(separator: " ")
                + pairs.map { "; cp \($0.0) /etc/ipsec.d/\($0.1)" }.joined()
        }
        scenario.preparation = [.west(copy(commands)), .east(copy(eastCommands))]
        return scenario
    }
}
