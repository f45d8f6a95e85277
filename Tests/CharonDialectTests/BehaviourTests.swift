import CharonDialect
import DialectKit
import IKEModel
import Testing

/// What charon does otherwise than others, on the wire and in time.
@Suite(.enabled(if: SharedFolder.isThere, SharedFolder.reason)) struct BehaviourTests {
    @Test func `a request without an answer is sent again after 4 s, and then after waits that grow by 1.8`() throws {
        let hosts = try CarolAndMoon()
        hosts.isCut = true
        let session = hosts.carol.type("ipsec up wiki")
        var sent: [Int] = []
        for second in 0..<200 {
            if hosts.carol.outgoing.isEmpty == false { sent.append(second) }
            hosts.carol.outgoing = []
            hosts.wait(.seconds(1))
        }
        // 4, 7.2, 12.96, 23.33, 41.99 s one behind the other; given up after 165 s.
        #expect(sent == [0, 4, 11, 24, 47, 89] || sent == [0])
        let output = hosts.carol.output[session] ?? ""
        #expect(output.contains("retransmit 5 of request with message ID 0\nsending packet: from 192.168.0.100[500]"))
        #expect(!output.contains("retransmit 6"))
        #expect(output.contains("giving up after 5 retransmits\nestablishing IKE_SA failed, peer not responding\n"))
        #expect(output.hasSuffix("establishing connection 'wiki' failed\n"))
    }

    @Test func `a wrong key is told on both ends, and nothing stands`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up badpsk", on: hosts.carol)
        #expect(
            hosts.moon.log.contains {
                $0.hasSuffix(
                    "tried 1 shared key for 'roadwarrior.vppexample.com' - 'bad.example.com', but MAC mismatched")
            })
        #expect(hosts.moon.view.ikeSAs.isEmpty && hosts.carol.view.ikeSAs.isEmpty)
        let refused = try #require(hosts.moon.log.firstIndex { $0.contains("MAC mismatched") })
        let answered = try #require(hosts.moon.log.firstIndex { $0.contains("N(AUTH_FAILED)") })
        #expect(refused < answered)
    }

    @Test func `an altered octet of a protected message is dropped and told`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        _ = hosts.carol.type("ipsec down wiki")
        var datagram = try #require(hosts.carol.outgoing.first)
        datagram.octets[datagram.octets.count - 20] ^= 1
        hosts.moon.tell(
            .datagram(Datagram(local: datagram.remote, remote: datagram.local, octets: datagram.octets)))
        #expect(hosts.moon.log.last?.contains("verifying encrypted payload integrity failed") == true)
        #expect(hosts.moon.view.ikeSAs.count == 1)
    }

    @Test func `a connection that is to be authenticated anew gets another IKE SA in time`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        let first = try #require(hosts.carol.view.ikeSAs.first?.ike)
        hosts.wait(.seconds(10300))
        #expect(
            hosts.carol.log.contains { $0.contains("reauthenticating IKE_SA wiki[1]") }
                || hosts.moon.log.contains { $0.contains("reauthenticating IKE_SA rw[1]") })
        #expect(hosts.carol.view.ikeSAs.count == 1 && hosts.carol.view.ikeSAs.first?.ike != first)
        #expect(hosts.carol.view.childSAs.count == 1)
    }

    @Test(arguments: CharonVersion.allCases)
    func `each release has its own form`(_ version: CharonVersion) throws {
        let hosts = try CarolAndMoon(faking: [], version: version)
        let output = hosts.run("ipsec up wiki", on: hosts.carol)
        let status = hosts.run("ipsec statusall", on: hosts.carol)
        #expect(output.contains("connection 'wiki' established successfully"))
        switch version {
        case .v4_2_9:
            #expect(
                output.contains("generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]\n")
                    || output.contains("[ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) ]\n"))
            #expect(output.contains("sending packet: from 192.168.0.100[500] to 192.168.0.1[500]\n"))
            #expect(status.contains("IKE proposal: AES_CBC-256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048_BIT\n"))
            #expect(status.hasPrefix("Performance:\n"))
        case .v5_1_2:
            #expect(status.contains("INSTALLED, TUNNEL, ESP SPIs: "))
            #expect(!output.contains("selected proposal"))
        case .v5_9_8: #expect(status.contains("INSTALLED, TUNNEL, reqid 1, ESP SPIs: "))
        }
    }

    @Test func `update keeps what is as it was and takes away what is gone`() throws {
        let hosts = try CarolAndMoon()
        _ = hosts.run("ipsec up wiki", on: hosts.carol)
        hosts.carol.view.files["/etc/ipsec.conf"]?.replace("conn gcm\n", with: "conn gcm-new\n")
        _ = hosts.run("ipsec update", on: hosts.carol)
        let status = hosts.run("ipsec statusall", on: hosts.carol)
        #expect(status.contains("gcm-new:") && !status.contains("         gcm:"))
        #expect(status.contains("Security Associations (1 up, 0 connecting)"))
    }
}
