import Foundation
import IKECrypto
import IKEEngine
import IKEModel
import Testing

/// IKE_SA_INIT and IKE_AUTH of two routers against the document's lists of messages, payloads, lengths and states.
struct IOSDocumentTests {
    /// The debugging of the initial exchanges, in one line, without what tables and a PDF did to it.
    private static func document() throws -> String {
        var text = try SharedFolder.lines("seeds/cisco-ios-ikev2-psk-debugs.txt").joined(separator: "\n")
        text.replace(#/\\([_*>\[\]])/#) { "\($0.1)" }
        text = text.replacingOccurrences(of: "&gt;", with: ">").replacingOccurrences(of: "**", with: "")
        text.replace(#/<[^>]*>/#, with: " ")
        text.replace(#/\s+/#, with: " ")
        let start = try #require(text.range(of: "# Troubleshoot"))
        let end = try #require(text.range(of: "## CHILD"))
        return String(text[start.lowerBound..<end.lowerBound])
    }

    /// `SA KE 56`: each payload, what follows it, its octets; `1 556`: each message.
    private static func payloads(_ text: String) -> [String] {
        text.matches(
            of:
                #/(\w+(?:\(\w+\))?)\s+Next payload: (\w+), reserved: 0x0, length: (\d+)|Message id: (\d+), length: (\d+)/#
        ).map { match in
            if let name = match.1, let next = match.2, let octets = match.3 { return "\(name) \(next) \(octets)" }
            return "\(match.4 ?? "") \(match.5 ?? "")"
        }
    }

    /// `00000001 R_WAIT_AUTH EV_PROC_ID`, of one role.
    private static func states(_ text: String, _ role: String) -> [String] {
        text.matches(of: #/\(([IR])\)\s*MsgID\s*=\s*(\d+)\s*CurState:\s*(\w+?)\s*Event:\s*([\w']+)/#)
            .filter { $0.1 == role }.map { "\($0.2) \($0.3) \($0.4)" }
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `each message has the document's payloads and lengths`() throws {
        var expected = Self.payloads(try Self.document())
        // The page of the IKE_AUTH request that came in ends before its notifications.
        let cut = try #require(expected.lastIndex(of: "1 556").map { $0 + 7 })
        let notifies = [
            "NOTIFY(INITIAL_CONTACT) NOTIFY 8", "NOTIFY(SET_WINDOW_SIZE) NOTIFY 12",
            "NOTIFY(ESP_TFC_NO_SUPPORT) NOTIFY 8", "NOTIFY(NON_FIRST_FRAGS) NONE 8",
        ]
        #expect(expected[cut] == "TSr NOTIFY 24" && expected[cut + 1] == "1 252")
        expected.insert(contentsOf: notifies, at: cut + 1)
        #expect(Self.payloads(try TwoRouters().bringUp()) == expected)
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the initiator goes through the document's states`() throws {
        var expected = Self.states(try Self.document(), "I")
        // Written "EV_OK_RECD" here and "EV_OK_REC'D" everywhere else.
        expected = expected.map {
            $0 == "00000000 INIT_DONE EV_OK_RECDDH_SECRET_RESP" ? "00000000 INIT_DONE EV_OK_REC'D_DH_SECRET_RESP" : $0
        }
        #expect(Self.states(try TwoRouters().bringUp(), "I") == expected)
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the responder goes through the document's states`() throws {
        let document = Self.states(try Self.document(), "R")
        // A cell of another column stands a second time; three lines are cut in two by the table.
        let twice = "00000000 INIT_DONE EV_START_TMR"
        let split: Set<String> = [
            "00000001 R_WAIT_AUTH EV_CHK_NAT_T", "00000001 R_VERIFY_AUTH EV_NOTIFY_AUTH_DONE",
            "00000001 AUTH_DONE EV_CHK4_ROLE",
        ]
        let last = try #require(document.lastIndex(of: twice))
        #expect(document.filter { $0 == twice }.count == 2)
        var expected = document
        expected.remove(at: last)
        let own = Self.states(try TwoRouters().bringUp(), "R")
        #expect(own.filter { !split.contains($0) } == expected.filter { !split.contains($0) })
        #expect(split.isSubset(of: own))
    }

    @Test func `the tunnel of the document's configurations comes up, 3DES for ESP and AES for IKE`() throws {
        let routers = try TwoRouters()
        _ = routers.bringUp()
        let child = try #require(routers.router2.engine.childSAs.first)
        #expect(child.suite.cipher.algorithm == .tripleDES)
        let text = routers.router1.type(["ios", "--line", "sh cry sess"])
        #expect(text.contains("Interface: Tunnel0\nSession status: UP-ACTIVE\nPeer: 10.0.0.2 port 500\n"))
        let detailed = routers.router1.type(["ios", "--line", "sh cry ik sa det"])
        #expect(detailed.contains("Encr: AES-CBC, keysize: 128, Hash: SHA96, DH Grp:2, Auth sign: PSK"))
        #expect(detailed.contains("Initiator of SA : Yes"))
    }

    @Test func `a wrong word is marked as IOS does`() throws {
        let routers = try TwoRouters()
        #expect(
            routers.router1.type(["ios", "--line", "show cripto session"])
                == "             ^\n% Invalid input detected at '^' marker.\n")
        #expect(routers.router1.type(["ios", "--prompt"]) == "Router1#")
    }
}
