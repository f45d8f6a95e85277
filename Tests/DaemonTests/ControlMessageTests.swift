import Control
import Daemon
import Testing

@Suite struct ControlMessageTests {
    static let messages: [ControlMessage] = [
        .request(arguments: ["ipsec", "up", "west-east"], workingDirectory: "/testing/pluto/basic"),
        .request(arguments: ["whack", "", "--name", "ünïcode"], workingDirectory: ""),
        .output([]), .output(Array("\"west-east\" #1: initiating\n".utf8)), .errorOutput([0, 255, 10]),
        .finished(status: 0, daemonEnds: false), .finished(status: 33, daemonEnds: true),
        .finished(status: -1, daemonEnds: false), .finished(status: .min, daemonEnds: true),
    ]

    @Test(arguments: messages) func `what is written is read back`(_ message: ControlMessage) {
        #expect(ControlMessage(parsing: message.octets) == message)
    }

    @Test(arguments: messages) func `a packet cut short is malformed or a shorter text`(_ message: ControlMessage) {
        let octets = message.octets
        for count in 0..<octets.count {
            let parsed = ControlMessage(parsing: octets[..<count])
            #expect(parsed != message)
            switch message {
            case .finished: #expect(parsed == nil)
            default: break
            }
        }
    }

    @Test(arguments: [
        [], [0], Array("Z".utf8), Array("R".utf8), Array("R/tmp".utf8), Array("R/tmp\0".utf8),
        Array("R/tmp\0ipsec".utf8), Array("x".utf8), Array("x123".utf8), Array("q12345".utf8),
    ]) func `a malformed packet is no message`(_ packet: [UInt8]) {
        #expect(ControlMessage(parsing: packet) == nil)
    }

    @Test func `too many arguments are malformed, as many as allowed are not`() {
        func packet(_ count: Int) -> [UInt8] {
            ControlMessage.request(arguments: Array(repeating: "a", count: count), workingDirectory: "/").octets
        }
        #expect(ControlMessage(parsing: packet(ControlMessage.greatestArgumentCount)) != nil)
        #expect(ControlMessage(parsing: packet(ControlMessage.greatestArgumentCount + 1)) == nil)
        #expect(ControlMessage(parsing: [UInt8](repeating: 0x6f, count: ControlMessage.greatestOctetCount + 1)) == nil)
    }

    @Test func `random packets never trap`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let packet = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if let message = ControlMessage(parsing: packet), !packet.contains(where: { $0 > 127 }) {
                #expect(message.octets == packet)
            }
        }
    }
}
