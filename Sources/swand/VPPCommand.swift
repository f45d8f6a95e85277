import Control
import Daemon
import DialectKit
import Glibc
import LinuxSystem

/// `vpp`, which starts the daemon, and its clients `vppctl` and `vpp_api_test` (VAT): a command as arguments, or one a line
/// from standard input.
struct VPPCommand {
    private let program: String
    private let arguments: [String]
    private let options: DaemonOptions

    init(_ program: String, _ arguments: [String]) {
        self.program = program
        self.arguments = arguments
        options = DaemonOptions(.vpp)
    }

    private var client: ControlClient { options.client }

    /// The program's exit status.
    func run() -> Int32 {
        if program == "vpp" { return daemon() }
        if !arguments.isEmpty { return forward(arguments) }
        return isatty(0) == 1 ? interactive() : lines()
    }

    // MARK: The daemon

    /// `vpp -c FILE`, a startup.conf, or its words as arguments: `vpp unix { startup-config COMMANDS }`.
    private func daemon() -> Int32 {
        if arguments == ["stop"] {
            _ = client.run(ClientRequest(arguments: ["vppctl", "--shutdown"], workingDirectory: "/"))
            return 0
        }
        var words = arguments
        if words.first == "-c", words.count > 1 {
            guard let octets = try? HostFile.read(Console.absolute(words[1])) else {
                Console.complain("vpp: open configuration file '\(words[1])' failed\n")
                return 1
            }
            let text = String(decoding: octets, as: UTF8.self)
            words = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap {
                $0.split(whereSeparator: { " \t{}".contains($0) }).map(String.init)
            }
        }
        var daemon = options
        for keyword in ["startup-config", "exec"] {
            guard let index = words.firstIndex(of: keyword), index + 1 < words.count else { continue }
            daemon.configuration = Console.absolute(words[index + 1])
        }
        return DaemonLauncher(daemon).launch(complainingAs: "vpp")
    }

    // MARK: Commands

    private func forward(_ words: [String]) -> Int32 {
        let request = ClientRequest(arguments: [program] + words, workingDirectory: Console.workingDirectory)
        switch client.run(request) {
        case .finished(let status): return status
        case .notRunning(let code):
            Console.complain("clib_socket_init: connect (fd 3, '\(options.directory.socket)'): ")
            Console.complain(String(cString: strerror(code)) + "\n")
            return 1
        case .lost:
            Console.complain("\(program): the daemon closed the connection without a status\n")
            return 1
        }
    }

    private static let ends: Set = ["quit", "exit", "q"]

    /// A file or a pipe: no prompt.
    private func lines() -> Int32 {
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 1, Self.ends.contains(words[0]) { return 0 }
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            let status = forward(words)
            if status != 0 { return status }
        }
        return 0
    }

    private func interactive() -> Int32 {
        let prompt = program == "vppctl" ? "vpp# " : "vat# "
        guard let terminal = RawTerminal() else { return lines() }
        var editor = LineEditor()
        Console.print(prompt)
        while let octet = terminal.read() {
            switch editor.take(octet) {
            case .none: break
            case .echo(let text): Console.print(text)
            case .redraw(let line): Console.print("\r\u{1b}[K" + prompt + line)
            case .help(let line):
                Console.print("?\n")
                terminal.suspended { _ = forward(line.split(separator: " ").map(String.init) + ["?"]) }
                Console.print(prompt + line)
            case .line(let line):
                Console.print("\n")
                let words = line.split(separator: " ").map(String.init)
                if words.count == 1, Self.ends.contains(words[0]) { return 0 }
                if words == ["history"] {
                    Console.print(editor.history.enumerated().map { "\($0 + 1)  \($1)\n" }.joined())
                } else if !words.isEmpty {
                    terminal.suspended { _ = forward(words) }
                }
                Console.print(prompt)
            case .end:
                Console.print("\n")
                return 0
            }
        }
        return 0
    }
}
