import CharonDialect
import CiscoDialect
import Daemon
import DataPlane
import DataPlaneUserspace
import DataPlaneVPP
import DialectKit
import IKECrypto
import IKEEngine
import LinuxSystem
import PlutoDialect
import SetkeyDialect
import VPPDialect
import VPPForwarder

/// `swand`: the daemon itself, or the program that starts it in the background.
struct DaemonCommand {
    private let arguments: [String]

    init(_ arguments: [String]) { self.arguments = arguments }

    /// The exit status: 2 for a wrong command line.
    func run() -> Int32 {
        if arguments.contains("--help") || arguments.contains("-h") {
            Console.print(DaemonOptions.usage)
            return 0
        }
        var options: DaemonOptions
        do { options = try DaemonOptions(arguments) } catch {
            Console.complain("swand: \(error.message)\n" + DaemonOptions.usage)
            return 2
        }
        options.configuration = options.configuration.map(Console.absolute)
        options.keyFolder = (options.keyFolder ?? Console.variable(DaemonOptions.exportKeysVariable)).map(
            Console.absolute)
        if options.isForeground || options.readyDescriptor != nil { return DaemonCommand.serve(options) }
        return DaemonLauncher(options).launch(complainingAs: "swand")
    }

    /// Picks dialect, engine and data plane, and is the daemon.
    private static func serve(_ options: DaemonOptions) -> Int32 {
        // What VPP's commands and its data plane have in common.
        let forwarder = Forwarder()
        let dialect = dialect(options, forwarder)
        return DaemonProcess(
            runDirectory: options.directory, readiness: options.readyDescriptor.map { FileDescriptor(owning: $0) },
            isForeground: options.readyDescriptor == nil, mark: DataPlaneUserspace.bypassMark,
            keyFolder: options.keyFolder
        ).run(
            dialect: dialect,
            engine: {
                let engine = Engine(profile: $0, random: SystemRandom())
                engine.exportsKeys = options.keyFolder != nil || dialect.showsKeys
                return engine
            },
            dataPlane: { sockets throws(DataPlaneError) in
                if options.dialect == .vpp { return try DataPlaneVPP(forwarder) }
                let choice = if let asked = options.dataPlane { asked } else { try DataPlaneChoice.ofEnvironment() }
                return try choice.make(sockets, exemptsNeighboursAtOnce: options.dialect != .charon)
            })
    }

    private static func dialect(_ options: DaemonOptions, _ forwarder: Forwarder) -> any Dialect {
        switch options.dialect {
        case .vpp: return VPPDialect(forwarder: forwarder, startup: options.configuration)
        case .pluto, .azure:
            var paths = PlutoDialect.Paths()
            // Beside the daemon, where there is one: a script that nobody has written costs nothing.
            if let program = try? FileSystem.resolve("/proc/self/exe") {
                let script = FileSystem.parent(of: program) + "/_updown"
                if FileSystem.isExecutable(script) { paths.updown = script }
            }
            if let configuration = options.configuration { paths.configuration = configuration }
            return PlutoDialect(paths: paths, profile: options.dialect == .azure ? .azure : .pluto)
        case .asa:
            return ASADialect(configurationPath: options.configuration ?? ASADialect.standardConfiguration)
        case .charon:
            var paths = CharonDialect.Paths()
            if let configuration = options.configuration { paths.starter = configuration }
            return CharonDialect(paths: paths, version: CharonCommand.version)
        case .setkey: return SetkeyDialect()
        case .ios:
            return IOSDialect(configurationPath: options.configuration ?? IOSDialect.standardConfiguration)
        }
    }
}
