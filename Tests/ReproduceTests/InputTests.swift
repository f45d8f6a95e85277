import IKEWire
import NetAddress
import Testing

@testable import Reproduce

@Suite struct InputTests {
    @Test func `a capture of two strongSwans says what was offered, to the last transform`() throws {
        let account = try Inputs.account(Inputs.log("noprop.pcapng"))
        let sa = try #require(account.main)
        #expect(sa.failure?.notify.type == .noProposalChosen)
        #expect(
            sa.exchanges[0].request?.proposals.map(\.description) == [
                "IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048",
                "IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
            ])
        #expect(sa.exchanges[0].request?.group == 14)
    }

    @Test func `a capture and the responder's log of it are one conversation, and together they tell all`() throws {
        let account = try Inputs.account(Inputs.log("noprop.pcapng"), Inputs.log("charon-noprop-east.log"))
        #expect(account.sas.count == 1)
        #expect(account.main?.exchanges.count == 1)
        let diagnosis = Diagnosis(account)
        #expect(diagnosis.headline.contains("key exchange group (MODP_2048 offered, ECP_256 wanted)"))
    }

    @Test func `pluto's console of a refused IKE_SA_INIT, either end's`() throws {
        let folder = "testing/ikev2-basic-psk-04-no-proposal/"
        let west = try Inputs.account(Inputs.tree(folder + "west.console.txt"))
        #expect(west.main?.failure?.notify.type == .noProposalChosen)
        #expect(west.main?.failure?.by == .responder)
        let both = try Inputs.account(
            Inputs.tree(folder + "west.console.txt"), Inputs.tree(folder + "east.console.txt"))
        #expect(both.sas.count == 1)
        #expect(both.main?.addresses[.initiator] == "192.1.2.45")
    }

    @Test func `the other end's log of a rekey that an ASA refused: who refused what is plain, and why is not`() throws
    {
        let account = try Inputs.account(Inputs.log("pluto-azure.log"))
        let sa = try #require(account.main)
        let failure = try #require(sa.failure)
        #expect(failure.notify.type == .invalidKEPayload && failure.by == .responder)
        #expect(sa.exchanges[failure.index].type == .createChildSA)
        #expect(sa.exchanges[failure.index].request?.has(.rekeySA) ?? false)
    }

    @Test func `pluto's console of a resumption: refused tickets are no failure`() throws {
        let account = try Inputs.account(Inputs.tree("testing/ikev2-resume-01/west.console.txt"))
        let exchanges = account.sas.flatMap(\.exchanges)
        #expect(exchanges.filter { $0.type == .ikeSessionResume }.count == 2)
        #expect(exchanges.contains { $0.response?.has(.ticketNack) ?? false })
        #expect(account.sas.allSatisfy { $0.failure == nil })
    }

    @Test(.enabled(if: Inputs.hasShared, Inputs.reason))
    func `VPP's capture: closed without keys, open with those that VPP shows`() throws {
        let closed = try Inputs.account(Inputs.shared("reference/vpp/s1.pcap"))
        #expect(closed.main?.exchanges[1].request?.payloads == nil)
        #expect(Diagnosis(closed).unknowns.contains("the ESP proposals that were offered"))
        let open = try Inputs.account(
            Inputs.shared("reference/vpp/s1-vpp-cli.txt"), Inputs.shared("reference/vpp/s1.pcap"))
        let auth = try #require(open.main?.exchanges[1])
        #expect(auth.request?.proposals.map(\.description) == ["ESP:AES_CBC_192/HMAC_SHA1_96/EXT_SEQ"])
        #expect(auth.request?.initiatorSelectors.map(\.description) == ["192.168.3.0/24"])
        #expect(Diagnosis(open).headline.hasSuffix("and the IKE SA was established."))
    }

    @Test(arguments: ["", "hello\nworld\n", "\u{0}\u{1}\u{2}", "IKEv2-PROTO-5: nothing\n", "\"a\" #1: nothing\n"])
    func `an input that says nothing is refused with its place and what was expected`(_ text: String) throws {
        let error = #expect(throws: InputError.self) {
            _ = try InputFiles.read([(name: "x.log", octets: Array(text.utf8))])
        }
        #expect(error?.description.hasPrefix("x.log:1: ") ?? false)
        #expect(error?.description.contains("expected") ?? false)
    }

    @Test func `keys alone, and a configuration alone, are refused`() throws {
        #expect(throws: InputError.self) {
            _ = try InputFiles.read([Inputs.tree("testing/asa-azure-rekey-pfs/asa.conf")])
        }
        #expect(throws: InputError.self) {
            _ = try InputFiles.read([(name: "keys", octets: Array("# ENCR 12 256 INTEG 2\n".utf8))])
        }
    }

    /// A small generator, so that a failure can be repeated (Numerical Recipes' linear congruence).
    private struct Dice {
        var state: UInt64
        mutating func roll(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, limit)
        }
    }

    @Test(arguments: [
        "Tests/ReproduceTests/Logs/charon-pfs-east.log", "Tests/ReproduceTests/Logs/noprop.pcapng",
        "Tests/ReproduceTests/Logs/asa-gateway.log", "Tests/ReproduceTests/Logs/ios-router2.log",
        "testing/ikev2-resume-01/west.console.txt", "testing/asa-azure-rekey-pfs/asa.conf",
    ])
    func `whatever is cut off, shuffled or spoiled, reading ends, and so does the report`(_ path: String) throws {
        let original = try Inputs.tree(path).octets
        var dice = Dice(state: 20_261_121)
        for round in 0..<24 {
            var octets = original
            switch round % 3 {
            case 0: octets.removeLast(dice.roll(octets.count))
            case 1:
                var lines = octets.split(separator: 10, omittingEmptySubsequences: false)
                for index in lines.indices { lines.swapAt(index, dice.roll(lines.count)) }
                octets = Array(lines.joined(separator: [10]))
            default:
                for _ in 0..<octets.count / 16 { octets[dice.roll(octets.count)] = UInt8(dice.roll(256)) }
            }
            guard let facts = try? InputFiles.read([(name: "spoiled", octets: octets)]) else { continue }
            let account = Account(facts)
            #expect(!AccountText(account, Diagnosis(account)).lines.isEmpty)
        }
    }
}
