import Control
import Daemon
import DialectKit
import Glibc
import LinuxSystem

/// A device's console from a shell: `asa show crypto ipsec sa` types one line at it; `asa` alone types the lines of its standard
/// input. What a terminal would show, prompt and line, goes before each answer. `--start` powers the device on, `--stop` off.
struct CiscoCommand {
    private let arguments: [String]
    private let options: DaemonOptions

    /// - Parameter arguments: what follows the program's name.
    init(_ arguments: [String], as vendor: DaemonOptions.Vendor) {
        self.arguments = arguments
        options = DaemonOptions(vendor)
    }

    private var client: ControlClient { options.client }

    /// The program's exit status.
    func run() -> Int32 {
        switch arguments.first {
        case "--start": return start()
        case "--stop":
            _ = client.run(request(["--stop"]), write: { _, _ in })
            return 0
        case nil: return converse()
        default: return type(arguments.joined(separator: " "))
        }
    }

    private func start() -> Int32 {
        var daemon = options
        if arguments.count > 1 { daemon.configuration = Console.absolute(arguments[1]) }
        return DaemonLauncher(daemon).launch(complainingAs: options.dialect.rawValue)
    }

    private func request(_ words: [String]) -> ClientRequest {
        ClientRequest(
            arguments: [options.dialect.rawValue] + words, workingDirectory: Console.workingDirectory)
    }

    /// Until the input ends.
    private func converse() -> Int32 {
        let isTerminal = isatty(0) == 1
        while true {
            if isTerminal { guard send(["--prompt"]) == 0 else { return 1 } }
            guard let line = readLine() else { break }
            let status = isTerminal ? send(["--line", line]) : type(line)
            guard status == 0 else { return status }
        }
        if isTerminal { Console.print("\n") }
        return 0
    }

    /// One line, as a terminal shows it.
    private func type(_ line: String) -> Int32 {
        let status = send(["--prompt"])
        guard status == 0 else { return status }
        Console.print(line + "\n")
        return send(["--line", line])
    }

    private func send(_ words: [String]) -> Int32 {
        switch client.run(request(words)) {
        case .finished(let status): return status
        case .notRunning(let code):
            let reason = String(cString: strerror(code))
            Console.complain("\(options.dialect.rawValue): no device at \(options.directory.socket): \(reason)\n")
            return 1
        case .lost:
            Console.complain("\(options.dialect.rawValue): the device closed the connection\n")
            return 1
        }
    }
}
