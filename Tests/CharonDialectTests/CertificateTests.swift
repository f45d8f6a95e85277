import CharonDialect
import IKECrypto
import IKEModel
import TestPKI
import Testing

/// Certificates, lists and EAP: our consoles and logs beside those of real strongSwans, and what goes wrong.
@Suite struct CertificateTests {
    private func exchange(_ host: SimulatedCharon, from text: String = "received packet") -> String {
        let start = host.log.firstIndex { $0.contains(text) } ?? host.log.endIndex
        return host.log[start...].map { $0 + "\n" }.joined()
    }

    private func expectSameLines(_ ours: String, _ recorded: String) {
        let (mine, theirs) = (CertificatePKI.normalized(ours), CertificatePKI.normalized(recorded))
        for (line, expected) in zip(mine.split(separator: "\n"), theirs.split(separator: "\n")) {
            guard line == expected else {
                Issue.record("\(line)\ninstead of\n\(expected)\nin\n\(mine)")
                return
            }
        }
        #expect(mine.split(separator: "\n").count == theirs.split(separator: "\n").count)
    }

    @Test func `ipsec up with certificates and a revocation list prints what strongSwan printed`() throws {
        let pki = try CertificatePKI()
        let hosts = try pki.hosts(carolList: try pki.list(), moonList: try pki.list(), isStrict: true)
        expectSameLines(hosts.run("ipsec up home", on: hosts.carol), RealCharon.console)
    }

    @Test func `the responder's log has strongSwan's lines in strongSwan's order`() throws {
        let pki = try CertificatePKI()
        let gateway = CertificatePKI.gateway.replacing("    forceencaps=yes\n", with: "")
        let home = CertificatePKI.home + "    forceencaps=yes\n"
        let hosts = try pki.hosts(
            carolList: try pki.list(), moonList: try pki.list(), carol: home, moon: gateway)
        _ = hosts.run("ipsec up home", on: hosts.carol)
        expectSameLines(exchange(hosts.moon), RealCharon.responder)
    }

    @Test func `a revoked certificate is told, with date and reason, and proves nothing`() throws {
        let pki = try CertificatePKI()
        let hosts = try pki.hosts(carolList: try pki.list(), moonList: try pki.list(revoking: [pki.carol]))
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(
            console.hasSuffix("received AUTHENTICATION_FAILED notify error\nestablishing connection 'home' failed\n"))
        expectSameLines(exchange(hosts.moon, from: "looking for peer configs"), RealCharon.revoked)
        #expect(hosts.moon.view.ikeSAs.isEmpty)
    }

