import IKECrypto
import IKEModel
import IKEWire
import TestPKI
import Testing

@testable import PlutoDialect

/// Connections with certificates and keys of a key store, from ipsec.conf to what the consoles say.
@Suite struct CertificateConnectionTests {
    /// A key store for each end, as files, around one root.
    struct Stores {
        let root: TestAuthority
        var west: [String: String]
        var east: [String: String]

        init() throws {
            root = try TestAuthority("C=CA, CN=root", key: .generateECDSA(bits: 256))
            west = try Self.files(root, "west")
            east = try Self.files(root, "east")
        }

        private static func files(_ root: TestAuthority, _ name: String) throws -> [String: String] {
            let key = try PrivateKey.generateECDSA(bits: 256)
            var template = TestAuthority.Template(
                subject: DistinguishedName(text: "C=CA, CN=\(name)")!, publicKey: key.publicKey)
            template.names = [(0x82, Array(name.utf8))]
            let certificate = try root.issue(template)
            return [
                "/etc/ipsec.d/cacerts/root.pem": PEM.text("CERTIFICATE", root.certificate.der),
                "/etc/ipsec.d/certs/\(name).pem": PEM.text("CERTIFICATE", certificate.der),
                "/etc/ipsec.d/private/\(name).pem": PEM.text("PRIVATE KEY", try key.exported().exposed),
            ]
        }

        func hosts(_ lines: [String], swapped: Bool = false) -> TwoHosts {
            let conf = { (own: String) in
                """
                conn w
                \tleft=192.1.2.45
                \tright=192.1.2.23
                \tauthby=ecdsa
                \t\(own)
                \t\(lines.joined(separator: "\n\t"))
                """
            }
            let hosts = TwoHosts(configuration: conf("leftcert=west"), westSecrets: "", eastSecrets: "")
            hosts.west.view.files.merge(west) { $1 }
            hosts.east.view.files.merge(east) { $1 }
            hosts.east.view.files["/etc/ipsec.conf"] = conf("rightcert=east")
            return hosts
        }
    }

    @Test func `certificates of ipsec.d bring a connection up, and each end says whose it saw`() throws {
        let hosts = try Stores().hosts(["leftid=%fromcert", "rightid=%fromcert"])
        #expect(hosts.run("ipsec add w", on: hosts.west) == "\"w\": added IKEv2 connection\n")
        #expect(hosts.run("ipsec add w", on: hosts.east) == "\"w\": added IKEv2 connection\n")
        #expect(
            hosts.run("ipsec up w", on: hosts.west).contains(
                "\"w\" #1: initiator established IKE SA; authenticated peer certificate 'C=CA, CN=east' and "
                    + "256-bit ECDSA with SHA2_512 digital signature issued by 'C=CA, CN=root'\n"))
        #expect(hosts.east.log.contains { $0.contains("authenticated peer certificate 'C=CA, CN=west'") })
        #expect(hosts.run("ipsec connectionstatus w", on: hosts.west).contains("policy: IKEv2+ECDSA+ENCRYPT"))
    }

    @Test func `an identity that the peer's certificate does not carry, an authority that is not wanted`() throws {
        for (line, words) in [
            ("rightid=@elsewhere", "peer ID is not what the connection expects"),
            ("rightca=\"C=CA, CN=other\"", "certificate rejected: issued by another authority"),
        ] {
            let hosts = try Stores().hosts([line] + (line.hasPrefix("rightid") ? [] : ["rightid=%fromcert"]))
            hosts.east.view.files["/etc/ipsec.conf"]? += "\n\tleftid=%fromcert\n\trightid=\"C=CA, CN=east\"\n"
            _ = hosts.run("ipsec add w", on: hosts.east)
            _ = hosts.run("ipsec add w", on: hosts.west)
            _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
            let said = hosts.run("ipsec up w", on: hosts.west)
            #expect(said.contains(words) || said.contains("AUTHENTICATION_FAILED"), "\(said)")
            #expect(hosts.west.view.childSAs.isEmpty)
        }
    }

    @Test func `what the key store lacks, and words that mean nothing, keep a connection out`() throws {
        let hosts = try Stores().hosts([])
        func add(_ line: String) -> String {
            hosts.west.view.files["/etc/ipsec.conf"] = "conn w\n\tleft=192.1.2.45\n\tright=192.1.2.23\n\t\(line)\n"
            return hosts.run("ipsec add w", on: hosts.west)
        }
        let failed = "\"w\": failed to add connection: "
        #expect(add("leftcert=nobody") == failed + "left certificate 'nobody' not found in the key store\n")
        #expect(
            add("leftckaid=00ff") == failed + "private key matching CKAID '00ff' not found in the key store\n")
        #expect(add("authby=rsa-md5") == failed + "authby=rsa-md5 is not supported\n")
        #expect(add("authby=never") == failed + "authby=never is not supported\n")
        #expect(add("rightca=nothing") == failed + "'nothing' is no distinguished name of an authority\n")
        #expect(add("leftcert=west") == "\"w\": added IKEv2 connection\n")
        for line in ["leftrsasigkey=0s!!", "leftsendcert=perhaps", "leftid=\"C=CA, XX=1\""] {
            hosts.west.view.files["/etc/ipsec.conf"] = "conn w\n\tleft=192.1.2.45\n\tright=192.1.2.23\n\t\(line)\n"
            let session = hosts.west.type("ipsec add w")
            #expect(hosts.west.errors[session]?.contains("bad value") ?? false, "\(line)")
        }
    }

    @Test func `authby's words are methods in the order in which they are tried`() {
        #expect(SignatureMethods.parse("rsa-sha2_256") == [.digitalSignature(.rsaPSS(.sha256))])
        #expect(SignatureMethods.parse("rsasig")?.first == .digitalSignature(.rsaPSS(.sha512)))
        #expect(SignatureMethods.parse("rsasig")?.last == .rsa)
        #expect(SignatureMethods.parse("rsa-pkcs1-sha2_384") == [.digitalSignature(.rsaPKCS1(.sha384))])
        #expect(SignatureMethods.parse("ecdsa-sha2_512") == [.digitalSignature(.ecdsa(.sha512))])
        #expect(SignatureMethods.parse(["eddsa", "rsa-sha1"])?.first == .digitalSignature(.ed25519))
        for word in ["ecdsa-sha1", "rsa-md5", "eddsa-sha2", "dsa", ""] { #expect(SignatureMethods.parse(word) == nil) }
    }

    @Test func `a distinguished name is an identity of ipsec.conf, and printed as it was written`() throws {
        let name = try #require(Identification(plutoText: "C=CA, O=Example, CN=west"))
        #expect(name.type == .derASN1DN && name.plutoText == "C=CA, O=Example, CN=west")
        #expect(name.admits(try #require(Identification(plutoText: "/C=ca/O=example/CN=West"))))
        #expect(!name.admits(try #require(Identification(plutoText: "C=CA, O=Example, CN=east"))))
        #expect(Identification(type: .derASN1DN, data: [1, 2]).plutoText == "@#0x0102")
    }
}
