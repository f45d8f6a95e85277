import CaptureFile
import LinuxSystem
import NetAddress
import Testing

@testable import Scenario

/// Frames made octet by octet, so that what the checks see does not come from the code that they check.
enum SampleFrame {
    static func ethernet(type: UInt16, _ body: [UInt8]) -> [UInt8] {
        [0x12, 0, 0, 0x64, 0x64, 0x23, 0x12, 0, 0, 0x64, 0x64, 0x45, UInt8(type >> 8), UInt8(type & 255)] + body
    }

    static func ipv4(
        _ source: [UInt8], _ destination: [UInt8], ipProtocol: UInt8, fragment: UInt16 = 0, _ body: [UInt8]
    ) -> [UInt8] {
        let total = 20 + body.count
        let header: [UInt8] = [
            0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, 1, UInt8(fragment >> 8), UInt8(fragment & 255), 64,
            ipProtocol, 0, 0,
        ]
        return ethernet(type: 0x0800, header + source + destination + body)
    }

    static func ipv6(_ source: [UInt8], _ destination: [UInt8], next: UInt8, _ body: [UInt8]) -> [UInt8] {
        let header: [UInt8] = [0x60, 0, 0, 0, UInt8(body.count >> 8), UInt8(body.count & 255), next, 64]
        return ethernet(type: 0x86dd, header + source + destination + body)
    }

    static func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let count = UInt16(8 + payload.count)
        return [source, destination, count, 0].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + payload
    }

    /// The header of an IKE message alone (RFC 7296 §3.1).
    static func ike(exchange: UInt8, isResponse: Bool) -> [UInt8] {
        [UInt8](repeating: 0xa1, count: 16) + [33, 0x20, exchange, isResponse ? 0x20 : 0x08] + [
            0, 0, 0, 0, 0, 0, 0, 28,
        ]
    }

    /// A segment from port 40000, with a header of 20 octets.
    static func tcp(_ payload: [UInt8], port: UInt16 = 4500) -> [UInt8] {
        ipv4(
            [1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 6,
            [0x9c, 0x40, UInt8(port >> 8), UInt8(port & 255), 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 0, 0, 0, 0, 0]
                + payload)
    }

    static let west: [UInt8] = [192, 1, 2, 45]
    static let east: [UInt8] = [192, 1, 2, 23]
    static let behindWest: [UInt8] = [192, 0, 1, 254]
    static let behindEast: [UInt8] = [192, 0, 2, 254]
    static let echo: [UInt8] = [8, 0, 0, 0, 0, 1, 0, 1]
}

