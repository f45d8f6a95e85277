import DialectKit
import IKECrypto
import IKEEngine
import IKEModel
import Testing

/// A router's console: listings, errors, echo requests; and the debugging that no document shows.
struct IOSConsoleTests {
    private func type(_ line: String, at host: SimulatedHost) -> String { host.type(["ios", "--line", line]) }

    @Test func `the tunnel of the document's configurations comes up, 3DES for ESP and AES for IKE`() throws {
        let routers = try TwoRouters()
        routers.bringUp()
        let child = try #require(routers.router2.engine.childSAs.first)
        #expect(child.suite.cipher.algorithm == .tripleDES)
        #expect(type("sh cry sess", at: routers.router1).contains("Session status: UP-ACTIVE\n"))
        let detailed = type("sh cry ik sa det", at: routers.router1)
        #expect(detailed.contains("Encr: AES-CBC, keysize: 128, Hash: SHA96, DH Grp:2, Auth sign: PSK"))
    }

    @Test func `a wrong word is marked as IOS does`() throws {
        let routers = try TwoRouters()
        #expect(
            type("show cripto session", at: routers.router1)
                == "             ^\n% Invalid input detected at '^' marker.\n")
        #expect(type("ping 10.0.0.300", at: routers.router1).hasPrefix("             ^\n% Invalid input"))
        #expect(type("show crypto", at: routers.router1) == "% Incomplete command.\n")
        #expect(routers.router1.type(["ios", "--prompt"]) == "Router1#")
    }

    @Test func `the running configuration is the document's`() throws {
        let given = try Shipped.text("Tests/CiscoDialectTests/Resources/router1.conf").split(separator: "\n")
            .map { $0.drop { $0 == " " } }.filter { !$0.hasPrefix("!") }
        let shown = try type("sh run", at: TwoRouters().router1).split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(shown == given)
    }

    @Test func `each echo request is sent behind the end of the one before it, and marked by its end`() throws {
        let router = try TwoRouters().router1
        let shown = { router.output.max { $0.key.number < $1.key.number }?.value }
        let opening = type("ping 192.168.2.1 source Loopback0", at: router)
        #expect(
            opening
                == "Type escape sequence to abort.\nSending 5, 100-byte ICMP Echos to 192.168.2.1, timeout is 2 seconds:\n"
                + "Packet sent with a source address of 192.168.1.1 \n")
        let answer = "72 bytes from 192.168.2.1: icmp_seq=1 ttl=64 time=2.60 ms"
        for (status, output) in [(1, ""), (0, answer), (1, "Destination Host Unreachable"), (0, answer)] {
            #expect(router.scripts.map(\.command) == ["exec ping -n -c 1 -W 2 -s 72 -I 192.168.1.1 192.168.2.1"])
            router.endScript(status: Int32(status), output: output)
        }
        let before = router.finished.count
        router.endScript(status: 0, output: "time=4.1 ms")
        #expect(router.finished.count == before + 1 && router.scripts.isEmpty)
        #expect(
            shown() == opening + ".!U!!\nSuccess rate is 60 percent (3/5), round-trip min/avg/max = 3/3/4 ms\n")
        #expect(type("ping 192.168.2.1 source Loopback7", at: router) == "% Invalid source interface - Loopback7\n")
    }

    @Test func `whoever pinged and went away sends no more`() throws {
        let router = try TwoRouters().router1
        _ = type("ping 192.168.2.1 repeat 100", at: router)
        let session = try #require(router.output.keys.max { $0.number < $1.number })
        router.leave(session)
        router.endScript(status: 0, output: "")
        #expect(router.scripts.isEmpty)
    }

    @Test func `a Child SA is replaced in both routers' words, with PFS where the profile wants it`() throws {
        for hasGroup in [false, true] {
            let routers = try TwoRouters(
                typing: hasGroup
                    ? ["configure terminal", "crypto ipsec profile phse2-prof", "set pfs group2", "end"] : [])
            routers.bringUp()
            _ = routers.takeLogs()
            let old = try #require(routers.router1.engine.childSAs.first)
            routers.router1.tell(.command(.rekeyChild(old.child)))
            routers.settle()
            let (initiator, responder) = routers.takeLogs()
            #expect(routers.router1.engine.childSAs.count == 1)
            for state in [
                "READY Event: EV_INIT_CREATE_CHILD", "CHILD_I_IPSEC Event: EV_REKEY_IPSECSA",
                "CHILD_I_WAIT Event: EV_RECV_CREATE_CHILD", "CHILD_I_DONE Event: EV_OK",
            ] { #expect(initiator.contains("CurState: \(state)\n")) }
            for state in [
                "CHILD_R_IPSEC Event: EV_REKEY_IPSECSA", "CHILD_R_DONE Event: EV_START_DEL_NEG_TMR",
                "INFO_R Event: EV_CHK_INFO_TYPE",
            ] { #expect(responder.contains("CurState: \(state)\n")) }
            #expect(initiator.contains("CHILD_I_PROC Event: EV_GEN_DH_SECRET") == hasGroup)
            #expect(responder.contains("CHILD_R_BLD_MSG Event: EV_GEN_DH_SECRET") == hasGroup)
            #expect(responder.contains("NOTIFY(REKEY_SA) Next payload: SA, reserved: 0x0, length: 12\n"))
            #expect(responder.contains("Sent response with message id 2, Requests can be accepted from range 3 to 7\n"))
            let listing = type("show crypto ipsec sa", at: routers.router1)
            #expect(listing.contains(hasGroup ? "PFS (Y/N): Y, DH group: group2" : "PFS (Y/N): N, DH group: none"))
        }
    }

    @Test func `a sign of life and a Delete are shown on both sides`() throws {
        let routers = try TwoRouters()
        routers.bringUp()
        _ = routers.takeLogs()
        let ike = try #require(routers.router1.engine.ikeSAs.first)
        routers.router1.tell(.command(.probe(ike.ike)))
        routers.settle()
        var (asker, asked) = routers.takeLogs()
        #expect(asker.contains(":Sending DPD/liveness query\n"))
        #expect(asker.contains("Processed response with message id 2, Requests can be sent from range 3 to 7\n"))
        #expect(
            asked.contains(":Received DPD/liveness query\n")
                && asked.contains("Sending ACK to informational exchange\n"))
        _ = type("clear crypto ikev2 sa", at: routers.router1)
        routers.settle()
        (asker, asked) = routers.takeLogs()
        #expect(asker.contains("CurState: DELETE Event: EV_DELETE\n") && asker.contains(":Deleting SA\n"))
        #expect(asked.contains(":Process delete request from peer\n") && asked.contains(":Deleting SA\n"))
        #expect(!asker.contains("I_SPI=0000000000000000") && !asked.contains("R_SPI=0000000000000000"))
        #expect(routers.router2.engine.ikeSAs.isEmpty)
        #expect(type("show crypto session", at: routers.router2).contains("Session status: DOWN\n"))
    }

    @Test func `a wrong key ends the exchange in words, on both sides`() throws {
        let routers = try TwoRouters()
        for line in [
            "configure terminal", "crypto ikev2 keyring KEYRNG", "pre-shared-key local other", "end",
        ] { _ = type(line, at: routers.router1) }
        routers.bringUp()
        let (initiator, responder) = routers.takeLogs()
        #expect(responder.contains(":Auth exchange failed\n"))
        #expect(!responder.contains("READY Event: EV_R_OK") && !initiator.contains("READY Event: EV_I_OK"))
    }

    @Test func `a keyring's local key is the router's own, and its remote one the peer's`() throws {
        for (remote, isRight) in [("first", true), ("second", false)] {
            let routers = try TwoRouters()
            for (router, own, peer) in [(routers.router1, "first", "second"), (routers.router2, "second", remote)] {
                for line in [
                    "configure terminal", "crypto ikev2 keyring KEYRNG", "pre-shared-key local \(own)",
                    "pre-shared-key remote \(peer)", "end",
                ] { _ = type(line, at: router) }
            }
            routers.bringUp()
            #expect(routers.takeLogs().1.contains(":Auth exchange failed\n") != isRight)
            #expect(routers.router1.engine.childSAs.count == (isRight ? 1 : 0))
        }
    }

    @Test func `a Child SA of the peer's that is refused is no exchange of the router's own, though one is under way`()
        throws
    {
        let routers = try TwoRouters()
        for line in ["configure terminal", "crypto ipsec profile phse2-prof", "set pfs group2", "end"] {
            _ = type(line, at: routers.router2)
        }
        routers.bringUp()
        _ = routers.takeLogs()
        for router in [routers.router1, routers.router2] {
            router.tell(.command(.rekeyChild(try #require(router.engine.childSAs.first).child)))
        }
        // Router 2's request comes to router 1 while that one's own is on its way.
        let request = routers.router2.outgoing.removeFirst()
        routers.router1.tell(
            .datagram(Datagram(local: request.remote, remote: request.local, octets: request.octets)))
        let failed = "CurState: CHILD_I_DONE Event: EV_FAIL\n"
        let refusing = routers.takeLogs().0
        #expect(refusing.contains("NOTIFY(NO_PROPOSAL_CHOSEN)") && !refusing.contains(failed))
        // Its own, which router 2 refuses, has failed, and that once.
        routers.settle()
        let (initiator, responder) = routers.takeLogs()
        #expect(initiator.ranges(of: failed).count == 1 && responder.ranges(of: failed).count == 1)
    }

    @Test func `undebug all ends the debugging`() throws {
        let routers = try TwoRouters()
        #expect(type("show debugging", at: routers.router1).contains("crypto ikev2 internal debugging is on\n"))
        for router in [routers.router1, routers.router2] {
            #expect(type("undebug all", at: router) == "All possible debugging has been turned off\n")
        }
        routers.bringUp()
        #expect(routers.takeLogs() == ("", ""))
    }

    @Test func `dead peer detection of a profile is what a listing says`() throws {
        let routers = try TwoRouters(typing: [
            "configure terminal", "crypto ikev2 profile IKEV2-SETUP", "dpd 10 2 periodic", "end",
        ])
        routers.bringUp()
        #expect(
            type("show crypto ikev2 sa detailed", at: routers.router2)
                .contains("DPD configured for 10 seconds, retry 2\n"))
        #expect(routers.router2.engine.connections[0].connection.livenessDelay == .seconds(10))
    }
}
