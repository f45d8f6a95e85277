import Control
import Daemon
import DialectKit
import Glibc
import LinuxSystem
import PlutoDialect

/// `ipsec COMMAND …` and `whack …`: starts and stops the daemon, answers what needs none, and sends everything else to it.
struct IPsecCommand {
    /// What systemd's, or any other, init script would have said: a transcript shows that one was asked.
    private static let redirection = "Redirecting to: [initsystem]\n"

    private let arguments: [String]
    private let options: DaemonOptions

    /// - Parameter arguments: what follows `ipsec`; `whack` and its own for a program called whack.
    init(_ arguments: [String]) {
        var options = DaemonOptions()
        var rest: [String] = []
        var words = arguments[...]
        // The only options that a client has itself: where its daemon is.
        while let word = words.popFirst() {
            if word == "--rundir", let directory = words.popFirst() {
                options.runDirectory = directory
            } else if word.hasPrefix("--rundir=") {
                options.runDirectory = String(word.dropFirst("--rundir=".count))
            } else {
                rest.append(word)
            }
        }
        self.arguments = rest
        self.options = options
    }

    private var client: ControlClient { options.client }

    /// The program's exit status.
    func run() -> Int32 {
        switch arguments.first {
        case "start": start()
        case "stop": stop()
        case "restart": restart()
        case "pluto": pluto()
        case "_wait-started": waitStarted()
        default: runOffline() ?? forward()
        }
    }

    // MARK: The daemon's life

    private func start() -> Int32 {
        Console.print(IPsecCommand.redirection)
        return launch(Array(arguments.dropFirst()))
    }

    private func stop() -> Int32 {
        Console.print(IPsecCommand.redirection)
        return shutDown()
    }

    private func restart() -> Int32 {
        Console.print(IPsecCommand.redirection)
        let status = shutDown()
        return status == 0 ? launch(Array(arguments.dropFirst())) : status
    }

    /// `ipsec pluto --config FILE …`: the daemon by its own name.
    private func pluto() -> Int32 {
        var daemon = options
        daemon.configuration = option("--config").map(Console.absolute)
        if arguments.contains("--nofork") || arguments.contains("--foreground") {
            return DaemonCommand(
                ["--foreground", "--rundir", daemon.runDirectory]
                    + (daemon.configuration.map { ["--config", $0] } ?? [])
            ).run()
        }
        return DaemonLauncher(daemon).launch(complainingAs: "pluto")
    }

    private func launch(_ arguments: [String]) -> Int32 {
        var daemon = options
        daemon.configuration = option("--config").map(Console.absolute)
        return DaemonLauncher(daemon).launch(complainingAs: "ipsec start")
    }

    /// Returns when the daemon's process is gone, and all that it made in the system with it. One that does not run is stopped.
    private func shutDown() -> Int32 {
        let request = ClientRequest(arguments: ["whack", "--shutdown"], workingDirectory: "/")
        // What whack would say is for whack's user; an init system shows errors only.
        switch client.run(request, write: { if $0 == 2 { ControlClient.copy($0, $1) } }) {
        case .finished(let status): return status
        case .notRunning(ENOENT), .notRunning(ECONNREFUSED): return 0
        case .notRunning(let code): return notRunning(code)
        case .lost: return lost()
        }
    }

    private func waitStarted() -> Int32 {
        let text = option("--timeout") ?? "20"
        guard let seconds = Double(text), seconds >= 0, seconds < 1e6 else {
            Console.complain("ipsec _wait-started: '\(text)' is no number of seconds\n")
            return 2
        }
        if client.waitUntilReady(atMost: .milliseconds(Int64(seconds * 1000))) { return 0 }
        Console.complain("ipsec _wait-started: no daemon at \(options.directory.socket) after \(text) seconds\n")
        return 1
    }

    /// `--name VALUE` or `--name=VALUE`.
    private func option(_ name: String) -> String? {
        for (index, word) in arguments.enumerated() {
            if word == name, index + 1 < arguments.count { return arguments[index + 1] }
            if word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
        }
        return nil
    }

    // MARK: Commands

    private var request: ClientRequest {
        // `ipsec whack X` and `whack X` are the same.
        let words = arguments.first == "whack" ? arguments : ["ipsec"] + arguments
        return ClientRequest(arguments: words, workingDirectory: Console.workingDirectory)
    }

    /// Commands that look at files and need no daemon; nil for all others.
    private func runOffline() -> Int32? {
        guard let result = PlutoOffline.run(request, files: HostFiles()) else { return nil }
        Console.print(result.output)
        Console.complain(result.error)
        return result.status
    }

    private func forward() -> Int32 {
        switch client.run(request) {
        case .finished(let status): return status
        case .notRunning(let code): return notRunning(code)
        case .lost: return lost()
        }
    }

    /// In whack's words.
    private func notRunning(_ code: Int32) -> Int32 {
        let socket = options.directory.socket
        switch code {
        case ENOENT, ENOTDIR: Console.complain("whack: Pluto is not running (no \"\(socket)\")\n")
        case EACCES: Console.complain("whack: no right to communicate with pluto (access(\"\(socket)\"))\n")
        default:
            let hint = code == ECONNREFUSED ? "is Pluto running?  " : ""
            let reason = String(cString: strerror(code))
            Console.complain("whack: \(hint)connect() for \"\(socket)\" failed (\(code) \(reason))\n")
        }
        return 1
    }

    private func lost() -> Int32 {
        Console.complain("whack: the daemon closed the connection without a status\n")
        return 1
    }
}
