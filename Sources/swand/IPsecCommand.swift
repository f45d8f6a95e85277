import Control
import Daemon
import DialectKit
import LinuxSystem
import PlutoDialect

/// `ipsec COMMAND …` and `whack …`: starts and stops the daemon, answers what needs none, and sends everything else to it.
struct IPsecCommand {
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
    private var service: PlutoService { PlutoService(client) }

    /// The program's exit status.
    func run() -> Int32 {
        switch arguments.first {
        case "start": start()
        case "restart": restart()
        case "pluto": pluto()
        default: service.run(arguments) ?? runOffline() ?? forward()
        }
    }

    // MARK: The daemon's life

    private func start() -> Int32 {
        Console.print(PlutoService.redirection)
        return launch(Array(arguments.dropFirst()))
    }

    private func restart() -> Int32 {
        Console.print(PlutoService.redirection)
        let status = service.shutDown()
        return status == 0 ? launch(Array(arguments.dropFirst())) : status
    }

    /// `ipsec pluto --config FILE …`: the daemon by its own name.
    private func pluto() -> Int32 {
        var daemon = options
        daemon.configuration = PlutoService.option("--config", in: arguments).map(Console.absolute)
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
        daemon.configuration = PlutoService.option("--config", in: arguments).map(Console.absolute)
        return DaemonLauncher(daemon).launch(complainingAs: "ipsec start")
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
        case .notRunning(let code): return service.notRunning(code)
        case .lost: return service.lost()
        }
    }
}
