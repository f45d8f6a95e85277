import ArgumentParser
import Lab
import LinuxSystem
import Scenario
import UserMode

/// `swantest up NAME|TOPOLOGY`: a lab that stays, for working by hand.
struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build the lab of a scenario, or a whole topology, that stays until swantest down.")

    @OptionGroup var locations: LocationOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: ArgumentHelp("A scenario, or a topology.", valueName: "name"))
    var name: String

    @Option(parsing: .upToNextOption, help: "Only these hosts of a topology, and those that route between them.")
    var hosts: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            host: this machine's kernel; uml: user-mode Linux, booted for the lab; auto: host where it has what the \
            scenario requires, else uml.
            """, valueName: "host|uml|auto"))
    var kernel = KernelChoice.auto

    func run() throws {
        let installation = try locations.installation()
        do {
            let record = try isTopology(installation) ? startTopology(installation) : startScenario(installation)
            let names = record.hosts.map(\.name)
            let place = record.guestSocket == nil ? "" : " in user-mode Linux"
            Terminal.print("\(record.name) is up\(place): \(names.joined(separator: " "))")
            if let first = names.first { Terminal.print("swantest shell \(first)   swantest down \(record.name)") }
        } catch let error as LabError { throw Exit.ofLab(error) } catch let error as SystemError {
            throw Exit.machineCannot("the sandbox could not be made (swantest doctor says more): \(error)")
        }
    }

    private func isTopology(_ installation: Installation) -> Bool {
        FileSystem.exists("\(installation.topologies)/\(name).yaml")
    }

    private func startTopology(_ installation: Installation) throws -> LabRecord {
        let topology: Topology
        do { topology = try Topology.load(contentsOf: "\(installation.topologies)/\(name).yaml") } catch {
            throw Exit.usage("\(error)")
        }
        let chosen = hosts.isEmpty ? topology.hosts.map(\.name) : hosts
        for host in chosen where topology.host(host) == nil {
            throw Exit.usage(
                "topology \(name) has no host \(host); it has \(topology.hosts.map(\.name).joined(separator: ", "))")
        }
        if kernel == .uml {
            guard let userMode = UserModePackage.find() else {
                throw Exit.machineCannot("user-mode Linux is not installed: \(UserModePackage.installCommand)")
            }
            var job = GuestLabJob(
                name: name, topology: "\(installation.topologies)/\(name).yaml", installation: installation)
            job.hosts = chosen
            return try KeptGuest.start(userMode, job)
        }
        return try LabSession.start(
            name: name, topology: topology, hosts: Set(chosen), options: HostLayout.options(of: installation))
    }

    private func startScenario(_ installation: Installation) throws -> LabRecord {
        var selection = ScenarioSelection()
        selection.locations = locations
        selection.names = [name]
        selection.filter = nil
        guard let scenario = try selection.select(installation).first else {
            throw Exit.nothingRan("no scenario \(name)")
        }
        var plan = RunPlan(installation: installation, isSuite: selection.locations.suite != nil, kernel: kernel)
        switch try plan.outcome(of: scenario) {
        case .verdict(_, let reason): throw Exit.machineCannot(reason)
        case .run(let folder, let topology):
            return try KeptLab.start(
                folder: folder, topology: topology,
                layout: HostLayout(folder: folder, installation: installation, output: try place(of: folder)))
        case .boot(let folder, _):
            guard let userMode = plan.userMode else { preconditionFailure("a boot without user-mode Linux") }
            return try KeptGuest.start(
                userMode, GuestLabJob(folder: folder, installation: installation, output: try place(of: folder)))
        }
    }

    private func place(of folder: ScenarioFolder) throws -> String {
        let place = try output.folder(of: folder.name)
        try FileSystem.makeDirectories(place)
        return place
    }
}

/// Which lab a command means.
struct LabChoice: ParsableArguments {
    @Option(help: ArgumentHelp("The lab, where more than one is up.", valueName: "name"))
    var lab: String?
}

/// `swantest shell west`.
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "An interactive shell on a host of a lab that is up.")

    @OptionGroup var choice: LabChoice
    @Argument var host: String

    func run() throws {
        try Exit.ofLab {
            try GuestVisit.shell(try LabSession.find(choice.lab, host: host), host: host)
        }
    }
}

/// `swantest exec west -- ip route`.
struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command on a host of a lab that is up; its exit status is swantest's.")

    @OptionGroup var choice: LabChoice
    @Argument var host: String
    @Argument(parsing: .postTerminator, help: "The command, behind --.")
    var command: [String] = []

    func run() throws {
        if command.isEmpty { throw Exit.usage("exec \(host) -- COMMAND…: the command is missing") }
        try Exit.ofLab {
            try GuestVisit.execute(try LabSession.find(choice.lab, host: host), host: host, command)
        }
    }
}

/// `swantest down`.
struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End labs that are up: the one named, or the only one.")

    @Argument(help: "Names of labs.")
    var names: [String] = []
    @Flag(help: "All that are up.")
    var all = false

    func run() throws {
        do {
            let records =
                all
                ? try LabSession.list()
                : names.isEmpty ? [try LabSession.find()] : try names.map { try LabSession.find($0) }
            for record in records {
                try LabSession.down(record)
                Terminal.print("\(record.name) is down")
            }
        } catch let error as LabError { throw Exit.ofLab(error) }
    }
}

extension Exit {
    /// What the user asked for cannot be, or this machine cannot.
    static func ofLab(_ error: LabError) -> Exit {
        switch error.cause {
        case .usage: .usage(error.description)
        // A command that the host does not have.
        case .system(let system) where system.call == "execve": .usage(error.description)
        case .system, .netlink, .sandbox: .machineCannot(error.description)
        }
    }

    /// Ends as a command in a lab ended.
    static func ofLab(_ body: () throws -> ProcessID.Status) throws {
        do {
            let status = try body()
            if !status.isSuccess { throw Exit.command(status.shellCode) }
        } catch let error as LabError { throw Exit.ofLab(error) }
    }
}
