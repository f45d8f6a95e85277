import IKEModel
import IKEWire

/// A run as a ladder: west on the left, east on the right, one line for a datagram or an event.
package final class LadderText {
    private let write: (String) -> Void

    package init(write: @escaping (String) -> Void) { self.write = write }

    package func watch(_ simulation: Simulation) {
        simulation.onPassage = { [self] in write(line($0)) }
        simulation.onEvent = { [self] at, end, event in
            let name = String(String(describing: event).prefix { $0 != "(" })
            // Told beside the datagram itself.
            if ["datagramSent", "nonce", "requestSent", "responseSent"].contains(name) { return }
            write(row(at, end == .west ? name + detail(event) : "", "", end == .east ? name + detail(event) : ""))
        }
    }

    private func detail(_ event: Event) -> String {
        switch event {
        case .dropped(let reason, _, _, _, _): " \(reason)"
        case .ikeDeleted(_, _, let reason): " \(reason)"
        case .childDeleted(_, _, _, let reason): " \(reason)"
        case .childRejected(_, _, let reason): " \(reason)"
        case .childEstablished(let facts): " \(facts.inbound)/\(facts.outbound)"
        default: ""
        }
    }

    private func line(_ passage: Simulation.Passage) -> String {
        var name = "\(passage.datagram.octets.count) octets"
        if let header = try? Message(parsing: passage.datagram.octets).header {
            let spi = passage.datagram.octets[0..<2].map { String($0, radix: 16) }.joined()
            name =
                "\(spi) \(header.exchangeType.name) \(header.isResponse ? "response" : "request") \(header.messageID)"
        }
        let fault = passage.fault.map { " ✗ \($0)" } ?? ""
        let arrow = passage.from == .west ? "\(passage.number): \(name) →" : "← \(passage.number): \(name)"
        return row(passage.at, "", arrow + fault, "")
    }

    private func row(_ at: Instant, _ west: String, _ middle: String, _ east: String) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            text.count >= width ? text : text + String(repeating: " ", count: width - text.count)
        }
        let row = "\(padded(Simulation.seconds(at), 12)) \(padded(west, 44)) \(padded(middle, 50)) \(east)"
        return String(row.reversed().drop { $0 == " " }.reversed())
    }
}
