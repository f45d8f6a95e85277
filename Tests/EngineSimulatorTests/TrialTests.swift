import IKEEngine
import IKEModel
import NetAddress
import Testing

@testable import EngineSimulator

/// What the simulator finds nothing against, and that it would find it.
@Suite struct TrialTests {
    private static let one = ConnectionID(1)
    private static let two = ConnectionID(2)

    @Test(arguments: Story.exchanges)
    func `every datagram of every kind of exchange may be lost, doubled, late or altered`(_ story: Story) {
        let report = Campaign.exhaust(story, pairs: false)
        #expect(report.violations == [], "\(report.failed.map(String.init(describing:)) ?? "")")
        #expect(report.trials > 30 && report.faults > 15)
    }

    @Test func `two hundred handshakes of two hundred stories, with up to 30 percent of everything`() {
        let report = Campaign.handshakes(200, from: 40_000)
        #expect(report.violations == [], "seed \(report.failed?.seed ?? 0)")
        #expect(report.faults > 200)
    }

    @Test func `a week of rekeys from both ends at once`() {
        let outcome = Trial.random(seed: 3, story: .weeks(1, seed: 3), percent: 15).run()
        #expect(outcome.violations == [])
        #expect(outcome.handshakes > 5 && outcome.lasted >= .zero + .seconds(604_800))
    }

    @Test func `the same seed gives the same run, octet for octet`() {
        func octets(_ seed: UInt64) -> [[UInt8]] {
            var all: [[UInt8]] = []
            _ = Trial.random(seed: seed).run { $0.onPassage = { all.append($0.datagram.octets) } }
            return all
        }
        #expect(octets(77) == octets(77))
        #expect(octets(77) != octets(78))
    }

    @Test func `a peer that has the keys and means ill gets nothing to stay`() {
        let report = HostilePeer.attack(messages: 400, seed: 9)
        #expect(report.violations == [], "seed \(report.seed)")
        #expect(report.messages >= 400 && report.most.children <= 1000)
    }

    // MARK: Stories that failed once, as small as they got

    private static func settings(_ change: (inout SimulationSettings) -> Void) -> SimulationSettings {
        var settings = SimulationSettings()
        change(&settings)
        return settings
    }

