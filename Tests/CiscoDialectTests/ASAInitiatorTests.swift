import IKEEngine
import IKEModel
import Testing

/// The debugging of an ASA that begins an exchange itself.
struct ASAInitiatorTests {
    /// `00000001 I_WAIT_AUTH EV_RECV_AUTH`, of each line of the state machine.
    private static func states(_ lines: [String]) -> [String] {
        lines.compactMap { line in
            line.firstMatch(of: #/\(I\) MsgID = (\d+) CurState: (\w+) Event: ([\w']+)/#).map {
                "\($0.1) \($0.2) \($0.3)"
            }
        }
    }

    private static func isInOrder(_ wanted: [String], _ lines: [String]) -> Bool {
        var rest = lines[...]
        for one in wanted {
            guard let place = rest.firstIndex(of: one) else { return false }
            rest = rest[(place + 1)...]
        }
        return true
    }

    /// The ASA begins; Azure's own attempt is gone.
    private func initiating() throws -> GatewayAndAzure {
        let ends = try GatewayAndAzure(cure: ["configure terminal", "crypto map CRYPTO-MAP 2 set pfs group19", "end"])
        _ = ends.azure.type(["ipsec", "down", "UKSouth-HQ-S2S"])
        ends.settle()
        ends.gateway.log = []
        let connection = try #require(ends.gateway.engine.connections.first).connection.id
        ends.gateway.tell(.command(.initiate(connection, staysUp: false)))
        ends.settle()
        return ends
    }

    @Test func `a tunnel that it begins is told state by state`() throws {
        let ends = try initiating()
        #expect(ends.gateway.engine.childSAs.count == 1)
        let states = Self.states(ends.gateway.log)
        #expect(
            Self.isInOrder(
                [
                    "00000000 IDLE EV_INIT_SA", "00000000 I_BLD_INIT EV_BLD_MSG", "00000000 I_WAIT_INIT EV_RECV_INIT",
                    "00000000 INIT_DONE EV_GEN_SKEYID", "00000000 I_BLD_AUTH EV_SEND_AUTH",
                    "00000001 I_WAIT_AUTH EV_NO_EVENT", "00000001 I_WAIT_AUTH EV_RECV_AUTH",
                    "00000001 I_PROC_AUTH EV_VERIFY_AUTH", "00000001 AUTH_DONE EV_OK", "00000001 READY EV_I_OK",
                ], states), "\(states)")
    }

    @Test func `so are a sign of life, a Child SA and an IKE SA that it replaces, and a Delete`() throws {
        let ends = try initiating()
        ends.gateway.log = []
        ends.gateway.tell(.command(.probe(try #require(ends.gateway.engine.ikeSAs.first).ike)))
        ends.settle()
        ends.gateway.tell(.command(.rekeyChild(try #require(ends.gateway.engine.childSAs.first).child)))
        ends.settle()
        ends.gateway.tell(.command(.rekeyIKE(try #require(ends.gateway.engine.ikeSAs.first).ike)))
        ends.settle()
        let states = Self.states(ends.gateway.log)
        #expect(
            Self.isInOrder(
                [
                    "00000002 READY EV_INIT_DPD", "00000002 INFO_I_WAIT EV_RECV_INFO_ACK",
                    "00000003 CHILD_I_IPSEC EV_REKEY_IPSECSA", "00000003 CHILD_I_WAIT EV_RECV_CREATE_CHILD",
                    "00000003 CHILD_I_PROC EV_GEN_DH_SECRET", "00000003 CHILD_I_DONE EV_OK",
                    "00000004 INFO_I_BLD_INFO EV_SEND_DEL", "00000005 CHILD_I_IKE EV_REKEY_IKESA",
                    "00000005 CHILD_I_DONE EV_ACTIVATE_NEW_SA", "00000006 DELETE EV_DELETE",
                ], states), "\(states)")
    }

    @Test func `one of the peer's that is refused is no exchange of its own, though one is under way`() throws {
        let ends = try GatewayAndAzure()
        let child = try #require(ends.gateway.engine.childSAs.first).child
        ends.gateway.log = []
        ends.gateway.tell(.command(.rekeyChild(child)))
        let own = ends.gateway.outgoing
        ends.gateway.outgoing = []
        let failed = "CurState: CHILD_I_DONE Event: EV_FAIL"
        // Azure's has a group, and the crypto map none.
        _ = ends.rekey()
        #expect(ends.gateway.log.contains { $0.contains("INVALID_KE_PAYLOAD") })
        #expect(!ends.gateway.log.contains { $0.hasSuffix(failed) })
        // What becomes of its own is told when the answer is there.
        ends.gateway.log = []
        ends.gateway.outgoing = own
        ends.settle()
        #expect(ends.gateway.log.count { $0.hasSuffix(failed) } == 1)
    }

    @Test(arguments: ["local", "remote"])
    func `the two keys of a tunnel-group are told apart`(_ direction: String) throws {
        let lines = { (key: String) in
            [
                "configure terminal", "tunnel-group 203.0.113.2 ipsec-attributes",
                "ikev2 \(direction)-authentication pre-shared-key \(key)", "end",
            ]
        }
        let right = "a-key-of-this-test-alone-0123456789"
        #expect(try GatewayAndAzure(cure: lines(right)).azure.engine.childSAs.count == 1)
        // The ASA's own key is refused by Azure; Azure's, where it should be another, by the ASA.
        let ends = try GatewayAndAzure(cure: lines("another"))
        #expect(ends.azure.engine.childSAs.isEmpty && ends.gateway.engine.childSAs.isEmpty)
        let refused = ends.azure.log.contains { $0.contains("rejected by peer: AUTHENTICATION_FAILED") }
        #expect(refused == (direction == "remote"), "\(ends.azure.log)")
        #expect(ends.gateway.log.contains { $0.hasSuffix("CurState: AUTH_DONE Event: EV_FAIL") } == refused)
        #expect(ends.gateway.log.contains { $0.hasSuffix("CurState: READY Event: EV_R_OK") } != refused)
    }

    @Test func `a refused Child SA of its own fails in words`() throws {
        let ends = try initiating()
        ends.gateway.log = []
        for child in ends.azure.engine.childSAs { ends.azure.tell(.command(.deleteChild(child.child))) }
        let child = try #require(ends.gateway.engine.childSAs.first).child
        ends.gateway.tell(.command(.rekeyChild(child)))
        ends.settle()
        #expect(Self.states(ends.gateway.log).contains { $0.hasSuffix("CHILD_I_DONE EV_FAIL") })
    }
}
