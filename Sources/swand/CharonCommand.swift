import CharonDialect
import Control
import Daemon
import DialectKit
import Glibc
import IKECrypto
import LinuxSystem

/// `ipsec COMMAND …` and `swanctl --COMMAND …` as strongSwan has them: starts and stops the daemon, answers what needs none,
/// and sends everything else to it.
struct CharonCommand {
    /// The program's name first.
    private let arguments: [String]
    private let options: DaemonOptions

    init(_ arguments: [String]) {
        self.arguments = arguments
        options = DaemonOptions(.charon)
    }

    /// The release that this host's strongswan.conf names.
    static var version: CharonVersion {
        let source = ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try HostFile.read(path) }, glob: { PathPattern($0).matches() })
        return CharonDialect.version(in: try? SettingsTree(parsing: CharonDialect.Paths().settings, from: source))
    }

    private var client: ControlClient { options.client }

    /// The program's exit status.
    func run() -> Int32 {
        let words = Array(arguments.dropFirst())
        if arguments[0] == "swanctl" { return swanctl(words) }
        if arguments[0] == "pki" { return pki(words) }
        switch words.first {
        case "start": return start()
        case "stop":
            _ = stop()
            return 0
        case "restart":
            _ = stop()
            return start()
        case "version", "--version":
            var kernel = utsname()
            uname(&kernel)
            let release = withUnsafeBytes(of: &kernel.release) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            Console.print(
                "Linux strongSwan U\(CharonCommand.version.rawValue)/K\(release)\n\(CharonVersion.institution)\n")
            return 0
        case "pki": return pki(Array(words.dropFirst()))
        case "update": Console.complain("Updating strongSwan IPsec configuration...\n")
        case "reload": Console.complain("Reloading strongSwan IPsec configuration...\n")
        case nil:
            Console.complain("ipsec command [arguments] [argument]\n")
            return 2
        default: break
        }
        switch client.run(request) {
        case .finished(let status): return status
        // As an init script's: 3 is "not running".
        case .notRunning where words.first == "status" || words.first == "statusall": return 3
        case .notRunning(let code):
            let socket = options.directory.socket
            Console.complain("connecting to 'unix://\(socket)' failed: \(String(cString: strerror(code)))\n")
            Console.complain("failed to connect to stroke socket 'unix://\(socket)'\n")
            return 1
        case .lost: return lost()
        }
    }

    /// Keys and certificates, with no daemon.
    private func pki(_ words: [String]) -> Int32 {
        var command = PKICommand(
            readFile: { (path) throws(FileFailure) in try HostFile.read(Console.absolute(path)) },
            standardInput: Console.standardInput, now: Int64(time(nil)), random: SystemRandom())
        do throws(PKICommand.Failure) {
            ControlClient.copy(1, try command.run(words)[...])
            return 0
        } catch {
            Console.complain("pki: \(error.description)\n")
            return 1
        }
    }

    private var request: ClientRequest {
        ClientRequest(arguments: arguments, workingDirectory: Console.workingDirectory)
    }

    private func swanctl(_ words: [String]) -> Int32 {
        let isDaemons = words.contains("--daemon") || words.contains("-d")
        if words.first == "--version" || words.first == "-v", !isDaemons {
            Console.print("strongSwan swanctl \(CharonCommand.version.rawValue)\n")
            return 0
        }
        switch client.run(request) {
        case .finished(let status): return status
        case .notRunning(let code):
            let reason = String(cString: strerror(code))
            Console.complain("connecting to 'unix://\(options.directory.socket)' failed: \(reason)\n")
            Console.complain("Error: connecting to 'default' URI failed: \(reason)\n")
            return Int32(code)
        case .lost: return lost()
        }
    }

    private func lost() -> Int32 {
        Console.complain("\(arguments[0]): the daemon closed the connection without a status\n")
        return 1
    }

    // MARK: The daemon's life

    private func start() -> Int32 {
        Console.complain("Starting strongSwan \(CharonCommand.version.rawValue) IPsec [starter]...\n")
        if client.isDaemonReady {
            Console.complain(
                "charon is already running (\(options.directory.processFile) exists) -- skipping daemon start\n")
            return 0
        }
        return DaemonLauncher(options).launch(complainingAs: "ipsec start")
    }

    /// Returns when the daemon's process is gone. - Returns: whether there was one.
    private func stop() -> Bool {
        let shutdown = ClientRequest(arguments: ["ipsec", "--shutdown"], workingDirectory: "/")
        guard client.isDaemonReady else {
            Console.complain("Stopping strongSwan IPsec failed: starter is not running\n")
            return false
        }
        Console.complain("Stopping strongSwan IPsec...\n")
        _ = client.run(shutdown, write: { _, _ in })
        return true
    }
}
