package import DialectKit
import IKECrypto
package import IKEModel
import IKEWire
import NetAddress

/// libreswan's manner of speaking: ipsec.conf and whack's commands in, pluto's lines of May 2025 out.
package final class PlutoDialect: Dialect {
    /// Where this installation keeps what; every path of the outside world that the dialect knows.
    package struct Paths: Hashable, Sendable {
        package var configuration = "/etc/ipsec.conf"
        package var secrets = "/etc/ipsec.secrets"
        package var configurationFolder = "/etc"
        package var ipsecFolder = "/etc/ipsec.d"
        package var sbin = "/usr/local/sbin"
        /// The script that `ipsec _updown` means; nil: there is none.
        package var updown: String?
        package var libexec = "/usr/local/libexec/ipsec"
        package init() {}
    }

    package let wireProfile: WireProfile
    package var ports: [UInt16] { listening }

    let paths: Paths
    var setup = SetupConfiguration()
    private var logClock = LogClock()
    /// In the order in which they were added.
    var connections: [BoundConnection] = []
    var impairments = Impairments()
    var numbers = StateNumbers()
    var attachments = Attachments()
    /// Certificates and private keys as they were last read.
    var keys = KeyStoreContents()
    var instances = ConnectionInstances()
    /// The ports on which it wants to hear; one that another process has is tried again.
    var listening: [UInt16] = [500, 4500]
    /// Where TCP connections are taken (RFC 9329 §2).
    static let streamPorts: [UInt16] = [4500]
    /// Those that the request in hand asked for: its effects come later.
    var portsAsked: Set<UInt16> = []
    /// `$N`: of connections and of their instances.
    var lastSerial: UInt64 = 0
    /// Whether a session asked for new ticket keys and waits for the word that they are there.
    var ticketKeyListener: SessionID?
    /// Connections that are gone while their SAs still end, and whom those ends are told.
    var deleted: [ConnectionID: Deleted] = [:]
    /// Established Child SAs of connections with a script, for what is done at their end.
    var standing: [ChildSAID: ChildFacts] = [:]
    /// Whether the key store was in FIPS mode when the daemon started.
    var fips = false
    /// What the last `revivalScheduled` of a connection was about.
    var revivalOfChild: [ConnectionID: Bool] = [:]

    struct Deleted {
        var name: String
        var listener: SessionID?
        var isInstantiated: Bool
        var instance: String
    }

    /// - Parameter profile: what it does on the wire, where that is not what pluto does.
    package init(paths: Paths = Paths(), profile: WireProfile = .pluto) {
        self.paths = paths
        wireProfile = profile
    }

    func newSerial() -> ConnectionID {
        lastSerial += 1
        return ConnectionID(lastSerial)
    }

    package func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] {
        var effects: [DialectEffect] = []
        fips = KeyStore().isFIPS { try? view.readFile($0) }
        let file: ConfigurationFile
        do throws(ConfigurationError) {
            file = try ConfigurationFile(parsing: paths.configuration, from: source(view))
            setup = try SetupConfiguration(file.setup)
        } catch {
            throw StartFailure("cannot load config '\(paths.configuration)': \(error)")
        }
        let limits = setup.halfOpenLimits
        effects.append(.command(.setHalfOpenLimits(cookieThreshold: limits.cookies, greatest: limits.greatest)))
        if setup.globalRedirect == "yes", let target = setup.globalRedirectTo.flatMap({ IPAddress($0) }) {
            effects.append(.command(.setGlobalRedirect(target)))
        }
        if let logFile = setup.logFile { effects.append(.logFile(logFile, append: setup.logAppend)) }
        effects += log("Starting Pluto (swand; dialect of libreswan of May 2025) pid:\(view.processID)", view)
        effects += log("FIPS Mode: \(fips ? "ON" : "OFF")", view)
        if fips { effects += log("FIPS mode enabled for pluto daemon", view) }
        effects += log("listening for IKE messages", view)
        for ignored in setup.ignored {
            effects += log(
                "\(ignored.file):\(ignored.line): \(ignored.key)=\(ignored.value) is not supported and has no effect",
                view)
        }
        if !setup.listenUDP {
            listening = []
            effects.append(.listen(ports: []))
        }
        for address in listenedAddresses(view) {
            for port in listening {
                effects += log("adding interface \(InterfaceListing.text(address, port: port))", view)
            }
        }
        if setup.listenTCP {
            effects.append(.listenStreams(ports: PlutoDialect.streamPorts))
            for address in listenedAddresses(view) {
                for port in PlutoDialect.streamPorts {
                    effects += log("adding interface \(InterfaceListing.text(address, port: port, .tcp))", view)
                }
            }
        }
        effects += loadSecrets(view, session: nil)
        let resolver = ConnectionResolver(file)
        for name in resolver.names {
            let settings: ConnectionSettings
            do throws(ConfigurationError) {
                guard let assignments = try resolver.assignments(of: name) else { continue }
                settings = try ConnectionSettings(name: name, assignments, fips: fips)
            } catch {
                effects += log("\"\(name)\": failed to add connection: \(error)", view)
                continue
            }
            guard settings.start != .ignore else { continue }
            effects += add(settings, session: nil, view).effects
            for bound in connections where bound.name == name || bound.aliases.contains(name) {
                guard bound.connection != nil else { continue }
                switch settings.start {
                case .ondemand: effects.append(.command(.route(bound.id)))
                case .start: effects.append(.command(.initiate(bound.id, staysUp: true)))
                default: break
                }
            }
        }
        return effects
    }

    package func disconnected(_ session: SessionID) {
        attachments.remove(session)
        if ticketKeyListener == session { ticketKeyListener = nil }
    }

    // MARK: Where things come from

    func source(_ view: any DaemonView) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try view.readFile(path) }, glob: { view.glob($0) })
    }

    func binding(_ view: any DaemonView) -> HostBinding {
        HostBinding(interfaces: view.interfaceAddresses, readFile: { try? view.readFile($0) })
    }

    func listenedAddresses(_ view: any DaemonView) -> [InterfaceAddress] {
        view.interfaceAddresses.filter { !$0.address.isLinkLocal }
    }

    /// The connections that a name means: the one of that name, else those with that alias.
    func connections(named name: String) -> [BoundConnection] {
        let own = connections.filter { $0.name == name }
        return own.isEmpty ? connections.filter { $0.aliases.contains(name) } : own
    }

    func bound(_ id: ConnectionID) -> BoundConnection? { position(of: id).map { connections[$0] } }

    /// Where a connection stands in `connections`; none of them is copied to see.
    func position(of id: ConnectionID) -> Int? { connections.indices.first { connections[$0].id == id } }

    // MARK: Lines

    /// A line of the log; with `logtime=yes` behind the time of day (UTC).
    func log(_ line: String, _ view: any DaemonView) -> [DialectEffect] {
        guard setup.logTime else { return [.log(line)] }
        let time = view.wallClockMicroseconds
        return [.log(logClock.prefix(at: time) + line)]
    }

    /// A line that only a log with `plutodebug=` has.
    /// - Parameter line: made only where it is wanted: an IKE SA's life has a hundred of them.
    func debug(_ line: @autoclosure () -> String, _ view: any DaemonView) -> [DialectEffect] {
        setup.isDebugging ? log("| " + line(), view) : []
    }

    /// A line of a connection: to the log, and to who listens.
    func tell(
        _ line: String, _ connection: ConnectionID, role: Role? = nil, _ view: any DaemonView
    ) -> [DialectEffect] {
        log(line, view)
            + attachments.listeners(of: connection, role: role).map { .write($0, line + "\n") }
    }
}
