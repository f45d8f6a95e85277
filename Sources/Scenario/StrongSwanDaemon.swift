import Glibc
import Lab
import LinuxSystem

/// A charon that the run starts on a host, as a process of the run's own in the host's namespaces, without starter or
/// systemd, with configuration, run folder and log that are the host's alone.
///
/// HOST.swanctl.conf, else swanctl.conf, becomes /etc/swanctl/swanctl.conf and is loaded; the folder HOST.swanctl, with
/// `x509`, `private` and the like, is copied beside it. HOST.strongswan.conf, else strongswan.conf, is read behind the
/// settings that the run makes, so what it says counts. The log is OUTPUT/HOST.charon.log.
final class StrongSwanDaemon {
    let host: String
    private let installation: StrongSwanInstallation
    private let lab: Lab
    private let output: String
    private let process: ProcessID
    private var ended: ProcessID.Status?
    private var wasTold = false

    /// How long it may take to hear clients, or to end.
    private static let patience = Duration.seconds(60)

    /// Why it does not run.
    struct StartError: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts it, waits until it hears its clients, and has it load its connections.
    /// - Throws: `StartError` with what it printed, or what swanctl did.
    init(_ installation: StrongSwanInstallation, on host: LabHost, lab: Lab, folder: ScenarioFolder, output: String)
        throws
    {
        self.host = host.name
        self.installation = installation
        self.lab = lab
        self.output = output
        let root = "/proc/\(host.initialProcess.rawValue)/root"
        try Self.configure(installation, host: host, root: root, folder: folder)
        let nowhere = try FileDescriptor.open("/dev/null")
        let words = try FileDescriptor.open(Self.words(output, host.name), O_WRONLY | O_CREAT | O_TRUNC)
        process = try lab.spawn(
            on: host.name, [installation.charon], environment: Self.environment, stdin: nowhere.rawValue,
            stdout: words.rawValue, stderr: words.rawValue, workingDirectory: "/")
        try waitUntilReady(root: root)
        try load()
    }

    private static let environment = ["STRONGSWAN_CONF": "/etc/strongswan.conf", "SWANCTL_DIR": "/etc/swanctl"]
    private static let socket = "/run/charon.vici"
    private static func words(_ output: String, _ host: String) -> String { "\(output)/\(host).charon.out" }

    /// Whether the folder has a swanctl.conf for the host. Without one the run starts nothing: a scenario may start
    /// strongSwan by itself, with `ipsec start` and an ipsec.conf.
    static func hasConnections(_ folder: ScenarioFolder, on host: String) -> Bool {
        file("swanctl.conf", in: folder, for: host) != nil
    }

    /// The host's own file of a kind, or the one for all.
    private static func file(_ name: String, in folder: ScenarioFolder, for host: String) -> String? {
        ["\(host).\(name)", name].first(where: folder.files.contains).map { folder.path + "/" + $0 }
    }

    /// Writes the host's configuration.
    private static func configure(
        _ installation: StrongSwanInstallation, host: LabHost, root: String, folder: ScenarioFolder
    ) throws {
        func own(_ name: String) -> String? { file(name, in: folder, for: host.name) }
        // swanctl complains about each of these that is missing.
        let parts = [
            "conf.d", "x509", "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl", "pubkey", "private", "rsa", "ecdsa",
            "bliss", "pkcs8", "pkcs12",
        ]
        for part in parts { try FileSystem.makeDirectories("\(root)/etc/swanctl/\(part)") }
        let keys = "\(folder.path)/\(host.name).swanctl"
        if FileSystem.isDirectory(keys) {
            for part in try FileSystem.list(keys) {
                for name in try FileSystem.list("\(keys)/\(part)") {
                    try FileSystem.makeDirectories("\(root)/etc/swanctl/\(part)")
                    try FileSystem.write(
                        "\(root)/etc/swanctl/\(part)/\(name)", try FileSystem.read("\(keys)/\(part)/\(name)"))
                }
            }
        }
        var settings = """
            charon {
                load = \(installation.pluginsToLoad.joined(separator: " "))
                plugins {
                    vici {
                        socket = unix://\(socket)
                    }
                }
                filelog {
                    log {
                        path = \(host.workingDirectory)/OUTPUT/\(host.name).charon.log
                        default = 2
                        cfg = 1
                        ike_name = yes
                        flush_line = yes
                    }
                }
            }
            swanctl {
                load = \(installation.clientPluginsToLoad.joined(separator: " "))
                socket = unix://\(socket)
            }

            """
        if let further = own("strongswan.conf") { settings += try FileSystem.readText(further) }
        try FileSystem.write("\(root)/etc/strongswan.conf", settings)
        if let connections = own("swanctl.conf") {
            try FileSystem.write("\(root)/etc/swanctl/swanctl.conf", try FileSystem.read(connections))
        }
    }

    private func waitUntilReady(root: String) throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            if let status = try endedStatus() { throw failure("ended \(status) before it was ready") }
            // The socket's file is there once it is bound; a moment later it listens, and `--stats` is answered.
            if FileSystem.exists(root + Self.socket), try swanctl(["--stats"]).status == .exited(0) { return }
            guard ContinuousClock.now < deadline else { throw failure("took no clients after \(Self.patience)") }
            MonotonicClock.sleep(.milliseconds(2))
        }
    }

    private func load() throws {
        let answer = try swanctl(["--load-all", "--noprompt"])
        guard answer.status == .exited(0) else { throw failure("swanctl --load-all: \(answer.output)") }
    }

    private func swanctl(_ arguments: [String]) throws -> HostCommand.Answer {
        try HostCommand(
            lab, on: host, [installation.swanctl] + arguments, environment: Self.environment, timeout: Self.patience
        ).finish()
    }

    private func failure(_ what: String) -> StartError {
        let words = (try? FileSystem.readText(Self.words(output, host))) ?? ""
        return StartError(description: "\(host): charon \(what); \(words)see \(output)/\(host).charon.log")
    }

    /// How it ended, if it has.
    private func endedStatus() throws -> ProcessID.Status? {
        if ended == nil { ended = try process.statusIfEnded() }
        return ended
    }

    /// Tells it to end; `finish` waits for that. One that the scenario has ended, or that died (the file of its process
    /// tells which), is gone already.
    func stop() throws {
        if try endedStatus() == nil {
            try process.send(signal: SIGTERM)
            wasTold = true
        }
    }

    /// What is wrong with how it ended; nothing where all went well.
    func finish() throws -> [Finding] {
        defer {
            let path = Self.words(output, host)
            if (try? FileSystem.read(path))?.isEmpty ?? false { try? FileSystem.remove(path) }
        }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let status = try endedStatus() {
                let isGood = !wasTold || status == .exited(0)
                return isGood ? [] : [Finding(.daemonDied, host, "charon, told to stop, ended \(status)")]
            }
            MonotonicClock.sleep(.milliseconds(2))
        }
        try process.send(signal: SIGKILL)
        try process.wait()
        return [Finding(.processLeft, host, "charon had not ended \(Self.patience) after SIGTERM")]
    }
}
