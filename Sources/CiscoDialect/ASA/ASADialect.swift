package import DialectKit
package import IKEModel
import IKEWire
import NetAddress

/// Cisco ASA's manner of speaking: its configuration, the commands of its console, its debugging lines and syslog.
///
/// The console is one line, as a device's serial port: the mode that a command leaves it in is the mode of the next one.
package final class ASADialect: Dialect {
    package static let standardConfiguration = "/etc/asa.conf"
    /// Where debugging lines and the syslog go.
    static let log = "/tmp/asa.log"
    /// Syslog lines that `show logging` remembers.
    private static let logBufferLines = 1000

    package let wireProfile = WireProfile.asa
    package let ports: [UInt16] = [500, 4500]

    let configurationPath: String
    private var console = DeviceConsole<ASAMode, ASACommand>(tables: ASACommands.tables, lead: "ERROR: ")
    var debugging: [DebugChannel: Int] = [:]
    var syslog: [String] = []
    var settings = ASASettings(ConfigurationTree())
    private var table = TunnelTable<ASATunnel>()
    var tunnels: [ASATunnel] { table.tunnels }
    /// Session numbers, as IKE SAs come.
    var sessions: [IKESAID: ASASession] = [:]
    var lastSession = 0
    /// When a peer was authenticated, in seconds since 1970.
    var logins: [IKESAID: Int64] = [:]

    /// - Parameter configurationPath: the startup configuration; one that is not there is empty.
    package init(configurationPath: String = ASADialect.standardConfiguration) {
        self.configurationPath = configurationPath
    }

    package func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] {
        var effects: [DialectEffect] = [.logFile(Self.log, append: false)]
        if let octets = try? view.readFile(configurationPath) {
            for one in console.load(String(decoding: octets, as: UTF8.self)) {
                effects.append(.log("*** Output from config line \(one.line), \"\(one.text)\""))
                effects += one.answer.split(separator: "\n").map { .log(String($0)) }
            }
        }
        return effects + reconfigure()
    }

    package func disconnected(_ session: SessionID) {}

    // MARK: The console

    var prompt: String { "\(settings.hostname)\(console.mode.prompt)# " }

    package func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] {
        switch DeviceRequest(request, from: session, prompt: prompt) {
        case .other(let effects): return effects
        case .line(let line):
            let (output, effects) = type(line, view)
            return (output.isEmpty ? [] : [.write(session, output)]) + effects + [.finish(session, status: 0)]
        }
    }

    /// One line at the console.
    private func type(_ line: String, _ view: any DaemonView) -> (output: String, effects: [DialectEffect]) {
        let outcome = console.type(line, promptWidth: prompt.count)
        if outcome.changesConfiguration { return (outcome.output, reconfigure()) }
        guard let command = outcome.command else { return (outcome.output, []) }
        return run(command, outcome.arguments, view)
    }

    private func reconfigure() -> [DialectEffect] {
        settings = ASASettings(console.tree)
        return settings.faults.map { .log("WARNING: \($0)") }
            + table.update(keys: ASATunnel.keys(settings)) { ASATunnel.all(settings, id: $0) }
    }

    // MARK: Commands

    private func run(
        _ command: ASACommand, _ arguments: [String], _ view: any DaemonView
    ) -> (output: String, effects: [DialectEffect]) {
        switch command {
        case .showConfiguration: return (console.runningConfiguration, [])
        case .showIPsec: return (ipsecListing(view), [])
        case .showIKE: return (ikeListing(view), [])
        case .showSessions: return (sessionListing(view), [])
        case .showLogging: return (syslog.map { $0 + "\n" }.joined(), [])
        case .showDebug: return (debugListing, [])
        case .debug(let channel): debugging[channel] = arguments.last.flatMap { Int($0) } ?? 1
        case .undebugAll: debugging = [:]
        case .logoffGroup:
            return logoff(view) { "\($0.remote.address)" == arguments[0] }
        case .logoffIndex:
            let number = Int(arguments[0])
            return logoff(view) { self.sessions[$0.ike]?.number == number }
        case .logoffAll: return logoff(view) { _ in true }
        case .clearIPsec: return ("", view.childSAs.map { .command(.deleteChild($0.child)) })
        }
        return ("", [])
    }

    private func logoff(
        _ view: any DaemonView, _ isMeant: (IKESnapshot) -> Bool
    ) -> (output: String, effects: [DialectEffect]) {
        let found = view.ikeSAs.filter { $0.established != nil && isMeant($0) }
        guard !found.isEmpty else { return ("INFO: There are no sessions that match\n", []) }
        return (
            "INFO: Number of sessions logged off : \(found.count)\n", found.map { .command(.deleteIKE($0.ike)) }
        )
    }

    private var debugListing: String {
        DebugChannel.allCases.compactMap { channel in
            debugging[channel].map { "debug \(channel.rawValue) enabled at level \($0)\n" }
        }.joined()
    }

    func record(syslog line: String) -> [DialectEffect] {
        guard settings.isLogging else { return [] }
        syslog.append(line)
        if syslog.count > Self.logBufferLines { syslog.removeFirst() }
        return [.log(line)]
    }

    func tunnel(_ id: ConnectionID?) -> ASATunnel? { table[id] }
}

/// An IKE SA as the console counts it, and what it has lately done.
struct ASASession {
    var number: Int
    var role: Role
    var connection: ConnectionID?
    /// The last request that came in, until it is answered.
    var request: MessageFacts?
    /// Why it was refused.
    var refusal: FailureReason?
    /// The SPI that was taken for the Child SA that it asks for.
    var reserved: ESPSPI?
    /// The Child SA that came of it.
    var child: ChildFacts?
    /// Of our last request: its Message ID, and what it is for.
    var lastRequestID: UInt32 = 0
    /// Child SAs that requests of ours propose, with the message IDs.
    var asked: [ChildSAID: UInt32] = [:]
    /// An answered exchange whose negotiation context is kept until the next one.
    var kept: UInt32?
}
