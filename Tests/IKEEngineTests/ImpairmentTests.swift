import IKEEngine
import IKEModel
import IKEWire
import NetAddress
import Testing

/// Faults that are committed on purpose, and what the other end makes of them.
struct ImpairmentTests {
    private func impaired(_ change: (inout Impairments) -> Void) -> Impairments {
        var impairments = Impairments()
        change(&impairments)
        return impairments
    }

    @Test func `a message that came in twice, once corrupted, is taken the second time`() {
        let ladder = Ladder()
        for end in [ladder.west, ladder.east] {
            ladder.tell(
                end,
                .setImpairments(
                    impaired {
                        $0.replayEncrypted = true
                        $0.corruptEncrypted = true
                    }))
        }
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.west.standing.count == 1)
        for end in [ladder.west, ladder.east] {
            #expect(end.has { if case .dropped(.integrityFailure, _, _, _, _) = $0 { true } else { false } })
        }
    }

    @Test func `corrupted without its replay nothing gets through`() {
        let ladder = Ladder()
        ladder.tell(ladder.east, .setImpairments(impaired { $0.corruptEncrypted = true }))
        ladder.up()
        #expect(!ladder.east.isEstablished)
        #expect(!ladder.west.isEstablished)
    }

    @Test func `an answer of another exchange is none`() {
        let ladder = Ladder()
        ladder.tell(ladder.east, .setImpairments(impaired { $0.misnameIKEAuthResponse = true }))
        ladder.up()
        #expect(!ladder.west.isEstablished)
        #expect(
            ladder.west.has {
                if case .dropped(.unexpectedResponse(expected: .ikeAuth), _, _, .informational, _) = $0 {
                    true
                } else {
                    false
                }
            })
    }

    @Test(arguments: [true, false])
    func `a wrong number of selectors costs the Child SA, not the IKE SA`(_ isInitiators: Bool) {
        let ladder = Ladder()
        ladder.tell(
            ladder.west,
            .setImpairments(
                impaired {
                    $0.skipRevival = true
                    if isInitiators { $0.initiatorSelectorCount = 0 }
                    if !isInitiators { $0.responderSelectorCount = 2 }
                }))
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.west.installs.isEmpty && ladder.east.installs.isEmpty)
        #expect(
            ladder.west.has {
                if case .childRejected(_, _, .refused(.tsUnacceptable)) = $0 { true } else { false }
            })
    }

    @Test(arguments: [
        (Impairments.KeyLengthFault.replaced(0), NotifyType.noProposalChosen),
        (.omitted, .noProposalChosen), (.empty, .invalidSyntax), (.replaced(192), .noProposalChosen),
    ])
    func `a key length that is none is refused in IKE_SA_INIT`(
        _ fault: Impairments.KeyLengthFault, _ answer: NotifyType
    ) {
        let ladder = Ladder()
        ladder.tell(ladder.west, .setImpairments(impaired { $0.ikeKeyLength = fault }))
        ladder.up()
        #expect(!ladder.west.isEstablished)
        #expect(
            ladder.west.has {
                if case .dropped(.unauthenticatedRefusal(answer), _, _, _, _) = $0 { true } else { false }
            })
    }

    @Test func `a key length that is said twice counts once`() {
        let ladder = Ladder()
        ladder.tell(
            ladder.west,
            .setImpairments(
                impaired {
                    $0.ikeKeyLength = .duplicated
                    $0.childKeyLength = .duplicated
                }))
        ladder.up()
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
    }

    @Test func `a Child SA's key length that is none is refused while the IKE SA stands`() {
        let ladder = Ladder()
        ladder.tell(
            ladder.west,
            .setImpairments(
                impaired {
                    $0.skipRevival = true
                    $0.childKeyLength = .omitted
                }))
        ladder.up()
        #expect(ladder.west.isEstablished && ladder.west.standing.isEmpty)
    }

    @Test func `a replacement of another protocol's SA is INVALID_SYNTAX, which ends the IKE SA at both ends`() {
        let ladder = Ladder()
        ladder.up()
        let child = ladder.west.engine.childSAs[0].child
        ladder.tell(
            ladder.west,
            .setImpairments(
                impaired {
                    $0.skipRevival = true
                    $0.rekeyProtocolID = 1
                }))
        ladder.tell(ladder.west, .rekeyChild(child))
        ladder.settle()
        #expect(!ladder.west.isEstablished && !ladder.east.isEstablished)
        #expect(ladder.west.standing.isEmpty && ladder.east.standing.isEmpty)
    }

    @Test func `NONE said in a proposal for a Child SA is said in its answer, too`() {
        let ladder = Ladder()
        ladder.tell(ladder.west, .setImpairments(impaired { $0.explicitNoKeyExchange = true }))
        ladder.up()
        var accepted: Proposal?
        for case .proposalAccepted(_, .some, let proposal) in ladder.west.events { accepted = proposal }
        #expect(accepted?.transforms(of: .keyExchange).map(\.id) == [0])
        #expect(ladder.west.standing.first?.suite.keyExchange == nil)
        var offered: [Proposal] = []
        for case .proposalChosen(_, .some, _, let proposals) in ladder.east.events { offered = proposals }
        #expect(offered.count == 2 && offered.allSatisfy { $0.transforms(of: .keyExchange).map(\.id) == [0] })
    }

    @Test func `a message that is held back is taken when it is asked for`() {
        let ladder = Ladder()
        ladder.tell(ladder.west, .setImpairments(impaired { $0.blockInbound = true }))
        ladder.up()
        #expect(ladder.wire.map(\.name) == ["IKE_SA_INIT request 0", "IKE_SA_INIT response 0"])
        ladder.tell(ladder.west, .drip(inbound: true, number: 1))
        ladder.settle()
        #expect(ladder.wire.last?.name == "IKE_AUTH response 1")
        #expect(!ladder.west.isEstablished)
        ladder.tell(ladder.west, .drip(inbound: true, number: 2))
        #expect(ladder.west.isEstablished)
        let before = ladder.wire.count
        ladder.tell(ladder.west, .drip(inbound: true, number: 9))
        #expect(ladder.wire.count == before)
    }

    @Test func `what went out is sent again when it is asked for`() {
        let ladder = Ladder()
        ladder.tell(ladder.east, .setImpairments(impaired { $0.recordOutbound = true }))
        ladder.up()
        ladder.tell(ladder.east, .drip(inbound: false, number: 1))
        #expect(ladder.wire.last?.datagram == ladder.wire.first { $0.from == "east" }?.datagram)
    }
}