struct FrameSummaryTests {
    @Test(arguments: [
        (SampleFrame.ipv4(SampleFrame.west, SampleFrame.east, ipProtocol: 50, [1, 2, 3, 4, 0, 0, 0, 1]), "esp"),
        // UDP 4500: an SPI, the non-ESP marker, a keepalive.
        (
            SampleFrame.ipv4(
                [1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, SampleFrame.udp(4500, 4500, [9, 0, 0, 1, 0, 0, 0, 1])),
            "esp"
        ),
        (
            SampleFrame.ipv4(
                [1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, SampleFrame.udp(4500, 4500, [0, 0, 0, 0, 7, 7])), "ike"
        ),
        (SampleFrame.ipv4([1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, SampleFrame.udp(4500, 4500, [255])), "control"),
        (SampleFrame.ipv4([1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, SampleFrame.udp(500, 500, [7, 7])), "ike"),
        (
            SampleFrame.ipv4([1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, SampleFrame.udp(5353, 53, [7, 7])), "plain 17"
        ),
        (SampleFrame.ipv4([1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 1, SampleFrame.echo), "plain 1"),
        (SampleFrame.ipv4([1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 51, SampleFrame.echo), "control"),
        // TCP 4500: the prefix and IKE, ESP, nothing, a piece of a frame; and another port.
        (SampleFrame.tcp(Array("IKETCP".utf8) + [0, 14, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]), "ike"),
        (SampleFrame.tcp([0, 10, 9, 0, 0, 1, 0, 0, 0, 1]), "esp"),
        (SampleFrame.tcp([0, 10, 9, 0, 0, 1, 0, 0, 0, 1] + [0, 10, 9, 0, 0, 1, 0, 0, 0, 2]), "esp"),
        (SampleFrame.tcp([]), "control"),
        (SampleFrame.tcp([0, 200, 9, 0, 0, 1, 0, 0, 0, 1]), "control"),
        (SampleFrame.tcp([0, 10, 9, 0, 0, 1, 0, 0, 0, 1], port: 443), "plain 6"),
        // A first fragment is judged by its ports, a later one is left to it.
        (
            SampleFrame.ipv4(
                [1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, fragment: 0x2000, SampleFrame.udp(500, 500, [7])), "ike"
        ),
        (
            SampleFrame.ipv4(
                [1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, fragment: 0x2000, SampleFrame.udp(53, 53, [7])), "plain 17"
        ),
        (SampleFrame.ipv4([1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, fragment: 185, [7, 7, 7, 7]), "control"),
        (
            SampleFrame.ipv6(
                Array(repeating: 1, count: 16), Array(repeating: 2, count: 16), next: 50, [1, 2, 3, 4, 0, 0, 0, 1]),
            "esp"
        ),
        (
            SampleFrame.ipv6(Array(repeating: 1, count: 16), Array(repeating: 2, count: 16), next: 58, [135, 0, 0, 0]),
            "control"
        ),
        (
            SampleFrame.ipv6(Array(repeating: 1, count: 16), Array(repeating: 2, count: 16), next: 58, [128, 0, 0, 0]),
            "plain 58"
        ),
        // Behind a destination options header.
        (
            SampleFrame.ipv6(
                Array(repeating: 1, count: 16), Array(repeating: 2, count: 16), next: 60,
                [58, 0, 1, 4, 0, 0, 0, 0, 128, 0, 0, 0]), "plain 58"
        ),
    ])
    func `a frame is known for what it is`(frame: [UInt8], kind: String) throws {
        let summary = try #require(FrameSummary(ethernet: frame[...]))
        switch summary.content {
        case .esp: #expect(kind == "esp")
        case .ike: #expect(kind == "ike")
        case .control: #expect(kind == "control")
        case .plain(let ipProtocol): #expect(kind == "plain \(ipProtocol)")
        }
    }

    @Test func `no frame cut short does harm`() {
        let frame = SampleFrame.ipv4(
            [1, 1, 1, 1], [2, 2, 2, 2], ipProtocol: 17, SampleFrame.udp(4500, 4500, [0, 0, 0, 0]))
        for count in 0..<frame.count { _ = FrameSummary(ethernet: frame[..<count]) }
        #expect(FrameSummary(ethernet: frame[..<20]) == nil)
    }
}

struct LinkCaptureTests {
    let pair = LinkCapture.Protected(left: IPPrefix("192.0.1.0/24")!, right: IPPrefix("192.0.2.0/24")!)

    @Test func `a packet of a protected pair in clear is found, in both directions`() throws {
        let capture = try LinkCapture(link: "192.1.2", path: nil, protected: [pair])
        let there = SampleFrame.ipv4(SampleFrame.behindWest, SampleFrame.behindEast, ipProtocol: 1, SampleFrame.echo)
        let back = SampleFrame.ipv4(SampleFrame.behindEast, SampleFrame.behindWest, ipProtocol: 6, SampleFrame.echo)
        let others = SampleFrame.ipv4(SampleFrame.west, SampleFrame.behindEast, ipProtocol: 1, SampleFrame.echo)
        for frame in [others, there, back] { capture.take(frame[...], seconds: 1, nanoseconds: 2) }
        #expect(capture.frameCount == 3)
        #expect(capture.clearCount == 2)
        #expect(capture.firstClear == "192.0.1.254 > 192.0.2.254 protocol 1, frame 2")
    }

    @Test func `ESP and IKE between protected hosts are not packets in clear`() throws {
        let hosts = LinkCapture.Protected(left: IPPrefix("192.1.2.45")!, right: IPPrefix("192.1.2.23")!)
        let capture = try LinkCapture(link: "192.1.2", path: nil, protected: [hosts])
        let esp = SampleFrame.ipv4(SampleFrame.west, SampleFrame.east, ipProtocol: 50, SampleFrame.echo)
        let ike = SampleFrame.ipv4(
            SampleFrame.west, SampleFrame.east, ipProtocol: 17,
            SampleFrame.udp(500, 500, SampleFrame.ike(exchange: 34, isResponse: false)))
        for frame in [esp, ike] { capture.take(frame[...], seconds: 1, nanoseconds: 2) }
        #expect(capture.espCount == 1)
        #expect(capture.clearCount == 0)
        let clear = SampleFrame.ipv4(SampleFrame.west, SampleFrame.east, ipProtocol: 1, SampleFrame.echo)
        capture.take(clear[...], seconds: 1, nanoseconds: 3)
        #expect(capture.clearCount == 1)
    }

    @Test func `a packet in clear is found in a tunnel that only carries it, and ESP there is ESP`() throws {
        let capture = try LinkCapture(link: "192.1.2", path: nil, protected: [pair])
        func tunnelled(_ ipProtocol: UInt8, _ from: [UInt8], _ to: [UInt8]) -> [UInt8] {
            let inner = SampleFrame.ipv4(from, to, ipProtocol: ipProtocol, SampleFrame.echo).dropFirst(14)
            return SampleFrame.ipv4(SampleFrame.west, SampleFrame.east, ipProtocol: 4, Array(inner))
        }
        let frames = [
            tunnelled(50, SampleFrame.behindWest, SampleFrame.behindEast),
            tunnelled(1, SampleFrame.west, SampleFrame.behindEast),
            tunnelled(1, SampleFrame.behindEast, SampleFrame.behindWest),
        ]
        for frame in frames { capture.take(frame[...], seconds: 1, nanoseconds: 2) }
        #expect(capture.clearCount == 1)
        #expect(capture.firstClear == "192.0.2.254 > 192.0.1.254 protocol 1, frame 3")
        for count in 0..<frames[2].count { capture.take(frames[2][..<count], seconds: 1, nanoseconds: 2) }
    }

    @Test func `the capture file holds every frame with its time`() throws {
        try withTemporaryFolder { folder in
            let capture = try LinkCapture(link: "l", path: folder + "/l.pcapng", protected: [])
            let frame = SampleFrame.ipv4(SampleFrame.west, SampleFrame.east, ipProtocol: 50, SampleFrame.echo)
            for index in 0..<2000 { capture.take(frame[...], seconds: 7, nanoseconds: Int32(index)) }
            capture.flush()
            #expect(capture.writeError == nil)
            let packets = try CaptureReader.packets(FileSystem.read(folder + "/l.pcapng"))
            #expect(packets.linkType == .ethernet)
            #expect(packets.1.count == 2000)
            #expect(packets.1.allSatisfy { $0.octets == frame })
            #expect(packets.1.last?.timestamp == 7_000_001_999)
        }
    }
}

struct ImpairmentJudgeTests {
    func frame(_ exchange: UInt8, response: Bool = false, port: UInt16 = 500) -> [UInt8] {
        let message = SampleFrame.ike(exchange: exchange, isResponse: response)
        let payload = port == 4500 ? [0, 0, 0, 0] + message : message
        return SampleFrame.ipv4(
            SampleFrame.west, SampleFrame.east, ipProtocol: 17, SampleFrame.udp(port, port, payload))
    }

    @Test func `the first IKE_SA_INIT request is lost and the second arrives`() {
        var judge = ImpairmentJudge([
            LinkImpairment(
                link: "l", from: "west", selection: .ike(exchange: .ikeSAInit, direction: .request),
                frequency: .nth([1]), action: .drop, line: 1)
        ])
        func drops(_ frame: [UInt8], _ host: String) -> Bool { judge.fate(of: frame[...], from: host) == .drop }
        #expect(drops(frame(34, response: true), "east") == false)
        #expect(drops(frame(34), "east") == false, "only west's are lost")
        #expect(drops(frame(35), "west") == false)
        #expect(drops(frame(34), "west") == true)
        #expect(drops(frame(34), "west") == false)
        #expect(judge.dropCount == 1)
    }

    @Test func `a message behind the non-ESP marker is known too`() {
        var judge = ImpairmentJudge([
            LinkImpairment(
                link: "l", from: nil, selection: .ike(exchange: .ikeAuth, direction: nil), frequency: .all,
                action: .drop, line: 1)
        ])
        func drops(_ frame: [UInt8], _ host: String) -> Bool { judge.fate(of: frame[...], from: host) == .drop }
        #expect(drops(frame(35, port: 4500), "west") == true)
        #expect(drops(frame(35, response: true, port: 4500), "east") == true)
        #expect(drops(frame(37, port: 4500), "west") == false)
    }

    @Test func `a share loses the same frames every time, and about as many as it says`() {
        let impairment = LinkImpairment(
            link: "l", from: nil, selection: .any, frequency: .share(0.3, seed: 7), action: .drop, line: 1)
        func run() -> [Bool] {
            var judge = ImpairmentJudge([impairment])
            return (0..<2000).map { _ in judge.fate(of: frame(37)[...], from: "west") == .drop }
        }
        let first = run()
        #expect(first == run())
        let lost = first.count { $0 }
        #expect((500...700).contains(lost), "\(lost) of 2000")
    }
}
