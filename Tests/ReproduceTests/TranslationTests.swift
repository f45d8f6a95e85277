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

    private typealias Input = (name: String, octets: [UInt8])

    /// A capture of a refused IKE_SA_INIT, in which one address stands for another, as behind a NAT. The checksums are not
    /// looked at.
    private func capture(_ address: [UInt8], as other: [UInt8], of capture: Input? = nil) throws -> Input {
        var input = try capture ?? Inputs.log("plain.pcapng")
        for place in input.octets.indices.dropLast(3) where Array(input.octets[place..<place + 4]) == address {
            input.octets.replaceSubrange(place..<place + 4, with: other)
        }
        return input
    }

    /// A log with other words in it.
    private func log(_ name: String, _ changes: KeyValuePairs<String, String>) throws -> Input {
        let text = String(decoding: try Inputs.log(name).octets, as: UTF8.self)
        return (name, Array(changes.reduce(text) { $0.replacing($1.key, with: $1.value) }.utf8))
    }

    private static let local = "local host is behind NAT, sending keep alives"
    private static let remote = "remote host is behind NAT"

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
        // Its peer has an address of its network, and is not there.
        let topology = try #require(other.files["topology.yaml"])
        #expect(topology.contains("- {to: \"192.1.2.23/32\", via: \"192.1.2.1\"}"))
        #expect(topology.contains("- {to: \"192.1.2.45/32\", dev: eth1}"))
    }

    @Test func `who calls itself by another address than it has is behind a NAT`() throws {
        let text = String(decoding: try Inputs.log("charon-authbad-east.log").octets, as: UTF8.self)
            .replacing("west.example", with: "10.0.0.7")
        let (plan, _) = try folder(Inputs.account((name: "east.log", octets: Array(text.utf8))))
        #expect(plan[.initiator].address == IPAddress("10.0.0.7"))
        #expect(plan[.initiator].outside == IPAddress("192.1.2.45"))
        #expect(plan.choices.contains("the initiator's address behind its NAT: 10.0.0.7, which it calls itself"))
    }

    @Test func `a NAT's host has no address that an end has`() throws {
        let (_, files) = try folder(
            Inputs.account(
                log(
                    "charon-authbad-west.log",
                    [Self.remote: Self.local, "192.1.2.45": "10.0.0.2", "192.1.2.23": "10.0.0.1"])
            ))
        #expect(files["topology.yaml"]?.contains("eth1: {link: to-inat, addresses: [\"10.0.0.3/24\"]}") ?? false)
    }

    @Test func `one message seen on both sides of a NAT tells both addresses, whichever was read first`() throws {
        let inside = Input(name: "inside.pcapng", octets: try Inputs.log("plain.pcapng").octets)
        let outside = Input(
            name: "outside.pcapng", octets: try capture([192, 1, 2, 45], as: [192, 1, 2, 254]).octets)
        for inputs in [[inside, outside], [outside, inside]] {
            let account = Account(try InputFiles.read(inputs))
            let found = try #require(account.main?.translations[.initiator])
            #expect(found.inside == "192.1.2.45" && found.outside == "192.1.2.254" && found.isCertain)
            let (plan, _) = try folder(account)
            #expect(plan[.initiator].address == IPAddress("192.1.2.45"))
            #expect(plan[.initiator].outside == IPAddress("192.1.2.254"))
            #expect(plan[.responder].address == IPAddress("192.1.2.23") && plan[.responder].outside == nil)
        }
    }

    @Test func `logs of both ends of a NAT are one conversation, and that is said to be a guess`() throws {
        let west = try log("charon-authbad-west.log", [Self.remote: Self.local, "192.1.2.45": "10.0.0.7"])
        let east = try Inputs.log("charon-authbad-east.log")
        for inputs in [[west, east], [east, west]] {
            let account = Account(try InputFiles.read(inputs))
            #expect(account.sas.count == 1)
            let (plan, _) = try folder(account)
            #expect(plan[.initiator].address == IPAddress("10.0.0.7"))
            #expect(plan[.initiator].outside == IPAddress("192.1.2.45"))
            #expect(plan.choices.contains { $0.contains("are of one IKE SA: the initiator, ") })
        }
        // Another peer of the same end is another.
        let third = try log("charon-authbad-west.log", [Self.remote: Self.local, "192.1.2.45": "10.0.0.8"])
        #expect(Account(try InputFiles.read([west, Input(name: "third.log", octets: third.octets)])).sas.count == 2)
        let other = try log("charon-authbad-west.log", [Self.remote: "", "192.1.2.45": "10.0.0.7"])
        let plain = try log("charon-authbad-east.log", [Self.remote: ""])
        #expect(Account(try InputFiles.read([other, plain])).sas.count == 2)
    }

    @Test func `behind two NATs both ends may have one address`() throws {
        let both = "\(Self.remote)\n10[IKE] <1> \(Self.local)"
        let (plan, _) = try folder(
            Inputs.account(
                log(
                    "charon-authbad-east.log",
                    [Self.remote: both, "west.example": "192.168.1.2", "192.1.2.23": "192.168.1.2"])))
        #expect(plan.ends.values.allSatisfy { $0.address == IPAddress("192.168.1.2") && $0.outside != nil })
        #expect(plan[.initiator].seen != plan[.responder].seen)
    }

    @Test func `an end whose own address is its peer's gets another behind its NAT`() throws {
        let (plan, _) = try folder(Inputs.account(log("charon-authbad-east.log", ["west.example": "192.1.2.23"])))
        #expect(plan[.initiator].address == IPAddress("198.18.65.2"))
        #expect(plan[.initiator].outside == IPAddress("192.1.2.45"))
    }

    @Test func `two ends behind one NAT keep their own addresses, and it is said that there is none`() throws {
        // Both are seen by 192.1.2.23.
        let outside = try capture(
            [192, 1, 2, 45], as: [192, 1, 2, 23], of: capture([192, 1, 2, 23], as: [10, 0, 0, 2]))
        let (plan, _) = try folder(
            Inputs.account(Inputs.log("plain.pcapng"), Input(name: "outside.pcapng", octets: outside.octets)))
        #expect(!plan.hasTranslation)
        #expect(plan.limits.contains { $0.hasPrefix("no NAT is put up: both ends would be seen by ") })
        #expect(plan[.initiator].address == IPAddress("192.1.2.45"))
        #expect(plan[.responder].address == IPAddress("192.1.2.23"))
    }

    @Test(arguments: ["2001:db8::7", "0.0.0.0", "127.0.0.1", "224.0.0.1"])
    func `a name that no end behind a NAT can have as its address is none`(name: String) throws {
        let (plan, _) = try folder(Inputs.account(log("charon-authbad-east.log", ["west.example": name])))
        #expect(!plan.hasTranslation && plan[.initiator].forcesEncapsulation)
        #expect(plan[.initiator].address == IPAddress("192.1.2.45"))
    }

    @Test func `what answers without NAT detection does not show the responder's NAT, and what answers with it does`()
        throws
    {
        func steps(_ input: Input) throws -> [ExpectedStep] {
            ExpectedStep.steps(try #require(Inputs.account(input).main))
        }
        let refused = try Comparison(
            steps(capture([192, 1, 2, 23], as: [10, 9, 8, 1])), run: steps(Inputs.log("plain.pcapng")))
        #expect(refused.departure == nil)
        #expect(refused.lines.last?.hasSuffix("; a NAT in front of the responder does not show in it") ?? false)
        let answered = try Comparison(
            steps(Inputs.log("charon-authbad-west.log")), run: steps(log("charon-authbad-west.log", [Self.remote: ""])))
        #expect(answered.departure == "IKE_SA_INIT: behind a NAT: none, and was the responder")
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
