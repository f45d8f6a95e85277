package import IKEModel

/// One thing that an operator, or fate, does to an end.
package enum Deed: Hashable, Sendable {
    case up(ConnectionID)
    case down(ConnectionID)
    case suspend(ConnectionID)
    case rekeyIKE
    case rekeyChild(ConnectionID)
    case deleteIKE
    case deleteChild(ConnectionID)
    case probe
    /// Its host gets another address in the place of the one that it had.
    case relocate
    /// The NAT before west forgets its mapping.
    case remap
    /// The process is killed and starts again.
    case restart
}

package struct Step: Hashable, Sendable {
    package var at: Duration
    package var end: EndName
    package var deed: Deed

    package init(_ at: Duration, _ end: EndName, _ deed: Deed) {
        self.at = at
        self.end = end
        self.deed = deed
    }
}

/// What is done to the two ends, in the order of time.
package struct Story: Hashable, Sendable {
    package var name: String
    package var settings: SimulationSettings
    package var steps: [Step]
    /// Behind the last step, until the link is healed.
    package var tail: Duration

    package init(
        _ name: String, _ settings: SimulationSettings = SimulationSettings(), _ steps: [Step],
        tail: Duration = .seconds(5)
    ) {
        self.name = name
        self.settings = settings
        self.steps = steps
        self.tail = tail
    }

    /// What the operators want in the end: up where one end wants it so, down where an end ended it and none wants it.
    func wish(for connection: ConnectionID) -> Bool? {
        var wanted: [EndName: Bool?] = [:]
        for step in steps {
            switch step.deed {
            case .up(connection): wanted[step.end] = true
            case .down(connection), .suspend(connection): wanted[step.end] = false
            // Nobody has told the new process, and what the old one had made lives on at its peer. Who deletes an IKE SA
            // ends what it carries, if it carries it.
            case .restart, .deleteIKE: wanted[step.end] = .some(nil)
            default: break
            }
        }
        if wanted.values.contains(true) { return true }
        return wanted.isEmpty || wanted.values.contains(nil) ? nil : false
    }
}

extension Story {
    private static let one = ConnectionID(1)
    private static let two = ConnectionID(2)
    private static let up = Step(.zero, .west, .up(one))
    private static let later = Duration.seconds(2)

    private static func settings(_ change: (inout SimulationSettings) -> Void) -> SimulationSettings {
        var settings = SimulationSettings()
        change(&settings)
        return settings
    }

