import DialectKit
import IKEModel

/// What a shell asks of a device: `NAME --prompt`, `NAME --line LINE`, `NAME --stop`.
enum DeviceRequest {
    /// A line that was typed at its console.
    case line(String)
    /// All else, and what comes of it.
    case other([DialectEffect])

    init(_ request: ClientRequest, from session: SessionID, prompt: String) {
        let words = request.arguments.dropFirst()
        switch words.first {
        case "--line": self = .line(words.dropFirst().joined(separator: " "))
        case "--prompt": self = .other([.write(session, prompt), .finish(session, status: 0)])
        case "--stop": self = .other([.command(.shutdown), .finish(session, status: 0), .exit])
        default:
            let name = request.arguments.first ?? "?"
            self = .other([.writeError(session, "\(name): no such request\n"), .finish(session, status: 2)])
        }
    }
}
