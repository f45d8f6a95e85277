import IKEWire
import NetAddress
import Testing

@testable import Reproduce

/// Our own ASA's and routers' consoles, which are in the tree, and the two documents that they were made after.
@Suite struct CiscoTests {
    /// What the rules must find in an ASA's refusal of a rekey.
    private func checkMissingPFS(_ account: Account) throws {
        let sa = try #require(account.main)
        let failure = try #require(sa.failure)
        let exchange = sa.exchanges[failure.index]
        #expect(exchange.type == .createChildSA && failure.by == .responder)
        #expect(failure.notify == LoggedMessage.Notify(.invalidKEPayload, data: [0, 0]))
        let request = try #require(exchange.request)
        #expect(request.payloads == ["N(REKEY_SA)", "SA", "Ni", "TSi", "TSr", "KE"])
        #expect(request.group == 19)
        #expect(request.proposals.map(\.description) == ["ESP:AES_GCM_16_?/ECP_256/NO_EXT_SEQ"])
        #expect(request.initiatorSelectors.map(\.description) == ["172.16.0.0/16"])
        #expect(request.responderSelectors.map(\.description) == ["10.0.0.0/8"])
        let diagnosis = Diagnosis(account)
        #expect(diagnosis.headline.contains("refused the CREATE_CHILD_SA rekey of a Child SA"))
        #expect(diagnosis.headline.contains("with INVALID_KE_PAYLOAD 0: the request carried KE group 19 (ECP_256)"))
        #expect(diagnosis.headline.hasSuffix("its `crypto map CRYPTO-MAP 2` lacks `set pfs group19`."))
        #expect(diagnosis.consequences.contains { $0.contains("`crypto map CRYPTO-MAP 2 set pfs group19`") })
    }

    @Test func `our ASA's console and configuration: the missing PFS is found`() throws {
        try checkMissingPFS(
            Inputs.account(
                Inputs.log("asa-gateway.log"),
                Inputs.tree("testing/asa-azure-rekey-pfs/asa.conf")))
    }

    @Test func `without the configuration there is no crypto map to name`() throws {
        let account = try Inputs.account(Inputs.log("asa-gateway.log"))
        #expect(Diagnosis(account).headline.hasSuffix("names no DH group: it has no perfect forward secrecy."))
    }

    @Test func `with set pfs in the configuration the crypto map is not blamed`() throws {
        var configuration = try Inputs.tree("testing/asa-azure-rekey-pfs/asa.conf")
        configuration.octets += Array("crypto map CRYPTO-MAP 2 set pfs group19\n".utf8)
        let account = try Inputs.account(
            Inputs.log("asa-gateway.log"), configuration)
        #expect(!Diagnosis(account).headline.contains("lacks"))
    }

    @Test(.enabled(if: Inputs.hasShared, Inputs.reason))
    func `the ASA's document: the missing PFS is found, and what is redacted is marked`() throws {
        let account = try Inputs.account(Inputs.shared("seeds/cisco-asa-azure-rekey.txt"))
        try checkMissingPFS(account)
        let diagnosis = Diagnosis(account)
        #expect(diagnosis.headline.hasPrefix("The ASA at 80.x.y.z refused"))
        #expect(
            diagnosis.evidence.contains(
                "cisco-asa-azure-rekey.txt:63: the other end is configured for PFS with group 19"))
        #expect(diagnosis.unknowns.contains("the initiator's address: it is redacted (51.a.b.c)"))
        #expect(diagnosis.unknowns.contains { $0.hasPrefix("how the IKE SA came to be") })
        // Both signs of life are there, of which one stands on a single line.
        #expect(account.sas.flatMap(\.exchanges).count { $0.isLiveness } == 2)
    }

    @Test func `our routers' consoles: nothing failed, and both ends agree`() throws {
        let account = try Inputs.account(
            Inputs.log("ios-router1.log"),
            Inputs.log("ios-router2.log"))
        let sa = try #require(account.main)
        #expect(sa.failure == nil)
        #expect(sa.exchanges.map(\.type) == [.ikeSAInit, .ikeAuth])
        #expect(sa.exchanges.allSatisfy { $0.request != nil && $0.response != nil })
        #expect(Diagnosis(account).headline.hasPrefix("No exchange failed: of 2 exchanges none was refused"))
    }

    @Test(.enabled(if: Inputs.hasShared, Inputs.reason))
    func `the routers' document has no failure, in spite of its tables`() throws {
        let account = try Inputs.account(Inputs.shared("seeds/cisco-ios-ikev2-psk-debugs.txt"))
        #expect(account.sas.allSatisfy { $0.failure == nil })
        let sa = try #require(account.main)
        #expect(sa.initiatorSPI?.description == "f074d8bbd5a59f0b")
        #expect(sa.addresses == [.initiator: "10.0.0.1", .responder: "10.0.0.2"])
        #expect(sa.exchanges.map(\.type) == [.ikeSAInit, .ikeAuth])
        #expect(
            sa.exchanges[0].request?.proposals.map(\.description) == [
                "IKE:3DES_CBC/AES_CBC_?/PRF_HMAC_SHA1/HMAC_SHA1_96/MODP_1024"
            ])
        #expect(sa.exchanges[1].request?.proposals.map(\.description) == ["ESP:3DES_CBC/HMAC_SHA1_96/NO_EXT_SEQ"])
        #expect(sa.exchanges[1].response?.payloads?.count == 9)
        let rekey = account.sas.flatMap(\.exchanges).first { $0.type == .createChildSA && $0.messageID == 3 }
        #expect(rekey?.request?.proposals.first?.transforms.count == 15)
        #expect(rekey?.response?.proposals.first?.transforms.count == 4)
        #expect(Diagnosis(account).headline.hasPrefix("No exchange failed"))
    }
}
