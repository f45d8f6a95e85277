import Foundation
import IKECrypto
import IKEEngine
import IKEModel
import Testing

/// The document's own lines, whole sections of them, against what this ASA says of the same exchange.
struct ASADocumentTests {
    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `a rekey with PFS is refused in the document's lines`() throws {
        let expected = try ASADocument.section(
            from: "IKEv2-PLAT-3: RECV PKT [CREATE_CHILD_SA]", through: "IKEv2-PLAT-2: Received PFKEY delete SA")
        let lines = try GatewayAndAzure().rekey().map(ASADocument.normalized)
        let start = try #require(lines.firstIndex { $0.hasPrefix("IKEv2-PLAT-3: RECV PKT [CREATE_CHILD_SA]") })
        let end = try #require(lines.firstIndex { $0.hasPrefix("IKEv2-PLAT-2: Received PFKEY delete SA") })
        #expect(difference(Array(lines[start...end]), expected) == nil)
        #expect(expected.count > 110)
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `a sign of life is given in the document's lines`() throws {
        let expected = try ASADocument.section(
            from: "Sep 19 17:42:28 [IKEv1]", through: "IKEv2-PROTO-5: (99): Deleting negotiation context")
        let ends = try GatewayAndAzure()
        _ = ends.rekey()
        _ = ends.askForLife()
        let lines = ends.askForLife().map(ASADocument.normalized)
        #expect(difference(lines, expected) == nil)
        #expect(expected.count > 45)
    }

    @Test func `the refusal is INVALID_KE_PAYLOAD with group 0, and the syslog says so in its own way`() throws {
        let ends = try GatewayAndAzure()
        let before = ends.gateway.engine.childSAs
        let lines = ends.rekey()
        #expect(lines.contains("(1): 00 00"))
        #expect(ends.gateway.engine.childSAs == before)
        #expect(
            ends.type("show logging")
                == "%ASA-4-750003: Local:203.0.113.1:500 Remote:203.0.113.2:500 Username:203.0.113.2 "
                + "IKEv2 Negotiation aborted due to ERROR: Detected unsupported failover version\n")
    }

    @Test func `with set pfs the same rekey is taken`() throws {
        let ends = try GatewayAndAzure(cure: [
            "configure terminal", "crypto map CRYPTO-MAP 2 set pfs group19", "end",
        ])
        let before = ends.gateway.engine.childSAs.map(\.child)
        let lines = ends.rekey()
        #expect(!lines.contains { $0.contains("INVALID_KE_PAYLOAD") })
        let after = ends.gateway.engine.childSAs
        #expect(after.map(\.child) != before)
        #expect(after.first?.suite.keyExchange?.rawValue == 19)
        #expect(ends.type("show logging") == "")
    }
}
