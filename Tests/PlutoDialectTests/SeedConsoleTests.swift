import IKEModel
import Testing

/// The commands of the seed's consoles through two dialects and two engines, against the seed's own lines.
struct SeedConsoleTests {
    private let established = """
        "west-east" #1: initiating IKEv2 connection to 192.1.2.23 using UDP
        "west-east" #1: sent IKE_SA_INIT request to 192.1.2.23:UDP/500
        "west-east" #1: processed IKE_SA_INIT response from 192.1.2.23:UDP/500 {cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}, initiating IKE_AUTH
        "west-east" #1: asking for session resume ticket
        "west-east" #1: sent IKE_AUTH request to 192.1.2.23:UDP/500; Child SA #2 {ESP <0xESPESP}
        "west-east" #1: initiator established IKE SA; authenticated peer using authby=secret and FQDN '@east'
        "west-east" #1: received v2N_TICKET_LT_OPAQUE
        "west-east" #2: initiator established Child SA using #1; IPsec tunnel [192.0.1.0/24===192.0.2.0/24] {ESP/ESN=>0xESPESP <0xESPESP xfrm=AES_GCM_16_256-NONE DPD=passive}

        """
    private let resumed = """
        "west-east" #3: sent IKE_SESSION_RESUME request to 192.1.2.23:UDP/500
        "west-east" #3: initiator processed IKE_SESSION_RESUME; processed IKE_SESSION_RESUME response, preparing IKE_AUTH request
        "west-east" #3: asking for session resume ticket
        "west-east" #3: sent IKE_AUTH request to 192.1.2.23:UDP/500; Child SA #4 {ESP <0xESPESP}
        "west-east" #3: initiator established IKE SA; authenticated peer using authby=session-resume
        "west-east" #3: received v2N_TICKET_LT_OPAQUE
        "west-east" #4: initiator established Child SA using #3; IPsec tunnel [192.0.1.0/24===192.0.2.0/24] {ESP/ESN=>0xESPESP <0xESPESP xfrm=AES_GCM_16_256-NONE DPD=passive}

        """
    private let revived = """
        "west-east" #5: sent IKE_SESSION_RESUME request to 192.1.2.23:UDP/500
        "west-east" #5: received TICKET_NACK notification response to IKE_SESSION_RESUME request, retrying using IKE_SA_INIT
        "west-east" #5: connection is supposed to remain up; revival attempt 1 scheduled in 0 seconds
        "west-east" #5: deleting IKE SA (sent IKE_SESSION_RESUME request)
        "west-east": reviving connection which delete IKE SA but must remain up per local policy (serial $1)
        "west-east" #6: initiating IKEv2 connection to 192.1.2.23 using UDP
        "west-east" #6: sent IKE_SA_INIT request to 192.1.2.23:UDP/500
        "west-east" #6: processed IKE_SA_INIT response from 192.1.2.23:UDP/500 {cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}, initiating IKE_AUTH
        "west-east" #6: asking for session resume ticket
        "west-east" #6: sent IKE_AUTH request to 192.1.2.23:UDP/500; Child SA #7 {ESP <0xESPESP}
        "west-east" #6: initiator established IKE SA; authenticated peer using authby=secret and FQDN '@east'
        "west-east" #6: received v2N_TICKET_LT_OPAQUE
        "west-east" #7: initiator established Child SA using #6; IPsec tunnel [192.0.1.0/24===192.0.2.0/24] {ESP/ESN=>0xESPESP <0xESPESP xfrm=AES_GCM_16_256-NONE DPD=passive}

        """

    private func traffic(_ number: Int) -> String {
        "#\(number): \"west-east\", type=ESP, add_time=1234567890, inBytes=84, outBytes=84, maxBytes=2^63B, id='@east'\n"
    }

    @Test func `the seed's west and east consoles come out line for line`() {
        let hosts = WestEast.hosts("\tsession-resumption=yes")
        func west(_ line: String) -> String { sanitized(hosts.run(line, on: hosts.west)) }
        func east(_ line: String) -> String { sanitized(hosts.run(line, on: hosts.east)) }
        let added = "\"west-east\": added IKEv2 connection\n"
        #expect(east("ipsec add west-east") == added)
        #expect(west("ipsec add west-east") == added)
        #expect(west("ipsec whack --impair suppress-retransmits") == "")
        #expect(west("ipsec up west-east") == established)
        hosts.west.ping()
        #expect(west("ipsec trafficstatus") == traffic(2))
        #expect(west("ipsec whack --suspend --name west-east") == "")
        let trigger = "ipsec whack --impair trigger:EVENT_REINIT_SECRET"
        func rolled(_ key: Int) -> String {
            "IMPAIR: injecting timer event EVENT_REINIT_SECRET\nrefreshed session resume keys, issuing key \(key)\n"
        }
        #expect(east(trigger) == rolled(2))
        #expect(west("ipsec up west-east") == resumed)
        hosts.west.ping()
        #expect(west("ipsec trafficstatus") == traffic(4))
        #expect(west("ipsec whack --suspend --name west-east") == "")
        #expect(east(trigger) == rolled(3))
        #expect(east(trigger) == rolled(4))
        #expect(west("ipsec up west-east") == revived)
        hosts.west.ping()
        #expect(west("ipsec trafficstatus") == traffic(7))
        #expect(west("ipsec whack --suspend --name west-east") == "")
        #expect(hosts.west.statuses.values.allSatisfy { $0 == 0 })
        #expect(hosts.west.statuses.count == 11)
        #expect(hosts.west.view.ikeSAs.isEmpty && hosts.east.view.ikeSAs.isEmpty)
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the lines that these tests expect are those of the seed's file`() throws {
        let seed = try SharedFolder.text("seeds/libreswan-resume-rollover-west.console.txt")
        for block in [established, resumed, revived, traffic(2), traffic(4), traffic(7)] {
            #expect(seed.contains("\n" + block))
        }
    }

    @Test func `the responder's lines are in its log and on no console`() {
        let hosts = WestEast.hosts("\tsession-resumption=yes")
        _ = hosts.run("ipsec add west-east", on: hosts.east)
        _ = hosts.run("ipsec add west-east", on: hosts.west)
        _ = hosts.run("ipsec up west-east", on: hosts.west)
        let log = hosts.east.log.map { sanitized($0) }
        #expect(log.contains("|    exchange type: ISAKMP_v2_IKE_SA_INIT (0x22)"))
        #expect(log.filter { $0.hasPrefix("|    exchange type: ") }.count == 4)
        #expect(
            log.contains(
                "\"west-east\" #1: sent IKE_SA_INIT response to 192.1.2.45:UDP/500 "
                    + "{cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}"))
        #expect(
            log.contains(
                "\"west-east\" #1: responder established IKE SA; authenticated peer using authby=secret and FQDN '@west'"
            ))
        #expect(
            log.contains(
                "\"west-east\" #2: responder established Child SA using #1; IPsec tunnel [192.0.2.0/24===192.0.1.0/24] "
                    + "{ESP/ESN=>0xESPESP <0xESPESP xfrm=AES_GCM_16_256-NONE DPD=passive}"))
        let console = "\"west-east\": added IKEv2 connection\n"
        #expect(hosts.east.output.values.joined() == console)
    }
}
