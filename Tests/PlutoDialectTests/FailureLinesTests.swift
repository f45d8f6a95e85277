import IKEModel
import Testing

/// What goes wrong, in May 2025's words (libreswan's own transcripts, with the connection's name changed).
struct FailureLinesTests {
    private let start = """
        "west-east" #1: initiating IKEv2 connection to 192.1.2.23 using UDP
        "west-east" #1: sent IKE_SA_INIT request to 192.1.2.23:UDP/500

        """
    private let processed =
        "\"west-east\" #1: processed IKE_SA_INIT response from 192.1.2.23:UDP/500 "
        + "{cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}, initiating IKE_AUTH\n"

    private func ready(_ more: String = "", eastSecrets: String = WestEast.secrets) -> TwoHosts {
        let hosts = WestEast.hosts(more, eastSecrets: eastSecrets)
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec auto --add west-east", on: hosts.west)
        return hosts
    }

    private func up(_ hosts: TwoHosts) -> (text: String, status: Int32?) {
        let session = hosts.west.type("ipsec up west-east")
        hosts.settle()
        return (sanitized(hosts.west.output[session] ?? ""), hosts.west.statuses[session])
    }

    @Test func `another key at the peer: AUTHENTICATION_FAILED, and with revival impaired it ends there`() {
        let hosts = ready(eastSecrets: "@east @west : PSK \"another\"\n")
        _ = hosts.run("ipsec whack --impair revival --impair suppress_retransmits", on: hosts.west)
        let (text, status) = up(hosts)
        #expect(
            text == start + processed + """
                "west-east" #1: sent IKE_AUTH request to 192.1.2.23:UDP/500; Child SA #2 {ESP <0xESPESP}
                "west-east" #1: IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED
                "west-east" #1: encountered fatal error in state IKE_AUTH_I
                "west-east" #2: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
                "west-east" #2: IMPAIR: revival: skip scheduling revival event
                "west-east" #1: deleting IKE SA (sent IKE_AUTH request)

                """)
        #expect(status == 1)
        #expect(hosts.east.log.contains { $0.contains("encrypted notification AUTHENTICATION_FAILED") })
    }

    @Test func `a refusal names the request that it answers, whichever end made the IKE SA`() {
        func files(_ esp: String) -> [String: String] {
            [
                "/etc/ipsec.conf": WestEast.configuration("\tesp=\(esp)\n\tpfs=yes"),
                "/etc/ipsec.secrets": WestEast.secrets,
            ]
        }
        // IKE_AUTH has no key exchange; a replacement does, and these two do not agree on one.
        let hosts = TwoHosts(westFiles: files("aes_gcm256;dh14"), eastFiles: files("aes_gcm256;dh19"))
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        #expect(up(hosts).status == 0)
        _ = hosts.run("ipsec whack --rekey-child --name west-east", on: hosts.west)
        #expect(
            hosts.east.log.contains(
                "\"west-east\" #3: responding to CREATE_CHILD_SA message (ID 2) from 192.1.2.45:500 "
                    + "with encrypted notification NO_PROPOSAL_CHOSEN"))
        _ = hosts.run("ipsec whack --rekey-child --name west-east", on: hosts.east)
        #expect(
            hosts.west.log.contains(
                "\"west-east\" #4: responding to CREATE_CHILD_SA message (ID 0) from 192.1.2.23:500 "
                    + "with encrypted notification NO_PROPOSAL_CHOSEN"))
    }

    @Test func `a failure that is revived lets go of the console, and goes on in the log`() {
        let hosts = ready(eastSecrets: "")
        let (text, status) = up(hosts)
        #expect(text.hasSuffix("\"west-east\" #1: deleting IKE SA (sent IKE_AUTH request)\n"))
        #expect(status == 1)
        #expect(hosts.west.log.contains { $0.hasPrefix("\"west-east\" #3: initiating IKEv2 connection") })
        #expect(
            hosts.west.log.contains(
                "\"west-east\": reviving connection which delete Child SA but must remain up per local policy (serial $1)"
            ))
    }

    @Test func `no key of our own is told in the state in which it was missed`() {
        let hosts = TwoHosts(
            configuration: WestEast.configuration(), westSecrets: "# none\n", eastSecrets: WestEast.secrets)
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
        let human = "processed IKE_SA_INIT response, preparing IKE_INTERMEDIATE or IKE_AUTH request"
        #expect(
            up(hosts).text == start + processed + """
                "west-east" #1: authentication failed: no PSK found for '@west'
                "west-east" #1: encountered fatal error in state IKE_SA_INIT_IR
                "west-east" #1: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
                "west-east" #1: IMPAIR: revival: skip scheduling revival event
                "west-east" #1: deleting IKE SA (\(human))

                """)
    }

    @Test func `a short key is warned of where it is used, and refused in FIPS mode`() {
        func hosts(fips: Bool) -> TwoHosts {
            var files = ["/etc/ipsec.conf": WestEast.configuration(), "/etc/ipsec.secrets": ": PSK \"geheim\"\n"]
            if fips { files["/var/lib/ipsec/nss/pkcs11.txt"] = "flags=FIPS\n" }
            let hosts = TwoHosts(westFiles: files, eastFiles: files)
            _ = hosts.run("ipsec add west-east", on: hosts.east)
            _ = hosts.run("ipsec add west-east", on: hosts.west)
            _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
            return hosts
        }
        let what = "'@west' PSK length of 6 bytes is too short for PRF HMAC_SHA2_512 in FIPS mode (32 bytes required)"
        let warned = up(hosts(fips: false))
        #expect(warned.text.split(separator: "\n").filter { $0 == "\"west-east\" #1: WARNING: \(what)" }.count == 2)
        #expect(warned.status == 0)
        let refused = hosts(fips: true)
        #expect(refused.west.log.contains("FIPS Mode: ON"))
        let (text, status) = up(refused)
        #expect(text.contains("\"west-east\" #1: FIPS: \(what)\n\"west-east\" #1: authentication failed: no PSK"))
        #expect(status == 1)
        #expect(!text.contains("sent IKE_AUTH"))
    }

    @Test func `a peer that cannot be reached: retransmissions, then the timeout`() {
        let hosts = ready("\tretransmit-timeout=5s")
        _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
        hosts.isCut = true
        let session = hosts.west.type("ipsec up west-east")
        hosts.settle()
        hosts.wait(.seconds(6))
        let lost = "No response (or no acceptable response) to our first IKEv2 message"
        #expect(
            hosts.west.output[session] == start + """
                "west-east" #1: IKE_SA_INIT_I: retransmission; will wait 0.5 seconds for response
                "west-east" #1: IKE_SA_INIT_I: retransmission; will wait 1 seconds for response
                "west-east" #1: IKE_SA_INIT_I: retransmission; will wait 2 seconds for response
                "west-east" #1: IKE_SA_INIT_I: retransmission; will wait 4 seconds for response
                "west-east" #1: IKE_SA_INIT_I: 5 second timeout exceeded after 4 retransmits.  \(lost)
                "west-east" #1: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
                "west-east" #1: IMPAIR: revival: skip scheduling revival event
                "west-east" #1: deleting IKE SA (sent IKE_SA_INIT request)

                """)
        #expect(hosts.west.statuses[session] == 1)
    }

    @Test func `no common proposal: the unprotected refusal is ignored until the timeout`() {
        let hosts = ready("\tike=aes128-sha1;modp2048")
        hosts.east.view.files["/etc/ipsec.conf"] = WestEast.configuration("\tike=aes256-sha2;modp2048")
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec whack --impair timeout-on-retransmit --impair revival", on: hosts.west)
        let session = hosts.west.type("ipsec up west-east")
        hosts.settle()
        hosts.wait(.seconds(1))
        let refusal = "NO_PROPOSAL_CHOSEN notification (Message ID 0; message payloads N, missing SA,KE,Ni)"
        #expect(
            hosts.west.output[session] == start + """
                "west-east" #1: ignoring IKE_SA_INIT response containing \(refusal)
                "west-east" #1: IMPAIR: retransmit so timing out SA (may retry)
                "west-east" #1: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
                "west-east" #1: IMPAIR: revival: skip scheduling revival event
                "west-east" #1: deleting IKE SA (sent IKE_SA_INIT request)

                """)
    }

    @Test func `selectors that don't meet leave the IKE SA up`() {
        let hosts = ready()
        hosts.east.view.files["/etc/ipsec.conf"] = WestEast.configuration().replacing("192.0.1.0", with: "192.0.9.0")
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
        let (text, status) = up(hosts)
        #expect(
            text.hasSuffix(
                """
                "west-east" #1: initiator established IKE SA; authenticated peer using authby=secret and FQDN '@east'
                "west-east" #2: IKE_AUTH response rejected Child SA with TS_UNACCEPTABLE
                "west-east" #2: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
                "west-east" #2: IMPAIR: revival: skip scheduling revival event

                """))
        #expect(status == 1)
        #expect(
            hosts.run("ipsec down west-east", on: hosts.west) == """
                "west-east": initiating delete of connection's IKE SA #1
                "west-east" #1: sent INFORMATIONAL request to delete IKE SA
                "west-east" #1: deleting IKE SA (established IKE SA)

                """)
    }

    @Test func `down and delete have their own words`() {
        let hosts = ready()
        _ = up(hosts)
        hosts.west.ping()
        #expect(
            hosts.run("ipsec auto --down west-east", on: hosts.west) == """
                "west-east": initiating delete of connection's IKE SA #1 (and Child SA #2)
                "west-east" #1: sent INFORMATIONAL request to delete IKE SA
                "west-east" #2: ESP traffic information: in=84B out=84B
                "west-east" #1: deleting IKE SA (established IKE SA)

                """)
        #expect(hosts.run("ipsec down west-east", on: hosts.west) == "")
        _ = up(hosts)
        #expect(
            hosts.run("ipsec delete west-east", on: hosts.west) == """
                "west-east": terminating SAs using this connection
                "west-east" #3: deleting IKE SA (ESTABLISHED_IKE_SA) and sending notification
                "west-east" #4: ESP traffic information: in=0B out=0B

                """)
        #expect(hosts.run("ipsec up west-east", on: hosts.west) == "no connection or alias named \"west-east\"'\n")
    }

    @Test func `an asynchronous up ends with its first line`() {
        let hosts = ready()
        let session = hosts.west.type("ipsec up --asynchronous west-east")
        #expect(
            hosts.west.output[session] == "\"west-east\" #1: initiating IKEv2 connection to 192.1.2.23 using UDP\n")
        #expect(hosts.west.statuses[session] == 0)
        hosts.settle()
        #expect(hosts.west.view.childSAs.count == 1)
    }

    @Test func `a Child SA can be deleted by its number`() {
        let hosts = ready()
        _ = hosts.run("ipsec whack --impair revival", on: hosts.west)
        _ = up(hosts)
        let text = hosts.run("ipsec whack --deletestate 2", on: hosts.west)
        #expect(
            text.hasPrefix(
                "\"west-east\" #2: sent INFORMATIONAL request to delete established Child SA using IKE SA #1\n"))
        #expect(text.hasSuffix("\"west-east\" #2: ESP traffic information: in=0B out=0B\n"))
        #expect(
            sanitized(hosts.run("ipsec whack --showstates", on: hosts.west))
                == "#1: \"west-east\":500 ESTABLISHED_IKE_SA (established IKE SA); "
                + "REKEY in XXs; REPLACE in XXs; newest; idle;\n")
    }

    @Test func `a peer of any address gets an instance of the connection`() {
        let configuration = WestEast.configuration()
        let hosts = TwoHosts(
            configuration: configuration, westSecrets: WestEast.secrets, eastSecrets: WestEast.secrets)
        hosts.east.view.files["/etc/ipsec.conf"] = configuration.replacing("left=192.1.2.45", with: "left=%any")
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        #expect(
            hosts.run("ipsec up west-east", on: hosts.east)
                == "\"west-east\": cannot initiate connection (serial $1) without knowing peer IP address (kind=CK_TEMPLATE)\n"
        )
        _ = up(hosts)
        hosts.east.ping()
        #expect(
            sanitized(hosts.run("ipsec trafficstatus", on: hosts.east))
                == "#2: \"west-east\"[1] 192.1.2.45, type=ESP, add_time=1234567890, inBytes=84, outBytes=84, "
                + "maxBytes=2^63B, id='@west'\n")
    }

    @Test func `what the data plane refuses is told as refused, and nothing as established`() {
        let hosts = WestEast.hosts()
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        hosts.west.dataPlaneRefusal = "no right"
        let route = hosts.west.type("ipsec route west-east")
        #expect(hosts.west.output[route] == "\"west-east\": cannot route connection: no right\n")
        #expect(hosts.west.statuses[route] == 1)
        let up = hosts.west.type("ipsec up west-east")
        hosts.settle()
        #expect(hosts.west.output[up]?.contains("\"west-east\" #2: kernel: no right\n") ?? false)
        #expect(
            !(hosts.west.output[up]?.contains("initiator established Child SA") ?? true),
            "\(hosts.west.output[up] ?? "")")
        #expect(hosts.west.statuses[up] == 1)
        #expect(hosts.run("ipsec trafficstatus", on: hosts.west).isEmpty)
        #expect(hosts.run("ipsec trafficstatus", on: hosts.east).isEmpty)
    }
}
