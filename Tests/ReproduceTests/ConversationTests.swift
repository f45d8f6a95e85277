import IKEWire
import Testing

@testable import Reproduce

/// Several IKE SAs of one account: logs of real strongSwan 5.9.8, in which west's connection comes up, is replaced by west and ended;
/// comes up again, is replaced by east, and west's Child SA is refused its group in the last one. Lines of the default level.
@Suite struct ConversationTests {
    private func account(_ hosts: String...) throws -> Account {
        Account(try InputFiles.read(try hosts.map { try Inputs.log("charon-chain-\($0).log") }))
    }

    private static let wanted: [(ExchangeType, Account.Role)] = [
        (.ikeSAInit, .initiator), (.ikeAuth, .initiator), (.createChildSA, .initiator), (.ikeSAInit, .initiator),
        (.ikeAuth, .initiator), (.createChildSA, .responder), (.createChildSA, .initiator),
    ]

    @Test(arguments: [["west"], ["east"], ["west", "east"]])
    func `an IKE SA goes on in the one that took its place, whoever asked for it`(hosts: [String]) throws {
        let account = Account(try InputFiles.read(try hosts.map { try Inputs.log("charon-chain-\($0).log") }))
        #expect(account.sas.count == 4)
        #expect(account.conversations.count == 2)
        let steps = ExpectedStep.steps(account)
        #expect(steps.map(\.type) == Self.wanted.map(\.0))
        #expect(steps.map(\.requester) == Self.wanted.map(\.1))
        #expect(steps.last?.outcome == "NO_PROPOSAL_CHOSEN" && steps.dropLast().allSatisfy { $0.refusals == [] })
        #expect(account.main?.failure?.index == account.main?.exchanges.lastIndex { $0.type == .createChildSA })
        #expect(account.conversations[0].ender == .initiator)
    }

    @Test func `they are done again in their order, each ended as it was`() throws {
        let account = try account("west")
        let plan = try #require(ReproductionPlan(account))
        #expect(
            plan.actions == [
                .rekeyIKE(.initiator), .down(.initiator), .up, .rekeyIKE(.responder), .rekeyChild(.initiator),
            ])
        let files = ReproductionFolder(plan, account, Diagnosis(account), steps: ExpectedStep.steps(account)).files
        #expect(files["101-initiator-down.sh"] == "ipsec down reproduction\n")
        #expect(files["102-initiator-up.sh"] == files["03-initiator-up.sh"])
        #expect(files["103-responder-ask.sh"]?.contains("--rekey-ike") ?? false)
    }

    @Test func `a run without the first of them departs`() throws {
        let steps = ExpectedStep.steps(try account("west"))
        #expect(Comparison(steps, run: steps).departure == nil)
        #expect(
            Comparison(steps, run: Array(steps.dropFirst(3))).departure?.contains("asked by the responder") ?? false)
        #expect(Comparison(steps, run: Array(steps.prefix(3))).departure?.contains("no such exchange") ?? false)
    }

    @Test func `the Delete of a Child SA ends no IKE SA`() throws {
        for host in ["west", "east"] {
            var input = try Inputs.log("charon-chain-\(host).log")
            let text = String(decoding: input.octets, as: UTF8.self)
            input.octets = Array(
                text.replacing("DELETE for IKE_SA gw[2]", with: "DELETE for ESP CHILD_SA with SPI c0a80101").utf8)
            #expect(try Inputs.account(input).conversations[0].ender == nil)
        }
    }

    @Test func `those that are left out are counted`() throws {
        var other = try Inputs.log("charon-noprop-west.log")
        other.octets = Array(
            String(decoding: other.octets, as: UTF8.self).replacing("192.1.2.45", with: "198.51.100.9").utf8)
        let plan = try #require(ReproductionPlan(Inputs.account(Inputs.log("charon-chain-west.log"), other)))
        #expect(plan.limits.contains("other IKE SAs of the inputs, not done again: 1"))
        #expect(try !#require(ReproductionPlan(account("west"))).limits.contains { $0.hasPrefix("other IKE SAs") })
    }

    @Test func `one that nobody ended is ended by the initiator, and it is said`() throws {
        var input = try Inputs.log("charon-chain-west.log")
        let lines = String(decoding: input.octets, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        input.octets = Array(lines.filter { !$0.contains("<gw|2>") }.joined(separator: "\n").utf8)
        // The Delete of the one that was replaced is no end, and the one that nobody saw begin is the last one's.
        let plan = try #require(ReproductionPlan(Inputs.account(input)))
        #expect(plan.limits.contains { $0.hasPrefix("IKE SA 1 was not ended") })
        #expect(
            plan.actions == [
                .rekeyIKE(.initiator), .down(.initiator), .up, .rekeyIKE(.responder), .rekeyChild(.initiator),
            ])
    }
}
