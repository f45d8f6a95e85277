import NetAddress
import Testing

@testable import Reproduce

/// NAT between the ends of a conversation, and its repetition.
@Suite struct TranslationTests {
    private func folder(_ account: Account) throws -> (plan: ReproductionPlan, files: [String: String]) {
        let plan = try #require(ReproductionPlan(account))
        let steps = ExpectedStep.steps(try #require(account.main))
        return (plan, ReproductionFolder(plan, account, Diagnosis(account), steps: steps).files)
    }

    /// The capture of a refused IKE_SA_INIT, in which one address stands for another, as behind a NAT. The checksums are not
    /// looked at.
    private func capture(_ address: [UInt8], as other: [UInt8]) throws -> (name: String, octets: [UInt8]) {
        var input = try Inputs.log("plain.pcapng")
        for place in input.octets.indices.dropLast(3) where Array(input.octets[place..<place + 4]) == address {
            input.octets.replaceSubrange(place..<place + 4, with: other)
        }
        return input
    }

    @Test func `a capture whose addresses are those of the hashes has no NAT`() throws {
        let account = try Inputs.account(Inputs.log("plain.pcapng"))
        #expect(try #require(account.main).translations.isEmpty)
        let (plan, files) = try folder(account)
        #expect(!plan.hasTranslation && files["initiator.conf"]?.contains("encapsulation=no\n") ?? false)
    }

    @Test func `behind a NAT, seen from outside: its address is the NAT's, the own one is chosen and marked`() throws {
        let account = try Inputs.account(capture([192, 1, 2, 45], as: [192, 1, 2, 254]))
        let found = try #require(account.main?.translations)
        #expect(found.keys.map(\.rawValue) == ["initiator"])
        #expect(found[.initiator]?.outside == "192.1.2.254" && found[.initiator]?.inside == nil)
        let (plan, files) = try folder(account)
        #expect(plan[.initiator].outside == IPAddress("192.1.2.254"))
        #expect(plan.choices.contains { $0.hasPrefix("a NAT in front of the initiator (plain.pcapng: frame ") })
        #expect(plan.choices.contains("the initiator's address behind its NAT: 198.18.65.2"))
        #expect(files["initiator.conf"]?.contains("\tleft=198.18.65.2\n") ?? false)
        #expect(files["responder.conf"]?.contains("\tright=192.1.2.254\n\trightid=198.18.65.2\n") ?? false)
        #expect(files["00-inat-start.sh"]?.hasSuffix("oifname eth0 masquerade'\n") ?? false)
        #expect(files["scenario.yaml"]?.contains("daemon: {inat: none}\n") ?? false)
        let topology = try #require(files["topology.yaml"])
        #expect(topology.contains("eth0: {link: between, addresses: [\"192.1.2.254/24\"]}"))
        #expect(topology.contains("eth1: {link: to-inat, addresses: [\"198.18.65.1/24\"]}"))
        #expect(AccountText(account, Diagnosis(account)).lines.contains { $0.contains("the sender is behind a NAT  ") })
    }

    @Test func `a responder behind a NAT gets what comes to IKE's ports`() throws {
        // What the initiator sent to goes on to another address.
        let account = try Inputs.account(capture([192, 1, 2, 23], as: [10, 9, 8, 1]))
        let (plan, files) = try folder(account)
        #expect(plan[.responder].address == IPAddress("10.9.8.1"))
        #expect(plan[.responder].outside == IPAddress("203.0.113.10"))
        #expect(files["initiator.conf"]?.contains("\tright=203.0.113.10\n\trightid=10.9.8.1\n") ?? false)
        #expect(files["00-rnat-start.sh"]?.contains("udp dport { 500, 4500 } dnat to 10.9.8.1'\n") ?? false)
        // Its own address is the first of its network.
        #expect(files["topology.yaml"]?.contains("\"10.9.8.2/24\"") ?? false)
    }

    @Test func `a log that may as well tell of forced encapsulation is repeated so, and one of this end's NAT is not`()
        throws
    {
        let log = try Inputs.log("charon-authbad-west.log")
        let (plan, files) = try folder(Inputs.account(log))
        #expect(!plan.hasTranslation && plan[.responder].forcesEncapsulation && !plan[.initiator].forcesEncapsulation)
        #expect(files["responder.conf"]?.contains("encapsulation=yes\n") ?? false)
        #expect(plan.choices.contains { $0.hasPrefix("that the responder forces UDP encapsulation (") })
        let behind = Array(
            String(decoding: log.octets, as: UTF8.self)
                .replacing("remote host is behind NAT", with: "local host is behind NAT, sending keep alives").utf8)
        let other = try folder(Inputs.account((name: log.name, octets: behind)))
        #expect(other.plan[.initiator].address == IPAddress("192.1.2.45"))
        #expect(other.plan[.initiator].outside == IPAddress("203.0.113.10"))
        #expect(other.files["responder.conf"]?.contains("right=203.0.113.10\n") ?? false)
    }

    @Test func `who calls itself by another address than it has is behind a NAT`() throws {
        let text = String(decoding: try Inputs.log("charon-authbad-east.log").octets, as: UTF8.self)
            .replacing("west.example", with: "10.0.0.7")
        let (plan, _) = try folder(Inputs.account((name: "east.log", octets: Array(text.utf8))))
        #expect(plan[.initiator].address == IPAddress("10.0.0.7"))
        #expect(plan[.initiator].outside == IPAddress("192.1.2.45"))
        #expect(plan.choices.contains("the initiator's address behind its NAT: 10.0.0.7, which it calls itself"))
    }

    @Test func `a run without the NAT departs`() throws {
        let expected = ExpectedStep.steps(
            try #require(Inputs.account(capture([192, 1, 2, 45], as: [192, 1, 2, 254])).main))
        let plain = ExpectedStep.steps(try #require(Inputs.account(Inputs.log("plain.pcapng")).main))
        #expect(Comparison(expected, run: expected).departure == nil)
        #expect(
            Comparison(expected, run: plain).departure
                == "IKE_SA_INIT: behind a NAT: none, and was the initiator")
        #expect(Comparison(plain, run: expected).departure == nil)
    }
}
