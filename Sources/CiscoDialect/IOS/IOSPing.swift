package import DialectKit
import NetAddress

/// `ping A.B.C.D source …` at a router's console: echo requests one after another, each behind the end of the one before it,
/// and a mark for each.
struct IOSPing {
    /// IP packets of this many octets, 28 of them headers of IPv4 and ICMP.
    private static let octets = 100
    private static let timeoutSeconds = 2

    var session: SessionID
    var destination: String
    /// An address; nil: the host's choice.
    var source: String?
    var left: Int
    var sent = 0
    /// Of the answers, round trips in microseconds.
    var roundTrips: [Int] = []

    init(session: SessionID, to destination: String, from source: String?, count: Int) {
        self.session = session
        self.destination = destination
        self.source = source
        left = count
    }

    var opening: String {
        "Type escape sequence to abort.\n"
            + "Sending \(left), \(Self.octets)-byte ICMP Echos to \(destination), "
            + "timeout is \(Self.timeoutSeconds) seconds:\n"
            + (source.map { "Packet sent with a source address of \($0) \n" } ?? "")
    }

    /// For a shell; addresses are made of digits and dots alone.
    var command: String {
        "exec ping -n -c 1 -W \(Self.timeoutSeconds) -s \(Self.octets - 28) "
            + (source.map { "-I \($0) " } ?? "") + destination
    }

    /// One request is over. - Returns: its mark: `!` an answer, `U` unreachable, `.` nothing, `?` it could not be sent.
    mutating func take(_ end: ScriptEnd) -> String {
        left -= 1
        sent += 1
        let text = String(decoding: end.output, as: UTF8.self)
        guard end.status == 0 else {
            if text.contains("Unreachable") { return "U" }
            return end.status == 1 ? "." : "?"
        }
        if let time = Self.microseconds(text) { roundTrips.append(time) }
        return "!"
    }

    /// Of `time=0.345 ms`.
    private static func microseconds(_ text: String) -> Int? {
        guard let lead = text.firstRange(of: "time=") else { return nil }
        let number = text[lead.upperBound...].prefix { $0.isNumber || $0 == "." }.split(separator: ".")
        guard let whole = number.first.flatMap({ Int($0) }) else { return nil }
        let part = number.count > 1 ? String(number[1].prefix(3)) : ""
        return whole * 1000 + (Int(part + String(repeating: "0", count: 3 - part.count)) ?? 0)
    }

    var closing: String {
        let answers = roundTrips.count
        var text = "\nSuccess rate is \(sent == 0 ? 0 : 100 * answers / sent) percent (\(answers)/\(sent))"
        if let least = roundTrips.min(), let most = roundTrips.max() {
            // In whole milliseconds, none less than 1.
            let shown = [least, roundTrips.reduce(0, +) / answers, most].map { "\(max(1, ($0 + 500) / 1000))" }
            text += ", round-trip min/avg/max = \(shown.joined(separator: "/")) ms"
        }
        return text + "\n"
    }
}

extension IOSDialect {
    /// - Parameter source: an address, or an interface that has one.
    func startPing(
        to destination: String, from source: String?, count: Int, _ session: SessionID
    ) -> (output: String, effects: [DialectEffect], isOver: Bool) {
        var from: String?
        if let source {
            guard let address = IPAddress(source) ?? settings.address(source) else {
                return ("% Invalid source interface - \(source)\n", [], true)
            }
            from = "\(address)"
        }
        lastPing += 1
        let ping = IOSPing(session: session, to: destination, from: from, count: count)
        pings[lastPing] = ping
        return (ping.opening, [run(ping, lastPing)], false)
    }

    private func run(_ ping: IOSPing, _ number: UInt64) -> DialectEffect {
        .run(ScriptRun(queue: number, command: ping.command, environment: ["LC_ALL": "C"], label: "ping"))
    }

    package func scriptEnded(_ run: ScriptRun, _ end: ScriptEnd, _ view: any DaemonView) -> [DialectEffect] {
        guard var ping = pings[run.queue] else { return [] }
        let mark = ping.take(end)
        guard ping.left > 0 else {
            pings[run.queue] = nil
            return [.write(ping.session, mark + ping.closing), .finish(ping.session, status: 0)]
        }
        pings[run.queue] = ping
        return [.write(ping.session, mark), self.run(ping, run.queue)]
    }
}
