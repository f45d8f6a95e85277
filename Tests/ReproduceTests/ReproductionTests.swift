import IKEWire
import NetAddress
import Scenario
import Testing

@testable import Reproduce

/// From an account to both ends' configurations, and from a run's account to a verdict.
@Suite struct ReproductionTests {
    private func folder(_ account: Account) throws -> (plan: ReproductionPlan, files: [String: String]) {
        let plan = try #require(ReproductionPlan(account))
        let sa = try #require(account.main)
        return (
            plan,
            ReproductionFolder(plan, account, Diagnosis(account), steps: ExpectedStep.steps(sa)).files
        )
    }

    @Test func `both ends of a refused IKE_SA_INIT propose and would take what the log says`() throws {
        let (plan, files) = try folder(Inputs.account(Inputs.log("charon-noprop-east.log")))
        let initiator = try #require(files["initiator.conf"])
        #expect(initiator.contains("\tleft=192.1.2.45\n"))
        #expect(
            initiator.contains(
                "\tike=aes_256-hmac_sha2_256_128-sha2_256;dh14,aes_256-hmac_sha1_96-sha1;dh14\n"))
        // Its log is charon's, and so is its dialect.
        let responder = try #require(files["responder.conf"])
        #expect(
            responder.contains(
                "    ike=aes128gcm16-prfsha256-ecp256,aes256-sha512-prfsha512-modp3072!\n"))
        #expect(files["scenario.yaml"]?.contains("dialects: {responder: charon}\n") ?? false)
        #expect(plan.choices.contains("the initiator's network: 198.18.0.0/24"))
        #expect(!plan.choices.contains { $0.hasPrefix("what the responder would take for the IKE SA") })
    }

    @Test func `what the refuser would take is chosen, and marked, where it isn't known`() throws {
        let (plan, _) = try folder(Inputs.account(Inputs.log("noprop.pcapng")))
        #expect(plan.choices.contains { $0.hasPrefix("what the responder would take for the IKE SA: ") })
        for offered in plan[.initiator].ike {
            #expect(plan[.responder].ike.allSatisfy { !offered.unmatched(in: $0).isEmpty })
        }
    }

    @Test func `the networks of a refusal are those that were asked for, and others at the refuser`() throws {
        let (plan, files) = try folder(
            Inputs.account(Inputs.log("charon-tsbad-east.log"), Inputs.log("charon-tsbad-west.log")))
        #expect(files["initiator.conf"]?.contains(" leftsubnet=192.0.1.0/24\n") ?? false)
        #expect(files["initiator.conf"]?.contains(" rightsubnet=192.0.9.0/24\n") ?? false)
        #expect(files["initiator.conf"]?.contains(" leftid=@west.example\n") ?? false)
        #expect(!plan[.responder].network.range.contains(plan[.initiator].peerNetwork.address))
        #expect(plan.choices.contains { $0.hasPrefix("the networks that the responder would take") })
    }

    @Test func `groups of a rekey are for PFS, and each end has its own`() throws {
        let (plan, files) = try folder(Inputs.account(Inputs.log("charon-pfs-east.log")))
        #expect(files["initiator.conf"]?.contains("\tesp=aes_gcm_256;dh19\n") ?? false)
        #expect(files["responder.conf"]?.contains("    esp=aes256gcm16-ecp384-noesn!\n") ?? false)
        #expect(plan.actions == [.rekeyChild(.initiator)])
        #expect(files["100-initiator-ask.sh"] == "ipsec whack --rekey-child --name reproduction\n")
    }

    @Test func `an ASA stays one, with addresses in the place of redacted ones only`() throws {
        let account = try Inputs.account(
            Inputs.log("asa-gateway.log"), Inputs.tree("testing/asa-azure-rekey-pfs/asa.conf"))
        let (plan, files) = try folder(account)
        #expect(plan[.responder].dialect == .asa && plan[.initiator].dialect == .libreswan)
        #expect(files["asa.conf"]?.contains("ip address 203.0.113.1 ") ?? false)
        #expect(files["asa.conf"]?.contains("set pfs") == false)
        #expect(files["responder.conf"] == nil)
        #expect(plan.choices.contains("the key length of AES_GCM_16_128, which is the configuration's"))
    }

    @Test func `routers stay routers: the proposals of the debugging in their own words`() throws {
        let (plan, files) = try folder(Inputs.account(Inputs.log("ios-router1.log"), Inputs.log("ios-router2.log")))
        #expect(plan[.initiator].dialect == .ios && plan[.responder].dialect == .ios)
        let initiator = try #require(files["initiator.cfg"])
        #expect(initiator.contains(" encryption 3des aes-cbc-128\n integrity sha1\n group 2\n"))
        #expect(initiator.contains("transform-set SET esp-3des esp-sha-hmac\n"))
        #expect(plan.choices.contains("the key length of AES_CBC_128"))
        #expect(files["scenario.yaml"]?.contains("dialects: {initiator: ios, responder: ios}\n") ?? false)
    }

    @Test func `a router whose tunnel does not carry everything is in libreswan's dialect`() throws {
        var log = try Inputs.log("ios-router1.log")
        log.octets = Array(
            String(decoding: log.octets, as: UTF8.self)
                .replacing(
                    "start addr: 0.0.0.0, end addr: 255.255.255.255",
                    with: "start addr: 10.1.0.0, end addr: 10.1.255.255"
                )
                .utf8)
        let plan = try #require(ReproductionPlan(Inputs.account(log)))
        #expect(plan[.initiator].dialect == .libreswan)
        #expect(plan.limits.contains("the initiator is of IOS debugging; here it is swand in libreswan's dialect"))
    }

    @Test(arguments: [
        ("IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256", "aes_128-hmac_sha2_256_128-sha2_256;dh19"),
        ("IKE:AES_GCM_16_256/PRF_HMAC_SHA2_512/CURVE_25519", "aes_gcm_256-sha2_512;dh31"),
        ("IKE:3DES_CBC/AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", "3des+aes_128-hmac_sha1_96-sha1;dh2"),
    ])
    func `a proposal of an IKE SA as a configuration says it`(_ text: String, _ line: String) throws {
        let proposal = try #require(TransformWords.charonProposals(text).first)
        #expect(ProposalLine.ike(proposal) == line)
    }

    // MARK: The comparison

    private func steps(_ name: String) throws -> [ExpectedStep] {
        ExpectedStep.steps(try #require(Inputs.account(Inputs.log(name)).main))
    }

    @Test func `an account is the same as itself`() throws {
        for name in ["charon-pfs-east.log", "noprop.pcapng", "ios-router1.log"] {
            let steps = try steps(name)
            #expect(Comparison(steps, run: steps).departure == nil, "\(name)")
        }
    }

    @Test func `whatever is changed in a run is found`() throws {
        let steps = try steps("charon-pfs-east.log")
        func departs(_ word: String, _ change: (inout ExpectedStep) -> Void) {
            var run = steps
            change(&run[2])
            let departure = Comparison(steps, run: run).departure
            #expect(departure?.hasPrefix("CREATE_CHILD_SA: ") ?? false)
            #expect(departure?.contains(word) ?? false, "\(departure ?? "")")
        }
        departs("ends with accepted") { $0.refusals = [] }
        departs("ends with TS_UNACCEPTABLE") { $0.refusals = [LoggedMessage.Notify(.tsUnacceptable)] }
        departs("asked by the responder") { $0.requester = .responder }
        departs("offers") { $0.offered[0].transforms.removeLast() }
        departs("offers") { $0.offered = [] }
        departs("the exchange is INFORMATIONAL") { $0.type = .informational }
        #expect(Comparison(steps, run: Array(steps.dropLast())).departure?.contains("no such exchange") ?? false)
        var group = steps[2]
        group.group = 19
        #expect(group.differences(from: steps[2]) == ["KE group none, and was 19"])
        var selectors = steps[1]
        selectors.initiatorSelectors = [TrafficSelector(IPPrefix("192.0.2.0/24")!)]
        #expect(selectors.differences(from: steps[1]).first?.hasPrefix("selectors ") ?? false)
    }

    @Test func `inputs that begin in the middle are found in a run that begins at the start`() throws {
        let whole = try steps("charon-pfs-east.log")
        let comparison = Comparison(Array(whole.dropFirst(2)), run: whole)
        #expect(comparison.departure == nil)
        #expect(comparison.lines.filter { $0.hasSuffix("(not in the inputs)") }.count == 2)
    }

    @Test func `of an exchange whose end nobody knows nothing is claimed`() throws {
        var expected = try steps("ios-router1.log")
        expected[expected.count - 1].refusals = nil
        let comparison = Comparison(expected, run: try steps("ios-router1.log"))
        #expect(comparison.isPartial)
        #expect(comparison.verdict == "As far as the inputs say, it is the same: IKE_SA_INIT, accepted.")
    }

    @Test func `a request that nobody answered is not the same as one that is answered`() throws {
        let answered = try steps("ios-router1.log")
        var silent = answered
        silent[silent.count - 1].refusals = nil
        silent[silent.count - 1].isUnanswered = true
        #expect(Comparison(silent, run: answered).departure == "IKE_AUTH: is answered, and was not")
        let same = Comparison(silent, run: silent)
        #expect(same.departure == nil && !same.isPartial)
        #expect(same.verdict == "The same exchange ends in the same way: IKE_AUTH, no answer.")
    }

    @Test func `a capture of a request that is sent again, and never answered, says so`() throws {
        // pcapng is blocks, each with its type and its length, 4 octets each, in front; a packet's type is 6. The longest packet
        // is the request, the others are answers and address resolution.
        let whole = try Inputs.log("noprop.pcapng").octets
        var blocks: [ArraySlice<UInt8>] = []
        var place = 0
        while place + 8 <= whole.count {
            let length = Int(whole[place + 4]) | Int(whole[place + 5]) << 8
            blocks.append(whole[place..<place + length])
            place += length
        }
        let request = try #require(blocks.filter { $0.first == 6 }.max { $0.count < $1.count })
        var octets = blocks.prefix { $0.first != 6 }.flatMap { $0 }
        for _ in 0..<3 { octets += request }
        let account = try Inputs.account((name: "silence.pcapng", octets: octets))
        let main = try #require(account.main)
        #expect(main.exchanges.map(\.isUnanswered) == [true])
        #expect(Diagnosis(account).headline.contains("did not answer the IKE_SA_INIT"))
    }
}
