import CharonDialect
import DialectKit
import IKECrypto
import IKEModel
import Testing

/// Revocation lists that a chain says where to fetch; the lines are those of a real strongSwan of 5.9.8 with its curl plugin.
@Suite struct ListFetchingTests {
    private static let url = "http://192.168.0.1/strongswan.crl"

    private struct Run {
        let hosts: CarolAndMoon
        let session: SessionID
        var output: String { hosts.carol.output[session] ?? "" }
        /// What was said of moon's certificate.
        var status: [String] {
            let lines = output.split(separator: "\n").map(String.init)
            guard let start = lines.firstIndex(where: { $0.hasPrefix("checking certificate status") }) else {
                return []
            }
            return lines[start...].prefix { !$0.hasPrefix("authentication of") && !$0.hasPrefix("no trusted") }
                .map { CertificatePKI.normalized($0 + "\n").trimmingNewline }
        }
    }

    /// Up to where carol waits for a list.
    private func start(_ pki: CertificatePKI, list: String? = nil) throws -> Run {
        let hosts = try pki.hosts(carolList: list, moonList: nil)
        let session = hosts.carol.type("ipsec up home")
        hosts.settle()
        return Run(hosts: hosts, session: session)
    }

    private static let head = [
        "checking certificate status of \"C=CH, O=Linux strongSwan, CN=moon.strongswan.org\"",
        "  fetching crl from '\(url)' ...",
    ]
    private static let verified = [
        "  using trusted certificate \"C=CH, O=Linux strongSwan, CN=strongSwan Root CA\"",
        "  crl correctly signed by \"C=CH, O=Linux strongSwan, CN=strongSwan Root CA\"", "  crl is valid: until TIME",
    ]

    private func octets(_ pki: CertificatePKI, revoking: [Certificate] = []) throws -> [UInt8] {
        try PEM.sections(of: Array(pki.list(revoking: revoking).utf8))[0].contents.exposed
    }

