import Glibc

/// What `ipsec` does about pluto's process, and a running daemon or none is asked for: `ipsec stop`, `ipsec _wait-started`; and whack's
/// words where there is none.
package struct PlutoService {
    /// What systemd's, or any other, init script would have said: a transcript shows that one was asked.
    package static let redirection = "Redirecting to: [initsystem]\n"

    private let client: ControlClient

    package init(_ client: ControlClient) { self.client = client }

    /// The status of a command that is one of these; nil for all others.
    /// - Parameter arguments: what follows `ipsec`.
    package func run(_ arguments: [String]) -> Int32? {
        switch arguments.first {
        case "stop":
            ControlClient.copy(1, Array(Self.redirection.utf8)[...])
            return shutDown()
        case "_wait-started": return waitStarted(arguments)
        default: return nil
        }
    }

    /// Returns when the daemon's process is gone, and all that it made in the system with it. One that does not run is stopped.
    package func shutDown() -> Int32 {
        // What whack would say is for whack's user; an init system shows errors only.
        switch client.run(["whack", "--shutdown"], in: "/", write: { if $0 == 2 { ControlClient.copy($0, $1) } }) {
        case .finished(let status): return status
        case .notRunning(ENOENT), .notRunning(ECONNREFUSED): return 0
        case .notRunning(let code): return notRunning(code)
        case .lost: return lost()
        }
    }

    private func waitStarted(_ arguments: [String]) -> Int32 {
        let text = Self.option("--timeout", in: arguments) ?? "20"
        guard let seconds = Double(text), seconds >= 0, seconds < 1e6 else {
            complain("ipsec _wait-started: '\(text)' is no number of seconds")
            return 2
        }
        if client.waitUntilReady(atMost: .milliseconds(Int64(seconds * 1000))) { return 0 }
        complain("ipsec _wait-started: no daemon at \(client.path) after \(text) seconds")
        return 1
    }

    /// `--name VALUE` or `--name=VALUE`.
    package static func option(_ name: String, in arguments: [String]) -> String? {
        for (index, word) in arguments.enumerated() {
            if word == name, index + 1 < arguments.count { return arguments[index + 1] }
            if word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
        }
        return nil
    }

    /// In whack's words. - Parameter code: connect's errno.
    package func notRunning(_ code: Int32) -> Int32 {
        switch code {
        case ENOENT, ENOTDIR: complain("whack: Pluto is not running (no \"\(client.path)\")")
        case EACCES: complain("whack: no right to communicate with pluto (access(\"\(client.path)\"))")
        default:
            let hint = code == ECONNREFUSED ? "is Pluto running?  " : ""
            let reason = String(cString: strerror(code))
            complain("whack: \(hint)connect() for \"\(client.path)\" failed (\(code) \(reason))")
        }
        return 1
    }

    package func lost() -> Int32 {
        complain("whack: the daemon closed the connection without a status")
        return 1
    }

    private func complain(_ text: String) { ControlClient.copy(2, Array("\(text)\n".utf8)[...]) }
}
