import Glibc
package import Lab
import LinuxSystem

/// The file tree that every host of a run shares: the scenario's folder, this project's scripts, the daemon's commands.
///
/// The folder is a copy in memory, so a scenario may write in it and no two runs meet; /testing/pluto is the folder that
/// it came from, so that a path to a neighbour works too.
package struct HostLayout {
    let folder: ScenarioFolder
    let installation: Installation
    /// Where the run's results go, absolute.
    let output: String
    /// `ScenarioRun.Options.dataPlane`.
    let dataPlane: String?

    package init(folder: ScenarioFolder, installation: Installation, output: String, dataPlane: String? = nil) {
        self.folder = folder
        self.dataPlane = dataPlane
        self.installation = installation
        self.output = output
    }

    /// For hosts without a scenario: this project's scenarios and scripts, read-only, and its daemon.
    package static func options(of installation: Installation) -> LabOptions {
        var options = LabOptions()
        options.hostMounts = { _ in
            [
                MountSpec(source: installation.testing, target: "/testing/pluto"),
                MountSpec(source: installation.guestbin, target: "/testing/guestbin"),
            ]
                + (installation.swand.map { swand in
                    plutoCommands.map {
                        MountSpec(
                            source: clients.contains($0) ? installation.client ?? swand : swand,
                            target: "\(commandsOnHost)/\($0)")
                    }
                } ?? [])
        }
        options.environment = { _ in ["PATH": path(usesSwand: installation.swand != nil)] }
        return options
    }

    /// The working folder of every host.
    var workingDirectory: String { "/testing/pluto/\(folder.name)" }
    /// A folder below the output that the copy is mounted on; it stays behind empty.
    private var stage: String { output + "/.scenario" }
    private var copy: String { stage + "/folder" }
    private func commands(_ dialect: String) -> String { stage + "/bin-" + dialect }

    /// The names under which a host of the pluto dialect has its daemon.
    private static let plutoCommands = ["ipsec", "whack", "swand"]
    /// And one of the charon dialect.
    private static let charonCommands = ["ipsec", "swanctl", "pki", "swand"]
    /// And one of the vpp dialect.
    private static let vppCommands = ["vpp", "vppctl", "vpp_api_test", "swand"]
    /// One of the azure dialect has pluto's; one of the asa or ios dialect, its console, and `ipsec` to be stopped by.
    private static let asaCommands = ["asa", "ipsec", "swand"]
    private static let iosCommands = ["ios", "ipsec", "swand"]
    /// One of manual keys has setkey; its init script is the same file.
    private static let setkeyCommands = ["setkey", "swand"]
    private static let setkeyScript = "/etc/init.d/setkey"
    /// Those that ask a running daemon, most of the time, and start quickly for it.
    private static let clients: Set = ["ipsec", "whack", "vppctl"]
    /// Where they are on a host.
    private static let commandsOnHost = "/swantest/bin"

    /// The commands of the host's daemon come first.
    private static func path(usesSwand: Bool) -> String {
        let standard = LabHost.standardEnvironment["PATH"] ?? ""
        return (usesSwand ? commandsOnHost + ":" : "") + "/testing/guestbin:" + standard
    }

    /// Makes the copy. To be called inside the sandbox, whose mounts go with it.
    func prepare() throws(SystemError) {
        try FileSystem.makeDirectories(stage)
        try Mount.fileSystem("tmpfs", at: stage, options: "mode=755")
        try FileSystem.makeDirectory(copy)
        for name in try FileSystem.list(folder.path) where name != "OUTPUT" {
            try FileSystem.copyTree(folder.path + "/" + name, to: copy + "/" + name)
        }
        try FileSystem.makeDirectory(copy + "/OUTPUT")
        for (dialect, names) in [
            ("pluto", Self.plutoCommands), ("charon", Self.charonCommands), ("azure", Self.plutoCommands),
            ("asa", Self.asaCommands), ("ios", Self.iosCommands), ("vpp", Self.vppCommands),
            ("setkey", Self.setkeyCommands),
        ] {
            try FileSystem.makeDirectory(commands(dialect))
            for name in names {
                let program = Self.clients.contains(name) && installation.client != nil ? "swand-client" : "swand"
                try FileSystem.makeLink(commands(dialect) + "/" + name, to: "/swantest/libexec/" + program)
            }
        }
        for host in folder.hosts { try FileSystem.makeDirectory(emptyRun(host)) }
    }

    private func dialect(of host: String) -> String { folder.settings.dialects[host] ?? "pluto" }

    private func usesSwand(_ host: String) -> Bool { folder.settings.daemon(of: host) == "swand" }

    /// What a host sees besides the programs of this machine.
    func mounts(of host: String) -> [MountSpec] {
        let suite = FileSystem.parent(of: folder.path)
        var mounts = [
            MountSpec(source: suite, target: "/testing/pluto"),
            MountSpec(source: copy, target: workingDirectory, kind: .bind(readOnly: false)),
            MountSpec(source: output, target: workingDirectory + "/OUTPUT", kind: .bind(readOnly: false)),
            MountSpec(source: installation.guestbin, target: "/testing/guestbin"),
        ]
        for name in ["baseconfigs", "x509"] {
            let source = FileSystem.parent(of: suite) + "/" + name
            if FileSystem.isDirectory(source) { mounts.append(MountSpec(source: source, target: "/testing/" + name)) }
        }
        if usesSwand(host), let swand = installation.swand {
            mounts.append(MountSpec(source: commands(dialect(of: host)), target: Self.commandsOnHost))
            mounts.append(MountSpec(source: swand, target: "/swantest/libexec/swand"))
            if dialect(of: host) == "setkey" { mounts.append(MountSpec(source: swand, target: Self.setkeyScript)) }
            if let client = installation.client {
                mounts.append(MountSpec(source: client, target: "/swantest/libexec/swand-client"))
            }
            // The daemon runs what stands beside it under this name.
            let script = installation.guestbin + "/_updown"
            if FileSystem.isExecutable(script) {
                mounts.append(MountSpec(source: script, target: "/swantest/libexec/_updown"))
            }
        }
        mounts += mobility(of: host)
        if let tree = folder.settings.libreswan(of: host)?.tree {
            mounts.append(MountSpec(source: tree + "/usr", target: "/usr", kind: .layer))
        }
        if let prefix = folder.settings.strongSwan(of: host)?.prefix {
            mounts.append(MountSpec(source: prefix, target: prefix))
            // Where that build keeps its process file.
            let run = prefix + "/var/run"
            if FileSystem.isDirectory(run) {
                mounts.append(MountSpec(source: emptyRun(host), target: run, kind: .bind(readOnly: false)))
            }
        }
        return mounts
    }

    /// The Mobile IPv6 daemon, where the folder has a HOST.mip6d.conf: it is the host's whichever IKE daemon it has.
    private func mobility(of host: String) -> [MountSpec] {
        let configuration = "\(folder.path)/\(host).mip6d.conf"
        guard FileSystem.exists(configuration), let mip6d = installation.mip6d else { return [] }
        return [
            MountSpec(source: configuration, target: "/etc/mip6d.conf"),
            MountSpec(source: mip6d, target: "/swantest/libexec/mip6d"),
            MountSpec(source: installation.guestbin + "/mip6d", target: "/etc/init.d/mip6d"),
        ]
    }

    private func emptyRun(_ host: String) -> String { "\(stage)/run.\(host)" }

    func environment(of host: String) -> [String: String] {
        let path = Self.path(usesSwand: usesSwand(host))
        let prefix = folder.settings.strongSwan(of: host)?.prefix
        var environment = ["PATH": (prefix.map { "\($0)/sbin:\($0)/bin:" } ?? "") + path]
        // An `ipsec` that starts pluto without an init system, and knows this year's words.
        if folder.settings.libreswan(of: host) != nil { environment["PATH"] = "/testing/guestbin/libreswan:" + path }
        // Every swand of this host writes what it negotiates to where the run finds it.
        if usesSwand(host) { environment["SWAND_EXPORT_KEYS"] = "\(workingDirectory)/OUTPUT/\(host).keys" }
        if usesSwand(host), let dataPlane { environment["SWANTEST_DATAPLANE"] = dataPlane }
        // One binary under many names: `ipsec` alone does not say whose.
        if usesSwand(host) { environment["SWAND_DIALECT"] = dialect(of: host) }
        return environment
    }

    var labOptions: LabOptions {
        var options = LabOptions()
        options.hostMounts = { mounts(of: $0) }
        options.environment = { environment(of: $0) }
        options.workingDirectory = { _ in workingDirectory }
        options.impairedLinks = Set(folder.settings.impairments.map(\.link))
        return options
    }
}
