import Control
import Daemon
import DialectKit
import Glibc

/// ipsec-tools' `setkey`, and under `start`, `stop`, `restart` and `force-reload` its init script: SAs and policies by hand.
///
/// They live in a daemon that the first statements start, as the kernel has no ESP everywhere: `stop` takes all away.
struct SetkeyCommand {
    /// What the init script loads.
    private static let configuration = "/etc/ipsec-tools.conf"
    private static let usage = "usage: setkey [-f FILE | -c | -D | -DP | -F | -FP]\n"

    private let arguments: [String]
    private let options: DaemonOptions

    /// - Parameter arguments: what follows the program's name.
    init(_ arguments: [String]) {
        self.arguments = arguments
        options = DaemonOptions(.setkey)
    }

    private var client: ControlClient { options.client }

    /// The program's exit status.
    func run() -> Int32 {
        switch arguments {
        case ["start"]: return start()
        case ["stop"]: return stop()
        case ["restart"], ["force-reload"]:
            _ = stop()
            return start()
        case ["-D"] where !client.isDaemonReady:
            Console.print("No SAD entries.\n")
            return 0
        case ["-DP"] where !client.isDaemonReady:
            Console.print("No SPD entries.\n")
            return 0
        case ["-F"] where !client.isDaemonReady, ["-FP"] where !client.isDaemonReady: return 0
        case ["-D"], ["-DP"], ["-F"], ["-FP"]: return send(arguments)
        case ["-c"]:
            var text = ""
            while let line = readLine(strippingNewline: false) { text += line }
            return load(["-c", text])
        default:
            guard arguments.count == 2, arguments[0] == "-f" else {
                Console.complain(Self.usage)
                return 1
            }
            return load(["-f", Console.absolute(arguments[1])])
        }
    }

    private func start() -> Int32 {
        Console.print("Loading IPsec SA/SP database from \(Self.configuration): ")
        let status = load(["-f", Self.configuration])
        Console.print(status == 0 ? "done.\n" : "failed.\n")
        return status
    }

    private func stop() -> Int32 {
        Console.print("Flushing IPsec SA/SP database: ")
        let status = client.isDaemonReady ? send(["--shutdown"]) : 0
        Console.print(status == 0 ? "done.\n" : "failed.\n")
        return status
    }

    private func load(_ words: [String]) -> Int32 {
        if !client.isDaemonReady {
            let status = DaemonLauncher(options).launch(complainingAs: "setkey")
            if status != 0 { return status }
        }
        return send(words)
    }

    private func send(_ words: [String]) -> Int32 {
        let request = ClientRequest(arguments: ["setkey"] + words, workingDirectory: Console.workingDirectory)
        switch client.run(request) {
        case .finished(let status): return status
        case .notRunning(let code):
            Console.complain("setkey: \(options.directory.socket): \(String(cString: strerror(code)))\n")
            return 1
        case .lost:
            Console.complain("setkey: the daemon closed the connection without a status\n")
            return 1
        }
    }
}
