import DataPlane
import Foundation
import IKECrypto
import IKEEngine
import IKEModel
import Testing

/// The document's own text, whole, against what two routers with its configurations say.
///
/// Its parts are of two runs. In the first one router 2 begins a negotiation of its own while it answers router 1's: five lines
/// of it stand among those of the other. The SA that comes of it is the one that is replaced 61 s later, SA ID 2. Its request
/// is sent twice: of the first one, with the group that the default proposal begins with, the document has the length alone.
struct IOSDocumentTests {
    /// The initial exchanges of router 1's IKE SA, with router 2's beginning in the middle, then those of router 2's.
    private struct Crossing {
        let routers: TwoRouters
        var router1: [String] = []
        var router2: [String] = []
        /// Of router 2 alone: its own negotiation begins.
        var own: [String] = []

        init() throws {
            routers = try TwoRouters()
            routers.initiate(routers.router1)
            let spi = Array(routers.router1.outgoing[0].octets.prefix(8))
            _ = routers.deliver()
            take()
            routers.initiate(routers.router2)
            own = IOSDocument.records(routers.takeLogs().1)
            routers.settle(of: spi)
            take()
            routers.settle()
            _ = routers.takeLogs()
        }

        private mutating func take() {
            let logs = routers.takeLogs()
            router1 += IOSDocument.records(logs.0)
            router2 += IOSDocument.records(logs.1)
        }
    }

    /// Records of the document, counted from 1.
    private static func part(_ ranges: ClosedRange<Int>...) throws -> [String] {
        let document = try IOSDocument.debugging()
        try #require(document.count == 329)
        return ranges.flatMap { document[($0.lowerBound - 1)..<$0.upperBound] }
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the initial exchanges are the document's, line by line, on both routers`() throws {
        let crossing = try Crossing()
        let initiator = try Self.part(1...25, 85...130, 201...202, 208...255)
        #expect(difference(crossing.router1, initiator) == nil)
        // The page with the IKE_AUTH request that came in ends before its notifications.
        let notifies = [
            "INITIAL_CONTACT", "SET_WINDOW_SIZE", "ESP_TFC_NO_SUPPORT", "NON_FIRST_FRAGS",
        ].map { "IKEv2:ParseNotifyPayload:\($0)NOTIFY(" }
        func isCut(_ record: String) -> Bool { notifies.contains { record.hasPrefix($0) } }
        #expect(crossing.router2.filter(isCut).count == 4)
        let responder = try Self.part(26...59, 63...81, 131...200, 203...207, 256...257)
        #expect(difference(crossing.router2.filter { !isCut($0) }, responder) == nil)
        // Router 2's own negotiation, whose packet is one of the two that came in at 19:30:34.823.
        #expect(try difference(Array(crossing.own[2..<7]), Self.part(60...62, 82...83)) == nil)
        #expect(try Self.part(84...84) == ["IKEv2:Gotapacketfromdispatcher"])
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the IKE SA is replaced in the document's lines, on both routers`() throws {
        let routers = try Crossing().routers
        let second = try #require(routers.router2.engine.ikeSAs.first { $0.role == .initiator })
        routers.router2.tell(.command(.rekeyIKE(second.ike)))
        routers.settle()
        let logs = routers.takeLogs()
        func records(_ text: String, from first: String, before: Int, through last: String) throws -> [String] {
            let all = IOSDocument.records(text)
            let start = try #require(all.firstIndex { $0.contains(first) }) - before
            let end = try #require(all[start...].firstIndex { $0.contains(last) })
            return Array(all[start...end])
        }
        let end = "MsgID=00000003CurState:EXITEvent:EV_NO_EVENT"
        let responder = try records(logs.0, from: "Requesthasmess_id3", before: 2, through: end)
        #expect(try difference(responder, Self.part(258...287, 314...329)) == nil)
        let initiator = try records(logs.1, from: "length:300", before: 0, through: end)
        #expect(try difference(initiator, Self.part(290...313)) == nil)
        // What the document has of the two requests before the answer.
        let sent = IOSDocument.records(logs.1)
        let whole = try Self.part(288...289)
        #expect(sent.contains(whole[0]) && whole[0].contains("Messageid:2,length:460"))
        #expect(sent.filter { $0.hasPrefix("IKEv2:ConstructNotifyPayload:SET_WINDOW_SIZE") }.last == whole[1])
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the listings are the document's, on both routers`() throws {
        let routers = try TwoRouters()
        routers.bringUp()
        for (number, router, packets, commands) in [
            (1, routers.router1, 10, ["show crypto ikev2 sa detailed", "show crypto ipsec sa", "show crypto session"]),
            (2, routers.router2, 5, ["show crypto ikev2 sa detailed", "show crypto ipsec sa", "show cry session"]),
        ] {
            let child = try #require(router.engine.childSAs.first).child
            router.view.counted[child]?.inboundPackets = UInt64(packets)
            router.view.counted[child]?.outboundPackets = UInt64(packets)
            let shown = commands.map { line in
                IOSDocument.listed("Router\(number)#\(line)\n" + router.type(["ios", "--line", line]))
            }
            #expect(try difference(shown, IOSDocument.listings(number)) == nil)
        }
    }

    @Test func `an IKE SA of 120 s is replaced after 61 s, as the document's`() throws {
        let routers = try TwoRouters()
        routers.bringUp()
        let ike = try #require(routers.router1.engine.ikeSAs.first)
        let established = try #require(ike.established)
        #expect(try #require(ike.rekeyTime) - established == .seconds(61))
        routers.router1.view.now = try #require(ike.rekeyTime)
        routers.router2.view.now = routers.router1.view.now
        routers.router1.tell(.timer)
        routers.settle()
        let after = routers.router1.engine.ikeSAs
        #expect(after.count == 1 && after[0].initiatorSPI != ike.initiatorSPI)
        #expect(routers.router1.type(["ios", "--line", "show crypto ikev2 sa"]).contains("120/0 sec"))
    }
}
