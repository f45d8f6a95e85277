import IKEWire
import NetAddress
import Testing

@testable import Reproduce

/// Logs of real strongSwan 5.9.8, both ends, at its default level.
@Suite struct CharonLogTests {
    @Test func `a responder's log of NO_PROPOSAL_CHOSEN says what was offered, what it would take, and what differs`()
        throws
    {
        let account = try Inputs.account(Inputs.log("charon-noprop-east.log"))
        let sa = try #require(account.main)
        let failure = try #require(sa.failure)
        #expect(failure.notify.type == .noProposalChosen)
        #expect(failure.by == .responder)
        #expect(sa.addresses == [.initiator: "192.1.2.45", .responder: "192.1.2.23"])
        let request = try #require(sa.exchanges[failure.index].request)
        #expect(
            request.proposals.map(\.description) == [
                "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048",
                "IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
            ])
        #expect(request.position.description == "charon-noprop-east.log:10")
        let own = try #require(account.ownProposals(of: .responder, in: sa.exchanges[failure.index], sa))
        #expect(own.0.count == 2 && own.1.number == 13)
        let diagnosis = Diagnosis(account)
        #expect(
            diagnosis.headline
                == "Charon at 192.1.2.23 refused the IKE_SA_INIT (message ID 0) with NO_PROPOSAL_CHOSEN: no proposal that was "
                + "offered is one of its own; the nearest two differ in encryption (AES_CBC_256 offered, AES_GCM_16_128 wanted), "
                + "integrity (HMAC_SHA2_256_128 offered, none wanted), key exchange group (MODP_2048 offered, ECP_256 wanted)."
        )
    }

    @Test func `the initiator's log alone does not tell why, and it is said`() throws {
        let diagnosis = Diagnosis(try Inputs.account(Inputs.log("charon-noprop-west.log")))
        #expect(
            diagnosis.headline.hasSuffix("neither what was offered nor what it would have taken is in what was read."))
        #expect(diagnosis.unknowns.contains("the IKE proposals that were offered"))
    }

    @Test func `both ends' logs of TS_UNACCEPTABLE are one conversation`() throws {
        let account = try Inputs.account(
            Inputs.log("charon-tsbad-west.log"), Inputs.log("charon-tsbad-east.log"))
        #expect(account.sas.count == 1)
        let sa = try #require(account.main)
        #expect(sa.exchanges.prefix(2).map(\.type) == [.ikeSAInit, .ikeAuth])
        #expect(sa.identities == [.initiator: "west.example", .responder: "east.example"])
        let request = try #require(sa.exchanges[1].request)
        #expect(request.initiatorSelectors.map(\.description) == ["192.0.1.0/24"])
        #expect(request.responderSelectors.map(\.description) == ["192.0.9.0/24"])
        #expect(
            Diagnosis(account).headline
                == "Charon at 192.1.2.23 refused the IKE_AUTH (message ID 1) with TS_UNACCEPTABLE: the request asked for "
                + "192.0.1.0/24 === 192.0.9.0/24 (TSi === TSr), and its own configuration has no Child SA with these networks."
        )
    }

    @Test func `a rekey that is refused for its group differs in nothing else`() throws {
        let account = try Inputs.account(Inputs.log("charon-pfs-east.log"), Inputs.log("charon-pfs-west.log"))
        #expect(account.sas.count == 1)
        #expect(account.main?.failure?.index == 2)
        #expect(
            Diagnosis(account).headline
                == "Charon at 192.1.2.23 refused the CREATE_CHILD_SA rekey of a Child SA (message ID 2) with NO_PROPOSAL_CHOSEN: "
                + "no proposal that was offered is one of its own; the nearest two differ in key exchange group (ECP_256 offered, ECP_384 wanted)."
        )
    }

    @Test func `a key that differs is the responder's words`() throws {
        let headline = Diagnosis(try Inputs.account(Inputs.log("charon-authbad-east.log"))).headline
        #expect(headline.contains("with AUTHENTICATION_FAILED: tried 1 shared key"))
        #expect(headline.contains("MAC mismatched"))
    }

    @Test func `what swanctl prints reads as the log does`() throws {
        let log = try Inputs.log("charon-pfs-west.log")
        let console = String(decoding: log.octets, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("00") }
            .map { $0.drop { $0.isNumber }.replacing("<gw|1> ", with: "") }.joined(separator: "\n")
        let account = try Inputs.account((name: "console", octets: Array(console.utf8)))
        #expect(account.main?.failure?.notify.type == .noProposalChosen)
        #expect(account.main?.exchanges.count == 3)
        #expect(account.main?.addresses == [.initiator: "192.1.2.45", .responder: "192.1.2.23"])
    }

    @Test func `in the place of a key length that is not shown any may stand`() throws {
        let shown = LoggedProposal(.esp, [LoggedTransform(.encryption, 20, .bits(128))])
        let hidden = LoggedProposal(.esp, [LoggedTransform(.encryption, 20, .notShown)])
        let other = LoggedProposal(.esp, [LoggedTransform(.encryption, 12, .bits(128))])
        #expect(shown.unmatched(in: hidden).isEmpty)
        #expect(other.unmatched(in: hidden) == [.encryption])
        let pfs = LoggedProposal(.esp, shown.transforms + [LoggedTransform(.keyExchange, 19)])
        #expect(pfs.unmatched(in: shown) == [.keyExchange])
    }

    @Test(arguments: [
        "AES_GCM_16_256", "3DES_CBC", "CHACHA20_POLY1305", "HMAC_SHA2_256_128", "PRF_AES128_XCBC", "CURVE_25519",
        "NO_EXT_SEQ",
    ])
    func `a word of a proposal is printed as it was read`(_ word: String) {
        #expect(TransformWords.charon(word)?.description == word)
    }
}
