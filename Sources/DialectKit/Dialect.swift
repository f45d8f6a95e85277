package import DataPlane
package import IKEModel
package import NetAddress

/// One command line of an operator, with a console behind it.
package struct SessionID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// A command as it was typed: `["ipsec", "up", "west-east"]`, from which folder.
package struct ClientRequest: Sendable {
    /// The program's name first, without its folder.
    package var arguments: [String]
    package var workingDirectory: String

    package init(arguments: [String], workingDirectory: String) {
        self.arguments = arguments
        self.workingDirectory = workingDirectory
    }
}

/// What a dialect wants done, in this order.
package indirect enum DialectEffect: Sendable {
    /// To the engine; what comes of it is rendered before the next effect.
    case command(Command)
    /// To a session's standard output, as it is: lines carry their own newline.
    case write(SessionID, String)
    case writeError(SessionID, String)
    /// The session's program ends with this status.
    case finish(SessionID, status: Int32)
    /// Whatever its `finish` says, the session's program ends with a status that is not 0.
    case fail(SessionID)
    /// To the daemon's log, a line without its newline.
    case log(String)
    /// Where the log goes from here on; what was logged before it was known is written there first. A file that is there is
    /// emptied unless `append`.
    case logFile(String, append: Bool)
    /// Listen for IKE on these ports and no others; then one of the two: every port could be had, or not.
    case listen(ports: [UInt16], then: [DialectEffect] = [], otherwise: [DialectEffect] = [])
    /// Run a script, now or when those before it have ended; its end is `Dialect.scriptEnded`.
    case run(ScriptRun)
    /// A change of the data plane that is no engine's: keys by hand. Where it cannot be made, the log says why, and the rest is done.
    case change(KernelChange, otherwise: [DialectEffect])
    /// Fetch a document; its end is `Dialect.fetched`.
    case fetch(FetchRequest)
    /// Make a file, or put these octets in an old one's place; then one of the two. Why it could not be made is logged.
    case writeFile(String, [UInt8], then: [DialectEffect], otherwise: [DialectEffect])
    /// `Dialect.woken` after so long. A newer wish takes the place of one that is open.
    case wake(after: Duration)
    /// Take TCP connections for IKE on these ports and no others (RFC 9329). What cannot be had is logged.
    case listenStreams(ports: [UInt16])
    /// The daemon's end, after all else.
    case exit
}

/// An interface address of the host, for orientation: which end of a connection is ours.
package struct InterfaceAddress: Hashable, Sendable {
    package var interface: String
    package var address: IPAddress
    package init(interface: String, address: IPAddress) {
        self.interface = interface
        self.address = address
    }
}

/// Why a file could not be read.
package struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not there; false where it is and cannot be read.
    package var isMissing: Bool
    /// The system's words: `No such file or directory`.
    package var description: String

    package init(isMissing: Bool, _ description: String) {
        self.isMissing = isMissing
        self.description = description
    }

    package static let missing = FileFailure(isMissing: true, "No such file or directory")
}

/// Gives the whole of the file at a path.
package typealias FileReader = (String) throws(FileFailure) -> [UInt8]

/// Why a daemon cannot start: what is wrong with its configuration, and where.
package struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// What a dialect may look at while it answers. It changes nothing.
package protocol DaemonView {
    var now: Instant { get }
    /// Since 1970.
    var wallClockMicroseconds: Int64 { get }
    var processID: Int32 { get }
    /// Engine: in the order of their numbers.
    var connections: [ConnectionSnapshot] { get }
    var ikeSAs: [IKESnapshot] { get }
    var childSAs: [ChildFacts] { get }
    /// One of `ikeSAs`; nil where it is gone.
    func ikeSA(_ id: IKESAID) -> IKESnapshot?
    /// Whether `childSAs` has another one of the connection.
    func hasChildSA(of connection: ConnectionID, besides child: ChildSAID) -> Bool
    /// Data plane.
    var dataPlaneName: String { get }
    func counters(of child: ChildSAID) -> ChildCounters?
    var saStates: [SAState] { get }
    var policyStates: [PolicyState] { get }
    var acquireStates: [AcquireState] { get }
    var reservedSPIs: [ReservedSPI] { get }
    /// Host.
    var interfaceAddresses: [InterfaceAddress] { get }
    /// Names of the interfaces that are up, with addresses or without.
    var interfacesUp: Set<String> { get }
    /// The address from which IKE would go to another; nil where there is no way.
    func sourceAddress(towards remote: IPAddress) -> IPAddress?
    /// The UDP ports on which IKE is heard, in their order.
    var listeningPorts: [UInt16] { get }
    /// The whole file: at most `greatestFileOctets`, and never one that has to be waited for.
    func readFile(_ path: String) throws(FileFailure) -> [UInt8]
    /// Paths that match a pattern with `*` in its last part, sorted.
    func glob(_ pattern: String) -> [String]
}

