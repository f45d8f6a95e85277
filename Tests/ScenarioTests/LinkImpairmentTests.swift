import CaptureFile
import LinuxSystem
import Testing

@testable import Scenario

/// What a link does to packets besides losing them.
struct LinkImpairmentTests {
    private func frame(_ exchange: UInt8, response: Bool = false) -> [UInt8] {
        SampleFrame.ipv4(
            SampleFrame.west, SampleFrame.east, ipProtocol: 17,
            SampleFrame.udp(500, 500, SampleFrame.ike(exchange: exchange, isResponse: response)))
    }

    private func judge(
        _ action: LinkImpairment.Action, nth: Set<Int> = [2],
        _ selection: LinkImpairment.Selection = .ike(exchange: .createChildSA, direction: .request)
    ) -> ImpairmentJudge {
        ImpairmentJudge([
            LinkImpairment(
                link: "l", from: "west", selection: selection, frequency: .nth(nth), action: action, line: 1)
        ])
    }

    @Test(arguments: [LinkImpairment.Action.duplicate, .reorder, .delay(.milliseconds(300))])
    func `the second CREATE_CHILD_SA request is meant, and no other message`(action: LinkImpairment.Action) {
        var judge = self.judge(action)
        let fates = [frame(36), frame(36, response: true), frame(37), frame(36), frame(36)].map {
            judge.fate(of: $0[...], from: "west")
        }
        let expected: ImpairmentJudge.Fate =
            switch action {
            case .duplicate: .duplicate
            case .reorder: .reorder
            default: .delay(.milliseconds(300))
            }
        #expect(fates == [.pass, .pass, .pass, expected, .pass])
        #expect(judge.dropCount == 0)
    }

    @Test func `an octet is counted from the start of the IKE message, and one that is not there is none`() {
        let message = frame(36)
        var judge = self.judge(.corrupt(octet: 18), nth: [1])
        guard case .corrupt(let at) = judge.fate(of: message[...], from: "west") else {
            Issue.record("not corrupted")
            return
        }
        // Octet 18 of the header is the exchange type (RFC 7296 §3.1).
        #expect(message[at] == 36)
        var far = self.judge(.corrupt(octet: 5000), nth: [1])
        #expect(far.fate(of: message[...], from: "west") == .pass)
    }

    /// The one's complement sum of an IPv4 packet's pseudo header and its UDP part: 0xffff where the checksum is right.
    private func sum(_ frame: ArraySlice<UInt8>) -> Int {
        let octets = Array(frame)
        let udp = Array(octets[34...])
        let pseudo = Array(octets[26..<34]) + [0, 17, UInt8(udp.count >> 8), UInt8(udp.count & 0xff)]
        var sum = 0
        for (index, octet) in (pseudo + udp).enumerated() {
            sum += index.isMultiple(of: 2) ? Int(octet) << 8 : Int(octet)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return sum
    }

    @Test(arguments: [46, 47, 60, 61]) func `a corrupted packet keeps a right checksum`(index: Int) {
        var octets = frame(36)
        octets[40] = 0
        octets[41] = 0
        let value = ~sum(octets[...]) & 0xffff
        octets[40] = UInt8(value >> 8)
        octets[41] = UInt8(value & 0xff)
        #expect(sum(octets[...]) == 0xffff)
        let header = [UInt8](repeating: 0, count: 10)
        let altered = ImpairedLink.corrupted(header + octets, at: 10 + index)
        #expect(altered[10 + index] == octets[index] ^ 0xff)
        #expect(sum(altered[10...]) == 0xffff)
        // Where the checksum is yet to be made (VIRTIO_NET_HDR_F_NEEDS_CSUM) nothing but the octet changes.
        let partial = ImpairedLink.corrupted([1] + header.dropFirst() + octets, at: 10 + index)
        #expect(Array(partial[50..<52]) == Array(octets[40..<42]))
    }

    @Test func `what is due later is done by the first wait behind that time, in order, once`() {
        let watch = DescriptorWatch()
        var done: [String] = []
        watch.call(after: .milliseconds(20)) { done.append("later") }
        watch.call(after: .milliseconds(5)) { done.append("soon") }
        let end = ContinuousClock.now + .milliseconds(60)
        while ContinuousClock.now < end { watch.wait(until: end) }
        #expect(done == ["soon", "later"])
    }

    private func settings(_ line: String) throws(ScenarioError) -> LinkImpairment? {
        try FolderSettingsReader(file: "scenario.yaml").read("impairments:\n  - {\(line)}\n").impairments.first
    }

    @Test func `scenario.yaml says each of them`() throws {
        #expect(try settings("link: l, message: IKE, action: duplicate")?.action == .duplicate)
        #expect(try settings("link: l, message: IKE, action: reorder")?.action == .reorder)
        #expect(try settings("link: l, action: delay, milliseconds: 50")?.action == .delay(.milliseconds(50)))
        #expect(try settings("link: l, message: ESP, action: corrupt, octet: 9")?.action == .corrupt(octet: 9))
    }

    @Test(arguments: [
        "link: l, action: explode", "link: l, action: delay", "link: l, action: drop, octet: 1",
        "link: l, action: corrupt, octet: 1", "link: l, message: IKE, action: corrupt",
        "link: l, action: delay, milliseconds: 0",
    ]) func `what cannot be meant is refused with its line`(line: String) {
        #expect(throws: ScenarioError.self) { try settings(line) }
    }
}
