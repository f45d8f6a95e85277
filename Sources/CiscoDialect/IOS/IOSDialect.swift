package import DialectKit
package import IKEModel
import IKEWire
import NetAddress

/// Cisco IOS's manner of speaking: its configuration, the commands of its console, its debugging lines.
package final class IOSDialect: Dialect {
    package static let standardConfiguration = "/etc/ios.conf"
    /// Where debugging lines go.
    static let log = "/tmp/ios.log"

    package let wireProfile = WireProfile.ios
    package let ports: [UInt16] = [500, 4500]

    let configurationPath: String
    private var console = DeviceConsole<IOSMode, IOSCommand>(tables: IOSCommands.tables, lead: "")
    var debugging: Set<IOSDebug> = []
    private(set) var settings = IOSSettings(ConfigurationTree())
    private(set) var tunnels: [IOSTunnel] = []
    private var identifiers: [String: ConnectionID] = [:]
    var sessions: [IKESAID: IOSSession] = [:]
    var lastSession = 0
    /// Child SAs, as they come.
    var childNumbers: [ChildSAID: Int] = [:]
    var lastChild = 0
    /// Consoles that ping.
    var pings: [UInt64: IOSPing] = [:]
    var lastPing: UInt64 = 0

    /// - Parameter configurationPath: the startup configuration; one that is not there is empty.
    package init(configurationPath: String = IOSDialect.standardConfiguration) {
        self.configurationPath = configurationPath
    }

    package func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] {
        var effects: [DialectEffect] = [.logFile(Self.log, append: false)]
        if let octets = try? view.readFile(configurationPath) {
            for one in console.load(String(decoding: octets, as: UTF8.self)) {
                effects += (one.text + "\n" + one.answer).split(separator: "\n").map { .log(String($0)) }
            }
        }
        return effects + reconfigure()
    }

    /// Whoever pinged has gone: no more requests are sent.
    package func disconnected(_ session: SessionID) {
        for (number, ping) in pings where ping.session == session { pings[number] = nil }
    }

    var prompt: String { "\(settings.hostname)\(console.mode.prompt)#" }

    /// `ios --prompt`, `ios --line LINE`, `ios --stop`.
    package func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        let words = Array(request.arguments.dropFirst())
        switch words.first {
        case "--prompt": return [.write(session, prompt), .finish(session, status: 0)]
        case "--stop": return [.command(.shutdown), .finish(session, status: 0), .exit]
        case "--line":
            let outcome = console.type(words.dropFirst().joined(separator: " "), promptWidth: prompt.count)
            var output = outcome.output
            var effects: [DialectEffect] = []
            if outcome.changesConfiguration { effects = reconfigure() }
            if case .ping(let source, let count) = outcome.command {
                let words = outcome.arguments
                let ping = startPing(
                    to: words[0], from: source ? words[1] : nil,
                    count: count ? Int(words[source ? 2 : 1]) ?? 5 : 5, session)
                guard ping.isOver else { return [.write(session, ping.output)] + ping.effects }
                output = ping.output
            } else if let command = outcome.command {
                (output, effects) = run(command, view)
            }
            return (output.isEmpty ? [] : [.write(session, output)]) + effects + [.finish(session, status: 0)]
        default: return [.writeError(session, "ios: no such request\n"), .finish(session, status: 2)]
        }
    }

    /// Brings the engine's connections to what the configuration says. A tunnel that is no longer as it was ends.
    private func reconfigure() -> [DialectEffect] {
        settings = IOSSettings(console.tree)
        let wanted = settings.tunnels { name in
            let id = identifiers[name] ?? ConnectionID(UInt64(identifiers.count + 1))
            identifiers[name] = id
            return id
        }
        let gone = tunnels.filter { old in !wanted.contains { $0.connection.id == old.connection.id } }
        let changed = wanted.filter { new in !tunnels.contains { $0.connection == new.connection } }
        tunnels = wanted
        return gone.map { .command(.remove($0.connection.id)) } + [.command(.setSecrets(settings.keys))]
            + changed.flatMap { [.command(.add($0.connection)), .command(.route($0.connection.id))] }
    }

    private func run(_ command: IOSCommand, _ view: any DaemonView) -> (String, [DialectEffect]) {
        switch command {
        case .showConfiguration: return (console.tree.text, [])
        case .showIKE: return (ikeListing(view, isDetailed: false), [])
        case .showIKEDetailed: return (ikeListing(view, isDetailed: true), [])
        case .showIPsec: return (ipsecListing(view), [])
        case .showSession: return (sessionListing(view), [])
        case .showDebug: return (debugging.map { "\($0.rawValue) debugging is on\n" }.sorted().joined(), [])
        case .debug(let what):
            debugging.insert(what)
            return ("", [])
        case .undebugAll:
            debugging = []
            return ("All possible debugging has been turned off\n", [])
        case .clearIKE: return ("", view.ikeSAs.map { .command(.deleteIKE($0.ike)) })
        case .ping: return ("", [])
        }
    }

    func tunnel(_ id: ConnectionID?) -> IOSTunnel? { tunnels.first { $0.connection.id == id } }
}