    /// One for every kind of exchange, and for those of two ends that cross.
    package static let exchanges: [Story] = [
        Story("IKE_SA_INIT", [up]),
        Story("cookie", settings { $0.asksForCookie = true }, [up]),
        Story("invalid-ke", settings { $0.groupsDiffer = true }, [up]),
        Story("IKE_AUTH", settings { $0.packetOctets = 190 }, [up]),
        Story("IKE_INTERMEDIATE", settings { $0.usesIntermediate = true }, [up]),
        Story("childless", settings { $0.isChildless = true }, [up]),
        Story("EAP", settings { $0.usesEAP = true }, [up]),
        Story(
            "EAP-fragments",
            settings {
                $0.usesEAP = true
                $0.packetOctets = 190
            }, [up, Step(later, .west, .up(two)), Step(later, .east, .rekeyIKE)]),
        Story(
            "childless-cross", settings { $0.isChildless = true },
            [up, Step(.zero, .east, .up(one)), Step(later, .west, .up(two)), Step(later, .east, .rekeyIKE)]),
        Story("both-initiate", [up, Step(.zero, .east, .up(one))]),
        Story(
            "IKE_SESSION_RESUME", settings { $0.sessionResumption = true },
            [up, Step(later, .west, .suspend(one)), Step(later + later, .west, .up(one))]),
        Story("CREATE_CHILD_SA-new", [up, Step(later, .west, .up(two))]),
        Story("CREATE_CHILD_SA-new-cross", [up, Step(later, .west, .up(two)), Step(later, .east, .up(two))]),
        Story("CREATE_CHILD_SA-rekey-child", [up, Step(later, .west, .rekeyChild(one))]),
        Story(
            "CREATE_CHILD_SA-rekey-child-pfs", settings { $0.perfectForwardSecrecy = true },
            [up, Step(later, .east, .rekeyChild(one))]),
        Story(
            "CREATE_CHILD_SA-rekey-child-cross",
            [up, Step(later, .west, .rekeyChild(one)), Step(later, .east, .rekeyChild(one))]),
        Story("CREATE_CHILD_SA-rekey-IKE", [up, Step(later, .west, .rekeyIKE)]),
        Story("CREATE_CHILD_SA-rekey-IKE-responder", [up, Step(later, .east, .rekeyIKE)]),
        Story(
            "CREATE_CHILD_SA-rekey-IKE-cross", [up, Step(later, .west, .rekeyIKE), Step(later, .east, .rekeyIKE)]),
        Story(
            "rekey-both-kinds-cross", [up, Step(later, .west, .rekeyIKE), Step(later, .east, .rekeyChild(one))]),
        Story("delete-IKE", [up, Step(later, .west, .down(one))]),
        Story("delete-IKE-responder", [up, Step(later, .east, .deleteIKE)]),
        Story("delete-IKE-cross", [up, Step(later, .west, .down(one)), Step(later, .east, .down(one))]),
        Story("delete-child", [up, Step(later, .west, .up(two)), Step(later + later, .east, .deleteChild(two))]),
        Story(
            "delete-child-cross",
            [
                up, Step(later, .west, .up(two)), Step(later + later, .east, .deleteChild(two)),
                Step(later + later, .west, .deleteChild(two)),
            ]),
        Story(
            "delete-during-rekey-child",
            [up, Step(later, .west, .rekeyChild(one)), Step(later, .east, .deleteChild(one))]),
        Story("delete-during-rekey-IKE", [up, Step(later, .west, .rekeyIKE), Step(later, .east, .deleteIKE)]),
        Story("liveness", [up, Step(later, .west, .probe), Step(later, .east, .probe)]),
        Story("MOBIKE", settings { $0.usesMobility = true }, [up, Step(later, .west, .relocate)]),
        Story("MOBIKE-responder", settings { $0.usesMobility = true }, [up, Step(later, .east, .relocate)]),
        Story(
            "MOBIKE-transport-rekey-child",
            settings {
                $0.usesMobility = true
                $0.isTransport = true
            },
            [
                up, Step(later, .west, .rekeyChild(one)), Step(later, .west, .relocate),
                Step(later + later, .east, .rekeyChild(one)),
            ]),
        Story(
            "MOBIKE-transport-rekey-child-cross",
            settings {
                $0.usesMobility = true
                $0.isTransport = true
            },
            [
                up, Step(later, .east, .rekeyChild(one)), Step(later, .west, .rekeyIKE), Step(later, .west, .relocate),
            ]),
        Story(
            "NAT-mapping", settings { $0.hasNAT = true },
            [up, Step(later, .west, .remap), Step(later, .west, .rekeyIKE)]),
        Story(
            "NAT-mapping-transport",
            settings {
                $0.hasNAT = true
                $0.isTransport = true
            },
            [
                up, Step(later, .west, .rekeyChild(one)), Step(later, .west, .remap), Step(later, .west, .probe),
                Step(later + later, .east, .rekeyChild(one)),
            ]),
        Story(
            "NAT-mapping-MOBIKE-transport",
            settings {
                $0.hasNAT = true
                $0.usesMobility = true
                $0.isTransport = true
            },
            [up, Step(later, .west, .remap), Step(later, .west, .probe), Step(later + later, .west, .relocate)]),
        Story("restart", settings { $0.livenessDelay = .seconds(10) }, [up, Step(later, .east, .restart)]),
    ]

    package init(_ name: String, _ steps: [Step]) { self.init(name, SimulationSettings(), steps) }

