import Foundation
import IKECrypto
import IKEEngine
import IKEModel
import Testing

/// The document's own text, whole, against what two routers with its configurations say.
///
/// Its three parts are of two runs. In the first one router 2 begins a negotiation of its own while it answers router 1's: five
/// lines of it stand among those of the other, and the SA that comes of it is the one that is replaced 61 s later, SA ID 2.
struct IOSDocumentTests {
    private typealias Records = ArraySlice<String>

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

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the initial exchanges are the document's, line by line, on both routers`() throws {
        let document = try IOSDocument.debugging()
        #expect(document.count == 329)
        func part(_ ranges: ClosedRange<Int>...) -> [String] {
            ranges.flatMap { document[($0.lowerBound - 1)..<$0.upperBound] }
        }
        let crossing = try Crossing()
        #expect(difference(crossing.router1, part(1...25, 85...130, 201...202, 208...255)) == nil)
        // The page with the IKE_AUTH request that came in ends before its notifications.
        let notifies = [
            "INITIAL_CONTACT", "SET_WINDOW_SIZE", "ESP_TFC_NO_SUPPORT", "NON_FIRST_FRAGS",
        ].map { "IKEv2:ParseNotifyPayload:\($0)" }
        let own = crossing.router2
        let cut = own.filter { record in notifies.contains { record.hasPrefix($0) } && record.contains("NOTIFY(") }
        #expect(cut.count == 4)
        var kept = own
        kept.removeAll { record in notifies.contains { record.hasPrefix($0) } }
        #expect(
            difference(kept, part(26...59, 63...81, 131...200, 203...207, 256...257)) == nil)
        // Router 2's own negotiation.
        #expect(difference(Array(crossing.own[2..<7]), part(60...62, 82...83)) == nil)
        #expect(document[83] == "IKEv2:Gotapacketfromdispatcher")
    }

    @Test(.enabled(if: SharedFolder.isThere, SharedFolder.reason))
    func `the IKE SA is replaced in the document's lines, on both routers`() throws {
        let document = try IOSDocument.debugging()
        func part(_ ranges: ClosedRange<Int>...) -> [String] {
            ranges.flatMap { document[($0.lowerBound - 1)..<$0.upperBound] }
        }
        let routers = try Crossing().routers
        let ikes = routers.router2.engine.ikeSAs
        #expect(ikes.count == 2)
        let second = try #require(ikes.first { $0.role == .initiator })
        routers.router2.tell(.command(.rekeyIKE(second.ike)))
        routers.settle()
        let logs = routers.takeLogs()
        let (router1, router2) = (IOSDocument.records(logs.0), IOSDocument.records(logs.1))
        for line in router1 { print("R1", line) }
        for line in router2 { print("R2", line) }
        for line in document[257...] { print("D ", line) }
    }
}