    @Test func `without a list a certificate is taken, and with strictcrlpolicy=yes it is not`() throws {
        let pki = try CertificatePKI()
        for isStrict in [false, true] {
            let hosts = try pki.hosts(carolList: nil, moonList: nil, isStrict: isStrict)
            let console = hosts.run("ipsec up home", on: hosts.carol)
            #expect(console.contains("certificate status is not available\n"))
            #expect(
                console.contains(
                    "constraint check failed: RULE_CRL_VALIDATION is SKIPPED, but requires at least GOOD\n")
                    == isStrict)
            #expect(console.contains("connection 'home' established successfully") == !isStrict)
            #expect(hosts.carol.view.ikeSAs.isEmpty == isStrict)
        }
    }

    @Test func `a list that is out of date is told as stale`() throws {
        let pki = try CertificatePKI()
        let old = try pki.list(from: CertificatePKI.now - 7200, until: CertificatePKI.now - 3600)
        let hosts = try pki.hosts(carolList: old, moonList: nil)
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(console.contains("  crl is stale: since May 21 09:03:09 2025\n"))
        #expect(console.contains("certificate status is unknown, crl is stale\n"))
        #expect(console.contains("connection 'home' established successfully"))
    }

    @Test func `an authority that is not known leaves the peer without a key`() throws {
        let (pki, other) = (try CertificatePKI(), try CertificatePKI())
        let hosts = try pki.hosts(carolList: nil, moonList: nil)
        hosts.moon.view.files["/etc/ipsec.d/cacerts/strongswanCert.pem"] = PEM.text(
            "CERTIFICATE", other.root.certificate.der)
        _ = hosts.run("ipsec rereadcacerts", on: hosts.moon)
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(console.contains("received 1 cert requests for an unknown ca\n"))
        #expect(console.hasSuffix("establishing connection 'home' failed\n"))
        #expect(
            hosts.moon.log.contains { $0.hasSuffix("no issuer certificate found for \"\(pki.carol.subject.text)\"") })
        #expect(
            hosts.moon.log.contains {
                $0.hasSuffix("no trusted RSA public key found for 'carol@strongswan.org'")
            })
    }

    @Test func `an identity that the certificate does not carry gives way to its subject`() throws {
        let pki = try CertificatePKI()
        let home = CertificatePKI.home.replacing("leftid=carol@strongswan.org", with: "leftid=dave@strongswan.org")
        let hosts = try pki.hosts(carolList: nil, moonList: nil, carol: home)
        #expect(
            hosts.carol.log.contains {
                $0.hasSuffix(
                    "  id 'dave@strongswan.org' not confirmed by certificate, defaulting to '\(pki.carol.subject.text)'"
                )
            })
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(console.contains("authentication of '\(pki.carol.subject.text)' (myself) with RSA_EMSA_PKCS1_SHA2_256"))
        #expect(console.contains("connection 'home' established successfully"))
    }

    /// The recording was made with all of strongSwan's proposals.
    private func withoutSizes(_ text: String) -> String { text.replacing(#/\([0-9]+ bytes\)/#, with: "(N bytes)") }

    @Test func `EAP-MSCHAPv2 prints what strongSwan printed, on both ends`() throws {
        // So that the gateway's first answer is one packet, as recorded.
        let pki = try CertificatePKI(bits: 1536)
        let eap = CertificatePKI.home.replacing("conn home", with: "conn eap")
            .replacing("leftcert=carolCert.pem", with: "leftauth=eap\n    eap_identity=carol")
        // As recorded, there is a connection for certificates too: that is why a certificate is asked for.
        let gateway =
            CertificatePKI.gateway
            + CertificatePKI.gateway.replacing("conn rw", with: "conn rw-eap")
            .replacing("right=%any", with: "right=%any\n    rightauth=eap-mschapv2\n    eap_identity=%any")
        let secret = "carol : EAP \"Ar3etTnp\"\n"
        var hosts = try pki.hosts(
            carolList: try pki.list(), moonList: try pki.list(), carol: eap, moon: gateway, secret: secret)
        // What the server says in its success is its own.
        let recorded = RealCharon.mschapConsole.replacing("Welcome2strongSwan", with: "")
        let console = hosts.run("ipsec up eap", on: hosts.carol)
        expectSameLines(
            withoutSizes(console.replacing(#/succeeded: '[^']*'/#, with: "succeeded: ''")), withoutSizes(recorded))
        let status = hosts.run("ipsec statusall", on: hosts.moon)
        #expect(status.contains("      rw-eap:   remote: uses EAP_MSCHAPV2 authentication with EAP identity '%any'\n"))
        #expect(status.contains("      rw-eap[1]: Remote EAP identity: carol\n"))
        hosts = try pki.hosts(
            carolList: try pki.list(), moonList: try pki.list(), carol: eap + "    forceencaps=yes\n",
            moon: gateway.replacing("    forceencaps=yes\n", with: ""), secret: secret)
        _ = hosts.run("ipsec up eap", on: hosts.carol)
        let theirs = RealCharon.mschapResponder.split(separator: "\n")
            // Here the connection that fits is found at once.
            .filter {
                !$0.contains("peer requested EAP, config unacceptable") && !$0.contains("switching to peer config")
            }
            .map { $0.replacing("'rw'", with: "'rw-eap'").replacing("<rw|", with: "<rw-eap|") + "\n" }
        expectSameLines(withoutSizes(exchange(hosts.moon)), withoutSizes(theirs.joined()))
    }

    @Test func `a wrong EAP secret is told, and nothing stands`() throws {
        let pki = try CertificatePKI()
        let eap = CertificatePKI.home.replacing("conn home", with: "conn eap")
            .replacing("leftcert=carolCert.pem", with: "leftauth=eap-mschapv2\n    eap_identity=carol")
        let gateway = CertificatePKI.gateway.replacing("right=%any", with: "right=%any\n    rightauth=eap-mschapv2")
        let hosts = try pki.hosts(
            carolList: nil, moonList: nil, carol: eap, moon: gateway + "    eap_identity=%identity\n",
            secret: "carol : EAP \"Ar3etTnp\"\n")
        hosts.carol.view.files["/etc/ipsec.secrets"] = "carol : EAP \"wrong\"\n"
        _ = hosts.run("ipsec rereadsecrets", on: hosts.carol)
        let console = hosts.run("ipsec up eap", on: hosts.carol)
        #expect(console.hasSuffix("establishing connection 'eap' failed\n"))
        #expect(hosts.moon.log.contains { $0.hasSuffix("EAP method EAP_MSCHAPV2 failed for peer carol") })
        #expect(hosts.moon.view.ikeSAs.isEmpty && hosts.carol.view.ikeSAs.isEmpty)
    }

    @Test func `EAP-TLS with certificates on both ends, by EAP alone`() throws {
        let pki = try CertificatePKI()
        let tls = CertificatePKI.home.replacing("leftcert=", with: "leftauth=eap-tls\n    leftcert=")
            .replacing("rightid=moon", with: "rightauth=any\n    rightid=@moon")
        let gateway = CertificatePKI.gateway.replacing("right=%any", with: "right=%any\n    rightauth=eap-tls")
            .replacing("leftcert=", with: "leftauth=eap-tls\n    leftcert=")
        let hosts = try pki.hosts(carolList: nil, moonList: nil, carol: tls, moon: gateway)
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(console.contains("server requested EAP_TLS authentication (id 0x"))
        #expect(console.contains("EAP method EAP_TLS succeeded, MSK established\n"))
        #expect(console.contains("authentication of 'moon.strongswan.org' with EAP successful\n"))
        #expect(console.contains("connection 'home' established successfully"))
    }

    /// Who has no list refuses, whichever end it is; with one on both ends the tunnel comes up.
    @Test(arguments: [(true, true, true), (false, true, false), (true, false, false)])
    func `a strict policy wants lists of EAP-TLS too`(_ carolHas: Bool, _ moonHas: Bool, _ comesUp: Bool) throws {
        let pki = try CertificatePKI()
        let tls = CertificatePKI.home.replacing("leftcert=", with: "leftauth=eap-tls\n    leftcert=")
            .replacing("rightid=moon", with: "rightauth=any\n    rightid=@moon")
        let gateway = CertificatePKI.gateway.replacing("right=%any", with: "right=%any\n    rightauth=eap-tls")
            .replacing("leftcert=", with: "leftauth=eap-tls\n    leftcert=")
        let list = try pki.list()
        let hosts = try pki.hosts(
            carolList: carolHas ? list : nil, moonList: moonHas ? list : nil, isStrict: true, carol: tls,
            moon: gateway + "config setup\n    strictcrlpolicy=yes\n")
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(console.contains("connection 'home' established successfully") == comesUp, "\(console)")
        #expect(hosts.carol.view.childSAs.isEmpty != comesUp)
    }

    @Test(arguments: [("%same", true), ("\"C=CH, O=Other, CN=Other CA\"", false)])
    func `by EAP alone the server's authority is the one that is named`(_ authority: String, _ comesUp: Bool) throws {
        let pki = try CertificatePKI()
        let tls = CertificatePKI.home.replacing("leftcert=", with: "leftauth=eap-tls\n    leftcert=")
            .replacing("rightid=moon", with: "rightauth=any\n    rightca=\(authority)\n    rightid=@moon")
        let gateway = CertificatePKI.gateway.replacing("right=%any", with: "right=%any\n    rightauth=eap-tls")
            .replacing("leftcert=", with: "leftauth=eap-tls\n    leftcert=")
        let hosts = try pki.hosts(carolList: nil, moonList: nil, carol: tls, moon: gateway)
        let console = hosts.run("ipsec up home", on: hosts.carol)
        #expect(console.contains("connection 'home' established successfully") == comesUp, "\(console)")
        #expect(hosts.carol.view.childSAs.isEmpty != comesUp)
    }

    @Test func `swanctl loads folders of credentials, and what it lists is what strongSwan's lists`() throws {
        let pki = try CertificatePKI()
        let settings = """
            connections { home {
                local_addrs = 192.168.0.100
                remote_addrs = 192.168.0.1
                proposals = aes128-sha256-curve25519
                local { auth = pubkey
                    certs = carolCert.pem
                    id = carol@strongswan.org }
                remote { auth = pubkey
                    id = moon.strongswan.org
                    revocation = strict }
                children { home { local_ts = 10.3.0.0/24
                    remote_ts = 10.1.0.0/24
                    esp_proposals = aes128-sha256 } }
            } }
            authorities { strongswan { cacert = strongswanCert.pem
                crl_uris = http://crl.strongswan.org/strongswan.crl } }
            """
        let hosts = try pki.hosts(carolList: nil, moonList: try pki.list())
        let stroke = hosts.carol.view.files
        let carol = SimulatedCharon(
            seed: 3, address: "192.168.0.100",
            files: [
                "/etc/swanctl/swanctl.conf": settings,
                "/etc/swanctl/x509/carolCert.pem": stroke["/etc/ipsec.d/certs/carolCert.pem"]!,
                "/etc/swanctl/x509ca/strongswanCert.pem": stroke["/etc/ipsec.d/cacerts/strongswanCert.pem"]!,
                "/etc/swanctl/x509crl/strongswan.pem": try pki.list(),
                "/etc/swanctl/private/carolKey.pem": stroke["/etc/ipsec.d/private/carolKey.pem"]!,
            ])
        let both = CarolAndMoon(carol, hosts.moon)
        #expect(
            both.run("swanctl --load-all", on: carol) == """
                loaded certificate from '/etc/swanctl/x509/carolCert.pem'
                loaded certificate from '/etc/swanctl/x509ca/strongswanCert.pem'
                loaded certificate from '/etc/swanctl/x509crl/strongswan.pem'
                loaded RSA key from '/etc/swanctl/private/carolKey.pem'
                loaded authority 'strongswan'
                successfully loaded 1 authorities, 0 unloaded
                no pools found, 0 unloaded
                loaded connection 'home'
                successfully loaded 1 connections, 0 unloaded

                """)
        #expect(
            both.run("swanctl --list-conns", on: carol) == """
                home: IKEv2, no reauthentication, rekeying every 14400s
                  local:  192.168.0.100
                  remote: 192.168.0.1
                  local public key authentication:
                    id: carol@strongswan.org
                    certs: C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org
                  remote public key authentication:
                    id: moon.strongswan.org
                  home: TUNNEL, rekeying every 3600s
                    local:  10.3.0.0/24
                    remote: 10.1.0.0/24

                """)
        let up = both.run("swanctl --initiate --child home", on: carol)
        #expect(up.contains("[CFG] certificate status is good\n"))
        #expect(up.hasSuffix("initiate completed successfully\n"))
        #expect(
            both.run("swanctl --list-certs --type x509 --flag ca", on: carol).contains("flags:     CA self-signed "))
        #expect(
            both.run("swanctl --list-certs --type x509_crl --pem", on: carol).hasPrefix("-----BEGIN X509 CRL-----\n"))
        #expect(both.run("swanctl --list-authorities", on: carol).hasPrefix("strongswan:\n  cacert: C=CH, O=Linux"))
        #expect(both.run("swanctl --counters", on: carol).contains("\n  ike-auth-out-req      : 1\n"))
        #expect(
            both.run("swanctl --redirect --ike home --gateway 192.168.0.2", on: both.carol)
                == "redirect completed successfully\n")
        #expect(
            both.run("swanctl --redirect --ike nobody --gateway 192.168.0.2", on: both.carol)
                == "redirect failed: no matching SAs to redirect found\n")
        #expect(both.run("swanctl --redirect --ike home", on: carol) == "redirect failed: missing target gateway\n")
    }

    @Test func `listings show certificates and lists as strongSwan does`() throws {
        let pki = try CertificatePKI()
        let hosts = try pki.hosts(
            carolList: try pki.list(revoking: [pki.moon], until: CertificatePKI.now + 3 * 86400), moonList: nil)
        let certificates = hosts.run("ipsec listcerts", on: hosts.carol)
        #expect(
            certificates.hasPrefix(
                "\nList of X.509 End Entity Certificates\n\n  subject:  \"\(pki.carol.subject.text)\"\n"
                    + "  issuer:   \"C=CH, O=Linux strongSwan, CN=strongSwan Root CA\"\n  validity:  not before "))
        #expect(certificates.contains("\n  altNames:  carol@strongswan.org\n  flags:     \n  authkeyId: "))
        #expect(certificates.contains("\n  pubkey:    RSA 2048 bits, has private key\n  keyid:     "))
        let authorities = hosts.run("ipsec listcacerts", on: hosts.carol)
        #expect(authorities.contains("\nList of X.509 CA Certificates\n"))
        #expect(authorities.contains("\n  flags:     CA self-signed \n  subjkeyId: "))
        let lists = hosts.run("ipsec listcrls", on: hosts.carol)
        #expect(lists.contains(", ok (expires in 3 days)\n"))
        #expect(lists.contains("\n  1 revoked certificate:\n    03: May 21 09:03:09 2025, unspecified\n"))
        #expect(
            hosts.run("ipsec listall", on: hosts.carol).hasPrefix(certificates + authorities + lists))
    }
}