    /// A story that a seed tells: a connection comes up, and then anything may happen.
    package static func random(seed: UInt64) -> Story {
        var dice = Dice(seed: seed)
        var settings = SimulationSettings()
        settings.asksForCookie = dice.below(8) == 0
        settings.groupsDiffer = dice.below(8) == 0
        settings.packetOctets = dice.below(4) == 0 ? 200 + dice.below(300) : 1280
        settings.sessionResumption = dice.below(4) == 0
        settings.perfectForwardSecrecy = dice.below(4) == 0
        settings.isChildless = !settings.sessionResumption && dice.below(6) == 0
        settings.usesIntermediate = dice.below(6) == 0
        var steps = [up]
        var at = Duration.zero
        for _ in 0..<[0, 0, 1, 2, 3, 5][dice.below(6)] {
            // Half of what follows happens while what was before is under way.
            at += dice.below(2) == 0 ? .milliseconds(dice.below(60)) : .milliseconds(dice.below(5000))
            steps.append(Step(at, dice.below(2) == 0 ? .west : .east, randomDeed(&dice)))
        }
        settings.requestWindow = dice.below(3) == 0 ? 5 : 1
        return Story("random", settings, steps)
    }

    /// A story that a seed tells of a west that moves, behind a NAT or with MOBIKE or both.
    package static func moving(seed: UInt64) -> Story {
        var dice = Dice(seed: ~seed &* 3)
        var settings = SimulationSettings()
        let kind = dice.below(3)
        settings.hasNAT = kind != 0
        settings.usesMobility = kind != 1
        settings.isTransport = dice.below(2) == 0
        settings.perfectForwardSecrecy = dice.below(4) == 0
        settings.packetOctets = dice.below(4) == 0 ? 200 + dice.below(300) : 1280
        var steps = [up]
        var at = Duration.zero
        for _ in 0..<(1 + dice.below(5)) {
            at += dice.below(2) == 0 ? .milliseconds(dice.below(60)) : .milliseconds(dice.below(5000))
            let end: EndName = dice.below(2) == 0 ? .west : .east
            switch dice.below(10) {
            case 0, 1: steps.append(Step(at, end, .rekeyIKE))
            case 2...4: steps.append(Step(at, end, .rekeyChild(one)))
            case 5: steps.append(Step(at, end, .probe))
            case 6: steps.append(Step(at, end, .deleteChild(one)))
            default:
                let relocates = settings.usesMobility && (!settings.hasNAT || dice.below(2) == 0)
                steps.append(Step(at, .west, relocates ? .relocate : .remap))
            }
        }
        return Story("moving", settings, steps)
    }

    /// A connection that stays up for weeks, replaced by its lifetimes and by its operators.
    package static func weeks(_ weeks: Int, seed: UInt64) -> Story {
        var dice = Dice(seed: seed)
        var settings = SimulationSettings()
        settings.livenessDelay = .seconds(300)
        settings.requestWindow = seed % 2 == 0 ? 1 : 5
        settings.lifetimes = Lifetimes(ike: .seconds(14400), child: .seconds(3600), rekeyMargin: .seconds(300))
        let end = Duration.seconds(604_800 * weeks)
        var steps = [up, Step(.seconds(1), .west, .up(two))]
        var at = Duration.zero
        while true {
            at += .milliseconds(dice.below(7_200_000))
            if at >= end { break }
            switch dice.below(12) {
            // Both ends at once.
            case 0: for name in EndName.allCases { steps.append(Step(at, name, .rekeyIKE)) }
            case 1, 2: for name in EndName.allCases { steps.append(Step(at, name, .rekeyChild(one))) }
            case 3:
                steps.append(Step(at, .west, .rekeyIKE))
                steps.append(Step(at, .east, .rekeyChild(two)))
            case 4: steps.append(Step(at, .east, .deleteIKE))
            case 5: steps.append(Step(at, .east, .deleteChild(two)))
            case 6: steps.append(Step(at, .east, .restart))
            case 7: steps.append(Step(at, .east, .up(one)))
            default: break
            }
        }
        return Story("weeks", settings, steps, tail: end - (steps.last?.at ?? .zero) + .seconds(60))
    }

    private static func randomDeed(_ dice: inout Dice) -> Deed {
        let connection = dice.below(3) == 0 ? two : one
        switch dice.below(14) {
        case 0...2: return .up(connection)
        case 3: return .down(connection)
        case 4: return .suspend(connection)
        case 5...7: return .rekeyIKE
        case 8...10: return .rekeyChild(connection)
        case 11: return .deleteIKE
        case 12: return .deleteChild(connection)
        default: return dice.below(3) == 0 ? .restart : .probe
        }
    }
}
