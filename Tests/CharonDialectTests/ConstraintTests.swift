import DialectKit
import IKECrypto
import IKEModel
import Testing

@testable import CharonDialect

/// What a configuration asks for is obeyed, or refused with its place; nothing that would make a tunnel safer is passed over.
@Suite struct ConstraintTests {
    private func source(_ files: [String: String]) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try FakeFiles.read(path, in: files) },
            glob: { FakeFiles.glob($0, in: Array(files.keys)) })
    }

    @Test(arguments: [
        "rightauth2=eap", "rightgroups=sales", "rightcertpolicy=1.2.3", "rightca2=CN=a", "leftcert2=a.pem",
        "rightid2=a", "rightauth=rsa-4096-sha512", "rightauth=ike:pubkey-sha256", "rightauth=pubkey-sha512",
        "rightca=Nobody", "leftikeport=4501", "mark=%unique", "compress=yes", "sha256_96=yes", "ah=sha1",
        "inactivity=1h",
        "leftsourceip=1.2.3.4.5", "rightsourceip=10.0.0.0/99", "rightdns=hello", "lifebytes=many", "closeaction=hold",
        "rightallowany=yes", "leftsubnet=10.0.0.0/8", "leftprotoport=tcp/22", "modeconfig=push",
    ])
    func `ipsec.conf: what is not obeyed is refused with file and line`(_ line: String) throws {
        // Beside a network of its own, an end cannot have an address of a pool.
        let text =
            "conn a\n    left=192.0.2.1\n    leftsourceip=%config\n    right=192.0.2.2\n    auto=add\n    \(line)\n"
        let read = StarterConnections(
            try StarterFile(parsing: "/etc/ipsec.conf", from: source(["/etc/ipsec.conf": text])))
        #expect(read.definitions.isEmpty)
        #expect(read.complaints.first?.hasPrefix("/etc/ipsec.conf:6: # ") == true, "\(read.complaints)")
    }

    @Test func `ipsec.conf: what is done anyway is taken`() throws {
        let lines = [
            "compress=no", "closeaction=none", "auth=esp", "rightca=\"C=CH, CN=Root\"", "rightikeport=500", "pfs=yes",
            "lifebytes=1000000", "rightsigkey=%cert", "leftupdown=/bin/true", "rightca=%any", "inactivity=0",
        ]
        let text = "conn a\n    right=192.0.2.2\n    auto=add\n" + lines.map { "    \($0)\n" }.joined()
        let read = StarterConnections(
            try StarterFile(parsing: "/etc/ipsec.conf", from: source(["/etc/ipsec.conf": text])))
        #expect(read.complaints == [] && read.definitions.first?.childOctets == 1_000_000)
    }

    @Test func `marks and interfaces: of the policies, and of the outbound SA`() throws {
        let text = "conn a\n    mark=12/0xff\n    mark_out=0x100\n    right=192.0.2.2\n    auto=add\n"
        let read = StarterConnections(
            try StarterFile(parsing: "/etc/ipsec.conf", from: source(["/etc/ipsec.conf": text])))
        let marks = try #require(read.definitions.first?.marks)
        #expect(marks.inbound == PacketMark(value: 12, mask: 0xff) && marks.outbound == PacketMark(value: 0x100))
        #expect(marks.marksOutboundSA && !marks.marksInboundSA)
        let sections = """
            connections { a { children { a {
              mark_in = 42
              mark_in_sa = yes
              if_id_in = 7
              if_id_out = 0
              mark_out = 0/0x00000000
            } } } }
            """
        let tree = try SettingsTree(parsing: "/c", from: source(["/c": sections]))
        let definitions = try SwanctlConnections.definitions(
            of: #require(tree.section(at: "connections.a")), named: "a")
        let child = try #require(definitions.first?.marks)
        #expect(child.inbound == PacketMark(value: 42) && child.outbound == nil && child.marksInboundSA)
        #expect(!child.marksOutboundSA && child.inboundInterface == 7 && child.outboundInterface == nil)
    }

    @Test(arguments: [
        "connections { a { ppk_id = x\n } }", "connections { a { ppk_required = yes\n } }",
        "connections { a { remote { groups = sales\n } } }", "connections { a { remote { cert_policy = 1.2.3\n } } }",
        "connections { a { remote { pubkeys = a.pem\n } } }",
        "connections { a { remote { auth = rsa-4096-sha512\n } } }",
        "connections { a { remote-1 { auth = psk\n }\n remote-2 { auth = eap\n } } }",
        "connections { a { children { a { mark_in = %unique\n } } } }",
        "connections { a { children { a { if_id_out = %unique\n } } } }",
        "connections { a { children { a { set_mark_out = 1\n } } } }",
        "connections { a { children { a { sha256_96 = yes\n } } } }", "connections { a { vips = 1.2.3.4.5\n } }",
        "connections { a { children { a { ipcomp = yes\n } } } }", "connections { a { remote_port = 501\n } }",
        "connections { a { pools = nosuch\n children { a { } } } }",
        "connections { a { vips = 0.0.0.0\n children { a { local_ts = 10.0.0.0/8\n } } } }",
        "connections { a { remote { cacerts = nosuch.pem\n }\n children { a { } } } }",
        "connections { a { local { certs = nosuch.pem\n }\n children { a { } } } }",
    ])
    func `swanctl.conf: what is not obeyed is refused`(_ text: String) {
        let host = SimulatedCharon(
            seed: 1, address: "192.168.0.1", files: ["/etc/ipsec.conf": "", "/etc/swanctl/swanctl.conf": text])
        let session = host.type("swanctl --load-conns")
        let output = host.output[session] ?? ""
        #expect(host.statuses[session] == 1 && output.hasPrefix("loading connection 'a' failed: "), "\(output)")
        #expect(output.hasSuffix("loaded 0 of 1 connections, 1 failed to load, 0 unloaded\n"))
    }

    private static let otherAuthority = """
        conn home
            left=192.168.0.100
            leftcert=carolCert.pem
            leftid=carol@strongswan.org
            leftsubnet=10.3.0.0/24
            right=192.168.0.1
            rightid=moon.strongswan.org
            rightca="C=CH, O=Other, CN=Other CA"
            rightsubnet=10.1.0.0/24
            auto=add

        """

    @Test func `a peer of another authority is refused as strongSwan refuses it`() throws {
        let pki = try CertificatePKI(bits: 1024)
        let hosts = try pki.hosts(carolList: nil, moonList: nil, carol: Self.otherAuthority)
        let output = hosts.run("ipsec up home", on: hosts.carol)
        #expect(
            output.contains(
                "constraint check failed: peer not authenticated by CA 'C=CH, O=Other, CN=Other CA'\n"
                    + "selected peer config 'home' unacceptable: constraint checking failed\nno alternative config found\n"
            ))
        #expect(output.hasSuffix("establishing connection 'home' failed\n"))
        #expect(hosts.carol.view.childSAs.isEmpty)
    }

    @Test func `whoever is no authority vouches for nobody, in whichever folder it lies`() throws {
        let pki = try CertificatePKI(bits: 1024)
        var files = try pki.files("carol", configuration: "", list: nil)
        let end = PEM.text("CERTIFICATE", pki.moon.der)
        files["/etc/ipsec.d/cacerts/moon.pem"] = end
        files["/etc/swanctl/x509ca/moon.pem"] = end
        files["/etc/swanctl/swanctl.conf"] = "authorities { a { cacert = moon.pem } }\n"
        let host = SimulatedCharon(seed: 1, address: "192.168.0.100", files: files)
        let session = host.type("swanctl --load-all")
        let output = host.output[session] ?? ""
        #expect(
            output.contains(
                "loading '/etc/swanctl/x509ca/moon.pem' failed: ca certificate lacks CA basic constraint, rejected\n"))
        #expect(
            output.contains("loading authority 'a' failed: /etc/swanctl/x509ca/moon.pem: ca certificate lacks CA basic")
        )
        let listed = host.type("ipsec listcacerts")
        let text = host.output[listed] ?? ""
        #expect(text.contains("strongSwan Root CA") && !text.contains("moon.strongswan.org"))
    }

    @Test func `of ipsec.secrets an encrypted key opens with its passphrase`() throws {
        var files = ["/etc/ipsec.conf": "", "/etc/ipsec.d/private/a.pem": Self.encrypted]
        files["/etc/ipsec.secrets"] =
            ": RSA a.pem\n: ECDSA a.pem \"wrong\"\n: PKCS8 a.pem \"nsrocks\"\n: P12 no.p12 \"x\"\n"
        let host = SimulatedCharon(seed: 1, address: "192.168.0.100", files: files)
        let lines = host.log.map { line in line.firstRange(of: "00[").map { String(line[$0.lowerBound...]) } ?? line }
        let about = lines.filter { $0.contains("private/") || $0.contains("passphrase") }
        #expect(
            about == [
                "00[ASN]   invalid passphrase",
                "00[CFG]   loading private key from '/etc/ipsec.d/private/a.pem' failed",
                "00[ASN]   invalid passphrase",
                "00[CFG]   loading private key from '/etc/ipsec.d/private/a.pem' failed",
                "00[CFG]   loaded ECDSA private key from '/etc/ipsec.d/private/a.pem'",
                "00[LIB]   opening '/etc/ipsec.d/private/no.p12' failed: No such file or directory",
                "00[CFG]   loading credentials from '/etc/ipsec.d/private/no.p12' failed",
            ])
    }

    @Test func `of swanctl.conf an encrypted key opens with the secret of its file`() {
        var files = ["/etc/ipsec.conf": "", "/etc/swanctl/private/a.pem": Self.encrypted]
        func load(_ secret: String) -> String {
            files["/etc/swanctl/swanctl.conf"] = "secrets { private-x { file = a.pem\n secret = \(secret) } }\n"
            let host = SimulatedCharon(seed: 1, address: "192.168.0.100", files: files)
            return host.output[host.type("swanctl --load-creds")] ?? ""
        }
        #expect(load("nsrocks") == "loaded ECDSA key from '/etc/swanctl/private/a.pem'\n")
        #expect(
            load("wrong") == "configured decryption secret for 'a.pem' missing or invalid\n"
                + "loading '/etc/swanctl/private/a.pem' failed: invalid passphrase\n")
    }

    /// A key on P-256, with the passphrase `nsrocks`.
    private static let encrypted = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh8u8AVSWPwLwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENxcv5K2nVWSHi0JqdS1/iAEgZBX
        Fx5Lw5DnUqacEg2ztg8xaUhT5zqowWB93Cq5rzRDK7AOzo8EaEluYU4HPBjvK61R
        IRtoZLkijn3Rn/jvkRmCKcrO2XN/OeiZMEHneCU3IkIP8qwtV7VPkl1NWYOlSFaC
        oAXGcRxq+uoQCIWjYzACbLyQHUFSefrW7ko4iXiw0/n4zM+q/ShjUI5cLpIStfg=
        -----END ENCRYPTED PRIVATE KEY-----

        """
}
