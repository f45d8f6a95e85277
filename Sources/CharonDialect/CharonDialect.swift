package import DialectKit
import IKECrypto
package import IKEModel
import IKEWire
import NetAddress

/// strongSwan's manner of speaking: ipsec.conf and swanctl.conf, the commands of `ipsec` and `swanctl`, charon's lines.
package final class CharonDialect: Dialect {
    /// Where this installation keeps what; every path of the outside world that the dialect knows.
    package struct Paths: Hashable, Sendable {
        package var starter = "/etc/ipsec.conf"
        package var secrets = "/etc/ipsec.secrets"
        package var settings = "/etc/strongswan.conf"
        package var swanctlFolder = "/etc/swanctl"
        package var ipsecFolder = "/etc/ipsec.d"
        package var log = "/var/log/daemon.log"
        package var swanctl: String { swanctlFolder + "/swanctl.conf" }
        package init() {}
    }

    package let wireProfile: WireProfile
    package let ports: [UInt16] = [500, 4500]

    let paths: Paths
    package let version: CharonVersion
    var logging = LogSettings()
    /// In the order in which they were added.
    var connections: [BoundConnection] = []
    var starterKeys: [SecretsFile.SharedKey] = []
    var starterEAPSecrets: [SecretsFile.SharedKey] = []
    /// By swanctl.conf's name of it.
    var viciKeys: [(name: String, key: SecretsFile.SharedKey)] = []
    var viciEAPSecrets: [(name: String, key: SecretsFile.SharedKey)] = []
    var credentials = CredentialStore()
    var viciAuthorities: [ViciAuthority] = []
    var counters = ExchangeCounters()
    var addressBook = AddressBook()
    /// Revocation lists on their way, by the IKE SA that waits for them.
    var listSearches: [IKESAID: ListSearch] = [:]
    var lastFetch: UInt64 = 0
    /// What is told of an IKE SA once its addresses have been.
    var postponed: [IKESAID: [DialectEffect]] = [:]
    /// Numbers of traps; those of Child SAs are counted with them.
    var trapNumbers: [ConnectionID: Int] = [:]
    /// Of the host, as the log has told of them.
    var knownInterfaces: Set<String> = []
    var knownAddresses: [InterfaceAddress] = []
    /// Of connections, by what their configuration calls them.
    var named: [String: Certificate] = [:]
    /// Of ipsec.conf's `ca` sections.
    var sectionAuthorities: [Certificate] = []
    /// `strictcrlpolicy=yes`.
    var isStrict = false
    /// `cachecrls=yes`: lists that were fetched stay as files.
    var cachesLists = false
    /// A roaming job is due.
    var isRoaming = false
    var ikes: [IKESAID: IKERecord] = [:]
    var children: [ChildSAID: ChildRecord] = [:]
    var sessions = CommandSessions()
    /// Lines of an answer that refuses: what it refuses is told first.
    var held: [IKESAID: [DialectEffect]] = [:]
    /// IKE SAs that were deleted to make others from the start, and what those are to carry.
    var reauthenticating: [IKESAID: [ConnectionID]] = [:]
    /// The last request of the peer that was answered, by its message ID.
    var answered: [IKESAID: UInt32] = [:]
    /// What a server wants of EAP, until its own proof has been told.
    var pendingEAP: [IKESAID: String] = [:]
    /// The number of the newest fragment, and of how many.
    var lastFragment: (number: UInt16, total: UInt16) = (0, 0)
    /// `charondebug="knl 2"`, by group.
    var levels: [String: Int] = [:]
    var lastIKENumber = 0
    var lastChildNumber = 0
    var lastConnection: UInt64 = 0
    var lastReqid: UInt32 = 0
    /// Who works, of `CharonVersion.workerThreads`; 0: the daemon itself.
    var worker = 0
    var started = Instant.zero
    var startedSeconds: Int64 = 0
    var hostName = ""

    /// An IKE SA as the console counts and names it.
    struct IKERecord {
        var number: Int
        var role: Role
        var connection: ConnectionID?
        var local: Endpoint
        var remote: Endpoint
        /// As responder a configuration is chosen in IKE_AUTH only.
        var isNamed: Bool
        var lastRequest: MessageFacts?
        var localBehindNAT = false
        var remoteBehindNAT = false
        var isEstablished = false
        var peer: Identification?
        var proof = ProofRecord()
        /// Addresses that the peer asks for, and those that it was lent.
        var requested: [IPAddress] = []
        var lent: [IPAddress] = []
        /// As it was when it came up: when its end is told the engine has forgotten it.
        var snapshot: IKESnapshot?
        /// Its end has been told to those who monitor.
        var isToldDown = false
    }

    struct ChildRecord {
        var number: Int
        var ike: IKESAID
        var connection: ConnectionID
        var facts: ChildFacts?
        var isDeleted = false
    }

    package init(paths: Paths = Paths(), version: CharonVersion = .v5_9_8) {
        self.paths = paths
        self.version = version
        wireProfile = .charon(version)
    }

    /// `charon { version_form = 5.1.2 }` of strongswan.conf: a release whose lines are to be spoken. A key that real
    /// strongSwan does not know and lets be.
    package static func version(in settings: SettingsTree?) -> CharonVersion {
        settings?.section(named: "charon")?.text("version_form").flatMap(CharonVersion.init) ?? .v5_9_8
    }

    var names: AlgorithmNames { AlgorithmNames(version: version) }

    package func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] {
        started = view.now
        startedSeconds = view.wallClockSeconds
        hostName = Self.line(in: "/proc/sys/kernel/hostname", view) ?? "localhost"
        let settings: SettingsTree?
        do throws(ConfigurationError) {
            settings = try SettingsTree(parsing: paths.settings, from: source(view))
        } catch {
            // Without the file the defaults hold.
            if (try? view.readFile(paths.settings)) != nil { throw StartFailure("\(error)") }
            settings = nil
        }
        logging = LogSettings(settings, otherwise: paths.log)
        var effects: [DialectEffect] = [.logFile(logging.path, append: logging.appends)]
        worker = 0
        let kernel = Self.line(in: "/proc/sys/kernel/osrelease", view) ?? "unknown"
        switch version {
        case .v4_2_9: effects += log("DMN", "starting charon (strongSwan Version \(version.rawValue))", view)
        default:
            effects += log(
                "DMN", "Starting IKE charon daemon (strongSwan \(version.rawValue), Linux \(kernel), \(Self.machine))",
                view)
        }
        effects += loadFolders("loading", view)
        effects += loadSecrets(view)
        effects += log(version == .v4_2_9 ? "DMN" : "LIB", "loaded plugins: \(version.plugins)", view)
        (knownInterfaces, knownAddresses) = namedInterfaces(view)
        if version == .v4_2_9 { effects += listInterfaces(view) }
        effects += log("JOB", "spawning \(CharonVersion.workerThreads) worker threads", view)
        return effects + loadStarter(view, isUpdate: false)
    }

    private func listInterfaces(_ view: any DaemonView) -> [DialectEffect] {
        var effects = log("KNL", "listening on interfaces:", view)
        var last = ""
        for one in view.interfaceAddresses where !HostKnowledge.isLoopback(one.address) {
            if one.interface != last { effects += log("KNL", "  \(one.interface)", view) }
            last = one.interface
            effects += log("KNL", "    \(one.address)", view)
        }
        return effects
    }

    package func disconnected(_ session: SessionID) { sessions.remove(session) }

    // MARK: Where things come from

    func source(_ view: any DaemonView) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try view.readFile(path) }, glob: { view.glob($0) })
    }

    static func line(in path: String, _ view: any DaemonView) -> String? {
        guard let octets = try? view.readFile(path) else { return nil }
        return String(decoding: octets.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    #if arch(arm64)
        static let machine = "aarch64"
    #else
        static let machine = "x86_64"
    #endif

    func bound(_ id: ConnectionID?) -> BoundConnection? { connections.first { $0.id == id } }

    // MARK: Lines

    /// The next worker takes a job.
    func nextJob() { worker = worker % CharonVersion.workerThreads + 1 }

    /// The log's line.
    func log(_ group: String, _ text: String, ike: IKESAID? = nil, _ view: any DaemonView) -> [DialectEffect] {
        let thread = worker < 10 ? "0\(worker)" : "\(worker)"
        let name = logging.namesIKE ? ike.flatMap { ikes[$0] }.map { "<\(label($0))> " } ?? "" : ""
        return [.log(logging.prefix(view.wallClockSeconds, hostName) + "\(thread)[\(group)] \(name)\(text)")]
    }

    private func label(_ record: IKERecord) -> String {
        record.isNamed ? "\(bound(record.connection)?.peer ?? "?")|\(record.number)" : "\(record.number)"
    }

    /// A line about an IKE SA: to the log, and to those whose command it is about.
    func tell(_ group: String, _ text: String, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        log(group, text, ike: ike, view) + sessions.listeners(of: ike).map { $0.write("[\(group)] ", text) }
            + sessions.tracers.map { $0.write("[\(group)] ", text) }
    }

    /// `wiki[1]`.
    func name(_ ike: IKESAID) -> String {
        guard let record = ikes[ike] else { return "(unnamed)[0]" }
        return (record.isNamed ? bound(record.connection)?.peer ?? "(unnamed)" : "(unnamed)") + "[\(record.number)]"
    }

    /// `wiki{1}`.
    func name(_ child: ChildSAID) -> String {
        guard let record = children[child] else { return "?{0}" }
        // Before 5.3 it was the reqid.
        let reqid = bound(record.connection).map { Int($0.connection.reqid) }
        let number = version == .v5_9_8 ? record.number : reqid ?? record.number
        return (bound(record.connection)?.name ?? "?") + "{\(number)}"
    }

    /// `192.168.0.100[carol]...192.168.0.1[moon]`.
    func ends(_ ike: IKESAID) -> String {
        guard let record = ikes[ike] else { return "" }
        let local = IdentityText.text(localIdentity(record))
        let remote = IdentityText.text(record.peer ?? bound(record.connection)?.connection.remote.identification)
        return "\(record.local.address)[\(local)]...\(record.remote.address)[\(remote)]"
    }

    func localIdentity(_ record: IKERecord) -> Identification? {
        bound(record.connection)?.connection.local.identification
            ?? Identification(address: record.local.address)
    }
}