extension DaemonView {
    package func ikeSA(_ id: IKESAID) -> IKESnapshot? { ikeSAs.first { $0.ike == id } }
    package func hasChildSA(of connection: ConnectionID, besides child: ChildSAID) -> Bool {
        childSAs.contains { $0.connection == connection && $0.child != child }
    }
    package var acquireStates: [AcquireState] { [] }
    package var interfacesUp: Set<String> { Set(interfaceAddresses.map(\.interface)) }
    package func sourceAddress(towards remote: IPAddress) -> IPAddress? { nil }
    package var reservedSPIs: [ReservedSPI] { [] }

    /// Whole seconds since 1970.
    package var wallClockSeconds: Int64 { wallClockMicroseconds / 1_000_000 }

    /// Of one file of configuration, in octets: 8 MiB. An ipsec.conf of a thousand connections has 0.3 million.
    package static var greatestFileOctets: Int { 8 << 20 }
}

/// A vendor's manner of speaking: commands and configuration in, events out as lines.
package protocol Dialect: AnyObject {
    /// What the vendor does on the wire.
    var wireProfile: WireProfile { get }
    /// UDP ports to listen on at start.
    var ports: [UInt16] { get }
    /// Called once, before the first request: configuration files are read, connections added.
    /// - Throws: where the configuration of the daemon itself is no use.
    func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect]
    func accept(_ request: ClientRequest, from session: SessionID, _ view: any DaemonView) -> [DialectEffect]
    /// Each event of the engine, in order; effects are carried out before the next one.
    func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect]
    /// The session's program is gone (interrupted).
    func disconnected(_ session: SessionID)
    func scriptEnded(_ run: ScriptRun, _ end: ScriptEnd, _ view: any DaemonView) -> [DialectEffect]
    func fetched(_ request: FetchRequest, _ result: Result<[UInt8], FetchFailure>, _ view: any DaemonView)
        -> [DialectEffect]
    /// The data plane would not have a `change` of the dialect's; its `otherwise` comes behind this.
    func changeRefused(_ change: KernelChange)
    /// The data plane has done something on its own: packets came, or time passed.
    func dataPlaneWorked(_ view: any DaemonView) -> [DialectEffect]
    /// An address or a route of the host has come or gone: `interfaceAddresses` may be others. The engine is told later, of several at
    /// once.
    func hostChanged(_ view: any DaemonView) -> [DialectEffect]
    /// The time of its effect `wake` has come.
    func woken(_ view: any DaemonView) -> [DialectEffect]
    /// Whether its consoles show keys: it then hears `Event.ikeKeys`.
    var showsKeys: Bool { get }
}

extension Dialect {
    package func scriptEnded(_ run: ScriptRun, _ end: ScriptEnd, _ view: any DaemonView) -> [DialectEffect] { [] }
    package func fetched(
        _ request: FetchRequest, _ result: Result<[UInt8], FetchFailure>, _ view: any DaemonView
    ) -> [DialectEffect] { [] }
    package func changeRefused(_ change: KernelChange) {}
    package func dataPlaneWorked(_ view: any DaemonView) -> [DialectEffect] { [] }
    package func hostChanged(_ view: any DaemonView) -> [DialectEffect] { [] }
    package func woken(_ view: any DaemonView) -> [DialectEffect] { [] }
    package var showsKeys: Bool { false }
}