    private static let mended: [Trial] = [
        Trial(
            Story(
                "two connections of one IKE SA end at once, and it ends with the second",
                [
                    Step(.zero, .west, .up(one)), Step(.seconds(2), .west, .up(two)),
                    Step(.seconds(3), .west, .down(one)), Step(.seconds(3), .west, .down(two)),
                ]), seed: 1),
        Trial(
            Story(
                "the answer that brings a Child SA is lost, and the responder replaces it meanwhile",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(1998), .east, .rekeyChild(one)),
                    Step(.milliseconds(2290), .west, .rekeyChild(one)),
                ]), seed: 273, faults: FaultPlan(listed: [6: .drop])),
        Trial(
            Story(
                "the answer that brings a Child SA is lost, and the responder deletes it meanwhile",
                [
                    Step(.zero, .west, .up(one)), Step(.seconds(3), .west, .rekeyChild(one)),
                    Step(.milliseconds(3033), .east, .deleteChild(one)),
                ]), seed: 380, faults: FaultPlan(listed: [5: .drop])),
        Trial(
            Story(
                "a connection ends while another is about to come up in its IKE SA",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(42), .east, .up(two)),
                    Step(.milliseconds(44), .east, .down(one)),
                ]), seed: 319),
        Trial(
            Story(
                "a revival joins an attempt that comes to nothing",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(4494), .east, .up(one)),
                    Step(.milliseconds(8223), .east, .down(one)),
                ]), seed: 370, faults: FaultPlan(listed: [0: .corrupt(160)])),
        Trial(
            Story(
                "a connection that has its Child SA in another's IKE SA is suspended",
                settings { $0.sessionResumption = true },
                [
                    Step(.zero, .west, .up(one)), Step(.seconds(3), .west, .up(two)),
                    Step(.seconds(4), .west, .suspend(two)),
                ]), seed: 435),
        Trial(
            Story(
                "a connection ends while it is about to come up in another's IKE SA",
                [
                    Step(.zero, .west, .up(two)), Step(.seconds(1), .east, .up(one)),
                    Step(.milliseconds(1005), .east, .down(one)),
                ]), seed: 1124),
        Trial(
            Story(
                "a connection that was about to come up in an IKE SA which ends is asked for again",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(3238), .west, .up(two)),
                    Step(.milliseconds(4986), .west, .deleteIKE), Step(.milliseconds(7981), .west, .up(two)),
                ]), seed: 12, faults: FaultPlan(listed: [5: .drop, 6: .drop, 7: .drop, 8: .drop, 9: .drop])),
        Trial(
            Story(
                "an IKE SA that both ends replace is used before the later answer is there",
                [
                    Step(.zero, .west, .up(one)), Step(.seconds(3), .east, .rekeyIKE),
                    Step(.milliseconds(3509), .west, .rekeyIKE), Step(.milliseconds(3953), .east, .up(two)),
                ]), seed: 7,
            faults: FaultPlan(listed: [4: .drop, 5: .drop, 8: .drop, 10: .drop])),
        Trial(
            Story(
                "in an IKE SA that both ends replace a Child SA is deleted, by the end that does not know of the other's wish",
                [
                    Step(.zero, .west, .up(one)), Step(.seconds(3), .east, .rekeyIKE),
                    Step(.milliseconds(3014), .west, .rekeyIKE), Step(.milliseconds(3023), .east, .deleteChild(one)),
                ]), seed: 7, faults: FaultPlan(listed: [4: .drop, 5: .drop])),
        Trial(
            Story(
                "a Child SA is deleted beside another of its connection, whose end the peer has not heard of yet",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(894), .east, .deleteIKE),
                    Step(.milliseconds(949), .east, .up(one)), Step(.milliseconds(999), .east, .deleteChild(one)),
                ]), seed: 10_039_249, faults: FaultPlan(listed: [4: .corrupt(23)])),
        Trial(
            Story(
                "one of two connections is suspended while both ends replace their IKE SA",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(715), .east, .up(two)),
                    Step(.milliseconds(5441), .west, .rekeyIKE), Step(.milliseconds(5445), .east, .rekeyIKE),
                    Step(.milliseconds(5451), .east, .suspend(one)),
                ]), seed: 10_117_946),
        Trial(
            Story(
                "the IKE SA that the peer made is replaced before ours, for the same one before, has been refused",
                settings { $0.sessionResumption = true },
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(964), .west, .rekeyIKE),
                    Step(.milliseconds(968), .east, .rekeyIKE), Step(.milliseconds(1006), .west, .rekeyIKE),
                ]), seed: 10_119_298, faults: FaultPlan(listed: [4: .drop, 7: .drop])),
        Trial(
            Story(
                "one of two connections is resumed, and the other is still wanted by the end that made it",
                settings { $0.sessionResumption = true },
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(4264), .east, .up(two)),
                    Step(.milliseconds(8576), .west, .deleteIKE), Step(.milliseconds(8587), .west, .up(one)),
                ]), seed: 10_273_762, faults: FaultPlan(listed: [6: .corrupt(84)])),
        Trial(
            Story(
                "one connection is resumed while the other end asks for a Child SA of another",
                settings { $0.sessionResumption = true },
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(712), .east, .up(two)),
                    Step(.milliseconds(734), .west, .suspend(one)), Step(.milliseconds(765), .west, .up(one)),
                ]), seed: 1_009_781, faults: FaultPlan(listed: [4: .corrupt(70), 5: .drop])),
        Trial(
            Story(
                "one connection is suspended while the Child SA of another is being deleted by itself",
                SimulationSettings(),
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(3273), .west, .up(two)),
                    Step(.milliseconds(3295), .west, .down(one)), Step(.milliseconds(5211), .west, .up(one)),
                    Step(.milliseconds(5492), .west, .deleteChild(two)),
                    Step(.milliseconds(5524), .west, .suspend(one)),
                ]), seed: 2_021_973, faults: FaultPlan(listed: [8: .delay])),
        Trial(
            Story(
                "the IKE SA that the peer made is deleted before it is known here that it stands",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(3000), .west, .rekeyIKE),
                    Step(.milliseconds(3005), .east, .rekeyIKE), Step(.milliseconds(3017), .west, .deleteIKE),
                ]), seed: 1, faults: FaultPlan(listed: [6: .drop, 9: .drop])),
        Trial(
            Story(
                "the IKE SA that the peer made and that does not stand is deleted before that is known here",
                [
                    Step(.zero, .west, .up(one)), Step(.milliseconds(3000), .west, .rekeyIKE),
                    Step(.milliseconds(3005), .east, .rekeyIKE), Step(.milliseconds(3017), .west, .deleteIKE),
                ]), seed: 2, faults: FaultPlan(listed: [6: .drop])),
        Trial(
            Story(
                "one connection ends while the Child SA of another waits to be deleted by itself",
                [
                    Step(.zero, .west, .up(one)), Step(.seconds(1), .west, .up(two)), Step(.seconds(3), .west, .probe),
                    Step(.milliseconds(3005), .west, .deleteChild(two)),
                    Step(.milliseconds(3010), .west, .down(one)),
                ]), seed: 1),
        Trial(
            Story(
                "a session is resumed by the peer before its end was heard of, and this end wants it up as well",
                settings { $0.sessionResumption = true },
                [
                    Step(.zero, .east, .up(one)), Step(.seconds(1), .west, .up(one)),
                    Step(.seconds(2), .west, .rekeyChild(one)), Step(.seconds(3), .east, .suspend(one)),
                    Step(.milliseconds(3100), .east, .up(one)),
                ]), seed: 1, faults: FaultPlan(listed: [8: .drop])),
    ]

    @Test(arguments: mended)
    func `what failed once holds now`(_ trial: Trial) {
        let outcome = trial.run()
        #expect(outcome.violations == [], "\(trial.story.name)")
        #expect(outcome.met.count == trial.faults.listed.count, "the faults have to be met with")
    }

    // MARK: What the simulator would see

    /// What is found where an end commits a fault.
    private func violations(_ change: (Simulation) -> Void, _ steps: [Step] = []) -> String {
        let story = Story("impaired", [Step(.zero, .west, .up(Self.one))] + steps)
        return Trial(story, seed: 5).run(watch: change).violations.map(\.what).joined(separator: "; ")
    }

    @Test func `a key that differs in one octet is found`() {
        var impairments = Impairments()
        impairments.corruptESPKey = true
        let found = violations { $0.tell(.east, .setImpairments(impairments)) }
        #expect(found.contains("the keys differ"))
    }

    @Test func `a Child SA that one end alone has is found`() {
        // East says that it deletes, and says so to nobody; west asks nobody whether it lives.
        var settings = SimulationSettings()
        settings.livenessDelay = .zero
        var impairments = Impairments()
        impairments.sendNoDelete = true
        let story = Story(
            "one-sided", settings, [Step(.zero, .west, .up(Self.one)), Step(.seconds(1), .east, .deleteIKE)])
        let outcome = Trial(story, seed: 5).run { $0.tell(.east, .setImpairments(impairments)) }
        #expect(outcome.violations.map(\.what).joined().contains("no agreement"))
    }

    @Test func `octets that change under one message ID are found`() {
        var rules = WireRules()
        let west = EndName.west.address
        func message(_ id: UInt8, vector: UInt8, exchange: UInt8 = 37, next: UInt8 = 46) -> Datagram {
            var octets = [UInt8](repeating: 7, count: 60)
            octets[16...19] = [next, 0x20, exchange, 0x08]
            octets[20...23] = [0, 0, 0, id]
            octets[39] = vector
            return Datagram(
                local: Endpoint(west, port: 500), remote: Endpoint(EndName.east.address, port: 500), octets: octets)
        }
        #expect(rules.violation(of: message(1, vector: 1), from: .west) == nil)
        #expect(rules.violation(of: message(1, vector: 1), from: .west) == nil)
        #expect(rules.violation(of: message(2, vector: 1), from: .west) == "an initialization vector used before")
        #expect(rules.violation(of: message(2, vector: 2), from: .west) != nil)
        #expect(rules.violation(of: message(1, vector: 3), from: .west) == "message ID 1 after 2")
        #expect(rules.violation(of: message(4, vector: 4), from: .west) == "message ID 4 after 2")
        #expect(rules.violation(of: message(3, vector: 5, next: 33), from: .west) != nil)
    }

    @Test func `a footprint beyond its limits is found`() {
        var limits = FootprintLimits()
        var footprint = EngineFootprint()
        #expect(limits.violation(at: .west, of: footprint) == nil)
        footprint.timers = 3
        #expect(limits.violation(at: .west, of: footprint) != nil)
        footprint = EngineFootprint()
        footprint.ikeSPIs = 1
        #expect(limits.violation(at: .west, of: footprint) != nil)
    }

    @Test func `shrinking leaves what it takes to fail, and nothing else`() {
        let kept = Shrinking.reduce(Array(0..<100)) { $0.contains(17) && $0.contains(71) }
        #expect(kept == [17, 71])
        let sound = Trial(Story("sound", [Step(.zero, .west, .up(Self.one))]), seed: 1)
        #expect(Shrinking.shrink(sound) == nil)
    }
}
