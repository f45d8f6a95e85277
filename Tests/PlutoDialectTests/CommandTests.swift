import DialectKit
import IKEModel
import NetAddress
import PlutoDialect
import Testing

/// Command lines, and what works without a daemon.
struct CommandTests {
    struct Line: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var requests: [PlutoRequest]
        var file: String?
        init(_ text: String, _ requests: [PlutoRequest], file: String? = nil) {
            testDescription = text
            self.requests = requests
            self.file = file
        }
    }

    private static let lines: [Line] = [
        Line("ipsec add a", [.add(["a"])]),
        Line("ipsec auto --add a", [.add(["a"])]),
        Line("ipsec auto --up a", [.up("a", asynchronous: false)]),
        Line("ipsec auto --asynchronous --up a", [.up("a", asynchronous: true)]),
        Line("ipsec up --asynchronous a", [.up("a", asynchronous: true)]),
        Line("ipsec --config /x/ipsec.conf add a", [.add(["a"])], file: "/x/ipsec.conf"),
        Line("ipsec up --config=/x/ipsec.conf a", [.up("a", asynchronous: false)], file: "/x/ipsec.conf"),
        Line("whack --initiate --name a", [.up("a", asynchronous: false)]),
        Line("ipsec whack --suspend --name a", [.suspend("a")]),
        Line("ipsec trafficstatus", [.trafficStatus(nil)]),
        Line("ipsec traffic status", [.trafficStatus(nil)]),
        Line("ipsec whack --trafficstatus", [.trafficStatus(nil)]),
        Line("ipsec whack --impair a --impair b:1", [.impair(["a", "b:1"])]),
        Line("ipsec whack --no-impair a", [.impair(["a:no"])]),
        Line("ipsec whack --shutdown --leave-state", [.shutdown(leaveState: true)]),
        Line("ipsec _kernel state", [.kernelState]),
        Line("ipsec whack --deletestate 2", [.deleteState(2)]),
        Line(
            "ipsec auto --up a --remote-host 192.0.2.1",
            [.up("a", asynchronous: false, remoteHost: IPAddress("192.0.2.1"))]),
        Line(
            "whack --initiate --name a --remote-host 192.0.2.1",
            [.up("a", asynchronous: false, remoteHost: IPAddress("192.0.2.1"))]),
        Line("ipsec auto --start a", [.add(["a"]), .up("a", asynchronous: false)]),
    ]

    @Test(arguments: lines)
    func `a command line is understood`(_ line: Line) throws {
        let parsed = try PlutoRequest.parse(line.testDescription.split(separator: " ").map(String.init))
        #expect(parsed.requests == line.requests)
        #expect(parsed.configurationFile == line.file)
    }

    @Test(arguments: [
        ("ipsec whack suppress-retransmits", "whack error: unexpected argument \"suppress-retransmits\""),
        ("ipsec whack --suspend", "requires --name"), ("ipsec frobnicate", "unknown command \"frobnicate\""),
        ("ipsec up", "name is missing"), ("ipsec auto --frob a", "unrecognized option '--frob'"), ("ipsec", "missing"),
        ("ipsec whack --deletestate x", "number"), ("ipsec up a --remote-host x", "needs an address"),
        ("ipsec whack --impair", "requires an argument"),
    ])
    func `a command line that is none is refused`(_ line: String, _ part: String) {
        let error = #expect(throws: PlutoRequest.UsageError.self) {
            try PlutoRequest.parse(line.split(separator: " ").map(String.init))
        }
        #expect(error?.message.contains(part) ?? false, "\(String(describing: error))")
    }

    @Test func `impairments reach the engine as one value, unknown ones are an error`() {
        let dialect = PlutoDialect()
        let view = FakeDaemonView()
        func impair(_ words: String...) -> [DialectEffect] {
            dialect.accept(
                ClientRequest(arguments: ["whack"] + words.flatMap { ["--impair", $0] }, workingDirectory: "/"),
                from: SessionID(1), view)
        }
        func value(_ effects: [DialectEffect]) -> Impairments? {
            for case .command(.setImpairments(let value)) in effects { return value }
            return nil
        }
        let some = value(impair("suppress_retransmits", "send-no-delete", "ticket_lifetime:3"))
        #expect(some?.suppressRetransmits == true && some?.sendNoDelete == true && some?.ticketLifetime == .seconds(3))
        #expect(value(impair("send_no_delete:no"))?.sendNoDelete == false)
        #expect(value(impair("none")) == Impairments())
        let more = value(
            impair(
                "number_of_TSi_selectors:0", "ike_key_length_attribute:omit", "child-key-length-attribute:192",
                "v2_proposal_dh:allow-none", "v2n_rekey_sa_protoid:4", "bad_ike_auth_xchg"))
        #expect(more?.initiatorSelectorCount == 0 && more?.responderSelectorCount == nil)
        #expect(more?.ikeKeyLength == .omitted && more?.childKeyLength == .replaced(192))
        #expect(more?.explicitNoKeyExchange == true && more?.rekeyProtocolID == 4)
        #expect(more?.misnameIKEAuthResponse == true)
        #expect(value(impair("number-of-TSi-selectors:no"))?.initiatorSelectorCount == nil)
        #expect(value(impair("ike-key-length-attribute:maybe")) == nil)
        guard case .writeError(_, let text)? = impair("frob").first else {
            Issue.record("an unknown impairment was taken")
            return
        }
        #expect(text == "whack error: unrecognized --impair option 'frob'\n")
    }

    @Test func `messages that are held back are told, and one that is let through, too`() {
        let hosts = WestEast.hosts()
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        #expect(
            hosts.run("ipsec whack --impair block_inbound:yes", on: hosts.west)
                == "IMPAIR: recording all inbound messages\nIMPAIR: block all inbound messages: no -> yes\n")
        let session = hosts.west.type("ipsec up west-east")
        hosts.settle()
        #expect(hosts.west.log.last == "packet from 192.1.2.23:500: IMPAIR: blocking inbound message 1")
        #expect(
            hosts.run("ipsec whack --impair drip_inbound:1", on: hosts.west)
                == "IMPAIR: start processing inbound drip packet 1\nIMPAIR: stop processing inbound drip packet 1\n")
        #expect(hosts.west.output[session]?.contains("sent IKE_AUTH request") ?? false)
    }

    @Test func `a connection to any peer is brought up with the one that is named, as an instance`() {
        let conf = WestEast.configuration().replacing("right=192.1.2.23", with: "right=%any")
        let hosts = TwoHosts(
            westFiles: ["/etc/ipsec.conf": conf, "/etc/ipsec.secrets": WestEast.secrets],
            eastFiles: ["/etc/ipsec.conf": WestEast.configuration(), "/etc/ipsec.secrets": WestEast.secrets])
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        #expect(hosts.run("ipsec up west-east", on: hosts.west).contains("without knowing peer IP address"))
        let lines = hosts.run("ipsec up west-east --remote-host 192.1.2.23", on: hosts.west).split(separator: "\n")
        let name = "\"west-east\"[1] 192.1.2.23"
        #expect(lines.first == "\(name): instantiated connection with remote IP set to 192.1.2.23")
        #expect(lines.last?.hasPrefix("\(name) #2: initiator established Child SA using #1; IPsec tunnel") ?? false)
        #expect(hosts.run("ipsec trafficstatus", on: hosts.west).hasPrefix("#2: \(name), type=ESP"))
        #expect(hosts.run("ipsec down west-east", on: hosts.west).contains("\(name) #1: deleting IKE SA"))
        #expect(hosts.west.view.connections.count == 1)
        #expect(
            hosts.run("ipsec up west-east --remote-host 192.1.2.23", on: hosts.east).contains("remote IP is not %any"))
    }

    @Test func `a Child SA that is deleted by its number is missed where its connection is to stay up`() {
        let hosts = WestEast.hosts()
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
        _ = hosts.run("ipsec up west-east", on: hosts.west)
        #expect(
            hosts.run("ipsec whack --deletestate 2", on: hosts.west) == """
                "west-east" #2: sent INFORMATIONAL request to delete established Child SA using IKE SA #1
                "west-east" #2: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
                "west-east" #2: IMPAIR: revival: skip scheduling revival event
                "west-east" #2: ESP traffic information: in=0B out=0B

                """)
        #expect(hosts.west.view.connections.first?.routing == .routedOnDemand)
        _ = hosts.run("ipsec down west-east", on: hosts.west)
        #expect(hosts.west.view.connections.first?.routing == .unrouted)
    }

    @Test func `a connection that is not ours, one that cannot be, and one that is not there`() {
        let conf = """
            conn stranger
            \tleft=192.0.2.1
            \tright=192.0.2.2
            \tauthby=secret
            conn rsa
            \tleft=192.1.2.45
            \tright=192.1.2.23
            \tauthby=rsasig
            conn md5
            \talso=rsa
            \tauthby=secret
            \tike=aes-md4
            conn many
            \talso=rsa
            \tauthby=secret
            \trightsubnets=192.0.2.0/24,192.0.20.0/24
            """
        let hosts = TwoHosts(configuration: conf, westSecrets: "", eastSecrets: "")
        func add(_ name: String) -> String { hosts.run("ipsec add \(name)", on: hosts.west) }
        let stranger = "\"stranger\": added unoriented IKEv2 connection "
        #expect(add("stranger") == stranger + "(neither left=192.0.2.1 nor right=192.0.2.2 match an interface)\n")
        #expect(
            hosts.run("ipsec up stranger", on: hosts.west)
                == "\"stranger\": we cannot identify ourselves with either end of this connection\n")
        // It needs certificates or keys only when it comes up.
        #expect(add("rsa") == "\"rsa\": added IKEv2 connection\n")
        #expect(add("md5") == "\"md5\": failed to add connection: IKE PRF algorithm 'md4' is not recognized\n")
        #expect(add("many") == "\"many/0x1\": added IKEv2 connection\n\"many/0x2\": added IKEv2 connection\n")
        let session = hosts.west.type("ipsec add nobody")
        #expect(hosts.west.errors[session] == "conn 'nobody': not found (tried aliases)\n")
        #expect(hosts.west.statuses[session] == 21)
    }

    @Test func `at start auto= is acted upon`() {
        let hosts = WestEast.hosts("\tauto=start")
        #expect(hosts.east.log.contains("\"west-east\": added IKEv2 connection"))
        hosts.settle()
        #expect(hosts.west.view.childSAs.count >= 1)
    }

    // MARK: Without a daemon

    private final class Files: OfflineFiles {
        var files: [String: String]
        var folders: Set<String> = []
        init(_ files: [String: String]) { self.files = files }
        func readFile(_ path: String) throws(FileFailure) -> [UInt8] { try FakeFiles.read(path, in: files) }
        func glob(_ pattern: String) -> [String] { FakeFiles.glob(pattern, in: Array(files.keys)) }
        func exists(_ path: String) -> Bool { files[path] != nil || folders.contains(path) }
        func createFolder(_ path: String) -> String? {
            folders.insert(path)
            return nil
        }
        func createFile(_ path: String, _ octets: [UInt8]) -> String? {
            files[path] = String(decoding: octets, as: UTF8.self)
            return nil
        }
        func removeFile(_ path: String) -> String? {
            files.removeValue(forKey: path) == nil ? "No such file or directory" : nil
        }
    }

    private func run(_ line: String, _ files: Files) -> PlutoOffline.Result? {
        PlutoOffline.run(
            ClientRequest(arguments: line.split(separator: " ").map(String.init), workingDirectory: "/w"), files: files)
    }

    @Test func `a host key is made, listed, and shown as ipsec.conf has it`() throws {
        let files = Files([:])
        #expect(run("ipsec showhostkey --left", files)?.status == 20)
        let made = try #require(run("ipsec newhostkey --keytype ecdsa", files))
        #expect(made.output.hasPrefix("Generated ECDSA key pair with CKAID ") && made.status == 0)
        #expect(files.files.keys.filter { $0.hasPrefix("/var/lib/ipsec/nss/keys/") }.count == 1)
        #expect(run("ipsec showhostkey --list", files)?.output.hasPrefix("< 1> ECDSA keyid: ") ?? false)
        let shown = try #require(run("ipsec showhostkey --right", files)?.output)
        #expect(shown.hasPrefix("\t# ecdsakey ") && shown.contains("\n\trightecdsakey=0s"))
        #expect(run("ipsec newhostkey --bits 512", files)?.status == 1)
        #expect(run("ipsec newhostkey --wrong", files)?.error.contains("unrecognized option") ?? false)
        // Two keys: which is meant has to be said.
        _ = run("ipsec newhostkey --keytype ecdsa --quiet", files)
        #expect(run("ipsec showhostkey --right", files)?.status == 5)
    }

    @Test func `the key database is made once`() {
        let files = Files([:])
        #expect(run("ipsec initnss", files)?.output == "Creating empty NSS database\n")
        #expect(files.files["/var/lib/ipsec/nss/cert9.db"] == "")
        #expect(run("ipsec initnss", files)?.status == 42)
        #expect(run("ipsec checknss", files) == PlutoOffline.Result())
    }

    @Test func `FIPS mode wants a key store and a password for it, and is undone`() {
        let files = Files([:])
        #expect(run("ipsec _fips on", files)?.status == 1)
        _ = run("ipsec initnss", files)
        #expect(run("ipsec _fips on", files)?.error.contains("needs a password") ?? false)
        files.files["/etc/ipsec.d/nsspassword"] = "NSS FIPS 140-2 Certificate DB:s3cret\n"
        #expect(run("ipsec _fips on", files) == PlutoOffline.Result(output: "FIPS mode enabled.\n"))
        files.files["/etc/ipsec.conf"] = "conn a\n\tike=aes-md5\n"
        #expect(
            run("ipsec checkconfig", files)?.error.contains("IKE PRF algorithm 'md5' is not supported") ?? false)
        #expect(run("ipsec _fips off", files) == PlutoOffline.Result(output: "FIPS mode disabled.\n"))
        #expect(run("ipsec checkconfig", files) == PlutoOffline.Result())
    }

    @Test func `algparse shows how a value is read`() {
        let files = Files([:])
        #expect(run("ipsec algparse -fips esp=aes-sha1", files)?.output == "\tAES_CBC-HMAC_SHA1_96\n")
        #expect(
            run("ipsec algparse -fips ike=aes-md5", files)
                == PlutoOffline.Result(output: "\tERROR: IKE PRF algorithm 'md5' is not supported\n", status: 1))
        #expect(
            run("ipsec algparse -v2 esp=aes;modp2048", files)?.output.hasPrefix(
                "ipsec algparse: ignoring ESP DH algorithm MODP2048 as PFS policy is disabled\n") ?? false)
        #expect(run("ipsec algparse ike", files)?.output.split(separator: "\n").count == 5)
        #expect(
            run("ipsec algparse -fips ike", files)?.output.split(separator: "\n").last
                == "\tAES_CBC_128-HMAC_SHA2_512+HMAC_SHA2_256-DH19+DH20+DH21+DH31+MODP4096+MODP3072+MODP2048+MODP8192")
        #expect(run("ipsec algparse -tp", files)?.status == 1)
        #expect(run("ipsec algparse ah=sha1", files)?.status == 1)
    }

    @Test func `addconn checks a file and tells what it says`() {
        let files = Files([
            "/w/c.conf": "config setup\n\tlogfile=/tmp/x\n", "/w/bad.conf": "conn a\n\tfoo=1\n", "/dev/null": "",
        ])
        #expect(run("ipsec addconn --checkconfig --config c.conf", files) == PlutoOffline.Result())
        let bad = run("ipsec addconn --checkconfig --config bad.conf", files)
        #expect(bad?.error == "cannot load config '/w/bad.conf': /w/bad.conf:2: unrecognized conn keyword 'foo'\n")
        #expect(bad?.status == 3)
        #expect(run("ipsec addconn --configsetup=ipsecdir --config /dev/null", files)?.output == "/etc/ipsec.d\n")
        #expect(run("ipsec addconn --config c.conf --configsetup=logfile", files)?.output == "/tmp/x\n")
        #expect(run("ipsec addconn a", files) == nil)
        #expect(run("ipsec up a", files) == nil)
    }
}