    @Test func `a peer's proof waits for the list, which is kept`() throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        let run = try start(pki)
        let carol = run.hosts.carol
        let request = try #require(carol.fetches.first)
        #expect(request.url == Self.url)
        #expect(carol.view.childSAs.isEmpty && !run.output.contains("established"))
        // What the peer sends again meanwhile changes nothing.
        let before = carol.log.count
        run.hosts.wait(.seconds(3))
        #expect(carol.fetches.count == 1 && carol.log.count == before)
        carol.answerFetch(.success(try octets(pki)))
        run.hosts.settle()
        #expect(run.status == Self.head + Self.verified + ["certificate status is good"])
        #expect(run.output.hasSuffix("connection 'home' established successfully\n"))
        #expect(carol.view.childSAs.count == 1)
        // From now on it is there.
        _ = run.hosts.run("ipsec down home", on: carol)
        let again = Run(hosts: run.hosts, session: carol.type("ipsec up home"))
        run.hosts.settle()
        #expect(carol.fetches.isEmpty)
        #expect(
            again.status == Self.head.prefix(1) + Self.verified + ["  using cached crl", "certificate status is good"])
        // Purged, it is asked for again, by either command.
        for command in ["ipsec purgecrls", "swanctl --flush-certs --type x509_crl"] {
            _ = run.hosts.run("ipsec down home", on: carol)
            _ = run.hosts.run(command, on: carol)
            _ = run.hosts.run("ipsec up home", on: carol)
            #expect(carol.fetches.count == 1)
            carol.answerFetch(.success(Array(try pki.list().utf8)))
            run.hosts.settle()
            #expect(carol.view.childSAs.count == 1)
        }
    }

    @Test func `a list that has the peer's certificate ends it`() throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        let run = try start(pki)
        run.hosts.carol.answerFetch(.success(try octets(pki, revoking: [pki.moon])))
        run.hosts.settle()
        #expect(run.status.last == "certificate was revoked on TIME, reason: unspecified")
        #expect(run.output.contains("no trusted RSA public key found for 'moon.strongswan.org'\n"))
        #expect(run.output.hasSuffix("establishing connection 'home' failed\n") && run.hosts.carol.view.ikeSAs.isEmpty)
    }

    @Test(arguments: [
        (
            FetchFailure.noConnection(host: "192.168.0.1", port: 80, milliseconds: 7),
            "libcurl request failed [7]: Failed to connect to 192.168.0.1 port 80 after 7 ms: Couldn't connect to server"
        ), (.status(404), "libcurl request failed [22]: The requested URL returned error: 404"),
        (.timedOut(milliseconds: 10001), "libcurl request failed [28]: Connection timed out after 10001 milliseconds"),
        (
            .receiveFailed("Connection reset by peer"),
            "libcurl request failed [56]: Recv failure: Connection reset by peer"
        ),
    ])
    func `without a list its status is not known, and is not asked for unless strict`(
        _ failure: FetchFailure, _ words: String
    ) throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        let run = try start(pki)
        run.hosts.carol.answerFetch(.failure(failure))
        run.hosts.settle()
        #expect(run.status == Self.head + [words, "crl fetching failed", "certificate status is not available"])
        #expect(run.output.hasSuffix("connection 'home' established successfully\n"))
    }

    @Test func `a strict policy wants one`() throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        let hosts = try pki.hosts(carolList: nil, moonList: nil, isStrict: true)
        let session = hosts.carol.type("ipsec up home")
        hosts.settle()
        hosts.carol.answerFetch(.failure(.malformedAnswer))
        hosts.settle()
        #expect(
            hosts.carol.output[session]?.contains("constraint check failed: RULE_CRL_VALIDATION is SKIPPED") == true)
        #expect(hosts.carol.view.ikeSAs.isEmpty)
    }

    @Test func `places are tried one after another, and what somebody else signed is no list`() throws {
        let pki = try CertificatePKI(
            bits: 1024, listURLs: ["ldap://a/b", "http://nowhere.example/a.crl", "http://192.168.0.7/forged", Self.url])
        let other = try CertificatePKI(bits: 1024)
        let run = try start(pki)
        for (url, failure) in [
            ("ldap://a/b", FetchFailure.malformedURL),
            ("http://nowhere.example/a.crl", .unknownHost("nowhere.example")),
        ] {
            #expect(run.hosts.carol.fetches.map(\.url) == [url])
            run.hosts.carol.answerFetch(.failure(failure))
        }
        #expect(run.hosts.carol.fetches.map(\.url) == ["http://192.168.0.7/forged"])
        run.hosts.carol.answerFetch(.success(try octets(other)))
        #expect(run.hosts.carol.fetches.map(\.url) == [Self.url])
        run.hosts.carol.answerFetch(.success(try octets(pki)))
        run.hosts.settle()
        #expect(run.status.contains("unable to fetch from ldap://a/b, no capable fetcher found"))
        #expect(run.status.contains("libcurl request failed [6]: Could not resolve host: nowhere.example"))
        #expect(run.status.contains { $0.hasPrefix("crl response is no list that") })
        #expect(run.status.last == "certificate status is good")
    }

    private static let section = """
        ca strongswan
            cacert=strongswanCert.pem
            crluri=http://192.168.0.1/first.crl
            crluri2=http://192.168.0.1/second.crl
            auto=add

        """

    @Test(arguments: [[], [Self.url, "http://192.168.0.1/second.crl"]])
    func `a ca section's places go before the certificate's, each once, and are enough`(own: [String]) throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: own)
        let hosts = try pki.hosts(carolList: nil, moonList: nil, carol: Self.section + CertificatePKI.home)
        let session = hosts.carol.type("ipsec up home")
        hosts.settle()
        let places = ["http://192.168.0.1/first.crl", "http://192.168.0.1/second.crl"] + own.prefix(1)
        for place in places {
            #expect(hosts.carol.fetches.map(\.url) == [place])
            hosts.carol.answerFetch(
                place == places.last ? .success(try octets(pki)) : .failure(.status(404)))
        }
        hosts.settle()
        #expect(hosts.carol.fetches.isEmpty)
        let run = Run(hosts: hosts, session: session)
        #expect(
            run.status.filter { $0.contains("fetching crl from") } == places.map { "  fetching crl from '\($0)' ..." })
        #expect(run.status.last == "certificate status is good" && hosts.carol.view.childSAs.count == 1)
    }

    @Test func `so do those of an authority in swanctl.conf, until it goes`() throws {
        let pki = try CertificatePKI(bits: 1024)
        let hosts = try pki.hosts(carolList: nil, moonList: nil)
        let view = hosts.carol.view
        view.files["/etc/swanctl/x509ca/strongswanCert.pem"] = view.files["/etc/ipsec.d/cacerts/strongswanCert.pem"]
        for (urls, expected) in [("crl_uris = \(Self.url)", [Self.url]), ("", [])] {
            view.files["/etc/swanctl/swanctl.conf"] = "authorities { a { cacert = strongswanCert.pem\n \(urls) } }\n"
            _ = hosts.run("swanctl --load-authorities", on: hosts.carol)
            _ = hosts.carol.type("ipsec up home")
            hosts.settle()
            #expect(hosts.carol.fetches.map(\.url) == expected)
            if !expected.isEmpty { hosts.carol.answerFetch(.failure(.status(404))) }
            hosts.settle()
            _ = hosts.run("ipsec down home", on: hosts.carol)
        }
    }

    @Test func `a responder waits too, and says nothing twice`() throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        // moon's certificate is the one with a place: here it is the initiator's.
        let hosts = try pki.hosts(
            carolList: nil, moonList: nil,
            carol: CertificatePKI.home.replacing("right=192.168.0.1\n", with: "right=%any\n"),
            moon: CertificatePKI.gateway.replacing(
                "right=%any\n", with: "right=192.168.0.100\n    rightid=carol@strongswan.org\n"
            )
            .replacing("forceencaps=yes", with: "mobike=no"))
        let session = hosts.moon.type("ipsec up rw")
        hosts.settle()
        #expect(hosts.carol.fetches.count == 1)
        // The request is sent again, and is still being looked at.
        func ignored() -> Int {
            hosts.carol.log.count { $0.hasSuffix("[MGR] ignoring request with ID 1, already processing") }
        }
        #expect(ignored() == 0)
        let fragments = hosts.moon.log.count { $0.contains("generating IKE_AUTH request 1 [ EF(") }
        hosts.wait(.seconds(5))
        // Each of its datagrams, as a real one counts them.
        #expect(hosts.carol.fetches.count == 1 && ignored() == max(fragments, 1))
        hosts.carol.answerFetch(.success(try octets(pki)))
        hosts.settle()
        #expect(hosts.moon.output[session]?.hasSuffix("connection 'rw' established successfully\n") == true)
        #expect(hosts.carol.log.count { $0.contains("established between") } == 1)
        #expect(hosts.carol.view.childSAs.count == 1 && hosts.moon.view.childSAs.count == 1)
    }

    @Test(arguments: [false, true])
    func `with cachecrls a list becomes a file, and is not forgotten with those that were fetched`(
        _ isReadOnly: Bool
    ) throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        let hosts = try pki.hosts(
            carolList: nil, moonList: nil, carol: "config setup\n    cachecrls=yes\n\n" + CertificatePKI.home)
        hosts.carol.isReadOnly = isReadOnly
        let list = try octets(pki)
        let name = try #require(try RevocationList(der: list).authorityKeyIdentifier)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let path = "/etc/ipsec.d/crls/\(name).crl"
        let run = Run(hosts: hosts, session: hosts.carol.type("ipsec up home"))
        hosts.settle()
        try #require(hosts.carol.fetches.count == 1)
        hosts.carol.answerFetch(.success(list))
        hosts.settle()
        // Where the real one says it (`testing/charon-crl-http-real`).
        let told = run.status.map { $0.replacing(#/\((N|[0-9]+) bytes\)/#, with: "(N bytes)") }
        let line = isReadOnly ? "  writing crl file '\(path)' failed" : "  written crl file '\(path)' (N bytes)"
        #expect(told == Self.head + Self.verified + ["certificate status is good", line])
        #expect(hosts.carol.written == (isReadOnly ? [:] : [path: list]))
        for command in ["ipsec down home", "ipsec purgecrls"] { _ = hosts.run(command, on: hosts.carol) }
        let again = Run(hosts: hosts, session: hosts.carol.type("ipsec up home"))
        hosts.settle()
        #expect(hosts.carol.fetches.isEmpty && again.status.contains("  using cached crl"))
    }

    @Test func `an IKE SA that ends meanwhile is not waited for`() throws {
        let pki = try CertificatePKI(bits: 1024, listURLs: [Self.url])
        let run = try start(pki)
        _ = run.hosts.run("ipsec down home", on: run.hosts.carol)
        run.hosts.wait(.seconds(600))
        run.hosts.carol.answerFetch(.success(try octets(pki)))
        run.hosts.settle()
        #expect(run.hosts.carol.view.childSAs.isEmpty)
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
